/* SPDX-License-Identifier: MIT */
/* `cobench plot`: a run's pictures, as files or drawn in the terminal. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd/command.h"
#include "bench/cmd/find_run.h"
#include "bench/util/files.h"
#include "bench/cmd/options.h"
#include "bench/protocol/paths.h"
#include "bench/report/plot/plot.h"
#include "bench/util/atomic_write.h"
#include "bench/util/text.h"
#include "common/num.h"
#include "bench/report/terminal.h"

enum { KEY_ONLY = 256, KEY_FORMAT };
#define TEXT_MAX (4u << 20)
enum { PICTURE_KINDS_MAX = 31 };

struct plot_arguments {
    const char *run, *only; /* NULL: not said */
    unsigned formats;
    struct error *err;
};

static const struct argp_option option_table[] = {
    {"only", KEY_ONLY, "NAME", 0, "This kind of picture only (an unknown name lists them)", 0},
    {"format", KEY_FORMAT, "F[,F]", 0, "svg, png, pdf, or txt, which is drawn in the terminal (default svg,png)", 0},
    {0},
};

static error_t take_only(struct plot_arguments *a, const char *name)
{
    const char *kinds[PICTURE_KINDS_MAX + 1] = {NULL};
    size_t place;
    for (size_t i = 0; i < PICTURE_KINDS_MAX && picture_kind(i) != NULL; i++)
        kinds[i] = picture_kind(i);
    a->only = name;
    return options_word(a->err, "--only", name, kinds, &place);
}

static error_t take_formats(struct plot_arguments *a, const char *list)
{
    struct string_list words = {NULL, 0};
    bool good = string_list_split(&words, list) == 0;
    a->formats = 0;
    for (size_t i = 0; good && i < words.count; i++) {
        size_t f = 0;
        while (plot_formats[f] != NULL && strcmp(plot_formats[f], words.items[i]) != 0)
            f++;
        good = plot_formats[f] != NULL;
        a->formats |= 1u << f;
    }
    string_list_free(&words);
    return good ? 0
                : options_refuse(a->err, "--format", list, "svg, png, pdf or txt are needed, with commas between them");
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct plot_arguments *a = state->input;
    switch (key) {
    case KEY_ONLY:
        return take_only(a, text);
    case KEY_FORMAT:
        return take_formats(a, text);
    case ARGP_KEY_ARG:
        return options_argument(a->err, text, &a->run);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Prints a picture drawn as text. */
static int show_text(const char *run, const struct picture *p, struct error *err)
{
    char *path = text_format("%s/plots/%s.txt", run, p->stem), *text = NULL;
    size_t length = 0;
    int rc = path == NULL ? -ENOMEM : file_read(path, TEXT_MAX, &text, &length);
    if (rc != 0)
        error_set(err, rc, "plot: %s: %s", path == NULL ? "out of memory" : path, strerror(-rc));
    else
        printf("\n%s: %s\n%.*s", p->kind, p->alt, (int)length, text);
    free(text);
    free(path);
    return rc;
}

static int draw(const struct plot_arguments *a, const struct picture_source *source, const struct plot_options *options,
                struct error *err)
{
    struct pictures pictures;
    int rc;
    pictures_make(&pictures, source, a->only);
    const int lock = atomic_write_lock(source->run_dir);
    if (pictures.count == 0)
        rc = error_set(err, -ENOENT, "plot: this run has nothing for a picture of %s",
                       a->only != NULL ? a->only : "any kind");
    else
        rc = plot_make(source->run_dir, &pictures, options, err);
    for (size_t i = 0; rc == 0 && (options->formats & PLOT_TXT) != 0 && i < pictures.count; i++)
        rc = show_text(source->run_dir, &pictures.items[i], err);
    if (rc == 0 && (options->formats & PLOT_TXT) == 0)
        printf("%s/plots\n", source->run_dir);
    atomic_write_unlock(lock);
    pictures_free(&pictures);
    return rc;
}

/* That of the terminal, or what COLUMNS says. */
static int text_width(void)
{
    const char *said = getenv("COLUMNS");
    int64_t columns = 0;
    return said != NULL && num_parse_i64(said, 40, 1000, &columns) == 0 ? (int)columns : terminal_columns();
}

static int plot_run(const struct plot_arguments *a, const char *run, const struct paths *paths, struct error *err)
{
    struct results results = {.plan = NULL};
    struct summary summary = {.cells = NULL};
    struct claims claims = {.items = NULL};
    struct picture_source source = {.summary = &summary, .run_dir = run};
    char *scripts = text_format("%s/scripts/plots", paths->root), *folder = text_format("%s/bench/claims", paths->root);
    const struct plot_options options = {.scripts_dir = scripts, .formats = a->formats, .text_width = text_width()};
    int rc = scripts == NULL || folder == NULL ? error_set(err, -ENOMEM, "out of memory")
                                               : results_load(&results, run, err);
    if (rc == 0)
        rc = summary_make(&summary, &results, err);
    const int claimed = rc == 0 ? claims_of_run(folder, &summary, &claims, err) : rc;
    source.claims = claimed == 0 ? &claims : NULL;
    if (rc == 0)
        rc = claimed == 0 || claimed == -ENOENT /* it names none */ ? draw(a, &source, &options, err) : claimed;
    if (claimed == 0)
        claims_free(&claims);
    summary_free(&summary);
    results_free(&results);
    free(folder);
    free(scripts);
    return rc;
}

static int plot_latest_or(const struct plot_arguments *a, struct error *err)
{
    struct paths paths;
    int rc = paths_find(&paths, err);
    if (rc != 0)
        return rc;
    char *run = NULL;
    struct error why = {.text = ""};
    if ((rc = find_run(&paths, NULL, a->run, &run, &why)) != 0)
        error_set(err, rc, "plot: %s", why.text);
    if (rc == 0)
        rc = plot_run(a, run, &paths, err);
    free(run);
    paths_free(&paths);
    return rc;
}

int cmd_plot(int argc, char **argv, struct error *err)
{
    static const struct argp argp = {
        .options = option_table,
        .parser = parse_option,
        .args_doc = "[RUN]",
        .doc = "Draw a run's pictures again, into its folder plots/.\v"
               "RUN is a folder under results/; results/latest where none is given.",
    };
    struct plot_arguments arguments = {.formats = PLOT_SVG | PLOT_PNG, .err = err};
    if (options_parse(&argp, argc, argv, &arguments, err) != 0)
        return 2;
    return options_status(plot_latest_or(&arguments, err));
}
