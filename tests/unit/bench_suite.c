/* SPDX-License-Identifier: MIT */
/* Suite files: what is read, and what is said of what cannot be. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/plan/suite.h"
#include "tests/unit/unit.h"

static struct error err; /* what was said last */

TEST(test_all_keys)
{
    static const char text[] =
        "\xef\xbb\xbf; comment\n[suite]\nabout = a; b ; comment\nrounds=12\r\nruntimes = c, py\n"
        "models = sync\nclaims = some-1\ntimeout = 1.5\n\n[group one]\n  task = count\n\tset.size = 5\n"
        "[group two words]\ntask=fetch\njobs = 9, 18\nworkers = 3, cpus,jobs\nscaling = weak\nrate = 12.5\n"
        "arrivals = poisson\nruntimes = c\n"
        "models = async, threads\nstart-method = spawn\nset.url = http://h:1/{job}?a=b\nset.word =";
    struct suite s;
    assert_int_equal(suite_parse("x.ini", text, sizeof text - 1, &s, &err), 0);
    assert_string_equal(s.about, "a; b");
    assert_int_equal(s.stopping.rounds, 12);
    assert_string_equal(s.claims, "some-1");
    assert_true(s.timeout_s > 1.49 && s.timeout_s < 1.51);
    assert_int_equal(s.runtimes.count, 2);
    assert_string_equal(s.runtimes.items[1], "py");
    assert_int_equal(s.count, 2);
    assert_string_equal(s.groups[0].name, "one");
    assert_string_equal(s.groups[0].task, "count");
    assert_string_equal(json_string_value(json_object_get(s.groups[0].params, "size")), "5");
    assert_string_equal(s.groups[1].name, "two words");
    assert_int_equal(s.groups[0].jobs.count, 0);
    assert_null(s.groups[0].scaling);
    assert_int_equal(s.groups[1].jobs.count, 2);
    assert_string_equal(s.groups[1].jobs.items[1], "18");
    assert_string_equal(s.groups[1].scaling, "weak");
    assert_true(s.groups[0].rate == 0 && s.groups[1].rate == 12.5);
    assert_null(s.groups[0].arrivals);
    assert_string_equal(s.groups[1].arrivals, "poisson");
    assert_int_equal(s.groups[1].workers.count, 3);
    assert_string_equal(s.groups[1].workers.items[2], "jobs");
    assert_int_equal(s.groups[1].knobs.count, 1); /* whether there is such a knob the hosts know */
    assert_string_equal(s.groups[1].knobs.items[0], "start-method=spawn");
    assert_non_null(strstr(s.groups[1].refusals.items[0], ": unknown key 'start-method' (known: task, jobs, "));
    assert_string_equal(json_string_value(json_object_get(s.groups[1].params, "url")), "http://h:1/{job}?a=b");
    assert_string_equal(json_string_value(json_object_get(s.groups[1].params, "word")), "");
    suite_free(&s);
}

TEST(test_errors_name_the_line)
{
    static const struct {
        const char *text, *said;
    } table[] = {
        {"", "x.ini: there is no [group NAME] in it"},
        {"[suite]\nrounds = 3\n", "x.ini: there is no [group NAME] in it"},
        {"task = count\n", "x.ini:1: a key before the first section ([suite] or [group NAME])"},
        {"[suite]\nfoo = 1\n", "x.ini:2: unknown key 'foo' (known: about, rounds, budget, precision, runtimes, models, "
                               "baseline, claims, timeout, request-timeout)"},
        {"[groups]\ntask = t\n", "x.ini:1: unknown section [groups] (known: [suite], [group NAME])"},
        {"[group]\ntask = t\n", "x.ini:1: a group needs a name: [group NAME]"},
        {"[group a]\njobs = 3\n", "x.ini:1: [group a] names no task"},
        {"[group a]\njobs = 3\n[group b]\ntask = t\n", "x.ini:1: [group a] names no task"},
        {"[group a]\n[group b]\ntask = t\n", "x.ini:1: the section is empty"},
        {"[group a]\ntask = t\n[group b]\n", "x.ini:3: the section is empty"},
        {"[group a]\ntask = t\n\n[group a]\ntask = t\n", "x.ini:4: a second [group a]"},
        {"[suite]\nrounds = 1\n[suite]\nrounds = 2\n", "x.ini:3: a second [suite]"},
        {"[group a]\ntask = t\ntask = u\n", "x.ini:3: 'task' is given twice"},
        {"[group a]\ntask =\n", "x.ini:2: 'task' has no value"},
        {"[group a]\ntask = t\njobs = 0\n", "x.ini:3: jobs '0' is not a whole number from 1 to 100000000"},
        {"[group a]\ntask = t\njobs = 3x\n", "x.ini:3: jobs '3x' is not a whole number from 1 to 100000000"},
        {"[group a]\ntask = t\nworkers = 2,many\n",
         "x.ini:3: workers 'many' is not a number from 1 to 100000, 'cpus' or 'jobs'"},
        {"[group a]\ntask = t\nmodels = a,,b\n", "x.ini:3: models 'a,,b' is no list with commas between its words"},
        {"[group a]\ntask = t\njobs = 3, x\n", "x.ini:3: jobs 'x' is not a whole number from 1 to 100000000"},
        {"[group a]\ntask = t\nscaling = x\n", "x.ini:3: scaling 'x' is neither strong, weak nor prices"},
        {"[group a]\ntask = t\nrate = 0\n", "x.ini:3: rate '0' is not a number of jobs a second from 0.001 to 1000000"},
        {"[group a]\ntask = t\narrivals = x\n", "x.ini:3: arrivals 'x' is neither fixed nor poisson"},
        {"[suite]\nclaims = ../x\n", "x.ini:2: claims '../x' is no name of a file in bench/claims"},
        {"[suite]\ntimeout = 1,5\n", "x.ini:2: timeout '1,5' is not a number of seconds from 0.001 to 86400"},
        {"[group a]\ntask = t\nnonsense\n", "x.ini:3: neither a [section] nor 'key = value'"},
        {"[group a\ntask = t\n", "x.ini:1: neither a [section] nor 'key = value'"},
        {"[group a]\ntask = \xff\nset.x = \xff\n", "x.ini:2: not valid UTF-8"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct suite s;
        assert_int_equal(suite_parse("x.ini", table[i].text, strlen(table[i].text), &s, &err), -EINVAL);
        assert_string_equal(err.text, table[i].said);
    }
}

TEST(test_long_lines_and_no_text)
{
    static const char with_nul[] = "[group a]\ntask = t\0x\n";
    char text[600];
    struct suite s;
    snprintf(text, sizeof text, "; %0*d\n[group %0*d]\ntask = t\nset.x = %0*d\n", 100, 7, 100, 7, 300, 7);
    assert_int_equal(suite_parse("x.ini", text, strlen(text), &s, &err), 0);
    assert_int_equal(strlen(s.groups[0].name), 100);
    assert_int_equal(strlen(json_string_value(json_object_get(s.groups[0].params, "x"))), 300);
    suite_free(&s);
    assert_int_equal(suite_parse("x.ini", with_nul, sizeof with_nul - 1, &s, &err), -EINVAL);
    assert_string_equal(err.text, "x.ini:2: a NUL byte: this is no text file");
}

TEST(test_the_suites_that_come_along)
{
    static const char *const names[] = {"quick", "smoke", "published", "scaling", "full", "ladder", "broker"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char path[100];
        struct suite s;
        snprintf(path, sizeof path, "bench/suites/%s.ini", names[i]);
        assert_int_equal(suite_read(path, &s, &err), 0);
        assert_string_equal(s.name, names[i]);
        assert_non_null(s.about);
        assert_true(s.stopping.rounds >= 6 || i == 0); /* quick says nothing: ten rounds and a budget */
        suite_free(&s);
    }
}
