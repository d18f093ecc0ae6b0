/* SPDX-License-Identifier: MIT */
/* Hangs, told from what the kernel says each thread waits for. */
#define _GNU_SOURCE /* gettid */
#include "host/hang.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/procfs.h"
#include "host/children.h"

#define LOOK_NS     (300 * NS_PER_MS)
#define COST_MOST   50 /* looks are so many times the CPU time of one apart at least */
#define PATH_LENGTH 64

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13
#endif

/* SIGINT, which an interpreter has a handler for, those of faults, and the C library's own two from 32 on. */
#define BIT(signal) (1ULL << ((signal)-1))
#define HARMLESS                                                                                          \
    (BIT(SIGINT) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGABRT) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGSEGV) | \
     BIT(SIGSYS) | BIT(32) | BIT(33))

int hang_open(struct hang *hang, unsigned workers)
{
    *hang = (struct hang){.capacity = (size_t)workers + 1, .due_ns = clock_now_ns() + LOOK_NS, .worker = -1};
    hang->before = calloc(2 * hang->capacity, sizeof *hang->before);
    return hang->before ? 0 : -ENOMEM;
}

void hang_close(struct hang *hang)
{
    free(hang->before);
    hang->before = NULL;
}

/* -- one thread ---------------------------------------------------------------------------------------------------------- */

bool hang_waits(const char *syscall, uint64_t *address)
{
    static const int waits[] = {FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_LOCK_PI2};
    long number;
    unsigned long long word, operation, limit;
    *address = 0;
    if (sscanf(syscall, "%ld %llx %llx %*x %llx", &number, &word, &operation, &limit) != 4 || number != SYS_futex ||
        limit != 0)
        return false;
    if (!(operation & FUTEX_PRIVATE_FLAG))
        *address = word;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (((int)operation & FUTEX_CMD_MASK) == waits[i])
            return true;
    return false;
}

/* Whether memory is of one process alone, so that a lock in it is; pthread_join waits so, without saying that. */
static bool is_private(pid_t pid, uint64_t address)
{
    char path[PATH_LENGTH], line[512], rights[8] = "";
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    bool private = false;
    while (file && fgets(line, sizeof line, file)) {
        unsigned long long from, to, inode;
        if (sscanf(line, "%llx-%llx %7s %*x %*s %llu", &from, &to, rights, &inode) == 4 && from <= address &&
            address < to)
        private = rights[3] == 'p' && inode == 0;
    }
    if (file)
        fclose(file);
    return private;
}

/* Adds a text to what stands for it (FNV-1a). */
static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
    return hash;
}

/* Whether a thread waits for good, and adds to *signs what is the same until it goes on. */
static bool thread_sleeps(pid_t pid, const char *thread, uint64_t *signs)
{
    char path[PATH_LENGTH];
    uint64_t address;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/syscall", (int)pid, thread);
    char *call = procfs_read("", path), *status = NULL;
    if (call && hang_waits(call, &address) && (address == 0 || is_private(pid, address))) {
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", (int)pid, thread);
        status = procfs_read("", path);
    }
    const char *switches = status ? strstr(status, "voluntary_ctxt_switches:") : NULL;
    const bool sleeps = switches != NULL;
    if (sleeps)
        *signs = mix(mix(mix(*signs, thread), call), switches);
    free(status);
    free(call);
    return sleeps;
}

/* -- one process --------------------------------------------------------------------------------------------------------- */

/* A number of its status; false: there is no such process any more. */
static bool status_number(pid_t pid, const char *name, int base, unsigned long long *out)
{
    char path[PATH_LENGTH];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    char *status = procfs_read("", path);
    const char *line = status ? strstr(status, name) : NULL;
    if (line)
        *out = strtoull(line + strlen(name), NULL, base); /* the kernel writes nothing else there */
    free(status);
    return line != NULL;
}

/* Whether no signal that it catches could be what it waits for. */
static bool catches_nothing(pid_t pid)
{
    unsigned long long caught;
    return status_number(pid, "SigCgt:", 16, &caught) && (caught & ~HARMLESS) == 0;
}

/* Whether all its threads wait for good, but the calling one. *threads: how many there are. */
static bool process_sleeps(pid_t pid, uint64_t *signs, unsigned *threads)
{
    char path[PATH_LENGTH], self[24];
    const struct dirent *entry;
    bool asleep = true;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    snprintf(self, sizeof self, "%d", (int)gettid());
    DIR *folder = opendir(path);
    *threads = 0;
    *signs = 0xcbf29ce484222325u;
    while (folder && asleep && (entry = readdir(folder)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) || strcmp(entry->d_name, self) == 0)
            continue;
        ++*threads;
        asleep = thread_sleeps(pid, entry->d_name, signs);
    }
    if (folder)
        closedir(folder);
    return asleep && *threads > 0 && catches_nothing(pid);
}

static unsigned long long threads_of(pid_t pid)
{
    unsigned long long count;
    return status_number(pid, "Threads:", 10, &count) ? count : 0;
}

/* -- all of them --------------------------------------------------------------------------------------------------------- */

static bool slept_before(const struct hang *hang, struct hang_asleep now)
{
    for (size_t i = 0; i < hang->count; i++)
        if (hang->before[i].pid == now.pid)
            return hang->before[i].signs == now.signs;
    return false;
}

/* Looks at one process, and notes it among those that sleep. */
static bool look_at(struct hang *hang, pid_t pid, int32_t worker, size_t *asleep)
{
    struct hang_asleep *noted = hang->before + hang->capacity, now = {.pid = pid};
    unsigned threads;
    if (!process_sleeps(pid, &now.signs, &threads))
        return false;
    noted[(*asleep)++] = now;
    if (!slept_before(hang, now))
        return false;
    const bool others = threads_of(getpid()) > 2; /* beside the one that forks, and the watchdog's */
    hang->type = worker >= 0 && threads == 1 && others ? HANG_FORKED : HANG_HERE;
    hang->worker = worker;
    return true;
}

/* That this thread has used. */
static int64_t cpu_ns(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0 ? t.tv_sec * NS_PER_S + t.tv_nsec : 0;
}

bool hang_look(struct hang *hang, struct children *children)
{
    const int64_t begun = cpu_ns();
    size_t asleep = 0;
    if (clock_now_ns() < hang->due_ns)
        return false;
    bool found = look_at(hang, getpid(), -1, &asleep);
    if (!found && children && children->list && pthread_mutex_trylock(&children->lock) == 0) {
        for (unsigned i = 0; !found && i < children->count && i + 1 < hang->capacity; i++)
            found = look_at(hang, children->list[i].pid, children->list[i].worker, &asleep);
        pthread_mutex_unlock(&children->lock);
    }
    memcpy(hang->before, hang->before + hang->capacity, asleep * sizeof *hang->before);
    hang->count = asleep;
    const int64_t cost = COST_MOST * (cpu_ns() - begun);
    hang->due_ns = clock_now_ns() + (cost > LOOK_NS ? cost : LOOK_NS);
    return found;
}

const char *hang_kind(const struct hang *hang)
{
    return strcmp(hang->type, HANG_FORKED) == 0 ? "fork-with-lock" : "hang";
}

void hang_explain(const struct hang *hang, const char *jobs, char *line, size_t size)
{
    const bool any = jobs[0] != '\0', forked = strcmp(hang->type, HANG_FORKED) == 0;
    if (hang->worker < 0)
        snprintf(line, size, "every thread waits for a lock or to be woken, and nobody is left who could%s%s",
                 any ? ": " : "", jobs);
    else
        snprintf(line, size, "worker %d %s%s%s%s: it can never go on", hang->worker,
                 forked ? "was forked while another thread held the lock that it now waits for"
                        : "waits for a lock that nobody in its process can let go",
                 any ? " (" : "", jobs, any ? ")" : "");
}
