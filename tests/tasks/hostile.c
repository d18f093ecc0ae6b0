/* SPDX-License-Identifier: MIT */
/* Functions that do at job 3 what a user's function had better not. The Python ones: tests/tasks/hostile.py. */
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define SPARED    \
    if (job != 3) \
    return job

uint64_t segfault(uint64_t job);
uint64_t leaves(uint64_t job);
uint64_t ends(uint64_t job);
uint64_t forks(uint64_t job);
uint64_t endless(uint64_t job);
uint64_t closes(uint64_t job);
uint64_t deaf(uint64_t job);

uint64_t segfault(uint64_t job)
{
    SPARED;
    raise(SIGSEGV);
    return job;
}

uint64_t leaves(uint64_t job)
{
    SPARED;
    exit(0);
}

uint64_t ends(uint64_t job)
{
    SPARED;
    _exit(0);
}

uint64_t forks(uint64_t job)
{
    SPARED;
    for (int i = 0; i < 100; i++)
        if (fork() == 0) {
            sleep(300);
            _exit(0);
        }
    return job;
}

uint64_t endless(uint64_t job)
{
    while (job == 3)
        pause();
    return job;
}

uint64_t closes(uint64_t job)
{
    SPARED;
    for (int fd = 0; fd < 4096; fd++)
        close(fd);
    return job;
}

uint64_t deaf(uint64_t job)
{
    SPARED;
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    for (;;)
        sleep(300);
}
