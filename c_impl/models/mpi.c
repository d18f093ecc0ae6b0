/* SPDX-License-Identifier: MIT */
/*
 * mpi: a manager and the workers as ranks of one job of Open MPI's (host/rank.h), which mpirun starts from this host's own program.
 * This process stays beside them. It has the slots, the gate and the record, and is still there when Open MPI ends the whole job
 * because of one rank, as it does. It waits for what the manager tells, and until mpirun's stderr is closed, which is at its end;
 * all that is written there goes to this process's own.
 *
 * The ranks are killed with mpirun, and mpirun with this process. Open MPI's files lie in a folder of the run's own.
 */
#define _GNU_SOURCE /* pipe2, strsep */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/placement.h"
#include "host/args.h"
#include "host/children.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/process.h"
#include "host/rank.h"
#include "host/remote.h"
#include "host/run.h"
#include "host/shared_state.h"

#define MANAGER   (-1)
#define NO_MPIRUN 127  /* as a shell has it */
#define SAID_MAX  4096 /* of the end of what mpirun says */

struct job {
    struct run *run;
    int tell[2], hear[2], said[2]; /* pipes to the manager and from it, and mpirun's stderr */
    bool up, refused, over;        /* what the manager has told */
    int gate_rc;                   /* why it was told to give up */
    char text[SAID_MAX + 1];
    size_t length;
};

/* -- starting --------------------------------------------------------------------------------------------------------- */

/* The host of every rank, this one's first: "here,a,a,b"; NULL: there is no memory for it. */
static char *hosts_of_ranks(const struct run *run)
{
    char here[PLACEMENT_NAME_SIZE] = "localhost", *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    (void)gethostname(here, sizeof here - 1); /* which mpirun goes by, too */
    if (out)
        fputs(here, out);
    for (size_t h = 0; out && h < run->placement->count; h++) {
        const char *name = run->placement->hosts[h].name;
        for (unsigned left = placement_workers(run->placement, run->workers, h, NULL); left > 0; left--)
            fprintf(out, ",%s", placement_is_here(name) ? here : name);
    }
    return out && fclose(out) == 0 ? text : NULL;
}

/*
 * Adds the words for ranks on other hosts. Which network these are on is known; what the user has set in the environment goes before
 * it. Daemons ask each other every few seconds whether they are there: else a host that is cut off is missed after five minutes.
 */
static size_t put_remote(const struct run *run, const char **argv)
{
    static const char *const keep[][2] = {{"OMPI_MCA_oob_tcp_keepalive_time", "2"},
                                          {"OMPI_MCA_oob_tcp_keepalive_intvl", "2"},
                                          {"OMPI_MCA_oob_tcp_keepalive_probes", "3"}};
    char address[PLACEMENT_ADDRESS], network[PLACEMENT_ADDRESS + 4], script[PATH_MAX];
    size_t count = 0;
    if (placement_address(run->placement, address, network) == NULL) {
        setenv("OMPI_MCA_btl_tcp_if_include", network, 0);
        setenv("OMPI_MCA_oob_tcp_if_include", network, 0);
    }
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        setenv(keep[i][0], keep[i][1], 0);
    snprintf(script, sizeof script, "%s/launcher", run->folder);
    const int rc = remote_script(run->launcher, script);
    const char *const words[] = {"--mca", "plm_rsh_agent", strdup(script),     "--map-by",
                                 "seq",   "--host",        hosts_of_ranks(run)};
    for (size_t i = 0; rc == 0 && i < sizeof words / sizeof *words; i++)
        if (!(argv[count++] = words[i]))
            return 0;
    return count;
}

/* Adds those for ranks on this machine alone: no network is looked for, and all files lie in the run's folder. */
static size_t put_local(const struct run *run, const char **argv)
{
    const char *const words[] = {"--mca",
                                 "pml",
                                 "ob1",
                                 "--mca",
                                 "btl",
                                 "self,vader",
                                 "--mca",
                                 "orte_tmpdir_base",
                                 run->folder,
                                 "--mca",
                                 "btl_vader_backing_directory",
                                 run->folder};
    memcpy(argv, words, sizeof words);
    return sizeof words / sizeof *words;
}

/* The command line of mpirun, in one place: `host` and behind it the words of this process's own `run`. */
static _Noreturn void mpirun(const struct job *job, const char *host, char **words, size_t count)
{
    enum { ROOM = 48 };
    char ranks[16], home[64];
    const char *const head[] = {
        "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "0",
        /* ranks are started by the thread that lives as long as mpirun, for they die with it (PR_SET_PDEATHSIG) */
        "--mca", "odls_base_num_threads", "0"};
    const char *const tail[] = {"-n", ranks, host, "rank", home};
    const char **argv = calloc(ROOM + count + 1, sizeof *argv);
    snprintf(ranks, sizeof ranks, "%u", job->run->workers + 1);
    snprintf(home, sizeof home, "%d,%d,%d,%d", (int)getppid(), job->run->shared->fd, job->tell[0], job->hear[1]);
    const int null = open("/dev/null", O_RDONLY);
    if (argv && null >= 0 && dup2(null, 0) == 0 && dup2(job->said[1], 2) == 2) {
        size_t at = sizeof head / sizeof *head;
        memcpy(argv, head, sizeof head);
        at += job->run->placement ? put_remote(job->run, argv + at) : put_local(job->run, argv + at);
        memcpy(argv + at, tail, sizeof tail);
        memcpy(argv + at + sizeof tail / sizeof *tail, words, count * sizeof *words);
        execvp(argv[0], (char **)argv);
        if (errno == ENOENT)
            _exit(NO_MPIRUN);
    }
    _exit(1);
}

static int job_start(struct job *job, struct cobench_error *err)
{
    char host[PATH_MAX] = "", *text = NULL, **words = NULL;
    size_t count = 0;
    int rc = args_own_words(&text, &words, &count, err);
    if (rc == 0 && readlink("/proc/self/exe", host, sizeof host - 1) < 0)
        rc = error_fill(err, -errno, "/proc/self/exe cannot be read: %s", strerror(errno));
    if (rc == 0)
        rc = run_folder_make(job->run, err);
    if (rc == 0 &&
        (pipe2(job->tell, O_CLOEXEC) < 0 || pipe2(job->hear, O_CLOEXEC) < 0 || pipe2(job->said, O_CLOEXEC) < 0))
        rc = error_fill(err, -errno, "the pipes to the ranks cannot be opened: %s", strerror(errno));
    if (rc == 0) {
        rc = process_fork(job->run, MANAGER);
        if (rc == 0)
            mpirun(job, host, words, count);
        if (rc < 0)
            limits_explain_start(rc, "a process", 0, err);
    }
    free(words);
    free(text);
    if (rc > 0) {
        close(job->said[1]);
        job->said[1] = -1;
    }
    return rc > 0 ? 0 : rc;
}

static void job_close(struct job *job)
{
    int *const ends[] = {job->tell, job->hear, job->said};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        for (int j = 0; j < 2; j++)
            if (ends[i][j] >= 0)
                close(ends[i][j]);
    run_folder_remove(job->run);
}

/* -- while it runs ---------------------------------------------------------------------------------------------------- */

static void manager_tell(const struct job *job, char byte)
{
    ssize_t n;
    do
        n = write(job->tell[1], &byte, 1);
    while (n < 0 && errno == EINTR); /* nothing else can go wrong: this process holds both ends */
}

/* One byte of the manager's. */
static void manager_hear(struct job *job, struct cobench_error *err)
{
    char byte = 0;
    if (read(job->hear[0], &byte, 1) != 1)
        return;
    if (byte == RANK_OVER) {
        job->over = true;
        end_pause_host(job->run);
        manager_tell(job, RANK_CLOSE);
        return;
    }
    job->up = byte == RANK_UP;
    job->refused = !job->up;
    if (job->up)
        job->gate_rc = run_gate(job->run, err);
    manager_tell(job, job->up && job->gate_rc == 0 ? RANK_GO : RANK_CLOSE);
}

/* Passes on what mpirun says and keeps the end of it. False: there is no more. */
static bool said_read(struct job *job)
{
    char part[SAID_MAX / 2];
    ssize_t n;
    do
        n = read(job->said[0], part, sizeof part);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return false;
    const size_t more = (size_t)n, keep = SAID_MAX - more < job->length ? SAID_MAX - more : job->length;
    memmove(job->text, job->text + job->length - keep, keep);
    memcpy(job->text + keep, part, more);
    job->length = keep + more;
    job->text[job->length] = '\0';
    while (n > 0) {
        const ssize_t written = write(2, part + more - (size_t)n, (size_t)n);
        if (written < 0 && errno != EINTR)
            break; /* nobody reads it */
        n -= written > 0 ? written : 0;
    }
    return true;
}

/* Until mpirun has ended. Returns its status as of wait, or a negative errno. */
static int job_watch(struct job *job, struct cobench_error *err)
{
    struct pollfd fds[] = {{.fd = job->hear[0], .events = POLLIN}, {.fd = job->said[0], .events = POLLIN}};
    bool open = true;
    while (open) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return error_fill(err, -errno, "waiting for the ranks failed: %s", strerror(errno));
        if (fds[0].revents)
            manager_hear(job, err);
        if (fds[1].revents)
            open = said_read(job);
    }
    int32_t who;
    int status = 0;
    const int rc = children_wait(job->run->children, &who, &status);
    return rc ? error_fill(err, rc, "waiting for mpirun failed: %s", strerror(-rc)) : status;
}

/* -- how it ended ----------------------------------------------------------------------------------------------------- */

/* A number behind the first of these words that is there, in what mpirun said; `fallback`: there is none. */
static long number_behind(const struct job *job, const char *words, long fallback)
{
    const char *found = strstr(job->text, words);
    return found ? strtol(found + strlen(words), NULL, 10) : fallback;
}

/*
 * Which rank ended by itself, and how, in mpirun's words: "process rank 2 with PID 77 on node a exited on signal 9 (Killed).", or
 * "Process name: [[52,1],2]" and "Exit code:    3" for a status other than 0. False: it does not say.
 */
static bool culprit_read(const struct job *job, long *rank, int *status)
{
    const char *name = strstr(job->text, "Process name: [");
    const char *comma = name ? strstr(name, "],") : NULL;
    *rank = comma ? strtol(comma + 2, NULL, 10) : number_behind(job, "process rank ", -1);
    const long signal = number_behind(job, "exited on signal ", 0), code = number_behind(job, "Exit code:", 0);
    *status = signal > 0 ? (int)signal & 0x7f : (int)(code & 0xff) << 8;
    return *rank >= 0;
}

/* The jobs that the others were running. */
static void rest_bury(struct run *run)
{
    for (uint64_t job = 0; job < run->jobs; job++) {
        struct cobench_error error = {.type = "Crash"};
        if (__atomic_load_n(&run->slots[job].state, __ATOMIC_ACQUIRE) != SLOT_RUNNING)
            continue;
        error_fill(&error, 0, "Open MPI ended all ranks while job %llu was running", (unsigned long long)job);
        run_bury(run, job);
        run_failed(run, job, run->slots[job].worker, -ECHILD, &error);
    }
}

/* Open MPI has ended the job. */
static void crash_note(const struct job *job, int status)
{
    struct cobench_error error = {.type = "Crash"};
    long rank;
    int how;
    if (culprit_read(job, &rank, &how) && rank > 0) {
        process_crashed(job->run, (int32_t)rank - 1, how);
    } else {
        if (WIFSIGNALED(status))
            error_fill(&error, 0, "mpirun was killed by signal %d", WTERMSIG(status));
        else
            error_fill(&error, 0, "%s, and Open MPI ended all ranks (mpirun's status is %d)",
                       rank == 0 ? "the manager died" : "a rank is gone", WEXITSTATUS(status));
        run_failed(job->run, FAILURE_NO_JOB, -1, -ECHILD, &error);
    }
    rest_bury(job->run);
}

/* Before the ranks were up. The last line that is no rule says most. */
static int start_explain(struct job *job, int status, struct cobench_error *err)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MPIRUN)
        return error_fill(err, -ELIBACC, "mpi cannot run here: there is no mpirun on PATH (Debian: openmpi-bin)");
    const char *last = "it says nothing";
    char *rest = job->text;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        if (*line && strspn(line, "-= ") < strlen(line))
            last = line;
    return error_fill(err, -ECHILD, "mpirun ended before all ranks were up: %s", last);
}

static int mpi_run(struct run *run, struct cobench_error *err)
{
    struct job job = {.run = run, .tell = {-1, -1}, .hear = {-1, -1}, .said = {-1, -1}};
    if (run->task->asks == COBENCH_ASK_COMMAND) /* this process would not know what to kill */
        return error_fill(err, -ENOSYS,
                          "a command is no job of an engine: its task would have to start the program itself");
    int rc = run_gate_cold(run, err);
    if (rc == 0)
        rc = rank_check(run, err);
    if (rc == 0)
        rc = job_start(&job, err);
    const int status = rc ? 0 : job_watch(&job, err);
    job_close(&job);
    if (rc || status < 0)
        return rc ? rc : status;
    if (job.refused)
        return process_explain(run, err);
    if (!job.up)
        return start_explain(&job, status, err);
    if (job.gate_rc)
        return job.gate_rc;
    if (status != 0 || !job.over)
        crash_note(&job, status);
    run_stamp_work(run);
    return 0;
}

const struct model model_mpi = {
    .name = "mpi",
    .about = "ranks of Open MPI: a manager hands the jobs to workers",
    .engine = true,
    .extra = true,
    .remote = true,
    .run = mpi_run,
};
