/* SPDX-License-Identifier: MIT */
/*
 * Knobs: what this host can vary that is no model. One table makes the options of `run`, the list that the driver goes by, and
 * what the record says was used. A new one is a member of struct knobs and a row in knobs.c.
 */
#ifndef HOST_KNOBS_H
#define HOST_KNOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cobench/task.h"

/* How a job gets to its worker, in the order of its row's choices. */
enum dispenser_choice {
    DISPENSER_COUNTER,
    DISPENSER_QUEUE,
    DISPENSER_PIPE,
    DISPENSER_REDIS,
    DISPENSER_REDIS_AOF,
    DISPENSER_ZMQ
};

/* What asks, in the order of its row's choices; THREADS on a loop only. */
enum client_choice { CLIENT_DEFAULT, CLIENT_HTTP, CLIENT_PIPELINE, CLIENT_THREADS };

enum start_method { START_FORK, START_SPAWN, START_FORKSERVER }; /* in the order of its row's choices */

/* Their values. One of zeros is as good as knobs_default to whoever starts no interpreter. */
struct knobs {
    unsigned start_method;    /* enum start_method */
    bool cold;                /* the gate opens before a pool is made */
    bool pin;                 /* each thread of a pool keeps to one CPU */
    unsigned dispenser;       /* enum dispenser_choice */
    unsigned client;          /* enum client_choice */
    unsigned join;            /* enum join_way */
    int64_t connections;      /* that all workers together have; 0: each has one */
    int64_t chunk;            /* jobs in a message of the dispenser, at most */
    int64_t stack_size;       /* of a thread, in bytes; 0: the system's */
    double switch_interval_s; /* of the interpreter */
};

enum knob_kind { KNOB_CHOICE, KNOB_SWITCH, KNOB_INT, KNOB_REAL }; /* unsigned, bool, int64_t, double */

struct knob {
    const char *name; /* of the option, without "--" */
    enum knob_kind kind;
    size_t at;           /* in struct knobs */
    const char *choices; /* "a|b", of a switch "off|on"; NULL: a number */
    double min, max;
    const char *fallback; /* the default, as typed; of a number it may be less than min */
    const char *models;   /* those that it changes, "a|b" */
    const char *asks;     /* those of the tasks for which it does, as in the list, "a|b"; NULL: any */
    const char
        *choice_asks; /* of each choice the ask that it is for, "a|b", empty: of all; NULL: no choice is for one */
    const char
        *services; /* those of its choices that need the service of the same name (run_service), "a|b"; NULL: none */
    const char *runtime; /* the only one that has it; NULL: all do */
    const char *about;
};

/* The rows of this runtime: `i` from 0; NULL behind the last. */
const struct knob *knobs_row(size_t i);
struct knobs knobs_default(void);
/* Sets what a row is for. 0, or -EINVAL with one line in err. */
int knobs_take(struct knobs *knobs, const struct knob *row, const char *text, struct cobench_error *err);
/* The value as it would be typed. Returns `out`. */
enum { KNOB_TEXT_SIZE = 32 };
const char *knobs_text(const struct knobs *knobs, const struct knob *row, char out[KNOB_TEXT_SIZE]);
/* The row of that name; NULL: there is none. */
const struct knob *knobs_find(const char *name);
/* Whether a knob changes a model. */
bool knob_touches(const struct knob *row, const char *model);

#endif
