/* SPDX-License-Identifier: MIT */
/* The worker processes of a run. A child is looked at first (WNOWAIT), taken off the list, and only then reaped, so that
 * no pid on the list can have become somebody else's. */
#define _GNU_SOURCE /* waitid with WNOWAIT under strict POSIX names */
#include "host/children.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>

int children_open(struct children *children, unsigned capacity)
{
    *children = (struct children){.capacity = capacity};
    children->list = calloc(capacity ? capacity : 1, sizeof *children->list);
    if (!children->list)
        return -ENOMEM;
    const int rc = pthread_mutex_init(&children->lock, NULL);
    if (rc) {
        free(children->list);
        children->list = NULL;
    }
    return -rc;
}

void children_close(struct children *children)
{
    if (!children->list)
        return;
    pthread_mutex_destroy(&children->lock);
    free(children->list);
    children->list = NULL;
}

static int child_reap(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* Takes a pid off the list; false where it is not on it. */
static bool child_remove(struct children *children, pid_t pid, int32_t *worker)
{
    for (unsigned i = 0; i < children->count; i++)
        if (children->list[i].pid == pid) {
            *worker = children->list[i].worker;
            children->list[i] = children->list[--children->count];
            return true;
        }
    return false;
}

int children_wait(struct children *children, int32_t *worker, int *status)
{
    while (children->count > 0) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        pthread_mutex_lock(&children->lock);
        const bool ours = child_remove(children, info.si_pid, worker);
        const int rc = child_reap(info.si_pid, status);
        pthread_mutex_unlock(&children->lock);
        if (rc)
            return rc;
        if (ours)
            return 0;
    }
    return -ECHILD;
}

void children_terminate(struct children *children)
{
    pthread_mutex_lock(&children->lock);
    for (unsigned i = 0; i < children->count; i++)
        kill(children->list[i].pid, SIGKILL);
    pthread_mutex_unlock(&children->lock);
}

void children_kill(struct children *children)
{
    if (!children->list)
        return;
    int status;
    pthread_mutex_lock(&children->lock); /* never given back: nothing may be forked or reaped after this */
    for (unsigned i = 0; i < children->count; i++)
        kill(children->list[i].pid, SIGKILL);
    for (unsigned i = 0; i < children->count; i++)
        child_reap(children->list[i].pid, &status);
}
