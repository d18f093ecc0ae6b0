/* SPDX-License-Identifier: MIT */
/* Reading a command's memory while it runs and while it pauses. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/process/supervisor.h"
#include "bench/protocol/end_pause.h"
#include "bench/process/proctree.h"
#include "common/clock.h"
#include "tests/unit/unit.h"

TEST(test_samples_are_counted_where_they_lie)
{
    struct memory_span samples[] = {{5, 9}, {10, 12}, {15, 20}, {19, 21}, {30, 31}};
    const struct memory memory = {.samples = samples, .count = 5};
    static const struct {
        int64_t from, to;
        size_t count;
    } cases[] = {{10, 20, 2}, {11, 20, 1}, {10, 19, 1}, {0, 100, 5}, {22, 29, 0}, {20, 10, 0}, {30, 31, 1}};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(memory_samples_within(&memory, cases[i].from, cases[i].to), cases[i].count);
}

TEST(test_a_sample_sees_this_process)
{
    struct memory memory = {.peak = -1};
    const int64_t before = clock_now_ns();
    const int64_t bytes = memory_sample(&memory, getpid());
    assert_true(bytes > 0);
    assert_int_equal(memory.peak, bytes);
    assert_int_equal(memory.count, 1);
    assert_int_equal(memory_samples_within(&memory, before, clock_now_ns()), 1);
    assert_int_equal(memory_sample(&memory, INT32_MAX), -1); /* nobody */
    assert_int_equal(memory.count, 1);
    assert_int_equal(memory.peak, bytes);
    for (int i = 0; i < 300; i++)
        assert_true(memory_sample(&memory, getpid()) > 0);
    assert_int_equal(memory.count, 301);
    memory_free(&memory);
}

/* Waits for the shell that pauses as a host would; ends with its own status. */
TEST(test_a_command_pauses_until_it_is_let_go)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"printf h >&4; read line <&3; exit 5"}, NULL};
    struct supervisor *g = NULL;
    struct supervisor_end end;
    struct end_pause pause;
    struct error err = {.text = ""};
    pid_t pid;
    assert_int_equal(supervisor_open(&g, &err), 0);
    assert_int_equal(end_pause_open(&pause, &err), 0);
    const struct supervisor_command c = {
        .argv = argv, .in = -1, .out = -1, .err = -1, .talks = true, .talk = {pause.host, pause.host}};
    assert_int_equal(supervisor_start(g, &c, &pid, &err), 0);
    end_pause_handed_over(&pause);
    const int64_t until = clock_now_ns() + 60 * NS_PER_S;
    bool heard = false;
    while (!heard && clock_now_ns() < until) {
        heard = end_pause_reached(&pause);
        assert_int_equal(supervisor_wait(g, NS_PER_MS, &end, &err), -EAGAIN);
    }
    assert_true(heard);
    assert_false(end_pause_reached(&pause));
    end_pause_release(&pause);
    assert_int_equal(supervisor_wait(g, -1, &end, &err), 0);
    assert_true(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 5);
    end_pause_close(&pause);
    supervisor_close(g);
}

TEST(test_others_have_nothing_to_talk_with)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"test -e /proc/self/fd/4 && exit 1; exit 0"}, NULL};
    const struct supervisor_command c = {.argv = argv, .in = -1, .out = -1, .err = -1};
    struct supervisor *g = NULL;
    struct supervisor_end end;
    struct error err = {.text = ""};
    assert_int_equal(supervisor_open(&g, &err), 0);
    assert_int_equal(supervisor_run(g, &c, &end, &err), 0);
    assert_int_equal(WEXITSTATUS(end.status), 0);
    supervisor_close(g);
}

TEST(test_without_an_end_pause_nothing_is_heard)
{
    struct end_pause none = {-1, -1};
    assert_false(end_pause_reached(&none));
    end_pause_release(&none);
    end_pause_close(&none);
}
