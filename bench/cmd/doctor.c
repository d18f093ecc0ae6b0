/* SPDX-License-Identifier: MIT */
/*
 * `cobench doctor`: is a run possible here, and what will disturb it? It has to work where nothing else does: without
 * hosts, without /proc, without a project folder; so each part that cannot be looked at is a finding of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/machine/doctor.h"
#include "bench/machine/facts.h"
#include "bench/process/signals.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

enum { WIDTH_MOST = 120 }; /* columns: longer lines are hard to read */

struct arguments {
    struct options_print print;
    bool json;
    char *root; /* NULL: this machine */
};

static const struct option_row rows[] = {
    {{"json", SETTING_FLAG, offsetof(struct arguments, json)}, NULL, "As --format json"},
    {{"root", SETTING_TEXT, offsetof(struct arguments, root)},
     "DIR",
     "Examine the copy of a machine's /proc and /sys below DIR instead; then nothing is said of whether a run is "
     "possible"},
};
static const struct options options = {
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .prints = true,
    .doc = "Says what is installed, what is missing and how to get it, what this machine allows, and what on it will "
           "disturb a measurement and how to calm it.\vExit status: 0 a run is possible, 77 it is not (a line says "
           "MISSING), 1 this could not be found out, 2 usage."};

/* -- this machine ------------------------------------------------------------------------------------------------- */

/* The folder for what commands print; without a supervisor it is only tried. False: there is none. */
static bool look_scratch(struct doctor *d, struct supervisor *supervisor, const char **scratch, struct error *err)
{
    char *tried = NULL;
    const int rc = supervisor != NULL ? supervisor_scratch(supervisor, scratch, err) : dir_make_scratch(&tried);
    if (tried != NULL)
        dir_remove_scratch(tried);
    free(tried);
    if (rc == 0)
        return true;
    doctor_add(d, DOCTOR_MISSING, "temp folder",
               rc == -ENOSPC || rc == -EDQUOT ? "free some space in them, or TMPDIR=..."
                                              : "mkdir -m 1777 /tmp, or TMPDIR=...",
               "neither /dev/shm nor $TMPDIR nor /tmp can be written: %s", strerror(-rc));
    return false;
}

/* Programs and limits. What cannot even be begun is a finding. */
static int look_here(struct doctor *d, struct error *err)
{
    struct paths paths = {.self = NULL};
    struct supervisor *supervisor = NULL;
    const char *scratch = NULL;
    d->area = DOCTOR_INSTALLED;
    if (paths_find(&paths, err) != 0) {
        doctor_add(d, DOCTOR_MISSING, "project",
                   "run the cobench of a checkout's build/, with py_impl/ and bench/ beside that", "%s", err->text);
        return 0;
    }
    int rc = signals_install(err);
    if (rc == 0 && supervisor_open(&supervisor, err) != 0)
        doctor_add(d, DOCTOR_MISSING, "supervisor",
                   "it needs /dev/null and two processes: mknod -m 666 /dev/null c 1 3", "%s", err->text);
    if (rc == 0 && look_scratch(d, supervisor, &scratch, err) && supervisor != NULL) {
        const struct hosts_source source = {.paths = &paths, .supervisor = supervisor, .scratch = scratch};
        rc = doctor_installed(d, &source, err);
        if (rc == 0)
            rc = doctor_interpreters(d, &source, err);
        if (rc == 0)
            doctor_limits(d, &source);
    }
    supervisor_close(supervisor);
    paths_free(&paths);
    return rc;
}

/* -- what is shown ------------------------------------------------------------------------------------------------ */

enum column { AREA, NAME, VERDICT, FOUND, ADVICE, WORD, SAID };

static void read_finding(const void *row, int which, struct table_value *out)
{
    static const char *const areas[] = {[DOCTOR_INSTALLED] = "installed",
                                        [DOCTOR_INTERPRETERS] = "interpreters",
                                        [DOCTOR_LIMITS] = "limits",
                                        [DOCTOR_DISTURBS] = "disturbs"};
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

/* The findings from `first` up to `end`, which are one area's for people and all for programs. */
static void write_findings(const struct doctor *d, size_t first, size_t end, const char *title, struct writer *w)
{
    write_table(w, &(struct table){.name = "findings",
                                   .title = title,
                                   .columns = columns,
                                   .column_count = sizeof columns / sizeof *columns,
                                   .rows = d->items + first,
                                   .row_size = sizeof *d->items,
                                   .row_count = end - first});
}

static void write_areas(const struct doctor *d, struct writer *w)
{
    static const char *const titles[] = {[DOCTOR_INSTALLED] = "Installed",
                                         [DOCTOR_INTERPRETERS] = "Interpreters",
                                         [DOCTOR_LIMITS] = "Limits",
                                         [DOCTOR_DISTURBS] = "What may disturb a measurement"};
    for (size_t first = 0, end; first < d->count; first = end) {
        for (end = first; end < d->count && d->items[end].area == d->items[first].area;)
            end++;
        write_findings(d, first, end, titles[d->items[first].area], w);
    }
}

/* With the names of what is missing. */
static void write_conclusion(const struct doctor *d, struct writer *w)
{
    struct string_list names = {NULL, 0};
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].verdict == DOCTOR_MISSING)
            string_list_add_once(&names, d->items[i].name);
    char *list = string_list_join(&names, ", ");
    write_heading(w, 3,
                  names.count == 0 ? "A run is possible here."
                                   : "No run is possible here, or not a whole one. What is missing or does not work:");
    if (names.count > 0)
        write_paragraph(w, list);
    free(list);
    string_list_free(&names);
}

static int show(const struct doctor *d, const struct arguments *a, json_t *facts, struct error *err)
{
    const bool whole = a->root == NULL;
    struct writer w = options_writer(&a->print, NULL);
    if (a->json)
        w.format = &format_json;
    if (a->print.width == 0 && w.width > WIDTH_MOST)
        w.width = WIDTH_MOST;
    write_fact(&w, "doctor", json_integer(1));
    write_fact(&w, "possible", whole ? json_boolean(doctor_possible(d)) : json_null());
    write_fact(&w, "machine", json_incref(facts));
    write_heading(&w, 1, whole ? "This machine" : "That machine");
    if (w.format->for_programs)
        write_findings(d, 0, d->count, NULL, &w);
    else
        write_areas(d, &w);
    if (whole)
        write_conclusion(d, &w);
    write_end(&w);
    return options_print_end(err);
}

static int examine(const struct arguments *a, struct doctor *d, struct error *err)
{
    const char *root = a->root == NULL ? "" : a->root;
    int rc = a->root == NULL ? look_here(d, err) : 0;
    if (rc != 0)
        return rc;
    json_t *facts = machine_facts(root);
    doctor_machine(d, root, facts);
    err->text[0] = '\0'; /* it is a finding */
    rc = show(d, a, facts, err);
    json_decref(facts);
    return rc;
}

int cmd_doctor(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {.json = false};
    struct doctor doctor = {.items = NULL};
    int rc = options_parse(&options, argc, argv, &arguments, NULL, err), status = 2;
    if (rc == 0 && arguments.root != NULL && !dir_exists(arguments.root))
        rc = error_set(err, -ENOENT, "doctor: --root '%s': no folder", arguments.root);
    if (rc == 0 && (rc = examine(&arguments, &doctor, err)) != 0)
        status = signals_asked() != 0 ? 128 + signals_asked() : 1;
    else if (rc == 0)
        status = arguments.root != NULL || doctor_possible(&doctor) ? 0 : 77;
    doctor_free(&doctor);
    options_free(&options, &arguments);
    return status;
}
