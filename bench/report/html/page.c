/* SPDX-License-Identifier: MIT */
/* Takes a run's drawings into its page, as many as there is room for. */
#include "bench/report/html/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/files.h"
#include "bench/report/html/svg.h"
#include "bench/util/text.h"

/* A file that is larger is no picture of ours. */
#define FILE_MOST ((size_t)64 << 20)

/* Reads FOLDER/plots/STEM.ENDING; NULL: it is not there or cannot be read. */
static char *read_beside(const char *run_dir, const struct picture *picture, const char *ending, size_t *length)
{
    char *path = text_format("%s/plots/%s.%s", run_dir, picture->stem, ending), *text = NULL;
    if (path != NULL && file_read(path, FILE_MOST, &text, length) != 0)
        text = NULL;
    free(path);
    return text;
}

/* Was the drawing there made from this picture's data? */
static bool is_current(const char *run_dir, const struct picture *picture)
{
    size_t length = 0;
    char *data = read_beside(run_dir, picture, "dat", &length);
    const bool same = data != NULL && length == picture->length && memcmp(data, picture->data, length) == 0;
    free(data);
    return same;
}

/* The drawing as the page takes it; NULL where it does not take it. */
static char *fit(const struct svg_source *source, size_t *length)
{
    struct error err = {.text = ""};
    char *drawing = NULL;
    FILE *out = open_memstream(&drawing, length);
    if (out == NULL)
        return NULL;
    const int rc = svg_inline(source, out, &err);
    if (fclose(out) == 0 && rc == 0)
        return drawing;
    free(drawing);
    return NULL;
}

/* Fills in the number `at`; *room is what the drawings after it may take. */
static int take(struct page *page, size_t at, const char *run_dir, size_t *room)
{
    struct page_picture *p = &page->pictures[at];
    size_t length = 0;
    char *file = is_current(run_dir, p->picture) ? read_beside(run_dir, p->picture, "svg", &length) : NULL;
    char *prefix = text_format("p%zu-", at), *label = text_format("picture-%zu", at);
    const struct svg_source source = {.bytes = file, .length = length, .prefix = prefix, .label = label};
    const int rc = prefix == NULL || label == NULL ? -ENOMEM : 0;
    p->why = "it was not drawn";
    if (rc == 0 && file != NULL) {
        p->drawing = fit(&source, &length);
        p->why = p->drawing == NULL ? "it is no drawing that a page can take" : NULL;
    }
    if (p->drawing != NULL && length > *room) {
        free(p->drawing);
        p->drawing = NULL;
        p->why = "it would make this page too large";
    } else if (p->drawing != NULL) {
        *room -= length;
        page->drawn++;
    }
    free(label);
    free(prefix);
    free(file);
    return rc;
}

int page_make(struct page *page, const char *run_dir, const struct summary *summary, const struct claims *claims,
              const struct pictures *pictures, struct error *err)
{
    *page = (struct page){.summary = summary, .claims = claims};
    size_t room = PAGE_DRAWINGS_MOST;
    page->pictures = calloc(pictures->count + 1, sizeof *page->pictures);
    int rc = page->pictures == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < pictures->count && rc == 0; i++) {
        if (pictures->items[i].empty)
            continue;
        page->pictures[page->picture_count].picture = &pictures->items[i];
        rc = take(page, page->picture_count++, run_dir, &room);
    }
    if (rc != 0) {
        page_free(page);
        error_set(err, rc, "no memory for the page");
    }
    return rc;
}

void page_free(struct page *page)
{
    for (size_t i = 0; i < page->picture_count; i++)
        free(page->pictures[i].drawing);
    free(page->pictures);
    *page = (struct page){.pictures = NULL};
}
