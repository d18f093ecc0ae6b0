/* SPDX-License-Identifier: MIT */
/* The driver's side of the supervisor: requests over a socket pair, with the command's descriptors as ancillary data. */
#define _GNU_SOURCE /* environ */
#include "bench/process/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/process/signals.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

struct supervisor {
    pid_t pid;
    int socket, null_fd;
    char *scratch;     /* NULL: there is none, */
    int scratch_error; /* an errno */
};

static int lost(struct error *err)
{
    return error_set(err, -EPIPE, "the supervisor process has died; nothing more can be started");
}

static int read_answer(const struct supervisor *g, struct supervisor_answer *answer, struct error *err)
{
    return supervisor_read_all(g->socket, answer, sizeof *answer) == 0 ? 0 : lost(err);
}

/* The first answer. */
static int read_scratch(struct supervisor *g, struct error *err)
{
    struct supervisor_answer answer;
    const int rc = read_answer(g, &answer, err);
    if (rc != 0)
        return rc;
    g->scratch_error = answer.error;
    if (answer.error != 0)
        return 0;
    g->scratch = xcalloc(answer.bytes + 1u, 1);
    if (supervisor_read_all(g->socket, g->scratch, answer.bytes) != 0)
        return lost(err);
    (void)setenv("COBENCH_SCRATCH", g->scratch, 1); /* where it is missing a host's semaphores go by another name */
    return 0;
}

int supervisor_open(struct supervisor **out, struct error *err)
{
    int pair[2];
    struct supervisor *g = xmalloc(sizeof *g);
    *g = (struct supervisor){.pid = -1, .socket = -1, .null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
    int rc = g->null_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ? -errno : 0;
    if (rc == 0) {
        g->socket = pair[0];
        g->pid = fork();
        if (g->pid == 0) {
            close(pair[0]);
            supervisor_process(pair[1]); /* does not return */
        }
        rc = g->pid < 0 ? -errno : 0;
        close(pair[1]);
    }
    if (rc != 0)
        error_set(err, rc, "cannot start the supervisor: %s", strerror(-rc));
    else
        rc = read_scratch(g, err);
    if (rc == 0)
        *out = g;
    else
        supervisor_close(g);
    return rc;
}

int supervisor_scratch(const struct supervisor *g, const char **path, struct error *err)
{
    *path = g->scratch;
    return g->scratch != NULL ? 0
                              : error_set(err, -g->scratch_error,
                                          "cannot make a temporary folder in /dev/shm, $TMPDIR "
                                          "or /tmp: %s",
                                          strerror(g->scratch_error));
}

static void put_string(const char *text, FILE *out) { fwrite(text, 1, strlen(text) + 1, out); }

static bool is_set_anew(const char *setting, char *const *env)
{
    const size_t length = strcspn(setting, "=") + 1;
    for (; env != NULL && *env != NULL; env++)
        if (strncmp(*env, setting, length) == 0)
            return true;
    return false;
}

/* The request that starts a command, with its strings, to be freed. */
static char *pack(const struct supervisor_command *c, size_t *size)
{
    struct supervisor_request r = {.service = c->service, .talks = c->talks, .deadline_ns = c->deadline_ns};
    char *bytes;
    FILE *out = text_open(&bytes, size);
    fwrite(&r, 1, sizeof r, out);
    for (; c->argv[r.argc] != NULL; r.argc++)
        put_string(c->argv[r.argc], out);
    for (char *const *env = c->env; env != NULL && *env != NULL; env++, r.envc++)
        put_string(*env, out);
    for (char *const *env = environ; *env != NULL; env++)
        if (!is_set_anew(*env, c->env)) {
            put_string(*env, out);
            r.envc++;
        }
    put_string(c->cwd == NULL ? "" : c->cwd, out);
    text_close(out);
    r.bytes = (uint32_t)(*size - sizeof r);
    memcpy(bytes, &r, sizeof r);
    return bytes;
}

/* A stream socket may take less than all, never the descriptors alone. */
static int send_with_fds(const struct supervisor *g, const struct supervisor_command *c, char *bytes, size_t size)
{
    int fds[SUPERVISOR_FDS] = {c->in, c->out, c->err, c->talks ? c->talk[0] : -1, c->talks ? c->talk[1] : -1};
    for (int i = 0; i < SUPERVISOR_FDS; i++)
        if (fds[i] < 0)
            fds[i] = g->null_fd;
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(sizeof fds)];
    } control;
    memset(&control, 0, sizeof control);
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(head), fds, sizeof fds);
    ssize_t sent;
    do
        sent = sendmsg(g->socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : file_write_all(g->socket, bytes + sent, size - (size_t)sent);
}

int supervisor_start(struct supervisor *g, const struct supervisor_command *command, pid_t *pid, struct error *err)
{
    struct supervisor_answer answer;
    size_t size;
    char *bytes = pack(command, &size);
    int rc = 0;
    if (size > SUPERVISOR_PAYLOAD_MAX)
        rc = error_set(err, -E2BIG, "%s: the command line is too long", command->argv[0]);
    else if (send_with_fds(g, command, bytes, size) != 0)
        rc = lost(err);
    free(bytes);
    if (rc == 0)
        rc = read_answer(g, &answer, err);
    if (rc == 0 && answer.error != 0)
        rc = error_set(err, -answer.error, "%s: %s", command->argv[0], strerror(answer.error));
    if (rc == 0)
        *pid = answer.pid;
    return rc;
}

static int read_end(const struct supervisor *g, struct supervisor_end *end, struct error *err)
{
    struct supervisor_answer answer;
    const int rc = read_answer(g, &answer, err);
    if (rc == 0)
        *end = answer.end;
    return rc;
}

int supervisor_wait(struct supervisor *g, int64_t wait_ns, struct supervisor_end *end, struct error *err)
{
    const int rc = signals_wait(g->socket, wait_ns);
    if (rc == -EAGAIN || rc == -EINTR)
        return rc;
    return rc != 0 ? error_set(err, rc, "cannot wait for the supervisor: %s", strerror(-rc)) : read_end(g, end, err);
}

int supervisor_stop(struct supervisor *g, struct supervisor_end *end, struct error *err)
{
    const struct supervisor_request r = {.stop = 1};
    return file_write_all(g->socket, &r, sizeof r) != 0 ? lost(err) : read_end(g, end, err);
}

int supervisor_run(struct supervisor *g, const struct supervisor_command *command, struct supervisor_end *end,
                   struct error *err)
{
    pid_t pid;
    int rc = supervisor_start(g, command, &pid, err);
    if (rc == 0)
        rc = supervisor_wait(g, -1, end, err);
    if (rc == -EINTR && (rc = supervisor_stop(g, end, err)) == 0)
        rc = error_set(err, -EINTR, "interrupted");
    return rc;
}

void supervisor_close(struct supervisor *g)
{
    if (g == NULL)
        return;
    if (g->socket >= 0)
        close(g->socket); /* this is what tells it to end */
    if (g->null_fd >= 0)
        close(g->null_fd);
    while (g->pid > 0 && waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (g->scratch != NULL)
        dir_remove_scratch(g->scratch); /* gone already, unless the supervisor was killed */
    free(g->scratch);
    free(g);
}
