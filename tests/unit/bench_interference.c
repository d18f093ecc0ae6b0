/* SPDX-License-Identifier: MIT */
/* What stands in /proc, what two polls at it mean, and when a sample counts as disturbed. */
#include <string.h>

#include "bench/machine/interference.h"
#include "bench/protocol/record.h"
#include "common/clock.h"
#include "tests/unit/unit.h"

TEST(test_values)
{
    char out[32];
    const char *cpuinfo = "processor\t: 0\nmodel name\t: A  CPU \nflags\t\t:\n";
    assert_true(proc_value(cpuinfo, "model name", out, sizeof out));
    assert_string_equal(out, "A  CPU");
    assert_true(proc_value("A=x\nPRETTY_NAME=\"Debian 12\"\n", "PRETTY_NAME", out, sizeof out));
    assert_string_equal(out, "Debian 12");
    assert_false(proc_value(cpuinfo, "model", out, sizeof out));
    assert_false(proc_value(cpuinfo, "flags", out, sizeof out));
    assert_false(proc_value(cpuinfo, "model name", out, 4));
    assert_true(proc_bytes("MemTotal:  16 kB\nSwapTotal: 0 kB", "MemTotal") == 16384);
    assert_true(proc_bytes("MemTotal:  16 kB\nSwapTotal: 0 kB", "SwapTotal") == 0);
    assert_true(proc_bytes("MemTotal: x kB\n", "MemTotal") == -1);
    assert_true(proc_bytes("MemTotal: 9223372036854775807 kB\n", "MemTotal") == -1);
    assert_true(proc_bytes("", "MemTotal") == -1);
    assert_true(proc_bytes("Rss: 5 kB\nPss_Anon: 1 kB\nPss:       1234 kB\n", "Pss") == 1234 * 1024);
}

TEST(test_lists)
{
    static const struct {
        const char *text;
        int64_t count;
    } rows[] = {{"0", 1},      {"0-1\n", 2},       {"0,2-5,9", 6},  {"", -1},
                {"\n", -1},    {"a", -1},          {"1-", -1},      {"3-1", -1},
                {"0-1 x", -1}, {"0,", -1},         {"1,1", -1},     {"5,1", -1},
                {"-1", -1},    {"0-65535", 65536}, {"0-65536", -1}, {"99999999999999999999", -1}};
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_true(proc_list_parse(rows[i].text, NULL) == rows[i].count);
    int64_t *numbers = NULL;
    assert_true(proc_list_parse("0,2-4\n", &numbers) == 4 && numbers[0] == 0 && numbers[1] == 2 && numbers[3] == 4);
    free(numbers);
}

TEST(test_counters)
{
    struct proc_stat stat;
    double load[3];
    proc_parse_stat("cpu  1 2 3 40 5 6 7 8 9 10\ncpu0 1 1\nintr 5\nprocs_running 3\n", &stat);
    assert_true(stat.idle == 40 && stat.iowait == 5 && stat.steal == 8 && stat.all == 72 && stat.running == 3);
    proc_parse_stat("cpu  1 2 3 40\n", &stat); /* of a kernel that does not count steal */
    assert_true(stat.idle == -1 && stat.steal == -1 && stat.running == -1);
    proc_parse_stat("cpu  1 2 x 40 5 6 7 8\n", &stat);
    assert_true(stat.all == -1);
    proc_parse_load("0.20 0.41 1.36 2/94 20053\n", load);
    assert_true(load[0] == 0.20 && load[2] == 1.36);
    proc_parse_load("0.20 x 1.36 294 5\n", load);
    assert_true(load[0] == 0.20 && load[1] < 0);
    proc_parse_load("", load);
    assert_true(load[0] < 0);
    assert_true(proc_count("nr_periods 5\nnr_throttled 3\nthrottled_time 123\n", "nr_throttled") == 3);
    assert_true(proc_count("nr_periods 5\nnr_throttled 3\nthrottled_time 123\n", "throttled") == -1);
    assert_true(proc_count("oom_kill x\n", "oom_kill") == -1);
}

#define TICK (10 * NS_PER_MS)

static const struct interference_watch watch = {.root = "", .cpus = 2, .tick_ns = TICK};

/* A second on two CPUs: 0.5 s of the sample's own, 0.4 s of others', 1 s idle, 0.1 s stolen. */
static void polls_make(struct interference_counters polls[2])
{
    polls[0] = (struct interference_counters){.at_ns = 5 * NS_PER_S, .throttled = 4, .throttled_ns = 100, .hot = -1};
    polls[0].stat = (struct proc_stat){.idle = 1000, .iowait = 10, .steal = 5, .all = 5000, .running = 3};
    polls[0].load1 = 0.25;
    polls[1] = polls[0];
    polls[1].at_ns += NS_PER_S;
    polls[1].stat = (struct proc_stat){.idle = 1100, .iowait = 10, .steal = 15, .all = 5200, .running = 2};
    polls[1].throttled = 6;
    polls[1].throttled_ns = 5000100;
}

TEST(test_between)
{
    struct interference_counters polls[2];
    struct interference s;
    polls_make(polls);
    interference_between(&watch, polls, 500 * NS_PER_MS, &s);
    assert_true(s.wall_ns == NS_PER_S && s.steal_ns == 100 * NS_PER_MS && s.others_ns == 400 * NS_PER_MS);
    assert_true(s.runnable == 1 && s.throttled == 2 && s.throttled_ns == 5000000);
    assert_true(s.hot == -1 && s.load1 == 0.25);
    interference_between(&watch, polls, -1, &s);
    assert_true(s.others_ns == -1 && s.steal_ns == 100 * NS_PER_MS);
    interference_between(&watch, polls, 5 * NS_PER_S, &s);
    assert_true(s.others_ns == 0); /* never negative */
    polls[1].stat.all += 2000;     /* columns that are not of these CPUs */
    interference_between(&watch, polls, 0, &s);
    assert_true(s.others_ns == -1);
    polls[1].throttled = 1; /* a group made anew */
    polls[1].stat.steal = -1;
    interference_between(&watch, polls, 0, &s);
    assert_true(s.throttled == -1 && s.steal_ns == -1 && s.others_ns == -1);
}

/* The reasons of a sample, with "; " between them. */
static const char *reasons_of(const struct interference *s, char *out, size_t size)
{
    json_t *reasons = json_array();
    unsigned kinds = 0;
    char names[INTERFERENCE_TEXT_SIZE];
    size_t i;
    const json_t *reason;
    *out = '\0';
    interference_find(s, reasons, &kinds);
    interference_text(kinds, names);
    assert_int_equal(interference_parse(names, strlen(names)), kinds);
    json_array_foreach(reasons, i, reason)
    {
        const size_t used = strlen(out);
        const char *said = json_string_value(reason);
        assert_true((interference_parse(said, strcspn(said, " ")) & kinds) != 0); /* it begins with its kind */
        snprintf(out + used, size - used, "%s%s", i == 0 ? "" : "; ", json_string_value(reason));
    }
    json_decref(reasons);
    return out;
}

TEST(test_reasons)
{
    const int64_t s1 = NS_PER_S, ms = NS_PER_MS;
    static char out[400];
    const struct {
        struct interference s;
        const char *reasons;
    } rows[] = {
        {{.wall_ns = s1, .cpus = 2, .tick_ns = TICK, .steal_ns = 110 * ms}, ""}, /* less a tick it is 5% */
        {{.wall_ns = s1, .cpus = 2, .tick_ns = TICK, .steal_ns = 240 * ms}, "steal 12%"},
        {{.wall_ns = s1, .cpus = 64, .tick_ns = TICK, .steal_ns = 240 * ms}, ""}, /* of all 64 next to nothing */
        {{.wall_ns = s1, .cpus = 64, .tick_ns = TICK, .steal_ns = 6400 * ms}, "steal 10%"},
        {{.wall_ns = s1, .cpus = -1, .tick_ns = TICK, .steal_ns = 900 * ms}, ""},
        {{.wall_ns = 15 * ms, .cpus = 2, .tick_ns = TICK, .steal_ns = 10 * ms}, ""},
        {{.wall_ns = 15 * ms, .cpus = 2, .tick_ns = TICK, .steal_ns = 20 * ms}, "steal 67%"},
        {{.wall_ns = s1, .cpus = 2, .tick_ns = TICK, .others_ns = 220 * ms}, ""},
        {{.wall_ns = s1, .cpus = 2, .tick_ns = TICK, .others_ns = 500 * ms}, "load of other processes 0.5 of 2 CPUs"},
        {{.wall_ns = s1, .cpus = 2, .tick_ns = TICK, .others_ns = 0, .runnable = 9}, ""},
        {{.wall_ns = 50 * ms, .cpus = 2, .tick_ns = TICK, .others_ns = 50 * ms, .runnable = 1},
         "load of 1 other task, running before and after it"},
        {{.wall_ns = 50 * ms, .cpus = 2, .tick_ns = TICK, .others_ns = -1, .runnable = 2},
         "load of 2 other tasks, running before and after it"},
        {{.wall_ns = 50 * ms, .cpus = 2, .tick_ns = TICK, .others_ns = 5 * ms, .runnable = 1}, ""},
        {{.wall_ns = 50 * ms, .cpus = 64, .tick_ns = TICK, .others_ns = 3000 * ms, .runnable = 6}, ""},
        {{.wall_ns = 50 * ms, .cpus = 2, .tick_ns = TICK, .throttled = 2, .throttled_ns = 5500000},
         "quota throttled it 2 times, 5.5 ms in all"},
        {{.wall_ns = 50 * ms, .cpus = 2, .tick_ns = TICK, .throttled = 1, .throttled_ns = -1, .hot = 3},
         "quota throttled it 1 time; heat throttled the CPU 3 times"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(reasons_of(&rows[i].s, out, sizeof out), rows[i].reasons);
    struct interference unknown;
    interference_unknown(&unknown);
    assert_string_equal(reasons_of(&unknown, out, sizeof out), "");
}

TEST(test_names_of_disturbances)
{
    char text[INTERFERENCE_TEXT_SIZE];
    assert_string_equal(interference_text(0, text), "");
    assert_string_equal(interference_text((1u << INTERFERENCE_KINDS) - 1, text), "steal quota heat load");
    assert_int_equal(interference_parse("load  later steal", 17), 1u << INTERFERENCE_LOAD | 1u << INTERFERENCE_STEAL);
    assert_int_equal(interference_parse("loads", 5), 0);
    assert_int_equal(interference_parse("steal", 0), 0);
}

TEST(test_a_machine_without_proc)
{
    struct interference_watch none;
    struct interference_counters polls[2];
    struct interference s;
    interference_open("/nonexistent", &none);
    interference_take(&none, &polls[0]);
    interference_take(&none, &polls[1]);
    interference_between(&none, polls, 0, &s);
    assert_true(s.wall_ns >= 0 && s.steal_ns == -1 && s.others_ns == -1 && s.runnable == -1);
    assert_true(s.throttled == -1 && s.hot == -1 && s.load1 < 0);
    json_t *line = json_object();
    interference_add(&s, line);
    assert_true(json_is_null(json_object_get(line, "steal_ns")) && json_is_null(json_object_get(line, "load1")));
    assert_true(json_is_null(json_object_get(json_object_get(line, "around"), "others_ns")));
    json_decref(line);
    interference_close(&none);
}

TEST(test_usage_of_copies)
{
    json_t *sum = NULL;
    json_t *a = json_pack("{si si si}", "user_ns", 5, "max_rss_bytes", 70, "minor_faults", 1);
    json_t *b = json_pack("{si si sn}", "user_ns", 7, "max_rss_bytes", 60, "minor_faults");
    usage_add(&sum, NULL);
    assert_null(sum);
    usage_add(&sum, a);
    usage_add(&sum, b);
    assert_int_equal(json_integer_value(json_object_get(sum, "user_ns")), 12);
    assert_int_equal(json_integer_value(json_object_get(sum, "max_rss_bytes")), 70);
    assert_true(json_is_null(json_object_get(sum, "minor_faults")));
    assert_int_equal(json_integer_value(json_object_get(a, "user_ns")), 5);
    json_decref(a);
    json_decref(b);
    json_decref(sum);
}
