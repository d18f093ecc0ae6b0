/* SPDX-License-Identifier: MIT */
/* Runs a short command through the supervisor, with files of the scratch folder for what it prints. */
#include "bench/process/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define DEADLINE_NS (20 * NS_PER_S)
#define OUTPUT_MAX  (16u << 20)

/* How it ended, where that was not as it should be. */
static int check_end(const struct supervisor_end *end, int64_t deadline_ns, const char *complaints, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    if (end->timed_out)
        return error_set(err, -ETIMEDOUT, "no answer within %d s", (int)(deadline_ns / NS_PER_S));
    if (WIFSIGNALED(end->status))
        return error_set(err, -EPROTO, "killed by signal %d", WTERMSIG(end->status));
    if (WEXITSTATUS(end->status) == 0)
        return 0;
    const char *said = file_read(complaints, OUTPUT_MAX, &text, &length) == 0 ? text_last_line(text) : "";
    error_set(err, -EPROTO, "exit status %d%s%.500s", WEXITSTATUS(end->status), *said == '\0' ? "" : ": ", said);
    free(text);
    return -EPROTO;
}

int capture_output(const struct capture *how, const char *const *argv, char **out, struct error *err)
{
    const int64_t deadline_ns = how->deadline_ns > 0 ? how->deadline_ns : DEADLINE_NS;
    char *paths[] = {text_format("%s/output", how->scratch), text_format("%s/complaints", how->scratch)};
    int fds[] = {-1, -1}, rc = 0;
    for (int i = 0; rc == 0 && i < 2; i++)
        if ((fds[i] = open(paths[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
            rc = error_set(err, -errno, "%s: %s", paths[i], strerror(errno));
    const struct supervisor_command command = {.argv = (char *const *)(uintptr_t)argv,
                                               .cwd = how->cwd,
                                               .env = how->env,
                                               .in = -1,
                                               .out = fds[0],
                                               .err = fds[1],
                                               .deadline_ns = deadline_ns};
    struct supervisor_end end;
    size_t length = 0;
    if (rc == 0)
        rc = supervisor_run(how->supervisor, &command, &end, err);
    if (rc == 0)
        rc = check_end(&end, deadline_ns, paths[1], err);
    if (rc == 0 && (rc = file_read(paths[0], OUTPUT_MAX, out, &length)) != 0)
        error_set(err, rc, "what %s printed: %s", argv[0], strerror(-rc));
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        free(paths[i]);
    }
    return rc;
}

int capture_version(const struct capture *how, const char *tool, char **out, struct error *err)
{
    const size_t name = strlen(tool);
    char *text = NULL;
    int rc = capture_output(how, (const char *const[]){tool, "--version", NULL}, &text, err);
    if (rc == -ENOENT)
        return error_set(err, -ENOPKG, "%s is not installed (./scripts/setup.sh installs it)", tool);
    if (rc == -EPROTO || rc == -ETIMEDOUT) {
        const struct error inner = *err;
        return error_set(err, rc, "%s --version: %.900s", tool, inner.text);
    }
    if (rc != 0)
        return rc;
    text_one_line(text);
    *out = xstrdup(strncmp(text, tool, name) == 0 && text[name] == ' ' ? text + name + 1 : "unknown");
    free(text);
    return 0;
}
