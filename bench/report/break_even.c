/* SPDX-License-Identifier: MIT */
/* "c:threads 3, py:threads never". */
#include "bench/report/break_even.h"

#include "bench/analysis/ranking.h"
#include "bench/report/format.h"
#include "bench/util/markdown.h"

#define TITLE "Faster than its sync as a whole command from how many jobs on"

struct entry {
    char text[200];
};

/* "c:threads 3,"; false where there is nothing to say of the cell. */
static bool entry_make(struct entry *entry, const struct summary *summary, const struct summary_cell *cell, bool last)
{
    const struct break_even found = break_even_of(summary, cell);
    const char *end = last ? "" : ",";
    if (found.state == BREAK_EVEN_FROM)
        snprintf(entry->text, sizeof entry->text, "%.70s:%.70s %lld%s", cell->cell->runtime, cell->cell->model,
                 (long long)found.jobs, end);
    else if (found.state == BREAK_EVEN_NEVER)
        snprintf(entry->text, sizeof entry->text, "%.70s:%.70s never%s", cell->cell->runtime, cell->cell->model, end);
    return found.state != BREAK_EVEN_UNKNOWN;
}

/* The next cell of the group that has one, from `at` on; cell_count: none. */
static size_t next(const struct summary *summary, const struct result_group *group, size_t at)
{
    for (; at < summary->cell_count; at++)
        if (summary->cells[at].group == group &&
            break_even_of(summary, &summary->cells[at]).state != BREAK_EVEN_UNKNOWN)
            break;
    return at;
}

typedef void put_entry(void *context, const char *text);

/* Calls `put` for each entry; false where there is none. */
static bool each(const struct summary *summary, const struct result_group *group, put_entry *put, void *context)
{
    size_t at = next(summary, group, 0);
    const bool any = at < summary->cell_count;
    while (at < summary->cell_count) {
        const size_t after = next(summary, group, at + 1);
        struct entry entry;
        if (entry_make(&entry, summary, &summary->cells[at], after == summary->cell_count))
            put(context, entry.text);
        at = after;
    }
    return any;
}

static void put_text(void *context, const char *text)
{
    struct format_wrap *wrap = context;
    if (wrap->at == 0) {
        fputc('\n', wrap->out);
        format_put_wrapped(wrap, TITLE ":");
        wrap->indent = 2;
    }
    format_put_wrapped(wrap, text);
}

void render_break_even_text(const struct summary *summary, const struct result_group *group, int width, FILE *out)
{
    struct format_wrap wrap = {.out = out, .indent = 0, .width = width, .at = 0};
    if (each(summary, group, put_text, &wrap))
        fputc('\n', out);
}

struct paragraph {
    FILE *out;
    bool begun;
};

static void put_markdown(void *context, const char *text)
{
    struct paragraph *p = context;
    fputs(p->begun ? " " : "\n" TITLE ": ", p->out);
    p->begun = true;
    markdown_put(p->out, text);
}

void render_break_even_markdown(const struct summary *summary, const struct result_group *group, FILE *out)
{
    struct paragraph p = {.out = out};
    if (each(summary, group, put_markdown, &p))
        fputs(".\n", out);
}
