/* SPDX-License-Identifier: MIT */
/* Two pipes. The host is let go by the end of file: it needs no byte, and no write here can fail. */
#define _GNU_SOURCE /* pipe2 */
#include "bench/protocol/hold.h"

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

int hold_open(struct hold *hold, struct error *err)
{
    int to_host[2] = {-1, -1}, from_host[2] = {-1, -1};
    int rc = pipe2(to_host, O_CLOEXEC) != 0 || pipe2(from_host, O_CLOEXEC) != 0 ? -errno : 0;
    *hold = (struct hold){
        .host_read = to_host[0], .write = to_host[1], .read = from_host[0], .host_write = from_host[1]};
    if (rc == 0 && fcntl(hold->read, F_SETFL, O_NONBLOCK) != 0)
        rc = -errno;
    if (rc == 0)
        return 0;
    hold_close(hold);
    return error_set(err, rc, "cannot open a pipe: %s", strerror(-rc));
}

void hold_given(struct hold *hold)
{
    end_close(&hold->host_read);
    end_close(&hold->host_write);
}

bool hold_heard(struct hold *hold)
{
    char byte;
    return hold->write >= 0 && hold->read >= 0 && read(hold->read, &byte, 1) == 1;
}

void hold_release(struct hold *hold) { end_close(&hold->write); }

void hold_close(struct hold *hold)
{
    hold_given(hold);
    end_close(&hold->read);
    end_close(&hold->write);
}
