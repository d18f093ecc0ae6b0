/* SPDX-License-Identifier: MIT */
/* Who writes the record: nobody while the model runs, as the watchdog may be writing it out then. */
#include "tests/unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/models.h"
#include "host/session.h"

TEST(test_the_run_leaves_the_record_alone)
{
    char slots[] = "/tmp/cobench-test-XXXXXX";
    const int fd = mkstemp(slots);
    assert_true(fd >= 0);
    close(fd);
    char folder[PATH_MAX];
    const char *build = getenv("COBENCH_BUILD");
    snprintf(folder, sizeof folder, "%s/tasks", build ? build : "build");
    const struct args args = {.task = {.name = "null", .folder = folder},
                              .slots = slots,
                              .model_name = "sync",
                              .model = &model_sync,
                              .jobs = 3,
                              .workers = 1,
                              .timeout_ns = NS_PER_S,
                              .request_timeout_ns = NS_PER_S,
                              .gate_read = -1,
                              .gate_write = -1,
                              .end_pause = {.read = -1, .write = -1}};
    struct record before;
    struct session s;
    session_init(&s, &args, clock_now_ns());
    assert_true(session_open(&s));
    memset(&s.record.python, 0xaa, sizeof s.record.python);
    memcpy(&before, &s.record, sizeof before);
    session_run(&s);
    assert_memory_equal(&s.record, &before, sizeof before);
    session_conclude(&s);
    assert_int_equal(s.record.status, RECORD_DONE);
    assert_string_equal(s.record.python.version, ""); /* there is no interpreter here */
    session_close(&s);
    unlink(slots);
}
