/* SPDX-License-Identifier: MIT */
/*
 * `cobench copies --copies W --dir D -- HOST run ...`: what the capacity row times. Starts W copies of a host command,
 * each with its own slots, record and gate (`--slots D/slots.K --record D/record.K --gate R,W`), opens all gates at
 * once when all copies are ready, and waits for all. Whatever kills it, the supervisor ends the copies.
 */
#include "bench/cmd/command.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/cmd/options.h"
#include "bench/util/text.h"
#include "common/num.h"

#define COPIES_MAX 4096

struct arguments {
    int64_t copies;
    const char *dir;
    char **command; /* ends with NULL */
    struct error *err;
};

struct copy {
    pid_t pid;    /* 0: not started */
    int ready_fd; /* one byte comes when it is ready */
    int gate_fd;  /* one byte lets it start; closed unwritten it gives up */
    int status;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
    struct arguments *a = state->input;
    if (key == 'c' && num_parse_i64(arg, 1, COPIES_MAX, &a->copies) != 0)
        return -error_set(a->err, -EINVAL, "copies: --copies '%.200s': not a number from 1 to %d", arg, COPIES_MAX);
    if (key == 'd')
        a->dir = arg;
    else if (key == ARGP_KEY_ARGS)
        a->command = state->argv + state->next;
    else if (key == ARGP_KEY_END && (a->copies == 0 || a->dir == NULL || a->command == NULL))
        return -error_set(a->err, -EINVAL, "copies: --copies, --dir and a command are needed");
    else if (key != 'c' && key != ARGP_KEY_END)
        return ARGP_ERR_UNKNOWN;
    return 0;
}

/* The copy's own process: only its two ends of the pipes pass to the host. */
static _Noreturn void become(const struct arguments *a, int64_t k, int gate, int ready)
{
    struct string_list argv = {NULL, 0};
    const struct sigaction plain = {.sa_handler = SIG_DFL};
    int rc = fcntl(gate, F_SETFD, 0) != 0 || fcntl(ready, F_SETFD, 0) != 0 || sigaction(SIGPIPE, &plain, NULL) != 0
                 ? -errno
                 : 0;
    for (char **word = a->command; rc == 0 && *word != NULL; word++)
        rc = string_list_add(&argv, *word);
    if (rc == 0 && (rc = string_list_add(&argv, "--slots")) == 0)
        rc = string_list_addf(&argv, "%s/slots.%lld", a->dir, (long long)k);
    if (rc == 0 && (rc = string_list_add(&argv, "--record")) == 0)
        rc = string_list_addf(&argv, "%s/record.%lld", a->dir, (long long)k);
    if (rc == 0 && (rc = string_list_add(&argv, "--gate")) == 0)
        rc = string_list_addf(&argv, "%d,%d", gate, ready);
    if (rc == 0)
        execvp(argv.items[0], argv.items);
    _exit(127);
}

static int copy_start(const struct arguments *a, int64_t k, struct copy *out)
{
    int gate[2] = {-1, -1}, ready[2] = {-1, -1}, rc = 0;
    if (pipe(gate) != 0 || pipe(ready) != 0)
        rc = -errno;
    for (int i = 0; rc == 0 && i < 2; i++)
        if (fcntl(gate[i], F_SETFD, FD_CLOEXEC) != 0 || fcntl(ready[i], F_SETFD, FD_CLOEXEC) != 0)
            rc = -errno;
    if (rc == 0) {
        out->pid = fork();
        if (out->pid == 0)
            become(a, k, gate[0], ready[1]);
        if (out->pid < 0) {
            rc = -errno;
            out->pid = 0;
        }
    }
    if (rc == 0) {
        out->gate_fd = gate[1];
        out->ready_fd = ready[0];
        gate[1] = ready[0] = -1;
    }
    for (int i = 0; i < 2; i++) {
        if (gate[i] >= 0)
            close(gate[i]);
        if (ready[i] >= 0)
            close(ready[i]);
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

static void copies_end(struct copy *copies, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        if (copies[k].gate_fd >= 0)
            close(copies[k].gate_fd);
        copies[k].gate_fd = -1;
    }
    for (int64_t k = 0; k < count; k++) {
        while (copies[k].pid > 0 && waitpid(copies[k].pid, &copies[k].status, 0) < 0 && errno == EINTR)
            ;
        if (copies[k].ready_fd >= 0)
            close(copies[k].ready_fd);
    }
}

/* The first status that is not 0: a host's own (1, 2, 77), or 128 + its signal. */
static int copies_status(const struct copy *copies, int64_t count)
{
    for (int64_t k = 0; k < count; k++) {
        if (WIFSIGNALED(copies[k].status))
            return 128 + WTERMSIG(copies[k].status);
        if (WEXITSTATUS(copies[k].status) != 0)
            return WEXITSTATUS(copies[k].status);
    }
    return 0;
}

static const struct argp_option options[] = {{"copies", 'c', "W", 0, "How many", 0},
                                             {"dir", 'd', "DIR", 0, "Where slots.K and record.K go", 0},
                                             {NULL, 0, NULL, 0, NULL, 0}};
static const struct argp parser = {.options = options,
                                   .parser = on_option,
                                   .args_doc = "-- HOST run ...",
                                   .doc = "Runs copies of a host command at once."};

int cmd_copies(int argc, char **argv, struct error *err)
{
    struct arguments a = {.err = err};
    if (argp_parse(&parser, argc, argv, ARGP_IN_ORDER, NULL, &a) != 0)
        return 2;
    struct copy *copies = calloc((size_t)a.copies, sizeof *copies);
    if (copies == NULL) {
        error_set(err, -ENOMEM, "out of memory");
        return 1;
    }
    for (int64_t k = 0; k < a.copies; k++)
        copies[k] = (struct copy){.ready_fd = -1, .gate_fd = -1};
    const struct sigaction ignore = {.sa_handler = SIG_IGN}; /* a copy that dies at the gate */
    int rc = sigaction(SIGPIPE, &ignore, NULL) != 0 ? -errno : 0;
    for (int64_t k = 0; rc == 0 && k < a.copies; k++)
        rc = copy_start(&a, k, &copies[k]);
    bool all = rc == 0;
    for (int64_t k = 0; all && k < a.copies; k++)
        all = copy_ready(&copies[k]);
    for (int64_t k = 0; all && k < a.copies; k++)
        all = file_write_all(copies[k].gate_fd, "g", 1) == 0;
    copies_end(copies, a.copies);
    int status = copies_status(copies, a.copies);
    if (rc != 0)
        error_set(err, rc, "cannot start the copies: %s", strerror(-rc));
    if (status == 0 && !all)
        status = 1;
    free(copies);
    return status;
}
