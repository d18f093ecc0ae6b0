/* SPDX-License-Identifier: MIT */
/*
 * The transport for commands: each is a process with a session and a group of its own, nothing on stdin, and pipes for what
 * it prints. It is over when its process has ended, which a pidfd tells a poll and an event loop alike; what it left in its
 * group is killed then, so that a command in the background keeps nobody waiting. Nothing that is printed is kept but its
 * length, its CRC-32 and the first line on stderr. py_impl/transport/commands.py takes the same steps.
 */
#define _GNU_SOURCE /* POSIX_SPAWN_SETSID, posix_spawn_file_actions_addchdir_np, sigabbrev_np */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "common/slots.h"
#include "host/error.h"
#include "host/transport.h"

#define CHUNK_BYTES   16384 /* on a worker's stack */
#define CHUNKS_A_LOOK 8     /* so that one that prints for ever leaves the loop to others */
#define LINE_BYTES    256   /* of stderr's first line */

enum pipe_name { OUT, ERR, PIPES };

/* A command that runs, or a free place for one. */
struct command {
    struct mux *mux; /* NULL: waited for by blocking */
    pid_t pid;
    int end_fd, pipes[PIPES]; /* -1: closed */
    uint64_t *process;        /* of the request */
    uint64_t printed;
    uint32_t crc;
    char line[LINE_BYTES];
    size_t line_length;
    bool line_over;
    transport_done_fn done;
    void *arg;
    struct command *next; /* in the stack of free ones */
};

struct mux {
    const struct transport_options *options;
    struct loop *loop;
    const struct loop_ops *ops;
    struct command *commands, *idle;
    unsigned in_flight;
};

extern char **environ;

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* -- its start -------------------------------------------------------------------------------------------------------- */

/* 0 or an errno, as posix_spawn has it. */
static int process_spawn(struct command *c, const struct transport_options *options, const struct cobench_request *ask,
                         const int ends[PIPES])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    short flags = POSIX_SPAWN_SETSIGDEF;

    sigemptyset(&defaults); /* what the host ignores */
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGXFSZ);
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        flags |= (short)(options->ending ? POSIX_SPAWN_SETSID : 0);
        flags |= (short)(options->signals ? POSIX_SPAWN_SETSIGMASK : 0);
        if (options->signals)
            posix_spawnattr_setsigmask(&attributes, options->signals);
        posix_spawnattr_setsigdefault(&attributes, &defaults);
        posix_spawnattr_setflags(&attributes, flags);
        rc = posix_spawn_file_actions_adddup2(&actions, ends[OUT], STDOUT_FILENO);
        rc = rc ? rc : posix_spawn_file_actions_adddup2(&actions, ends[ERR], STDERR_FILENO);
        rc = rc ? rc : posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (rc == 0 && ask->directory)
            rc = posix_spawn_file_actions_addchdir_np(&actions, ask->directory);
        rc = rc ? rc : posix_spawnp(&c->pid, ask->words[0], &actions, &attributes, ask->words, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* The host's end does not block, the command's does. */
static int pipe_open(int *here, int *there)
{
    int both[2];
    if (pipe2(both, O_CLOEXEC) < 0)
        return errno;
    *here = both[0];
    *there = both[1];
    return fcntl(*here, F_SETFL, O_NONBLOCK) < 0 ? errno : 0;
}

/* 0, or a negative errno with the reason in err and nothing left. */
static int command_start(struct command *c, const struct transport_options *options, const struct cobench_request *ask,
                         struct cobench_error *err)
{
    int ends[PIPES] = {-1, -1};

    c->process = ask->process;
    c->end_fd = c->pipes[OUT] = c->pipes[ERR] = -1;
    c->printed = c->line_length = c->crc = 0;
    c->line_over = false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the job's state is written before `ending` is read: session.c */
    while (options->ending && *options->ending) {
        __atomic_store_n(c->process, SLOT_COMMAND_OVER, __ATOMIC_RELEASE);
        pause();
    }
    int rc = pipe_open(&c->pipes[OUT], &ends[OUT]);
    rc = rc ? rc : pipe_open(&c->pipes[ERR], &ends[ERR]);
    rc = rc ? rc : process_spawn(c, options, ask, ends);
    fd_close(&ends[OUT]);
    fd_close(&ends[ERR]);
    if (rc == 0) {
        __atomic_store_n(c->process, (uint64_t)c->pid, __ATOMIC_RELEASE);
        c->end_fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
        if (c->end_fd >= 0)
            return 0;
        rc = errno;
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    fd_close(&c->pipes[OUT]);
    fd_close(&c->pipes[ERR]);
    __atomic_store_n(c->process, SLOT_COMMAND_OVER, __ATOMIC_RELEASE);
    return error_named(err, -rc, "NotStarted", "'%.200s' cannot be started: %s", ask->words[0], strerror(rc));
}

/* -- what it prints --------------------------------------------------------------------------------------------------- */

/* One blank for several, and none before it, as Python's str.split has it. */
static void line_add(struct command *c, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && !c->line_over; i++) {
        const bool blank = strchr(" \t\r\v\f", bytes[i]) != NULL; /* NUL, too */
        if (bytes[i] == '\n' || c->line_length == sizeof c->line - 1)
            c->line_over = c->line_length > 0;
        else if (!blank)
            c->line[c->line_length++] = bytes[i];
        else if (c->line_length > 0 && c->line[c->line_length - 1] != ' ')
            c->line[c->line_length++] = ' ';
    }
}

/* Reads what is there, `looks` chunks of it at most, and closes the pipe at its end. */
static void pipe_read(struct command *c, enum pipe_name name, int looks)
{
    char chunk[CHUNK_BYTES];
    while (c->pipes[name] >= 0 && looks-- > 0) {
        const ssize_t n = read(c->pipes[name], chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) {
            if (c->mux)
                c->mux->ops->watch(c->mux->loop, c->pipes[name], 0, NULL, NULL);
            fd_close(&c->pipes[name]);
        } else if (name == ERR) {
            line_add(c, chunk, (size_t)n);
        } else {
            c->crc = (uint32_t)crc32_z(c->crc, (const unsigned char *)chunk, (size_t)n);
            c->printed += (uint64_t)n;
        }
    }
}

/* -- its end ---------------------------------------------------------------------------------------------------------- */

/* What came of it. Its first line on stderr is the message. */
static int status_tell(struct command *c, int status, struct cobench_reply *reply, struct cobench_error *err)
{
    const char *between = c->line_length > 0 ? ": " : "";
    c->line_length -= c->line_length > 0 && c->line[c->line_length - 1] == ' ';
    c->line[c->line_length] = '\0';
    if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status));
        return error_named(err, -EPROTO, "Signal", "%s%s%s%s", name ? "SIG" : "", name ? name : "unknown", between,
                           c->line);
    }
    if (WEXITSTATUS(status) != 0)
        return error_named(err, -EPROTO, "ExitStatus", "%d%s%s", WEXITSTATUS(status), between, c->line);
    *reply = (struct cobench_reply){.digest = c->printed << 32 | c->crc};
    return 0;
}

/* Its process has ended and is not reaped yet, so that its number is still its own, and that of its group. */
static int command_end(struct command *c, struct cobench_reply *reply, struct cobench_error *err)
{
    int status = 0;
    kill(-c->pid, SIGKILL);
    pipe_read(c, OUT, INT32_MAX);
    pipe_read(c, ERR, INT32_MAX);
    for (enum pipe_name name = OUT; name < PIPES; name++) {
        if (c->mux && c->pipes[name] >= 0)
            c->mux->ops->watch(c->mux->loop, c->pipes[name], 0, NULL, NULL);
        fd_close(&c->pipes[name]);
    }
    fd_close(&c->end_fd);
    __atomic_store_n(c->process, SLOT_COMMAND_OVER, __ATOMIC_RELEASE);
    while (waitpid(c->pid, &status, 0) < 0)
        if (errno != EINTR)
            return error_named(err, -errno, "Transport", "waiting for its process failed: %s", strerror(errno));
    return status_tell(c, status, reply, err);
}

/* -- blocking --------------------------------------------------------------------------------------------------------- */

static const char *command_describe(void) { return "processes"; }

static int command_open(const struct transport_options *options, void **state, struct cobench_error *err)
{
    (void)err;
    struct transport_options *copy = malloc(sizeof *copy);
    if (!copy)
        return -ENOMEM;
    *copy = *options;
    *state = copy;
    return 0;
}

static int client_open(void *state, void **client, struct cobench_error *err)
{
    (void)err;
    *client = state; /* nothing of a command is left for the next one */
    return 0;
}

static void client_close(void *client) { (void)client; }

static int client_get(void *client, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err)
{
    struct command c = {.mux = NULL};
    struct pollfd polled[PIPES + 1] = {{.fd = -1}};
    const int rc = command_start(&c, client, ask, err);
    if (rc)
        return rc;
    do {
        for (enum pipe_name name = OUT; name < PIPES; name++)
            polled[name] = (struct pollfd){.fd = c.pipes[name], .events = POLLIN};
        polled[PIPES] = (struct pollfd){.fd = c.end_fd, .events = POLLIN};
        if (poll(polled, PIPES + 1, -1) < 0)
            continue; /* EINTR: nothing is ready */
        for (enum pipe_name name = OUT; name < PIPES; name++)
            if (polled[name].revents)
                pipe_read(&c, name, CHUNKS_A_LOOK);
    } while (!polled[PIPES].revents);
    return command_end(&c, reply, err);
}

/* -- on a loop -------------------------------------------------------------------------------------------------------- */

static void on_print(void *arg, int fd, unsigned events)
{
    struct command *c = arg;
    (void)events;
    pipe_read(c, fd == c->pipes[OUT] ? OUT : ERR, CHUNKS_A_LOOK);
}

static void on_end(void *arg, int fd, unsigned events)
{
    struct command *c = arg;
    struct mux *mux = c->mux;
    struct cobench_reply reply;
    struct cobench_error err = {.line = 0};
    (void)events;
    mux->ops->watch(mux->loop, fd, 0, NULL, NULL);
    const int rc = command_end(c, &reply, &err);
    c->next = mux->idle;
    mux->idle = c;
    c->done(c->arg, rc ? NULL : &reply, rc, &err);
}

static int mux_open(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **out,
                    struct cobench_error *err)
{
    (void)err;
    struct mux *mux = malloc(sizeof *mux);
    if (!mux)
        return -ENOMEM;
    *mux = (struct mux){.options = state, .loop = loop, .ops = ops, .in_flight = in_flight};
    mux->commands = calloc(in_flight, sizeof *mux->commands);
    if (!mux->commands) {
        free(mux);
        return -ENOMEM;
    }
    for (unsigned i = in_flight; i-- > 0;) {
        mux->commands[i] = (struct command){.mux = mux, .end_fd = -1, .next = mux->idle};
        mux->idle = &mux->commands[i];
    }
    *out = mux;
    return 0;
}

static int mux_get(void *arg, const struct cobench_request *ask, transport_done_fn done, void *done_arg,
                   struct cobench_error *err)
{
    struct mux *mux = arg;
    struct command *c = mux->idle;
    struct cobench_reply unread;
    if (!c)
        return error_named(err, -EBUSY, "Transport", "more commands in flight than were asked for");
    int rc = command_start(c, mux->options, ask, err);
    if (rc)
        return rc;
    rc = mux->ops->watch(mux->loop, c->pipes[OUT], LOOP_READ, on_print, c);
    rc = rc ? rc : mux->ops->watch(mux->loop, c->pipes[ERR], LOOP_READ, on_print, c);
    rc = rc ? rc : mux->ops->watch(mux->loop, c->end_fd, LOOP_READ, on_end, c);
    if (rc) {
        kill(c->pid, SIGKILL);
        command_end(c, &unread, err);
        return error_named(err, rc, "Transport", "the loop cannot wait for it: %s", strerror(-rc));
    }
    mux->idle = c->next;
    c->done = done;
    c->arg = done_arg;
    return 0;
}

static void mux_close(void *arg)
{
    struct mux *mux = arg;
    struct cobench_reply unread;
    struct cobench_error unsaid;
    for (unsigned i = 0; i < mux->in_flight; i++)
        if (mux->commands[i].end_fd >= 0) {
            kill(mux->commands[i].pid, SIGKILL);
            command_end(&mux->commands[i], &unread, &unsaid);
        }
    free(mux->commands);
    free(mux);
}

const struct transport cobench_transport = {
    .version = TRANSPORT_VERSION,
    .name = "command",
    .describe = command_describe,
    .open = command_open,
    .close = free,
    .client_open = client_open,
    .client_get = client_get,
    .client_close = client_close,
    .mux_open = mux_open,
    .mux_get = mux_get,
    .mux_close = mux_close,
};
