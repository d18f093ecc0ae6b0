/* SPDX-License-Identifier: MIT */
/* Versions for machine.json. */
#include "bench/machine/versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/capture.h"
#include "bench/util/json.h"
#include "bench/util/text.h"

#define NAME_ROOM 64

/* -- what the hosts load ------------------------------------------------------------------------------------------ */

static bool copy_word(const char *at, size_t length, char out[NAME_ROOM])
{
    if (length == 0 || length >= NAME_ROOM)
        return false;
    memcpy(out, at, length);
    out[length] = '\0';
    return true;
}

/* A libcurl of several TLS libraries writes those not in use in brackets. */
bool versions_parse_curl(const char *text, char version[NAME_ROOM], char tls[NAME_ROOM])
{
    static const char *const libraries[] = {"OpenSSL/", "GnuTLS/",  "LibreSSL/",      "BoringSSL", "quictls/",
                                            "AWS-LC/",  "mbedTLS/", "wolfSSL/",       "NSS/",      "rustls-ffi/",
                                            "BearSSL/", "Schannel", "SecureTransport"};
    if (strncmp(text, "libcurl/", 8) != 0)
        return false;
    text += 8;
    if (!copy_word(text, strcspn(text, " "), version))
        return false;
    strcpy(tls, "none");
    for (text += strcspn(text, " "); *text != '\0'; text += strcspn(text, " ")) {
        text += strspn(text, " ");
        for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++)
            if (strncmp(text, libraries[i], strlen(libraries[i])) == 0)
                return copy_word(text, strcspn(text, " "), tls);
    }
    return true;
}

/* The first host's text of a build fact; NULL: none has one. */
static const char *build_fact(const struct catalog *catalog, const char *name)
{
    const char *text = NULL;
    for (size_t h = 0; text == NULL && h < host_count; h++)
        text = json_string_value(json_object_get(json_object_get(catalog->lists[h], "build"), name));
    return text;
}

static const char *host_fact(const struct catalog *catalog, const char *host, const char *name)
{
    for (size_t h = 0; h < host_count; h++)
        if (strcmp(host_table[h].name, host) == 0)
            return json_string_value(json_object_get(json_object_get(catalog->lists[h], "build"), name));
    return NULL;
}

void versions_of_hosts(const struct catalog *catalog, json_t *facts)
{
    char version[NAME_ROOM], tls[NAME_ROOM];
    const char *curl = build_fact(catalog, "libcurl");
    const bool known = curl != NULL && versions_parse_curl(curl, version, tls);
    fact_text(facts, "libcurl", known ? version : NULL);
    fact_text(facts, "tls", known ? tls : NULL);
    fact_text(facts, "python", host_fact(catalog, "py", "python"));
    fact_text(facts, "python_flags", host_fact(catalog, "py", "cflags"));
    fact_text(facts, "gil", host_fact(catalog, "py", "gil"));
    fact_text(facts, "embedded_python", host_fact(catalog, "embed", "python"));
    fact_text(facts, "embedded_gil", host_fact(catalog, "embed", "gil"));
    fact_text(facts, "libpython", host_fact(catalog, "embed", "libpython"));
}

/* -- tools -------------------------------------------------------------------------------------------------------- */

/* "gnuplot 5.4 patchlevel 4" */
static int gnuplot_fact(const struct capture *how, json_t *facts, struct error *err)
{
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"--version"}, NULL}, *text = NULL;
    const int rc = capture_output(how, argv, &text, err);
    if (rc == 0)
        text_one_line(text);
    const bool named = rc == 0 && strncmp(text, "gnuplot ", 8) == 0;
    fact_text(facts, "gnuplot", rc == -ENOENT ? "none" : named ? text + 8 : NULL);
    free(text);
    return rc == -EINTR || rc == -EPIPE ? rc : 0;
}

/*
 * Naming the repository by its path keeps git from looking further up, into a repository that this folder merely lies
 * in, and from refusing one of another owner: what is in this folder is being run anyway. A monitor of files that it
 * asks for is not.
 */
static int git_run(const struct capture *how, const char *root, char *const *more, char **out, struct error *err)
{
    char *folder = text_format("--git-dir=%s/.git", root), *tree = text_format("--work-tree=%s", root);
    struct string_list words = {NULL, 0};
    const char *const start[] = {"git", folder, tree, "-c", "core.fsmonitor=false"};
    int rc = folder == NULL || tree == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < sizeof start / sizeof *start; i++)
        rc = string_list_add(&words, start[i]);
    for (; rc == 0 && *more != NULL; more++)
        rc = string_list_add(&words, *more);
    rc = rc == 0 ? capture_output(how, words.items, out, err) : error_set(err, rc, "out of memory");
    string_list_free(&words);
    free(tree);
    free(folder);
    return rc;
}

static int git_facts(const struct capture *how, const char *root, json_t *facts, struct error *err)
{
    char *commit_words[] = {(char[]){"rev-parse"}, (char[]){"--verify"}, (char[]){"HEAD"}, NULL};
    char *status_words[] = {(char[]){"status"}, (char[]){"--porcelain"}, (char[]){"--untracked-files=no"}, NULL};
    char *commit = NULL, *status = NULL;
    int rc = git_run(how, root, commit_words, &commit, err);
    if (rc == 0) {
        text_one_line(commit);
        rc = git_run(how, root, status_words, &status, err);
    }
    fact_text(facts, "git_commit", commit);
    if (status == NULL)
        fact_text(facts, "git_dirty", NULL);
    else
        (void)json_object_set_new(facts, "git_dirty", json_boolean(*status != '\0')); /* as in facts.c */
    free(status);
    free(commit);
    return rc == -EINTR || rc == -EPIPE ? rc : 0;
}

int versions_of_tools(const struct hosts_source *source, json_t *facts, struct error *err)
{
    char *env[] = {(char[]){"GIT_OPTIONAL_LOCKS=0"}, (char[]){"LC_ALL=C"}, NULL};
    const struct capture how = {
        .supervisor = source->supervisor, .scratch = source->scratch, .cwd = source->paths->root, .env = env};
    int rc = gnuplot_fact(&how, facts, err);
    if (rc == 0)
        rc = git_facts(&how, source->paths->root, facts, err);
    if (rc == 0)
        err->text[0] = '\0'; /* a tool that is missing is no error */
    return rc;
}
