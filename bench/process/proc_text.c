/* SPDX-License-Identifier: MIT */
/* What stands in files of /proc and /sys. Kernels add lines and fields, so everything is found by its name. */
#include "bench/process/proc_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "common/num.h"

#define LIST_MAX 65536 /* CPUs or nodes: a list that says more is none */

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at == '\n' ? at + 1 : at;
}

/* What follows `key` and one of `ends` (blanks before it do not matter) in the line that begins so; NULL: none does. */
static const char *find_key(const char *text, const char *key, const char *ends)
{
    const size_t length = strlen(key);
    for (const char *line = text; *line != '\0'; line = next_line(line)) {
        if (strncmp(line, key, length) != 0)
            continue;
        const char *at = line + length + strspn(line + length, " \t");
        if (*at != '\0' && strchr(ends, *at) != NULL)
            return at + 1;
    }
    return NULL;
}

bool proc_value(const char *text, const char *key, char *out, size_t size)
{
    const char *at = find_key(text, key, ":=");
    if (at == NULL)
        return false;
    at += strspn(at, " \t\"");
    size_t length = strcspn(at, "\"\n");
    while (length > 0 && isspace((unsigned char)at[length - 1]))
        length--;
    if (length == 0 || length >= size)
        return false;
    memcpy(out, at, length);
    out[length] = '\0';
    return true;
}

/* The whole number at `at`, which blanks, a line's end or nothing follow; -1: there is none. */
static int64_t whole_number(const char *at)
{
    char word[24];
    int64_t value;
    const size_t length = strcspn(at, " \t\n");
    if (length >= sizeof word)
        return -1;
    memcpy(word, at, length);
    word[length] = '\0';
    return num_parse_i64(word, 0, INT64_MAX, &value) == 0 ? value : -1;
}

int64_t proc_bytes(const char *text, const char *key)
{
    const char *at = find_key(text, key, ":");
    const int64_t kilobytes = at == NULL ? -1 : whole_number(at + strspn(at, " \t"));
    return kilobytes < 0 || kilobytes > INT64_MAX / 1024 ? -1 : kilobytes * 1024;
}

/* -- lists -------------------------------------------------------------------------------------------------------- */

static bool list_number(const char **at, int64_t *out)
{
    char *end = NULL;
    if (!isdigit((unsigned char)**at))
        return false;
    const long long value = strtoll(*at, &end, 10);
    *at = end;
    *out = value;
    return value < LIST_MAX;
}

int64_t proc_list_parse(const char *text, int64_t **numbers)
{
    const char *at = text;
    int64_t *found = NULL, first, last = -1;
    size_t count = 0;
    do {
        const int64_t before = last;
        if (!list_number(&at, &first) || first <= before)
            goto fail; /* the kernel's lists ascend */
        last = first;
        if (*at == '-' && (at++, !list_number(&at, &last) || last < first))
            goto fail;
        for (int64_t number = first; number <= last; number++) {
            found = array_grow(found, count, sizeof *found);
            found[count++] = number;
        }
    } while (*at == ',' && *at++ != '\0');
    if (*at != '\0' && *at != '\n')
        goto fail;
    if (numbers != NULL)
        *numbers = found;
    else
        free(found);
    return (int64_t)count;
fail:
    free(found);
    return -1;
}

/* -- counters ----------------------------------------------------------------------------------------------------- */

int64_t proc_count(const char *text, const char *key)
{
    const char *at = find_key(text, key, "0123456789");
    return at == NULL ? -1 : whole_number(at - 1);
}

/* "cpu  user nice system idle iowait irq softirq steal guest guest_nice"; guests are in user and nice already. */
void proc_parse_stat(const char *text, struct proc_stat *out)
{
    enum { IDLE = 3, IOWAIT, STEAL = 7, COLUMNS };
    *out = (struct proc_stat){-1, -1, -1, -1, -1};
    out->running = proc_count(text, "procs_running");
    if (strncmp(text, "cpu ", 4) != 0)
        return;
    int64_t columns[COLUMNS], all = 0;
    const char *at = text + 3;
    for (int i = 0; i < COLUMNS; i++) {
        at += strspn(at, " ");
        columns[i] = whole_number(at);
        if (columns[i] < 0 || columns[i] > INT64_MAX / COLUMNS / 16)
            return;
        all += columns[i];
        at += strcspn(at, " \n");
    }
    out->idle = columns[IDLE];
    out->iowait = columns[IOWAIT];
    out->steal = columns[STEAL];
    out->all = all;
}

/* "0.20 0.41 0.36 1/94 20053" */
void proc_parse_load(const char *text, double load[3])
{
    char words[3][32];
    const bool whole = sscanf(text, "%31s %31s %31s", words[0], words[1], words[2]) == 3;
    for (int i = 0; i < 3; i++)
        if (!whole || num_parse_double(words[i], 0, 1e9, &load[i]) != 0)
            load[i] = -1;
}
