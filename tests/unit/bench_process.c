/* SPDX-License-Identifier: MIT */
/* Waiting for descriptors, processes left over where /proc cannot be read, and who used the CPUs. */
#define _GNU_SOURCE /* prlimit */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "bench/process/proctree.h"
#include "bench/process/signals.h"
#include "bench/process/supervisor.h"
#include "common/clock.h"
#include "tests/unit/unit.h"

/* More descriptors than an fd_set has bits: a driver may be started with thousands of them open. */
TEST(test_waiting_for_a_high_descriptor)
{
    struct rlimit limit;
    int fds[2];
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max <= 2 * FD_SETSIZE)
        skip();
    const struct rlimit high = {.rlim_cur = 2 * FD_SETSIZE + 1, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &high), 0);
    assert_int_equal(pipe(fds), 0);
    const int fd = fcntl(fds[0], F_DUPFD, 2 * FD_SETSIZE);
    assert_int_equal(fd, 2 * FD_SETSIZE);
    assert_int_equal(signals_wait(fd, 0), -EAGAIN);
    assert_int_equal(signals_wait(fd, NS_PER_MS), -EAGAIN);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(signals_wait(fd, -1), 0);
    close(fd);
    close(fds[0]);
    close(fds[1]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The one child of `parent`; 0: none yet. */
static pid_t child_of(pid_t parent)
{
    struct proctree tree = {.entries = NULL};
    pid_t child = 0;
    assert_int_equal(proctree_read(&tree), 0);
    for (size_t i = 0; i < tree.count; i++)
        if (tree.entries[i].parent == parent)
            child = tree.entries[i].pid;
    proctree_free(&tree);
    return child;
}

/* The supervisor may open nothing more, /proc included, when the command ends and leaves a process. */
TEST(test_what_nobody_can_see_is_not_nothing)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, (char[]){"sleep 300 & read line"}, NULL};
    struct supervisor *g = NULL;
    struct supervisor_end end;
    struct error err = {.text = ""};
    struct rlimit limit, none;
    pid_t shell, left;
    int fds[2];
    assert_int_equal(supervisor_open(&g, &err), 0);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0); /* after it: it must not keep the end that is closed below */
    const pid_t supervisor = child_of(getpid());
    const struct supervisor_command c = {.argv = argv, .in = fds[0], .out = -1, .err = -1};
    assert_int_equal(supervisor_start(g, &c, &shell, &err), 0);
    while ((left = child_of(shell)) == 0)
        ;
    assert_int_equal(prlimit(supervisor, RLIMIT_NOFILE, NULL, &limit), 0);
    /* Its descriptors 0 to 2 are open; poll takes no more entries than the limit. */
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = limit.rlim_max};
    assert_int_equal(prlimit(supervisor, RLIMIT_NOFILE, &none, NULL), 0);
    close(fds[1]);
    assert_int_equal(supervisor_wait(g, -1, &end, &err), 0);
    assert_int_equal(end.leftover, -1);
    assert_int_equal(kill(left, 0), 0); /* it is there */
    assert_int_equal(prlimit(supervisor, RLIMIT_NOFILE, &limit, NULL), 0);
    close(fds[0]);
    supervisor_close(g);
    assert_int_equal(kill(left, 0), -1); /* that one can see it */
}

TEST(test_who_used_the_cpus)
{
    struct proctree_entry was[] = {{.pid = 10, .ticks = 5}, {.pid = 11, .ticks = 7}, {.pid = 12, .ticks = 90}};
    struct proctree_entry is[] = {{.pid = 10, .ticks = 6},
                                  {.pid = 11, .ticks = 7}, /* idle */
                                  {.pid = 12, .ticks = 2}, /* another by that number */
                                  {.pid = 13, .ticks = 40},
                                  {.pid = 14, .ticks = -1}};
    const struct proctree before = {.entries = was, .count = 3};
    struct proctree after = {.entries = is, .count = 5}, nobody = {.entries = NULL};
    proctree_busiest(&before, &after);
    assert_int_equal(after.count, 3);
    assert_true(is[0].pid == 13 && is[0].ticks == 40 && is[1].pid == 12 && is[1].ticks == 2);
    assert_true(is[2].pid == 10 && is[2].ticks == 1);
    proctree_busiest(&after, &nobody);
    assert_int_equal(nobody.count, 0);
    struct proctree_entry e;
    assert_int_equal(proctree_parse_stat("12 (a\nb) S 7 1 1 0 -1 4 1 0 0 0 30 12 0 0 20 0 1", &e), 0);
    assert_int_equal(e.ticks, 42);
    assert_string_equal(e.name, "a?b");
    assert_int_equal(proctree_parse_stat("12 (ab) S 7 1 1", &e), 0);
    assert_int_equal(e.ticks, -1);
}
