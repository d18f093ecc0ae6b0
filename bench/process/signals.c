/* SPDX-License-Identifier: MIT */
/* Signals that stop the driver. They stay blocked but during ppoll, so none is lost between the check of the flag and
 * the wait. */
#define _GNU_SOURCE /* ppoll */
#include "bench/process/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

/* The only mutable global: what a signal handler may write is a global of this type. */
static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
    if (asked_to_stop != 0)
        _exit(128 + number);
    asked_to_stop = number;
}

static void signals_set(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

int signals_install(struct error *err)
{
    struct sigaction act = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    signals_set(&set);
    if (sigaction(SIGINT, &act, NULL) != 0 || sigaction(SIGTERM, &act, NULL) != 0 ||
        sigaction(SIGHUP, &act, NULL) != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0 ||
        sigaction(SIGXFSZ, &ignore, NULL) != 0 || sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return error_set(err, -errno, "cannot install signal handlers: %s", strerror(errno));
    return 0;
}

int signals_asked(void)
{
    /* Let through what is pending: it is delivered before sigprocmask returns. */
    sigset_t set;
    signals_set(&set);
    if (asked_to_stop == 0 && sigprocmask(SIG_UNBLOCK, &set, NULL) == 0)
        (void)sigprocmask(SIG_BLOCK, &set, NULL); /* cannot fail where the call before did not */
    return asked_to_stop;
}

void signals_release(void)
{
    sigset_t set;
    signals_set(&set);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL); /* cannot fail with these arguments */
}

int signals_wait(int fd, int64_t wait_ns)
{
    const int64_t until = wait_ns < 0 ? INT64_MAX : clock_now_ns() + wait_ns;
    for (;;) {
        if (asked_to_stop != 0)
            return -EINTR;
        const int64_t now = clock_now_ns();
        const struct timespec left = clock_timespec(until > now ? until - now : 0);
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        sigset_t none;
        sigemptyset(&none);
        const int got = ppoll(&readable, 1, wait_ns < 0 ? NULL : &left, &none);
        if (got > 0)
            return 0;
        if (got == 0)
            return -EAGAIN;
        if (errno != EINTR)
            return -errno;
    }
}
