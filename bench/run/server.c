/* SPDX-License-Identifier: MIT */
/* Starting and ending a server. It is a service of the supervisor, so that nothing is left of it however the driver ends. */
#define _GNU_SOURCE /* pipe2 */
#include "bench/run/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/process/proctree.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define END_LIMIT_NS    (5 * NS_PER_S) /* for its last word; then it is killed */
#define POLL_NS         (5 * NS_PER_MS)
#define COMPLAINT_MAX   (64u << 10)
#define EXIT_IMPOSSIBLE 77

/* -- its end ---------------------------------------------------------------------------------------------------------- */

/* Kills what a former look found below the server and is still there. How many that were. */
static size_t kill_left(const struct server *server, const struct proctree *before)
{
    size_t left = 0;
    for (size_t i = 0; i < before->count; i++) {
        const pid_t pid = before->entries[i].pid;
        if (proctree_below(before, pid, server->process.pid) && kill(pid, SIGKILL) == 0)
            left++;
    }
    return left;
}

void server_end(struct server *server, json_t **last)
{
    struct proctree tree = {.entries = NULL};
    const struct timespec poll = clock_timespec(POLL_NS);
    struct error unsaid;
    char *line = NULL;
    *last = NULL;
    (void)proctree_read(&tree); /* its processes while they can be told from others */
    service_close(&server->process);
    if (server->said >= 0 && service_line(server->said, END_LIMIT_NS, &line, &unsaid) == 0)
        *last = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    free(line);
    const int64_t deadline = clock_now_ns() + END_LIMIT_NS;
    const bool told = *last != NULL; /* then it is given time to end its processes */
    while (server->process.pid > 0 && told && kill(server->process.pid, 0) == 0 && clock_now_ns() < deadline)
        nanosleep(&poll, NULL);
    while (server->process.pid > 0 && kill_left(server, &tree) > 0 && clock_now_ns() < deadline + END_LIMIT_NS)
        nanosleep(&poll, NULL); /* until the supervisor has reaped them */
    if (server->said >= 0)
        close(server->said);
    *server = (struct server)SERVER_NONE;
    proctree_free(&tree);
}

/* -- its start -------------------------------------------------------------------------------------------------------- */

static int read_first(const char *line, struct server *out, struct error *err)
{
    json_t *first = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const json_int_t port = json_integer_value(json_object_get(first, "port"));
    json_decref(first);
    if (port < 1 || port > 65535)
        return error_set(err, -EPROTO, "its first line names no port");
    out->port = (int)port;
    return 0;
}

/* Why it did not come so far: the command once more, without an input, so that it ends by itself and its status is known. */
static int ask_why(const struct bench *b, const struct supervisor_command *command, const char *complaints,
                   bool *impossible, struct error *err)
{
    struct supervisor_command again = *command;
    struct supervisor_end end;
    struct error inner = *err;
    char *text = NULL;
    size_t length;
    again.service = false;
    again.in = again.out = -1;
    again.deadline_ns = (int64_t)(b->plan->timeout_s * (double)NS_PER_S);
    const int rc = supervisor_run(b->supervisor, &again, &end, err);
    if (rc != 0)
        return rc;
    *impossible = WIFEXITED(end.status) && WEXITSTATUS(end.status) == EXIT_IMPOSSIBLE;
    const char *line = file_read_end(complaints, COMPLAINT_MAX, &text, &length) == 0 ? text_last_line(text) : "";
    error_set(err, -EPROTO, "%.300s", *line != '\0' ? line : inner.text);
    free(text);
    return -EPROTO;
}

/* Closes its end of the output, so that the server's end shows. */
static int wait_ready(const struct bench *b, const struct supervisor_command *command, struct server *out,
                      struct error *err)
{
    const int64_t begun = clock_now_ns();
    char *line = NULL;
    int rc = service_start(b->supervisor, *command, &out->process, err);
    close(command->out);
    if (rc == 0)
        rc = service_line(out->said, (int64_t)(b->plan->timeout_s * (double)NS_PER_S), &line, err);
    out->ready_ns = clock_now_ns() - begun;
    if (rc == 0)
        rc = read_first(line, out, err);
    free(line);
    return rc;
}

int server_start(const struct bench *b, const struct plan_cell *cell, const char *complaints, struct server *out,
                 bool *impossible, struct error *err)
{
    struct string_list words = {NULL, 0};
    int print[2] = {-1, -1};
    /* What it makes of files goes with the scratch folder, however it ends. */
    char *env[] = {host_env(b->paths), text_format("TMPDIR=%s", b->scratch), NULL};
    json_t *unsaid;
    const int stderr_fd = open(complaints, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int rc = stderr_fd >= 0 && pipe2(print, O_CLOEXEC) == 0 ? 0 : error_set(err, -errno, "%s", strerror(errno));
    *impossible = false;
    /* Its death is bound to the supervisor's; the folder of a service would be its own, and a host runs in the root. */
    (void)string_list_unquote(&words, "setpriv --pdeathsig KILL env -C");
    string_list_add(&words, b->paths->root);
    host_serve_argv(b, cell, &words);
    const struct supervisor_command command = {
        .argv = words.items, .env = env, .in = -1, .out = print[1], .err = stderr_fd};
    out->said = print[0];
    if (rc == 0)
        rc = wait_ready(b, &command, out, err);
    if (rc != 0 && rc != -EINTR) {
        server_end(out, &unsaid);
        json_decref(unsaid);
        rc = rc == -EAGAIN ? -EPROTO : ask_why(b, &command, complaints, impossible, err); /* not waited for twice */
    }
    if (stderr_fd >= 0)
        close(stderr_fd);
    string_list_free(&words);
    free(env[0]);
    free(env[1]);
    return rc;
}

/* -- looking at it ------------------------------------------------------------------------------------------------------ */

/* Of one process: the kernel counts its own time in ticks of 10 ms, and that of the threads it still has exactly. */
static int64_t process_ns(const struct proctree_entry *entry)
{
    const int64_t ticks_ns = entry->ticks * (NS_PER_S / sysconf(_SC_CLK_TCK)),
                  threads_ns = service_threads_ns(entry->pid), most_ns = threads_ns > ticks_ns ? threads_ns : ticks_ns;
    return most_ns > 0 ? most_ns : 0;
}

int64_t server_cpu_ns(const struct server *server)
{
    struct proctree tree = {.entries = NULL};
    int64_t sum = proctree_read(&tree) == 0 ? 0 : -1;
    for (size_t i = 0; sum >= 0 && i < tree.count; i++)
        if (proctree_below(&tree, tree.entries[i].pid, server->process.pid))
            sum += process_ns(&tree.entries[i]);
    proctree_free(&tree);
    return sum;
}

int64_t server_bytes(const struct server *server)
{
    struct memory memory = {.peak = -1};
    const int64_t bytes = memory_sample(&memory, server->process.pid);
    memory_free(&memory);
    return bytes;
}
