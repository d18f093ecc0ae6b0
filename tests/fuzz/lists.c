/* SPDX-License-Identifier: MIT */
/* What two hosts might list. */
#include "lists.h"

#include <string.h>

#include "support.h"

#define LIST_ROW(key, type, fallback, min, max, choices)                                               \
    "{\"key\":\"" key "\",\"type\":\"" type "\",\"default\":" fallback ",\"min\":" min ",\"max\":" max \
    ",\"choices\":" choices ",\"about\":\"\"}"
#define LIST_TASK(name, kind, asks, splits, rows)                                                                     \
    "{\"name\":\"" name "\",\"about\":\"\",\"kind\":\"" kind "\",\"asks\":\"" asks "\",\"jobs\":8,\"splits\":" splits \
    ",\"params\":[" rows "]}"
#define LIST_MODEL(name, baseline) \
    "{\"name\":\"" name "\",\"about\":\"\",\"processes\":false,\"loop\":false,\"baseline\":" baseline "}"
#define LIST_SIZE  LIST_ROW("size", "int", "\"5\"", "0", "1000", "null")
#define LIST_URL   LIST_ROW("url", "url", "null", "null", "null", "null")
#define LIST_CHECK LIST_ROW("check", "choice", "\"auto\"", "null", "null", "[\"auto\",\"crc\"]")
#define LIST_WORD  LIST_ROW("word", "text", "\"the\"", "null", "null", "null")
#define LIST_FILE  LIST_ROW("file", "path", "\"@words.txt\"", "null", "null", "null")

#define LIST(host, more)                                                                                                                                    \
    "{\"list\":1,\"host\":\"" host "\",\"version\":\"0\",\"runtimes\":[\"" host                                                                             \
    "\"],\"build\":{},\"models\":[" LIST_MODEL("sync", "true") "," LIST_MODEL("threads", "false") "," LIST_MODEL(                                           \
        "async",                                                                                                                                            \
        "false") "],\"tasks\":[" LIST_TASK("calc", "cpu", "nothing", "false",                                                                               \
                                           LIST_SIZE) "," LIST_TASK("part", "cpu", "nothing", "true",                                                       \
                                                                    LIST_SIZE) "," LIST_TASK("rest", "io", "delay",                                         \
                                                                                             "false",                                                       \
                                                                                             "") "," LIST_TASK("blen"                                       \
                                                                                                               "d",                                         \
                                                                                                               "mixe"                                       \
                                                                                                               "d",                                         \
                                                                                                               "url",                                       \
                                                                                                               "fals"                                       \
                                                                                                               "e",                                         \
                                                                                                               LIST_URL                                     \
                                                                                                               "," LIST_SIZE                                \
                                                                                                               "," LIST_CHECK) "," LIST_TASK("read",        \
                                                                                                                                             "cpu",         \
                                                                                                                                             "nothing",     \
                                                                                                                                             "true",        \
                                                                                                                                             LIST_FILE      \
                                                                                                                                             "," LIST_WORD) \
        more "],\"errors\":[\"'other.so': it does not load\"]}"
#define LIST_C  LIST("c", "," LIST_TASK("lonely", "none", "nothing", "false", ""))
#define LIST_PY LIST("py", "")

void lists_catalog(struct catalog *out)
{
    struct error err = {.text = ""};
    *out = (struct catalog){.runtimes = NULL};
    FUZZ_MUST(host_count >= 2 && strcmp(host_table[0].name, "c") == 0 &&
              strcmp(host_table[host_count - 1].name, "py") == 0);
    FUZZ_MUST(catalog_add_list(out, 0, json_loads(LIST_C, 0, NULL), &err) == 0);
    FUZZ_MUST(catalog_add_list(out, host_count - 1, json_loads(LIST_PY, 0, NULL), &err) == 0);
}
