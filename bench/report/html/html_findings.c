/* SPDX-License-Identifier: MIT */
/* The top of the page: what a reader must know before any number, then what each group comes to. */
#include <errno.h>
#include <stdlib.h>

#include "bench/report/findings.h"
#include "bench/util/html.h"
#include "bench/report/html/html.h"
#include "bench/analysis/warnings.h"

/* Remarks on single cells, which say how to read their rows. They come last (bench/analysis/warnings.h) and are folded. */
static bool is_remark(enum warning_kind kind)
{
    switch (kind) {
    case WARNING_TAKES_TURNS:
    case WARNING_SERIAL:
    case WARNING_FIRST_ROUND:
    case WARNING_DRIFT:
    case WARNING_AUTOCORRELATED:
    case WARNING_TOO_SHORT:
        return true;
    default:
        return false;
    }
}

/* Those that are remarks, or those that are not. Returns how many. */
static size_t put_list(const struct warnings *warnings, bool remarks, FILE *out)
{
    size_t count = 0;
    for (size_t i = 0; i < warnings->count; i++) {
        if (is_remark(warnings->items[i].kind) != remarks)
            continue;
        fputs(count++ == 0 ? "<ul>\n<li>" : "<li>", out);
        html_put_in(out, "strong", warning_title(warnings->items[i].kind));
        fputs(": ", out);
        html_put(out, warnings->items[i].text);
        fputs(".</li>\n", out);
    }
    if (count > 0)
        fputs("</ul>\n", out);
    return count;
}

static int put_warnings(const struct summary *summary, FILE *out)
{
    struct warnings warnings;
    size_t remarks = 0;
    if (warnings_make(&warnings, summary) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < warnings.count; i++)
        remarks += is_remark(warnings.items[i].kind);
    if (warnings.count > 0) {
        fputs("<section class=\"warnings\" aria-labelledby=\"warnings\">\n<h2 id=\"warnings\">Before any number</h2>\n",
              out);
        (void)put_list(&warnings, false, out);
        if (remarks > 0) {
            fprintf(out, "<details>\n<summary>%zu remark%s on single cells</summary>\n", remarks,
                    remarks == 1 ? "" : "s");
            (void)put_list(&warnings, true, out);
            fputs("</details>\n", out);
        }
        fputs("</section>\n", out);
    }
    warnings_free(&warnings);
    return 0;
}

static void put_headline(const struct headline *h, FILE *out)
{
    fputs("<li>", out);
    html_put_in(out, "strong", h->name);
    fputs(": ", out);
    html_put(out, h->text);
    fputc('.', out);
    if (*h->best != '\0') {
        fputs(" <span class=\"faint\">", out);
        html_put(out, h->best_title);
        fputs(": ", out);
        html_put(out, h->best);
        fputs(".</span>", out);
    }
}

/* Each in the list, the points of a sweep folded below its own sentence. */
static void put_headlines(const struct headlines *headlines, FILE *out)
{
    fputs("<ul class=\"findings\">\n", out);
    for (size_t i = 0; i < headlines->count; i++) {
        size_t points = 0;
        put_headline(&headlines->items[i], out);
        while (i + 1 + points < headlines->count && headlines->items[i + 1 + points].point)
            points++;
        if (points > 0)
            fprintf(out, "\n<details>\n<summary>Its %zu point%s</summary>\n<ul>\n", points, points == 1 ? "" : "s");
        for (size_t p = 1; p <= points; p++) {
            put_headline(&headlines->items[i + p], out);
            fputs("</li>\n", out);
        }
        fputs(points > 0 ? "</ul>\n</details>\n</li>\n" : "</li>\n", out);
        i += points;
    }
    fputs("</ul>\n", out);
}

int render_html_findings(const struct page *page, FILE *out)
{
    struct headlines headlines;
    int rc = put_warnings(page->summary, out);
    if (rc == 0)
        rc = headlines_make(&headlines, page->summary);
    if (rc != 0)
        return rc;
    fputs("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\">Findings</h2>\n", out);
    put_headlines(&headlines, out);
    fputs("</section>\n", out);
    headlines_free(&headlines);
    return 0;
}
