/* SPDX-License-Identifier: MIT */
/* Winners and what they won by. Nothing is called won that the intervals do not show. */
#include "bench/headline.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/format.h"
#include "bench/text.h"

/* So many names are spelled out. */
enum { NAMES_MOST = 4 };

/* The variants of a group that were measured, the fastest first. */
struct field {
    const struct summary *summary;
    const struct result_group *group;
    enum ratio_time time;
    const struct summary_cell **cells;
    size_t count;
    struct words level; /* those not shown to be slower than the first */
};

static double time_of(const struct summary_cell *cell, enum ratio_time time)
{
    return time == RATIO_WORK ? cell->work_s : cell->median_s;
}

static int field_open(struct field *field, const struct summary *summary, const struct result_group *group)
{
    *field = (struct field){.summary = summary, .group = group, .time = RATIO_WORK};
    field->cells = calloc(summary->cell_count + 1, sizeof *field->cells);
    if (field->cells == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != group || !cell->verified || cell->rounds == 0 || !isfinite(cell->median_s))
            continue;
        field->cells[field->count++] = cell;
        if (!(cell->work_s >= SUMMARY_SHORT_WORK_S))
            field->time = RATIO_WHOLE;
    }
    for (size_t i = 1; i < field->count; i++)
        if (time_of(field->cells[i], field->time) < time_of(field->cells[0], field->time)) {
            const struct summary_cell *faster = field->cells[i];
            field->cells[i] = field->cells[0];
            field->cells[0] = faster;
        }
    return 0;
}

static void field_close(struct field *field)
{
    free(field->cells);
    words_free(&field->level);
}

/* How many times longer another took than the first. */
static int compare(const struct field *field, const struct summary_cell *other, struct ratio *out)
{
    struct pairs pairs;
    const struct result_cell *winner = field->cells[0]->cell;
    if (pairs_open(&pairs, winner->count) != 0)
        return -ENOMEM;
    pairs_collect(&pairs, other->cell, winner, field->time == RATIO_WORK ? sample_work : sample_whole);
    *out = ratio_of(&pairs);
    const int code = ratio_test(out, &pairs, field->summary->results->margin);
    pairs_close(&pairs);
    return code;
}

/* Fills in field->level. */
static int find_level(struct field *field)
{
    const size_t rivals = field->count - 1;
    struct ratio *ratios = calloc(rivals + 1, sizeof *ratios), **family = calloc(rivals + 1, sizeof *family);
    int code = ratios == NULL || family == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < rivals && code == 0; i++) {
        family[i] = &ratios[i];
        code = compare(field, field->cells[i + 1], &ratios[i]);
    }
    if (code == 0)
        code = ratios_judge(family, rivals, field->summary->results->margin);
    for (size_t i = 0; i < rivals && code == 0; i++)
        if (ratios[i].verdict != VERDICT_FASTER)
            code = words_addf(&field->level, "%s:%s", field->cells[i + 1]->cell->runtime, field->cells[i + 1]->cell->model);
    free(family);
    free(ratios);
    return code;
}

/* -- the sentence --------------------------------------------------------------------------------------------------------- */

static void put_level(FILE *out, const struct words *level)
{
    for (size_t i = 0; i < level->count && i < NAMES_MOST; i++)
        fprintf(out, "%s%s", i == 0 ? "" : ", ", level->items[i]);
    if (level->count > NAMES_MOST)
        fprintf(out, " and %zu more", level->count - NAMES_MOST);
}

/* ", 92% of the ideal 12x"; what was measured to be possible comes before what would be ideal. That a gain lies above the
 * ideal by chance (sync's waits are a little too long, too) is only believed up to a tenth. */
static void put_limit(FILE *out, const struct field *field, const struct ratio *gain)
{
    const struct summary_capacity *capacity = summary_capacity_of(field->summary, field->cells[0]);
    const bool measured = capacity != NULL && ratio_known(&capacity->ratio);
    const double limit = measured ? capacity->ratio.ratio : field->group->ideal;
    struct format f;
    if (!measured && limit > 1 && gain->low > limit * (1 + RATIO_UNRESOLVED))
        fprintf(out, ", more than the ideal %s: look for the mistake", format_ratio(&f, limit));
    else if (measured || limit > 1)
        fprintf(out, ", %.0f%% of the %s %s", 100 * gain->ratio / limit, measured ? "measured capacity" : "ideal",
                format_ratio(&f, limit));
}

/* "11.0x its sync [10.9,11.1]" and what that is worth. */
static void put_gain(FILE *out, const struct field *field, const struct ratio *gain)
{
    struct format ratio, interval;
    if (gain->state == RATIO_SELF) {
        fputs(": no model made it faster", out);
        return;
    }
    if (!ratio_known(gain)) {
        fprintf(out, ": no ratio over its sync (%s)", format_ratio_state(gain->state));
        return;
    }
    fputs(gain->verdict == VERDICT_NO_DIFFERENCE ? ": no difference from its sync shown, " :
          gain->verdict == VERDICT_UNRESOLVED    ? ": its gain is unresolved, "
                                                 : ": ", out);
    fprintf(out, "%s its sync", format_ratio(&ratio, gain->ratio));
    if (gain->state == RATIO_FULL)
        fprintf(out, " %s", format_interval(&interval, gain->low, gain->high));
    else
        fputs(", of too few rounds for an interval", out);
    put_limit(out, field, gain);
}

/* The other ratios that a reader would miss. */
static void put_beside(FILE *out, const struct field *field)
{
    const struct summary_cell *winner = field->cells[0];
    const struct ratio *all = &winner->speedup[field->time][RATIO_PY_SYNC];
    const struct ratio *whole = &winner->speedup[RATIO_WHOLE][RATIO_OWN_SYNC];
    struct format ratio, interval;
    if (field->time == RATIO_WORK && whole->state == RATIO_FULL)
        fprintf(out, "; as a whole command %s %s", format_ratio(&ratio, whole->ratio),
                format_interval(&interval, whole->low, whole->high));
    if (all->state == RATIO_FULL && strcmp(winner->cell->runtime, SUMMARY_BASELINE_RUNTIME) != 0)
        fprintf(out, "; %s " SUMMARY_BASELINE_RUNTIME ":sync %s", format_ratio(&ratio, all->ratio),
                format_interval(&interval, all->low, all->high));
}

static void put_doubts(FILE *out, const struct summary_cell *winner)
{
    static const struct {
        enum mark mark;
        const char *text;
    } doubts[] = {
        {MARK_CONTROL_FLAGGED, "its control row missed 1, so that this may be noise"},
        {MARK_ABOVE_CAPACITY, "more than this machine can do in parallel: look for the mistake"},
        {MARK_ORIGIN_BOUND, "the origin was the limit, not the model"},
        {MARK_STOPPED, "a process was stopped from outside meanwhile"},
    };
    for (size_t i = 0; i < sizeof doubts / sizeof *doubts; i++)
        if (winner->marks & doubts[i].mark)
            fprintf(out, "; but %s", doubts[i].text);
}

static void put_sentence(FILE *out, const struct field *field)
{
    const struct summary_cell *winner = field->cells[0];
    struct format time;
    fprintf(out, "%s:%s ", winner->cell->runtime, winner->cell->model);
    if (field->count == 1) {
        fputs("alone was measured", out);
    } else if (field->level.count == 0) {
        fputs("won", out);
    } else {
        fputs("was first, not shown to be faster than ", out);
        put_level(out, &field->level);
    }
    fprintf(out, " (%s %s)", field->time == RATIO_WORK ? "work" : "whole command",
            format_time(&time, time_of(winner, field->time)));
    put_gain(out, field, &winner->speedup[field->time][RATIO_OWN_SYNC]);
    put_beside(out, field);
    put_doubts(out, winner);
}

/* The model of a runtime that was shown to gain most over its sync; NULL: none was. */
static const struct summary_cell *best_of(const struct field *field, const char *runtime)
{
    const struct summary_cell *best = NULL;
    for (size_t i = 0; i < field->count; i++) {
        const struct ratio *gain = &field->cells[i]->speedup[field->time][RATIO_OWN_SYNC];
        if (strcmp(field->cells[i]->cell->runtime, runtime) == 0 && gain->verdict == VERDICT_FASTER &&
            (best == NULL || gain->ratio > best->speedup[field->time][RATIO_OWN_SYNC].ratio))
            best = field->cells[i];
    }
    return best;
}

/* In the order of the plan, each once. */
static void put_runtimes(FILE *out, const struct field *field)
{
    const struct summary *summary = field->summary;
    const char *last = NULL;
    for (size_t i = 0; i < summary->cell_count; i++) {
        const struct summary_cell *cell = &summary->cells[i];
        if (cell->group != field->group || !cell->cell->baseline)
            continue;
        const struct summary_cell *best = best_of(field, cell->cell->runtime);
        struct format f;
        fputs(last == NULL ? "" : "; ", out);
        last = cell->cell->runtime;
        if (best == NULL)
            fprintf(out, "%s: no model shown to gain", last);
        else
            fprintf(out, "%s:%s %s", last, best->cell->model, format_speedup(&f, &best->speedup[field->time][RATIO_OWN_SYNC]));
    }
}

/* What `put` prints, to be freed; NULL: no memory. */
static char *printed(void (*put)(FILE *out, const struct field *field), const struct field *field)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    put(out, field);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int headline_make(struct headline *out, const struct summary *summary, const struct result_group *group)
{
    struct field field;
    *out = (struct headline){.group = group};
    int code = field_open(&field, summary, group);
    if (code == 0 && field.count == 0) {
        out->text = text_format("%s", "nothing was measured");
        out->runtimes = text_format("%s", "");
    } else if (code == 0) {
        out->winner = field.cells[0];
        code = find_level(&field);
        out->text = code == 0 ? printed(put_sentence, &field) : NULL;
        out->runtimes = code == 0 ? printed(put_runtimes, &field) : NULL;
    }
    field_close(&field);
    return out->text == NULL || out->runtimes == NULL ? -ENOMEM : 0;
}

int headlines_make(struct headlines *out, const struct summary *summary)
{
    const size_t groups = summary->results->group_count;
    int code = 0;
    *out = (struct headlines){.items = calloc(groups + 1, sizeof *out->items)};
    if (out->items == NULL)
        return -ENOMEM;
    for (size_t g = 0; g < groups && code == 0; g++)
        code = headline_make(&out->items[out->count++], summary, &summary->results->groups[g]);
    if (code != 0)
        headlines_free(out);
    return code;
}

void headlines_free(struct headlines *headlines)
{
    for (size_t i = 0; i < headlines->count; i++) {
        free(headlines->items[i].text);
        free(headlines->items[i].runtimes);
    }
    free(headlines->items);
    *headlines = (struct headlines){.items = NULL};
}
