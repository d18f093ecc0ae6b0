/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says in /proc and /sys, as the driver reads it (bench/proctree.c, bench/memory.c, bench/machine.c).
 * What is not known is -1 or refused, never another negative number; a process's state and parent are those behind the
 * last bracket of the line, whatever its name holds.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/machine.h"
#include "bench/memory.h"
#include "bench/proctree.h"
#include "support.h"

static void check_stat(const char *text)
{
    struct proctree_entry entry, named;
    const int code = proctree_parse_stat(text, &entry);
    FUZZ_MUST(code <= 0);
    if (code != 0)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    check_stat(text);
    const int64_t pss = memory_parse_rollup(text);
    FUZZ_MUST(pss >= -1 && (pss < 0 || pss % 1024 == 0));
    const double cpus = machine_parse_cpu_max(text);
    FUZZ_MUST(cpus == -1.0 || (cpus > 0.0 && cpus <= 1e15));
    free(text);
    return 0;
}
