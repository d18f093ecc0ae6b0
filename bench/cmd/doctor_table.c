/* SPDX-License-Identifier: MIT */
/* What `cobench doctor` shows. */
#include "bench/cmd/doctor_table.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/util/text.h"

enum column { AREA, NAME, VERDICT, FOUND, ADVICE, WORD, SAID };

static void read_finding(const void *row, int which, struct table_value *out)
{
    static const char *const areas[] = {
        [DOCTOR_INSTALLED] = "installed", [DOCTOR_LIMITS] = "limits", [DOCTOR_DISTURBS] = "disturbs"};
    static const char *const verdicts[] = {[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_MISSING] = "missing"};
    const struct doctor_finding *f = row;
    const char *const texts[] = {[AREA] = areas[f->area],
                                 [NAME] = f->name,
                                 [VERDICT] = verdicts[f->verdict],
                                 [FOUND] = f->found,
                                 [ADVICE] = f->advice,
                                 [WORD] = f->verdict == DOCTOR_MISSING ? "MISSING" : verdicts[f->verdict],
                                 [SAID] = f->said};
    table_set_text(out, texts[which]);
}

static const struct table_column columns[] = {
    {NULL, "verdict", UNIT_TEXT, false, 0, read_finding, WORD},
    {"area", NULL, UNIT_TEXT, false, 0, read_finding, AREA},
    {"name", "what", UNIT_TEXT, false, 0, read_finding, NAME},
    {"verdict", NULL, UNIT_TEXT, false, 0, read_finding, VERDICT},
    {"found", NULL, UNIT_TEXT, false, 0, read_finding, FOUND},
    {"advice", NULL, UNIT_TEXT, false, 0, read_finding, ADVICE},
    {NULL, "found -> what to do about it", UNIT_TEXT, false, 0, read_finding, SAID},
};

/* Of one area. */
static void write_area(const struct doctor *d, enum doctor_area area, struct writer *w)
{
    static const char *const titles[] = {[DOCTOR_INSTALLED] = "Installed",
                                         [DOCTOR_LIMITS] = "Limits",
                                         [DOCTOR_DISTURBS] = "What may disturb a measurement"};
    const struct doctor_finding **rows = calloc(d->count + 1, sizeof(struct doctor_finding *));
    struct table table = {
        .title = titles[area], .columns = columns, .column_count = sizeof columns / sizeof *columns, .rows = rows};
    if (rows == NULL) {
        w->rc = -ENOMEM;
        return;
    }
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].area == area)
            rows[table.row_count++] = &d->items[i];
    write_table(w, &table);
    free(rows);
}

/* With the names of what is missing. */
static void write_conclusion(const struct doctor *d, struct writer *w)
{
    struct string_list names = {NULL, 0};
    for (size_t i = 0; i < d->count && w->rc == 0; i++)
        if (d->items[i].verdict == DOCTOR_MISSING && !string_list_have(&names, d->items[i].name))
            w->rc = string_list_add(&names, d->items[i].name);
    char *list = names.count == 0 ? NULL : string_list_join(&names, ", ");
    write_heading(w, 3,
                  names.count == 0 ? "A run is possible here."
                                   : "No run is possible here, or not a whole one. What is missing or does not work:");
    if (list != NULL)
        write_paragraph(w, list);
    free(list);
    string_list_free(&names);
}

int doctor_write(const struct doctor *d, bool whole, json_t *facts, struct writer *w)
{
    write_fact(w, "doctor", json_integer(1));
    write_fact(w, "possible", whole ? json_boolean(doctor_possible(d)) : json_null());
    write_fact(w, "machine", json_incref(facts));
    write_heading(w, 1, whole ? "This machine" : "That machine");
    if (w->format->for_programs)
        write_table(w, &(struct table){.name = "findings",
                                       .columns = columns,
                                       .column_count = sizeof columns / sizeof *columns,
                                       .rows = d->items,
                                       .row_size = sizeof *d->items,
                                       .row_count = d->count});
    for (int area = 0; area < DOCTOR_AREAS && !w->format->for_programs; area++)
        write_area(d, (enum doctor_area)area, w);
    if (whole)
        write_conclusion(d, w);
    return write_end(w);
}
