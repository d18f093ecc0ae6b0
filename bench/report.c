/* SPDX-License-Identifier: MIT */
/* Makes what is derived from a run: prints first, then the tables' files, then the pictures, for a table is worth more
 * than a picture and cannot fail for want of gnuplot. */
#include "bench/report.h"

#include <errno.h>
#include <string.h>

#include "bench/jobs.h"
#include "bench/plot.h"
#include "bench/claims.h"
#include "bench/publish.h"
#include "bench/render.h"
#include "bench/render_claims.h"
#include "bench/results.h"
#include "bench/summary.h"

/* One row an exported file. */
static const struct {
    const char *file;
    publish_print *render;
} exports[] = {
    [REPORT_TERMINAL] = {NULL, NULL}, /* only ever printed */
    [REPORT_MARKDOWN] = {"summary.md", render_markdown},
    [REPORT_CSV] = {"summary.csv", render_csv},
    [REPORT_JSON] = {"summary.json", render_json},
};

static int print(const struct summary *summary, const struct report_options *options, struct error *err)
{
    const struct render_terminal_options terminal = {.width = options->width, .colour = options->colour};
    const int code = options->format == REPORT_TERMINAL ? render_terminal(summary, &terminal, options->out)
                                                        : exports[options->format].render(summary, options->out);
    if (code != 0)
        return error_set(err, code, "the table cannot be made: %s", strerror(-code));
    if (fflush(options->out) != 0)
        return error_set(err, -errno, "the table cannot be printed: %s", strerror(errno));
    return 0;
}

/* What the run's plan is held against, where it names claims. */
static int derive_claims(const char *run_dir, const struct summary *summary, const struct report_options *options,
                         struct error *err)
{
    struct claims claims;
    int code = claims_of_run(options->claims_dir, summary, &claims, err);
    if (code != 0)
        return code == -ENOENT ? 0 : code;
    if (options->out != NULL && options->format == REPORT_TERMINAL) {
        fputc('\n', options->out);
        code = render_claims_text(&claims, options->width, options->out);
    }
    if (code == 0 && options->files)
        code = publish_printed(run_dir, "claims.json", render_claims_json, &claims, err);
    if (code == 0 && options->files)
        code = publish_printed(run_dir, "claims.md", render_claims_markdown, &claims, err);
    claims_free(&claims);
    return code;
}

static int derive_plots(const char *run_dir, const struct summary *summary, const struct report_options *options,
                        struct error *err)
{
    const struct picture_source source = {.summary = summary, .run_dir = run_dir, .claims_dir = options->claims_dir};
    const struct plot_options plot = {.scripts_dir = options->scripts_dir, .formats = PLOT_SVG | PLOT_PNG};
    struct pictures pictures;
    int code = pictures_make(&pictures, &source, NULL, err);
    if (code == 0) {
        code = plot_make(run_dir, &pictures, &plot, err);
        pictures_free(&pictures);
    }
    return options->plots_needed ? code : 0;
}

static int derive(const char *run_dir, const struct summary *summary, const struct report_options *options,
                  struct error *err)
{
    int code = 0;
    if (options->out != NULL)
        code = print(summary, options, err);
    for (size_t i = 0; options->files && i < sizeof exports / sizeof *exports && code == 0; i++)
        if (exports[i].file != NULL)
            code = publish_printed(run_dir, exports[i].file, exports[i].render, summary, err);
    if (code == 0)
        code = derive_claims(run_dir, summary, options, err);
    if (code == 0 && options->files && !summary->interrupted)
        jobs_prune(run_dir, summary->results);
    if (code != 0 || !options->plots)
        return code;
    return derive_plots(run_dir, summary, options, err);
}

int report_make(const char *run_dir, const struct report_options *options, int *failed_cells, struct error *err)
{
    struct results results;
    struct summary summary = {0};
    *failed_cells = 0;
    int code = results_load(&results, run_dir, err);
    if (code == 0 && options->margin != NULL)
        results.margin = *options->margin;
    if (code == 0)
        code = summary_make(&summary, &results, err);
    if (code == 0) {
        *failed_cells = summary.failed;
        code = derive(run_dir, &summary, options, err);
    }
    summary_free(&summary);
    results_free(&results);
    return code;
}
