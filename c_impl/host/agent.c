/* SPDX-License-Identifier: MIT */
/* What a launcher starts on another host. One thread that waits for its input and for signals. */
#define _GNU_SOURCE /* pipe2 and the like */
#include "host/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/num.h"
#include "host/home.h"

#define WORKERS_MAX  100000
#define END_GRACE_NS (3 * NS_PER_S) /* between SIGTERM and SIGKILL */

struct agent {
    unsigned first, count;
    const char *directory;
    char **words;
    pid_t *pids; /* also their process groups; 0: it has ended */
    unsigned started, left;
    bool going, failed; /* going: the commands have been started */
    sigset_t before;
    int signals; /* a signalfd */
};

/* A word with its numbers filled in. Never freed: the process becomes the command. */
static char *fill(const struct agent *a, const char *word, unsigned worker)
{
    const struct {
        const char *name;
        unsigned value;
    } rows[] = {{"{worker}", worker}, {"{first}", a->first}, {"{count}", a->count}};
    char *out = malloc(strlen(word) * 2 + 1), *end = out; /* ten digits at most stand for seven characters at least */
    while (out && *word) {
        size_t i = 0;
        while (i < 3 && strncmp(word, rows[i].name, strlen(rows[i].name)) != 0)
            i++;
        if (i < 3)
            end += sprintf(end, "%u", rows[i].value);
        else
            *end++ = *word;
        word += i < 3 ? strlen(rows[i].name) : 1;
    }
    if (out)
        *end = '\0';
    return out;
}

static _Noreturn void become(const struct agent *a, unsigned worker, pid_t parent)
{
    const int null = open("/dev/null", O_RDONLY);
    setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent || sigprocmask(SIG_SETMASK, &a->before, NULL) < 0 ||
        null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) /* stdout is the agent's */
        _exit(126);
    for (char **word = a->words; *word; word++)
        if (!(*word = fill(a, *word, worker)))
            _exit(126);
    if (chdir(a->directory) == 0)
        execvp(a->words[0], a->words);
    perror(a->words[0]);
    _exit(127);
}

/* Starts the commands. False: it could not, and has said why. */
static bool start(struct agent *a)
{
    bool each = false;
    for (char **word = a->words; *word; word++)
        each = each || strstr(*word, "{worker}");
    const unsigned count = each ? a->count : 1;
    const pid_t self = getpid();
    a->pids = calloc(count, sizeof *a->pids);
    while (a->pids && a->started < count) {
        const pid_t pid = fork();
        if (pid == 0)
            become(a, a->first + a->started, self);
        if (pid < 0)
            break;
        setpgid(pid, pid); /* whichever of the two comes first */
        a->pids[a->started++] = pid;
        a->left++;
    }
    a->going = true;
    a->failed = a->started < count;
    if (a->failed)
        perror("agent");
    return !a->failed;
}

static void reap(struct agent *a)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        unsigned i = 0;
        while (i < a->started && a->pids[i] != pid)
            i++;
        if (i == a->started)
            continue; /* an orphan of one of them */
        const int said = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        kill(-pid, SIGKILL); /* what it left in its group */
        a->pids[i] = 0;
        a->left--;
        a->failed = a->failed || said != 0;
        printf("ended %u %d\n", a->first + i, said);
        fflush(stdout);
    }
}

/* The commands themselves, or all that is in their groups, too. */
static void signal_all(const struct agent *a, int signal, bool groups)
{
    for (unsigned i = 0; i < a->started; i++)
        if (a->pids[i] > 0)
            kill(groups ? -a->pids[i] : a->pids[i], signal);
}

/* Waits for something to read from stdin or for a signal, at most until then. False: it is time to end. */
static bool attend(struct agent *a, bool input, int64_t until_ns)
{
    struct pollfd fds[] = {{.fd = a->signals, .events = POLLIN}, {.fd = input ? STDIN_FILENO : -1, .events = POLLIN}};
    struct signalfd_siginfo info;
    char bytes[64];
    bool stop = false;
    const int64_t left_ns = until_ns - clock_now_ns();
    if (poll(fds, 2, input ? -1 : left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0) < 0)
        return errno == EINTR;
    while (fds[0].revents && read(a->signals, &info, sizeof info) == sizeof info)
        stop = stop || info.ssi_signo != SIGCHLD;
    reap(a);
    if (fds[1].revents) {
        const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
        stop = stop || got <= 0;
        for (ssize_t i = 0; !stop && i < got; i++)
            if (bytes[i] == AGENT_CLOCK)
                stop = printf("clock %lld\n", (long long)clock_now_ns()) < 0 || fflush(stdout) != 0;
            else
                stop = a->going || !start(a);
    }
    return !stop;
}

static void end_all(struct agent *a)
{
    const int64_t until_ns = clock_now_ns() + END_GRACE_NS;
    signal_all(a, SIGTERM, false);
    while (a->left > 0 && clock_now_ns() < until_ns)
        (void)attend(a, false, until_ns); /* it is ending already */
    signal_all(a, SIGKILL, true);
    while (a->left > 0)
        (void)attend(a, false, clock_now_ns() + NS_PER_S);
}

static int usage(const char *program)
{
    fprintf(stderr, "usage: %s agent FIRST COUNT DIR WORD...\n", program);
    return 2;
}

int agent_run(const char *program, int argc, char **argv)
{
    int64_t first, count;
    char *build = NULL;
    struct cobench_error err;
    sigset_t watched;
    if (argc < 5 || num_parse_i64(argv[1], 0, WORKERS_MAX, &first) || num_parse_i64(argv[2], 1, WORKERS_MAX, &count))
        return usage(program);
    struct agent a = {
        .first = (unsigned)first, .count = (unsigned)count, .directory = argv[3], .words = argv + 4, .signals = -1};
    sigemptyset(&watched);
    for (size_t i = 0; i < 4; i++)
        sigaddset(&watched, ((const int[]){SIGCHLD, SIGTERM, SIGINT, SIGHUP})[i]);
    sigprocmask(SIG_BLOCK, &watched, &a.before);
    a.signals = signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
    int rc = a.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? errno : 0;
    if (rc == 0 && home_path("", &build, &err) == 0) {
        build[strlen(build) - 1] = '\0';
        rc = setenv("COBENCH_BUILD", build, 1) == 0 ? 0 : errno;
    }
    if (rc)
        fprintf(stderr, "%s agent: %s\n", program, strerror(rc));
    while (rc == 0 && (!a.going || a.left > 0) && attend(&a, true, 0))
        ;
    end_all(&a);
    free(a.pids);
    free(build);
    return rc || a.failed;
}
