/* SPDX-License-Identifier: MIT */
/* The origin as the driver starts it. Closing its standard input ends it, too. */
#define _GNU_SOURCE /* pipe2 */
#include "bench/run/origin_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/process/signals.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define START_LIMIT_NS (10 * NS_PER_S)
#define ORIGIN_FILES   16 /* what it has open beside its connections, and a few more */

static int read_url(int fd, char **url, struct error *err)
{
    struct error why;
    const int rc = service_line(fd, START_LIMIT_NS, url, &why);
    if (rc != 0)
        return error_set(err, rc,
                         rc == -EINTR   ? "%s"
                         : rc == -EPIPE ? "the origin ended before it said its URL"
                                        : "the origin says no URL: %s",
                         why.text);
    return strncmp(*url, "http://", 7) == 0 ? 0 : error_set(err, -EPROTO, "the origin's first line is no URL");
}

int origin_start(struct supervisor *supervisor, const struct paths *paths, const char *address, const char *scratch,
                 struct origin *out, struct error *err)
{
    int print[2] = {-1, -1};
    char *argv[] = {text_format("%s/cobench-origin", paths->build),    xstrdup("--certificate"),
                    text_format("%s.origin/certificate.pem", scratch), address == NULL ? NULL : xstrdup("--address"),
                    address == NULL ? NULL : xstrdup(address),         NULL};
    *out = (struct origin){.process.in = -1,
                           .folder = text_format("%s.origin", scratch),
                           .trust = text_format("SSL_CERT_FILE=%s", argv[2])};
    int rc = pipe2(print, O_CLOEXEC) == 0 ? 0 : error_set(err, -errno, "cannot start the origin: %s", strerror(errno));
    const struct supervisor_command command = {.argv = argv, .cwd = out->folder, .out = print[1], .err = -1};
    if (rc == 0)
        rc = service_start(supervisor, command, &out->process, err);
    if (print[1] >= 0)
        close(print[1]); /* so that its end shows */
    if (rc == 0)
        rc = read_url(print[0], &out->url, err);
    if (print[0] >= 0)
        close(print[0]);
    for (char **word = argv; *word != NULL; word++)
        free(*word);
    return rc;
}

/* It inherits the driver's hard limit of open files and raises its own to it. */
void origin_check_limit(struct origin *origin, struct plan *plan)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_max == RLIM_INFINITY)
        return;
    const long long limit = (long long)files.rlim_max, most = limit > ORIGIN_FILES ? limit - ORIGIN_FILES : 0;
    origin->limit = text_format("the origin can hold %lld connections (RLIMIT_NOFILE is %lld; a higher `ulimit -Hn` or "
                                "fewer workers would do)",
                                most, limit);
    for (size_t i = 0; i < plan->cell_count; i++) {
        struct plan_cell *cell = &plan->cells[i];
        const struct plan_group *group = &plan->groups[cell->group];
        /* One job after another has one connection. */
        if (cell->known != NULL && !cell->known->baseline && group->needs_url && group->workers > most &&
            cell->impossible == NULL)
            cell->impossible = origin->limit;
    }
}

void origin_close(struct origin *origin)
{
    service_close(&origin->process);
    free(origin->url);
    if (origin->folder != NULL)
        dir_remove_tree(origin->folder); /* gone already, unless the supervisor was killed */
    free(origin->folder);
    free(origin->trust);
    free(origin->limit);
    *origin = (struct origin){.process.in = -1};
}
