/* SPDX-License-Identifier: MIT */
/* A pair of sockets. The host is let go by the end of file: it needs no byte, and nothing here can block or fail. */
#include "bench/protocol/end_pause.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int end_pause_open(struct end_pause *pause, struct error *err)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return error_set(err, -errno, "cannot open a pair of sockets: %s", strerror(errno));
    *pause = (struct end_pause){.host = ends[0], .driver = ends[1]};
    return 0;
}

static void end_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void end_pause_handed_over(struct end_pause *pause) { end_close(&pause->host); }

bool end_pause_reached(const struct end_pause *pause)
{
    char byte;
    return recv(pause->driver, &byte, 1, MSG_DONTWAIT) == 1;
}

void end_pause_release(struct end_pause *pause) { end_close(&pause->driver); }

void end_pause_close(struct end_pause *pause)
{
    end_close(&pause->host);
    end_close(&pause->driver);
}
