/* SPDX-License-Identifier: MIT */
/* Signals that stop the driver. They stay blocked but during ppoll, so none is lost between the check of the flag and
 * the wait. */
#define _GNU_SOURCE /* ppoll */
#include "bench/process/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

static const int stopping[] = {SIGINT, SIGTERM, SIGHUP};

/* The only mutable global: what a signal handler may write is a global of this type. */
static volatile sig_atomic_t asked_to_stop;

static void on_signal(int number)
{
    if (asked_to_stop != 0)
        _exit(128 + number);
    asked_to_stop = number;
}

static int mask_stopping(int how)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        sigaddset(&set, stopping[i]);
    return sigprocmask(how, &set, NULL);
}

/* SIGINT and SIGHUP stay ignored where they were at the start: nohup, or a shell's `&` without job control. */
static bool stays_ignored(int number)
{
    struct sigaction before;
    return number != SIGTERM && sigaction(number, NULL, &before) == 0 && before.sa_handler == SIG_IGN;
}

int signals_install(struct error *err)
{
    const struct sigaction act = {.sa_handler = on_signal}, ignore = {.sa_handler = SIG_IGN};
    int rc = 0;
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        if (!stays_ignored(stopping[i]))
            rc |= sigaction(stopping[i], &act, NULL);
    if (rc != 0 || sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGXFSZ, &ignore, NULL) != 0 ||
        mask_stopping(SIG_BLOCK) != 0)
        return error_set(err, -errno, "cannot install signal handlers: %s", strerror(errno));
    return 0;
}

int signals_asked(void)
{
    /* Let through what is pending: it is delivered before sigprocmask returns. */
    if (asked_to_stop == 0 && mask_stopping(SIG_UNBLOCK) == 0)
        (void)mask_stopping(SIG_BLOCK); /* cannot fail where the call before did not */
    return asked_to_stop;
}

void signals_release(void) { (void)mask_stopping(SIG_UNBLOCK); /* cannot fail with these arguments */ }

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
