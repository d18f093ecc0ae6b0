/* SPDX-License-Identifier: MIT */
/* The page's frame, and what its parts share. */
#include "bench/report/html/html.h"

#include <stdlib.h>

#include "bench/report/format.h"
#include "bench/util/escape.h"
#include "bench/report/machine_line.h"
#include "bench/report/html/page_text.h"
#include "bench/report/claims.h"
#include "bench/report/html/html_writer.h"
#include "bench/report/rounds.h"

/* No request can leave the page, whatever is in it. */
#define POLICY                                                                                                    \
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; " \
    "form-action 'none'"

static int put_head(const struct summary *summary, FILE *out)
{
    const struct results *r = summary->results;
    struct string_list phrases = {NULL, 0};
    char rounds[240];
    rounds_text(r, rounds, sizeof rounds);
    const int rc = machine_line(r->machine, &phrases);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    html_put(out, r->suite);
    fputs(", cobench</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n", out);
    fputs(page_css, out);
    fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the findings</a>\n<header>\n"
          "<h1>Which concurrency model should carry this work, and what does each one cost?</h1>\n<p>Suite <strong>",
          out);
    html_put(out, r->suite);
    fprintf(out, "</strong>, %s, seed %lld, ", rounds, (long long)r->seed);
    html_put(out, r->created);
    fputs(".</p>\n", out);
    if (phrases.count > 0)
        fputs("<p class=\"faint\">Measured on ", out);
    for (size_t i = 0; i < phrases.count; i++) {
        fputs(i == 0 ? "" : " · ", out);
        html_put(out, phrases.items[i]);
    }
    fputs(phrases.count > 0 ? ".</p>\n</header>\n" : "</header>\n", out);
    string_list_free(&phrases);
    return rc;
}

/* What the page has beside what every page has. */
static void put_contents(const struct page *page, FILE *out)
{
    fputs("<nav aria-label=\"On this page\">\n<ul>\n"
          "<li><a href=\"#findings\">Findings</a></li>\n<li><a href=\"#pictures\">Pictures</a></li>\n"
          "<li><a href=\"#all-numbers\">Numbers</a></li>\n",
          out);
    if (page->claims != NULL)
        fputs("<li><a href=\"#claims\">Claims</a></li>\n", out);
    fputs("<li><a href=\"#method\">How it was measured</a></li>\n<li><a href=\"#machine\">The machine</a></li>\n"
          "<li><a href=\"#again\">Make it again</a></li>\n</ul>\n</nav>\n",
          out);
}

int render_html(const void *what, FILE *out)
{
    const struct page *page = what;
    int rc = put_head(page->summary, out);
    put_contents(page, out);
    fputs("<main id=\"main\" tabindex=\"-1\">\n", out);
    if (rc == 0)
        rc = render_html_findings(page, out);
    if (rc == 0)
        rc = render_html_pictures(page, out);
    if (rc == 0)
        rc = render_html_numbers(page, out);
    if (page->claims != NULL) {
        struct writer w = html_writer(out);
        w.tables = 1000; /* their numbers are ids, and other tables come before */
        fputs("<section id=\"claims\">\n", out);
        write_claims(&w, 2, page->claims);
        fputs("</section>\n", out);
    }
    if (rc == 0)
        rc = render_html_method(page, out);
    fputs("</main>\n<footer>\n<p class=\"faint\">Made by cobench from the files beside this page; "
          "<code>summary.json</code> has every number in full.</p>\n</footer>\n<script>\n",
          out);
    fputs(page_js, out);
    fputs("</script>\n</body>\n</html>\n", out);
    return rc;
}
