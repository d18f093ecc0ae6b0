/* SPDX-License-Identifier: MIT */
/* hyperfine's JSON (bench/process/hyperfine.c), of 1.x and 2.0. An accepted one has a wall time that is not negative;
 * the other times and the exit status are in their range or -1; and the JSON as another writer would lay it out says
 * the same. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/hyperfine.h"
#include "support.h"

static void check_again(const uint8_t *data, size_t size, const struct timing *t)
{
    struct timing again;
    struct error err = {.text = ""};
    json_t *root = json_loadb((const char *)data, size, 0, NULL);
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_SORT_KEYS);
    FUZZ_MUST(text != NULL);
    FUZZ_MUST(hyperfine_parse(text, strlen(text), &again, &err) == 0);
    FUZZ_MUST(t->wall_ns == again.wall_ns && t->exit == again.exit);
    FUZZ_MUST(t->user_ns == again.user_ns && t->system_ns == again.system_ns);
    free(text);
    json_decref(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct timing t;
    struct error err = {.text = ""};
    const int rc = hyperfine_parse((const char *)data, size, &t, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
        return 0;
    }
    FUZZ_MUST(t.wall_ns >= 0);
    FUZZ_MUST(t.user_ns >= -1 && t.system_ns >= -1);
    FUZZ_MUST(t.exit >= -1 && t.exit <= 255);
    check_again(data, size, &t);
    return 0;
}
