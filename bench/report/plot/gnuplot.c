/* SPDX-License-Identifier: MIT */
/* Runs gnuplot as a child. It ends with 0 even where a font is missing or a plot is empty, so whatever it says on
 * stderr counts as a failure. */
#include "bench/report/plot/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/text.h"
#include "common/clock.h"

enum { NOT_FOUND = 127 };
#define DEADLINE_NS (60 * NS_PER_S)

/* What gnuplot said, as far as it fits. */
struct output {
    char text[600];
    size_t length;
};

/* In the child: the driver may block signals and ignore SIGPIPE, and a driver that is killed must not leave this. */
static void child_settle(pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(NOT_FOUND);
}

static _Noreturn void child_run(char *const *argv, int said, pid_t parent)
{
    child_settle(parent);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(said, STDOUT_FILENO) < 0 ||
        dup2(said, STDERR_FILENO) < 0)
        _exit(NOT_FOUND - 1);
    if (setenv("LC_ALL", "C.UTF-8", 1) != 0)
        _exit(NOT_FOUND - 1);
    execvp(argv[0], argv);
    _exit(errno == ENOENT ? NOT_FOUND : NOT_FOUND - 1);
}

static void output_add(struct output *output, const char *bytes, size_t length)
{
    const size_t room = sizeof output->text - 1 - output->length;
    const size_t taken = length < room ? length : room;
    memcpy(output->text + output->length, bytes, taken);
    output->length += taken;
    output->text[output->length] = '\0';
}

/* Reads until the child closes its end. -ETIMEDOUT: it did not in time. */
static int output_read(int fd, int64_t deadline, struct output *output)
{
    for (;;) {
        const int64_t left = deadline - clock_now_ns();
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        const int count = left <= 0 ? 0 : poll(&ready, 1, (int)(left / NS_PER_MS) + 1);
        if (count == 0)
            return -ETIMEDOUT;
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count < 0)
            continue;
        char bytes[512];
        const ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == 0)
            return 0;
        if (got > 0)
            output_add(output, bytes, (size_t)got);
        else if (errno != EINTR)
            return -errno;
    }
}

/* The first line that says something. */
static char *output_line(struct output *output)
{
    char *line = output->text + strspn(output->text, " \t\r\n");
    text_one_line(line);
    return line;
}

static int judge(const struct gnuplot_job *job, int read_code, int status, struct output *output, struct error *err)
{
    const bool ended = WIFEXITED(status);
    if (read_code == -ETIMEDOUT)
        return error_set(err, -EIO, "gnuplot %s: not done after a minute", job->script);
    if (read_code != 0)
        return error_set(err, read_code, "gnuplot %s: %s", job->script, strerror(-read_code));
    if (ended && WEXITSTATUS(status) == NOT_FOUND)
        return error_set(err, -ENOSYS,
                         "gnuplot is not installed, so there are no pictures (./scripts/setup.sh installs it)");
    char *line = output_line(output);
    if (*line != '\0')
        return error_set(err, -EIO, "gnuplot %s: %s", job->script, line);
    if (!ended || WEXITSTATUS(status) != 0)
        return error_set(err, -EIO, "gnuplot %s: ended with %s %d", job->script, ended ? "status" : "signal",
                         ended ? WEXITSTATUS(status) : WTERMSIG(status));
    return 0;
}

static int child_wait(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

/* A pipe that no child inherits by accident. */
static int pipe_make(int fds[2], struct error *err)
{
    if (pipe(fds) != 0)
        return error_set(err, -errno, "gnuplot: %s", strerror(errno));
    if (fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(fds[1], F_SETFD, FD_CLOEXEC) == 0)
        return 0;
    const int rc = error_set(err, -errno, "gnuplot: %s", strerror(errno));
    close(fds[0]);
    close(fds[1]);
    return rc;
}

static int launch(char *const *argv, struct gnuplot_job *job, struct error *err)
{
    int fds[2];
    const int rc = pipe_make(fds, err);
    if (rc != 0)
        return rc;
    const pid_t parent = getpid();
    job->pid = fork();
    if (job->pid == 0)
        child_run(argv, fds[1], parent);
    const int fork_error = errno;
    close(fds[1]);
    if (job->pid < 0) {
        close(fds[0]);
        return error_set(err, -fork_error, "gnuplot: %s", strerror(fork_error));
    }
    job->said = fds[0];
    job->deadline_ns = clock_now_ns() + DEADLINE_NS;
    return 0;
}

int gnuplot_start(const struct gnuplot_call *call, struct gnuplot_job *out, struct error *err)
{
    struct string_list words = {NULL, 0};
    /* -d: no file of the user's changes the look. */
    const char *const start[] = {"gnuplot", "-d", "-e", call->settings, "-c", call->script};
    int rc = 0;
    *out = (struct gnuplot_job){.said = -1};
    for (size_t i = 0; i < sizeof start / sizeof *start && rc == 0; i++)
        rc = string_list_add(&words, start[i]);
    for (size_t i = 0; i < sizeof call->arguments / sizeof *call->arguments && call->arguments[i] != NULL && rc == 0;
         i++)
        rc = string_list_add(&words, call->arguments[i]);
    if (rc == 0)
        rc = text_set(&out->script, call->script);
    if (rc != 0)
        error_set(err, rc, "out of memory");
    else
        rc = launch(words.items, out, err);
    string_list_free(&words);
    if (rc != 0)
        free(out->script);
    return rc;
}

int gnuplot_wait(struct gnuplot_job *job, struct error *err)
{
    struct output output = {.length = 0};
    int status = 0;
    const int rc = output_read(job->said, job->deadline_ns, &output);
    close(job->said);
    if (rc != 0)
        kill(job->pid, SIGKILL);
    const int wait_code = child_wait(job->pid, &status);
    const int judged = judge(job, rc != 0 ? rc : wait_code, status, &output, err);
    free(job->script);
    return judged;
}
