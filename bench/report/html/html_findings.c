/* SPDX-License-Identifier: MIT */
/* The top of the page: what a reader must know before any number, then what each group comes to. */
#include <errno.h>
#include <stdlib.h>

#include "bench/report/findings.h"
#include "bench/util/escape.h"
#include "bench/report/html/html.h"
#include "bench/report/html/html_writer.h"
#include "bench/report/warnings.h"

static int put_warnings(const struct summary *summary, FILE *out)
{
    struct warnings warnings;
    struct writer w = html_writer(out);
    if (warnings_make(&warnings, summary) != 0)
        return -ENOMEM;
    if (warnings.count > 0)
        html_section(out, "warnings", "What was wrong with this run");
    for (size_t i = 0; i < warnings.count; i++)
        write_item(&w, warning_title(warnings.items[i].kind), warnings.items[i].text);
    fputs(warnings.count > 0 ? "</section>\n" : "", out);
    warnings_free(&warnings);
    return 0;
}

static void put_line(const struct findings_line *h, FILE *out)
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
    for (size_t i = 0; i < h->variants.count; i++) {
        fputc(' ', out);
        html_put(out, h->variants.items[i]);
        fputc('.', out);
    }
}

/* Each in the list, the points of a sweep folded below its own sentence. */
static void put_findings(const struct findings *findings, FILE *out)
{
    fputs("<ul class=\"findings\">\n", out);
    for (size_t i = 0; i < findings->count; i++) {
        size_t points = 0;
        put_line(&findings->items[i], out);
        while (i + 1 + points < findings->count && findings->items[i + 1 + points].point)
            points++;
        if (points > 0)
            fprintf(out, "\n<details>\n<summary>Its %zu point%s</summary>\n<ul>\n", points, points == 1 ? "" : "s");
        for (size_t p = 1; p <= points; p++) {
            put_line(&findings->items[i + p], out);
            fputs("</li>\n", out);
        }
        fputs(points > 0 ? "</ul>\n</details>\n</li>\n" : "</li>\n", out);
        i += points;
    }
    fputs("</ul>\n", out);
}

int render_html_findings(const struct page *page, FILE *out)
{
    struct findings findings;
    int rc = put_warnings(page->summary, out);
    if (rc == 0)
        rc = findings_make(&findings, page->summary);
    if (rc != 0)
        return rc;
    html_section(out, "findings", "Findings");
    put_findings(&findings, out);
    fputs("</section>\n", out);
    findings_free(&findings);
    return 0;
}
