/* SPDX-License-Identifier: MIT */
/*
 * The supervisor process. It waits on two descriptors, the driver's socket and a signalfd for SIGCHLD, and on the earliest
 * deadline. It is single-threaded and holds no state that outlives it.
 */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "bench/process/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/process/proctree.h"
#include "common/clock.h"

#define LEFTOVER_GRACE_NS (500 * NS_PER_MS) /* helpers that end by themselves (multiprocessing's tracker) are none */
#define END_LIMIT_NS      (20 * NS_PER_S)   /* a process stuck in the kernel is not waited for longer */

struct supervision {
    int socket, signals;
    pid_t command;    /* 0: none runs */
    int64_t deadline; /* 0: none */
    bool timed_out;
    int64_t spent_before;                /* children_cpu_ns when the command was started */
    pid_t services[SUPERVISOR_SERVICES]; /* 0: ended */
    char *folders[SUPERVISOR_SERVICES];  /* theirs, as far as they have one */
    size_t service_count;
    char *scratch; /* NULL: none could be made */
    struct proctree tree;
};

int supervisor_read_all(int fd, void *out, size_t length)
{
    char *at = out;
    while (length > 0) {
        const ssize_t got = read(fd, at, length);
        if (got == 0)
            return -EPIPE;
        if (got < 0 && errno != EINTR)
            return -errno;
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        }
    }
    return 0;
}

/* The CPU time of all children that have been reaped, and of theirs. */
static int64_t children_cpu_ns(void)
{
    struct rusage r;
    getrusage(RUSAGE_CHILDREN, &r); /* cannot fail with these arguments */
    return (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * NS_PER_S + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) * NS_PER_US;
}

static void nap(void)
{
    const struct timespec ms = clock_timespec(NS_PER_MS);
    nanosleep(&ms, NULL);
}

static void answer(const struct supervision *k, const struct supervisor_answer *a)
{
    /* A driver that has gone shows as the end of the socket in the loop. */
    (void)file_write_all(k->socket, a, sizeof *a);
}

/* Whether it is a service or started by one. */
static bool is_of_service(const struct supervision *k, pid_t pid)
{
    for (size_t i = 0; i < k->service_count; i++)
        if (k->services[i] != 0 && proctree_below(&k->tree, pid, k->services[i]))
            return true;
    return false;
}

/* SIGKILL to everything below `root`, `root` itself where it is not this process; not to services. */
static void kill_below(struct supervision *k, pid_t root)
{
    if (proctree_read(&k->tree) != 0) {
        if (root != getpid())
            kill(root, SIGKILL);
        return;
    }
    for (size_t i = 0; i < k->tree.count; i++) {
        const pid_t pid = k->tree.entries[i].pid;
        if (pid != getpid() && k->tree.entries[i].state != 'Z' && proctree_below(&k->tree, pid, root) &&
            !is_of_service(k, pid))
            kill(pid, SIGKILL);
    }
}

/* Reaps what has ended. Returns whether the command was among it. */
static bool reap(struct supervision *k, int *command_status)
{
    bool ended = false;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (pid == k->command) {
            *command_status = status;
            ended = true;
        }
        for (size_t i = 0; i < k->service_count; i++)
            if (pid == k->services[i])
                k->services[i] = 0;
    }
    return ended;
}

/* How many children there are besides the services; -1: /proc does not say. */
static int count_leftover(struct supervision *k)
{
    siginfo_t info;
    int count = 0;
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD)
        return 0;
    if (proctree_read(&k->tree) != 0)
        return -1;
    for (size_t i = 0; i < k->tree.count; i++)
        count += k->tree.entries[i].parent == getpid() && !is_of_service(k, k->tree.entries[i].pid);
    return count;
}

/* Ends what the command left behind. How many processes outlived it by more than the grace; -1: unknown. */
static int sweep(struct supervision *k, int64_t grace_ns)
{
    const int64_t begun = clock_now_ns();
    int most = 0;
    for (;;) {
        int ignored;
        reap(k, &ignored);
        const int count = count_leftover(k);
        const int64_t spent = clock_now_ns() - begun;
        if (count == 0 || spent > END_LIMIT_NS)
            return most;
        if (spent >= grace_ns) {
            if (count < 0)
                return -1;
            most = count > most ? count : most;
            kill_below(k, getpid());
        }
        nap();
    }
}

static void command_ended(struct supervision *k, int status)
{
    k->command = 0;
    k->deadline = 0;
    const int leftover = sweep(k, k->timed_out ? 0 : LEFTOVER_GRACE_NS);
    answer(k, &(struct supervisor_answer){.end = {.status = status,
                                                  .timed_out = k->timed_out,
                                                  .leftover = k->timed_out ? 0 : leftover,
                                                  .cpu_ns = children_cpu_ns() - k->spent_before}});
}

/* One request with its descriptors and strings. */
struct order {
    struct supervisor_request r;
    int fds[SUPERVISOR_FDS];
    char *payload;
};

static int receive_fixed(int socket, struct order *o)
{
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[CMSG_SPACE(sizeof o->fds)];
    } control;
    struct iovec part = {.iov_base = &o->r, .iov_len = sizeof o->r};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t got;
    do
        got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
        return -EPIPE;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS && head->cmsg_len == CMSG_LEN(sizeof o->fds))
        memcpy(o->fds, CMSG_DATA(head), sizeof o->fds);
    return supervisor_read_all(socket, (char *)&o->r + got, sizeof o->r - (size_t)got);
}

static void order_free(struct order *o)
{
    for (int i = 0; i < SUPERVISOR_FDS; i++)
        if (o->fds[i] >= 0)
            close(o->fds[i]);
    free(o->payload);
}

static int order_receive(int socket, struct order *o)
{
    *o = (struct order){.fds = {-1, -1, -1, -1, -1}};
    int rc = receive_fixed(socket, o);
    if (rc == 0 && o->r.bytes > SUPERVISOR_PAYLOAD_MAX)
        rc = -EPROTO;
    if (rc == 0 && (o->payload = malloc(o->r.bytes + 1)) == NULL)
        rc = -ENOMEM;
    if (rc == 0)
        rc = supervisor_read_all(socket, o->payload, o->r.bytes);
    if (rc != 0)
        order_free(o);
    return rc;
}

/* What a command begins with: a session of its own, no signal blocked or ignored, its descriptors and its folder. Those of
 * this process that stand in the way of a descriptor's number are its own or placeholders (settle). 0 or an errno. */
static int describe(const struct order *o, const char *folder, posix_spawnattr_t *attr,
                    posix_spawn_file_actions_t *files)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &all);
    if (rc == 0)
        rc = posix_spawnattr_setsigmask(attr, &none);
    for (int i = 0; rc == 0 && i < (o->r.talks ? SUPERVISOR_FDS : 3); i++)
        rc = posix_spawn_file_actions_adddup2(files, o->fds[i], i);
    return rc == 0 && *folder != '\0' ? posix_spawn_file_actions_addchdir_np(files, folder) : rc;
}

static const char *order_folder(const struct order *o)
{
    const char *text = o->payload;
    for (size_t i = 0; i < (size_t)o->r.argc + o->r.envc; i++)
        text += strlen(text) + 1;
    return text;
}

/* Returns once the child has become the command or failed to. 0 and *pid, or an errno. */
static int spawn(const struct order *o, pid_t *pid)
{
    const size_t count = (size_t)o->r.argc + o->r.envc;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t files;
    char **words = calloc(count + 2, sizeof *words), *text = o->payload; /* NULL behind each of the two lists */
    if (words == NULL)
        return ENOMEM;
    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        words[i < o->r.argc ? i : i + 1] = text;
    int rc = posix_spawnattr_init(&attr);
    if (rc == 0 && (rc = posix_spawn_file_actions_init(&files)) == 0) {
        rc = describe(o, order_folder(o), &attr, &files);
        if (rc == 0)
            rc = posix_spawnp(pid, words[0], &files, &attr, words, words + o->r.argc + 1);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attr);
    free(words);
    return rc;
}

/* The folder is known before it is there. 0 or an errno. */
static int start_service(struct supervision *k, const struct order *o, pid_t *pid)
{
    const char *folder = order_folder(o);
    size_t i = 0; /* a place that has ended and left nothing is free again */
    while (i < k->service_count && (k->services[i] != 0 || k->folders[i] != NULL))
        i++;
    if (i == SUPERVISOR_SERVICES)
        return EBUSY;
    if (*folder != '\0' && ((k->folders[i] = strdup(folder)) == NULL || mkdir(folder, 0700) != 0)) {
        const int rc = errno;
        free(k->folders[i]); /* one that is there is not its own */
        k->folders[i] = NULL;
        return rc;
    }
    k->service_count += i == k->service_count;
    if (*folder != '\0')
        dir_lock(folder);
    const int rc = spawn(o, pid);
    k->services[i] = rc == 0 ? *pid : 0;
    return rc;
}

static void start(struct supervision *k, const struct order *o)
{
    pid_t pid = 0;
    const int64_t spent_before = children_cpu_ns();
    const int rc = o->r.service ? start_service(k, o, &pid) : k->command != 0 ? EBUSY : spawn(o, &pid);
    if (rc == 0 && !o->r.service) {
        k->command = pid;
        k->timed_out = false;
        k->spent_before = spent_before;
        k->deadline = o->r.deadline_ns > 0 ? clock_now_ns() + o->r.deadline_ns : 0;
    }
    answer(k, &(struct supervisor_answer){.pid = pid, .error = rc});
}

/* One request from the driver. False: the driver has gone. */
static bool serve(struct supervision *k)
{
    struct order o;
    if (order_receive(k->socket, &o) != 0)
        return false;
    if (!o.r.stop)
        start(k, &o);
    else if (k->command != 0) {
        k->timed_out = true; /* it is killed by the loop, as at a deadline */
        k->deadline = clock_now_ns();
    }
    order_free(&o);
    return true;
}

static int poll_timeout(const struct supervision *k)
{
    if (k->deadline == 0)
        return -1;
    const int64_t left = k->deadline - clock_now_ns();
    if (left <= 0)
        return k->timed_out ? 5 : 0;
    return left / NS_PER_MS >= 86400000 ? 86400000 : (int)(left / NS_PER_MS) + 1;
}

static void watch(struct supervision *k)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = k->socket, .events = POLLIN}, {.fd = k->signals, .events = POLLIN}};
        if (poll(fds, 2, poll_timeout(k)) < 0 && errno != EINTR)
            return;
        struct signalfd_siginfo info;
        if (fds[1].revents != 0 && read(k->signals, &info, sizeof info) == (ssize_t)sizeof info &&
            info.ssi_signo != SIGCHLD)
            return;
        int status = 0;
        if (reap(k, &status))
            command_ended(k, status);
        if (k->deadline != 0 && clock_now_ns() >= k->deadline) {
            k->timed_out = true;
            kill_below(k, k->command);
        }
        if (fds[0].revents != 0 && !serve(k))
            return;
    }
}

/* Kills all descendants, again and again: one may have been forking. */
static void end_all(struct supervision *k)
{
    const int64_t begun = clock_now_ns();
    memset(k->services, 0, sizeof k->services); /* they are not spared */
    for (;;) {
        kill_below(k, getpid());
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            ;
        if ((pid < 0 && errno == ECHILD) || clock_now_ns() - begun > END_LIMIT_NS)
            return;
        nap();
    }
}

/* Its own session and no descriptors but the socket: a reader of the driver's output sees the end of it when the
 * driver ends. */
static int settle(struct supervision *k)
{
    static const int watched[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};
    sigset_t mask;
    int fd;
    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof watched / sizeof *watched; i++)
        sigaddset(&mask, watched[i]);
    if (setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || sigprocmask(SIG_SETMASK, &mask, NULL) != 0)
        return -1;
    do /* placeholders keep the descriptors that it is sent out of each other's way */
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd < SUPERVISOR_FDS);
    for (int i = 0; i < 3; i++)
        if (fd < 0 || dup2(fd, i) < 0)
            return -1;
    close(fd);
    (void)prctl(PR_SET_NAME, "cobench-supervisor"); /* for people who read ps */
    k->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    return k->signals < 0 ? -1 : 0;
}

static void make_scratch(struct supervision *k)
{
    const int rc = dir_make_scratch(&k->scratch);
    const size_t length = rc == 0 ? strlen(k->scratch) : 0;
    answer(k, &(struct supervisor_answer){.error = -rc, .bytes = (uint32_t)length});
    (void)file_write_all(k->socket, k->scratch, length); /* as in answer */
}

_Noreturn void supervisor_process(int socket)
{
    struct supervision k = {.socket = socket};
    if (settle(&k) == 0) {
        make_scratch(&k);
        watch(&k);
    }
    end_all(&k);
    for (size_t i = 0; i < k.service_count; i++)
        if (k.folders[i] != NULL)
            dir_remove_tree(k.folders[i]);
    if (k.scratch != NULL)
        dir_remove_scratch(k.scratch);
    _exit(0);
}
