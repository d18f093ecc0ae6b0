/* SPDX-License-Identifier: MIT */
/* The command line of a host, checked but for what only the task knows. docs/interfaces.md is its reference. */
#ifndef HOST_ARGS_H
#define HOST_ARGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/arrivals.h"
#include "common/placement.h"
#include "host/end_pause.h"
#include "host/knobs.h"
#include "host/params.h"
#include "host/run.h"
#include "host/tasks.h"

#define ARGS_WORKERS_MAX 100000u

/* All texts are argv's. */
struct args {
    struct tasks_choice task;
    const char **command; /* the words of task.command, with a NULL behind them */
    size_t command_count;
    const char *slots, *record;
    const char *model_name;      /* as given, also where it is unknown */
    const struct model *model;   /* NULL: not given */
    const struct server *server; /* of `serve`, instead of a model's name */
    const char *listen;          /* "unix:PATH"; NULL: a port */
    int64_t delay_ns;
    uint64_t jobs;    /* 0: the task's default */
    unsigned workers; /* 0: by the task's kind */
    struct setting *settings;
    size_t setting_count;
    const char *queue;        /* of `worker`: whose jobs it runs; NULL: none */
    int32_t worker;           /* and its number there */
    struct setting *services; /* of --service: a name and a URL each */
    size_t service_count;
    struct placement *placement; /* of --hosts; NULL: all workers are on this machine */
    const char **launcher;       /* its words, with a NULL behind them */
    size_t launcher_count;
    struct knobs knobs;
    int64_t timeout_ns, request_timeout_ns;
    struct arrivals arrivals;   /* rate 0: a closed loop */
    int gate_read, gate_write;  /* -1: none */
    struct end_pause end_pause; /* -1: none */
    bool json;                  /* of `list` */
    bool help;                  /* asked for: nothing else was looked at */
};

/* Parse the words behind `run`, `worker`, `serve` or `list` (argv[0] is that word; `rank`: those of another process's `run`, whose
 * descriptors are not looked at). 0, or a negative errno with one line in err: then what
 * was understood so far is there for the record. To be closed either way. */
int args_open_run(struct args *args, int argc, char **argv, struct cobench_error *err);
int args_open_worker(struct args *args, int argc, char **argv, struct cobench_error *err);
int args_open_serve(struct args *args, int argc, char **argv, struct cobench_error *err);
int args_open_list(struct args *args, int argc, char **argv, struct cobench_error *err);
void args_close(struct args *args);

/* The words behind `run`, as this process was given them: *count of them and a NULL, which point into *text; both to be freed, on
 * failure too. 0 or a negative errno. */
int args_own_words(char **text, char ***words, size_t *count, struct cobench_error *err);

/* The file that --record names: as it was understood, else wherever it stands among options that are wrong. NULL: none. */
const char *args_find_record(const struct args *args, int argc, char **argv);

/* Prints the options of `run`, `worker`, `serve` or `list`. */
void args_help(FILE *out, const char *command, const char *program);

#endif
