/* SPDX-License-Identifier: MIT */
/* Idle connections. Each asks for what no server has, which costs the server no work, and is kept once that is answered: so
 * it is known to be the server's and not to wait in the kernel's queue. */
#define _GNU_SOURCE /* POLLRDHUP */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/process/signals.h"
#include "bench/run/server.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/clock.h"

#define ANSWER_LIMIT_NS (5 * NS_PER_S)

static const char request[] = "GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n", answer[] = "HTTP/1.1 ";

/* As many as the hard limit allows. */
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* too few show as EMFILE */
    }
}

static int await_answer(int fd, struct error *err)
{
    char text[4096];
    const int rc = signals_wait(fd, ANSWER_LIMIT_NS);
    if (rc != 0)
        return rc == -EINTR ? error_set(err, rc, "interrupted") : error_set(err, -EPROTO, "no answer within 5 s");
    const ssize_t got = recv(fd, text, sizeof text, 0);
    return got >= (ssize_t)strlen(answer) && memcmp(text, answer, strlen(answer)) == 0
               ? 0
               : error_set(err, -EPROTO, got < 0 ? strerror(errno) : "closed without an answer");
}

static int open_one(int port, int *out, struct error *err)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = 5};
    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*out < 0 || setsockopt(*out, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
        connect(*out, (const struct sockaddr *)&to, sizeof to) != 0 ||
        send(*out, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return error_set(err, -EPROTO, "%s", strerror(errno));
    return await_answer(*out, err);
}

int idle_open(struct idle *idle, int port, int64_t count, struct error *err)
{
    int rc = 0;
    raise_limit();
    idle->fds = xrealloc(idle->fds, (size_t)count * sizeof *idle->fds);
    while (rc == 0 && idle->count < count) {
        int fd;
        rc = open_one(port, &fd, err);
        if (rc == 0)
            idle->fds[idle->count++] = fd;
        else if (fd >= 0)
            close(fd);
    }
    return rc;
}

int64_t idle_held(const struct idle *idle)
{
    int64_t held = 0;
    for (int64_t i = 0; i < idle->count; i++) {
        struct pollfd end = {.fd = idle->fds[i], .events = POLLRDHUP};
        held += poll(&end, 1, 0) == 0;
    }
    return held;
}

void idle_close(struct idle *idle)
{
    for (int64_t i = 0; i < idle->count; i++)
        close(idle->fds[i]);
    free(idle->fds);
    *idle = (struct idle){.fds = NULL};
}
