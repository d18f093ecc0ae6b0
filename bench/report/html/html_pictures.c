/* SPDX-License-Identifier: MIT */
/* The pictures, a group at a time in the order of the plan, and last what is about the whole run. */
#include "bench/util/html.h"
#include "bench/report/html/html.h"

static void put_picture(const struct page *page, size_t at, FILE *out)
{
    const struct page_picture *p = &page->pictures[at];
    fprintf(out, "<figure>\n<figcaption id=\"picture-%zu\">", at);
    html_put(out, p->picture->alt);
    if (p->drawing == NULL) {
        fprintf(out, " (not shown here: %s; its data are in plots/", p->why);
        html_put(out, p->picture->stem);
        fputs(".dat)", out);
    }
    fputs("</figcaption>\n", out);
    if (p->drawing != NULL)
        fprintf(
            out,
            "<div class=\"scroll picture\" role=\"group\" tabindex=\"0\" aria-labelledby=\"picture-%zu\">%s</div>\n",
            at, p->drawing);
    fputs("</figure>\n", out);
}

/* Those of one group, or (NULL) of none. */
static void put_group(const struct page *page, const struct result_group *group, const char *heading, FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < page->picture_count; i++) {
        if (page->pictures[i].picture->group != group)
            continue;
        if (!begun)
            html_put_in(out, "h3", heading);
        begun = true;
        put_picture(page, i, out);
    }
}

int render_html_pictures(const struct page *page, FILE *out)
{
    const struct results *r = page->summary->results;
    fputs("<section aria-labelledby=\"pictures\">\n<h2 id=\"pictures\">Pictures</h2>\n", out);
    if (page->drawn == 0)
        fputs("<p>No picture was drawn when this page was made: gnuplot was missing, failed or was not wanted. "
              "<code>cobench report --plots</code> draws them and makes this page again.</p>\n",
              out);
    else
        fputs("<p class=\"faint\">The same colour is the same runtime everywhere; whiskers are the 95% intervals of "
              "the table."
              "  The files are in plots/, as SVG and PNG.</p>\n",
              out);
    for (size_t g = 0; g < r->group_count && page->drawn > 0; g++)
        put_group(page, &r->groups[g], r->groups[g].name, out);
    if (page->drawn > 0)
        put_group(page, NULL, "The whole run", out);
    fputs("</section>\n", out);
    return 0;
}
