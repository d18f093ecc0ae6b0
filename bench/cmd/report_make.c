/* SPDX-License-Identifier: MIT */
/* Makes what is derived from a run: prints first, then the tables' files, then the pictures, for a table is worth more
 * than a picture and cannot fail for want of gnuplot; the page, which has both in it, comes last. */
#include "bench/cmd/report_make.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/analysis/claims.h"
#include "bench/analysis/summary.h"
#include "bench/cmd/options.h"
#include "bench/report/document.h"
#include "bench/report/html/html.h"
#include "bench/report/plot/plot.h"
#include "bench/store/job_samples.h"
#include "bench/store/results.h"
#include "bench/util/alloc.h"
#include "bench/util/atomic_write.h"
#include "bench/util/text.h"

/* What a run's folder keeps of its report. */
static const struct writer_format *const exports[] = {&format_markdown, &format_csv, &format_json};
enum { EXPORTS = sizeof exports / sizeof *exports };

/* A summary and how to write it. */
struct printed {
    const struct summary *summary;
    const struct writer_format *format;
};

static void print_document(const void *what, FILE *out)
{
    const struct printed *printed = what;
    struct writer w = {.format = printed->format, .out = out};
    document_write(printed->summary, &w);
}

/* Names what has not been made because of what err says: the files from `first` on, the page and all pictures. */
static int tell_unwritten(size_t first, const struct report_options *options, int failed, struct error *err)
{
    const struct error why = *err;
    struct string_list left = {NULL, 0};
    for (size_t i = first; i < EXPORTS; i++)
        string_list_add(&left, exports[i]->file);
    string_list_add(&left, PAGE_FILE);
    if (options->plots)
        string_list_add(&left, "plots/");
    char *all = string_list_join(&left, ", ");
    error_set(err, failed, "%.700s; not made again: %s%s", why.text, all,
              options->writer.out != NULL ? " (what is printed is new)" : "");
    free(all);
    string_list_free(&left);
    return failed;
}

static int derive_files(const char *run_dir, const struct summary *summary, const struct report_options *options,
                        struct error *err)
{
    for (size_t i = 0; i < EXPORTS; i++) {
        const struct printed printed = {summary, exports[i]};
        const int rc = atomic_write_printed(run_dir, exports[i]->file, print_document, &printed, err);
        if (rc != 0)
            return tell_unwritten(i, options, rc, err);
    }
    return 0;
}

/* What the run's plan names to be compared with. */
static int derive_claims(const char *run_dir, const struct claims *claims, const struct report_options *options,
                         struct error *err)
{
    struct writer w = options->writer;
    if (w.out != NULL && w.format == &format_terminal) {
        write_claims(&w, 2, claims);
        write_end(&w);
    }
    const int rc = atomic_write_printed(run_dir, "claims.json", render_claims_json, claims, err);
    return rc != 0 ? rc : atomic_write_printed(run_dir, "claims.md", render_claims_markdown, claims, err);
}

/* Of each cell the jobs of the median round are kept. */
static void jobs_keep_median(const char *run_dir, const struct summary *summary)
{
    const struct results *results = summary->results;
    int64_t *keep = xcalloc(results->cell_count, sizeof *keep);
    for (size_t i = 0; i < summary->cell_count; i++)
        keep[summary->cells[i].cell - results->cells] = summary->cells[i].median_round;
    jobs_prune(run_dir, keep, results->cell_count);
    free(keep);
}

static int derive_page(const char *run_dir, const struct summary *summary, const struct claims *claims,
                       const struct pictures *pictures, struct error *err)
{
    struct page_picture *shown = xcalloc(pictures->count, sizeof *shown);
    struct page page = {.summary = summary, .claims = claims, .run_dir = run_dir, .pictures = shown};
    for (size_t i = 0; i < pictures->count; i++) {
        const struct picture *p = &pictures->items[i];
        shown[page.picture_count++] = (struct page_picture){
            .group = p->group, .stem = p->stem, .alt = p->alt, .drawn = plot_is_drawn(run_dir, p)};
    }
    const int rc = atomic_write_printed(run_dir, PAGE_FILE, render_html, &page, err);
    free(shown);
    return rc;
}

/* The page has the pictures in it, and is made also where they cannot be drawn. */
static int derive_pictures(const char *run_dir, const struct summary *summary, const struct claims *claims,
                           const struct report_options *options, struct error *err)
{
    const struct picture_source source = {.summary = summary, .run_dir = run_dir, .claims = claims};
    const struct plot_options plot = {.root = options->root, .formats = PLOT_SVG | PLOT_PNG};
    struct pictures pictures;
    struct error page_err = {.text = ""};
    pictures_make(&pictures, &source, NULL);
    const int drawn = options->plots ? plot_make(run_dir, &pictures, &plot, err) : 0;
    const int page = derive_page(run_dir, summary, claims, &pictures, &page_err);
    pictures_free(&pictures);
    if (page != 0)
        *err = page_err;
    return page != 0 ? page : options->plots_needed ? drawn : 0;
}

static int derive(const char *run_dir, const struct summary *summary, const struct report_options *options,
                  struct error *err)
{
    struct claims claims;
    struct writer w = options->writer;
    int rc = 0;
    if (w.out != NULL) {
        document_write(summary, &w);
        rc = options_print_end(err);
    }
    if (rc == 0)
        rc = derive_files(run_dir, summary, options, err);
    const int claimed = rc == 0 ? claims_of_run(options->root, summary, &claims, err) : rc;
    if (claimed != 0 && claimed != -ENOENT) /* -ENOENT: it names none */
        return claimed;
    if (claimed == 0)
        rc = derive_claims(run_dir, &claims, options, err);
    if (rc == 0 && !summary->interrupted)
        jobs_keep_median(run_dir, summary);
    if (rc == 0)
        rc = derive_pictures(run_dir, summary, claimed == 0 ? &claims : NULL, options, err);
    if (claimed == 0)
        claims_free(&claims);
    return rc;
}

int report_make(const char *run_dir, const struct report_options *options, int *failed_cells, struct error *err)
{
    struct results results;
    struct summary summary = {0};
    *failed_cells = 0;
    int rc = results_load(&results, run_dir, err);
    if (rc == 0 && options->margin >= 0)
        results.margin = options->margin;
    if (rc == 0)
        summary_make(&summary, &results);
    if (rc == 0) {
        *failed_cells = summary.failed;
        const int lock = atomic_write_lock(run_dir);
        rc = derive(run_dir, &summary, options, err);
        atomic_write_unlock(lock);
    }
    summary_free(&summary);
    results_free(&results);
    return rc;
}
