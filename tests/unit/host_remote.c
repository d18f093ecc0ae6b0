/* SPDX-License-Identifier: MIT */
/* Workers on other hosts, by a launcher that stays here. It starts the agent of the build's cobench-host, as there is none beside this
 * program. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/remote.h"

static struct placement placed;
static const char *const launcher[] = {"sh", "-c", "shift; exec \"${COBENCH_BUILD:-build}\"/cobench-host \"$@\"",
                                       "{host}", NULL};

static int start(const char *const *by, const char *script, unsigned workers, struct remote *out,
                 struct cobench_error *err)
{
    const char *const words[] = {"sh", "-c", script, NULL};
    const struct remote_plan plan = {
        .placement = &placed, .launcher = by, .workers = workers, .directory = "/", .words = words};
    return remote_start(&plan, clock_now_ns() + 10 * NS_PER_S, out, err);
}

TEST(test_each_host_has_its_workers)
{
    struct cobench_error err;
    struct remote there;
    struct remote_ended ended = {.worker = 99};
    assert_null(placement_parse("a:1,b:2,c:4", &placed));
    assert_int_equal(start(launcher, "test {worker} = 1 && exit 7; sleep 60", 3, &there, &err), 0);
    assert_int_equal(there.count, 2); /* c has none */
    assert_int_equal(there.hosts[1].first, 1);
    assert_int_equal(remote_offset_ns(&there, 2), 0);
    for (int64_t until_ns = clock_now_ns() + 10 * NS_PER_S; remote_next_ended(&there, &ended) == 0;)
        assert_true(clock_now_ns() < until_ns);
    assert_int_equal(ended.worker, 1);
    assert_int_equal(ended.status, 7);
    assert_string_equal(ended.host, "b");
    const int64_t begun_ns = clock_now_ns();
    remote_end(&there, 10 * NS_PER_S);
    assert_true(clock_now_ns() - begun_ns < 9 * NS_PER_S); /* they ended by themselves */
}

/* As Open MPI calls it: the line is a shell's, the launcher's own words are none. */
TEST(test_a_script_for_a_line)
{
    static const char *const by[] = {"env", "AS=it's {host}, $HOME", NULL};
    char path[] = "/tmp/cobench-remote-XXXXXX", line[128], said[64] = "";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(remote_script(by, path), 0);
    snprintf(line, sizeof line, "%s b 'x=1; echo' '$AS $x'", path);
    FILE *out = popen(line, "r");
    assert_non_null(fgets(said, sizeof said, out));
    pclose(out);
    unlink(path);
    assert_string_equal(said, "it's b, $HOME 1\n");
}

TEST(test_a_host_that_does_not_answer_is_named)
{
    static const struct {
        const char *launcher[4], *said;
    } rows[] = {{{"false", "{host}"}, "host a: the launcher has ended"},
                {{"./no-such-launcher", "{host}"}, "host a: the launcher has ended"},
                {{"sh", "-c", "echo hello; cat"}, "host a: the agent says 'hello'"}};
    assert_null(placement_parse("a", &placed));
    signal(SIGPIPE, SIG_IGN); /* as the host does */
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cobench_error err;
        struct remote there;
        assert_true(start(rows[i].launcher, "sleep 60", 1, &there, &err) < 0);
        assert_int_equal(strncmp(err.message, rows[i].said, strlen(rows[i].said)), 0);
    }
}
