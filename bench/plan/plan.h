/* SPDX-License-Identifier: MIT */
/* What a run does, settled before anything is started: groups (a task with its parameters, jobs and workers), their
 * cells, and the order in which each round takes them. docs/run-directory.md shows it as JSON. */
#ifndef BENCH_PLAN_PLAN_H
#define BENCH_PLAN_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/protocol/catalog.h"
#include "bench/util/error.h"
#include "bench/plan/suite.h"
#include "bench/util/text.h"
#include "common/arrivals.h"

#define ROUNDS_DEFAULT       10
#define ROUNDS_FOR_INTERVALS 6 /* fewer give no 95% signed-rank interval */
#define TIMEOUT_DEFAULT_S    120.0
#define MARGIN_DEFAULT       0.01
#define BASELINE_NONE        "none"
#define SERVING_ALL          "all" /* servers */
#define SERVING_DURATION_S   1.0
#define SERVING_LOADS        12        /* at most, the one that finds the saturation among them */
#define BASELINE_RUNTIME     "py"      /* whose baseline stands for all of a group */
#define RUNTIME_PROGRAM      "program" /* that of the programs of the user's own */

enum plan_role { ROLE_MODEL, ROLE_CONTROL, ROLE_CAPACITY };

/* Strings are borrowed: the suite's, the options' and the catalog's, which outlive the plan, or plan.json's. */
struct plan_group {
    const char *name, *task, *kind, *asks;
    const struct catalog_task *entry; /* the catalog's; NULL: the plan was read and not bound */
    json_t *params;                   /* key -> text: every parameter but a URL nobody gave */
    json_t *knobs;                    /* name -> text: with what its cells run, but rows of further values, where it is
                                         not the hosts' default; of a plan that was read */
    int64_t jobs, workers;
    double ideal;                /* the most a model could gain over its baseline */
    const char *capacity_reason; /* why there is no capacity row; NULL: there is one */
    const char *baseline;   /* the model that others are compared with, BASELINE_NONE, or NULL: each host's own, sync */
    const char *sweep;      /* the group of the suite that this is one point of; NULL: it is alone */
    const char *scaling;    /* of a sweep over workers "strong" (the same jobs) or "weak" (the same jobs for each
                                    worker) or "prices" (likewise, with nothing to compare with), over jobs alone "jobs"; NULL: no sweep */
    double rate;            /* jobs that arrive a second; 0: a closed loop */
    const char *arrivals;   /* "fixed" or "poisson"; NULL: a closed loop */
    double duration_s;      /* of one load of a group of serving, whose workers are connections; 0: it is none */
    const char *rates;      /* of its open loops, in per cent of the saturation: "50,70"; NULL: there are none */
    int64_t wrk;            /* not 0: wrk loads its servers too */
    int64_t delay_ms, idle; /* what its servers wait before the work; how many connections they are to hold */
    bool needs_url;         /* nobody gave one: the origin's (or --url's) is used */
    const char *url;        /* what --url said; NULL: the origin's */
    int64_t stopped;        /* of a run's results: after so many rounds it was settled that it has enough; 0: not so */
    const char *why;        /* "rounds", "precise" or "budget"; NULL likewise */
};

struct plan_cell {
    size_t group;
    const char *runtime;
    const char *model; /* and "+VALUE" behind it in the row of a further value of a knob (knobs.h) */
    json_t *knobs;     /* what it runs with, name -> value, but the host's defaults; NULL: nothing. Borrowed */
    const char
        *program; /* a program of the user's own, called `model`, as a line (string_list_unquote); NULL: a host's */
    const struct catalog_runtime *entry; /* as the group's; of a program, whose results its own are compared with */
    const struct catalog_model *known;   /* likewise; of a program NULL */
    const struct catalog_task *task;     /* likewise */
    const char *behind;                  /* the server that stands before this one; NULL: none */
    enum plan_role role;
    bool baseline;
    int64_t copies;         /* 1 but for a capacity cell */
    const char *left_out;   /* it would take too long: why; NULL: it would not */
    const char *refused;    /* its host has no such value of a knob: why; NULL: it has */
    const char *impossible; /* known beforehand: why; NULL: not so */
};

struct plan {
    const char *suite, *created; /* created: NULL where it was made now */
    int64_t seed;
    struct stopping stopping; /* when it is enough */
    double timeout_s, effective_cpus;
    double request_timeout_s; /* 0: the hosts' own */
    double margin;            /* a difference smaller than this share is none in practice */
    const char *url;          /* what --url said; NULL: the origin's */
    const char *tasks_dir;    /* what --tasks said, absolute; NULL: none */
    const char *hosts;        /* where workers are, "a:2,b:4", of the cells that can; NULL: all on this machine */
    const char *launcher;     /* then how a command is started there, with {host} in it */
    const char *directory;    /* where the programs of the cells run; NULL: there are none */
    struct function function; /* as the user named it: what is compiled ends in .c, and "-" are inputs from stdin */
    const json_t *pythons;    /* paths of the interpreters that --python named; NULL: the build's own */
    const char *claims;       /* the file of bench/claims that this run is compared with, without ".json"; NULL: none */
    json_t *source;           /* the plan.json that was read, or an array of the names that were made */
    struct plan_group *groups;
    struct plan_cell *cells; /* those of a group stand together */
    size_t group_count, cell_count;
};

/* What the command line says, over what the suite says. Lists without words and zeros: not said. */
struct plan_options {
    struct string_list tasks, runtimes, models, jobs, workers, sets, variants;
    struct string_list knobs; /* each NAME=V1[,V2...] (knobs.h) */
    const char *directory;    /* absolute, borrowed; NULL: not said */
    int64_t seed;             /* -1: not said */
    struct function function; /* name NULL: not said */
    const json_t *pythons;    /* rows of scripts/interpreters.py, borrowed; NULL: not said */
    struct stopping stopping;
    double timeout_s, request_timeout_s; /* 0: not said */
    double margin;                       /* below 0: not said */
    double rate;                         /* 0: not said */
    struct serving_options serving;
    char *arrivals, *scaling, *url, *tasks_dir, *baseline; /* NULL: not said */
    char *hosts, *launcher;                                /* as hostfile_settle leaves them; NULL: not said */
};

/* What plan_make goes by. */
struct plan_source {
    const struct suite *suite;
    const struct plan_options *options;
    const struct catalog *catalog; /* outlives the plan */
    double effective_cpus;
};

/* -EINVAL where a name is unknown or a value out of range: err names it and what is allowed. */
int plan_make(const struct plan_source *source, struct plan *out, struct error *err);
void plan_free(struct plan *plan);
/* Whether a group is there for its price (bench/analysis/scaling.h). */
bool plan_prices(const struct plan_group *group);
/* Whether the cells of a group are servers (docs/serving.md). */
bool plan_serves(const struct plan_group *group);
/* What its host calls the model of a cell, without the value of a knob; a program's own name. */
const char *plan_model(const struct plan_cell *cell);
/* How its worker processes start: "fork" unless the knob of that name says otherwise. Tables have always had it. */
const char *plan_start_method(const struct plan_cell *cell);
/* False where a group has neither baseline, control nor capacity, so that there are no ratios. */
bool plan_compares(const struct plan_group *group);
/* Whether its jobs ask for the results of others. */
bool plan_needs_jobs(const struct plan_group *group);
/* What its baseline is called. */
const char *plan_baseline(const struct plan_group *group);
/* The cell of a group and runtime whose results others are compared with: the baseline, or where there is none that can
 * run, the first, of work that waits the event loop. cell_count: there is none. */
size_t plan_reference(const struct plan *plan, size_t group, const char *runtime);
/* The cell of a group that the user's own programs are compared with: the baseline of py, else that of another runtime, else
 * any that can run. cell_count: there is none. */
size_t plan_program_peer(const struct plan *plan, size_t group);
/*
 * The cells of a group in the order round `round` (from 1) takes them, as numbers of cells: a shuffle (Fisher-Yates, by
 * GSL on mt19937) that depends on nothing but seed, round, group and the group's number of cells, which is returned.
 * `order` has room for all cells.
 */
size_t plan_order(const struct plan *plan, int64_t round, size_t group, size_t *order);
/* The schedule of a group in round `round` (0: of the verify pass): the same for all its cells, and for poisson another
 * one every round, drawn by the plan's seed. Its rate is 0 where the loop is closed. */
struct arrivals plan_arrivals(const struct plan *plan, size_t group, int64_t round);
#define CELL_NAME_SIZE 200
/* "count c:sync", "count c:sync (control)". */
void plan_cell_name(const struct plan *plan, size_t cell, char *out, size_t size);
const char *plan_role_name(enum plan_role role);

/* A task's parameters (params.c). Every --set has to reach at least one group of `tasks` (none: of all). */
int params_check_sets(const struct suite *suite, const struct string_list *sets, const struct string_list *tasks,
                      const struct catalog *catalog, struct error *err);
/* All of a task's parameters as texts (a URL without a default only where given), to be released: defaults, the suite's,
 * the command line's (`--set key=value` or `--set task.key=value`), each checked against the task's own table. */
int params_resolve(const struct catalog_task *task, const json_t *given, const struct string_list *sets, json_t **out,
                   struct error *err);
/* Whether the task asks for URLs and nobody gave one. */
bool params_need_url(const struct catalog_task *task, const json_t *params);
/* Whether the task can fill in what --url says (NULL: nothing): 0 or -EINVAL. */
int params_check_url(const struct catalog_task *task, const char *url, struct error *err);

/* plan.json (plan_json.c). `created` is a time in ISO 8601. */
json_t *plan_json(const struct plan *plan, const char *created);
/*
 * Reads a plan, which keeps `json` and borrows strings from it. -EPROTO: err names what is wrong. To go on with the run
 * the plan is looked up in `catalog`, as only the hosts know why a cell is impossible and whether a group needs a URL;
 * -EINVAL: something is gone. NULL: only to be read. plan_free is needed after 0 only.
 */
int plan_read(json_t *json, const struct catalog *catalog, struct plan *out, struct error *err);

#endif
