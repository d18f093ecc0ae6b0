/* SPDX-License-Identifier: MIT */
/* The watchdog, on sigtimedwait: signals and the clock in one call, and nothing that a signal handler may not do. */
#include "host/watchdog.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"

/* Tells the dog's own thread that the watch is over. */
#define SIGNAL_OVER SIGRTMIN

static int watchdog_wait(const struct watchdog *dog)
{
    int64_t left = dog->deadline_ns - clock_now_ns();
    if (dog->look && left > WATCHDOG_LOOK_NS)
        left = WATCHDOG_LOOK_NS;
    const struct timespec timeout = clock_timespec(left > 0 ? left : 0);
    const int signal = sigtimedwait(&dog->watched, NULL, &timeout);
    return signal < 0 ? -errno : signal;
}

static void *watchdog_main(void *arg)
{
    struct watchdog *dog = arg;
    for (;;) {
        const int signal = watchdog_wait(dog);
        if (signal == SIGNAL_OVER)
            return NULL;
        if (signal > 0)
            dog->bark(dog->arg, signal);
        const bool up = clock_now_ns() >= dog->deadline_ns;
        if (signal == -EAGAIN && (up || (dog->look && dog->look(dog->arg)))) {
            if (atomic_flag_test_and_set(&dog->decided))
                return NULL;
            dog->bark(dog->arg, 0);
        }
    }
}

/* A signal that was ignored from the start, as under nohup, stays so. */
static void watch_add(sigset_t *set, int signal)
{
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(set, signal);
}

int watchdog_start(struct watchdog *dog)
{
    sigemptyset(&dog->watched);
    watch_add(&dog->watched, SIGINT);
    watch_add(&dog->watched, SIGTERM);
    watch_add(&dog->watched, SIGHUP);
    sigaddset(&dog->watched, SIGNAL_OVER);
    atomic_flag_clear(&dog->decided);
    int rc = pthread_sigmask(SIG_BLOCK, &dog->watched, &dog->before);
    if (rc)
        return -rc;
    rc = pthread_create(&dog->thread, NULL, watchdog_main, dog);
    if (rc)
        pthread_sigmask(SIG_SETMASK, &dog->before, NULL);
    return -rc;
}

void watchdog_stop(struct watchdog *dog)
{
    while (atomic_flag_test_and_set(&dog->decided))
        pause(); /* the dog has it and is about to end the process */
    pthread_kill(dog->thread, SIGNAL_OVER);
    pthread_join(dog->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &dog->before, NULL);
}
