/* SPDX-License-Identifier: MIT */
/* Makes what is derived from a run: prints first, then the tables' files, then the pictures, for a table is worth more
 * than a picture and cannot fail for want of gnuplot; the page, which has both in it, comes last. */
#include "bench/cmd/report_make.h"

#include "bench/report/document.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/options.h"
#include "bench/store/job_samples.h"
#include "bench/analysis/claims.h"
#include "bench/report/plot/plot.h"
#include "bench/util/atomic_write.h"
#include "bench/report/claims.h"
#include "bench/report/html/html.h"
#include "bench/store/results.h"
#include "bench/analysis/summary.h"
#include "bench/util/text.h"

/* What a run's folder keeps of its report. */
static const struct writer_format *const exports[] = {&format_markdown, &format_csv, &format_json};

/* A summary and how to write it. */
struct printed {
    const struct summary *summary;
    const struct writer_format *format;
};

static int print_document(const void *what, FILE *out)
{
    const struct printed *printed = what;
    struct writer w = {.format = printed->format, .out = out};
    return document_write(printed->summary, &w);
}

static int print(const struct summary *summary, const struct report_options *options, struct error *err)
{
    struct writer w = options->writer;
    return options_print_end(document_write(summary, &w), err);
}

/* What the run's plan names to be compared with. */
static int derive_claims(const char *run_dir, const struct claims *claims, const struct report_options *options,
                         struct error *err)
{
    int rc = 0;
    if (options->writer.out != NULL && options->writer.format == &format_terminal) {
        struct writer w = options->writer;
        write_claims(&w, 2, claims);
        rc = write_end(&w);
    }
    if (rc == 0 && options->files)
        rc = atomic_write_printed(run_dir, "claims.json", render_claims_json, claims, err);
    if (rc == 0 && options->files)
        rc = atomic_write_printed(run_dir, "claims.md", render_claims_markdown, claims, err);
    return rc;
}

static int derive_page(const char *run_dir, const struct summary *summary, const struct claims *claims,
                       const struct pictures *pictures, struct error *err)
{
    struct page_picture *shown = calloc(pictures->count + 1, sizeof *shown);
    struct page page = {.summary = summary, .claims = claims, .run_dir = run_dir, .pictures = shown};
    if (shown == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < pictures->count; i++) {
        const struct picture *p = &pictures->items[i];
        shown[page.picture_count++] = (struct page_picture){
            .group = p->group, .stem = p->stem, .alt = p->alt, .drawn = plot_is_drawn(run_dir, p)};
    }
    const int rc = atomic_write_printed(run_dir, PAGE_FILE, render_html, &page, err);
    free(shown);
    return rc;
}

/* The page has the pictures in it, and is made also where they cannot be. */
static int derive_pictures(const char *run_dir, const struct summary *summary, const struct claims *claims,
                           const struct report_options *options, struct error *err)
{
    const struct picture_source source = {.summary = summary, .run_dir = run_dir, .claims = claims};
    const struct plot_options plot = {.scripts_dir = options->scripts_dir, .formats = PLOT_SVG | PLOT_PNG};
    struct pictures pictures;
    struct error page_err = {.text = ""};
    if (!options->plots && !options->files)
        return 0;
    pictures_make(&pictures, &source, NULL);
    const int drawn = options->plots ? plot_make(run_dir, &pictures, &plot, err) : 0;
    const int page = options->files ? derive_page(run_dir, summary, claims, &pictures, &page_err) : 0;
    pictures_free(&pictures);
    if (page != 0)
        *err = page_err;
    return page != 0 ? page : options->plots_needed ? drawn : 0;
}

/* Of each cell the jobs of the median round are kept. For want of memory all are. */
static void jobs_keep_median(const char *run_dir, const struct summary *summary)
{
    const struct results *results = summary->results;
    int64_t *keep = calloc(results->cell_count + 1, sizeof *keep);
    for (size_t i = 0; keep != NULL && i < summary->cell_count; i++)
        keep[summary->cells[i].cell - results->cells] = summary->cells[i].median_round;
    if (keep != NULL)
        jobs_prune(run_dir, keep, results->cell_count);
    free(keep);
}

static int derive_rest(const char *run_dir, const struct summary *summary, const struct claims *claims,
                       const struct report_options *options, struct error *err)
{
    const int rc = claims == NULL ? 0 : derive_claims(run_dir, claims, options, err);
    if (rc == 0 && options->files && !summary->interrupted)
        jobs_keep_median(run_dir, summary);
    return rc != 0 ? rc : derive_pictures(run_dir, summary, claims, options, err);
}

/* Names what has not been made because of what err says: the files from `first` on, the page and all pictures. */
static int tell_unwritten(size_t first, const struct report_options *options, int failed, struct error *err)
{
    const struct error why = *err;
    struct string_list left = {NULL, 0};
    int rc = 0;
    for (size_t i = first; i < sizeof exports / sizeof *exports && rc == 0; i++)
        rc = string_list_add(&left, exports[i]->file);
    if (rc == 0)
        rc = string_list_add(&left, PAGE_FILE);
    if (rc == 0 && options->plots)
        rc = string_list_add(&left, "plots/");
    char *all = rc == 0 ? string_list_join(&left, ", ") : NULL;
    if (all != NULL)
        error_set(err, failed, "%.700s; not made again: %s%s", why.text, all,
                  options->writer.out != NULL ? " (what is printed is new)" : "");
    free(all);
    string_list_free(&left);
    return failed;
}

static int derive_files(const char *run_dir, const struct summary *summary, const struct report_options *options,
                        struct error *err)
{
    for (size_t i = 0; i < sizeof exports / sizeof *exports; i++) {
        const struct printed printed = {summary, exports[i]};
        const int rc = atomic_write_printed(run_dir, exports[i]->file, print_document, &printed, err);
        if (rc != 0)
            return tell_unwritten(i, options, rc, err);
    }
    return 0;
}

static int derive(const char *run_dir, const struct summary *summary, const struct report_options *options,
                  struct error *err)
{
    struct claims claims;
    int rc = 0;
    if (options->writer.out != NULL)
        rc = print(summary, options, err);
    if (rc == 0 && options->files)
        rc = derive_files(run_dir, summary, options, err);
    if (rc != 0)
        return rc;
    rc = claims_of_run(options->claims_dir, summary, &claims, err);
    if (rc == -ENOENT) /* it names none */
        return derive_rest(run_dir, summary, NULL, options, err);
    if (rc != 0)
        return rc;
    rc = derive_rest(run_dir, summary, &claims, options, err);
    claims_free(&claims);
    return rc;
}

int report_make(const char *run_dir, const struct report_options *options, int *failed_cells, struct error *err)
{
    struct results results;
    struct summary summary = {0};
    *failed_cells = 0;
    int rc = results_load(&results, run_dir, err);
    if (rc == 0 && options->margin != NULL)
        results.margin = *options->margin;
    if (rc == 0)
        rc = summary_make(&summary, &results, err);
    if (rc == 0) {
        *failed_cells = summary.failed;
        const int lock = options->files || options->plots ? atomic_write_lock(run_dir) : -1;
        rc = derive(run_dir, &summary, options, err);
        atomic_write_unlock(lock);
    }
    summary_free(&summary);
    results_free(&results);
    return rc;
}
