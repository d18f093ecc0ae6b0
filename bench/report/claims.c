/* SPDX-License-Identifier: MIT */
/* The columns of claims. */
#include "bench/report/claims.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/report/format.h"

enum column {
    CLAIMED,
    MEASURED,
    ROUNDS,
    LIMIT,
    LIMIT_IS,
    VERDICT,
    SAYS,
    WHY,
    SOURCE,
    TIME,
    BASE,
    VARIANT,
    CORES,
    BY_CORES,
    LOW,
    HIGH,
    SCALED_LOW,
    SCALED_HIGH
};

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

/* Why it is not compared, or with what. */
static void write_note(struct writer *w, const struct claim *c)
{
    struct format claimed, range;
    char note[160] = "";
    if (c->why == NULL && c->verdict == CLAIM_CORES)
        snprintf(note, sizeof note, "its source does not tell its cores: not judged");
    else if (c->why == NULL && c->scaled)
        snprintf(note, sizeof note, "claimed on %.0f cores; on the CPUs here %s", c->source->cores,
                 range_text(&range, c->scaled_low, c->scaled_high));
    if (c->why != NULL || *note != '\0')
        write_item(w, range_text(&claimed, c->low, c->high), c->why != NULL ? c->why : note);
}

static void read_measured(const struct claim *c, struct table_value *out)
{
    if (ratio_known(&c->measured))
        table_set_interval(out, c->measured.ratio, c->measured.low, c->measured.high);
}

static void read_limit(const struct claim *c, struct table_value *out)
{
    struct format f;
    if (isfinite(c->limit.gain))
        table_set_format(out, "%s%s", format_ratio(&f, c->limit.gain), c->limit.measured ? " c" : "");
    out->number = c->limit.gain;
}

static void read_number(const struct claim *c, enum column which, struct table_value *out)
{
    const double numbers[] = {[ROUNDS] = (double)c->measured.rounds,
                              [CORES] = c->source->cores,
                              [BY_CORES] = c->by_cores,
                              [LOW] = c->low,
                              [HIGH] = c->high,
                              [SCALED_LOW] = c->scaled_low,
                              [SCALED_HIGH] = c->scaled_high};
    table_set_number(out, numbers[which]);
}

static void read_text(const struct claim *c, enum column which, struct table_value *out)
{
    const char *const texts[] = {[LIMIT_IS] = !isfinite(c->limit.gain) ? NULL
                                              : c->limit.measured      ? "capacity"
                                                                       : "ideal",
                                 [VERDICT] = claim_verdict_name(c->verdict),
                                 [SAYS] = c->says,
                                 [WHY] = c->why,
                                 [SOURCE] = c->source->name,
                                 [TIME] = c->time,
                                 [BASE] = c->base,
                                 [VARIANT] = c->variant};
    table_set_text(out, texts[which]);
}

static void read_column(const void *row, int which, struct table_value *out)
{
    const struct claim *c = row;
    struct format range;
    switch (which) {
    case CLAIMED:
        table_set_format(out, "%s", range_text(&range, c->low, c->high));
        return;
    case MEASURED:
        read_measured(c, out);
        return;
    case LIMIT:
        read_limit(c, out);
        return;
    case ROUNDS:
    case CORES:
    case BY_CORES:
    case LOW:
    case HIGH:
    case SCALED_LOW:
    case SCALED_HIGH:
        read_number(c, (enum column)which, out);
        return;
    default:
        read_text(c, (enum column)which, out);
    }
}

static const struct table_column columns[] = {
    {NULL, "claimed", UNIT_TEXT, false, 0, read_column, CLAIMED},
    {"source", NULL, UNIT_TEXT, false, 0, read_column, SOURCE},
    {"measured", "measured here", UNIT_RATIO, true, 0, read_column, MEASURED},
    {"rounds", NULL, UNIT_COUNT, false, 0, read_column, ROUNDS},
    {"limit", "limit", UNIT_RATIO, false, 0, read_column, LIMIT},
    {"limit_is", NULL, UNIT_TEXT, false, 0, read_column, LIMIT_IS},
    {"verdict", "verdict", UNIT_TEXT, false, 0, read_column, VERDICT},
    {"says", "claim", UNIT_TEXT, false, 0, read_column, SAYS},
    {"why", NULL, UNIT_TEXT, false, 0, read_column, WHY},
    {"time", NULL, UNIT_TEXT, false, 0, read_column, TIME},
    {"base", NULL, UNIT_TEXT, false, 0, read_column, BASE},
    {"variant", NULL, UNIT_TEXT, false, 0, read_column, VARIANT},
    {"cores", NULL, UNIT_COUNT, false, 0, read_column, CORES},
    {"by_cores", NULL, UNIT_FLAG, false, 0, read_column, BY_CORES},
    {"low", NULL, UNIT_REAL, false, 0, read_column, LOW},
    {"high", NULL, UNIT_REAL, false, 0, read_column, HIGH},
    {"scaled_low", NULL, UNIT_REAL, false, 0, read_column, SCALED_LOW},
    {"scaled_high", NULL, UNIT_REAL, false, 0, read_column, SCALED_HIGH},
};

static const char legend[] = "Ratios are compared, not seconds: above 1 is faster. A published number is one run "
                             "elsewhere, so that 10% off counts as the same: \"holds here\" where the measured 95% "
                             "interval meets that. The limit is the measured capacity (c), or what is ideal for work "
                             "that waits.";

/* The claims from `from` on that have its source, or for programs all of them. */
static size_t write_part(struct writer *w, const struct claims *claims, size_t from)
{
    const struct claim_source *source = claims->items[from].source;
    char title[400];
    size_t to = from + 1;
    while (to < claims->count && (w->format->for_programs || claims->items[to].source == source))
        to++;
    snprintf(title, sizeof title, isfinite(source->cores) ? "%.150s: %.200s, %.0f cores" : "%.150s: %.200s",
             source->name, source->note, source->cores);
    const struct table table = {.name = "rows",
                                .title = title,
                                .columns = columns,
                                .column_count = sizeof columns / sizeof *columns,
                                .rows = &claims->items[from],
                                .row_size = sizeof *claims->items,
                                .row_count = to - from};
    write_table(w, &table);
    for (size_t i = from; i < to; i++)
        write_note(w, &claims->items[i]);
    return to;
}

void write_claims(struct writer *w, int level, const struct claims *claims)
{
    write_fact(w, "claims", json_integer(2));
    write_fact(w, "about", json_string(claims->about));
    write_fact(w, "tolerance", json_real(CLAIM_TOLERANCE));
    write_heading(w, level, "Claims");
    write_paragraph(w, claims->about);
    for (size_t i = 0; i < claims->count;)
        i = write_part(w, claims, i);
    write_paragraph(w, legend);
}

static int render(const struct writer_format *format, const struct claims *claims, FILE *out)
{
    struct writer w = {.format = format, .out = out};
    write_claims(&w, 1, claims);
    return write_end(&w);
}

int render_claims_markdown(const void *what, FILE *out) { return render(&format_markdown, what, out); }

int render_claims_json(const void *what, FILE *out) { return render(&format_json, what, out); }
