/* SPDX-License-Identifier: MIT */
/* The C host: `run` runs one task under one model, `serve` serves it, `list` says what there is. It prints and exits, as its
 * commands in files of their own do (agent.c, rank.c, serve.c). */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/agent.h"
#include "host/args.h"
#include "host/error.h"
#include "host/function.h"
#include "host/limits.h"
#include "host/list.h"
#include "host/probe.h"
#include "host/rank.h"
#include "host/serve.h"
#include "host/session.h"
#include "host/tasks.h"
#include "host/watchdog.h"

enum { EXIT_USAGE = 2 };

static const char *program_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What `run` needs to end from either thread. */
struct command {
    const char *program;
    struct session session;
    int record_fd; /* -1: none was asked for */
};

/* Writes the record and says on stderr what went wrong. Returns the exit status. */
static int command_end(struct command *c)
{
    struct record *record = &c->session.record;
    int status = record_exit(record->status);

    if (record->status != RECORD_DONE)
        fprintf(stderr, "%s: %s\n", c->program, record->reason);
    record->end_ns = clock_now_ns();
    if (c->record_fd < 0)
        return status;
    char *text = record_text(record);
    const int rc = text ? record_write(c->record_fd, text) : -ENOMEM;
    c->record_fd = -1;
    free(text);
    if (rc) {
        fprintf(stderr, "%s: --record: cannot write the record: %s\n", c->program, strerror(-rc));
        status = status ? status : EXIT_USAGE;
    }
    return status;
}

/* On the watchdog's thread, while the other one may be anywhere: ends the process without tearing anything down. */
static void command_bark(void *arg, int signal)
{
    struct command *c = arg;
    if (signal == 0) {
        session_expire(&c->session);
        _exit(command_end(c));
    }
    session_kill(&c->session);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    raise(signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    _exit(1); /* not reached: the signal's own status is what the caller sees */
}

static bool command_look(void *arg) { return session_look(&((struct command *)arg)->session); }

/* Under a watchdog. Its structure must outlive its thread, which it does: it is stopped or the process ends. */
static void command_run(struct command *c)
{
    struct session *s = &c->session;
    if (!session_open(s))
        return;
    struct watchdog dog = {.deadline_ns = s->record.start_ns + s->args->timeout_ns,
                           .bark = command_bark,
                           .look = s->run.join || s->hang.before ? command_look : NULL,
                           .arg = c};
    s->run.signals = &dog.before;
    const int rc = watchdog_start(&dog);
    if (rc) {
        session_fail(s, RECORD_IMPOSSIBLE, "cannot start the watchdog's thread: a limit of threads");
        return;
    }
    session_run(s);
    watchdog_stop(&dog);
    session_conclude(s);
}

/* `run` and `worker`: argv[0] says which. The latter has no record: what went wrong it says on stderr. */
static int run_command(const char *program, int argc, char **argv, int64_t start_ns)
{
    const bool worker = strcmp(argv[0], "worker") == 0;
    struct command c = {.program = program, .record_fd = -1};
    struct cobench_error err;
    struct args args;

    const int rc = (worker ? args_open_worker : args_open_run)(&args, argc, argv, &err);
    if (rc == 0 && args.help) {
        args_help(stdout, argv[0], program);
        args_close(&args);
        return 0;
    }
    session_init(&c.session, &args, start_ns);
    const char *path = worker ? NULL : args_find_record(&args, argc, argv);
    if (path) {
        c.record_fd = record_open(path);
        if (c.record_fd < 0) {
            fprintf(stderr, "%s: --record: cannot create '%s': %s\n", program, path, strerror(-c.record_fd));
            args_close(&args);
            return EXIT_USAGE;
        }
    }
    if (rc)
        session_fail(&c.session, RECORD_USAGE, err.message);
    else
        command_run(&c);
    session_release(&c.session);
    const int status = command_end(&c);
    session_close(&c.session);
    args_close(&args);
    return status;
}

static int list_command(const char *program, int argc, char **argv)
{
    struct tasks tasks = {0};
    struct probe probe = {.known = false};
    struct cobench_error err;
    struct args args;
    char *text = NULL;
    int status = EXIT_USAGE;

    int rc = args_open_list(&args, argc, argv, &err);
    if (rc == 0 && args.help) {
        args_help(stdout, "list", program);
        status = 0;
        goto out;
    }
    if (rc == 0)
        rc = tasks_open(&args.task, &tasks, &err);
    if (rc) {
        fprintf(stderr, "%s: %s\n", program, err.message);
        goto out;
    }
    const bool own = args.task.command || (args.task.name && function_is_one(args.task.name));
    if (own && tasks.entries[0].task)
        probe = probe_task(tasks.entries[0].task);
    text = args.json ? list_json(&tasks, own || args.task.name ? &probe : NULL) : list_table(&tasks);
    status = text ? 0 : 1;
    if (text)
        printf(args.json ? "%s\n" : "%s", text);
    else
        fprintf(stderr, "%s: out of memory\n", program);
out:
    free(text);
    tasks_close(&tasks);
    args_close(&args);
    return status;
}

static void usage_print(FILE *out, const char *program)
{
    fprintf(out,
            "usage: %s run --task T|--command WORD... --model M --slots FILE --record FILE [OPTION...]\n"
            "       %s worker --task T --jobs N --service redis=URL --queue PREFIX --worker N [OPTION...]\n"
            "       %s serve --task T --model M [OPTION...]\n"
            "       %s list [--json] [--task T | --tasks DIR]\n"
            "       %s run --help\n",
            program, program, program, program, program);
}

/* Signals whose inherited disposition would change what the host does: reaping needs SIGCHLD not to be ignored; a peer
 * that hangs up and a file-size limit are errors of the call in question. */
static void signals_settle(void)
{
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    sigaction(SIGXFSZ, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
}

static int dispatch(const char *program, int argc, char **argv, int64_t start_ns)
{
    const char *command = argc > 1 ? argv[1] : "";

    if (strcmp(command, "run") == 0 || strcmp(command, "worker") == 0)
        return run_command(program, argc - 1, argv + 1, start_ns);
    if (strcmp(command, "list") == 0)
        return list_command(program, argc - 1, argv + 1);
    if (strcmp(command, "serve") == 0)
        return serve_command(program, argc - 1, argv + 1);
    if (strcmp(command, "rank") == 0)
        return rank_command(program, argc - 1, argv + 1);
    if (strcmp(command, "agent") == 0)
        return agent_run(program, argc - 1, argv + 1);
    if (strcmp(command, "--version") == 0) {
        printf("%s %s\n", program, COBENCH_VERSION);
        return 0;
    }
    const bool asked = strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0;
    usage_print(asked ? stdout : stderr, program);
    return asked ? 0 : EXIT_USAGE;
}

int main(int argc, char **argv)
{
    const int64_t start_ns = clock_now_ns();
    const char *program = program_name(argc > 0 ? argv[0] : "cobench-host");

    signals_settle();
    limits_raise();
    const int status = dispatch(program, argc, argv, start_ns);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "%s: cannot write to standard output\n", program);
    return status ? status : 1;
}
