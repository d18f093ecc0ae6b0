/* SPDX-License-Identifier: MIT */
/* What --hosts and --launcher say. */
#include "bench/plan/hostfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/placement.h"

#define FILE_MAX   (1u << 20)
#define WHAT_IT_IS "it is NAME:WORKERS,NAME:WORKERS or a file of them"

/* One line of a hostfile, which is changed, as "a:2". */
static void add_line(struct string_list *hosts, char *line)
{
    line[strcspn(line, "#")] = '\0';
    char *rest, *name = strtok_r(line, " \t\r", &rest), *word;
    const char *slots = NULL;
    while (name != NULL && (word = strtok_r(NULL, " \t\r", &rest)) != NULL)
        if (strncmp(word, "slots=", 6) == 0)
            slots = word + 6;
    if (name != NULL)
        string_list_addf(hosts, "%s%s%s", name, slots == NULL ? "" : ":", slots == NULL ? "" : slots);
}

/* The text of a hostfile in the place of its name. */
static int read_file(char **hosts, struct error *err)
{
    struct string_list found = {NULL, 0};
    char *text = NULL, *rest;
    size_t length;
    const int rc = file_read(*hosts, FILE_MAX, &text, &length);
    if (rc != 0)
        return error_set(err, -EINVAL, "--hosts '%.200s': %s; " WHAT_IT_IS, *hosts, strerror(-rc));
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        add_line(&found, line);
    free(text);
    text = string_list_join(&found, ",");
    string_list_free(&found);
    text_set(hosts, text);
    free(text);
    return 0;
}

/* Every host with its number of workers, so that the plan says it. */
static int settle_hosts(char **hosts, struct error *err)
{
    struct placement *placement = xcalloc(1, sizeof *placement);
    const bool list = strpbrk(*hosts, ":,") != NULL && strchr(*hosts, '/') == NULL;
    char *given = xstrdup(*hosts);
    const int rc = list || (strchr(*hosts, '/') == NULL && !file_exists(*hosts)) ? 0 : read_file(hosts, err);
    const char *wrong = rc != 0 ? NULL : placement_parse(*hosts, placement);
    if (wrong != NULL)
        error_set(err, -EINVAL, "--hosts '%.200s': %s; " WHAT_IT_IS, given, wrong);
    free(given);
    struct string_list words = {NULL, 0};
    for (size_t h = 0; rc == 0 && wrong == NULL && h < placement->count; h++)
        string_list_addf(&words, "%s:%u", placement->hosts[h].name, placement->hosts[h].slots);
    char *text = string_list_join(&words, ",");
    if (words.count > 0)
        text_set(hosts, text);
    free(text);
    string_list_free(&words);
    free(placement);
    return wrong != NULL ? -EINVAL : rc;
}

/* What a launcher is to be told to start one command on one host; NULL: it is not known. */
static const char *options_of(const char *program)
{
    static const char *const known[][2] = {{"ssh", "{host}"},
                                           {"rsh", "{host}"},
                                           {"srun", "-N1 -n1 --overlap -w {host}"},
                                           {"mpirun", "-n 1 --host {host}"}};
    const char *slash = strrchr(program, '/');
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(slash == NULL ? program : slash + 1, known[i][0]) == 0)
            return known[i][1];
    return NULL;
}

static int settle_launcher(char **launcher, struct error *err)
{
    struct string_list words = {NULL, 0};
    const char *line = *launcher == NULL ? "ssh" : *launcher, *wrong = string_list_unquote(&words, line);
    const char *options = wrong == NULL && words.count > 0 ? options_of(words.items[0]) : NULL;
    int rc = 0;
    if (wrong == NULL && words.count == 0)
        wrong = "there is no program in it";
    if (wrong != NULL)
        rc = error_set(err, -EINVAL, "--launcher: %s", wrong);
    else if (strstr(line, "{host}") == NULL && options == NULL)
        rc = error_set(err, -EINVAL, "--launcher '%.200s': where in it is the host's name? {host} stands for it", line);
    else if (strstr(line, "{host}") == NULL || *launcher == NULL) {
        char *text = text_format("%s %s", line, options);
        text_set(launcher, text);
        free(text);
    }
    string_list_free(&words);
    return rc;
}

int hostfile_settle(char **hosts, char **launcher, struct error *err)
{
    if (*hosts == NULL)
        return *launcher == NULL ? 0 : error_set(err, -EINVAL, "--launcher is for --hosts");
    const int rc = settle_hosts(hosts, err);
    return rc != 0 ? rc : settle_launcher(launcher, err);
}
