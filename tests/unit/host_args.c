/* SPDX-License-Identifier: MIT */
/* The command line: what is understood, and that argp neither prints nor exits. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "host/args.h"
#include "host/models.h"

#define WORDS_MAX 16

static int words_count(char *const words[])
{
    int count = 0;
    while (words[count])
        count++;
    return count;
}

TEST(test_all_options)
{
    char *words[] = {"run",
                     "--task",
                     "count",
                     "--model=sync",
                     "--jobs",
                     "7",
                     "--workers=3",
                     "--set",
                     "size=1",
                     "--url",
                     "u",
                     "--slots",
                     "s",
                     "--record",
                     "r",
                     "--start-method",
                     "spawn",
                     "--timeout",
                     "1.5",
                     "--request-timeout=2",
                     "--gate",
                     "0,1",
                     "--tasks",
                     "d",
                     "--rate=2.5",
                     "--arrivals",
                     "poisson",
                     "--arrivals-seed",
                     "9",
                     "--service",
                     "redis=redis://h:1",
                     NULL};
    struct cobench_error err;
    struct args args;
    assert_int_equal(args_open_run(&args, words_count(words), words, &err), 0);
    assert_string_equal(args.task.name, "count");
    assert_ptr_equal(args.model, &model_sync);
    assert_int_equal(args.jobs, 7);
    assert_int_equal(args.workers, 3);
    assert_int_equal(args.setting_count, 2);
    assert_memory_equal(args.settings[0].key, "size", args.settings[0].key_length);
    assert_string_equal(args.settings[1].value, "u");
    assert_int_equal(args.knobs.start_method, START_SPAWN);
    assert_int_equal(args.timeout_ns, 3 * NS_PER_S / 2);
    assert_int_equal(args.request_timeout_ns, 2 * NS_PER_S);
    assert_int_equal(args.gate_read, 0);
    assert_int_equal(args.gate_write, 1);
    assert_string_equal(args.task.folder, "d");
    assert_true(args.arrivals.rate == 2.5);
    assert_int_equal(args.arrivals.kind, ARRIVALS_POISSON);
    assert_int_equal(args.arrivals.seed, 9);
    const struct run run = {.services = args.services, .service_count = args.service_count};
    assert_string_equal(run_service(&run, "redis"), "redis://h:1");
    assert_null(run_service(&run, "redi"));
    args_close(&args);
}

TEST(test_refused)
{
    static const struct {
        char *words[WORDS_MAX];
        const char *message; /* how it begins */
    } rows[] = {
        {{"run"}, "--task is needed"},
        {{"run", "--task", "t"}, "--model is needed"},
        {{"run", "--task", "t", "--model", "sync"}, "--slots is needed"},
        {{"run", "--task", "t", "--model", "sync", "--slots", "s"}, "--record is needed"},
        {{"run", "--model", "sink"}, "model 'sink' is unknown (known: sync, threads, thread-pool, processes, "},
        {{"run", "--task", "t", "--bogus"}, "option '--bogus' is unknown (known: --task, "},
        {{"run", "-x"}, "option '-x' is unknown"},
        {{"run", "--task"}, "--task needs a value"},
        {{"run", "word"}, "'word' is not understood"},
        {{"run", "--", "word"}, "'word' is not understood"},
        {{"run", "--jobs", "0"}, "--jobs=0: must be 1..100000000"},
        {{"run", "--jobs", "1k"}, "--jobs: '1k' is not a whole number"},
        {{"run", "--workers", "100001"}, "--workers=100001: must be 1..100000"},
        {{"run", "--timeout", "0"}, "--timeout=0: must be 0.001..86400"},
        {{"run", "--timeout", "1,5"}, "--timeout: '1,5' is not a number of seconds"},
        {{"run", "--set", "size"}, "--set size: must be key=value"},
        {{"run", "--service", "redis"}, "--service: must be NAME=URL"},
        {{"run", "--set", "=1"}, "--set =1: must be key=value"},
        {{"run", "--start-method", "x"}, "--start-method 'x': must be one of fork, spawn, forkserver"},
        {{"run", "--rate", "0"}, "--rate=0: must be 0.001..1000000"},
        {{"run", "--rate", "fast"}, "--rate: 'fast' is not a number of jobs a second"},
        {{"run", "--rate", "5", "--arrivals", "uniform"}, "--arrivals=uniform: must be one of fixed, poisson"},
        {{"run", "--rate", "5", "--arrivals-seed", "-1"}, "--arrivals-seed=-1: must be 0..9007199254740991"},
        {{"run", "--arrivals", "fixed"}, "--arrivals and --arrivals-seed need --rate"},
        {{"run", "--gate", "1"}, "--gate: '1' is not two descriptors, R,W"},
        {{"run", "--gate", "1,999999"}, "--gate: 999999 is no open descriptor"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char *words[WORDS_MAX];
        struct cobench_error err;
        struct args args;
        memcpy(words, rows[i].words, sizeof words); /* getopt may reorder them */
        assert_int_equal(args_open_run(&args, words_count(words), words, &err), -EINVAL);
        if (strncmp(err.message, rows[i].message, strlen(rows[i].message)) != 0)
            fail_msg("row %zu: %s", i, err.message);
        args_close(&args);
    }
}

/* Each knob's own default is a value of it, reads as it was typed, and is what there is without the option. */
TEST(test_knobs)
{
    const struct knobs usual = knobs_default();
    const struct knob *row;
    struct cobench_error err;
    char text[KNOB_TEXT_SIZE];
    for (size_t i = 0; (row = knobs_row(i)) != NULL; i++) {
        struct knobs knobs = usual;
        assert_string_equal(knobs_text(&usual, row, text), row->fallback);
        assert_int_equal(knobs_take(&knobs, row, row->fallback, &err), 0);
        assert_string_equal(knobs_text(&knobs, row, text), row->fallback);
        assert_int_equal(knobs_take(&knobs, row, "", &err), -EINVAL);
        assert_string_not_equal(row->name, "switch-interval"); /* which is embed's */
    }
    assert_true(usual.start_method == START_FORK && !usual.cold && usual.stack_size == 0);
    char *words[] = {"run",      "--task", "t",         "--model",      "sync",  "--slots", "s",
                     "--record", "r",      "--cold=on", "--stack-size", "65536", NULL};
    struct args args;
    assert_int_equal(args_open_run(&args, words_count(words), words, &err), 0);
    assert_true(args.knobs.cold && args.knobs.stack_size == 65536 && args.knobs.start_method == START_FORK);
    args_close(&args);
}

TEST(test_record_is_found_among_errors)
{
    const struct args nothing = {.record = NULL};
    char *words[] = {"run", "--bogus", "--record", "r", NULL}, *joined[] = {"run", "--record=x", "--jobs", NULL};
    char *none[] = {"run", "--record", NULL};
    assert_string_equal(args_find_record(&nothing, 4, words), "r");
    assert_string_equal(args_find_record(&nothing, 3, joined), "x");
    assert_null(args_find_record(&nothing, 2, none));
}

/* getopt takes "--rec" for --record, and "--record" for the value of the option before it. */
TEST(test_record_is_the_one_understood)
{
    char *shortened[] = {"run", "--task=t", "--model=sync", "--slots=s", "--rec=x", NULL};
    char *value[] = {"run", "--task", "--record", "--model=sync", "--slots=s", "--record=x", NULL};
    char **const lines[] = {shortened, value};
    for (size_t i = 0; i < 2; i++) {
        struct cobench_error err;
        struct args args;
        assert_int_equal(args_open_run(&args, words_count(lines[i]), lines[i], &err), 0);
        assert_string_equal(args_find_record(&args, words_count(lines[i]), lines[i]), "x");
        args_close(&args);
    }
}
