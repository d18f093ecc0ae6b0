/* SPDX-License-Identifier: MIT */
/* The task in front of the task: which job it calls it for, and which step. */
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#include "servers/served.h"

static const uint64_t JOB = 3, PLACE = 1;

static int inner_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    (void)err;
    assert_ptr_equal(state, &JOB);
    ask->ask = step < 2 ? COBENCH_ASK_SQL : COBENCH_ASK_NOTHING;
    return 0;
}

static int inner_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    assert_int_equal(how->jobs, 8);
    *state = (void *)(uintptr_t)&JOB;
    return 0;
}

static int inner_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                         struct cobench_error *err)
{
    (void)worker, (void)err;
    assert_ptr_equal(state, &JOB);
    assert_int_equal(job, JOB);
    ask->ask = COBENCH_ASK_SQL;
    ask->key = 100;
    return 0;
}

static int inner_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                      struct cobench_request *ask, struct cobench_error *err)
{
    (void)state, (void)worker, (void)err;
    assert_int_equal(job, JOB);
    assert_non_null(reply);
    if (step == 0) {
        ask->ask = COBENCH_ASK_SQL;
        ask->key = 101;
    }
    return 0;
}

static int inner_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                     struct cobench_error *err)
{
    (void)state, (void)worker, (void)reply, (void)err;
    *result = 10 * job;
    return 0;
}

/* What a job asks for and gets, each key a step, and a delay as its milliseconds; ends with 0. */
static void job_walk(struct served *s, int64_t asked[4])
{
    const struct cobench_reply reply = {.status = 1};
    struct cobench_request ask = {.ask = COBENCH_ASK_NOTHING};
    struct cobench_error err;
    uint64_t result = 0;
    unsigned step = 0;
    int rc = s->task.request ? s->task.request(s, NULL, PLACE, &ask, &err) : 0;
    memset(asked, 0, 4 * sizeof *asked);
    while (rc == 0 && ask.ask != COBENCH_ASK_NOTHING) {
        const bool delay = ask.ask == COBENCH_ASK_DELAY;
        asked[step] = delay ? ask.delay_ns / 1000000 : ask.key;
        ask = (struct cobench_request){.ask = COBENCH_ASK_NOTHING};
        if (s->task.more)
            rc = s->task.more(s, NULL, PLACE, step, delay ? NULL : &reply, &ask, &err);
        step++;
    }
    assert_int_equal(rc, 0);
    assert_int_equal(s->task.run(s, NULL, PLACE, &reply, &result, &err), 0);
    assert_int_equal(result, 10 * JOB);
}

static void served_check(const struct cobench_task *inner, int64_t delay_ms, const int64_t steps[4])
{
    struct served s = {.inner = inner, .jobs = 8, .delay_ns = delay_ms * 1000000};
    const struct cobench_open how = {.task = &s.task, .jobs = 2};
    struct cobench_error err;
    void *state = NULL;
    int64_t asked[4];
    assert_int_equal(served_open(&s, 2), 0);
    s.numbers[PLACE] = JOB;
    assert_int_equal(s.task.open(&how, &state, &err), 0);
    assert_ptr_equal(state, &s);
    job_walk(&s, asked);
    assert_memory_equal(asked, steps, sizeof asked);
    served_close(&s);
}

TEST(test_the_steps_of_a_job)
{
    const struct cobench_task none = {.asks = COBENCH_ASK_NOTHING, .open = inner_open, .run = inner_run},
                              once = {.asks = COBENCH_ASK_SQL,
                                      .open = inner_open,
                                      .request = inner_request,
                                      .run = inner_run},
                              twice = {.asks = COBENCH_ASK_SQL,
                                       .open = inner_open,
                                       .request = inner_request,
                                       .more = inner_more,
                                       .run = inner_run};
    served_check(&none, 0, (const int64_t[4]){0});
    served_check(&none, 5, (const int64_t[4]){5});
    served_check(&once, 0, (const int64_t[4]){100});
    served_check(&once, 5, (const int64_t[4]){5, 100});
    served_check(&twice, 0, (const int64_t[4]){100, 101});
    served_check(&twice, 5, (const int64_t[4]){5, 100, 101});
}

TEST(test_what_it_declares)
{
    const struct cobench_task none = {.asks = COBENCH_ASK_NOTHING, .run = inner_run}, asks = {.asks = COBENCH_ASK_SQL,
                                                                                              .open = inner_open,
                                                                                              .prepare = inner_prepare,
                                                                                              .request = inner_request,
                                                                                              .run = inner_run};
    struct served s = {.inner = &none, .jobs = 8};
    struct cobench_error err;
    assert_int_equal(served_open(&s, 1), 0);
    assert_null(s.task.request); /* a job that asks for nothing is not asked */
    assert_null(s.task.prepare);
    assert_int_equal(s.task.asks, COBENCH_ASK_NOTHING);
    served_close(&s);
    s.delay_ns = 1;
    assert_int_equal(served_open(&s, 1), 0);
    assert_int_equal(s.task.asks, COBENCH_ASK_DELAY);
    served_close(&s);
    s = (struct served){.inner = &asks, .jobs = 8, .state = (void *)(uintptr_t)&JOB};
    assert_int_equal(served_open(&s, 1), 0);
    assert_int_equal(s.task.asks, COBENCH_ASK_SQL);
    struct cobench_request ask = {.ask = COBENCH_ASK_NOTHING};
    for (unsigned step = 0; step < 3; step++) {
        assert_int_equal(s.task.prepare(&s, step, &ask, &err), 0);
        assert_int_equal(ask.ask, step < 2 ? COBENCH_ASK_SQL : COBENCH_ASK_NOTHING);
    }
    served_close(&s);
}
