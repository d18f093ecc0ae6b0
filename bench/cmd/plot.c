/* SPDX-License-Identifier: MIT */
/* `cobench plot`: a run's pictures, as files or drawn in the terminal. */
#define _DEFAULT_SOURCE /* strsep */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/report/format.h"
#include "bench/report/plot/plot.h"
#include "bench/report/writer.h"
#include "bench/util/atomic_write.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/num.h"

#define TEXT_MAX (4u << 20)

struct arguments {
    const char *run; /* NULL: the latest */
    char *only;
    struct string_list formats;
};

static const struct option_row rows[] = {
    {{"only", SETTING_TEXT, offsetof(struct arguments, only)},
     "NAME",
     "This kind of picture only (an unknown name lists them)"},
    {{"format", SETTING_DRAWINGS, offsetof(struct arguments, formats)},
     "F[,F]",
     "svg, png, pdf, or txt, which is drawn in the terminal (default svg,png)"},
};
static const struct options options = {.rows = rows,
                                       .count = sizeof rows / sizeof *rows,
                                       .arguments = 1,
                                       .arguments_at = offsetof(struct arguments, run),
                                       .args_doc = "[RUN]",
                                       .doc = "Draw a run's pictures again, into its folder plots/.\v"
                                              "RUN is a folder under results/; results/latest where none is given."};

static int check_only(const char *only, struct error *err)
{
    struct string_list kinds = {NULL, 0};
    for (size_t i = 0; picture_kind(i) != NULL; i++)
        string_list_add(&kinds, picture_kind(i));
    char *known = string_list_join(&kinds, ", ");
    const int rc = only == NULL || string_list_have(&kinds, only)
                       ? 0
                       : error_set(err, -EINVAL, "--only '%.200s': none of %s", only, known);
    free(known);
    string_list_free(&kinds);
    return rc;
}

static unsigned format_bits(const struct string_list *formats)
{
    unsigned bits = 0;
    for (size_t f = 0; plot_formats[f] != NULL; f++)
        bits |= string_list_have(formats, plot_formats[f]) ? 1u << f : 0;
    return bits != 0 ? bits : PLOT_SVG | PLOT_PNG;
}

/* Prints a picture drawn as text, below what it shows. */
static int show_text(const char *run, const struct picture *p, int width, struct error *err)
{
    struct writer w = {.format = &format_terminal, .out = stdout, .width = width, .ascii = terminal_is_ascii()};
    char *path = text_format("%s/plots/%s.txt", run, p->stem), *title = text_format("%s: %s", p->kind, p->alt);
    char *text = NULL, *line;
    size_t length = 0;
    const int rc = file_read(path, TEXT_MAX, &text, &length);
    char *rest = text;
    if (rc == 0)
        write_heading(&w, 3, title);
    else
        error_set(err, rc, "plot: %s: %s", path, strerror(-rc));
    while (rest != NULL && *rest != '\0' && (line = strsep(&rest, "\n")) != NULL) {
        format_put(stdout, line + strspn(line, "\f"), 0, w.ascii);
        putchar('\n');
    }
    free(text);
    free(title);
    free(path);
    return rc;
}

static int draw(const char *only, const struct picture_source *source, const struct plot_options *how,
                struct error *err)
{
    struct pictures pictures;
    int rc;
    pictures_make(&pictures, source, only);
    const int lock = atomic_write_lock(source->run_dir);
    if (pictures.count == 0)
        rc = error_set(err, -ENOENT, "plot: this run has nothing for a picture of %s",
                       only != NULL ? only : "any kind");
    else
        rc = plot_make(source->run_dir, &pictures, how, err);
    for (size_t i = 0; rc == 0 && (how->formats & PLOT_TXT) != 0 && i < pictures.count; i++)
        rc = show_text(source->run_dir, &pictures.items[i], how->text_width, err);
    if (rc == 0 && (how->formats & PLOT_TXT) == 0) {
        format_put(stdout, source->run_dir, 0, false);
        puts("/plots");
    }
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

static int plot(const void *arguments, const struct paths *paths, struct error *err)
{
    const struct arguments *a = arguments;
    struct results results = {.plan = NULL};
    struct summary summary = {.cells = NULL};
    struct claims claims = {.items = NULL};
    char *run = NULL;
    const struct plot_options how = {
        .root = paths->root, .formats = format_bits(&a->formats), .text_width = text_width()};
    int rc = check_only(a->only, err);
    if (rc == 0)
        rc = find_run(paths, NULL, a->run, &run, err);
    if (rc == 0)
        rc = results_load(&results, run, err);
    if (rc == 0)
        summary_make(&summary, &results);
    const int claimed = rc == 0 ? claims_of_run(paths->root, &summary, &claims, err) : rc;
    const struct picture_source source = {.summary = &summary, .run_dir = run, .claims = claimed == 0 ? &claims : NULL};
    if (rc == 0)
        rc = claimed == 0 || claimed == -ENOENT /* it names none */ ? draw(a->only, &source, &how, err) : claimed;
    if (claimed == 0)
        claims_free(&claims);
    summary_free(&summary);
    results_free(&results);
    free(run);
    return rc;
}

int cmd_plot(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.run = NULL};
    return options_run(&options, argc, argv, &arguments, plot, err);
}
