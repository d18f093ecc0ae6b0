/* SPDX-License-Identifier: MIT */
/* The driver's side of the supervisor: requests over a socket pair, with the command's descriptors as ancillary data.
 * The process itself is in supervisor_process.c. */
#include "bench/process/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/process/supervisor_wire.h"
#include "bench/process/signals.h"
#include "bench/util/text.h"

struct supervisor {
    pid_t pid;
    int socket;
    int null_fd;
    char *scratch;
    bool service_died;
};

static int lost(struct error *err)
{
    return error_set(err, -EPIPE, "the supervisor process has died; nothing more can be started");
}

int supervisor_open(struct supervisor **out, struct error *err)
{
    int pair[2] = {-1, -1}, rc = 0;
    struct supervisor *g = malloc(sizeof *g);
    if (g == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    *g = (struct supervisor){.pid = -1, .socket = -1, .null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
    if (g->null_fd < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        rc = error_set(err, -errno, "cannot start the supervisor: %s", strerror(errno));
        goto out;
    }
    g->pid = fork();
    if (g->pid == 0) {
        close(pair[0]);
        supervisor_process(pair[1]); /* does not return */
    }
    if (g->pid < 0) {
        rc = error_set(err, -errno, "cannot start the supervisor: %s", strerror(errno));
        goto out;
    }
    g->socket = pair[0];
    pair[0] = -1;
    *out = g;
    g = NULL;
out:
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
    if (g != NULL) {
        if (g->null_fd >= 0)
            close(g->null_fd);
        free(g);
    }
    return rc;
}

/* The strings of a command, one behind the other, each with its NUL; NULL: too many, or no memory. */
static char *pack(const struct supervisor_command *c, struct supervisor_request *r)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&bytes, &size);
    if (out == NULL)
        return NULL;
    for (; c->argv[r->argc] != NULL; r->argc++)
        fwrite(c->argv[r->argc], 1, strlen(c->argv[r->argc]) + 1, out);
    for (; c->env != NULL && c->env[r->envc] != NULL; r->envc++)
        fwrite(c->env[r->envc], 1, strlen(c->env[r->envc]) + 1, out);
    r->has_cwd = c->cwd != NULL;
    if (c->cwd != NULL)
        fwrite(c->cwd, 1, strlen(c->cwd) + 1, out);
    if (fclose(out) != 0 || size > SUPERVISOR_PAYLOAD_MAX) {
        free(bytes);
        return NULL;
    }
    r->bytes = (uint32_t)size;
    return bytes;
}

/* Sends the fixed part with the descriptors; a stream socket may take less than all, never the descriptors alone. */
static int send_request(struct supervisor *g, const struct supervisor_request *r, const struct supervisor_command *c)
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
    struct iovec part = {.iov_base = (void *)(uintptr_t)r, .iov_len = sizeof *r};
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
    if (sent < 0)
        return -errno;
    return file_write_all(g->socket, (const char *)r + sent, sizeof *r - (size_t)sent);
}

#define NOT_STOPPABLE INT64_MIN

/* Waits at most `wait_ns` (as signals_wait; NOT_STOPPABLE: for ever, whatever the driver is told) for the answer of one
 * kind; services may end before it comes. */
static int await(struct supervisor *g, int32_t kind, int64_t wait_ns, struct supervisor_answer *answer,
                 struct error *err)
{
    do {
        const int rc = wait_ns == NOT_STOPPABLE ? 0 : signals_wait(g->socket, wait_ns);
        if (rc == -EAGAIN || rc == -EINTR)
            return rc;
        if (rc != 0)
            return error_set(err, rc, "cannot wait for the supervisor: %s", strerror(-rc));
        if (supervisor_read_all(g->socket, answer, sizeof *answer) != 0)
            return lost(err);
        if (answer->kind == SUPERVISOR_SERVICE_ENDED)
            g->service_died = true;
    } while (answer->kind != kind);
    return 0;
}

/* A request that is nothing but its kind. */
static int send_kind(struct supervisor *g, int32_t kind, struct error *err)
{
    const struct supervisor_request r = {.kind = kind};
    const struct supervisor_command none = {.in = -1, .out = -1, .err = -1};
    return send_request(g, &r, &none) == 0 ? 0 : lost(err);
}

int supervisor_scratch(struct supervisor *g, char **path, struct error *err)
{
    struct supervisor_answer answer;
    int rc = send_kind(g, SUPERVISOR_SCRATCH, err);
    if (rc == 0)
        rc = await(g, SUPERVISOR_SCRATCH_MADE, NOT_STOPPABLE, &answer, err);
    if (rc != 0)
        return rc;
    if (answer.error != 0)
        return error_set(err, -answer.error, "cannot make a temporary folder in /dev/shm, $TMPDIR or /tmp: %s",
                         strerror(answer.error));
    char *text = calloc(answer.bytes + 1u, 1);
    if (text == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    if (supervisor_read_all(g->socket, text, answer.bytes) != 0)
        rc = lost(err);
    else if (text_set(&g->scratch, text) != 0)
        rc = error_set(err, -ENOMEM, "out of memory");
    if (rc != 0)
        free(text);
    else
        *path = text;
    return rc;
}

int supervisor_start(struct supervisor *g, const struct supervisor_command *command, pid_t *pid, struct error *err)
{
    struct supervisor_request r = {.kind = SUPERVISOR_START,
                                   .service = command->service,
                                   .talks = command->talks,
                                   .deadline_ns = command->deadline_ns};
    struct supervisor_answer answer;
    char *payload = pack(command, &r);
    if (payload == NULL)
        return error_set(err, -E2BIG, "%s: the command line is too long", command->argv[0]);
    int rc = send_request(g, &r, command);
    if (rc == 0)
        rc = file_write_all(g->socket, payload, r.bytes);
    free(payload);
    rc = rc != 0 ? lost(err) : await(g, SUPERVISOR_STARTED, NOT_STOPPABLE, &answer, err);
    if (rc != 0)
        return rc;
    if (answer.error != 0)
        return error_set(err, -answer.error, "%s: %s", command->argv[0], strerror(answer.error));
    *pid = answer.pid;
    return 0;
}

int supervisor_wait(struct supervisor *g, int64_t wait_ns, struct supervisor_end *end, struct error *err)
{
    struct supervisor_answer answer;
    const int rc = await(g, SUPERVISOR_ENDED, wait_ns, &answer, err);
    if (rc == 0)
        *end = (struct supervisor_end){.status = answer.status,
                                       .timed_out = answer.timed_out != 0,
                                       .leftover = answer.leftover,
                                       .service_died = g->service_died,
                                       .cpu_ns = answer.cpu_ns};
    return rc;
}

int supervisor_stop(struct supervisor *g, struct supervisor_end *end, struct error *err)
{
    const int rc = send_kind(g, SUPERVISOR_STOP, err);
    return rc != 0 ? rc : supervisor_wait(g, NOT_STOPPABLE, end, err);
}

int supervisor_run(struct supervisor *g, const struct supervisor_command *command, struct supervisor_end *end,
                   struct error *err)
{
    pid_t pid;
    int rc = supervisor_start(g, command, &pid, err);
    if (rc != 0)
        return rc;
    rc = supervisor_wait(g, -1, end, err);
    if (rc == -EINTR) {
        rc = supervisor_stop(g, end, err);
        if (rc == 0)
            rc = error_set(err, -EINTR, "interrupted");
    }
    return rc;
}

void supervisor_close(struct supervisor *g)
{
    if (g == NULL)
        return;
    close(g->socket); /* this is what tells it to end */
    close(g->null_fd);
    int status;
    while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (g->scratch != NULL)
        dir_remove_flat(g->scratch); /* gone already, unless the supervisor was killed */
    free(g->scratch);
    free(g);
}
