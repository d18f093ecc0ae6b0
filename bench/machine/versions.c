/* SPDX-License-Identifier: MIT */
/* Versions for machine.json. */
#include "bench/machine/versions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/capture.h"
#include "bench/util/json.h"
#include "bench/util/text.h"

#define NAME_SIZE 64

/* -- what the hosts load ------------------------------------------------------------------------------------------ */

static bool copy_word(const char *at, size_t length, char out[NAME_SIZE])
{
    if (length == 0 || length >= NAME_SIZE)
        return false;
    memcpy(out, at, length);
    out[length] = '\0';
    return true;
}

/* A libcurl of several TLS libraries writes those not in use in brackets. */
bool versions_parse_curl(const char *text, char version[NAME_SIZE], char tls[NAME_SIZE])
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

/* What a host says of its own build; NULL: nothing. */
static const char *build_fact(const struct catalog *catalog, size_t h, const char *key)
{
    return json_string_value(json_object_get(json_object_get(catalog->lists[h], "build"), key));
}

void versions_of_hosts(const struct catalog *catalog, json_t *facts)
{
    static const struct {
        const char *fact, *host, *key;
    } rows[] = {{"python", "py", "python"},
                {"python_flags", "py", "cflags"},
                {"gil", "py", "gil"},
                {"embedded_python", "embed", "python"},
                {"embedded_gil", "embed", "gil"},
                {"libpython", "embed", "libpython"}};
    char version[NAME_SIZE], tls[NAME_SIZE];
    const char *curl = NULL;
    for (size_t h = 0; h < host_count; h++) {
        if (curl == NULL)
            curl = build_fact(catalog, h, "libcurl");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strcmp(rows[i].host, host_table[h].name) == 0)
                fact_text(facts, rows[i].fact, build_fact(catalog, h, rows[i].key));
    }
    const bool known = curl != NULL && versions_parse_curl(curl, version, tls);
    fact_text(facts, "libcurl", known ? version : NULL);
    fact_text(facts, "tls", known ? tls : NULL);
}

/* -- tools -------------------------------------------------------------------------------------------------------- */

static bool must_end(int rc) { return rc == -EINTR || rc == -EPIPE; }

/*
 * Naming the repository by its path keeps git from looking further up, into a repository that this folder merely lies
 * in, and from refusing one of another owner: what is in this folder is being run anyway. A monitor of files that it
 * asks for is not.
 */
static int git_run(const struct capture *how, const char *const words[3], char **out, struct error *err)
{
    char *folder = text_format("--git-dir=%s/.git", how->cwd), *tree = text_format("--work-tree=%s", how->cwd);
    const char *const argv[] = {"git", folder, tree, "-c", "core.fsmonitor=false", words[0], words[1], words[2], NULL};
    const int rc = folder == NULL || tree == NULL ? error_set(err, -ENOMEM, "out of memory")
                                                  : capture_output(how, argv, out, err);
    free(tree);
    free(folder);
    return rc;
}

static int git_facts(const struct capture *how, json_t *facts, struct error *err)
{
    static const char *const commit_words[] = {"rev-parse", "--verify", "HEAD"};
    static const char *const status_words[] = {"status", "--porcelain", "--untracked-files=no"};
    char *commit = NULL, *status = NULL;
    int rc = git_run(how, commit_words, &commit, err);
    if (rc == 0) {
        text_one_line(commit);
        rc = git_run(how, status_words, &status, err);
    }
    fact_text(facts, "git_commit", commit);
    fact_text(facts, "git_dirty", NULL);
    if (status != NULL)
        (void)json_object_set_new(facts, "git_dirty", json_boolean(*status != '\0')); /* as in json.c */
    free(status);
    free(commit);
    return must_end(rc) ? rc : 0;
}

int versions_of_tools(const struct hosts_source *source, json_t *facts, struct error *err)
{
    char *env[] = {(char[]){"GIT_OPTIONAL_LOCKS=0"}, (char[]){"LC_ALL=C"}, NULL}, *gnuplot = NULL;
    const struct capture how = {
        .supervisor = source->supervisor, .scratch = source->scratch, .cwd = source->paths->root, .env = env};
    int rc = capture_version(&how, "gnuplot", &gnuplot, err);
    fact_text(facts, "gnuplot", rc == -ENOPKG ? "none" : gnuplot);
    free(gnuplot);
    if (!must_end(rc))
        rc = git_facts(&how, facts, err);
    if (rc == 0)
        err->text[0] = '\0'; /* a tool that is missing is no error */
    return rc;
}
