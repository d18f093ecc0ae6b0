/* SPDX-License-Identifier: MIT */
/* Workers on other hosts: launching agents and talking to them. */
#define _GNU_SOURCE /* pipe2 */
#include "host/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/num.h"
#include "host/agent.h"
#include "host/error.h"
#include "host/home.h"

#define ROUND_TRIPS   8                /* of which the shortest counts */
#define SAME_CLOCK_NS (20 * NS_PER_MS) /* no two machines were started within this of each other: it is one clock */

/* -- launching ---------------------------------------------------------------------------------------------------- */

/* ssh joins its words with blanks and has a shell split them again. */
static bool has_shell(const char *launcher)
{
    const char *slash = strrchr(launcher, '/'), *name = slash ? slash + 1 : launcher;
    return strcmp(name, "ssh") == 0 || strcmp(name, "rsh") == 0;
}

/* So much of a word in single quotes. */
static void put_quoted(FILE *out, const char *word, size_t length)
{
    putc('\'', out);
    for (size_t i = 0; i < length; i++)
        word[i] == '\'' ? fputs("'\\''", out) : putc(word[i], out);
    putc('\'', out);
}

/* A word with the host's name in the place of {host}. */
static void put_filled(FILE *out, const char *word, const char *host)
{
    static const char place[] = "{host}";
    for (const char *at; (at = strstr(word, place)); word = at + strlen(place))
        fprintf(out, "%.*s%s", (int)(at - word), word, host);
    fputs(word, out);
}

/* What the words of a command become: the launcher's, "agent FIRST COUNT DIR" and the command's. All in one block, its words
 * apart by NULs. */
static char *command_text(const struct remote_plan *plan, const struct remote_host *host, const char *self,
                          size_t *length)
{
    char *text = NULL, numbers[2][16];
    FILE *out = open_memstream(&text, length);
    if (!out)
        return NULL;
    const bool here = placement_is_here(host->name), quoted = !here && has_shell(plan->launcher[0]);
    snprintf(numbers[0], sizeof numbers[0], "%u", host->first);
    snprintf(numbers[1], sizeof numbers[1], "%u", host->count);
    for (const char *const *word = plan->launcher; !here && *word; word++) {
        put_filled(out, *word, host->name);
        putc('\0', out);
    }
    const char *const own[] = {self, "agent", numbers[0], numbers[1], plan->directory};
    for (size_t i = 0; i < sizeof own / sizeof *own || plan->words[i - sizeof own / sizeof *own]; i++) {
        const size_t owned = sizeof own / sizeof *own;
        const char *word = i < owned ? own[i] : plan->words[i - owned];
        quoted ? put_quoted(out, word, strlen(word)) : (void)fputs(word, out);
        putc('\0', out);
    }
    const bool whole = fclose(out) == 0;
    if (!whole)
        free(text);
    return whole ? text : NULL;
}

/* In the child: from here on it is the launcher. */
static _Noreturn void become(char *text, size_t length, const int fds[2], pid_t parent)
{
    size_t count = 0;
    char **argv = calloc(length + 1, sizeof *argv);
    sigset_t none;
    sigemptyset(&none);
    for (char *word = text; argv && word < text + length; word += strlen(word) + 1)
        argv[count++] = word;
    if (!argv || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
        sigprocmask(SIG_SETMASK, &none, NULL) < 0 || dup2(fds[0], STDIN_FILENO) < 0 || dup2(fds[1], STDOUT_FILENO) < 0)
        _exit(126);
    signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    perror(argv[0]);
    _exit(127);
}

static int launch(const struct remote_plan *plan, struct remote_host *host, const char *self)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, rc = 0;
    size_t length = 0;
    char *text = command_text(plan, host, self, &length);
    const pid_t parent = getpid();
    if (!text)
        return -ENOMEM;
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || (host->pid = fork()) < 0)
        rc = -errno;
    else if (host->pid == 0)
        become(text, length, (const int[]){in[0], out[1]}, parent);
    free(text);
    host->in = in[1];
    host->out = out[0];
    if (in[0] >= 0)
        close(in[0]);
    if (out[1] >= 0)
        close(out[1]);
    if (rc)
        host->pid = 0;
    return rc;
}

int remote_script(const char *const *launcher, const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return -errno;
    fputs("#!/bin/sh\nhost=$1; shift\nexec", out);
    for (const char *const *word = launcher; *word; word++) {
        putc(' ', out);
        for (const char *rest = *word, *at; *rest; rest = at ? at + strlen("{host}") : rest + strlen(rest)) {
            at = strstr(rest, "{host}");
            put_quoted(out, rest, at ? (size_t)(at - rest) : strlen(rest));
            if (at)
                fputs("\"$host\"", out);
        }
    }
    fputs(has_shell(launcher[0]) ? " \"$*\"\n" : " sh -c \"$*\"\n", out);
    const int rc = fchmod(fileno(out), 0700) == 0 ? 0 : -errno;
    return fclose(out) == 0 ? rc : -EIO;
}

/* -- what agents say ---------------------------------------------------------------------------------------------- */

/* Takes the next whole line out of what has come, waiting for one until then. 1, 0: none came, or -EPIPE: its end. */
static int line_take(struct remote_host *host, int64_t until_ns, char out[64])
{
    for (;;) {
        char *newline = memchr(host->line, '\n', host->length);
        if (newline) {
            const size_t taken = (size_t)(newline - host->line) + 1;
            snprintf(out, 64, "%.*s", (int)taken - 1, host->line);
            memmove(host->line, host->line + taken, host->length -= taken);
            return 1;
        }
        if (host->out < 0 || host->length == sizeof host->line)
            return -EPIPE;
        const int64_t left_ns = until_ns - clock_now_ns();
        struct pollfd wait = {.fd = host->out, .events = POLLIN};
        const int ready = poll(&wait, 1, left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0);
        if (ready == 0 || (ready < 0 && errno != EINTR))
            return 0;
        const ssize_t got = ready < 0 ? 0
                                      : read(host->out, host->line + host->length, sizeof host->line - host->length);
        if (ready > 0 && got <= 0)
            return -EPIPE;
        host->length += (size_t)got;
    }
}

static int explain(const struct remote_host *host, int rc, const char *line, struct cobench_error *err)
{
    if (rc == 0)
        return error_fill(err, -ETIMEDOUT, "host %s does not answer", host->name);
    if (rc < 0)
        return error_fill(err, rc, "host %s: the launcher has ended; is there a cobench-host on it, at the same path?",
                          host->name);
    return error_fill(err, -EPROTO, "host %s: the agent says '%.40s'", host->name, line);
}

/* How far its clock is from this one's. The first round trip is also how long it took to get there. */
static int clock_ask(struct remote_host *host, int64_t until_ns, struct cobench_error *err)
{
    int64_t best_ns = INT64_MAX, there_ns;
    char line[64] = "";
    for (int i = 0; i < ROUND_TRIPS; i++) {
        const int64_t sent_ns = clock_now_ns();
        const int rc = write(host->in, &(char){AGENT_CLOCK}, 1) == 1 ? line_take(host, until_ns, line) : -EPIPE;
        const int64_t came_ns = clock_now_ns();
        if (rc <= 0 || strncmp(line, "clock ", 6) != 0 || num_parse_i64(line + 6, 0, INT64_MAX, &there_ns) != 0)
            return explain(host, rc, line, err);
        if (came_ns - sent_ns < best_ns) {
            best_ns = came_ns - sent_ns;
            host->offset_ns = there_ns - (sent_ns + best_ns / 2);
        }
    }
    if (llabs(host->offset_ns) < SAME_CLOCK_NS)
        host->offset_ns = 0;
    return 0;
}

/* -- for callers -------------------------------------------------------------------------------------------------- */

static void end_on_failure(struct remote *remote, int rc)
{
    if (rc)
        remote_end(remote, 0);
}

int remote_start(const struct remote_plan *plan, int64_t until_ns, struct remote *out, struct cobench_error *err)
{
    char *self = NULL;
    int rc = home_path("cobench-host", &self, err); /* any host is an agent; this one is built everywhere */
    *out = (struct remote){.hosts = calloc(plan->placement->count, sizeof *out->hosts)};
    if (rc == 0 && !out->hosts)
        rc = error_fill(err, -ENOMEM, "out of memory");
    for (size_t h = 0; rc == 0 && h < plan->placement->count; h++) {
        struct remote_host *host = &out->hosts[out->count];
        *host = (struct remote_host){.name = plan->placement->hosts[h].name, .in = -1, .out = -1};
        host->count = placement_workers(plan->placement, plan->workers, h, &host->first);
        if (host->count == 0)
            continue;
        out->count++;
        rc = launch(plan, host, self);
        if (rc)
            error_fill(err, rc, "host %s: the launcher cannot be started: %s", host->name, strerror(-rc));
    }
    for (size_t h = 0; rc == 0 && h < out->count; h++)
        rc = clock_ask(&out->hosts[h], until_ns, err);
    for (size_t h = 0; rc == 0 && h < out->count; h++)
        if (write(out->hosts[h].in, &(char){AGENT_START}, 1) != 1)
            rc = explain(&out->hosts[h], -EPIPE, "", err);
    free(self);
    end_on_failure(out, rc);
    return rc;
}

int64_t remote_offset_ns(const struct remote *remote, unsigned worker)
{
    for (size_t h = 0; h < remote->count; h++)
        if (worker - remote->hosts[h].first < remote->hosts[h].count)
            return remote->hosts[h].offset_ns;
    return 0;
}

int remote_next_ended(struct remote *remote, struct remote_ended *out)
{
    char line[64];
    for (size_t h = 0; h < remote->count; h++) {
        struct remote_host *host = &remote->hosts[h];
        if (host->out < 0)
            continue;
        const int rc = line_take(host, 0, line);
        if (rc == 0)
            continue;
        *out = (struct remote_ended){.worker = host->first, .status = -1, .host = host->name};
        if (rc < 0) {
            close(host->out);
            host->out = -1;
        } else if (sscanf(line, "ended %u %d", &out->worker, &out->status) != 2) {
            continue;
        }
        return 1;
    }
    return 0;
}

void remote_end(struct remote *remote, int64_t within_ns)
{
    const int64_t until_ns = clock_now_ns() + within_ns;
    for (size_t h = 0; h < remote->count; h++)
        if (remote->hosts[h].in >= 0)
            close(remote->hosts[h].in);
    for (size_t h = 0; h < remote->count; h++) {
        struct remote_host *host = &remote->hosts[h];
        bool ended = host->pid <= 0;
        while (!ended && !(ended = waitpid(host->pid, NULL, WNOHANG) == host->pid) && clock_now_ns() < until_ns)
            clock_sleep_until(clock_now_ns() + 5 * NS_PER_MS);
        if (!ended) {
            kill(host->pid, SIGKILL);
            waitpid(host->pid, NULL, 0);
        }
        if (host->out >= 0)
            close(host->out);
    }
    free(remote->hosts);
    *remote = (struct remote){.hosts = NULL};
}
