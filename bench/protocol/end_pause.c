/* SPDX-License-Identifier: MIT */
/* Two pipes. The host is let go by the end of file: it needs no byte, and no write here can fail. */
#define _GNU_SOURCE /* pipe2 */
#include "bench/protocol/end_pause.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void end_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

int end_pause_open(struct end_pause *pause, struct error *err)
{
    int to_host[2] = {-1, -1}, from_host[2] = {-1, -1};
    int rc = pipe2(to_host, O_CLOEXEC) != 0 || pipe2(from_host, O_CLOEXEC) != 0 ? -errno : 0;
    *pause = (struct end_pause){
        .host_read = to_host[0], .write = to_host[1], .read = from_host[0], .host_write = from_host[1]};
    if (rc == 0 && fcntl(pause->read, F_SETFL, O_NONBLOCK) != 0)
        rc = -errno;
    if (rc == 0)
        return 0;
    end_pause_close(pause);
    return error_set(err, rc, "cannot open a pipe: %s", strerror(-rc));
}

void end_pause_handed_over(struct end_pause *pause)
{
    end_close(&pause->host_read);
    end_close(&pause->host_write);
}

bool end_pause_reached(struct end_pause *pause)
{
    char byte;
    return pause->write >= 0 && pause->read >= 0 && read(pause->read, &byte, 1) == 1;
}

void end_pause_release(struct end_pause *pause) { end_close(&pause->write); }

void end_pause_close(struct end_pause *pause)
{
    end_pause_handed_over(pause);
    end_close(&pause->read);
    end_close(&pause->write);
}
