/* SPDX-License-Identifier: MIT */
/* The embed bridge through the contract: what Python tasks ask for, answer and raise, and that nothing is left behind:
 * no blocks of the interpreter's over 100,000 jobs, no memory over 1,000 interpreters but what CPython itself leaks in
 * each, which is measured beside it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tests/unit/unit.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/embed.h"
#include "host/contract.h"
#include "host/error.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 }; /* its allocator's figures are not the bridge's; what leaks it finds itself */
#else
enum { SANITIZED = 0 };
#endif

/* A task file and what it is run with. `run` is in lines 2 and 3 of the file. */
struct fixture {
    char root[PATH_MAX], folder[64], path[128];
    unsigned files; /* written: each under a name of its own, or its bytecode might be an older one's */
    struct embed_source source;
    struct cobench_task counterpart, task;
    struct cobench_error err;
    void *state, *worker;
};

static int fixture_setup(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    const char *root = getenv("COBENCH_ROOT");
    assert_non_null(realpath(root ? root : ".", f.root));
    snprintf(f.folder, sizeof f.folder, "/tmp/cobench-embed-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    f.source = (struct embed_source){.name = f.path, .root = f.root};
    f.counterpart = (struct cobench_task){.name = "probe", .about = "for tests", .default_jobs = 1};
    f.counterpart.contract = COBENCH_CONTRACT_VERSION;
    f.counterpart.kind = COBENCH_KIND_CPU;
    *state = &f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[160];
    snprintf(command, sizeof command, "rm -r %s", f->folder);
    return system(command);
}

/* Writes the task: the body of `run`, and whatever else the file has. */
static void task_write(struct fixture *f, enum cobench_ask asks, const char *run, const char *rest)
{
    snprintf(f->path, sizeof f->path, "%s/probe%u.py", f->folder, f->files++);
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    fprintf(file,
            "from py_impl.contract import *; NAME, ABOUT, KIND, ASKS, JOBS, PARAMS = 'probe', 'for tests', CPU, '%s', "
            "1, ()\n"
            "def run(state, worker, job, reply):\n"
            "    %s\n"
            "%s\n",
            contract_ask_name(asks), run, rest);
    assert_int_equal(fclose(file), 0);
    f->counterpart.asks = asks;
    f->task = embed_task(&f->counterpart, &f->source);
}

static int task_open(struct fixture *f)
{
    const struct cobench_open how = {.task = &f->task, .jobs = 4};
    error_clear(&f->err);
    return f->task.open(&how, &f->state, &f->err);
}

static void worker_start(struct fixture *f)
{
    assert_int_equal(task_open(f), 0);
    error_clear(&f->err);
    assert_int_equal(f->task.worker_open(f->state, 0, &f->worker, &f->err), 0);
}

static void worker_end(struct fixture *f)
{
    f->task.worker_close(f->state, f->worker);
    f->task.close(f->state);
}

static uint64_t job_run(struct fixture *f, uint64_t job, const struct cobench_reply *reply)
{
    uint64_t result = 0;
    error_clear(&f->err);
    if (f->task.run(f->state, f->worker, job, reply, &result, &f->err))
        fail_msg("%s: %s", f->err.type, f->err.message);
    return result;
}

/* -- answers ---------------------------------------------------------------------------------------------------------- */

TEST_WITH(test_results, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *run;
        uint64_t result;
    } rows[] = {
        {"return job", 7},
        {"return 2**64 - 1", UINT64_MAX},
        {"return 2**63", UINT64_C(1) << 63},
        {"return True", 1},
        {"return type('I', (), {'__index__': lambda self: 5})()", 5},
        {"return type('I', (int,), {})(6)", 6},
        {"return (state, worker, reply) == (None, None, None)", 1},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        task_write(f, COBENCH_ASK_NOTHING, rows[i].run, "");
        worker_start(f);
        assert_int_equal(job_run(f, 7, NULL), rows[i].result);
        worker_end(f);
    }
}

TEST_WITH(test_replies, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const unsigned char body[] = {0, 1, 0xff, 0};
    task_write(f, COBENCH_ASK_URL, "return reply.status * 1000 + (reply.body == b'\\0\\1\\xff\\0') + len(reply.body)",
               "");
    worker_start(f);
    assert_int_equal(job_run(f, 0, &(struct cobench_reply){.status = 200, .body = body, .length = sizeof body}),
                     200005);
    assert_int_equal(job_run(f, 0, &(struct cobench_reply){.status = 404}), 404000);
    worker_end(f);
}

TEST_WITH(test_requests, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *request;
        struct cobench_request ask;
        const char *type, *message; /* NULL: none */
    } rows[] = {
        {"return Request()", {.ask = COBENCH_ASK_NOTHING}, NULL, NULL},
        {"return Request(DELAY, 5)", {.ask = COBENCH_ASK_DELAY, .delay_ns = 5}, NULL, NULL},
        {"return Request(URL, 0, 'http://h/%d' % job)", {.ask = COBENCH_ASK_URL, .url = "http://h/3"}, NULL, NULL},
        {"return Request(URL, 0, 'http://h/' + 'x' * 2048)",
         {0},
         "ValueError",
         "a URL of 2057 bytes; at most 2047 are allowed"},
        {"return Request(URL, 0, 'http://h/\\0x')", {0}, "ValueError", "a URL with a NUL in it"},
        {"return Request(URL, 0, '\\udcff')", {0}, "UnicodeEncodeError", NULL},
        {"return Request(DELAY, -1)", {0}, "ValueError", "asks for a delay of -1 ns"},
        {"return Request(DELAY, 1 << 63)", {0}, "OverflowError", NULL},
        {"return Request(DELAY, 'x')", {0}, "TypeError", NULL},
        {"return Request('tea')", {0}, "ValueError", "asks for 'tea', which this host does not know or cannot ask for"},
        {"return Request(1)", {0}, "TypeError", NULL},
        {"return None", {0}, "AttributeError", "'NoneType' object has no attribute 'ask'"},
        {"raise SystemExit(3)", {0}, "SystemExit", "3"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cobench_request ask = {0};
        char rest[200];
        snprintf(rest, sizeof rest, "def request(state, worker, job):\n    %s\n", rows[i].request);
        task_write(f, COBENCH_ASK_URL, "return 1", rest);
        worker_start(f);
        error_clear(&f->err);
        const int rc = f->task.request(f->state, f->worker, 3, &ask, &f->err);
        if (rows[i].type) {
            assert_int_equal(rc, -EPROTO);
            assert_string_equal(f->err.type, rows[i].type);
            if (rows[i].message)
                assert_string_equal(f->err.message, rows[i].message);
        } else {
            assert_int_equal(rc, 0);
            assert_int_equal(ask.ask, rows[i].ask.ask);
            assert_int_equal(ask.delay_ns, rows[i].ask.delay_ns);
            assert_string_equal(ask.url, rows[i].ask.url);
        }
        worker_end(f);
    }
}

/* That there are such, the counterpart's table says. */
static int some_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    (void)state, (void)step, (void)ask, (void)err;
    return 0;
}

static int some_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                     struct cobench_request *ask, struct cobench_error *err)
{
    (void)state, (void)worker, (void)job, (void)step, (void)reply, (void)ask, (void)err;
    return 0;
}

/* What a request names stays where it is: words until the next one, statements and a path until the task is closed. */
TEST_WITH(test_requests_that_point, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct cobench_request ask = {0}, again = {0};
    f->counterpart.prepare = some_prepare;
    f->counterpart.more = some_more;
    task_write(
        f, COBENCH_ASK_SQL, "return 1",
        "ROWS = (Request(SQL, statements=('begin', 'select $1'), key=-7),\n"
        "        Request(CACHE, words=[b'GET', b'k']),\n"
        "        Request(BLOCK, path='/f', offset=1 << 40, length=512, flags=BLOCK_DIRECT),\n"
        "        Request(SQL, statements=['list']), Request(CACHE, words=[b'a\\0b']), Request(BLOCK, path=None))\n"
        "def request(state, worker, job):\n    return ROWS[job]\n"
        "def more(state, worker, job, step, reply):\n    return ROWS[step] if reply is None else None\n"
        "def prepare(state, step):\n    return Request(SQL, statements=('begin', 'select ' + '$1')) if step == 0 "
        "else None\n");
    worker_start(f);
    error_clear(&f->err);
    assert_int_equal(f->task.request(f->state, f->worker, 0, &ask, &f->err), 0);
    assert_int_equal(ask.ask, COBENCH_ASK_SQL);
    assert_string_equal(ask.statements[1], "select $1");
    assert_null(ask.statements[2]);
    assert_int_equal(ask.key, -7);
    assert_int_equal(f->task.prepare(f->state, 0, &again, &f->err), 0);
    assert_ptr_equal(again.statements, ask.statements); /* of equal texts */
    again = (struct cobench_request){.ask = COBENCH_ASK_NOTHING};
    assert_int_equal(f->task.prepare(f->state, 1, &again, &f->err), 0);
    assert_int_equal(again.ask, COBENCH_ASK_NOTHING);
    assert_int_equal(f->task.more(f->state, f->worker, 9, 1, NULL, &again, &f->err), 0);
    assert_int_equal(again.ask, COBENCH_ASK_CACHE);
    assert_string_equal(again.words[1], "k");
    assert_null(again.words[2]);
    assert_int_equal(f->task.request(f->state, f->worker, 2, &again, &f->err), 0);
    assert_string_equal(again.path, "/f");
    assert_true(again.offset == UINT64_C(1) << 40 && again.length == 512 && again.flags == COBENCH_BLOCK_DIRECT);
    for (uint64_t job = 3; job < 6; job++) {
        assert_int_equal(f->task.request(f->state, f->worker, job, &again, &f->err), -EPROTO);
        error_clear(&f->err);
    }
    worker_end(f);
}

/* A list of jobs, for as long as words are. */
TEST_WITH(test_requests_for_jobs, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const uint64_t results[] = {5, UINT64_MAX};
    struct cobench_request ask = {0};
    task_write(f, COBENCH_ASK_JOBS, "return sum(memoryview(reply.body).cast('Q')) % 2**64",
               "ROWS = (Request(RESULTS, jobs=(3, 2**64 - 1)), Request(RESULTS, jobs=range(1, 4)), Request(RESULTS),\n"
               "        Request(RESULTS, jobs=(-1,)), Request(RESULTS, jobs=7), Request(RESULTS, jobs=('x',)))\n"
               "def request(state, worker, job):\n    return ROWS[job]\n");
    worker_start(f);
    error_clear(&f->err);
    for (uint64_t job = 0; job < 3; job++) {
        static const size_t counts[] = {2, 3, 0};
        ask = (struct cobench_request){0};
        assert_int_equal(f->task.request(f->state, f->worker, job, &ask, &f->err), 0);
        assert_int_equal(ask.ask, COBENCH_ASK_JOBS);
        assert_non_null(ask.jobs);
        assert_int_equal(ask.job_count, counts[job]);
        if (job == 0)
            assert_true(ask.jobs[0] == 3 && ask.jobs[1] == UINT64_MAX);
        if (job == 1)
            assert_true(ask.jobs[0] == 1 && ask.jobs[1] == 2 && ask.jobs[2] == 3);
    }
    for (uint64_t job = 3; job < 6; job++) {
        error_clear(&f->err);
        assert_int_equal(f->task.request(f->state, f->worker, job, &ask, &f->err), -EPROTO);
        assert_string_equal(f->err.type, job == 3 ? "ValueError" : "TypeError");
    }
    assert_int_equal(job_run(f, 0, &(struct cobench_reply){.body = (const void *)results, .length = sizeof results}),
                     4);
    worker_end(f);
}

static uint64_t some_waited(void *state, void *worker)
{
    (void)state, (void)worker;
    return 0;
}

static int some_audit(void *state, struct cobench_audit *audit, struct cobench_error *err)
{
    (void)state, (void)audit, (void)err;
    return 0;
}

/* Of the job that has just run, also where it failed. */
TEST_WITH(test_waits, fixture_setup, fixture_teardown, struct fixture *f)
{
    uint64_t result;
    f->counterpart.waited = some_waited;
    task_write(f, COBENCH_ASK_NOTHING, "worker.append(job); return 1 // job",
               "def worker_open(state, flags): return []\n"
               "def waited(state, worker): return worker[-1] * 1000 if worker[-1] < 9 else -1\n");
    worker_start(f);
    job_run(f, 7, NULL);
    assert_int_equal(f->task.waited(f->state, f->worker), 7000);
    error_clear(&f->err);
    assert_int_equal(f->task.run(f->state, f->worker, 0, NULL, &result, &f->err), -EPROTO);
    assert_string_equal(f->err.type, "ZeroDivisionError");
    assert_int_equal(f->task.waited(f->state, f->worker), 0);
    error_clear(&f->err);
    assert_int_equal(f->task.run(f->state, f->worker, 9, NULL, &result, &f->err), -EPROTO);
    assert_string_equal(f->err.type, "OverflowError");
    worker_end(f);
}

TEST_WITH(test_audits, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *body;
        struct cobench_audit found;
        const char *type; /* NULL: none */
    } rows[] = {
        {"return Audit(3, 2**64 - 1, 'three')", {3, UINT64_MAX, "three"}, NULL},
        {"return Audit(0, 1)", {0, 1, ""}, NULL},
        {"return Audit(-1, 1)", {0}, "OverflowError"},
        {"return Audit(1, 1, b'x')", {0}, "TypeError"},
        {"return 5", {0}, "AttributeError"},
        {"raise SystemExit(2)", {0}, "SystemExit"},
    };
    f->counterpart.audit = some_audit;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct cobench_audit found = {0};
        char rest[100];
        snprintf(rest, sizeof rest, "def audit(state): %s\n", rows[i].body);
        task_write(f, COBENCH_ASK_NOTHING, "return 0", rest);
        assert_int_equal(task_open(f), 0);
        error_clear(&f->err);
        assert_int_equal(f->task.audit(f->state, &found, &f->err), rows[i].type ? -EPROTO : 0);
        assert_string_equal(f->err.type, rows[i].type ? rows[i].type : "");
        if (!rows[i].type) {
            assert_true(found.wrong == rows[i].found.wrong && found.of == rows[i].found.of);
            assert_string_equal(found.finding, rows[i].found.finding);
        }
        f->task.close(f->state);
    }
    task_write(f, COBENCH_ASK_NOTHING, "return 0", "");
    assert_int_equal(task_open(f), -EPROTO);
    assert_string_equal(f->err.message, "there is no audit, but in its C counterpart");
}

TEST_WITH(test_failures, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *run, *type, *message;
        int line, rc;
    } rows[] = {
        {"raise ValueError('a\\n b\\t\\r\\n c')", "ValueError", "a b c", 3, -EPROTO},
        {"raise ValueError('nul\\0nul')", "ValueError", "nul nul", 3, -EPROTO},
        {"raise ValueError('\\udcff')", "ValueError", "?", 3, -EPROTO},
        {"raise ValueError", "ValueError", "", 3, -EPROTO},
        {"raise KeyboardInterrupt", "KeyboardInterrupt", "", 3, -EPROTO},
        {"raise MemoryError('none')", "MemoryError", "none", 3, -ENOMEM},
        {"raise type('Mine', (BaseException,), {})('mine')", "Mine", "mine", 3, -EPROTO},
        {"raise type('Silent', (Exception,), {'__str__': lambda self: 1 / 0})", "Silent",
         "an exception that cannot be printed", 3, -EPROTO},
        {"raise type('Exits', (Exception,), {'__str__': lambda self: exit()})", "Exits",
         "an exception that cannot be printed", 3, -EPROTO},
        {"import no_such_module", "ModuleNotFoundError", "No module named 'no_such_module'", 3, -EPROTO},
        {"return run(state, worker, job, reply)", "RecursionError", NULL, 3, -EPROTO},
        {"return 'x'", "TypeError", "the result is of type str, not int", 0, -EPROTO},
        {"return 1.0", "TypeError", "the result is of type float, not int", 0, -EPROTO},
        {"pass", "TypeError", "the result is of type NoneType, not int", 0, -EPROTO},
        {"return -1", "OverflowError", "the result is not in 0..2^64-1", 0, -EPROTO},
        {"return 2**64", "OverflowError", "the result is not in 0..2^64-1", 0, -EPROTO},
        {"import json; json.loads('{')", "JSONDecodeError", NULL, 3, -EPROTO},
        {"raise ValueError('x' + '\\u20ac' * 10**6)", "ValueError", NULL, 3, -EPROTO},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        uint64_t result;
        task_write(f, COBENCH_ASK_NOTHING, rows[i].run, "");
        worker_start(f);
        for (unsigned again = 0; again < 2; again++) { /* a failure leaves nothing behind for the next job */
            error_clear(&f->err);
            assert_int_equal(f->task.run(f->state, f->worker, 0, NULL, &result, &f->err), rows[i].rc);
            assert_string_equal(f->err.type, rows[i].type);
            if (rows[i].message)
                assert_string_equal(f->err.message, rows[i].message);
            assert_int_equal(f->err.line, rows[i].line);
        }
        worker_end(f);
        if (strstr(rows[i].run, "10**6")) /* the message is cut between two characters */
            assert_int_equal(strlen(f->err.message), 1 + 3 * 106);
    }
}

TEST_WITH(test_tasks_that_do_not_open, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const struct {
        const char *rest, *type, *message;
    } rows[] = {
        {"import no_such_module", "", "does not load: ModuleNotFoundError: No module named 'no_such_module'"},
        {"raise SystemExit(2)", "", "does not load: SystemExit: 2"},
        {"def", "", "does not load: SyntaxError: "},
        {"del NAME", "", "does not keep to the contract: NAME is missing or no str"},
        {"def open(params, jobs): raise OSError(2, 'none', '/x')", "FileNotFoundError", "[Errno 2] none: '/x'"},
        {"def open(params, jobs): exit(3)", "SystemExit", "3"},
        {"ASKS = URL", "ValueError", "ASKS is 'url', but 'nothing' in its C counterpart"},
        {"PARAMS = (Param('size', INT, '1', 'x', 0, 9),)", "ValueError",
         "PARAMS has other keys than in its C counterpart"},
        {"def audit(state): pass", "ValueError", "there is an audit, but not in its C counterpart"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        task_write(f, COBENCH_ASK_NOTHING, "return job", rows[i].rest);
        assert_int_equal(task_open(f), -EPROTO);
        assert_string_equal(f->err.type, rows[i].type);
        if (!strstr(f->err.message, rows[i].message))
            fail_msg("'%s' is not in '%s'", rows[i].message, f->err.message);
    }
}

TEST_WITH(test_facts, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct runtime_python python;
    embed_python(NULL, &python);
    assert_int_equal(strncmp(python.version, PY_VERSION, strcspn(PY_VERSION, "+")), 0);
    assert_int_equal(python.switch_interval_ns, 0);
    task_write(f, COBENCH_ASK_NOTHING, "return job", "import sys; sys.setswitchinterval(0.25)");
    assert_int_equal(task_open(f), 0);
    embed_python(f->state, &python);
    assert_int_equal(python.switch_interval_ns, 250000000);
    assert_true(python.gil_known);
    f->task.close(f->state);
}

/* -- nothing is left behind ------------------------------------------------------------------------------------------- */

enum { JOB_EARLY = 1000, JOB_LATE = 100000, BLOCKS_SLACK = 20, BYTES_SLACK = 64 << 10 };

/* What the allocator has handed out; what Python's own has handed out is the result of job JOB_EARLY and JOB_LATE. */
static int64_t bytes_used(void)
{
    const struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
}

/* JOB_LATE jobs, every second of which may fail. The growth between the early job and the late one is checked. */
static void jobs_stay_flat(struct fixture *f, const struct cobench_reply *reply)
{
    uint64_t blocks = 0;
    int64_t bytes = 0;
    worker_start(f);
    for (uint64_t job = 1; job <= JOB_LATE; job++) {
        struct cobench_request ask = {0};
        uint64_t result;
        error_clear(&f->err);
        if (f->task.request)
            f->task.request(f->state, f->worker, job, &ask, &f->err);
        const int rc = f->task.run(f->state, f->worker, job, reply, &result, &f->err);
        if (job != JOB_EARLY && job != JOB_LATE)
            continue;
        assert_int_equal(rc, 0);
        if (job == JOB_EARLY) {
            blocks = result;
            bytes = bytes_used();
        } else if (!SANITIZED && (result > blocks + BLOCKS_SLACK || bytes_used() > bytes + BYTES_SLACK)) {
            fail_msg("%llu blocks and %lld bytes more", (unsigned long long)(result - blocks),
                     (long long)(bytes_used() - bytes));
        }
    }
    worker_end(f);
}

TEST_WITH(test_jobs_leave_nothing, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const char count[] =
        "def blocks():\n    import gc, sys\n    gc.collect()\n    return sys.getallocatedblocks()\n";
    static unsigned char body[2000];
    char rest[400];
    task_write(f, COBENCH_ASK_NOTHING, "return blocks() if job % 99000 == 1000 else job << 30", count);
    jobs_stay_flat(f, NULL);
    task_write(f, COBENCH_ASK_NOTHING,
               "return blocks() if job % 99000 == 1000 else ('x', -1, 1 << 65)[job % 3] if job % 2 else 1 // 0", count);
    jobs_stay_flat(f, NULL);
    snprintf(rest, sizeof rest,
             "%sdef request(state, worker, job): return Request(URL, 0, 'http://h/%%d' %% job) if job %% 2 else job\n",
             count);
    task_write(f, COBENCH_ASK_URL, "return blocks() if job % 99000 == 1000 else len(reply.body)", rest);
    jobs_stay_flat(f, &(struct cobench_reply){.status = 200, .body = body, .length = sizeof body});
}

static void *visit(void *arg)
{
    struct fixture *f = arg;
    struct cobench_error err;
    uint64_t result = 0;
    void *worker;
    error_clear(&err);
    const int rc = f->task.worker_open(f->state, 0, &worker, &err);
    if (rc || f->task.run(f->state, worker, 0, NULL, &result, &err))
        abort();
    f->task.worker_close(f->state, worker);
    return (void *)(uintptr_t)result;
}

/* A thread each, as in the model `threads`. */
TEST_WITH(test_workers_leave_nothing, fixture_setup, fixture_teardown, struct fixture *f)
{
    uintptr_t blocks = 0;
    int64_t bytes = 0;
    task_write(f, COBENCH_ASK_NOTHING, "import gc, sys; gc.collect(); return sys.getallocatedblocks()",
               "def worker_open(state, flags): return [flags]");
    assert_int_equal(task_open(f), 0);
    for (unsigned i = 0; i < 3000; i++) {
        pthread_t thread;
        void *result;
        assert_int_equal(pthread_create(&thread, NULL, visit, f), 0);
        assert_int_equal(pthread_join(thread, &result), 0);
        if (i == 100) {
            blocks = (uintptr_t)result;
            bytes = bytes_used();
        } else if (i > 100 && !SANITIZED &&
                   ((uintptr_t)result > blocks + BLOCKS_SLACK || bytes_used() > bytes + BYTES_SLACK)) {
            fail_msg("after %u: %lld blocks and %lld bytes more", i, (long long)((uintptr_t)result - blocks),
                     (long long)(bytes_used() - bytes));
        }
    }
    f->task.close(f->state);
}

static int64_t resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*d %ld", &pages) != 1)
        abort();
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* An interpreter that does without the bridge what the bridge has it do. */
static void bare_cycle(struct fixture *f)
{
    char rc[PATH_MAX + 400];
    PyPreConfig before;
    PyConfig config;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    PyStatus status = Py_PreInitialize(&before);
    PyConfig_InitIsolatedConfig(&config);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(&config, &config.program_name, COBENCH_PYTHON);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    snprintf(rc, sizeof rc,
             "import sys\nsys.path.insert(0, '%s')\nfrom py_impl import catalog, contract, failure, params\n"
             "task = catalog.load('%s')\ntask.run(None, None, 0, None)\n",
             f->root, f->path);
    if (PyStatus_Exception(status) || PyRun_SimpleString(rc) != 0 || Py_FinalizeEx() != 0)
        abort();
}

static void bridge_cycle(struct fixture *f)
{
    worker_start(f);
    job_run(f, 0, NULL);
    worker_end(f);
}

/* By how many bytes a process grows with each cycle, once it has its size, measured in a process of its own. */
static int64_t growth_of(struct fixture *f, void (*cycle)(struct fixture *), int cycles)
{
    const int warm = cycles / 10;
    int64_t growth = -1;
    int ends[2], status = 0;
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        for (int i = 0; i < warm; i++)
            cycle(f);
        const int64_t before = resident_bytes();
        for (int i = warm; i < cycles; i++)
            cycle(f);
        growth = (resident_bytes() - before) / (cycles - warm);
        _exit(write(ends[1], &growth, sizeof growth) == (ssize_t)sizeof growth ? 0 : 1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &growth, sizeof growth), (ssize_t)sizeof growth);
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    return growth;
}

/* CPython itself may leak in each cycle, which is not the bridge's to mend: 3.11.2 nothing, 3.12.1 1.4 MB, 3.13.0 190 kB. */
TEST_WITH(test_interpreters_leave_what_cpython_leaves, fixture_setup, fixture_teardown, struct fixture *f)
{
    const int cycles = SANITIZED ? 20 : PY_VERSION_HEX < 0x030C0000 ? 300 : 200;
    task_write(f, COBENCH_ASK_NOTHING, "return job", "");
    const int64_t bare = growth_of(f, bare_cycle, cycles), bridge = growth_of(f, bridge_cycle, cycles);
    print_message("a cycle of the interpreter leaves %lld bytes, with the bridge %lld\n", (long long)bare,
                  (long long)bridge);
    if (!SANITIZED)
        assert_true(bridge <= bare + bare / 50 + 1024);
}
