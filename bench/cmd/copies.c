/* SPDX-License-Identifier: MIT */
/*
 * `cobench copies W DIR HOST run ...`: what the capacity row times. Starts W copies of a host command, each with its own
 * slots, record and gate (`--slots DIR/slots.K --record DIR/record.K --gate R,W`), opens all gates at once when all copies
 * are ready, and waits for all. Whatever kills it, the supervisor ends the copies.
 */
#define _GNU_SOURCE /* pipe2 */
#include "bench/cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/num.h"

#define COPIES_MAX 4096

struct copy {
    pid_t pid;    /* 0: not started */
    int ready_fd; /* one byte comes when it is ready */
    int gate_fd;  /* one byte lets it start; closed unwritten it gives up */
};

/* The copy's own process: only its two ends of the pipes pass to the host. */
static _Noreturn void become(const char *dir, char **command, int64_t k, const int fds[2])
{
    struct string_list argv = {NULL, 0};
    for (char **word = command; *word != NULL; word++)
        string_list_add(&argv, *word);
    string_list_add(&argv, "--slots");
    string_list_addf(&argv, "%s/slots.%lld", dir, (long long)k);
    string_list_add(&argv, "--record");
    string_list_addf(&argv, "%s/record.%lld", dir, (long long)k);
    string_list_add(&argv, "--gate");
    string_list_addf(&argv, "%d,%d", fds[0], fds[1]);
    if (fcntl(fds[0], F_SETFD, 0) == 0 && fcntl(fds[1], F_SETFD, 0) == 0 && signal(SIGPIPE, SIG_DFL) != SIG_ERR)
        execvp(argv.items[0], argv.items);
    _exit(127);
}

/* 0 or a negative errno; then nothing of it is left. */
static int copy_start(const char *dir, char **command, int64_t k, struct copy *out)
{
    int gate[2], ready[2];
    if (pipe2(gate, O_CLOEXEC) != 0)
        return -errno;
    if (pipe2(ready, O_CLOEXEC) != 0) {
        const int rc = -errno;
        close(gate[0]);
        close(gate[1]);
        return rc;
    }
    *out = (struct copy){.pid = fork(), .ready_fd = ready[0], .gate_fd = gate[1]};
    const int rc = out->pid < 0 ? -errno : 0;
    if (out->pid == 0)
        become(dir, command, k, (const int[]){gate[0], ready[1]});
    close(gate[0]);
    close(ready[1]);
    if (rc != 0) {
        close(gate[1]);
        close(ready[0]);
    }
    return rc;
}

/* Whether the copy said that it is ready; false: it ended before. */
static bool copy_ready(const struct copy *c)
{
    char byte;
    ssize_t got;
    do
        got = read(c->ready_fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

/* Waits for all, and returns the first status that is not 0: a host's own (1, 2, 77), or 128 + its signal. */
static int copies_end(struct copy *copies, int64_t count)
{
    int first = 0;
    for (int64_t k = 0; k < count; k++)
        close(copies[k].gate_fd);
    for (int64_t k = 0; k < count; k++) {
        int status = 0;
        while (waitpid(copies[k].pid, &status, 0) < 0 && errno == EINTR)
            ;
        close(copies[k].ready_fd);
        if (first == 0)
            first = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return first;
}

int cmd_copies(int argc, char **argv, struct error *err)
{
    int64_t count = 0, started = 0;
    if (argc < 4 || num_parse_i64(argv[1], 1, COPIES_MAX, &count) != 0) {
        error_set(err, -EINVAL, "copies: a number from 1 to %d, a folder and a command are needed", COPIES_MAX);
        return 2;
    }
    struct copy *copies = xcalloc((size_t)count, sizeof *copies);
    int rc = signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0; /* a copy that dies at the gate */
    while (rc == 0 && started < count && (rc = copy_start(argv[2], argv + 3, started, &copies[started])) == 0)
        started++;
    bool all = rc == 0;
    for (int64_t k = 0; all && k < count; k++)
        all = copy_ready(&copies[k]);
    for (int64_t k = 0; all && k < count; k++)
        all = file_write_all(copies[k].gate_fd, "g", 1) == 0;
    const int status = copies_end(copies, started);
    if (rc != 0)
        error_set(err, rc, "cannot start the copies: %s", strerror(-rc));
    free(copies);
    return status == 0 && !all ? 1 : status;
}
