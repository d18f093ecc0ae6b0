/* SPDX-License-Identifier: MIT */
/* One call of a function or of a command, timed in a child: it may hang, crash, print or leave children behind. */
#include "host/probe.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/error.h"
#include "host/transport.h"

enum { PROBE_S = 10 };

static int64_t cpu_ns(void)
{
    struct timespec own;
    struct rusage children;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return ((int64_t)own.tv_sec + children.ru_utime.tv_sec + children.ru_stime.tv_sec) * NS_PER_S + own.tv_nsec +
           ((int64_t)children.ru_utime.tv_usec + children.ru_stime.tv_usec) * NS_PER_US;
}

/* How often the process gave its CPU up by itself, to wait for something. */
static int64_t waits(void)
{
    struct rusage own;
    getrusage(RUSAGE_SELF, &own);
    return own.ru_nvcsw;
}

/* How long its first thread was ready to go on while others had the CPUs; 0 where the kernel does not tell. */
static int64_t queued_ns(void)
{
    int64_t ran = 0, queued = 0;
    FILE *file = fopen("/proc/self/schedstat", "re");
    if (file && fscanf(file, "%" SCNd64 " %" SCNd64, &ran, &queued) != 2)
        queued = 0;
    if (file)
        fclose(file);
    return queued;
}

/* What a command needs besides; it stays in this process's group. */
static int transport_open(const struct cobench_task *task, const struct transport **transport, void **client,
                          struct cobench_error *err)
{
    const struct transport_options options = {.timeout_ns = 0};
    void *handle, *state;
    int rc = task->asks == COBENCH_ASK_NOTHING ? 0
                                               : transport_load(task->asks, CLIENT_DEFAULT, transport, &handle, err);
    if (rc == 0 && *transport)
        rc = (*transport)->open(&options, &state, err);
    return rc == 0 && *transport ? (*transport)->client_open(state, client, err) : rc;
}

static int call_twice(const struct cobench_task *task, void *state, struct probe *out, struct cobench_error *err)
{
    const struct transport *transport = NULL;
    void *worker = NULL, *client = NULL;
    uint64_t result = 0, process = 0;
    int rc = transport_open(task, &transport, &client, err);
    if (rc == 0 && task->worker_open)
        rc = task->worker_open(state, 0, &worker, err);
    for (uint64_t job = 0; rc == 0 && job < 2; job++) {
        struct cobench_request ask = {.process = &process};
        struct cobench_reply reply = {.length = 0};
        const int64_t queued = queued_ns(), waited = waits(), wall = clock_now_ns(), cpu = cpu_ns();
        if (transport)
            rc = task->request(state, worker, job, &ask, err);
        if (rc == 0 && transport)
            rc = transport->client_get(client, &ask, &reply, err);
        if (rc == 0)
            rc = task->run(state, worker, job, transport ? &reply : NULL, &result, err);
        out->cpu_ns = cpu_ns() - cpu;
        out->wall_ns = clock_now_ns() - wall - (queued_ns() - queued);
        if (waits() == waited && out->cpu_ns > 0) /* a hypervisor's other guests do not show in what is queued */
            out->wall_ns = out->cpu_ns;
    }
    return rc;
}

/* Of a child that ended without a word. */
static void end_tell(int status, struct probe *out)
{
    if (WIFEXITED(status))
        snprintf(out->error, sizeof out->error, "it ended the process with exit status %d", WEXITSTATUS(status));
    else if (WTERMSIG(status) != SIGKILL)
        snprintf(out->error, sizeof out->error, "the process was ended by signal %d", WTERMSIG(status));
}

/* In the child. It prints nowhere, and ends even where nobody is left to end it. */
static void probe_child(const struct cobench_task *task, int to)
{
    const struct cobench_open how = {.task = task, .jobs = task->default_jobs > 2 ? task->default_jobs : 2};
    struct probe found = {.known = false};
    struct cobench_error err;
    void *state = NULL;

    const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = 0; fd <= 2; fd++)
        dup2(nowhere, fd);
    alarm(PROBE_S + 1);
    error_clear(&err);
    if (task->open && task->open(&how, &state, &err))
        snprintf(found.reason, sizeof found.reason, "%s", err.message);
    else
        found.known = call_twice(task, state, &found, &err) == 0;
    if (!found.known && !found.reason[0] && task->asks != COBENCH_ASK_COMMAND)
        error_words(&err, found.error, sizeof found.error);
    if (write(to, &found, sizeof found) != (ssize_t)sizeof found)
        _exit(1);
    _exit(0);
}

struct probe probe_task(const struct cobench_task *task)
{
    struct probe found = {.known = false};
    int ends[2];

    fflush(NULL);
    if (pipe(ends) != 0)
        return found;
    const pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        probe_child(task, ends[1]);
    }
    close(ends[1]);
    if (child > 0) {
        setpgid(child, child); /* whoever comes first: its own children are to end with it */
        struct pollfd end = {.fd = ends[0], .events = POLLIN};
        const bool ended = poll(&end, 1, PROBE_S * 1000) == 1;
        const bool told = ended && read(ends[0], &found, sizeof found) == (ssize_t)sizeof found;
        int status = 0;
        if (!told)
            found = (struct probe){.known = false};
        kill(-child, SIGKILL);
        waitpid(child, &status, 0);
        if (ended && !told && task->asks != COBENCH_ASK_COMMAND)
            end_tell(status, &found);
    }
    close(ends[0]);
    return found;
}
