/* SPDX-License-Identifier: MIT */
/* The hosts of a run. */
#include "bench/protocol/host_table.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The reference of a host is the baseline in the other language: of what embed computes in Python, C's, and so on. */
static const struct host_kind kinds[] = {
    {"c", {"cobench-host"}, "the task is only in c", "py", IN_C, false, false},
    {"embed", {"cobench-host-embed"}, "the task is only in embed", "c", IN_PYTHON, true, false},
    {"ext", {"{python}", "-s", "-E", "-m", "py_impl.ext"}, "the task is only in ext", "py", IN_C, true, false},
    {"py", {"{venv}", "-s", "-E", "-m", "py_impl"}, "the task is only in py", "c", IN_PYTHON, true, false},
    {"cython", {"{python}", "-s", "-E", "-m", "py_impl.kernels", "cython"}, "", "c", IN_PYTHON, true, true},
    {"numba", {"{python}", "-s", "-E", "-m", "py_impl.kernels", "numba"}, "", "c", IN_PYTHON, true, true},
};
static const size_t kind_count = sizeof kinds / sizeof *kinds;

static bool is_named(const struct host_kind *kind, const struct string_list *named)
{
    for (size_t i = 0; named != NULL && i < named->count; i++)
        if (runtime_is(named->items[i], kind->name))
            return true;
    return false;
}

const char *host_extra(size_t i)
{
    for (const struct host_kind *kind = kinds; kind < kinds + kind_count; kind++)
        if (kind->extra && i-- == 0)
            return kind->name;
    return NULL;
}

static const char *text_of(const json_t *python, const char *key)
{
    return json_string_value(json_object_get(python, key));
}

/* What an interpreter's row says of a kind of host, in "programs" or "missing". */
static const char *said_of(const json_t *python, const char *what, const struct host_kind *kind)
{
    return text_of(json_object_get(python, what), kind->name);
}

static int add_row(struct host_table *table, const struct host_kind *kind, const json_t *python, bool several,
                   struct error *err)
{
    const char *label = several ? text_of(python, "label") : "";
    if (python != NULL && (label == NULL || host_python_path(python) == NULL))
        return error_set(err, -EPROTO, "an interpreter's path or label is missing");
    if (table->count == HOSTS_MAX)
        return error_set(err, -EINVAL, "these interpreters make more than %d runtimes", HOSTS_MAX);
    table->rows[table->count++] = (struct host_row){.kind = kind,
                                                    .python = python,
                                                    .label = label,
                                                    .name = text_format("%s%s", kind->name, label),
                                                    .missing = said_of(python, "missing", kind)};
    return 0;
}

int host_table_make(struct host_table *out, const json_t *pythons, const struct string_list *named, struct error *err)
{
    const size_t count = json_array_size(pythons);
    int rc = 0;
    *out = (struct host_table){.count = 0};
    for (const struct host_kind *kind = kinds; kind < kinds + kind_count; kind++)
        for (size_t i = 0; rc == 0 && i < (kind->python && count > 0 ? count : 1); i++)
            if (!kind->extra || is_named(kind, named))
                rc = add_row(out, kind, kind->python ? json_array_get(pythons, i) : NULL, kind->python && count > 1,
                             err);
    return rc;
}

void host_table_free(struct host_table *table)
{
    for (size_t h = 0; h < table->count; h++)
        free(table->rows[h].name);
    *table = (struct host_table){.count = 0};
}

const char *host_python_path(const json_t *python) { return text_of(python, "path"); }

/* The program that is its first word; NULL: there is none. To be freed. */
static char *first_word(const struct host_row *row, const struct paths *paths)
{
    const char *first = row->kind->argv[0], *own = row->missing == NULL ? host_python_path(row->python) : NULL;
    const char *program = row->missing == NULL ? said_of(row->python, "programs", row->kind) : NULL;
    char *word = NULL;
    if (first[0] != '{')
        return program != NULL ? text_format("%s", program) : text_format("%s/%s", paths->build, first);
    text_set(&word, own != NULL                                           ? own
                    : strcmp(first, "{venv}") == 0 && paths->venv != NULL ? paths->venv
                                                                          : paths->python);
    return word;
}

int host_words(const struct host_row *row, const struct paths *paths, struct string_list *out, struct error *err)
{
    char *first = first_word(row, paths);
    if (first == NULL)
        return error_set(err, -ENOENT, "%s/python: there is no interpreter's path in it (make writes it)",
                         paths->build);
    string_list_add(out, first);
    free(first);
    for (const char *const *word = &row->kind->argv[1]; *word != NULL; word++)
        string_list_add(out, *word);
    if (access(out->items[0], X_OK) != 0)
        return error_set(err, -ENOENT, "the %s host's program %s: %s", row->name, out->items[0], strerror(errno));
    return 0;
}

char *host_env(const struct paths *paths) { return text_format("COBENCH_BUILD=%s", paths->build); }

bool runtime_is(const char *runtime, const char *name)
{
    const size_t length = strlen(name);
    return strncmp(runtime, name, length) == 0 && (runtime[length] == '\0' || isdigit((unsigned char)runtime[length]));
}
