/* SPDX-License-Identifier: MIT */
/* Control groups, from /proc/self/cgroup, /proc/self/mountinfo and the folders those two name. */
#include "common/cgroup.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/num.h"
#include "common/procfs.h"

/* A part of a text that is not its own string. */
struct span {
    const char *at;
    size_t length;
};

/* Takes the next piece up to one of `ends` off *text; false: the text is at its end. */
static bool span_take(struct span *text, const char *ends, struct span *out)
{
    if (text->length == 0)
        return false;
    size_t length = 0;
    while (length < text->length && strchr(ends, text->at[length]) == NULL)
        length++;
    *out = (struct span){text->at, length};
    const size_t gone = length < text->length ? length + 1 : length;
    *text = (struct span){text->at + gone, text->length - gone};
    return true;
}

static bool span_is(struct span span, const char *word)
{
    return span.length == strlen(word) && memcmp(span.at, word, span.length) == 0;
}

/* Whether a list like "cpu,cpuacct" holds the word. */
static bool span_lists(struct span list, const char *word)
{
    struct span item;
    while (span_take(&list, ",", &item))
        if (span_is(item, word))
            return true;
    return false;
}

static int octal(const char *at)
{
    int value = 0;
    for (int i = 0; i < 3; i++) {
        if (at[i] < '0' || at[i] > '7')
            return -1;
        value = value * 8 + (at[i] - '0');
    }
    return value <= 0xff ? value : -1;
}

/* Copies a path in which the kernel writes blanks, tabs, newlines and backslashes as \040. False: it does not fit. */
static bool span_path(struct span span, char out[CGROUP_PATH_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < span.length; i++) {
        const int rc = span.at[i] == '\\' && i + 3 < span.length ? octal(span.at + i + 1) : -1;
        if (used + 1 >= CGROUP_PATH_SIZE)
            return false;
        out[used++] = rc > 0 ? (char)(unsigned char)rc : span.at[i];
        i += rc > 0 ? 3 : 0;
    }
    out[used] = '\0';
    return used > 0 && out[0] == '/';
}

/* A line is "5:cpu,cpuacct:/path" or, of version 2, "0::/path". */
bool cgroup_parse_self(const char *text, const struct cgroup_kind *kind, char path[CGROUP_PATH_SIZE])
{
    struct span rest = {text, strlen(text)}, line, number, controllers;
    while (span_take(&rest, "\n", &line)) {
        if (!span_take(&line, ":", &number) || line.length == 0)
            continue;
        if (line.at[0] == ':') {
            controllers = (struct span){line.at, 0};
            line = (struct span){line.at + 1, line.length - 1};
        } else if (!span_take(&line, ":", &controllers)) {
            continue;
        }
        const bool fits = kind->unified ? controllers.length == 0 : span_lists(controllers, kind->controller);
        if (fits && line.length < CGROUP_PATH_SIZE && line.length > 0 && line.at[0] == '/') {
            memcpy(path, line.at, line.length);
            path[line.length] = '\0';
            return true;
        }
    }
    return false;
}

/* A line is "id parent dev TOP MOUNT options ... - TYPE source SUPEROPTIONS". */
bool cgroup_parse_mount(const char *text, const struct cgroup_kind *kind, char mount[CGROUP_PATH_SIZE],
                        char top[CGROUP_PATH_SIZE])
{
    struct span rest = {text, strlen(text)}, line;
    while (span_take(&rest, "\n", &line)) {
        struct span field[5], type, source, options, word;
        size_t fields = 0;
        while (fields < 5 && span_take(&line, " ", &field[fields]))
            fields++;
        bool dash = false;
        while (!dash && span_take(&line, " ", &word))
            dash = span_is(word, "-");
        if (fields < 5 || !dash || !span_take(&line, " ", &type) || !span_take(&line, " ", &source))
            continue;
        options = line;
        const bool fits = kind->unified ? span_is(type, "cgroup2")
                                        : span_is(type, "cgroup") && span_lists(options, kind->controller);
        if (fits && span_path(field[3], top) && span_path(field[4], mount))
            return true;
    }
    return false;
}

double cgroup_parse_quota(const char *text)
{
    char quota_word[32], period_word[32];
    int64_t quota, period;
    if (sscanf(text, "%31s %31s", quota_word, period_word) != 2 ||
        num_parse_i64(quota_word, 1, INT64_MAX, &quota) != 0 || num_parse_i64(period_word, 1, INT64_MAX, &period) != 0)
        return -1.0;
    return (double)quota / (double)period;
}

static bool folder_there(const char *root, const char *folder)
{
    char path[2 * CGROUP_PATH_SIZE];
    struct stat st;
    return snprintf(path, sizeof path, "%s%s", root, folder) < (int)sizeof path && stat(path, &st) == 0 &&
           S_ISDIR(st.st_mode);
}

/* What is left of `path` below `top`: "/a/b" below "/a" is "/b". A path that is not below it (another namespace's) has
 * nothing there that is known to be its own but the top itself. */
static const char *below_top(const char *path, const char *top)
{
    const size_t length = strcmp(top, "/") == 0 ? 0 : strlen(top);
    if (strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0'))
        return strcmp(path + length, "/") == 0 ? "" : path + length;
    return "";
}

size_t cgroup_walk(const char *root, const char *controller, cgroup_look *look, void *arg)
{
    char *groups = procfs_read(root, "/proc/self/cgroup"), *mounts = procfs_read(root, "/proc/self/mountinfo");
    char path[CGROUP_PATH_SIZE], mount[CGROUP_PATH_SIZE], top[CGROUP_PATH_SIZE], folder[2 * CGROUP_PATH_SIZE];
    size_t seen = 0;
    for (int unified = 0; groups != NULL && mounts != NULL && unified < 2; unified++) {
        const struct cgroup_kind kind = {.controller = controller, .unified = unified != 0};
        if (!cgroup_parse_self(groups, &kind, path) || !cgroup_parse_mount(mounts, &kind, mount, top))
            continue;
        snprintf(folder, sizeof folder, "%s%s", mount, below_top(path, top));
        for (;;) {
            if (folder_there(root, folder)) {
                look(root, folder, arg);
                seen++;
            }
            char *slash = strrchr(folder, '/');
            if (slash == NULL || strlen(folder) <= strlen(mount))
                break;
            *slash = '\0';
        }
    }
    free(groups);
    free(mounts);
    return seen;
}

static char *folder_line(const char *root, const char *folder, const char *name)
{
    char path[2 * CGROUP_PATH_SIZE + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return procfs_line(root, path);
}

/* Lowers *arg (double, negative: none yet) to the quota of one folder, of either version. */
static void quota_look(const char *root, const char *folder, void *arg)
{
    double *least = arg, cpus = -1.0;
    char *both = folder_line(root, folder, "cpu.max");
    if (both != NULL) {
        cpus = cgroup_parse_quota(both);
    } else {
        char *quota = folder_line(root, folder, "cpu.cfs_quota_us");
        char *period = folder_line(root, folder, "cpu.cfs_period_us");
        char words[80];
        if (quota != NULL && period != NULL &&
            snprintf(words, sizeof words, "%s %s", quota, period) < (int)sizeof words)
            cpus = cgroup_parse_quota(words); /* version 1 says -1 for no limit, which is out of range there */
        free(period);
        free(quota);
    }
    free(both);
    if (cpus > 0.0 && (*least < 0.0 || cpus < *least))
        *least = cpus;
}

enum cgroup_quota cgroup_cpus(const char *root, double *cpus)
{
    double least = -1.0;
    if (cgroup_walk(root, "cpu", quota_look, &least) == 0)
        return CGROUP_UNKNOWN;
    if (least < 0.0)
        return CGROUP_UNLIMITED;
    *cpus = least;
    return CGROUP_LIMITED;
}
