/* SPDX-License-Identifier: MIT */
/* What a run stands on: the journal and the run's folder where space runs out, the supervisor, and small parsers of /proc. */
#define _XOPEN_SOURCE 700 /* SIGXFSZ */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/machine/checksums.h"
#include "bench/store/json_diff.h"
#include "bench/process/service.h"
#include "bench/store/journal.h"
#include "bench/machine/facts.h"
#include "bench/process/proctree.h"
#include "bench/run/sample.h"
#include "bench/run/service_url.h"
#include "bench/store/results.h"
#include "bench/store/run_folder.h"
#include "bench/util/text.h"
#include "common/clock.h"
#include "tests/unit/unit.h"

static struct error err; /* what was said last */

static int scratch_new(void **state)
{
    signal(SIGXFSZ, SIG_IGN);
    return dir_make_scratch((char **)state);
}

static int scratch_free(void **state)
{
    dir_remove_flat(*state);
    free(*state);
    return 0;
}

/* The most a file may hold from now on; as a full disk it makes writes fall short. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

TEST_WITH(test_a_journal_without_space_stays_whole, scratch_new, scratch_free, char *folder)
{
    char *path = text_format("%s/samples.jsonl", folder), *text = NULL;
    size_t length;
    struct journal journal;
    json_t *line = json_pack("{ss}", "text", "0123456789012345678901234567890123456789");
    assert_int_equal(journal_open(path, &journal, &err), 0);
    assert_int_equal(journal_append(&journal, line, &err), 0);
    limit_files(80);
    assert_int_equal(journal_append(&journal, line, &err), -EFBIG);
    limit_files(RLIM_INFINITY);
    assert_non_null(strstr(err.text, "what was written before is whole"));
    assert_int_equal(journal_append(&journal, line, &err), 0);
    journal_close(&journal);
    assert_int_equal(file_read(path, 1 << 20, &text, &length), 0);
    assert_int_equal(length % 2, 0);
    assert_memory_equal(text, text + length / 2, length / 2);
    assert_int_equal(text[length - 1], '\n');
    free(text);
    free(path);
    json_decref(line);
}

TEST_WITH(test_one_writer_a_journal, scratch_new, scratch_free, char *folder)
{
    char *path = text_format("%s/samples.jsonl", folder), *text = NULL;
    size_t length;
    struct journal first, second;
    json_t *line = json_pack("{si}", "n", 1);
    assert_int_equal(journal_open(path, &first, &err), 0);
    assert_int_equal(journal_append(&first, line, &err), 0);
    assert_int_equal(journal_open(path, &second, &err), -EBUSY);
    assert_non_null(strstr(err.text, "another cobench is writing to it"));
    journal_close(&first);
    assert_int_equal(journal_open(path, &second, &err), 0);
    assert_int_equal(second.length, 8);
    assert_int_equal(journal_append(&second, line, &err), 0);
    assert_int_equal(journal_cut(&second, 100, &err), 0);
    assert_int_equal(second.length, 16);
    assert_int_equal(journal_cut(&second, 8, &err), 0);
    assert_int_equal(journal_append(&second, line, &err), 0);
    journal_close(&second);
    assert_int_equal(file_read(path, 100, &text, &length), 0);
    assert_string_equal(text, "{\"n\":1}\n{\"n\":1}\n");
    free(text);
    free(path);
    json_decref(line);
}

static int events_of(const char *path, struct events *out)
{
    char *text = NULL;
    size_t length;
    assert_int_equal(file_read(path, 1 << 20, &text, &length), 0);
    const int rc = events_parse(text, length, out, &err);
    free(text);
    return rc;
}

static void put_line(const char *path, const char *line)
{
    FILE *file = fopen(path, "a");
    fputs(line, file);
    assert_int_equal(fclose(file), 0);
}

TEST_WITH(test_events, scratch_new, scratch_free, char *folder)
{
    struct events events;
    char *path = text_format("%s/events.jsonl", folder);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            events_append(folder, "forced", json_pack("{s[ss]}", "differences", "a", i == 0 ? "b" : "c"), &err), 0);
    put_line(path, "{\"event\":1,\"wh");
    assert_int_equal(events_of(path, &events), 0);
    assert_int_equal(json_array_size(events.lines), 2);
    json_t *forced = events_forced(&events), *expected = json_pack("[sss]", "a", "b", "c");
    assert_true(json_equal(forced, expected));
    json_decref(forced);
    json_decref(expected);
    events_free(&events);
    assert_int_equal(events_append(folder, "other", json_object(), &err), 0);
    assert_int_equal(events_of(path, &events), 0);
    assert_int_equal(json_array_size(events.lines), 3);
    events_free(&events);
    put_line(path, "{\"event\":2,\"what\":\"x\"}\n");
    assert_int_equal(events_of(path, &events), -EPROTO);
    assert_string_equal(err.text, "events.jsonl line 4: no event of version 1");
    free(path);
}

/* The results of a run of one cell. */
static void results_of(struct results *results, const char *samples, const char *events)
{
    static const char plan[] =
        "{\"plan\":1,\"suite\":\"s\",\"created\":\"2026-01-01T00:00:00Z\",\"seed\":1,\"rounds\":null,\"budget_s\":9,"
        "\"margin\":0.01,\"timeout_s\":60,\"effective_cpus\":2,"
        "\"cells\":[{\"group\":0,\"runtime\":\"c\",\"model\":\"sync\",\"role\":\"model\",\"copies\":1}],"
        "\"groups\":[{\"name\":\"g\",\"task\":\"t\",\"kind\":\"cpu\",\"asks\":\"nothing\",\"params\":{},\"jobs\":8,"
        "\"workers\":2,\"ideal\":2}]}";
    struct results_texts texts = {.plan = {plan, sizeof plan - 1}, .machine = {"{}", 2}};
    texts.samples = (struct results_text){samples, strlen(samples)};
    texts.events = (struct results_text){events, strlen(events)};
    assert_int_equal(results_parse(results, &texts, &err), 0);
}

/* Whoever reads a run from bytes learns which groups have stopped, as whoever reads it from a folder does. */
TEST(test_results_know_what_stopped)
{
    struct results results;
    static const char stopped[] =
        "{\"event\":1,\"what\":\"stopped\",\"at\":1.5,\"group\":0,\"rounds\":7,\"why\":\"budget\"}\n";
    static const char planned[] =
        "{\"event\":1,\"what\":\"planned\",\"at\":1,\"group\":0,\"rounds\":9,\"half_width\":0.1%s}\n%s";
    static const struct {
        const char *cells;
        int64_t due;
    } table[] = {{"", 7}, {",\"cells\":[5]", 5}, {",\"cells\":[9]", 7}, {",\"cells\":[-1]", 7}, {",\"cells\":3", 7}};
    for (size_t i = 0; i < COUNT(table); i++) {
        char *both = text_format(planned, table[i].cells, stopped);
        results_of(&results, "", both);
        assert_int_equal(results_rounds_due(&results, &results.cells[0]), table[i].due);
        results_free(&results);
        free(both);
    }
    results_of(&results, "", stopped);
    assert_int_equal(results_rounds_due(&results, &results.cells[0]), 7);
    assert_string_equal(results.groups[0].why, "budget");
    results_free(&results);
}

/* What a sample took is all that passed until it was written down, not only what hyperfine saw of it. */
TEST(test_results_know_what_samples_took)
{
#define LINE(round, spent) \
    "{\"sample\":1,\"pass\":\"timed\",\"round\":" round ",\"cell\":0,\"status\":\"ok\",\"whole_ns\":50" spent "}\n"
    struct results results;
    results_of(&results, LINE("1", ",\"spent_ns\":100") LINE("2", ",\"spent_ns\":190") LINE("3", ""), "");
    const struct sample *s = results.cells[0].samples;
    assert_true(results.cells[0].count == 3 && s[0].took_ns == 100 && s[1].took_ns == 90 && s[2].took_ns == 50);
    results_free(&results);
}

TEST(test_what_differs_between_machines)
{
    static const struct {
        const char *before, *now, *said;
    } table[] = {
        {"{}", "{}", NULL},
        {"{\"kernel\":\"1\",\"load1\":1}", "{\"kernel\":\"1\",\"load1\":2}", NULL},
        {"{\"kernel\":\"1\"}", "{\"kernel\":\"2\"}", "kernel: was 1, is 2"},
        {"{\"fingerprint\":{\"a\":\"1\",\"b\":\"1\"}}", "{\"fingerprint\":{\"a\":\"1\",\"c\":\"1\"}}",
         "fingerprint b: was 1, is not there|fingerprint c: was not there, is 1"},
        {"{\"hosts\":{\"c\":{\"x\":\"1\"}}}", "{\"hosts\":{\"c\":{\"x\":\"2\"}}}", "hosts c x: was 1, is 2"},
        {"{\"cpus\":2}", "{\"cpus\":2.0}", NULL},
        {"{\"tools\":null}", "{}", NULL},
        {"{\"tools\":null}", "{\"tools\":1}", "tools: was not there, is 1"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        json_t *before = json_loads(table[i].before, 0, NULL), *now = json_loads(table[i].now, 0, NULL);
        struct string_list lines = {NULL, 0};
        differences_of_programs(before, now, &lines);
        char *said = string_list_join(&lines, "|");
        assert_string_equal(said, table[i].said == NULL ? "" : table[i].said);
        free(said);
        string_list_free(&lines);
        json_decref(before);
        json_decref(now);
    }
}

TEST_WITH(test_programs_are_told_apart_by_their_bytes, scratch_new, scratch_free, char *folder)
{
    char *build = text_format("%s/cobench-host", folder);
    struct paths paths = {.build = folder, .root = folder, .python = build};
    json_t *sums = NULL;
    assert_int_equal(file_create(build, "123456789", 9), 0);
    const struct string_list more = {NULL, 0};
    assert_int_equal(checksums_make(&paths, NULL, &more, &sums, &err), 0);
    assert_int_equal(json_object_size(sums), 2);
    assert_string_equal(json_string_value(json_object_get(sums, "build/cobench-host")), "9 bytes, CRC-32 cbf43926");
    assert_true(strstr(json_string_value(json_object_get(sums, "interpreter")), build) != NULL);
    json_decref(sums);
    assert_int_equal(unlink(build), 0);
    assert_int_equal(checksums_make(&paths, NULL, &more, &sums, &err), -ENOENT);
    free(build);
}

static int entries(const char *path)
{
    DIR *dir = opendir(path);
    int count = -2; /* . and .. */
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

TEST_WITH(test_a_run_folder_without_space_leaves_nothing, scratch_new, scratch_free, char *folder)
{
    char *results = text_format("%s/results", folder), *path = NULL;
    json_t *facts = json_pack("{ss}", "text", "0123456789012345678901234567890123456789");
    struct run_folder_facts f = {.results = results, .created = "2026-11-21T01:40:00Z", .host = "h", .suite = "a/b c"};
    f.machine = f.plan = facts;
    limit_files(20);
    assert_int_equal(run_folder_make(&f, &path, &err), -EFBIG);
    limit_files(RLIM_INFINITY);
    assert_int_equal(entries(results), 0);
    assert_int_equal(run_folder_make(&f, &path, &err), 0);
    assert_string_equal(strrchr(path, '/'), "/2026-11-21T014000Z-h-a-b-c");
    char *second = NULL;
    assert_int_equal(run_folder_make(&f, &second, &err), 0);
    assert_string_equal(strrchr(second, '/'), "/2026-11-21T014000Z-h-a-b-c-2");
    assert_int_equal(run_folder_publish(path, &err), 0);
    assert_int_equal(run_folder_publish(second, &err), 0);
    char link[100] = "", *latest = text_format("%s/latest", results);
    assert_true(readlink(latest, link, sizeof link - 1) > 0);
    assert_string_equal(link, strrchr(second, '/') + 1);
    assert_int_equal(unlink(latest), 0);
    dir_remove_flat(path);
    dir_remove_flat(second);
    assert_int_equal(rmdir(results), 0);
    free(latest);
    free(path);
    free(second);
    free(results);
    json_decref(facts);
}

static void run_shell(struct supervisor *g, const char *script, int64_t deadline_ns, struct supervisor_end *end)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
    const struct supervisor_command c = {.argv = argv, .in = -1, .out = -1, .err = -1, .deadline_ns = deadline_ns};
    assert_int_equal(supervisor_run(g, &c, end, &err), 0);
    free(argv[2]);
}

TEST(test_the_supervisor_ends_what_is_left)
{
    struct supervisor *g = NULL;
    struct supervisor_end end;
    assert_int_equal(supervisor_open(&g, &err), 0);
    run_shell(g, "exit 3", 0, &end);
    assert_true(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 3 && !end.timed_out && end.leftover == 0);
    run_shell(g, "kill -9 $$", 0, &end);
    assert_true(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL);
    run_shell(g, "setsid sleep 300 & sleep 300 & exit 0", 0, &end);
    assert_int_equal(end.leftover, 2);
    const int64_t begun = clock_now_ns();
    run_shell(g, "setsid sleep 300 & sleep 300", 100 * NS_PER_MS, &end);
    assert_true(end.timed_out && end.leftover == 0);
    assert_true(clock_now_ns() - begun < 60 * NS_PER_S);
    run_shell(g, "sleep 0.05 & exit 0", 0, &end); /* ends by itself within the grace */
    assert_int_equal(end.leftover, 0);
    char *none[] = {(char[]){"/no/such/program"}, NULL};
    pid_t pid;
    const struct supervisor_command missing = {.argv = none, .in = -1, .out = -1, .err = -1};
    assert_int_equal(supervisor_start(g, &missing, &pid, &err), -ENOENT);
    assert_string_equal(err.text, "/no/such/program: No such file or directory");
    supervisor_close(g);
}

TEST(test_a_service_outlives_commands_and_not_the_supervisor)
{
    struct supervisor *g = NULL;
    struct supervisor_end end;
    char *argv[] = {(char[]){"sleep"}, (char[]){"300"}, NULL};
    const char *scratch = NULL;
    struct service_process one, other;
    assert_int_equal(supervisor_open(&g, &err), 0);
    assert_int_equal(supervisor_scratch(g, &scratch, &err), 0);
    char *folder = text_format("%s.other", scratch);
    assert_int_equal(service_start(g, (struct supervisor_command){.argv = argv, .out = -1, .err = -1}, &one, &err), 0);
    const struct supervisor_command placed = {.argv = argv, .cwd = folder, .out = -1, .err = -1};
    assert_int_equal(service_start(g, placed, &other, &err), 0);
    assert_true(dir_exists(folder));
    run_shell(g, "sleep 300 & exit 0", 0, &end);
    assert_int_equal(end.leftover, 1);
    assert_false(service_has_ended(&one) || service_has_ended(&other));
    service_mark(&other);
    const struct service_use use = service_use(&other);
    assert_true(use.cpu_ns >= 0 && use.wait_ns >= 0 && use.peak_bytes > 0);
    assert_int_equal(kill(one.pid, SIGKILL), 0);
    run_shell(g, "sleep 0.1", 0, &end);
    assert_true(service_has_ended(&one) && !service_has_ended(&other));
    assert_int_equal(service_use(&one).cpu_ns, -1);
    struct service_process again;
    assert_int_equal(service_start(g, placed, &again, &err), -EEXIST); /* what is there is not its own */
    service_close(&again);
    service_close(&one);
    supervisor_close(g);
    assert_true(service_has_ended(&other));
    assert_false(dir_exists(folder));
    service_close(&other);
    free(folder);
}

TEST(test_where_a_service_is)
{
    static const struct {
        const char *url, *port, *path, *host, *found, *shown; /* found: the port; shown: NULL: as it is */
    } table[] = {{"unix:///run/redis.sock?db=1", NULL, "/run/redis.sock", "", "", NULL},
                 {"unix://:p:w@/run/x", NULL, "/run/x", "", "", "unix://:***@/run/x"},
                 {"redis://host", "6379", "", "host", "6379", NULL},
                 {"redis://me:a/b?c@h:7/0", "6379", "", "h", "7", "redis://me:***@h:7/0"},
                 {"redis://me@h:7?x=1", "6379", "", "h", "7", NULL},
                 {"tcp://[::1]:8786", NULL, "", "::1", "8786", NULL}};
    static const char *const refused[] = {"",           "h:1",      "://h:1",     "tcp://h",    "tcp://:1",
                                          "tcp://h:1x", "tcp://h:", "tcp://[::1", "unix://run", "tcp://h:123456"};
    struct service_address a;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(service_url_parse(table[i].url, table[i].port, &a, &err), 0);
        assert_string_equal(a.path, table[i].path);
        assert_string_equal(a.host, table[i].host);
        assert_string_equal(a.port, table[i].found);
        char *shown = service_url_public(table[i].url);
        assert_string_equal(shown, table[i].shown != NULL ? table[i].shown : table[i].url);
        free(shown);
    }
    for (size_t i = 0; i < COUNT(refused); i++)
        assert_int_equal(service_url_parse(refused[i], NULL, &a, &err), -EINVAL);
    char *word = service_url_public("--set=a:b@c");
    assert_string_equal(word, "--set=a:b@c");
    free(word);
}

TEST(test_the_supervisor_removes_its_folder)
{
    struct supervisor *g = NULL;
    struct supervisor_end end;
    const char *scratch = NULL;
    assert_int_equal(supervisor_open(&g, &err), 0);
    assert_int_equal(supervisor_scratch(g, &scratch, &err), 0);
    assert_true(dir_exists(scratch));
    char *path = text_format("%s", scratch);
    char *script = text_format("echo > %s/file; exit 4", path);
    run_shell(g, script, 0, &end);
    assert_true(WIFEXITED(end.status) && WEXITSTATUS(end.status) == 4);
    supervisor_close(g);
    assert_false(dir_exists(path));
    free(script);
    free(path);
}

TEST_WITH(test_space_in_a_folder, scratch_new, scratch_free, char *folder)
{
    char *path = text_format("%s/space", folder);
    assert_int_equal(dir_try_space(folder), 0);
    assert_false(file_exists(path));
    limit_files(DIR_SPARE - 1);
    assert_int_equal(dir_try_space(folder), -EFBIG);
    limit_files(RLIM_INFINITY);
    assert_false(file_exists(path));
    assert_int_equal(dir_try_space("/no/such/folder"), -ENOENT);
    free(path);
}

TEST(test_what_fits_into_an_empty_file_system)
{
    assert_true(disk_space_fits_empty(4096, 1, 4096));
    assert_false(disk_space_fits_empty(4097, 1, 4096));
    assert_true(disk_space_fits_empty(UINT64_MAX, 0, 4096)); /* no limit */
    assert_true(disk_space_fits_empty(UINT64_MAX, UINT64_MAX / 2, 4096));
    assert_false(disk_space_fits_empty(UINT64_MAX, UINT64_MAX / 4096, 4096));
}

TEST(test_parsers_of_proc)
{
    struct proctree_entry e;
    assert_int_equal(proctree_parse_stat("12 (a) b) (c) S 7 1 1", &e), 0);
    assert_true(e.pid == 12 && e.parent == 7 && e.state == 'S');
    assert_string_equal(e.name, "a) b) (c");
    assert_int_equal(proctree_parse_stat("1 (a name that is too long) S 0", &e), 0);
    assert_string_equal(e.name, "a name that is ");
    assert_int_equal(proctree_parse_stat("12 )( S 7", &e), -EINVAL);
    assert_int_equal(proctree_parse_stat("12 nothing", &e), -EINVAL);
    assert_int_equal(proctree_parse_stat("", &e), -EINVAL);
}
