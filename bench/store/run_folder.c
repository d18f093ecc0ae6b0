/* SPDX-License-Identifier: MIT */
/* The folder of a run. */
#include "bench/store/run_folder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/store/draft.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define TRIES 1000 /* runs of the same suite begun in the same second */

void run_folder_time(char *out, size_t room)
{
    const time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL || strftime(out, room, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
        snprintf(out, room, "unknown");
}

/* mkdir -p. */
static int make_dirs(const char *path)
{
    char *at = strdup(path);
    int rc = at == NULL ? -ENOMEM : 0;
    for (char *slash = at == NULL ? NULL : strchr(at + 1, '/'); rc == 0 && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(at, 0777) != 0 && errno != EEXIST)
            rc = -errno;
        *slash = '/';
    }
    if (rc == 0 && mkdir(at, 0777) != 0 && errno != EEXIST)
        rc = -errno;
    if (rc == 0 && !dir_exists(at))
        rc = -ENOTDIR;
    free(at);
    return rc;
}

static int write_json(const char *folder, const char *name, const json_t *value)
{
    char *path = text_format("%s/%s", folder, name), *text = json_dumps(value, JSON_INDENT(1));
    int rc = -ENOMEM;
    if (path != NULL && text != NULL) {
        const size_t length = strlen(text);
        text[length] = '\n'; /* in the place of the NUL */
        rc = file_create(path, text, length + 1);
    }
    free(text);
    free(path);
    return rc;
}

/* Letters, digits and the like; the rest becomes '-'. */
static void clean(char *text)
{
    for (char *p = text; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-", *p) == NULL)
            *p = '-';
}

static char *folder_name(const struct run_folder_facts *f)
{
    char *name = text_format("%s-%s-%.60s", f->created, f->host, f->suite), *out = name;
    if (name == NULL)
        return NULL;
    for (char *in = name; *in != '\0'; in++) /* colons are awkward in paths */
        if (*in != ':')
            *out++ = *in;
    *out = '\0';
    clean(name);
    return name;
}

/* Renames to the first name that is free; *path gets it. */
static int settle(const char *results, const char *temporary, const char *name, char **path)
{
    for (int i = 1; i <= TRIES; i++) {
        char *target = i == 1 ? text_format("%s/%s", results, name) : text_format("%s/%s-%d", results, name, i);
        if (target == NULL)
            return -ENOMEM;
        struct stat st;
        if (lstat(target, &st) != 0 && rename(temporary, target) == 0) {
            (void)dir_sync(results); /* not every file system can; the rename was whole either way */
            *path = target;
            return 0;
        }
        const int rc = errno;
        const bool taken = rc == EEXIST || rc == ENOTEMPTY || lstat(target, &st) == 0;
        free(target);
        if (!taken)
            return -rc;
    }
    return -EEXIST;
}

static int create_journal(const char *folder)
{
    char *path = text_format("%s/samples.jsonl", folder);
    const int rc = path == NULL ? -ENOMEM : file_create(path, "", 0);
    free(path);
    return rc;
}

/* The folder that holds `path`, to be freed. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? strdup(".") : slash == path ? strdup("/") : text_format("%.*s", (int)(slash - path), path);
}

/* Gives the folder the one name it may have. */
static int settle_at(const char *temporary, const char *target, const char *results, char **path)
{
    struct stat st;
    char *copy = strdup(target);
    int rc = copy == NULL ? -ENOMEM : lstat(target, &st) == 0 ? -EEXIST : rename(temporary, target) != 0 ? -errno : 0;
    if (rc == 0) {
        (void)dir_sync(results); /* not every file system can; the rename was whole either way */
        *path = copy;
    } else {
        free(copy);
    }
    return rc;
}

static int fill_folder(const struct run_folder_facts *facts, const char *folder, struct error *err)
{
    int rc = write_json(folder, "machine.json", facts->machine);
    if (rc == 0)
        rc = write_json(folder, "plan.json", facts->plan);
    if (rc == 0)
        rc = facts->fill == NULL ? create_journal(folder) : facts->fill(facts->what, folder, err);
    return rc;
}

/* Fills a draft beside the folder-to-be and gives it its name. */
static int make_in(const struct run_folder_facts *facts, const char *results, char **path, struct error *err)
{
    struct draft draft = {.fd = -1};
    char *name = folder_name(facts);
    int rc = name == NULL ? -ENOMEM : make_dirs(results);
    if (rc == 0) {
        draft_sweep(results);
        rc = draft_open(results, &draft);
    }
    if (rc == 0)
        rc = fill_folder(facts, draft.path, err);
    if (rc == 0)
        rc = facts->path == NULL ? settle(results, draft.path, name, path)
                                 : settle_at(draft.path, facts->path, results, path);
    draft_close(&draft);
    free(name);
    return rc;
}

int run_folder_make(const struct run_folder_facts *facts, char **path, struct error *err)
{
    char *results = facts->path == NULL ? strdup(facts->results) : parent_of(facts->path);
    err->text[0] = '\0';
    const int rc = results == NULL ? -ENOMEM : make_in(facts, results, path, err);
    if (rc != 0 && err->text[0] == '\0')
        error_set(err, rc, "cannot make %s%s: %s", facts->path == NULL ? "a folder for this run in " : "",
                  facts->path == NULL ? facts->results : facts->path, strerror(-rc));
    free(results);
    return rc;
}

void run_folder_sweep(const char *path)
{
    char *results = parent_of(path);
    if (results != NULL)
        draft_sweep(results);
    free(results);
}

/* Names begin with the time of their making. */
static bool points_at_newer(const char *link, const char *name)
{
    char target[1024];
    const ssize_t length = readlink(link, target, sizeof target - 1);
    if (length <= 0)
        return false;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    return strcmp(slash == NULL ? target : slash + 1, name) > 0 && access(link, F_OK) == 0;
}

/* Makes the link in a draft: renamed, it takes the old one's place; and where it is not, it goes with the draft. */
static int point_at(const char *results, const char *link, const char *name)
{
    struct draft draft;
    int rc = draft_open(results, &draft);
    char *fresh = rc == 0 ? text_format("%s/latest", draft.path) : NULL;
    if (rc == 0 && fresh == NULL)
        rc = -ENOMEM;
    if (rc == 0 && (symlink(name, fresh) != 0 || rename(fresh, link) != 0))
        rc = -errno;
    free(fresh);
    draft_close(&draft);
    return rc;
}

int run_folder_publish(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
    char *results = parent_of(path), *link = results == NULL ? NULL : text_format("%s/latest", results);
    int rc = link == NULL ? -ENOMEM : 0;
    if (rc == 0 && !points_at_newer(link, name))
        rc = point_at(results, link, name);
    if (rc != 0)
        error_set(err, rc, "cannot point %s/latest at the run: %s", results == NULL ? "results" : results,
                  strerror(-rc));
    free(link);
    free(results);
    return rc;
}
