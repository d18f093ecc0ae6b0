/* SPDX-License-Identifier: MIT */
/*
 * Trials on this machine, through the driver as a user runs it: `cobench run` of a short task's `sync` and its A/A
 * control, which are the same command, in interleaved rounds; the interval is the one of the run's summary. In half of the
 * trials processes of our own burn the CPUs in bursts. The same samples are then analysed as if all of one command had
 * been timed before all of the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/analysis/ratio.h"
#include "bench/store/results.h"
#include "bench/analysis/summary.h"
#include "bench/util/text.h"
#include "common/slots.h"
#include "tests/validate/simulate.h"
#include "tests/validate/validate.h"

extern char **environ;

/* Few enough trials for four minutes, many enough that chance alone is short (under 93% where the truth is 95.8%, which is
 * what 12 rounds attain) in 1 of 250 runs of this. */
enum { TRIALS = 400, TRIAL_ROUNDS = 12, BURNERS_MOST = 4 };

/* -- the load ------------------------------------------------------------------------------------------------------------------- */

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* 30 to 300 ms, from a counter: a burst and a rest may be shorter or longer than a trial. */
static double burst_s(uint64_t *state)
{
    return 0.03 + 0.27 * (double)(splitmix64((*state)++) >> 11) / 9007199254740992.0;
}

/* Burns and rests until it is killed, or its parent is gone. */
static void burn(uint64_t seed, pid_t parent)
{
    while (getppid() == parent) {
        for (const double end = now_s() + burst_s(&seed); now_s() < end;)
            ;
        const struct timespec rest = {.tv_nsec = (long)(1e9 * burst_s(&seed))};
        nanosleep(&rest, NULL);
    }
    _exit(0);
}

struct load {
    pid_t pids[BURNERS_MOST];
    size_t count;
};

static int load_start(struct load *load)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const pid_t parent = getpid();
    for (long i = 0; i < cpus && load->count < BURNERS_MOST; i++) {
        const pid_t pid = fork();
        if (pid < 0)
            return -errno;
        if (pid == 0)
            burn(1000 * (uint64_t)i, parent);
        load->pids[load->count++] = pid;
    }
    return 0;
}

static void load_stop(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        kill(load->pids[i], SIGKILL);
        while (waitpid(load->pids[i], NULL, 0) < 0 && errno == EINTR)
            ;
    }
    load->count = 0;
}

/* -- one trial ------------------------------------------------------------------------------------------------------------------- */

static int run_cobench(const struct validation *v, const char *results, uint64_t seed)
{
    char number[32], rounds[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)seed);
    snprintf(rounds, sizeof rounds, "%d", TRIAL_ROUNDS);
    const char *const argv[] = {v->cobench, "run",     "--task",    "count",     "--set",   "size=100000", "--runtime",
                                "c",        "--model", "sync",      "--workers", "1",       "--rounds",    rounds,
                                "--seed",   number,    "--results", results,     "--quiet", "--no-plots",  NULL};
    pid_t pid = -1;
    const int rc = posix_spawn(&pid, v->cobench, NULL, NULL, (char *const *)argv, environ);
    if (rc != 0)
        return -rc;
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static bool holds_one(const struct ratio *ratio) { return ratio->low <= 1 && 1 <= ratio->high; }

struct taken {
    int32_t round, order;
    double whole;
};

static int compare_taken(const void *a, const void *b)
{
    const struct taken *x = a, *y = b;
    return x->round != y->round ? (x->round > y->round) - (x->round < y->round)
                                : (x->order > y->order) - (x->order < y->order);
}

/* The samples of both commands as they were taken, the first half called the one command and the second the other. */
static struct ratio block_ratio(const struct result_cell *a, const struct result_cell *b)
{
    struct taken taken[2 * TRIAL_ROUNDS];
    const struct result_cell *const cells[] = {a, b};
    struct pairs pairs;
    size_t n = 0;
    must(a->count == TRIAL_ROUNDS && b->count == TRIAL_ROUNDS ? 0 : -EPROTO);
    for (size_t c = 0; c < 2; c++)
        for (size_t i = 0; i < TRIAL_ROUNDS; i++)
            taken[n++] = (struct taken){cells[c]->samples[i].round, cells[c]->samples[i].order,
                                        column_value(&cells[c]->samples[i], COLUMN(whole_ns))};
    qsort(taken, n, sizeof *taken, compare_taken);
    pairs_open(&pairs, TRIAL_ROUNDS);
    pairs.n = TRIAL_ROUNDS;
    for (size_t i = 0; i < TRIAL_ROUNDS; i++) {
        pairs.base[i] = taken[i].whole;
        pairs.variant[i] = taken[TRIAL_ROUNDS + i].whole;
    }
    const struct ratio block = ratio_of(&pairs);
    pairs_close(&pairs);
    return block;
}

/* What came of the trials of one half. */
struct tally {
    size_t trials, paired, block;
    double half_width; /* the sum over the trials, of the log ratio */
};

static int folder_read(const char *folder, struct tally *tally)
{
    struct results results;
    struct summary summary = {0};
    struct error err = {.text = ""};
    int rc = results_load(&results, folder, &err);
    if (rc == 0)
        summary_make(&summary, &results);
    if (rc == 0 && (summary.control_count != 1 || summary.controls[0].ratio.state != RATIO_FULL))
        rc = error_set(&err, -EPROTO, "%s: the control has no interval", folder);
    if (rc == 0) {
        const struct summary_check *control = &summary.controls[0];
        const struct ratio block = block_ratio(results_baseline(&results, control->cell->group, "c"), control->cell);
        tally->trials++;
        tally->paired += holds_one(&control->ratio);
        tally->block += holds_one(&block);
        tally->half_width += log(control->ratio.high / control->ratio.low) / 2;
    } else {
        fprintf(stderr, "statistics: %s\n", err.text);
    }
    summary_free(&summary);
    results_free(&results);
    return rc;
}

/* Runs one trial in the folder `results` and leaves it as empty as it was. */
static int trial(const struct validation *v, const char *results, uint64_t seed, struct tally *tally)
{
    char target[512] = "";
    char *latest = text_format("%s/latest", results);
    int rc = run_cobench(v, results, seed);
    if (rc == 0 && readlink(latest, target, sizeof target - 1) > 0) {
        char *folder = text_format("%s/%s", results, target);
        rc = folder_read(folder, tally);
        dir_remove_flat(folder);
        free(folder);
    } else {
        fprintf(stderr, "statistics: a trial failed: %s run (seed %llu)\n", v->cobench, (unsigned long long)seed);
        rc = -EIO;
    }
    unlink(latest);
    free(latest);
    return rc;
}

/* -- the section ----------------------------------------------------------------------------------------------------------------- */

static void half_print(struct validation *v, const char *name, const struct tally *tally, double least)
{
    figure_print(v, (struct figure){tally->paired, tally->trials, least, 1},
                 "%s: the interval holds 1 (mean half-width %.1f%%)", name,
                 100 * expm1(tally->half_width / (double)tally->trials));
    figure_print(v, (struct figure){tally->block, tally->trials, 0, 1}, "%s: the same samples in block order", name);
}

void section_trials(struct validation *v)
{
    struct tally calm = {0}, disturbed = {0};
    struct load load = {.count = 0};
    char *results = NULL;
    const double began = now_s();
    int rc = dir_make_scratch(&results);
    for (size_t i = 0; i < TRIALS && rc == 0; i++) {
        if (i == TRIALS / 2)
            rc = load_start(&load);
        if (rc == 0)
            rc = trial(v, results, v->seed + i, i < TRIALS / 2 ? &calm : &disturbed);
    }
    load_stop(&load);
    if (results != NULL)
        dir_remove_flat(results);
    free(results);
    must(rc);
    half_print(v, "no load of ours", &calm, 0);
    half_print(v, "a load in bursts", &disturbed, 0);
    const struct tally all = {calm.trials + disturbed.trials, calm.paired + disturbed.paired,
                              calm.block + disturbed.block, calm.half_width + disturbed.half_width};
    half_print(v, "all trials", &all, 0.93);
    printf("       %d trials of %d rounds in %.0f s\n", TRIALS, TRIAL_ROUNDS, now_s() - began);
}
