/* SPDX-License-Identifier: MIT */
/* Claims and waits by the states in the slots, what a worker with a job that waits does next, and the watch over all of them. */
#define _GNU_SOURCE /* syscall, MAP_ANONYMOUS */
#include "host/join.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/error.h"
#include "host/shared_state.h"

#define ROOM_A_JOB  16u /* numbers on the board, on average */
#define ROOM_LEAST  (1u << 20)
#define YIELDS      100
#define NO_LIST     1u /* on the board: it needs nothing, or there was no room */
#define LOST_WAKE_S 10 /* a worker that was killed between a job's end and its wake has told nobody */
#define NAMED       8u /* jobs of a circle */
#define LISTED      3u /* jobs that are waited for */

/*
 * What the jobs that have been begun need, so that whoever waits for one of them sees what there is to do: for each job 0 (it has not
 * said yet), NO_LIST, or where its list is, and 2. A list is its length and the jobs' numbers.
 */
struct join_board {
    size_t bytes;
    uint64_t room;
    _Atomic uint64_t used;
    uint64_t *numbers;
    _Atomic uint64_t lists[];
};

static int board_open(struct join *join)
{
    const uint64_t room = join->jobs * ROOM_A_JOB + ROOM_LEAST;
    const size_t head = sizeof(struct join_board) + join->jobs * sizeof(uint64_t);
    const size_t bytes = head + room * sizeof(uint64_t);
    struct join_board *board = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                                    0);
    if (board == MAP_FAILED)
        return -errno;
    board->bytes = bytes;
    board->room = room;
    board->numbers = (uint64_t *)(void *)((char *)board + head);
    join->board = board;
    return 0;
}

int join_open(struct join *join, enum join_way way, unsigned workers, struct shared_state *shared, struct slot *slots,
              uint64_t jobs, struct cobench_error *err)
{
    int rc = 0;
    *join = (struct join){.way = way, .shared = shared, .slots = slots, .jobs = jobs, .places = workers};
    if (way == JOIN_HELP)
        rc = board_open(join);
    if (way == JOIN_ALONE && !(join->paths = calloc(jobs, sizeof *join->paths)))
        rc = -ENOMEM;
    return rc ? error_fill(err, rc, "no memory for what %llu jobs need of each other: %s", (unsigned long long)jobs,
                           strerror(-rc))
              : 0;
}

void join_close(struct join *join)
{
    if (join->board)
        munmap(join->board, join->board->bytes);
    free(join->paths);
    join->board = NULL;
    join->paths = NULL;
}

/* -- one job ----------------------------------------------------------------------------------------------------------- */

bool join_claim(const struct join *join, uint64_t job)
{
    uint32_t empty = SLOT_EMPTY;
    return join_state(join, job) == SLOT_EMPTY &&
           __atomic_compare_exchange_n(&join->slots[job].state, &empty, SLOT_RUNNING, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_ACQUIRE);
}

void join_await(const struct join *join, uint64_t job, uint64_t needed)
{
    __atomic_store_n(&join->slots[job].awaits, needed + 1, __ATOMIC_RELEASE);
}

void join_await_none(const struct join *join, uint64_t job)
{
    __atomic_store_n(&join->slots[job].awaits, 0, __ATOMIC_RELEASE);
}

static uint64_t awaits_of(const struct join *join, uint64_t job)
{
    return __atomic_load_n(&join->slots[job].awaits, __ATOMIC_ACQUIRE);
}

/* How many wait for this job or one that shares its counter. */
static _Atomic uint32_t *waiters_of(const struct join *join, uint64_t job)
{
    return &join->shared->join_waiters[job % JOIN_WAITERS];
}

/* Slots are shared by processes, so no FUTEX_PRIVATE_FLAG. */
void join_wait(const struct join *join, uint64_t job, uint64_t needed)
{
    uint32_t *state = &join->slots[needed].state, now;
    const struct timespec timeout = {.tv_sec = LOST_WAKE_S};
    join_await(join, job, needed);
    atomic_fetch_add(&join->shared->join_waiting, 1);
    atomic_fetch_add(waiters_of(join, needed), 1);
    atomic_thread_fence(memory_order_seq_cst); /* either this sees the end, or join_wake sees this waiter */
    while ((now = __atomic_load_n(state, __ATOMIC_ACQUIRE)) < SLOT_DONE)
        (void)syscall(SYS_futex, state, FUTEX_WAIT, now, &timeout, NULL, 0); /* whatever it says, the state counts */
    atomic_fetch_sub(waiters_of(join, needed), 1);
    atomic_fetch_sub(&join->shared->join_waiting, 1);
}

void join_wake(const struct join *join, uint64_t job)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(waiters_of(join, job), memory_order_relaxed) > 0)
        (void)syscall(SYS_futex, &join->slots[job].state, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void join_leave(struct join *join) { atomic_fetch_sub(&join->places, 1); }

void join_abandon(const struct join *join)
{
    for (uint64_t job = 0; job < join->jobs; job++)
        if (join_claim(join, job)) {
            __atomic_store_n(&join->slots[job].state, SLOT_FAILED, __ATOMIC_RELEASE);
            join_wake(join, job);
        }
}

int join_check(const struct join *join, uint64_t job, const struct cobench_request *ask, struct cobench_error *err)
{
    for (size_t i = 0; i < ask->job_count; i++) {
        if (ask->jobs[i] == job)
            return error_fill(err, -EINVAL, "asked for job %llu, which is itself", (unsigned long long)job);
        if (ask->jobs[i] >= join->jobs)
            return error_fill(err, -EINVAL, "asked for job %llu: there are jobs 0 to %llu",
                              (unsigned long long)ask->jobs[i], (unsigned long long)join->jobs - 1);
    }
    return 0;
}

int join_needed_failed(uint64_t needed, struct cobench_error *err)
{
    error_clear(err);
    snprintf(err->type, sizeof err->type, "NeededFailed");
    return error_fill(err, -ECANCELED, "job %llu, which it needs, failed", (unsigned long long)needed);
}

void join_publish(const struct join *join, uint64_t job, const struct cobench_request *ask)
{
    struct join_board *board = join->board;
    const size_t count = ask ? ask->job_count : 0;
    uint64_t list = NO_LIST;
    if (!board)
        return;
    const uint64_t at = count > 0 ? atomic_fetch_add(&board->used, count + 1) : 0;
    if (count > 0 && at < board->room && board->room - at > count) {
        board->numbers[at] = count;
        memcpy(&board->numbers[at + 1], ask->jobs, count * sizeof *ask->jobs);
        list = at + 2;
    }
    atomic_store_explicit(&board->lists[job], list, memory_order_release);
}

/* The list of a job that somebody has begun, who is about to say. */
static const uint64_t *board_list(const struct join *join, uint64_t job, uint64_t *count)
{
    const struct join_board *board = join->board;
    uint64_t list;
    *count = 0;
    for (int look = 0; (list = atomic_load_explicit(&board->lists[job], memory_order_acquire)) == 0; look++) {
        if (join_ended(join, job)) /* its worker died */
            return NULL;
        if (look < YIELDS)
            sched_yield();
        else
            clock_sleep_until(clock_now_ns() + NS_PER_MS / 10);
    }
    if (list == NO_LIST)
        return NULL;
    *count = board->numbers[list - 2];
    return &board->numbers[list - 1];
}

void join_results(const struct join *join, uint64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        numbers[i] = join->slots[numbers[i]].result;
}

/* -- the stack --------------------------------------------------------------------------------------------------------- */

void join_stack_close(struct join_stack *stack)
{
    free(stack->frames);
    free(stack->numbers);
    free(stack->seen);
    *stack = (struct join_stack){0};
}

/* The entries with room for `count` of `size` bytes. NULL: there is no memory, and they are as they were. */
static void *room_make(void *entries, size_t *room, size_t count, size_t size)
{
    if (count <= *room && entries)
        return entries;
    const size_t more = count > 2 * *room ? count + 16 : 2 * *room;
    void *moved = realloc(entries, more * size);
    if (moved)
        *room = more;
    return moved;
}

int join_push(const struct join *join, struct join_stack *stack, uint64_t job, const struct cobench_request *ask,
              struct cobench_error *err)
{
    const int rc = join_check(join, job, ask, err);
    if (rc)
        return rc;
    struct join_frame *frames = room_make(stack->frames, &stack->frames_room, stack->depth + 1, sizeof *frames);
    if (!frames)
        return -ENOMEM;
    stack->frames = frames;
    uint64_t *numbers = room_make(stack->numbers, &stack->numbers_room, stack->used + ask->job_count, sizeof *numbers);
    if (!numbers)
        return -ENOMEM;
    stack->numbers = numbers;
    if (ask->job_count > 0)
        memcpy(stack->numbers + stack->used, ask->jobs, ask->job_count * sizeof *ask->jobs);
    stack->frames[stack->depth++] = (struct join_frame){.job = job, .first = stack->used, .count = ask->job_count};
    stack->used += ask->job_count;
    return 0;
}

void join_pop(struct join_stack *stack) { stack->used = stack->frames[--stack->depth].first; }

/* Adds a job to those that the search goes through, once. False: there is no memory. */
static bool seen_add(struct join_stack *stack, size_t *count, uint64_t job, uint64_t root)
{
    for (size_t i = 0; i < *count; i++)
        if (stack->seen[i].job == job)
            return true;
    struct join_seen *entries = room_make(stack->seen, &stack->seen_room, *count + 1, sizeof *entries);
    if (!entries)
        return false;
    stack->seen = entries;
    stack->seen[(*count)++] = (struct join_seen){.job = job, .root = root};
    return true;
}

/*
 * Claims a job that nobody has begun, of all that the job on top waits for by way of others: the one nearest to it, as the most work
 * hangs from that. Where there is none there will be none: all that it waits for is running. Those are as many as there are
 * workers and jobs on their stacks.
 */
static bool help_find(const struct join *join, struct join_stack *stack, uint64_t *job, uint64_t *root)
{
    const struct join_frame *top = join_top(stack);
    const uint64_t *needs = stack->numbers + top->first;
    size_t seen = 0;
    for (size_t i = top->ended; i < top->count; i++)
        if (!join_ended(join, needs[i]) && !seen_add(stack, &seen, needs[i], needs[i]))
            return false;
    for (size_t at = 0; at < seen; at++) {
        uint64_t count;
        const uint64_t *list = board_list(join, stack->seen[at].job, &count);
        *root = stack->seen[at].root;
        for (uint64_t i = 0; i < count; i++) {
            *job = list[i];
            if (join_claim(join, *job))
                return true;
            if (!join_ended(join, *job) && !seen_add(stack, &seen, *job, *root))
                return false;
        }
    }
    return false;
}

/* Claims the first that nobody has begun, of what the job on top needs. */
static bool needed_claim(const struct join *join, const struct join_stack *stack, uint64_t *job)
{
    struct join_frame *top = join_top(stack);
    if (top->begun < top->ended)
        top->begun = top->ended;
    while (top->begun < top->count) {
        *job = stack->numbers[top->first + top->begun++];
        if (join_claim(join, *job))
            return true;
    }
    return false;
}

enum join_step join_next(const struct join *join, struct join_stack *stack, uint64_t *job)
{
    struct join_frame *top = join_top(stack);
    const uint64_t *needs = stack->numbers + top->first;
    uint32_t state = SLOT_DONE;
    while (top->ended < top->count && (state = join_state(join, needs[top->ended])) == SLOT_DONE)
        top->ended++;
    if (top->ended == top->count || state == SLOT_FAILED) {
        join_await_none(join, top->job);
        *job = state == SLOT_FAILED ? needs[top->ended] : top->job;
        return state == SLOT_FAILED ? JOIN_FAILED : JOIN_READY;
    }
    uint64_t root = 0; /* that it waits for, by way of *job */
    bool claimed = join->way != JOIN_BLOCK && needed_claim(join, stack, &root);
    *job = root;
    if (!claimed && join->way == JOIN_HELP)
        claimed = help_find(join, stack, job, &root);
    if (claimed)
        join_await(join, top->job, root); /* behind the claim: until then this worker is about to do something */
    else
        *job = needs[top->ended];
    return claimed ? JOIN_BEGIN : JOIN_WAIT;
}

int64_t join_reply(const struct join *join, struct join_stack *stack, struct cobench_reply *reply)
{
    const struct join_frame *top = join_top(stack);
    uint64_t *numbers = stack->numbers + top->first;
    int64_t below = 0;
    for (size_t i = 0; join->paths && i < top->count; i++)
        if (join->paths[numbers[i]] > below)
            below = join->paths[numbers[i]];
    join_results(join, numbers, top->count);
    *reply = (struct cobench_reply){.body = (const unsigned char *)numbers, .length = top->count * sizeof *numbers};
    return below;
}

void join_note(struct join *join, uint64_t job, size_t edges, int64_t below_ns, int64_t since_ns)
{
    struct join_graph *graph = &join->graph;
    if (!join->paths)
        return;
    const int64_t own = join->slots[job].end_ns - since_ns;
    join->paths[job] = below_ns + own;
    graph->edges += edges;
    graph->work_ns += own;
    if (graph->path_ns < join->paths[job])
        graph->path_ns = join->paths[job];
}

/* -- the watch --------------------------------------------------------------------------------------------------------- */

/* What a look found where no job could go on. */
struct standstill {
    uint64_t running, first; /* how many jobs run, and the first of them */
    uint64_t mark;
};

/* Looks at all slots, from `from` on. A job that runs and does not wait, or waits for one that has ended; or join->jobs: there is none,
 * and *found is filled in. */
static uint64_t witness_find(const struct join *join, uint64_t from, struct standstill *found)
{
    *found = (struct standstill){.first = join->jobs};
    for (uint64_t i = 0; i < join->jobs; i++) {
        const uint64_t job = from < join->jobs - i ? from + i : from + i - join->jobs;
        if (join_state(join, job) != SLOT_RUNNING)
            continue;
        const uint64_t awaits = awaits_of(join, job);
        if (awaits == 0 || join_ended(join, awaits - 1))
            return job;
        found->running++;
        found->first = job < found->first ? job : found->first;
        found->mark += splitmix64(job ^ splitmix64(awaits));
    }
    return join->jobs;
}

/* Of jobs that all wait: walks from the first from one to the next. A job in a circle, or join->jobs where it ends at one that nobody has
 * begun. */
static uint64_t circle_find(const struct join *join, const struct standstill *found)
{
    uint64_t job = found->first;
    for (uint64_t i = 0; i < found->running; i++) {
        const uint64_t awaits = awaits_of(join, job);
        if (awaits == 0 || join_state(join, awaits - 1) != SLOT_RUNNING)
            return join->jobs;
        job = awaits - 1;
    }
    return job;
}

bool join_is_stuck(const struct join *join, struct join_look *look)
{
    struct standstill found;
    const uint64_t before = look->mark;
    look->mark = 0;
    if (atomic_load_explicit(&join->shared->join_waiting, memory_order_relaxed) == 0)
        return false;
    const uint64_t witness = witness_find(join, look->witness, &found);
    look->witness = witness < join->jobs ? witness : 0;
    if (witness < join->jobs || found.running == 0)
        return false;
    const bool full = join->way == JOIN_BLOCK && found.running >= atomic_load(&join->places);
    if (full || circle_find(join, &found) < join->jobs)
        look->mark = found.mark | 1;
    return look->mark != 0 && look->mark == before;
}

static size_t text_add(char *line, size_t size, size_t at, const char *format, uint64_t number)
{
    if (at < size) {
        const int n = snprintf(line + at, size - at, format, (unsigned long long)number);
        at += n > 0 ? (size_t)n : 0;
    }
    return at;
}

/* "job 3 waits for job 5, which waits for job 3", from the lowest. */
static void circle_explain(const struct join *join, uint64_t job, char *line, size_t size)
{
    uint64_t length = 1, least = job;
    for (uint64_t other = awaits_of(join, job) - 1; other != job && other < join->jobs && length < join->jobs;
         length++) {
        least = other < least ? other : least;
        other = awaits_of(join, other) - 1;
    }
    size_t at = text_add(line, size, 0, "job %llu waits", job = least);
    for (uint64_t i = 0; i < length && i < NAMED; i++) {
        at = text_add(line, size, at, i > 0 ? ", which waits for job %llu" : " for job %llu",
                      job = awaits_of(join, job) - 1);
    }
    if (length > NAMED)
        text_add(line, size, at, ", and so on, in a circle of %llu jobs", length);
}

static int number_compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* "jobs 8 to 11" of numbers that are in order, each once. */
static void numbers_tell(const uint64_t *numbers, size_t count, char *line, size_t size)
{
    size_t at = text_add(line, size, 0, count > 1 ? "jobs %llu" : "job %llu", numbers[0]);
    if (count > 2 && numbers[count - 1] - numbers[0] == count - 1) {
        text_add(line, size, at, " to %llu", numbers[count - 1]);
        return;
    }
    for (size_t i = 1; i < count && i < LISTED; i++)
        at = text_add(line, size, at, i + 1 == count ? " and %llu" : ", %llu", numbers[i]);
    if (count > LISTED)
        text_add(line, size, at, " and %llu more", count - LISTED);
}

/* The jobs that nobody has begun and that are waited for, in order, each once. How many; none where there is no memory. */
static size_t awaited_collect(const struct join *join, uint64_t running, uint64_t *numbers)
{
    size_t count = 0, kept = 0;
    for (uint64_t job = 0; job < join->jobs && count < running; job++) {
        const uint64_t awaits = join_state(join, job) == SLOT_RUNNING ? awaits_of(join, job) : 0;
        if (awaits != 0 && join_state(join, awaits - 1) == SLOT_EMPTY)
            numbers[count++] = awaits - 1;
    }
    qsort(numbers, count, sizeof *numbers, number_compare);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    return kept;
}

void join_explain(const struct join *join, bool can_help, char *line, size_t size)
{
    struct standstill found;
    char needed[128] = "jobs"; /* without memory */
    const unsigned places = atomic_load(&join->places);
    uint64_t next = 0, enough = places;
    witness_find(join, 0, &found);
    const uint64_t circle = circle_find(join, &found);
    if (circle < join->jobs) {
        circle_explain(join, circle, line, size);
        return;
    }
    uint64_t *numbers = calloc(found.running, sizeof *numbers);
    const size_t count = numbers ? awaited_collect(join, found.running, numbers) : 0;
    while (next < join->jobs && join_state(join, next) != SLOT_EMPTY) /* that would be drawn next */
        next++;
    if (count > 0) {
        numbers_tell(numbers, count, needed, sizeof needed);
        enough = places + (numbers[0] - next) + 1;
    }
    free(numbers);
    snprintf(
        line, size,
        "%llu of %u worker%s wait%s for %s, which no worker is free to run; at least %llu workers%s or async may do",
        (unsigned long long)found.running, places, places == 1 ? "" : "s", found.running == 1 ? "s" : "", needed,
        (unsigned long long)enough, can_help ? ", --join help" : "");
}
