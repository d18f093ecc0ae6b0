/* SPDX-License-Identifier: MIT */
/* What `cobench doctor` finds out: whether a run is possible here, and what will disturb it. */
#ifndef BENCH_MACHINE_DOCTOR_H
#define BENCH_MACHINE_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "bench/machine/hosts.h"
#include "bench/util/error.h"

enum doctor_verdict {
    DOCTOR_OK,
    DOCTOR_NOTE,   /* a run is possible; somebody should know all the same */
    DOCTOR_MISSING /* without it the suite `quick` cannot run whole */
};
enum doctor_area { DOCTOR_INSTALLED, DOCTOR_INTERPRETERS, DOCTOR_LIMITS, DOCTOR_DISTURBS, DOCTOR_AREAS };

struct doctor_finding {
    enum doctor_area area;
    enum doctor_verdict verdict;
    const char *name;   /* borrowed, a word or two */
    char *found;        /* what there is */
    const char *advice; /* what to do about it; NULL: nothing */
    char *said;         /* "found -> advice" */
};

/* Zeroed: nothing found yet. */
struct doctor {
    enum doctor_area area; /* of what is added next */
    struct doctor_finding *items;
    size_t count;
    json_t *interpreters; /* as of hosts_ask_pythons: findings borrow their labels */
};

/* Adds what was found, as of printf, in one line, and unless that is DOCTOR_OK what to do about it (borrowed). */
void doctor_add(struct doctor *d, enum doctor_verdict verdict, const char *name, const char *advice, const char *format,
                ...) __attribute__((format(printf, 5, 6)));
enum doctor_verdict doctor_note_if(bool bad);
void doctor_free(struct doctor *d);
/* Whether nothing is missing. */
bool doctor_possible(const struct doctor *d);

/* Programs, hosts, tasks. 0, -EINTR where the driver was told to stop, or another negative errno where it cannot go on. */
int doctor_installed(struct doctor *d, const struct hosts_source *source, struct error *err);
/* The interpreters that `cobench run --python` can take. The same. */
int doctor_interpreters(struct doctor *d, const struct hosts_source *source, struct error *err);
/* Open files, processes, disk space, ports. */
void doctor_limits(struct doctor *d, const struct hosts_source *source);
/* What disturbs: from the facts of machine.json, and from what moves; half a second where `root` is this machine ("").  */
void doctor_machine(struct doctor *d, const char *root, const json_t *facts);

#endif
