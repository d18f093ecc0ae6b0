/* SPDX-License-Identifier: MIT */
/* What the kernel says in /proc and /sys, as the driver reads it (bench/process/proctree.c,
 * bench/process/proc_text.c). What is not known is -1 or refused, never another negative number; a process's state and
 * parent are those behind the last bracket of the line, whatever its name holds; a list ascends. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/proc_text.h"
#include "bench/process/proctree.h"
#include "support.h"

static void check_stat(const char *text)
{
    struct proctree_entry entry, named;
    const int rc = proctree_parse_stat(text, &entry);
    FUZZ_MUST(rc <= 0);
    if (rc != 0)
        return;
    const char *rest = strrchr(text, ')');
    FUZZ_MUST(rest != NULL && strchr(rest, entry.state) != NULL);
    char *renamed = malloc(strlen(rest) + 32);
    FUZZ_MUST(renamed != NULL);
    strcpy(renamed, "12 (a) b 3 (c ");
    strcat(renamed, rest);
    FUZZ_MUST(proctree_parse_stat(renamed, &named) == 0);
    FUZZ_MUST(named.pid == 12 && named.parent == entry.parent && named.state == entry.state);
    free(renamed);
}

static void check_values(const char *text)
{
    char value[16];
    int64_t *numbers = NULL;
    const int64_t count = proc_list_parse(text, &numbers);
    FUZZ_MUST(count > 0 || (count == -1 && numbers == NULL));
    for (int64_t i = 1; i < count; i++)
        FUZZ_MUST(numbers[i] > numbers[i - 1]);
    free(numbers);
    const int64_t pss = proc_bytes(text, "Pss");
    FUZZ_MUST(pss >= -1 && (pss < 0 || pss % 1024 == 0));
    if (proc_value(text, "model name", value, sizeof value))
        FUZZ_MUST(value[0] != '\0' && strlen(value) < sizeof value && strpbrk(value, "\n\"") == NULL);
}

static void check_counters(const char *text)
{
    struct proc_stat stat;
    double load[3];
    proc_parse_stat(text, &stat);
    FUZZ_MUST(stat.idle >= -1 && stat.iowait >= -1 && stat.steal >= -1 && stat.all >= -1 && stat.running >= -1);
    FUZZ_MUST(stat.all >= stat.idle);
    proc_parse_load(text, load);
    for (size_t i = 0; i < 3; i++)
        FUZZ_MUST(load[i] == -1 || (load[i] >= 0 && load[i] <= 1e9));
    FUZZ_MUST(proc_count(text, "nr_throttled") >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_stat(text);
    check_values(text);
    check_counters(text);
    free(text);
    return 0;
}
