/* SPDX-License-Identifier: MIT */
/* What `cobench doctor` found out: whether a run is possible here, and what will disturb it. */
#ifndef BENCH_MACHINE_DOCTOR_H
#define BENCH_MACHINE_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/machine/hosts.h"
#include "bench/protocol/catalog.h"
#include "bench/util/error.h"
#include "bench/report/screen.h"

enum doctor_verdict {
    DOCTOR_OK,
    DOCTOR_NOTE,   /* a run is possible; somebody should know all the same */
    DOCTOR_MISSING /* without it the suite `quick` cannot run whole */
};
enum doctor_area { DOCTOR_INSTALLED, DOCTOR_LIMITS, DOCTOR_DISTURBS, DOCTOR_AREAS };

struct doctor_finding {
    enum doctor_area area;
    enum doctor_verdict verdict;
    const char *name; /* borrowed, a word or two */
    char *found;      /* what there is */
    char *advice;     /* what to do about it; NULL: nothing */
};

/* Zeroed: nothing looked at yet. */
struct doctor {
    enum doctor_area area; /* of what is added next */
    struct doctor_finding *items;
    size_t count;
    bool no_memory; /* some may be missing */
};

/* Adds what was found, as of printf, in one line. */
void doctor_add(struct doctor *d, enum doctor_verdict verdict, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What to do about the finding added last. */
void doctor_advise(struct doctor *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_free(struct doctor *d);
/* Whether nothing is missing. */
bool doctor_possible(const struct doctor *d);
/* "ok", "note", "MISSING". */
const char *doctor_verdict_name(enum doctor_verdict verdict);

/* -- looking: each adds what it finds ----------------------------------------------------------------------------- */

/* Programs, hosts, tasks. 0, -EINTR where the driver was told to stop, or another negative errno where it cannot go on. */
int doctor_look_installed(struct doctor *d, const struct hosts_source *source, struct error *err);
/* Open files, processes, room, ports. `source` as above. */
void doctor_look_limits(struct doctor *d, const struct hosts_source *source);
/* From the facts of machine.json alone: governor, turbo, a hypervisor and so on. Pure. */
void doctor_judge_machine(struct doctor *d, const json_t *facts);
/* What moves: load, steal, throttling, swap, a battery, other runs. Takes half a second where `root` is this machine's. */
void doctor_look_around(struct doctor *d, const char *root, const json_t *facts);

/* -- showing ------------------------------------------------------------------------------------------------------ */

/* 0 or -ENOMEM. `whole`: also whether a run is possible. */
int doctor_print(const struct doctor *d, bool whole, const struct screen *screen);
/* New; NULL: no memory. `facts` (machine.json's) go in. */
json_t *doctor_json(const struct doctor *d, bool whole, json_t *facts);

#endif
