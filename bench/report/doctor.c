/* SPDX-License-Identifier: MIT */
/* What `cobench doctor` shows: a line a finding, for a terminal or as JSON. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/doctor.h"
#include "bench/report/format.h"
#include "bench/util/text.h"

enum { VERDICT_WIDTH = 9, NAME_WIDTH = 14, INDENT = 2 + VERDICT_WIDTH + NAME_WIDTH };

static const char *const headings[] = {
    [DOCTOR_INSTALLED] = "Installed", [DOCTOR_LIMITS] = "Limits", [DOCTOR_DISTURBS] = "What may disturb a measurement"};
static const char *const verdict_names[] = {[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_MISSING] = "MISSING"};
static const char *const area_names[] = {
    [DOCTOR_INSTALLED] = "installed", [DOCTOR_LIMITS] = "limits", [DOCTOR_DISTURBS] = "disturbs"};

static void put_finding(const struct doctor_finding *f, const struct screen *screen)
{
    static const enum style styles[] = {
        [DOCTOR_OK] = STYLE_GOOD, [DOCTOR_NOTE] = STYLE_PLAIN, [DOCTOR_MISSING] = STYLE_WARN};
    fputs("  ", screen->out);
    screen_put(screen, styles[f->verdict], verdict_names[f->verdict], VERDICT_WIDTH);
    screen_put(screen, STYLE_PLAIN, f->name, NAME_WIDTH);
    struct format_wrap wrap = {.out = screen->out, .indent = INDENT, .width = screen->width, .at = INDENT};
    format_put_wrapped(&wrap, f->found);
    if (f->advice != NULL) {
        format_put_wrapped(&wrap, "->");
        screen_style(screen, STYLE_DIM);
        format_put_wrapped(&wrap, f->advice);
        screen_style(screen, STYLE_PLAIN);
    }
    fputc('\n', screen->out);
}

/* "hyperfine, py": what is missing; to be freed, NULL: no memory. */
static char *missing_names(const struct doctor *d)
{
    struct string_list names = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; i < d->count && rc == 0; i++)
        if (d->items[i].verdict == DOCTOR_MISSING && !string_list_have(&names, d->items[i].name))
            rc = string_list_add(&names, d->items[i].name);
    char *text = rc == 0 ? string_list_join(&names, ", ") : NULL;
    string_list_free(&names);
    return text;
}

static int put_conclusion(const struct doctor *d, const struct screen *screen)
{
    if (doctor_possible(d)) {
        fputs("\nA run is possible here.\n", screen->out);
        return 0;
    }
    char *names = missing_names(d);
    if (names == NULL)
        return -ENOMEM;
    fputc('\n', screen->out);
    screen_style(screen, STYLE_WARN);
    struct format_wrap wrap = {.out = screen->out, .indent = 0, .width = screen->width, .at = 0};
    format_put_wrapped(&wrap, "No run is possible here, or not a whole one. What is missing or does not work:");
    format_put_wrapped(&wrap, names);
    screen_style(screen, STYLE_PLAIN);
    fputc('\n', screen->out);
    free(names);
    return 0;
}

int doctor_print(const struct doctor *d, bool whole, const struct screen *screen)
{
    bool first = true;
    for (int area = 0; area < DOCTOR_AREAS; area++) {
        bool any = false;
        for (size_t i = 0; i < d->count; i++) {
            if (d->items[i].area != (enum doctor_area)area)
                continue;
            if (!any) {
                fputs(first ? "" : "\n", screen->out);
                screen_style(screen, STYLE_BOLD);
                fputs(headings[area], screen->out);
                screen_style(screen, STYLE_PLAIN);
                fputc('\n', screen->out);
            }
            any = true;
            first = false;
            put_finding(&d->items[i], screen);
        }
    }
    return whole ? put_conclusion(d, screen) : 0;
}

/* A text of any bytes. */
static json_t *text_json(const char *text)
{
    json_t *value = text == NULL ? json_null() : json_string(text);
    return value != NULL ? value : json_string("not valid UTF-8");
}

json_t *doctor_json(const struct doctor *d, bool whole, json_t *facts)
{
    json_t *findings = json_array();
    bool lost = findings == NULL;
    for (size_t i = 0; i < d->count && !lost; i++) {
        const struct doctor_finding *f = &d->items[i];
        const char *verdict = f->verdict == DOCTOR_MISSING ? "missing" : verdict_names[f->verdict];
        json_t *finding = json_pack("{ss ss ss so so}", "area", area_names[f->area], "name", f->name, "verdict",
                                    verdict, "found", text_json(f->found), "advice", text_json(f->advice));
        lost = json_array_append_new(findings, finding) != 0;
    }
    if (lost) {
        json_decref(findings);
        return NULL;
    }
    json_t *possible = whole ? json_boolean(doctor_possible(d)) : json_null();
    return json_pack("{si so so sO}", "doctor", 1, "possible", possible, "findings", findings, "machine", facts);
}
