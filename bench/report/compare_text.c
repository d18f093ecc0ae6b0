/* SPDX-License-Identifier: MIT */
/* A comparison for a terminal: the answer, what to know before any number, then a group at a time on one grid with two
 * questions: how the times changed, and how the speedups did. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/compare_formats.h"
#include "bench/report/rounds.h"
#include "bench/report/screen.h"

enum { NAME_WIDTH = 18 };

static const char *const sides[COMPARE_SIDES] = {"A", "B"};

/* -- above the tables ----------------------------------------------------------------------------------------------------- */

static enum style line_style(const struct compare_view *view, const struct story_line *line)
{
    if (line->kind == STORY_ANSWER)
        return *line->title == '\0' ? STYLE_BOLD : STYLE_PLAIN;
    return line->kind == STORY_WARNING || (line->kind == STORY_GATE && view->compare->gate_fails) ? STYLE_WARN
                                                                                                  : STYLE_DIM;
}

static void put_wrapped(const struct screen *screen, enum style style, const char *text)
{
    struct format_wrap wrap = {.out = screen->out, .indent = 0, .width = screen->width, .at = 0};
    screen_style(screen, style);
    format_put_wrapped(&wrap, text);
    screen_style(screen, STYLE_PLAIN);
    fputc('\n', screen->out);
}

static int put_run(const struct compare_view *view, const struct screen *screen, enum compare_side side)
{
    const struct results *r = view->compare->results[side];
    const char *host = json_string_value(json_object_get(r->machine, "hostname"));
    char rounds[240];
    rounds_text(r, rounds, sizeof rounds);
    char *text = text_format("%s: %s, %s, seed %lld, %s, on %s", view->name[side], r->suite, rounds, (long long)r->seed,
                             r->created, host != NULL ? host : "unknown");
    if (text == NULL)
        return -ENOMEM;
    screen_put_titled(screen, STYLE_DIM, sides[side], text);
    free(text);
    return 0;
}

static void put_lines(const struct compare_view *view, const struct screen *screen, enum story_kind kind)
{
    for (size_t i = 0; i < view->story->count; i++) {
        const struct story_line *line = &view->story->lines[i];
        if (line->kind != kind)
            continue;
        if (*line->title == '\0')
            put_wrapped(screen, line_style(view, line), line->text);
        else
            screen_put_titled(screen, line_style(view, line), line->title, line->text);
    }
}

static bool has_lines(const struct story *story, enum story_kind kind)
{
    for (size_t i = 0; i < story->count; i++)
        if (story->lines[i].kind == kind)
            return true;
    return false;
}

static int put_head(const struct compare_view *view, const struct screen *screen)
{
    static const struct {
        enum story_kind kind;
        const char *title;
    } parts[] = {{STORY_WARNING, "Before any number:"}, {STORY_CHANGED, "What else is not the same, A -> B:"}};
    put_lines(view, screen, STORY_ANSWER);
    put_lines(view, screen, STORY_GATE);
    fputc('\n', screen->out);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        if (put_run(view, screen, side) != 0)
            return -ENOMEM;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (has_lines(view->story, parts[i].kind)) {
            fputc('\n', screen->out);
            screen_put(screen, parts[i].kind == STORY_WARNING ? STYLE_WARN : STYLE_BOLD, parts[i].title, 0);
            fputc('\n', screen->out);
            put_lines(view, screen, parts[i].kind);
        }
    return 0;
}

/* -- tables --------------------------------------------------------------------------------------------------------------- */

static int name_width(const struct compare *c, int width)
{
    const int room = width - 2 * SCREEN_TIME_WIDTH - 2 * SCREEN_RATIO_WIDTH;
    int longest = NAME_WIDTH;
    for (size_t i = 0; i < c->row_count; i++) {
        char *name = compare_name(c->rows[i].cell[COMPARE_B]);
        if (name != NULL && format_columns(name) > longest)
            longest = format_columns(name);
        free(name);
    }
    return longest < room ? longest : room;
}

static void put_change(const struct screen *screen, const struct compare_change *change)
{
    const bool shown = ratio_known(&change->ratio) && change->ratio.state != RATIO_SELF;
    screen_put_ratio(screen, &change->ratio, shown ? screen_doubt(&change->ratio) : " ");
}

/* The tables of a group: the first two of a closed loop, the third of an open one. */
enum table { TABLE_TIME, TABLE_SPEEDUP, TABLE_LATENCY };

static const char *side_text(struct format *f, const struct compare *c, const struct compare_row *row, enum table table,
                             enum compare_side side)
{
    if (table == TABLE_SPEEDUP)
        return format_ratio(f, row->speedup_of[c->options.time][side]);
    return format_time(f,
                       table == TABLE_TIME ? row->median_s[c->options.time][side] : row->latency_s[COMPARE_P99][side]);
}

static int put_row(const struct compare_view *view, const struct screen *screen, const struct compare_row *row,
                   enum table table)
{
    const struct compare_change *changes = table == TABLE_SPEEDUP ? row->speedup : row->time;
    const bool fails = row->gate == GATE_SLOWER || row->gate == GATE_BROKEN || row->gate == GATE_RATE;
    char *name = compare_name(row->cell[COMPARE_B]);
    struct format f;
    if (name == NULL)
        return -ENOMEM;
    screen_put(screen, fails ? STYLE_WARN : STYLE_PLAIN, name, name_width(view->compare, screen->width));
    free(name);
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        screen_put(screen, STYLE_PLAIN, side_text(&f, view->compare, row, table, side), -SCREEN_TIME_WIDTH);
    put_change(screen, table == TABLE_LATENCY ? &row->latency[COMPARE_P50] : &changes[RATIO_WHOLE]);
    put_change(screen, table == TABLE_LATENCY ? &row->latency[COMPARE_P99] : &changes[RATIO_WORK]);
    fputc('\n', screen->out);
    return 0;
}

static const char *table_title(const struct compare *c, enum table table)
{
    const bool whole = c->options.time == RATIO_WHOLE, own = c->options.base == RATIO_OWN_SYNC;
    if (table == TABLE_TIME)
        return whole ? "Time of the whole command; A / B above 1 is faster in B"
                     : "Time of the work; A / B above 1 is faster in B";
    if (table == TABLE_LATENCY)
        return "Latency of a job, from when it was to start; A / B above 1 is sooner in B";
    if (whole)
        return own ? "Speedup of the whole command over its own sync; B / A above 1 gains more in B"
                   : "Speedup of the whole command over py:sync; B / A above 1 gains more in B";
    return own ? "Speedup of the work over its own sync; B / A above 1 gains more in B"
               : "Speedup of the work over py:sync; B / A above 1 gains more in B";
}

static void put_table_head(const struct compare *c, const struct screen *screen, enum table table)
{
    static const char *const measures[][2] = {[TABLE_TIME] = {"    whole: A / B", "    work: A / B"},
                                              [TABLE_SPEEDUP] = {"    whole: B / A", "    work: B / A"},
                                              [TABLE_LATENCY] = {"    p50: A / B", "    p99: A / B"}};
    fputc('\n', screen->out);
    screen_put(screen, STYLE_BOLD, table_title(c, table), 0);
    fputc('\n', screen->out);
    screen_style(screen, STYLE_DIM);
    format_put(screen->out, "variant", name_width(c, screen->width));
    for (enum compare_side side = 0; side < COMPARE_SIDES; side++)
        format_put(screen->out, table == TABLE_LATENCY ? (side == COMPARE_A ? "A p99" : "B p99") : sides[side],
                   -SCREEN_TIME_WIDTH);
    for (int i = 0; i < 2; i++)
        format_put(screen->out, measures[table][i], SCREEN_RATIO_WIDTH);
    screen_style(screen, STYLE_PLAIN);
    fputc('\n', screen->out);
}

static int put_table(const struct compare_view *view, const struct screen *screen, const struct plan_group *group,
                     enum table table)
{
    const struct compare *c = view->compare;
    int rc = 0;
    put_table_head(c, screen, table);
    for (size_t i = 0; i < c->row_count && rc == 0; i++)
        if (c->rows[i].group[COMPARE_B] == group &&
            (table != TABLE_SPEEDUP || c->rows[i].cell[COMPARE_B]->role != ROLE_CONTROL))
            rc = put_row(view, screen, &c->rows[i], table);
    return rc;
}

static int put_heading(const struct screen *screen, const struct plan_group *group)
{
    char *params = format_params(group), *shape = format_shape(group), *task = NULL, *all = NULL;
    if (params != NULL && shape != NULL)
        task = strcmp(group->name, group->task) == 0 ? strdup("") : text_format(" · task %s", group->task);
    if (task != NULL)
        all = text_format("%s%s · %s%s%s · %s", group->name, task, group->kind, *params != '\0' ? " · " : "", params,
                          shape);
    if (all != NULL) {
        fputc('\n', screen->out);
        screen_put_rule(screen);
        put_wrapped(screen, STYLE_BOLD, all);
    }
    const int rc = all == NULL ? -ENOMEM : 0;
    free(all);
    free(task);
    free(shape);
    free(params);
    return rc;
}

static int put_group(const struct compare_view *view, const struct screen *screen, const struct plan_group *group)
{
    bool any = false;
    for (size_t i = 0; i < view->compare->row_count && !any; i++)
        any = view->compare->rows[i].group[COMPARE_B] == group;
    if (!any)
        return 0;
    int rc = put_heading(screen, group);
    if (rc == 0)
        rc = put_table(view, screen, group, group->rate > 0 ? TABLE_LATENCY : TABLE_TIME);
    return rc != 0 || group->rate > 0 ? rc : put_table(view, screen, group, TABLE_SPEEDUP);
}

static bool any_open(const struct compare *c)
{
    for (size_t i = 0; i < c->row_count; i++)
        if (compare_is_open(&c->rows[i]))
            return true;
    return false;
}

static void put_legend(const struct compare *c, const struct screen *screen)
{
    static const struct {
        const char *title, *text;
        bool open_only;
    } lines[] = {
        {"time",
         "the median of each run, and the ratio A / B with its 95% interval: the rounds of two runs are no pairs, so "
         "it is Hodges and Lehmann's shift of the log times with the rank-sum interval. It speaks of these two "
         "runs: a machine that was slower for a while is in it.",
         false},
        {"latency",
         "of open loops, where jobs come at a rate and the schedule decides how long a command takes: the medians of "
         "the rounds' p50 and p99, compared like times.",
         true},
        {"speedup",
         "baseline / variant by the pairs of each run, then B / A the same way: what slowed all of a run is not in "
         "it. Of copies of sync: what the machine does in parallel.",
         false},
        {"verdict",
         "▲ faster (gains more), ▼ slower (gains less): the interval clears 1 by the margin, and the p-value, "
         "adjusted by Holm over the column in all groups, is below 5%. = no difference shown.",
         false},
        {"?",
         "doubtful: the rounds are too few or the interval is over 10% to a side and does not clear 1, round 1 lies "
         "apart, or the times of a run drift.",
         false},
    };
    fputc('\n', screen->out);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!lines[i].open_only || any_open(c))
            screen_put_titled(screen, STYLE_DIM, lines[i].title, lines[i].text);
}

int render_compare_text(const struct compare_view *view, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    const struct screen screen = {
        .out = open_memstream(&text, &length), .width = view->width < 80 ? 80 : view->width, .colour = view->colour};
    if (screen.out == NULL)
        return -ENOMEM;
    const struct results *b = view->compare->results[COMPARE_B];
    int rc = put_head(view, &screen);
    for (size_t g = 0; g < b->group_count && rc == 0; g++)
        rc = put_group(view, &screen, &b->groups[g]);
    if (rc == 0 && view->compare->row_count > 0)
        put_legend(view->compare, &screen);
    if (fclose(screen.out) != 0 && rc == 0)
        rc = -ENOMEM;
    if (rc == 0)
        screen_put_trimmed(out, text);
    free(text);
    return rc;
}
