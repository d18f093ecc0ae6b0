/* SPDX-License-Identifier: MIT */
/* A suite file (docs/suites.md): which tasks are run with what. It is checked here for form only; whether its tasks,
 * models and parameters exist is for plan.c to say. */
#ifndef BENCH_PLAN_SUITE_H
#define BENCH_PLAN_SUITE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/util/error.h"
#include "bench/plan/setting.h"
#include "bench/plan/stopping.h"
#include "bench/protocol/catalog.h"
#include "bench/util/text.h"

/* How servers are loaded (docs/serving.md). Zeros, of delay_ms and idle -1: not said. */
struct serving_options {
    struct string_list servers; /* names, or "all"; none: the group is not one of serving */
    struct string_list rates;   /* of the open loops, in per cent of the saturation */
    double duration_s;          /* of one load */
    int64_t delay_ms, idle;     /* waited before each request's work; connections to be held */
    char *behind;               /* each also behind this one; NULL: none is */
    bool wrk;                   /* wrk loads each too */
};

struct suite_group {
    char *name, *task;
    struct string_list jobs;     /* numbers; none: the task's default */
    struct string_list workers;  /* each a number, "cpus" or "jobs"; none: by the task's kind */
    char *scaling;               /* "strong", "weak" or "prices"; NULL: not said */
    double rate;                 /* jobs a second; 0: not said */
    char *arrivals;              /* "fixed" or "poisson"; NULL: not said */
    struct string_list runtimes; /* none: the suite's */
    struct string_list models;   /* none: the suite's */
    char *baseline;              /* a model, or BASELINE_NONE; NULL: the suite's */
    struct serving_options serving;
    struct string_list variants; /* programs of the user's own, each NAME=COMMAND */
    struct string_list knobs;    /* of the hosts, each NAME=V1[,V2...] (knobs.h): keys that are nothing else */
    struct string_list refusals; /* for each what is wrong where no host knows it: "FILE:LINE: unknown key ..." */
    json_t *params;              /* key -> text, as given */
};

struct suite {
    char *name, *about;
    struct stopping stopping;            /* 0: not said */
    double timeout_s, request_timeout_s; /* 0: not said */
    struct string_list runtimes, models; /* none: all */
    char *baseline;                      /* NULL: each host's own */
    char *claims;                        /* a file of bench/claims, without ".json"; NULL: none */
    struct suite_group *groups;
    size_t count;
};

/* Pure: reads a suite from a buffer. `label` ("quick.ini") stands before the line number in errors. suite_free is
 * needed after 0 only. */
int suite_parse(const char *label, const char *text, size_t length, struct suite *out, struct error *err);
/* Reads a file; the suite's name is the file's without ".ini". */
int suite_read(const char *path, struct suite *out, struct error *err);
/* Adds an empty group; groups may move. `task` may be NULL. */
struct suite_group *suite_add_group(struct suite *suite, const char *name, const char *task);
void suite_free(struct suite *suite);

#endif
