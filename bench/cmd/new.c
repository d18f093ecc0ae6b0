/* SPDX-License-Identifier: MIT */
/* `cobench new`: files to begin a task or a model with, from share/templates. In these an_example and an-example stand for the
 * name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/util/alloc.h"
#include "bench/util/atomic_write.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define TEXT_MAX    (1u << 20)
#define NAME_LENGTH 40

struct arguments {
    const char *words[2]; /* what, and its name */
};

static const struct options options = {
    .arguments = 2,
    .arguments_at = offsetof(struct arguments, words),
    .args_doc = "task|model NAME",
    .doc = "Write the files that a new task or model begins with; what is there already stays as it is.\v"
           "task: a folder NAME here, with the task in C and in Python and a test. model: in a checkout, the model in "
           "the C "
           "host and in the Python host. Both work as they are, and how to build and run them is printed."};

/* -- what is written ---------------------------------------------------------------------------------------------- */

/* A row goes into a file of the project, before the first `end` behind `start`. */
struct row {
    const char *folder, *file, *start, *end, *text;
};

struct kind {
    const char *name;
    const char *joins; /* what a name has besides letters and digits */
    const char *files[4], *folders[4];
    bool in_project; /* where the folders are: it takes a checkout */
    struct row rows[3];
    const char *next[4]; /* what to type */
};

static const struct kind kinds[] = {
    {.name = "task",
     .joins = "_",
     .files = {"an_example.c", "an_example.py", "test.sh"},
     .folders = {"an_example", "an_example", "an_example"},
     .next = {"cc -O2 -fPIC -shared -I@ROOT@/c_impl/include an_example/an_example.c -o an_example/an_example.so",
              "@COBENCH@ run --tasks an_example --task an_example", "sh an_example/test.sh"}},
    {.name = "model",
     .joins = "-",
     .files = {"an_example.c", "an_example.py"},
     .folders = {"c_impl/models", "py_impl/models"},
     .in_project = true,
     .rows = {{"c_impl/host", "models.h", "#define MODELS(row)", "\n\n", " row(an_example)"},
              {"py_impl/models", "__init__.py", "\nMODELS = (", "\n)\n",
               "\n    Model(\"an-example\", \"an_example\", \"threads that start with the work and take jobs from a "
               "queue\"),"}},
     .next = {"make -C @ROOT@", "@COBENCH@ run --task null,wait --model an-example"}},
};

/* -- the name in the place of the example's ------------------------------------------------------------------------- */

struct subject {
    const struct kind *kind;
    const char *name;
    char *identifier; /* the name as a symbol and a file have it */
    const char *root;
    char *root_word, *program; /* for a shell */
};

static char *quoted(const char *word)
{
    struct string_list words = {NULL, 0};
    string_list_add(&words, word);
    char *text = string_list_quote(&words);
    string_list_free(&words);
    return text;
}

/* A copy of `text`, to be freed, with the subject's own in the place of the example's. */
static char *fill(const struct subject *s, const char *text)
{
    const char *const pairs[][2] = {
        {"an_example", s->identifier}, {"an-example", s->name}, {"@ROOT@", s->root_word}, {"@COBENCH@", s->program}};
    char *filled = NULL;
    size_t length = 0, i;
    FILE *out = text_open(&filled, &length);
    while (*text != '\0') {
        for (i = 0; i < 4 && strncmp(text, pairs[i][0], strlen(pairs[i][0])) != 0; i++)
            ;
        if (i < 4)
            fputs(pairs[i][1], out);
        else
            putc(*text, out);
        text += i < 4 ? strlen(pairs[i][0]) : 1;
    }
    text_close(out);
    return filled;
}

/* The path that a file of the kind goes to, to be freed. */
static char *target_of(const struct subject *s, size_t i)
{
    char *place = text_format("%s/%s", s->kind->folders[i], s->kind->files[i]), *filled = fill(s, place);
    char *path = s->kind->in_project ? text_format("%s/%s", s->root, filled) : xstrdup(filled);
    free(place);
    free(filled);
    return path;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static int check_free(const struct subject *s, struct error *err)
{
    char *own = text_format("%s/py_impl/tasks/%s.py", s->root, s->name);
    int rc = s->kind->in_project || !file_exists(own)
                 ? 0
                 : error_set(err, -EEXIST, "new: '%s' is a task of cobench's own; take another name", s->name);
    free(own);
    for (size_t i = 0; rc == 0 && s->kind->files[i] != NULL; i++) {
        struct stat st;
        char *path = target_of(s, i);
        if (lstat(path, &st) == 0)
            rc = error_set(err, -EEXIST, "new: %s is there already, and stays as it is", path);
        free(path);
    }
    return rc;
}

static int write_file(const struct subject *s, size_t i, struct error *err)
{
    char *template = text_format("%s/share/templates/%s/%s", s->root, s->kind->name, s->kind->files[i]), *text = NULL;
    char *path = target_of(s, i);
    size_t length = 0;
    int rc = file_read(template, TEXT_MAX, &text, &length);
    if (rc != 0)
        error_set(err, rc, "new: %s: %s", template, strerror(-rc));
    char *filled = rc == 0 ? fill(s, text) : NULL;
    if (rc == 0 && (rc = file_create(path, filled, strlen(filled))) != 0)
        error_set(err, rc, "new: %s: %s", path, strerror(-rc));
    free(filled);
    free(text);
    free(path);
    free(template);
    return rc;
}

static int add_row(const struct subject *s, const struct row *row, struct error *err)
{
    char *folder = text_format("%s/%s", s->root, row->folder), *path = text_format("%s/%s", folder, row->file);
    char *text = NULL, *added = fill(s, row->text);
    size_t length = 0;
    int rc = file_read(path, TEXT_MAX, &text, &length);
    const char *start = rc == 0 ? strstr(text, row->start) : NULL,
               *end = start != NULL ? strstr(start, row->end) : NULL;
    if (end == NULL) {
        error_set(err, rc != 0 ? rc : -EIO, "new: %s: %s", path,
                  rc != 0 ? strerror(-rc) : "no table of models is found in it");
        rc = -EIO;
    } else {
        char *all = text_format("%.*s%s%s", (int)(end - text), text, added, end);
        rc = atomic_write_bytes(folder, row->file, all, strlen(all), err);
        free(all);
    }
    free(added);
    free(text);
    free(path);
    free(folder);
    return rc;
}

static int write_all(const struct subject *s, struct error *err)
{
    int rc = check_free(s, err);
    if (rc == 0 && !s->kind->in_project && mkdir(s->identifier, 0777) != 0 && errno != EEXIST)
        rc = error_set(err, -errno, "new: %s: %s", s->identifier, strerror(errno));
    for (size_t i = 0; rc == 0 && s->kind->files[i] != NULL; i++)
        rc = write_file(s, i, err);
    for (const struct row *row = s->kind->rows; rc == 0 && row->file != NULL; row++)
        rc = add_row(s, row, err);
    return rc;
}

static int print_next(const struct subject *s, struct error *err)
{
    for (size_t i = 0; s->kind->files[i] != NULL; i++) {
        char *path = target_of(s, i);
        printf("wrote %s\n", path);
        free(path);
    }
    for (const struct row *row = s->kind->rows; row->file != NULL; row++)
        printf("a row in %s/%s/%s\n", s->root, row->folder, row->file);
    puts("next:");
    for (size_t i = 0; s->kind->next[i] != NULL; i++) {
        char *line = fill(s, s->kind->next[i]);
        printf("  %s\n", line);
        free(line);
    }
    return options_print_end(err);
}

/* -- the command ----------------------------------------------------------------------------------------------------- */

static int check_words(const struct arguments *a, const struct kind **kind, struct error *err)
{
    const char *const *w = a->words;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (w[0] != NULL && strcmp(w[0], kinds[i].name) == 0)
            *kind = &kinds[i];
    if (*kind == NULL || w[1] == NULL)
        return error_set(err, -EINVAL, "new: `cobench new task NAME` or `cobench new model NAME` is needed");
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    char *others = text_format("%s0123456789%s", letters, (*kind)->joins);
    const size_t length = strlen(w[1]);
    const bool good = length <= NAME_LENGTH && strspn(w[1], letters) > 0 && strspn(w[1], others) == length;
    free(others);
    return good ? 0
                : error_set(err, -EINVAL,
                            "new: '%.200s' is no name: small letters, then digits and '%s' too, %d at most", w[1],
                            (*kind)->joins, NAME_LENGTH);
}

static int write_new(const void *arguments, const struct paths *paths, struct error *err)
{
    const struct arguments *a = arguments;
    const bool installed = paths_installed(paths);
    struct subject s = {.name = a->words[1], .root = paths->root};
    int rc = check_words(a, &s.kind, err);
    if (rc != 0)
        return rc;
    if (s.kind->in_project && installed)
        return error_set(err, -ENOSYS, "new: a model is built into the hosts, which takes a checkout of cobench");
    s.identifier = xstrdup(s.name);
    for (char *at = s.identifier; (at = strchr(at, '-')) != NULL;)
        *at = '_';
    s.root_word = quoted(s.root);
    s.program = quoted(installed ? "cobench" : paths->self);
    rc = write_all(&s, err);
    if (rc == 0)
        rc = print_next(&s, err);
    free(s.identifier);
    free(s.root_word);
    free(s.program);
    return rc;
}

int cmd_new(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.words = {NULL, NULL}};
    return options_run(&options, argc, argv, &arguments, write_new, err);
}
