/* SPDX-License-Identifier: MIT */
/* What the ranks of an engine do. */
#define _GNU_SOURCE /* prctl */
#include "host/rank.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "host/args.h"
#include "host/error.h"
#include "host/link.h"
#include "host/plugin.h"
#include "host/process.h"
#include "host/session.h"
#include "host/shared_state.h"
#include "host/worker.h"

static const struct plugin mpi = {
    "plugins/mpi.so", LINK_SYMBOL, LINK_VERSION,
    "mpi cannot run here (it is built where libopenmpi-dev is installed, and needs its library)"};

/* Round trips by which a worker's clock is compared with the manager's. */
#define CLOCK_TRIPS 8

/* Of a failed job: what message_add_failure writes at most. */
#define TAIL_MAX 1024u

struct rank {
    const struct link *link;
    struct session session;
    unsigned workers;
    uint32_t chunk; /* jobs in a message */
    size_t payload; /* bytes of each of them */
    struct message out;
    unsigned char *in; /* the message that is being read */
    size_t in_size;
    /* The manager's: its pipes to the host, and of each worker how far its clock is ahead. */
    int read, write;
    int64_t *ahead_ns;
    struct message jobs; /* as many as go into one, with their payload, of which only the numbers change */
};

static int in_open(struct rank *r, size_t size, struct cobench_error *err)
{
    r->in_size = size;
    r->in = malloc(size);
    return r->in ? 0 : error_fill(err, -ENOMEM, "out of memory for messages of %zu bytes", size);
}

/* What is written has room, or the process has no memory and is of no use to the job. */
static void must(int rc)
{
    if (rc)
        abort();
}

/* Of a job in a message of jobs. */
static size_t part_size(size_t payload) { return sizeof(uint64_t) + sizeof(uint32_t) + payload; }

static void rank_send(struct rank *r, int to) { r->link->send(to, r->out.bytes, r->out.length); }

/* -- the manager ------------------------------------------------------------------------------------------------------ */

static int manager_open(struct rank *r, const int home[4], struct cobench_error *err)
{
    struct session *s = &r->session;
    struct run *run = &s->run;
    char path[64];
    int rc = slots_attach(&s->slots, s->args->slots, run->jobs, err);
    if (rc)
        return rc;
    run->slots = s->slots.slot;
    rc = shared_state_attach(home[0], home[1], &run->shared);
    if (rc)
        return error_fill(err, rc, "the host's shared state cannot be mapped: %s", strerror(-rc));
    snprintf(path, sizeof path, "/proc/%d/fd/%d", home[0], home[2]);
    r->read = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/fd/%d", home[0], home[3]);
    r->write = open(path, O_WRONLY | O_CLOEXEC);
    if (r->read < 0 || r->write < 0)
        return error_fill(err, -errno, "the host's pipes cannot be opened: %s", strerror(errno));
    if (s->args->arrivals.rate == 0)
        dispenser_counter(&s->dispenser, run->shared, run->jobs);
    else
        dispenser_schedule(&s->dispenser, run->shared, run->slots, run->jobs);
    run->dispenser = &s->dispenser;
    r->ahead_ns = calloc(r->workers, sizeof *r->ahead_ns);
    if (!r->ahead_ns)
        return error_fill(err, -ENOMEM, "out of memory for %u workers", r->workers);
    must(message_begin_jobs(&r->jobs));
    for (uint32_t i = 0; i < r->chunk; i++)
        must(message_add_job(&r->jobs, 0, NULL, r->payload));
    return in_open(r, 2 * sizeof(uint32_t) + r->chunk * (sizeof(struct message_part) + TAIL_MAX), err);
}

/* Tells the host and waits for its answer. Whether it is the one that is hoped for. */
static bool manager_ask(const struct rank *r, char tell, char answer)
{
    char byte = tell;
    ssize_t n;
    do
        n = write(r->write, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        return false;
    do
        n = read(r->read, &byte, 1);
    while (n < 0 && errno == EINTR);
    return n == 1 && byte == answer;
}

/* Waits for a message of a worker's. Returns whose it is. */
static uint32_t manager_receive(struct rank *r, struct message_reader *reader)
{
    uint32_t worker;
    const size_t length = r->link->receive(r->in, r->in_size);
    must(message_open_done(reader, r->in, length, &worker));
    return worker;
}

/* Every worker says once that it is up, or why it is not. */
static bool manager_gather(struct rank *r)
{
    bool all = true;
    for (unsigned i = 0; i < r->workers; i++) {
        struct message_reader reader;
        struct message_part part;
        const uint32_t worker = manager_receive(r, &reader);
        if (message_next_done(&reader, &part) != 1)
            continue;
        all = false;
        r->session.run.shared->unopened += part.slot.runs;
        run_failed_there(&r->session.run, FAILURE_NO_JOB, (int32_t)worker, (int)part.slot.result, &part);
    }
    return all;
}

/*
 * How far a worker's clock is ahead, by the round trip that took least: what the worker reads lies between the two readings here.
 * Within these it may be the same clock, as on one kernel it is, and is left alone.
 */
static void clock_compare(struct rank *r, uint32_t worker)
{
    int64_t least_ns = INT64_MAX;
    for (int i = 0; i < CLOCK_TRIPS; i++) {
        struct message_reader reader;
        struct message_part part;
        must(message_begin_jobs(&r->out));
        must(message_add_job(&r->out, FAILURE_NO_JOB, NULL, r->payload));
        const int64_t sent_ns = clock_now_ns();
        rank_send(r, (int)worker + 1);
        worker = manager_receive(r, &reader);
        const int64_t trip_ns = clock_now_ns() - sent_ns;
        must(message_next_done(&reader, &part) != 1);
        const int64_t ahead_ns = part.slot.start_ns - (sent_ns + trip_ns / 2);
        if (trip_ns < least_ns) {
            least_ns = trip_ns;
            r->ahead_ns[worker] = ahead_ns > trip_ns || ahead_ns < -trip_ns ? ahead_ns : 0;
        }
    }
}

/* Sends a free worker its next jobs; false: there are none. */
static bool manager_hand(struct rank *r, uint32_t worker)
{
    struct run *run = &r->session.run;
    const size_t each = part_size(r->payload);
    unsigned char *at = r->jobs.bytes + sizeof(uint32_t);
    uint64_t job;
    uint32_t count = 0;
    for (; count < r->chunk && dispenser_next(run->dispenser, worker, &job); count++, at += each) {
        run->slots[job].worker = (int32_t)worker;
        __atomic_store_n(&run->slots[job].state, SLOT_RUNNING, __ATOMIC_RELEASE);
        memcpy(at, &job, sizeof job);
    }
    memcpy(r->jobs.bytes, &count, sizeof count);
    if (count > 0)
        r->link->send((int)worker + 1, r->jobs.bytes, (size_t)(at - r->jobs.bytes));
    return count > 0;
}

/* The slot as its worker has filled it in, in the manager's time, but for what is the dispenser's. No job starts before the gate has
 * opened, whatever two clocks compared say. */
static void slot_take(struct slot *slot, const struct slot *from, int64_t ahead_ns, int64_t gate_ns)
{
    const int64_t start_ns = from->start_ns - ahead_ns;
    slot->result = from->result;
    slot->start_ns = ahead_ns && start_ns < gate_ns ? gate_ns : start_ns;
    slot->end_ns = from->end_ns - ahead_ns;
    slot->worker = from->worker;
    slot->replied_ns = from->replied_ns ? from->replied_ns - ahead_ns : 0;
    __atomic_fetch_add(&slot->runs, from->runs, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->state, from->state, __ATOMIC_RELEASE);
}

/* Reads one message with results. Returns the worker, which is free now. */
static uint32_t manager_take(struct rank *r)
{
    struct run *run = &r->session.run;
    struct message_reader reader;
    struct message_part part;
    uint64_t ended = 0;
    int64_t last_ns = 0;
    const uint32_t worker = manager_receive(r, &reader);
    while (message_next_done(&reader, &part) == 1) {
        slot_take(&run->slots[part.job], &part.slot, r->ahead_ns[worker], run->shared->gate_ns);
        if (part.slot.state == SLOT_FAILED)
            run_failed_there(run, part.job, (int32_t)worker, -EIO, &part);
        const int64_t end_ns = run->slots[part.job].end_ns;
        last_ns = end_ns > last_ns ? end_ns : last_ns;
        ended++;
    }
    shared_state_ended(run->shared, ended, last_ns);
    return worker;
}

static void manager_drain(struct rank *r)
{
    unsigned busy = 0;
    for (uint32_t worker = 0; worker < r->workers; worker++)
        busy += manager_hand(r, worker);
    while (busy > 0)
        busy -= !manager_hand(r, manager_take(r));
}

/* Tells all workers the end, and takes what they have still to say: connections opened, and whose import put Python's lock on. */
static void manager_end(struct rank *r)
{
    struct shared_state *shared = r->session.run.shared;
    must(message_begin_jobs(&r->out));
    for (unsigned i = 0; i < r->workers; i++)
        rank_send(r, (int)i + 1);
    for (unsigned i = 0; i < r->workers; i++) {
        struct message_reader reader;
        struct message_part part;
        (void)manager_receive(r, &reader);
        if (message_next_done(&reader, &part) != 1)
            continue;
        shared->connections += part.slot.result;
        if (part.slot.runs)
            shared_state_locked(shared, (const char *)part.bytes);
    }
}

static void manager_run(struct rank *r)
{
    struct run *run = &r->session.run;
    slots_prefault(run->slots, run->jobs);
    const bool up = manager_gather(r);
    for (uint32_t worker = 0; up && worker < r->workers; worker++)
        clock_compare(r, worker);
    if (manager_ask(r, up ? RANK_UP : RANK_NOT_UP, RANK_GO)) {
        manager_drain(r);
        (void)manager_ask(r, RANK_OVER, RANK_CLOSE);
    }
    manager_end(r);
}

/* -- a worker --------------------------------------------------------------------------------------------------------- */

static int worker_memory(struct rank *r, struct cobench_error *err)
{
    struct session *s = &r->session;
    struct run *run = &s->run;
    const int rc = shared_state_open(&run->shared);
    if (rc)
        return error_fill(err, rc, "no shared memory: %s", strerror(-rc));
    dispenser_counter(&s->dispenser, run->shared, run->jobs);
    run->dispenser = &s->dispenser; /* which nobody draws from */
    uint64_t slots = 1;
    while (slots < r->chunk)
        slots *= 2;
    run->slot_unused = ~(slots - 1);
    run->slots = aligned_alloc(sizeof *run->slots, slots * sizeof *run->slots);
    if (!run->slots)
        return error_fill(err, -ENOMEM, "out of memory for %llu slots", (unsigned long long)slots);
    return in_open(r, sizeof(uint32_t) + r->chunk * part_size(r->payload), err);
}

/* What is told of no job: that the worker is not up, and what it says at its end. */
static void worker_say(struct rank *r, uint32_t id, uint64_t number, uint32_t flag, const struct cobench_error *error,
                       const char *tail)
{
    const struct slot slot = {.result = number, .runs = flag};
    must(message_begin_done(&r->out, id));
    if (error)
        must(message_add_failure(&r->out, FAILURE_NO_JOB, &slot, error->type, error->line, error->message));
    else if (tail)
        must(message_add_done(&r->out, FAILURE_NO_JOB, &slot, tail, strlen(tail) + 1));
    rank_send(r, 0);
}

/* Runs the job of one part and adds what came of it to the answer, also the failure that it has noted. */
static void worker_part(struct rank *r, struct worker *w, const struct message_part *part)
{
    struct slot *slot = run_slot(w->run, part->job);
    struct cobench_error error;
    memset(slot, 0, sizeof *slot);
    if (part->job == FAILURE_NO_JOB)
        slot->start_ns = clock_now_ns();
    else
        worker_job(w, part->job);
    if (slot->state != SLOT_FAILED) {
        must(message_add_done(&r->out, part->job, slot, NULL, 0));
        return;
    }
    shared_state_take_failure(w->run->shared, &error);
    must(message_add_failure(&r->out, part->job, slot, error.type, error.line, error.message));
}

static void worker_serve(struct rank *r, struct worker *w, uint32_t id)
{
    for (;;) {
        struct message_reader reader;
        struct message_part part;
        const size_t length = r->link->receive(r->in, r->in_size);
        must(message_open_jobs(&reader, r->in, length));
        if (reader.left == 0)
            return;
        must(message_begin_done(&r->out, id));
        while (message_next_job(&reader, &part) == 1) {
            must(part.length != r->payload);
            worker_part(r, w, &part);
        }
        rank_send(r, 0);
    }
}

static void worker_run(struct rank *r, uint32_t id)
{
    struct run *run = &r->session.run;
    struct shared_state *shared = run->shared;
    struct worker w;
    struct cobench_error err;
    error_clear(&err);
    const int rc = process_enter(run, &w, (int32_t)id, &err);
    if (rc)
        error_complete(&err, rc);
    worker_say(r, id, (uint64_t)rc, shared->unopened, rc ? &err : NULL, NULL);
    worker_serve(r, &w, id); /* at least the end */
    if (rc == 0)
        process_close(run, &w);
    worker_say(r, id, shared->connections, shared->lock_on, NULL, shared->lock_by);
}

/* -- both ------------------------------------------------------------------------------------------------------------- */

/* Everything before the first message: the session, the library, and this rank's memory. *rank is its number. */
static int rank_open(struct rank *r, struct args *args, const int home[4], int *rank, struct cobench_error *err)
{
    const void *link = NULL;
    void *handle = NULL; /* stays loaded: the process is about to end */
    session_init(&r->session, args, 0);
    int rc = session_open_rank(&r->session, err);
    if (rc == 0)
        rc = plugin_load(&mpi, &link, &handle, err);
    if (rc)
        return rc;
    const int64_t payload = run_payload(&r->session.run, err);
    if (payload < 0)
        return (int)payload;
    r->payload = (size_t)payload;
    r->workers = r->session.run.workers;
    r->chunk = (uint32_t)r->session.run.knobs.chunk;
    r->link = link;
    *rank = r->link->open();
    return *rank == 0 ? manager_open(r, home, err) : worker_memory(r, err);
}

static void rank_close(struct rank *r)
{
    r->link->close();
    message_free(&r->out);
    message_free(&r->jobs);
    free(r->ahead_ns);
    free(r->in);
}

int rank_check(const struct run *run, struct cobench_error *err)
{
    const void *link = NULL;
    void *handle = NULL;
    const int64_t payload = run_payload(run, err);
    if (payload < 0)
        return (int)payload;
    if (part_size((size_t)payload) * (size_t)run->knobs.chunk > LINK_BYTES_MAX)
        return error_fill(err, -ENOMEM, "a message of %lld jobs with %lld bytes each would be longer than %u",
                          (long long)run->knobs.chunk, (long long)payload, LINK_BYTES_MAX);
    const int rc = plugin_load(&mpi, &link, &handle, err);
    plugin_unload(handle);
    return rc;
}

int rank_command(const char *program, int argc, char **argv)
{
    struct rank r = {.read = -1, .write = -1};
    struct cobench_error err;
    struct args args;
    int home[4], rank = 0;

    /* mpirun is killed with the host. So that nothing outlives it, whatever state it was in. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || argc < 2 ||
        sscanf(argv[1], "%d,%d,%d,%d", &home[0], &home[1], &home[2], &home[3]) != 4) {
        fprintf(stderr, "%s: rank: is started by the model mpi only\n", program);
        return 2;
    }
    error_clear(&err);
    argv[1] = argv[0];
    int rc = args_open_run(&args, argc - 1, argv + 1, &err);
    if (rc == 0)
        rc = rank_open(&r, &args, home, &rank, &err);
    if (rc) { /* without MPI_Finalize: Open MPI ends the other ranks */
        error_complete(&err, rc);
        fprintf(stderr, "%s: %s\n", program, err.message);
        return 2;
    }
    if (rank == 0)
        manager_run(&r);
    else
        worker_run(&r, (uint32_t)rank - 1);
    rank_close(&r);
    args_close(&args);
    return 0;
}
