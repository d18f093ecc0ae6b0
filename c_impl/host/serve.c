/* SPDX-License-Identifier: MIT */
/* One server from its command line to its last line: the session of a run whose dispenser is servers/requests.c. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "host/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "host/contract.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/session.h"
#include "host/shared_state.h"
#include "servers/requests.h"
#include "servers/served.h"
#include "servers/servers.h"

#define CONNECTIONS_A_LOOP 10u /* to a service */

enum { STATUS_USAGE = 2, STATUS_IMPOSSIBLE = 77 };

/* On loops requests share connections in any case: there are more of them under way than a service would take. */
static int connections_settle(struct session *s, struct cobench_error *err)
{
    struct run *run = &s->run;
    const uint64_t all = run->knobs.connections ? (uint64_t)run->knobs.connections
                                                : (uint64_t)run->workers * CONNECTIONS_A_LOOP;
    if (!s->args->model->uses_loop || !contract_ask(run->task->asks)->connects)
        return 0;
    if (all < run->workers)
        return error_fill(err, -ENOSYS, "--connections %llu: there are %u event loops, each with its own",
                          (unsigned long long)all, run->workers);
    run->connections = (unsigned)all;
    return 0;
}

static int task_settle(struct session *s, struct served *served, struct cobench_error *err)
{
    struct run *run = &s->run;
    int rc = session_open_rank(s, err);
    if (rc)
        return rc;
    if (run->task->asks == COBENCH_ASK_URL || run->task->asks == COBENCH_ASK_COMMAND)
        return error_fill(err, -ENOSYS, "task '%.64s' asks for a %s, which no server does before it answers",
                          run->task->name, contract_ask_name(run->task->asks));
    if (run->task->asks == COBENCH_ASK_JOBS)
        return error_fill(err, -ENOSYS, "task '%.64s' asks for the results of other jobs, which no server has",
                          run->task->name);
    rc = connections_settle(s, err);
    if (rc)
        return rc;
    *served = (struct served){.server = s->args->server,
                              .listen = s->args->listen,
                              .delay_ns = s->args->delay_ns,
                              .jobs = run->jobs,
                              .inner = run->task};
    run->jobs = (uint64_t)run->workers * server_places(s->args->server);
    rc = served_open(served, run->jobs);
    run->task = &served->task;
    return rc;
}

/* What session.c's own does, but that there is no slots file. */
static int memory_settle(struct session *s, struct cobench_error *err)
{
    struct run *run = &s->run;
    void *slots = mmap(NULL, run->jobs * sizeof *run->slots, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slots == MAP_FAILED)
        return -errno;
    run->slots = slots; /* the process is about to end when they are not needed any more */
    int rc = shared_state_open(&run->shared);
    if (rc == 0 && s->args->model->uses_processes) {
        rc = children_open(&s->children, run->workers);
        run->children = &s->children;
    }
    if (rc)
        return rc;
    const struct dispenser_options how = {.jobs = run->jobs,
                                          .workers = run->workers,
                                          .in_flight = server_places(s->args->server),
                                          .processes = s->args->model->uses_processes,
                                          .loop = s->args->model->uses_loop,
                                          .chunk = 1,
                                          .timeout_ns = run->request_timeout_ns,
                                          .slots = run->slots,
                                          .run = run};
    run->dispenser = &s->dispenser;
    dispenser_counter(&s->dispenser, run->shared, run->jobs);
    return dispenser_open(&s->dispenser, &dispenser_requests, &how, err);
}

static int status_of(const struct session *s, int rc)
{
    return rc == 0                                 ? 0
           : error_is_limit(rc)                    ? STATUS_IMPOSSIBLE
           : s->opened && !s->run.shared->unopened ? 1
                                                   : STATUS_USAGE;
}

int serve_command(const char *program, int argc, char **argv)
{
    struct session s;
    struct served served = {.server = NULL};
    struct cobench_error err;
    struct args args;
    sigset_t ends, before;

    error_clear(&err);
    int rc = args_open_serve(&args, argc, argv, &err);
    session_init(&s, &args, 0);
    if (rc == 0 && args.help) {
        args_help(stdout, argv[0], program);
        args_close(&args);
        return 0;
    }
    /* All threads have them blocked, so that the one that waits for them gets them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    if (rc == 0)
        rc = -pthread_sigmask(SIG_BLOCK, &ends, &before);
    s.run.signals = &before;
    if (rc == 0)
        rc = task_settle(&s, &served, &err);
    if (rc == 0)
        rc = memory_settle(&s, &err);
    if (rc == 0)
        session_run(&s);
    if (rc == 0 && s.rc)
        err = s.error;
    rc = rc ? rc : s.rc;
    if (rc) {
        char line[512];
        error_complete(&err, rc);
        error_tell(&err, rc, line, sizeof line);
        fprintf(stderr, "%s: %s\n", program, line);
    }
    const int status = status_of(&s, rc);
    session_close(&s);
    served_close(&served);
    args_close(&args);
    return status;
}
