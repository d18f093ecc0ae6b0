/* SPDX-License-Identifier: MIT */
/* One line a claim, under its source; what cannot be says why. */
#include "bench/report/claims.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/util/json_number.h"
#include "bench/util/escape.h"
#include "bench/report/html/html.h"

enum { CLAIM_WIDTH = 12, MEASURED_WIDTH = 22, LIMIT_WIDTH = 8, INDENT = 2 };
#define DIGITS 9

/* "9.44x", "0.962-0.981x", "1.20x+". */
static const char *range_text(struct format *f, double low, double high)
{
    struct format a, b;
    if (isinf(high))
        snprintf(f->text, sizeof f->text, "%.20s+", format_ratio(&a, low));
    else if (high > low) {
        const char *from = format_ratio(&a, low);
        snprintf(f->text, sizeof f->text, "%.*s-%.20s", (int)strcspn(from, "x"), from, format_ratio(&b, high));
    } else
        snprintf(f->text, sizeof f->text, "%.20s", format_ratio(&a, low));
    return f->text;
}

static const char *measured_text(struct format *f, const struct claim *claim)
{
    return ratio_known(&claim->measured) ? format_speedup(f, &claim->measured) : "-";
}

/* "scaled from 6 cores: 1.82x"; "" where there is nothing to add. */
static const char *note_text(struct format *f, const struct claim *claim)
{
    struct format range;
    f->text[0] = '\0';
    if (claim->scaled && claim->verdict != CLAIM_CANNOT)
        snprintf(f->text, sizeof f->text, "claimed on %.0f cores; on the CPUs here %s", claim->source->cores,
                 range_text(&range, claim->scaled_low, claim->scaled_high));
    else if (claim->verdict == CLAIM_CORES)
        snprintf(f->text, sizeof f->text, "its source does not tell its cores: not judged");
    return f->text;
}

static const char legend[] = "Ratios are compared, not seconds: above 1 is faster. A published number is one run "
                             "elsewhere, so that 10% off counts "
                             "as the same: \"holds here\" where the measured 95% interval meets that. The limit is the "
                             "measured capacity (c), or "
                             "what is ideal for work that waits.";

/* -- terminal --------------------------------------------------------------------------------------------------------- */

static void put_wrapped(FILE *out, int indent, int width, const char *text)
{
    struct format_wrap wrap = {.out = out, .indent = indent, .width = width, .at = 0};
    format_put_wrapped(&wrap, text);
    fputc('\n', out);
}

static void put_source(FILE *out, int width, const struct claim_source *source)
{
    char cores[40] = "";
    if (isfinite(source->cores))
        snprintf(cores, sizeof cores, ", %.0f cores", source->cores);
    struct format_wrap wrap = {.out = out, .indent = 0, .width = width, .at = 0};
    fputc('\n', out);
    format_put_wrapped(&wrap, source->name);
    wrap.indent = INDENT;
    format_put_wrapped(&wrap, "·");
    format_put_wrapped(&wrap, source->note);
    fputs(cores, out);
    fputc('\n', out);
}

static void put_claim(FILE *out, int width, const struct claim *claim)
{
    struct format f, limit;
    put_wrapped(out, INDENT, width, claim->says);
    format_put(out, "", 2 * INDENT);
    format_put(out, range_text(&f, claim->low, claim->high), -CLAIM_WIDTH);
    format_put(out, "", 2);
    format_put(out, measured_text(&f, claim), MEASURED_WIDTH);
    snprintf(limit.text, sizeof limit.text, "%.20s%s", isfinite(claim->limit) ? format_ratio(&f, claim->limit) : "-",
             claim->limit_is_capacity ? "c" : " ");
    format_put(out, limit.text, -LIMIT_WIDTH);
    format_put(out, "", 2);
    fprintf(out, "%s\n", claim_verdict_name(claim->verdict));
    if (*note_text(&f, claim) != '\0')
        put_wrapped(out, 2 * INDENT, width, f.text);
    if (claim->why != NULL)
        put_wrapped(out, 2 * INDENT, width, claim->why);
}

int render_claims_text(const struct claims *claims, int width, FILE *out)
{
    put_wrapped(out, 0, width, claims->about);
    fputc('\n', out);
    format_put(out, "", 2 * INDENT);
    format_put(out, "claimed", -CLAIM_WIDTH);
    format_put(out, "", 2);
    format_put(out, "measured here", MEASURED_WIDTH);
    format_put(out, "limit ", -LIMIT_WIDTH);
    fputs("  verdict\n", out);
    const struct claim_source *source = NULL;
    for (size_t i = 0; i < claims->count; i++) {
        if (claims->items[i].source != source)
            put_source(out, width, claims->items[i].source);
        source = claims->items[i].source;
        put_claim(out, width, &claims->items[i]);
    }
    fputc('\n', out);
    put_wrapped(out, 0, width, legend);
    return 0;
}

/* -- Markdown --------------------------------------------------------------------------------------------------------- */

int render_claims_markdown(const void *what, FILE *out)
{
    const struct claims *claims = what;
    fputs("# Claims\n\n", out);
    markdown_put(out, claims->about);
    fputs("\n\n| source | claim | claimed | measured here | limit | verdict |\n|---|---|--:|---|--:|---|\n", out);
    for (size_t i = 0; i < claims->count; i++) {
        const struct claim *c = &claims->items[i];
        struct format f;
        fputs("| ", out);
        markdown_put(out, c->source->name);
        fputs(" | ", out);
        markdown_put(out, c->says);
        fputs(" | ", out);
        markdown_put(out, range_text(&f, c->low, c->high));
        if (c->scaled && c->verdict != CLAIM_CANNOT)
            fprintf(out, " on %.0f cores, here %s", c->source->cores, range_text(&f, c->scaled_low, c->scaled_high));
        fputs(" | ", out);
        markdown_put(out, measured_text(&f, c));
        fprintf(out, " | %s%s | %s", isfinite(c->limit) ? format_ratio(&f, c->limit) : "-",
                c->limit_is_capacity ? " (capacity)" : "", claim_verdict_name(c->verdict));
        if (c->why != NULL) {
            fputs(": ", out);
            markdown_put(out, c->why);
        }
        fputs(" |\n", out);
    }
    fputc('\n', out);
    markdown_put(out, legend);
    fputc('\n', out);
    return 0;
}

/* -- HTML ------------------------------------------------------------------------------------------------------------- */

static void put_html_claim(const struct claim *c, FILE *out)
{
    struct format f;
    fputs("<tr><th scope=\"row\">", out);
    html_put(out, c->source->name);
    fputs("</th><td class=\"t\">", out);
    html_put(out, c->says);
    fputs("</td><td>", out);
    html_put(out, range_text(&f, c->low, c->high));
    if (c->scaled && c->verdict != CLAIM_CANNOT)
        fprintf(out, " on %.0f cores, here %s", c->source->cores, range_text(&f, c->scaled_low, c->scaled_high));
    fputs("</td>", out);
    if (ratio_known(&c->measured))
        html_put_ratio(out, &c->measured);
    else
        fputs("<td data-v=\"\">-</td>", out);
    fprintf(out, "<td>%s%s</td><td class=\"t\">%s", isfinite(c->limit) ? format_ratio(&f, c->limit) : "-",
            c->limit_is_capacity ? " (capacity)" : "", claim_verdict_name(c->verdict));
    if (c->why != NULL) {
        fputs(": ", out);
        html_put(out, c->why);
    }
    fputs("</td></tr>\n", out);
}

int render_claims_html(const void *what, FILE *out)
{
    const struct claims *claims = what;
    fputs("<section aria-labelledby=\"claims\">\n<h2 id=\"claims\">Claims</h2>\n", out);
    html_put_in(out, "p", claims->about);
    html_table_begin(out, "claims-table", "sortable", "What was published, beside what was measured here.");
    fputs("<thead><tr><th scope=\"col\">Source</th><th scope=\"col\">Claim</th><th scope=\"col\">Claimed</th><th "
          "scope=\"col\">Measured "
          "here</th><th scope=\"col\">Limit</th><th scope=\"col\">Verdict</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t i = 0; i < claims->count; i++)
        put_html_claim(&claims->items[i], out);
    fputs("</tbody>\n", out);
    html_table_end(out);
    html_put_in(out, "p", legend);
    fputs("\n</section>\n", out);
    return 0;
}

/* -- JSON ------------------------------------------------------------------------------------------------------------- */

static json_t *claim_json(const struct claim *c)
{
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:s?, s:s?, s:{s:o, s:o, s:o, s:I}, s:o, s:s?, s:s, s:s?}",
        "source", c->source->name, "says", c->says, "time", c->time, "low", json_number(c->low), "high",
        json_number(c->high), "by_cores", c->by_cores, "cores", json_number(c->source->cores), "scaled_low",
        json_number(c->scaled_low), "scaled_high", json_number(c->scaled_high), "base", c->base, "variant", c->variant,
        "measured", "ratio", json_number(c->measured.ratio), "low", json_number(c->measured.low), "high",
        json_number(c->measured.high), "rounds", (json_int_t)c->measured.rounds, "limit", json_number(c->limit),
        "limit_is",
        !isfinite(c->limit)    ? NULL
        : c->limit_is_capacity ? "capacity"
                               : "ideal",
        "verdict", claim_verdict_name(c->verdict), "why", c->why);
}

int render_claims_json(const void *what, FILE *out)
{
    const struct claims *claims = what;
    json_t *rows = json_array();
    int rc = rows == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < claims->count; i++)
        if (json_array_append_new(rows, claim_json(&claims->items[i])) != 0)
            rc = -ENOMEM;
    json_t *all = rc == 0 ? json_pack("{s:i, s:s, s:f, s:O}", "claims", 1, "about", claims->about, "tolerance",
                                      CLAIM_TOLERANCE, "rows", rows)
                          : NULL;
    if (all == NULL || (json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS)) != 0 && !ferror(out)))
        rc = -ENOMEM;
    fputc('\n', out);
    json_decref(all);
    json_decref(rows);
    return rc;
}
