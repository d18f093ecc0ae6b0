/* SPDX-License-Identifier: MIT */
/*
 * The services of a run: programs that models or values of knobs need beside them, by the names that the hosts list. Those
 * that somebody named are asked whether they are there; the others are started, once a run, in a folder of their own,
 * where a planned cell needs them, and end with the supervisor. A new one is a row of the table in services.c.
 */
#ifndef BENCH_RUN_SERVICES_H
#define BENCH_RUN_SERVICES_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/plan/plan.h"
#include "bench/process/service.h"
#include "bench/util/error.h"

enum { SERVICE_REDIS, SERVICE_REDIS_AOF, SERVICE_DASK, SERVICE_POSTGRESQL, SERVICES };

struct service {
    char *url;      /* as the hosts are given it; NULL: there is none */
    char *version;  /* NULL: it did not say */
    char *settings; /* those that matter, as it says them; NULL: none */
    char *why;      /* why there is none for the cells that need it */
    char *folder;   /* its own; NULL: it was not started */
    struct service_process process;
};

/* To be begun as SERVICES_NONE. */
struct services {
    struct service rows[SERVICES];
    char *unknown; /* why cells cannot run that need one that is in no row */
};
#define SERVICES_NONE                                                                              \
    {                                                                                              \
        .rows = { {.process.in = -1}, {.process.in = -1}, {.process.in = -1}, {.process.in = -1} } \
    }

/* Takes "NAME=URL" that somebody said. -EINVAL with a line in err that has no password. */
int services_take(struct services *s, const char *text, struct error *err);
/* The same of what a plan.json has under "services" (NULL: nothing), but where one was taken already. */
int services_take_kept(struct services *s, const json_t *kept, struct error *err);
/* What has been taken, name to URL without its password, for a plan.json. NULL: nothing. A new reference. */
json_t *services_kept(const struct services *s);
/*
 * Asks those that were taken (-EINVAL where one does not answer), starts those that are needed besides, and makes the cells
 * impossible whose services cannot be had. `address`: of this machine, as workers on others reach it, NULL: there are none.
 * Another negative errno where the driver cannot go on.
 */
int services_start(struct services *s, struct supervisor *supervisor, const char *scratch, const char *address,
                   const struct catalog *catalog, struct plan *plan, struct error *err);
/* Adds "services" to machine.json: versions, settings. */
void services_facts(const struct services *s, json_t *machine);
/* Adds --service NAME=URL of each that is there and that the cell needs or somebody named. */
void services_options(const struct services *s, const struct catalog *catalog, const struct plan_cell *cell,
                      struct string_list *words);
/* That of all that were started and the cell needs, together; their peaks are counted anew where `mark`. */
struct service_use services_use(const struct services *s, const struct catalog *catalog, const struct plan_cell *cell,
                                bool mark);
/* How many CPUs those can use at once: one each, but for one that forks; 0: there are none. */
int64_t services_cpus(const struct services *s, const struct catalog *catalog, const struct plan_cell *cell);
/* One that was started and has ended by itself; NULL: none. */
const char *services_ended(const struct services *s);
/* After supervisor_close: removes what a supervisor that was killed has left. */
void services_close(struct services *s);

#endif
