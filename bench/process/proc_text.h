/* SPDX-License-Identifier: MIT */
/* What stands in files of /proc and /sys. All pure: text in, numbers out, whatever the text is. */
#ifndef BENCH_PROCESS_PROC_TEXT_H
#define BENCH_PROCESS_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What stands behind "key<blanks>:" or "key=" at the start of a line (/proc/cpuinfo, /etc/os-release), without quotes
 * and blanks at its ends. False: no such line, nothing behind it, or `size` is too small. */
bool proc_value(const char *text, const char *key, char *out, size_t size);
/* "key: 123 kB" of /proc/meminfo in bytes; -1: no such line. */
int64_t proc_bytes(const char *text, const char *key);
/* How many numbers a list like "0-3,8" holds, and which (to be freed; NULL: do not say); -1: it is none. */
int64_t proc_list_parse(const char *text, int64_t **numbers);

/* "key 123" on a line of its own; -1: no such line. */
int64_t proc_count(const char *text, const char *key);

/* The first line of /proc/stat, in clock ticks of all CPUs together since boot, and how many tasks run now. -1: unknown. */
struct proc_stat {
    int64_t idle, iowait, steal;
    int64_t all; /* the whole line: what has passed times the CPUs */
    int64_t running;
};
void proc_parse_stat(const char *text, struct proc_stat *out);

/* /proc/loadavg: of the last 1, 5, 15 minutes. Negative: unknown. */
void proc_parse_load(const char *text, double load[3]);

#endif
