/* SPDX-License-Identifier: MIT */
/*
 * `cobench doctor`: is a run possible here, and what will disturb it? It has to work where nothing else does: without
 * hosts, without /proc, without a project folder; so each part that cannot be looked at is a finding of its own.
 */
#include "bench/cmd/command.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/machine/doctor.h"
#include "bench/machine/hosts.h"
#include "bench/cmd/doctor_table.h"
#include "bench/util/files.h"
#include "bench/machine/facts.h"
#include "bench/cmd/options.h"
#include "bench/process/signals.h"
#include "bench/machine/versions.h"

enum { WIDTH_MOST = 120 }; /* columns: longer lines are hard to read */

struct arguments {
    bool json;
    const char *root; /* NULL: this machine */
    struct error *err;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    switch (key) {
    case 'j':
        a->json = true;
        return 0;
    case 'r':
        a->root = arg;
        return 0;
    case ARGP_KEY_ARG:
        return options_argument(a->err, arg, NULL);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int no_memory(struct error *err) { return error_set(err, -ENOMEM, "out of memory"); }

/* -- this machine ------------------------------------------------------------------------------------------------- */

/* The folder for what commands print; without a guard it is only tried. 0, 1 where there is none, or -ENOMEM. */
static int look_scratch(struct doctor *d, struct supervisor *supervisor, char **scratch, struct error *err)
{
    int rc = supervisor != NULL ? supervisor_scratch(supervisor, scratch, err) : dir_make_scratch(scratch);
    if (supervisor == NULL && rc == 0)
        dir_remove_flat(*scratch);
    if (rc == 0 || rc == -ENOMEM)
        return rc;
    doctor_add(d, DOCTOR_MISSING, "temp folder",
               rc == -ENOSPC || rc == -EDQUOT ? "free some space in them, or TMPDIR=..."
                                              : "mkdir -m 1777 /tmp, or TMPDIR=...",
               "neither /dev/shm nor $TMPDIR nor /tmp can be written: %s", strerror(-rc));
    return 1;
}

/* Programs and limits. What cannot even be begun is a finding. */
static int look_here(struct doctor *d, struct error *err)
{
    struct paths paths = {.self = NULL};
    struct supervisor *supervisor = NULL;
    char *scratch = NULL;
    int rc = paths_find(&paths, err);
    d->area = DOCTOR_INSTALLED;
    if (rc != 0 && rc != -ENOMEM) {
        doctor_add(d, DOCTOR_MISSING, "project",
                   "run the cobench of a checkout's build/, with py_impl/ and bench/ beside that", "%s", err->text);
        return 0;
    }
    if (rc == 0)
        rc = signals_install(err);
    if (rc == 0 && (rc = supervisor_open(&supervisor, err)) != 0 && rc != -ENOMEM) {
        doctor_add(d, DOCTOR_MISSING, "supervisor",
                   "it needs /dev/null and two processes: mknod -m 666 /dev/null c 1 3", "%s", err->text);
        rc = 1;
    }
    if (rc >= 0) {
        const int looked = look_scratch(d, supervisor, &scratch, err);
        rc = looked != 0 ? looked : rc;
    }
    const struct hosts_source source = {.paths = &paths, .supervisor = supervisor, .scratch = scratch};
    if (rc == 0)
        rc = doctor_installed(d, &source, err);
    if (rc == 0)
        doctor_limits(d, &source);
    supervisor_close(supervisor);
    free(scratch);
    paths_free(&paths);
    return rc > 0 ? 0 : rc;
}

static const struct argp_option option_table[] = {
    {"json", 'j', NULL, 0, "As JSON", 0},
    {"root", 'r', "DIR", 0,
     "Examine the copy of a machine's /proc and /sys below DIR instead; then nothing is said of "
     "whether a run is possible",
     0},
    {NULL, 0, NULL, 0, NULL, 0}};
static const struct argp parser = {
    .options = option_table,
    .parser = on_option,
    .doc = "Says what is installed, what is missing and how to get it, what this machine allows, and what on it will "
           "disturb a measurement and how to calm it.\vExit status: 0 a run is possible, 77 it is not (a line says "
           "MISSING), 1 this could not be found out, 2 usage."};

int cmd_doctor(int argc, char **argv, struct error *err)
{
    struct arguments a = {.err = err};
    struct doctor doctor = {.items = NULL};
    if (options_parse(&parser, argc, argv, &a, err) != 0)
        return 2;
    if (a.root != NULL && !dir_exists(a.root)) {
        error_set(err, -ENOENT, "doctor: --root '%s': no folder", a.root);
        return 2;
    }
    int rc = a.root == NULL ? look_here(&doctor, err) : 0;
    json_t *facts = rc == 0 ? machine_facts(a.root == NULL ? "" : a.root) : NULL;
    if (rc == 0 && facts == NULL)
        rc = no_memory(err);
    if (rc == 0) {
        doctor_machine(&doctor, a.root == NULL ? "" : a.root, facts);
        rc = doctor.no_memory ? no_memory(err) : 0;
    }
    if (rc == 0) {
        struct writer w = options_writer(&(struct options_print){.format = a.json ? &format_json : &format_terminal},
                                         NULL);
        err->text[0] = '\0';
        w.width = w.width < WIDTH_MOST ? w.width : WIDTH_MOST;
        rc = options_print_end(doctor_write(&doctor, a.root == NULL, facts, &w), err);
    }
    const bool possible = a.root != NULL || doctor_possible(&doctor);
    json_decref(facts);
    doctor_free(&doctor);
    if (rc != 0)
        return signals_asked() != 0 ? 128 + signals_asked() : 1;
    return possible ? 0 : 77;
}
