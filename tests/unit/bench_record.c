/* SPDX-License-Identifier: MIT */
/* The record line: a good one, and each way it can be wrong made from that one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/record.h"
#include "tests/unit/unit.h"

static struct error err; /* what was said last */

static const char good[] =
    "{\"record\":1,\"host\":\"c\",\"runtime\":\"c\",\"task\":\"count\",\"model\":\"sync\",\"jobs\":8,\"workers\":2,"
    "\"params\":{\"size\":\"5\"},\"start_method\":\"fork\",\"status\":\"done\",\"exit\":0,\"reason\":null,"
    "\"failed_jobs\":0,\"failures\":[],\"phases\":{\"start\":10,\"ready\":20,\"work\":30,\"end\":40},"
    "\"usage\":{\"user_ns\":5,\"system_ns\":6},\"connections\":null,\"python\":null}\n";

TEST(test_good)
{
    struct record r;
    assert_int_equal(record_parse(good, sizeof good - 1, &r, &err), 0);
    assert_int_equal(r.status, RECORD_DONE);
    assert_string_equal(r.task, "count");
    assert_int_equal(r.jobs, 8);
    assert_int_equal(r.work_ns - r.ready_ns, 10);
    assert_int_equal(r.user_ns, 5);
    assert_null(r.reason);
    record_free(&r);
}

/* The good record with `key` set to a JSON text, or without it where that is NULL. */
static char *changed(const char *key, const char *value)
{
    json_t *root = json_loads(good, 0, NULL);
    if (value == NULL)
        json_object_del(root, key);
    else
        json_object_set_new(root, key, json_loads(value, JSON_DECODE_ANY, NULL));
    char *text = json_dumps(root, 0);
    json_decref(root);
    return text;
}

TEST(test_wrong)
{
    static const struct {
        const char *key, *value, *said;
    } table[] = {
        {"record", "2", "the record is of a version this program does not know"},
        {"record", NULL, "the record's 'record' is missing or of the wrong type"},
        {"status", NULL, "the record's 'status' is missing or of the wrong type"},
        {"status", "\"fine\"", "the record's status 'fine' is unknown"},
        {"jobs", "\"8\"", "the record's 'jobs' is missing or of the wrong type"},
        {"phases", "null", "the record's 'phases' is missing or of the wrong type"},
        {"phases", "{\"start\":10,\"ready\":20,\"work\":15,\"end\":40}", "the record's phases are out of order"},
        {"phases", "{\"start\":10,\"ready\":null,\"work\":null,\"end\":40}", "the record's phases are out of order"},
        {"phases", "{}", "the record's phases are out of order"},
        {"failed_jobs", "1", "the record says done, and that jobs failed"},
        {"failed_jobs", "-1", "the record's 'failed_jobs' is -1"},
        {"exit", "1", "the record says done, and exit status 1"},
        {"exit", "4294967296", "the record says done, and exit status 4294967296"},
        {"jobs", "0", "the record's 'jobs' is 0"},
        {"workers", "null", "the record says done, and not how many jobs and workers"},
        {"connections", "-3", "the record's 'connections' is -3"},
        {"usage", "{\"user_ns\":-5}", "the record's 'user_ns' is -5"},
        {"status", "\"a\\nb\"", "the record's status 'a?b' is unknown"},
        {"usage", "[]", "the record's 'usage' is missing or of the wrong type"},
        {"audit", "{\"wrong\":1,\"of\":2}", "the record's 'audit' is not as it should be"},
        {"audit", "{\"wrong\":0,\"of\":0,\"finding\":\"\"}", "the record's 'of' is 0"},
        {"dependencies", "{\"edges\":1,\"work_ns\":5,\"path_ns\":null}",
         "the record's 'dependencies' are not as they should be"},
        {"dependencies", "{\"edges\":1,\"work_ns\":5,\"path_ns\":-5}", "the record's 'path_ns' is -5"},
        {"hazards", "{}", "the record's 'hazards' are not as they should be"},
        {"hazards", "[{\"kind\":\"fork\"}]", "the record's 'hazards' are not as they should be"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        struct record r;
        char *text = changed(table[i].key, table[i].value);
        assert_int_equal(record_parse(text, strlen(text), &r, &err), -EINVAL);
        assert_string_equal(err.text, table[i].said);
        free(text);
    }
    static const char *const no_objects[] = {"", "[]", "1", "{", "\"x\"", "{\"record\": 1}"};
    for (size_t i = 0; i < COUNT(no_objects); i++) {
        struct record r;
        assert_int_equal(record_parse(no_objects[i], strlen(no_objects[i]), &r, &err), -EINVAL);
    }
}

TEST(test_parts_that_only_some_have)
{
    struct record r;
    char *text = changed("audit", "{\"wrong\":3,\"of\":20,\"finding\":\"3 of 20 changes are lost\"}");
    assert_int_equal(record_parse(text, strlen(text), &r, &err), 0);
    assert_int_equal(json_integer_value(json_object_get(r.audit, "wrong")), 3);
    assert_null(r.dependencies);
    assert_null(r.hazards);
    assert_false(record_failed_by(&r, "Deadlock"));
    record_free(&r);
    free(text);
    text = changed("failures", "[{\"type\":\"KeyError\"},{\"type\":\"Deadlock\"}]");
    assert_int_equal(record_parse(text, strlen(text), &r, &err), 0);
    assert_true(record_failed_by(&r, "Deadlock"));
    assert_false(record_failed_by(&r, "ValueError"));
    record_free(&r);
    free(text);
}

TEST(test_failed)
{
    static const char text[] =
        "{\"record\":1,\"host\":\"c\",\"runtime\":\"c\",\"task\":null,\"model\":null,\"jobs\":null,\"workers\":null,"
        "\"params\":{},\"start_method\":null,\"status\":\"impossible\",\"exit\":77,\"reason\":\"a limit\","
        "\"failed_jobs\":0,\"failures\":[],\"phases\":{\"start\":10,\"ready\":null,\"work\":null,\"end\":40},"
        "\"usage\":{},\"connections\":null,\"python\":null}";
    struct record r;
    assert_int_equal(record_parse(text, sizeof text - 1, &r, &err), 0);
    assert_int_equal(r.status, RECORD_IMPOSSIBLE);
    assert_string_equal(r.reason, "a limit");
    assert_null(r.task);
    assert_int_equal(r.jobs, -1);
    assert_int_equal(r.ready_ns, -1);
    record_free(&r);
}
