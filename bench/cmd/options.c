/* SPDX-License-Identifier: MIT */
/* From tables of options to argp, and values refused in one way. */
#define _GNU_SOURCE /* argp.h wants error_t; realpath comes along */
#include "bench/cmd/options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/writer.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

enum { FIRST_KEY = 256, ROWS_MAX = 64 }; /* bits of `given`; headers are rows too */

struct parse {
    const struct options *options;
    char *into;
    size_t arguments; /* how many there were */
    uint64_t *given;
    struct error *err;
};

static const struct option_row print_rows[] = {
    {{"format", SETTING_FORMAT, offsetof(struct options_print, format)},
     "FORMAT",
     "What to print: terminal (default), md, adoc, csv or json"},
    {{"width", SETTING_WIDTH, offsetof(struct options_print, width)},
     "N",
     "Columns of the text, 80..1000 (default: the terminal's own, or 80)"},
};

static size_t row_count(const struct options *o)
{
    return o->count + (o->prints ? sizeof print_rows / sizeof *print_rows : 0);
}

static const struct option_row *row_of(const struct options *o, size_t i)
{
    return i < o->count ? &o->rows[i] : &print_rows[i - o->count];
}

static error_t take_argument(struct parse *p, const char *text)
{
    if (p->arguments == p->options->arguments)
        return -error_set(p->err, -EINVAL, "argument '%.200s': %s", text,
                          p->arguments == 0 ? "there are options only" : "one too many");
    ((const char **)(void *)(p->into + p->options->arguments_at))[p->arguments++] = text;
    return 0;
}

static error_t on_option(int key, char *text, struct argp_state *state)
{
    struct parse *p = state->input;
    struct setting_refusal no;
    if (key == 'h')
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    if (key == ARGP_KEY_ARG)
        return take_argument(p, text);
    if (key < FIRST_KEY || (size_t)key >= FIRST_KEY + row_count(p->options))
        return ARGP_ERR_UNKNOWN;
    const struct setting *s = &row_of(p->options, (size_t)key - FIRST_KEY)->set;
    if (p->given != NULL)
        *p->given |= UINT64_C(1) << (key - FIRST_KEY);
    if (setting_take(s->kind, text, p->into + s->at, &no) == 0)
        return 0;
    return -error_set(p->err, -EINVAL, "--%s '%.200s': %s", s->key, no.value, no.why);
}

/* Whether the word is an option of the table, or short for one, with a value in the next word (*wants). */
static bool is_known(const struct options *o, const char *word, bool *wants)
{
    static const char *const of_argp[] = {"help", "usage", "version"};
    const size_t length = strcspn(word, "=");
    bool known = length == 0; /* "--" */
    *wants = false;
    for (size_t i = 0; i < sizeof of_argp / sizeof *of_argp; i++)
        known = known || strncmp(of_argp[i], word, length) == 0;
    for (size_t i = 0; i < row_count(o); i++) {
        const struct option_row *row = row_of(o, i);
        if (strncmp(row->set.key, word, length) == 0) {
            known = true;
            *wants = row->argument != NULL && word[length] == '\0';
        }
    }
    return known;
}

/* The command line with what others are in the words of the option for them. */
static void words_of(const struct options *o, int argc, char **argv, struct string_list *out)
{
    bool wants;
    for (int i = 0; i < argc; i++) {
        const bool option = i > 0 && strncmp(argv[i], "--", 2) == 0;
        if (!option || is_known(o, argv[i] + 2, &wants)) {
            string_list_add(out, argv[i]);
            if (option && wants && i + 1 < argc)
                string_list_add(out, argv[++i]);
        } else if (strchr(argv[i], '=') != NULL) {
            string_list_addf(out, "--%s=%s", o->others, argv[i] + 2);
        } else {
            const bool value = i + 1 < argc && strncmp(argv[i + 1], "--", 2) != 0;
            string_list_addf(out, "--%s=%s=%s", o->others, argv[i] + 2, value ? argv[i + 1] : "on");
            i += value;
        }
    }
}

int options_parse(const struct options *options, int argc, char **argv, void *into, uint64_t *given, struct error *err)
{
    struct argp_option table[ROWS_MAX] = {{.key = 'h', .name = NULL, .flags = OPTION_HIDDEN}};
    const struct option_group *next = options->groups;
    size_t at = 1;
    int group = 0;
    for (size_t i = 0; i < row_count(options); i++) {
        const struct option_row *row = row_of(options, i);
        if (next != NULL && next->key != NULL && strcmp(next->key, row->set.key) == 0)
            table[at++] = (struct argp_option){.doc = next++->title, .group = ++group};
        table[at++] = (struct argp_option){
            .name = row->set.key, .key = FIRST_KEY + (int)i, .arg = row->argument, .doc = row->help, .group = group};
    }
    const struct argp argp = {
        .options = table, .parser = on_option, .args_doc = options->args_doc, .doc = options->doc};
    struct parse p = {.options = options, .into = into, .given = given, .err = err};
    struct string_list words = {NULL, 0};
    if (options->others != NULL) {
        words_of(options, argc, argv, &words);
        argc = (int)words.count;
        argv = words.items;
    }
    const int rc = argp_parse(&argp, argc, argv, 0, NULL, &p);
    string_list_free(&words);
    return rc == 0 || err->text[0] != '\0' ? -rc : error_set(err, -rc, "%s", strerror(rc));
}

void options_free(const struct options *options, void *into)
{
    for (size_t i = 0; i < row_count(options); i++)
        setting_free(&row_of(options, i)->set, into);
}

int options_path(const char *key, bool folder, char **given, struct error *err)
{
    char *path = *given == NULL ? NULL : realpath(*given, NULL);
    if (*given == NULL)
        return 0;
    const char *wrong = path == NULL ? strerror(errno)
                        : !(folder ? dir_exists(path) : file_exists(path))
                            ? (folder ? "this is no folder" : "this is no file")
                        : !text_is_utf8(path, strlen(path)) ? "its path is not valid UTF-8"
                                                            : NULL;
    const int rc = wrong == NULL ? 0 : error_set(err, -EINVAL, "--%s '%.200s': %s", key, *given, wrong);
    free(*given);
    *given = path;
    return rc;
}

struct writer options_writer(const struct options_print *print, const char *only)
{
    return (struct writer){.format = print->format != NULL ? writer_find(print->format) : &format_terminal,
                           .out = stdout,
                           .width = print->width != 0 ? (int)print->width : terminal_columns(),
                           .colour = terminal_has_colour(),
                           .ascii = terminal_is_ascii(),
                           .only = only};
}

int options_print_end(struct error *err)
{
    const bool printed = fflush(stdout) == 0 && ferror(stdout) == 0;
    return printed ? 0 : error_set(err, -EIO, "cannot write to standard output: %s", strerror(errno));
}

/* -- runs --------------------------------------------------------------------------------------------------------- */

static bool is_run(const char *folder)
{
    char *plan = text_format("%s/plan.json", folder);
    const bool is = file_exists(plan);
    free(plan);
    return is;
}

int find_run(const struct paths *paths, const char *results, const char *name, char **path, struct error *err)
{
    char *folder = results != NULL ? xstrdup(results) : paths_results(paths);
    char *named = text_format("%s/%s", folder, name == NULL ? "latest" : name);
    const bool is_path = name != NULL && is_run(name);
    int rc = 0;
    if (is_path || is_run(named))
        *path = xstrdup(is_path ? name : named);
    else if (name == NULL || strcmp(name, "latest") == 0)
        rc = error_set(err, -ENOENT, "there is no run yet at %s; `cobench run` makes one", named);
    else
        rc = error_set(err, -ENOENT, "no run at %s, nor in %s (a folder with plan.json is expected)", name, folder);
    free(named);
    free(folder);
    return rc;
}

/* 2 where there is no run or usage is wrong, 77 where this machine lacks something, else 1. */
static int status_of(int rc)
{
    if (rc == 0)
        return 0;
    return rc == -ENOENT || rc == -ENOTDIR || rc == -EPROTO || rc == -EINVAL ? 2 : rc == -ENOSYS ? 77 : 1;
}

int options_run(const struct options *options, int argc, char **argv, void *into, options_command *run,
                struct error *err)
{
    struct paths paths = {.self = NULL};
    int rc = options_parse(options, argc, argv, into, NULL, err);
    if (rc == 0)
        rc = paths_find(&paths, err);
    if (rc == 0)
        rc = run(into, &paths, err);
    paths_free(&paths);
    options_free(options, into);
    return status_of(rc);
}
