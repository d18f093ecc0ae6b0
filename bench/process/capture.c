/* SPDX-License-Identifier: MIT */
/* Runs a short command through the supervisor, with a file of the scratch folder for what it prints. */
#include "bench/process/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define DEADLINE_NS (20 * NS_PER_S)
#define OUTPUT_MAX  (64u << 10)

int capture_output(const struct capture *how, const char *const *argv, char **out, struct error *err)
{
    char *path = text_format("%s/output", how->scratch);
    size_t length = 0;
    int rc = 0;
    if (path == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        rc = error_set(err, -errno, "%s: %s", path, strerror(errno));
    const struct supervisor_command command = {.argv = (char *const *)(uintptr_t)argv,
                                               .cwd = how->cwd,
                                               .env = how->env,
                                               .in = -1,
                                               .out = fd,
                                               .err = -1,
                                               .deadline_ns = DEADLINE_NS};
    struct supervisor_end end;
    if (rc == 0)
        rc = supervisor_run(how->supervisor, &command, &end, err);
    if (rc == 0 && (end.timed_out || end.status != 0))
        rc = error_set(err, -EPROTO, "%s: %s", argv[0], end.timed_out ? "no end within 20 s" : "it failed");
    if (rc == 0 && (rc = file_read(path, OUTPUT_MAX, out, &length)) != 0)
        error_set(err, rc, "what %s printed: %s", argv[0], strerror(-rc));
    if (fd >= 0)
        close(fd);
    free(path);
    return rc;
}

int capture_version(const struct capture *how, const char *tool, char **out, struct error *err)
{
    const size_t name = strlen(tool);
    char *text = NULL;
    int rc = capture_output(how, (const char *const[]){tool, "--version", NULL}, &text, err);
    if (rc == -ENOENT || rc == -EACCES)
        return error_set(err, -ENOPKG, "%s is not installed (./scripts/setup.sh installs it)", tool);
    if (rc != 0)
        return rc;
    text_one_line(text);
    rc = text_set(out, strncmp(text, tool, name) == 0 && text[name] == ' ' ? text + name + 1 : "unknown");
    free(text);
    return rc == 0 ? 0 : error_set(err, rc, "out of memory");
}
