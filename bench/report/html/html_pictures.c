/* SPDX-License-Identifier: MIT */
/*
 * The pictures, group by group in the order of the plan, and last what is about the whole run. Each drawing is an image in
 * a data URI: nothing in it can run, load, or meet the page's names. What does not fit any more is a link to plots/.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/report/html/html.h"
#include "bench/util/alloc.h"
#include "bench/util/escape.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define FILE_MOST     ((size_t)64 << 20) /* a larger file is no picture of ours */
#define DRAWINGS_MOST ((size_t)2450000)  /* of all of a page: with its tables it stays below 3 MB */

struct drawing {
    char *uri; /* NULL: not shown */
    int width, height;
};

/* Percent-encodes what a quoted attribute or a URI does not take; runs of blanks become one. */
static void put_uri(FILE *out, const char *svg)
{
    fputs("data:image/svg+xml,", out);
    for (const char *p = svg; *p != '\0'; p++)
        if (strchr(" \t\r\n", *p) != NULL) {
            p += strspn(p, " \t\r\n") - 1;
            fputc(' ', out);
        } else if (strchr("\"#%&", *p) != NULL) {
            fprintf(out, "%%%02X", (unsigned)*p);
        } else {
            fputc(*p, out);
        }
}

/* What surrounds a drawing of gnuplot's and shows nothing: groups without content. */
static void drop_empty_groups(char *svg)
{
    static const char end[] = ">\n</g>\n";
    char *to = svg;
    for (const char *from = svg; *from != '\0';) {
        const char *closed = strncmp(from, "<g ", 3) == 0 ? strchr(from, '>') : NULL;
        if (closed != NULL && strncmp(closed, end, sizeof end - 1) == 0)
            from = closed + sizeof end - 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
}

/* One that cannot be read is not shown. */
static void drawing_read(const struct page *page, const struct page_picture *picture, struct drawing *out)
{
    char *path = text_format("%s/plots/%s.svg", page->run_dir, picture->stem), *svg = NULL;
    size_t length = 0;
    const char *box = file_read(path, FILE_MOST, &svg, &length) == 0 ? strstr(svg, "viewBox=\"0 0 ") : NULL;
    if (box != NULL && sscanf(box, "viewBox=\"0 0 %d %d\"", &out->width, &out->height) == 2) {
        drop_empty_groups(svg);
        FILE *uri = text_open(&out->uri, &length);
        put_uri(uri, svg);
        text_close(uri);
    }
    free(svg);
    free(path);
}

/* All that fit, what people look at first before the rest: `drawings` has a place for each picture. */
static void drawings_read(const struct page *page, struct drawing *drawings)
{
    size_t left = DRAWINGS_MOST;
    for (size_t i = 0; i < page->picture_count; i++) {
        if (page->pictures[i].drawn)
            drawing_read(page, &page->pictures[i], &drawings[i]);
        const size_t length = drawings[i].uri != NULL ? strlen(drawings[i].uri) : 0;
        if (length > left) {
            free(drawings[i].uri);
            drawings[i].uri = NULL;
        } else {
            left -= length;
        }
    }
}

static void put_picture(const struct page_picture *p, const struct drawing *d, size_t at, FILE *out)
{
    fprintf(out, "<figure>\n<figcaption id=\"picture-%zu\">", at);
    html_put(out, p->alt);
    if (d->uri == NULL)
        fprintf(out, " (<a href=\"plots/%s.%s\">%s</a>)", p->stem, p->drawn ? "svg" : "dat",
                p->drawn ? "in a file of its own" : "not drawn: its data");
    fputs("</figcaption>\n", out);
    if (d->uri != NULL)
        fprintf(out,
                "<div class=\"scroll picture\" role=\"group\" tabindex=\"0\" aria-labelledby=\"picture-%zu\">"
                "<img aria-labelledby=\"picture-%zu\" width=\"%d\" height=\"%d\" src=\"%s\"></div>\n",
                at, at, d->width, d->height, d->uri);
    fputs("</figure>\n", out);
}

/* Those of one group, or (NULL) of none. */
static void put_group(const struct page *page, const struct drawing *drawings, const struct plan_group *group,
                      FILE *out)
{
    bool begun = false;
    for (size_t i = 0; i < page->picture_count; i++) {
        if (page->pictures[i].group != group)
            continue;
        if (!begun)
            html_put_in(out, "h3", group != NULL ? group->name : "The whole run");
        begun = true;
        put_picture(&page->pictures[i], &drawings[i], i, out);
    }
}

static bool any_drawn(const struct page *page)
{
    for (size_t i = 0; i < page->picture_count; i++)
        if (page->pictures[i].drawn)
            return true;
    return false;
}

void html_put_pictures(const struct page *page, FILE *out)
{
    const struct results *r = page->summary->results;
    if (page->picture_count == 0) /* nothing to draw */
        return;
    html_section(out, "pictures", "Pictures");
    if (!any_drawn(page)) {
        fputs("<p>No picture was drawn when this page was made: gnuplot was missing, failed or was not wanted. "
              "<code>cobench report --plots</code> draws them and makes this page again.</p>\n</section>\n",
              out);
        return;
    }
    struct drawing *drawings = xcalloc(page->picture_count, sizeof *drawings);
    drawings_read(page, drawings);
    fputs("<p class=\"faint\">The same colour is the same runtime everywhere; whiskers are the 95% intervals of the "
          "table. The files are in plots/, as SVG and PNG.</p>\n",
          out);
    for (size_t g = 0; g < r->group_count; g++)
        put_group(page, drawings, &r->groups[g], out);
    put_group(page, drawings, NULL, out);
    for (size_t i = 0; i < page->picture_count; i++)
        free(drawings[i].uri);
    free(drawings);
    fputs("</section>\n", out);
}
