/* SPDX-License-Identifier: MIT */
/* The command line of the C host (c_impl/host/args.c, c_impl/host/params.c); a line of the input is a word, the first
 * being `run` or `list`. What is accepted is in range and names what a run needs; its parameters, against a table with
 * a row of each type, are whole and in range; and the record's file is the one that is also found where the rest of
 * the words are wrong. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "host/args.h"
#include "host/models.h"
#include "host/contract.h"
#include "host/params.h"
#include "host_task.h"
#include "support.h"

static void check_params(const struct args *args)
{
    struct params params;
    struct cobench_error err = {.line = 0};
    const int rc = params_open(&params, &task, args->settings, args->setting_count, &err);
    if (rc != 0) {
        fuzz_check_refusal(rc, err.message);
        return;
    }
    FUZZ_MUST(params.count == sizeof task_params / sizeof *task_params - 1);
    for (size_t i = 0; i < params.count; i++)
        FUZZ_MUST(params.values[i].text != NULL);
    FUZZ_MUST(params.values[0].number >= -3 && params.values[0].number <= 100);
    FUZZ_MUST(params.values[1].number >= 0 && params.values[1].number <= 2);
    params_close(&params);
}

static void check_run(const struct args *args)
{
    FUZZ_MUST((args->task.name != NULL) != (args->task.command != NULL));
    FUZZ_MUST(args->model != NULL && args->slots != NULL && args->record != NULL);
    FUZZ_MUST(strcmp(args->model->name, args->model_name) == 0);
    FUZZ_MUST(args->jobs <= PARAMS_JOBS_MAX && args->workers <= ARGS_WORKERS_MAX);
    FUZZ_MUST(args->timeout_ns >= NS_PER_MS && args->timeout_ns <= 86400 * NS_PER_S);
    FUZZ_MUST(args->request_timeout_ns >= NS_PER_MS && args->request_timeout_ns <= 86400 * NS_PER_S);
    FUZZ_MUST(args->gate_read >= -1 && args->gate_write >= -1 && (args->gate_read < 0) == (args->gate_write < 0));
    FUZZ_MUST(args->arrivals.rate == 0 ||
              (args->arrivals.rate >= ARRIVALS_RATE_MIN && args->arrivals.rate <= ARRIVALS_RATE_MAX));
    FUZZ_MUST(args->arrivals.seed <= ARRIVALS_SEED_MAX);
    check_params(args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_argv line;
    struct cobench_error err = {.line = 0};
    struct args args;
    fuzz_argv_split(&line, "cobench-host", data, size);
    if (line.argc < 2) {
        fuzz_argv_free(&line);
        return 0;
    }
    const bool run = strcmp(line.argv[1], "run") == 0;
    const int rc = run ? args_open_run(&args, line.argc - 1, line.argv + 1, &err)
                       : args_open_list(&args, line.argc - 1, line.argv + 1, &err);
    const char *record = args_find_record(&args, line.argc - 1, line.argv + 1);
    if (rc != 0)
        fuzz_check_refusal(rc, err.message);
    else if (run && !args.help) {
        FUZZ_MUST(record == args.record);
        check_run(&args);
    }
    args_close(&args);
    fuzz_argv_free(&line);
    return 0;
}
