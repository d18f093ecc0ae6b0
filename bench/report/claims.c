/* SPDX-License-Identifier: MIT */
/* The columns of claims. */
#include "bench/report/document.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/format.h"

/* "9.44x", "0.962-0.981x", "1.20x+". */
static const char *range_text(struct format *f, double low, double high)
{
    struct format a, b;
    const char *from = format_ratio(&a, low);
    if (isinf(high))
        snprintf(f->text, sizeof f->text, "%.20s+", from);
    else if (high > low)
        snprintf(f->text, sizeof f->text, "%.*s-%.20s", (int)strcspn(from, "x"), from, format_ratio(&b, high));
    else
        snprintf(f->text, sizeof f->text, "%.20s", from);
    return f->text;
}

enum claim_column { CLAIMED, MEASURED, ROUNDS, VERDICT };

static void read_claim(const void *row, int which, struct table_value *out)
{
    const struct claim *c = row;
    struct format range;
    if (which == CLAIMED)
        table_set_format(out, "%s", range_text(&range, c->low, c->high));
    else if (which == MEASURED)
        table_set_interval(out, c->measured.ratio, c->measured.low, c->measured.high);
    else if (which == ROUNDS)
        table_set_count(out, (long long)c->measured.rounds);
    else
        table_set_text(out, claim_verdict_name(c->verdict));
}

enum limit_column { LIMIT_GAIN, LIMIT_IS };

static void read_limit(const void *row, int which, struct table_value *out)
{
    const struct limit *limit = &((const struct claim *)row)->limit;
    struct format f;
    if (!isfinite(limit->gain))
        return;
    if (which == LIMIT_IS)
        table_set_text(out, limit->measured ? "capacity" : "ideal");
    else
        table_set_format(out, "%s%s", format_ratio(&f, limit->gain), limit->measured ? " c" : "");
    out->number = limit->gain;
}

#define AT(member) ((int)offsetof(struct claim, member))

static const struct table_column columns[] = {
    {NULL, "claimed", UNIT_TEXT, false, 0, read_claim, CLAIMED},
    {"source", NULL, UNIT_TEXT, false, 0, table_read_text, AT(source)},
    {"measured", "measured here", UNIT_RATIO, true, 0, read_claim, MEASURED},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_claim, ROUNDS},
    {"limit", "limit", UNIT_RATIO, false, 0, read_limit, LIMIT_GAIN},
    {"limit_is", NULL, UNIT_TEXT, false, 0, read_limit, LIMIT_IS},
    {"verdict", "verdict", UNIT_TEXT, false, 0, read_claim, VERDICT},
    {"says", "claim", UNIT_TEXT, false, 0, table_read_text, AT(says)},
    {"why", NULL, UNIT_TEXT, false, 0, table_read_text, AT(why)},
    {"time", NULL, UNIT_TEXT, false, 0, table_read_text, AT(time)},
    {"cores", NULL, UNIT_COUNT, false, 0, table_read_real, AT(cores)},
    {"low", NULL, UNIT_REAL, false, 0, table_read_real, AT(low)},
    {"high", NULL, UNIT_REAL, false, 0, table_read_real, AT(high)},
    {"scaled_low", NULL, UNIT_REAL, false, 0, table_read_real, AT(scaled_low)},
    {"scaled_high", NULL, UNIT_REAL, false, 0, table_read_real, AT(scaled_high)},
};

static const char legend[] = "Ratios are compared, not seconds: above 1 is faster. A published number is one run "
                             "elsewhere, so that 10% off counts as the same: \"holds here\" where the measured 95% "
                             "interval meets that. The limit is the measured capacity (c), or what is ideal for work "
                             "that waits.";

/* Why it is not compared, or with what. */
static void write_note(struct writer *w, const struct claim *c)
{
    struct format claimed, range;
    char note[160];
    snprintf(note, sizeof note, "claimed on %.0f cores; on the CPUs here %s", c->cores,
             range_text(&range, c->scaled_low, c->scaled_high));
    if (c->why != NULL || c->scaled)
        write_item(w, range_text(&claimed, c->low, c->high), c->why != NULL ? c->why : note);
}

/* The claims from `from` on that have its source, or for programs all of them. */
static size_t write_part(struct writer *w, const struct claims *claims, size_t from)
{
    const struct claim *first = &claims->items[from];
    char title[400];
    size_t to = from + 1;
    while (to < claims->count && (w->format->for_programs || claims->items[to].source == first->source))
        to++;
    snprintf(title, sizeof title, isfinite(first->cores) ? "%.150s: %.200s, %.0f cores" : "%.150s: %.200s",
             first->source, first->note, first->cores);
    const struct table table = {.name = "rows",
                                .title = title,
                                .columns = columns,
                                .column_count = sizeof columns / sizeof *columns,
                                .rows = first,
                                .row_size = sizeof *first,
                                .row_count = to - from};
    write_table(w, &table);
    for (size_t i = from; i < to; i++)
        write_note(w, &claims->items[i]);
    return to;
}

void write_claims(struct writer *w, int level, const struct claims *claims)
{
    write_fact(w, "claims", json_integer(3));
    write_fact(w, "about", json_string(claims->about));
    write_fact(w, "tolerance", json_real(CLAIM_TOLERANCE));
    write_heading(w, level, "Claims");
    write_paragraph(w, claims->about);
    for (size_t i = 0; i < claims->count;)
        i = write_part(w, claims, i);
    write_paragraph(w, legend);
}

static void render(const struct writer_format *format, const struct claims *claims, FILE *out)
{
    struct writer w = {.format = format, .out = out};
    write_claims(&w, 1, claims);
    write_end(&w);
}

void render_claims_markdown(const void *what, FILE *out) { render(&format_markdown, what, out); }

void render_claims_json(const void *what, FILE *out) { render(&format_json, what, out); }
