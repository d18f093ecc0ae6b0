/* SPDX-License-Identifier: MIT */
/*
 * What a run's folder holds, read back: plan.json, machine.json, samples.jsonl, events.jsonl (docs/run-directory.md).
 * The samples are read line by line into compact arrays, about 250 bytes each.
 */
#ifndef BENCH_STORE_RESULTS_H
#define BENCH_STORE_RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "bench/util/error.h"
#include "bench/store/journal.h"
#include "bench/store/serving.h"
#include "bench/plan/plan.h"
#include "common/placement.h"

/* How a sample, and with its last one a cell, ended. Above CELL_OK: it has no ratios, and `reason` says why. */
enum cell_status { CELL_UNSEEN, CELL_OK, CELL_REFUSED, CELL_FAILED, CELL_TIMEOUT, CELL_IMPOSSIBLE };
#define CELL_STATUSES (CELL_IMPOSSIBLE + 1)

/* "ok", "refused" ..., as samples.jsonl has it; NULL: of CELL_UNSEEN. */
const char *cell_status_name(enum cell_status status);

enum latency_point { LATENCY_P50, LATENCY_P90, LATENCY_P99, LATENCY_MAX, LATENCY_POINTS };

/* One timed sample that was ok. Times in nanoseconds; -1: not known. */
struct sample {
    int32_t round;
    int32_t order; /* the sample's place in its round */
    int64_t whole_ns, work_ns, cpu_ns;
    int64_t work_cpu_ns;      /* of cpu_ns, what came after the gate opened */
    int64_t took_ns;          /* all that passed for it, of which whole_ns is what hyperfine saw */
    int64_t ready_ns, end_ns; /* from main to the gate; from the last job's end to main's */
    int64_t latency_ns[LATENCY_POINTS];
    struct sample_open_loop {
        int64_t span_ns, ends_ns, drift_ns;
        int64_t late_ns[LATENCY_POINTS];
        bool missed; /* the rate was not kept */
    } open_loop;     /* bench/protocol/open_loop.h; of a closed loop nothing is known */
    int64_t connections;
    int64_t origin_cpu_ns, origin_wait_ns, origin_wall_ns;
    int64_t service_cpu_ns, service_wait_ns;     /* of all that it needs */
    int64_t in_flight_max, busy_ns;              /* bench/protocol/slots.h; 0 or less: not known */
    int64_t connection_wait_ns;                  /* of busy_ns; likewise: no connections were shared, no locks taken */
    int64_t most_waited_ns, most_waited_busy_ns; /* the same two of the worker that waited for the largest share */
    int64_t needed_work_ns, needed_path_ns;      /* dependencies of the record; -1: there are none */
    unsigned disturbances;                       /* of what kinds (bench/protocol/interference_kind.h) */
    struct serving_sample *serving;              /* of a server; NULL: it is of a model */
};

/* What the audits of a cell's runs found, the verify pass among them. */
struct result_audit {
    int64_t runs, faulty; /* so many; in so many of them something was wrong */
    int64_t wrong, of;    /* of the run in which the most was wrong */
    char *finding;        /* its sentence; NULL: nothing was wrong */
};

/* What its host named of the hazards of such work. */
struct result_hazard {
    char *kind, *text; /* as the first sample has it */
    int64_t samples;   /* that have it */
};

/* What the workers on one host did in all timed samples together (bench/protocol/slots.h). */
struct result_node {
    int64_t samples, jobs, busy_ns, last_ns, longest_ns, work_ns;
};

/* A cell of the plan, and what came of it. Strings are borrowed from the plan. */
struct result_cell {
    size_t group;
    const char *runtime, *model, *start_method;
    enum plan_role role;
    bool baseline;
    int64_t copies;
    const struct result_cell
        *again; /* the same command's second sample of each round: a baseline's A/A control; else NULL */
    enum cell_status status;
    char *reason;               /* one line; NULL while all went well; of CELL_OK: why its results are unchecked */
    int64_t peak_pss_bytes;     /* -1: not known */
    bool verified;              /* it has a sample of the verify pass, whatever came of it */
    char digest[17];            /* of the results of that sample; "": not known */
    int64_t last_round;         /* the highest round it has a timed sample of, ok or not; 0: none */
    int64_t planned;            /* rounds in all that were settled on after the first ones; 0: none were */
    int64_t memory_looks;       /* at its memory in its work time; -1: not known */
    int64_t service_peak_bytes; /* of the services that it needs, the most of any sample; -1: not known */
    int64_t service_cpus;       /* how many CPUs these can use at once; -1: not known */
    enum {
        LOCK_UNKNOWN,
        LOCK_OFF,
        LOCK_ON,
        LOCK_SWITCHED_ON
    } lock;                             /* Python's, the most of any sample; the last: in a free-threaded build */
    char *lock_by;                      /* the module whose import switched it on; NULL: not known */
    int64_t sent_bytes, received_bytes; /* by all jobs to other processes and from there; -1: nothing */
    int64_t compile_ns;                 /* of a compiled kernel; -1: there is none */
    struct serving_sample *idle;        /* of a server's verify pass; NULL: there was none */
    bool deadlock;                      /* it failed by one */
    int64_t edges;                      /* results that its jobs asked for; -1: not known */
    struct result_audit audit;          /* no runs: its task has none */
    struct result_hazard *hazards;      /* one of each kind */
    size_t hazard_count;
    struct result_node *nodes; /* one for each host of `placement`; NULL: its workers were on this machine */
    struct sample *samples;    /* sorted by round, one a round */
    size_t count;
};

struct results {
    json_t *plan, *machine;
    struct plan settled; /* the plan as it was read; from here to `groups` is borrowed from it */
    const char *suite, *created;
    const char *common; /* the runtime whose baseline stands for all: py, of several interpreters that of the first */
    int64_t seed;
    struct stopping asked; /* when it was to be enough */
    double margin;
    struct plan_group *groups;
    size_t group_count;
    int64_t rounds; /* those that were asked for; where they were not, the most that a group came to */
    struct result_cell *cells;
    size_t cell_count;
    struct placement placement; /* no hosts: all was on one machine */
    struct events events;
    /* What a resumed run goes on from. */
    int64_t samples;                /* whole lines of samples.jsonl */
    int64_t whole_bytes;            /* and their bytes: behind them stands at most a line cut short */
    int64_t last_round, last_order; /* of the last timed sample; 0 and -1: there is none */
    int64_t spent_ns;               /* what the run had taken at the last sample */
};

/* The files as bytes; events of length 0 is as good as no file. */
struct results_texts {
    struct results_text {
        const char *bytes;
        size_t length;
    } plan, machine, samples, events;
};

/*
 * Reads a run's folder. 0, or a negative errno with err filled in: -ENOENT where the folder or one of the three files
 * is missing, -EPROTO where one says something this version does not understand. A last line without its newline is
 * ignored. On an error *results is empty; results_free is allowed all the same.
 */
int results_load(struct results *results, const char *run_dir, struct error *err);
/* Pure: the same from what the files hold. */
int results_parse(struct results *results, const struct results_texts *texts, struct error *err);
void results_free(struct results *results);
/* How many of a cell's samples were disturbed in one of these ways (bits of enum interference_kind). */
size_t results_disturbed(const struct result_cell *cell, unsigned kinds);

/* Whether the plan says the number of rounds, or a budget or a precision decides. */
bool results_fixed_rounds(const struct results *results);
/* How many rounds a cell that has not failed has to have; -1: its group goes on, nobody knows yet for how long. */
int64_t results_rounds_due(const struct results *results, const struct result_cell *cell);
/* Whether any of its groups compares. */
bool results_compare(const struct results *results);
/* Whether all of its groups are of servers. */
bool results_serve(const struct results *results);
/* What the baseline of its groups that compare is called. */
const char *results_baseline_name(const struct results *results);
/* Whether the run has several interpreters, which `common` is the first of. */
bool results_several(const struct results *results);
/* A runtime's `sync` in a group, the cell the plan calls the baseline; of a program of the user's own that of py, else of
 * another runtime, one that works where there is one. NULL: the plan has none. */
const struct result_cell *results_baseline(const struct results *results, size_t group, const char *runtime);

#endif
