/* SPDX-License-Identifier: MIT */
/* Asking the hosts and tools of this machine. */
#include "bench/machine/hosts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/capture.h"
#include "bench/process/signals.h"
#include "bench/util/files.h"
#include "bench/util/json.h"
#include "common/clock.h"

#define LIST_DEADLINE_NS (60 * NS_PER_S)

/* -- hosts -------------------------------------------------------------------------------------------------------- */

int hosts_open(struct hosts_source *source, struct error *err)
{
    int rc = signals_install(err);
    if (rc == 0)
        rc = supervisor_open(&source->supervisor, err);
    return rc != 0 ? rc : supervisor_scratch(source->supervisor, &source->scratch, err);
}

/* Whether the host is asked for the function. */
static bool takes_function(const struct hosts_source *s, const struct host_row *host)
{
    return s->function != NULL && (s->function->command != NULL || s->function->in[host->kind->work] != NULL) &&
           (s->runtimes == NULL || s->runtimes->count == 0 || string_list_have(s->runtimes, host->name) ||
            string_list_have(s->runtimes, host->kind->name));
}

int hosts_ask(const struct hosts_source *s, size_t h, struct catalog *c, struct error *err)
{
    const struct host_row *host = &c->hosts.rows[h];
    char *env[] = {host_env(s->paths), NULL}, *text = NULL;
    const struct capture how = {.supervisor = s->supervisor,
                                .scratch = s->scratch,
                                .cwd = s->paths->root,
                                .env = env,
                                .deadline_ns = LIST_DEADLINE_NS};
    struct string_list argv = {NULL, 0};
    json_error_t where;
    json_t *list = NULL;
    int rc = host_words(host, s->paths, &c->words[h], err);
    if (rc != 0)
        goto out;
    string_list_add_all(&argv, &c->words[h]);
    string_list_add(&argv, "list");
    string_list_add(&argv, "--json");
    if (s->tasks_dir != NULL) {
        string_list_add(&argv, "--tasks");
        string_list_add(&argv, s->tasks_dir);
    }
    if (takes_function(s, host))
        function_options(s->function, host->kind->work, &argv);
    rc = capture_output(&how, (const char *const *)argv.items, &text, err);
    if (rc == 0 && (list = json_loads(text, 0, &where)) == NULL)
        rc = error_set(err, -EPROTO, "its list is no JSON: %s", where.text);
    if (s->function != NULL && !takes_function(s, host))
        json_array_clear(json_object_get(list, "tasks"));
    if (rc == 0)
        rc = catalog_add_list(c, h, list, err);
    if (rc != 0 && rc != -EINTR) {
        const struct error inner = *err;
        error_set(err, rc, "the %s host: %.900s", host->name, inner.text);
    }
out:
    string_list_free(&argv);
    free(text);
    free(env[0]);
    return rc;
}

int hosts_ask_pythons(const struct hosts_source *s, const struct string_list *names, json_t **out, struct error *err)
{
    static const char refused[] = "exit status 2: ";
    const struct capture how = {.supervisor = s->supervisor, .scratch = s->scratch, .deadline_ns = LIST_DEADLINE_NS};
    struct string_list argv = {NULL, 0};
    char *text = NULL;
    if (s->paths->python == NULL)
        return error_set(err, -ENOENT, "%s/python: there is no interpreter's path in it (make writes it)",
                         s->paths->build);
    string_list_add(&argv, s->paths->python);
    string_list_add(&argv, "-I");
    string_list_addf(&argv, "%s/scripts/interpreters.py", s->paths->root);
    string_list_add(&argv, s->paths->build);
    string_list_add_all(&argv, names);
    int rc = capture_output(&how, (const char *const *)argv.items, &text, err);
    string_list_free(&argv);
    if (rc == 0 && !json_is_array(*out = json_loads(text, 0, NULL)))
        rc = error_set(err, -EPROTO, "scripts/interpreters.py printed no list");
    free(text);
    const struct error inner = *err;
    const bool named = rc == -EPROTO && strncmp(inner.text, refused, strlen(refused)) == 0;
    return named ? error_set(err, -EINVAL, "--python: %s", inner.text + strlen(refused)) : rc;
}

/* How a function is called, where one that is called otherwise would fail as this one did. */
static const char *call_hint(enum language work, const char *said)
{
    if (work == IN_C)
        return "; it has to be uint64_t f(uint64_t job), with --inputs int f(const char *line, size_t length, uint64_t "
               "*result)";
    return strstr(said, "TypeError") != NULL && strstr(said, "argument") != NULL
               ? "; it is called with one argument, the job's number or with --inputs FILE a line of that"
               : "";
}

static int refuse_function(const struct hosts_source *s, const struct catalog *c, size_t h, struct error *err)
{
    const struct host_row *host = &c->hosts.rows[h];
    const char *said = catalog_probe_error(c, h);
    if (said == NULL)
        return error_set(err, -EINVAL, "the %s host: %.900s", host->name, catalog_refusal(c, h));
    return error_set(err, -EBADMSG, "the %s host: a first call of %.100s: %.600s%s", host->name, s->function->name,
                     said, call_hint(host->kind->work, said));
}

/* A function that no host of its language has or can call is a mistake; one that some cannot may be meant. */
static int check_function(const struct hosts_source *s, const struct catalog *c, struct error *err)
{
    const unsigned have = c->task_count == 0 ? 0 : c->tasks[0].hosts;
    for (enum language work = IN_C; work < LANGUAGES; work++) {
        const size_t none = c->hosts.count;
        size_t asked = none;
        bool found = false;
        for (size_t h = 0; h < none; h++) {
            const struct host_row *host = &c->hosts.rows[h];
            if (host->kind->work != work || host->missing != NULL || !takes_function(s, host))
                continue;
            if (asked == none || work == IN_PYTHON) /* c and py speak, which run it in its own language */
                asked = h;
            found = found || ((have & (1u << h)) != 0 && catalog_probe_error(c, h) == NULL);
        }
        if (asked < none && !found)
            return refuse_function(s, c, asked, err);
    }
    return have != 0 ? 0
                     : error_set(err, -EINVAL, "task '%s': none of the runtimes runs its language", s->function->name);
}

int hosts_ask_all(const struct hosts_source *source, struct catalog *out, struct error *err)
{
    *out = (struct catalog){.function = source->function};
    int rc = host_table_make(&out->hosts, source->pythons, source->named, err);
    for (size_t h = 0; rc == 0 && h < out->hosts.count; h++)
        rc = hosts_ask(source, h, out, err);
    if (rc == 0 && source->function != NULL)
        rc = check_function(source, out, err);
    if (rc != 0)
        catalog_free(out);
    return rc;
}

/* What several interpreters say, once each: "3.11.2, 3.13.5". */
static void add_fact(json_t *facts, const char *name, const char *value)
{
    const char *before = json_string_value(json_object_get(facts, name));
    char *both = before != NULL && value != NULL ? text_format("%s, %s", before, value) : NULL;
    if (before == NULL || (both != NULL && strstr(before, value) == NULL))
        fact_text(facts, name, both != NULL ? both : value);
    free(both);
}

void hosts_facts(const struct catalog *catalog, json_t *facts)
{
    static const struct {
        const char *fact, *host, *key;
    } rows[] = {{"python", "py", "python"},
                {"python_flags", "py", "cflags"},
                {"gil", "py", "gil"},
                {"embedded_python", "embed", "python"},
                {"embedded_gil", "embed", "gil"},
                {"libpython", "embed", "libpython"}};
    char curl[128] = "";
    for (size_t h = 0; h < catalog->hosts.count; h++) {
        const json_t *build = json_object_get(catalog->lists[h], "build");
        const char *said = json_string_value(json_object_get(build, "libcurl"));
        if (curl[0] == '\0' && said != NULL &&
            strncmp(said, "libcurl/", 8) == 0) { /* its version and its TLS library */
            const size_t version = 8 + strcspn(said + 8, " ");
            const size_t tls = said[version] == ' ' ? 1 + strcspn(said + version + 1, " ") : 0;
            snprintf(curl, sizeof curl, "%.*s", (int)(version + tls - 8), said + 8);
        }
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (strcmp(rows[i].host, catalog->hosts.rows[h].kind->name) == 0)
                add_fact(facts, rows[i].fact, json_string_value(json_object_get(build, rows[i].key)));
    }
    fact_text(facts, "libcurl", curl);
}

/* -- tools -------------------------------------------------------------------------------------------------------- */

/* `commit`, which is changed, has "-dirty" behind it where a file of it had changed; NULL: unknown. */
static void commit_facts(json_t *facts, char *commit)
{
    fact_text(facts, "git_dirty", NULL);
    if (commit != NULL) {
        const size_t length = strcspn(commit, "-\n");
        json_object_set_new(facts, "git_dirty", json_boolean(commit[length] == '-'));
        commit[length] = '\0';
    }
    fact_text(facts, "git_commit", commit);
}

/* An installed program has no repository; its commit stands in what `make` wrote beside it. */
static void built_facts(const struct paths *paths, json_t *facts)
{
    static const char key[] = "commit   ";
    char *path = text_format("%s/version", paths->build), *text = NULL;
    size_t length = 0;
    const bool known = file_read(path, VERSION_SIZE, &text, &length) == 0 && strncmp(text, key, strlen(key)) == 0 &&
                       strncmp(text + strlen(key), "unknown", strlen("unknown")) != 0;
    commit_facts(facts, known ? text + strlen(key) : NULL);
    free(text);
    free(path);
}

/*
 * Naming the repository by its path keeps git from looking further up, into a repository that this folder merely lies
 * in, and from refusing one of another owner: what is in this folder is being run anyway. A monitor of files that it
 * asks for is not.
 */
static int git_facts(const struct capture *how, json_t *facts, struct error *err)
{
    char *folder = text_format("--git-dir=%s/.git", how->cwd), *tree = text_format("--work-tree=%s", how->cwd);
    const char *const argv[] = {"git",      folder,     tree,          "-c",      "core.fsmonitor=false",
                                "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*",
                                NULL};
    char *commit = NULL;
    const int rc = capture_output(how, argv, &commit, err);
    commit_facts(facts, commit);
    free(commit);
    free(tree);
    free(folder);
    return rc;
}

int hosts_tools_facts(const struct hosts_source *source, json_t *facts, struct error *err)
{
    char *env[] = {(char[]){"GIT_OPTIONAL_LOCKS=0"}, (char[]){"LC_ALL=C"}, NULL}, *gnuplot = NULL;
    const struct capture how = {
        .supervisor = source->supervisor, .scratch = source->scratch, .cwd = source->paths->root, .env = env};
    int rc = capture_version(&how, "gnuplot", &gnuplot, err);
    fact_text(facts, "gnuplot", rc == -ENOPKG ? "none" : gnuplot);
    free(gnuplot);
    if (paths_installed(source->paths))
        built_facts(source->paths, facts);
    else if (rc != -EINTR && rc != -EPIPE)
        rc = git_facts(&how, facts, err);
    if (rc == -EINTR || rc == -EPIPE)
        return rc;
    err->text[0] = '\0'; /* a tool that is missing is no error */
    return 0;
}
