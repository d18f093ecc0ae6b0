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

#define LOOPS_MAX 1024u /* each of which has places for many requests */

enum { STATUS_USAGE = 2, STATUS_IMPOSSIBLE = 77 };

/* How many workers there are: what was asked, else what the server says. 0 or a negative errno. */
static int workers_settle(const struct server *server, unsigned *workers, struct cobench_error *err)
{
    const bool one = strcmp(server->workers, "one") == 0;
    if (*workers == 0)
        *workers = one ? 1 : limits_cpus();
    if (one && *workers != 1)
        return error_fill(err, -EINVAL, "--workers=%u: %s has one worker", *workers, server->name);
    if (server->way == SERVER_ON_A_LOOP && *workers > LOOPS_MAX)
        return error_fill(err, -EINVAL, "--workers=%u: %s has %u at most", *workers, server->name, LOOPS_MAX);
    return 0;
}

static int task_settle(struct session *s, struct served *served, struct cobench_error *err)
{
    struct run *run = &s->run;
    unsigned workers = s->args->workers;
    int rc = session_open_rank(s, err);
    if (rc)
        return rc;
    if (run->task->asks == COBENCH_ASK_URL || run->task->asks == COBENCH_ASK_COMMAND)
        return error_fill(err, -ENOSYS, "task '%.64s' asks for a %s, which no server does before it answers",
                          run->task->name, contract_ask_name(run->task->asks));
    rc = workers_settle(s->args->server, &workers, err);
    if (rc)
        return rc;
    *served = (struct served){.server = s->args->server,
                              .listen = s->args->listen,
                              .delay_ns = s->args->delay_ns,
                              .jobs = run->jobs,
                              .inner = run->task};
    run->workers = workers;
    run->jobs = (uint64_t)workers * server_places(s->args->server);
    rc = served_open(served, run->jobs);
    run->task = &served->task;
    run->serves = true;
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

/* Serves until it is time to end. */
static int server_run(struct session *s, struct cobench_error *err)
{
    struct run *run = &s->run;
    const bool here = run->knobs.start_method == START_FORK;
    int rc = here ? run_open_task(run, err) : 0;
    if (rc)
        return rc;
    s->opened = true;
    rc = s->args->model->run(run, err);
    if (rc == 0)
        requests_print(s->dispenser.state);
    dispenser_close(&s->dispenser);
    if (here)
        run_close_task(run);
    return rc;
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
        rc = server_run(&s, &err);
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
