/* SPDX-License-Identifier: MIT */
/* Draws the pictures of a run: data files first, then as many gnuplots at once as there are CPUs. */
#define _GNU_SOURCE /* memfd_create */
#include "bench/report/plot/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/atomic_write.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define MISSING "there is none" /* said by the child where there is no such program: others end with 127 too */
enum { JOBS_MOST = 16, PATIENCE_S = 60, TEXT_WIDTH = 100, NOT_FOUND = 127 };

const char *const plot_formats[] = {"svg", "png", "pdf", "txt", NULL};

/* One gnuplot under way. */
struct drawing {
    char *name; /* in the folder, ".NAME.new" until it is whole; owned; NULL: free */
    pid_t pid;  /* of its group, too */
    int said;   /* a file of what it says */
};

struct desk {
    const char *folder;
    const struct plot_options *options;
    struct drawing drawings[JOBS_MOST];
    size_t most, turns;
    bool over; /* no gnuplot will do better than the one before */
    int rc;    /* of the first that went wrong, with *err filled in */
    struct error *err;
};

static void keep_first(struct desk *desk, int rc, const struct error *err)
{
    if (rc == 0 || desk->rc != 0)
        return;
    desk->rc = rc;
    *desk->err = *err;
}

/* -- one gnuplot ------------------------------------------------------------------------------------------------------ */

/* The driver may block signals and ignore SIGPIPE, and a driver that is killed must not leave this. */
static _Noreturn void child_run(char *const *argv, int said, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
    alarm(PATIENCE_S);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (getppid() != parent || setpgid(0, 0) != 0 || nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(said, STDOUT_FILENO) < 0 || dup2(said, STDERR_FILENO) < 0 || setenv("LC_ALL", "C.UTF-8", 1) != 0)
        _exit(NOT_FOUND - 1);
    execvp(argv[0], argv);
    dprintf(STDERR_FILENO, "%s%s",
            errno == ENOENT ? "" : "cannot be started: ", errno == ENOENT ? MISSING : strerror(errno));
    _exit(NOT_FOUND);
}

static int child_start(struct drawing *d, char *const *argv, struct error *err)
{
    const pid_t parent = getpid();
    d->said = memfd_create("said", MFD_CLOEXEC);
    d->pid = d->said < 0 ? -1 : fork();
    if (d->pid == 0)
        child_run(argv, d->said, parent);
    if (d->pid > 0)
        return 0;
    const int rc = error_set(err, -errno, "gnuplot: %s", strerror(errno));
    if (d->said >= 0)
        close(d->said);
    return rc;
}

/* It ends with 0 even where a font is missing or a plot is empty, so whatever it says counts as a failure. */
static int child_wait(struct desk *desk, const struct drawing *d, struct error *err)
{
    char text[600] = "";
    siginfo_t info;
    int status = 0;
    while (waitid(P_PID, (id_t)d->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        continue;
    kill(-d->pid, SIGKILL); /* what it has started ends with it */
    while (waitpid(d->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pread(d->said, text, sizeof text - 1, 0) < 0)
        snprintf(text, sizeof text, "%s", strerror(errno));
    close(d->said);
    char *line = text + strspn(text, " \t\r\n"); /* the first that says something */
    text_one_line(line);
    const bool ended = WIFEXITED(status), late = !ended && WTERMSIG(status) == SIGALRM;
    const bool missing = strcmp(line, MISSING) == 0;
    desk->over |= late || missing;
    if (missing)
        return error_set(err, -ENOSYS,
                         "gnuplot is not installed, so there are no pictures (./scripts/setup.sh installs it)");
    if (late)
        return error_set(err, -EIO, "gnuplot %s: not done after a minute, so no more pictures are drawn", d->name);
    if (*line != '\0')
        return error_set(err, -EIO, "gnuplot %s: %s", d->name, line);
    if (status != 0)
        return error_set(err, -EIO, "gnuplot %s: ended with %s %d", d->name, ended ? "status" : "signal",
                         ended ? WEXITSTATUS(status) : WTERMSIG(status));
    return 0;
}

static void remove_from(const char *folder, const char *name)
{
    char *path = text_format("%s/%s", folder, name);
    unlink(path); /* it may not be there */
    free(path);
}

/* Waits for a drawing, if one is under way, and gives the picture its name. */
static void finish(struct desk *desk, struct drawing *d)
{
    struct error err = {""};
    if (d->name == NULL)
        return;
    char *temporary = text_format(".%s.new", d->name);
    int rc = child_wait(desk, d, &err);
    if (rc == 0)
        rc = atomic_write_file(desk->folder, temporary, d->name, &err);
    if (rc != 0)
        remove_from(desk->folder, temporary);
    keep_first(desk, rc, &err);
    free(temporary);
    free(d->name);
    d->name = NULL;
}

/* -d: no file of the user's changes the look. */
static void draw(struct desk *desk, const struct picture *p, const char *format)
{
    const int width = desk->options->text_width > 0 ? desk->options->text_width : TEXT_WIDTH;
    struct error err = {""};
    struct string_list argv = {NULL, 0};
    struct drawing *d = &desk->drawings[desk->turns++ % desk->most];
    finish(desk, d);
    if (desk->over)
        return;
    d->name = text_format("%s.%s", p->stem, format);
    string_list_addf(&argv, "gnuplot");
    string_list_addf(&argv, "-d");
    string_list_addf(&argv, "-e");
    string_list_addf(&argv, "text_width=%d; %s", width, p->settings);
    string_list_addf(&argv, "-c");
    string_list_addf(&argv, "%s/scripts/plots/%s.gp", desk->options->root, p->kind);
    string_list_addf(&argv, "%s/%s.dat", desk->folder, p->stem);
    string_list_addf(&argv, "%s/.%s.new", desk->folder, d->name);
    const char *const texts[] = {format, p->title, p->subtitle, p->words[0], p->words[1], p->words[2], p->words[3]};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        string_list_addf(&argv, "%s", texts[i] != NULL ? texts[i] : "");
    const int rc = child_start(d, argv.items, &err);
    keep_first(desk, rc, &err);
    if (rc != 0) {
        free(d->name);
        d->name = NULL;
    }
    string_list_free(&argv);
}

/* -- the data --------------------------------------------------------------------------------------------------------- */

/* Are the data file's bytes those of the picture? */
static bool has_same_data(const char *folder, const struct picture *p)
{
    char *data = text_format("%s/%s.dat", folder, p->stem), *old = NULL;
    size_t length = 0;
    const bool same = file_read(data, p->length + 1, &old, &length) == 0 && length == p->length &&
                      memcmp(old, p->data, length) == 0;
    free(old);
    free(data);
    return same;
}

bool plot_is_drawn(const char *run_dir, const struct picture *p)
{
    char *folder = text_format("%s/plots", run_dir), *drawing = text_format("%s/%s.svg", folder, p->stem);
    const bool drawn = access(drawing, R_OK) == 0 && has_same_data(folder, p);
    free(drawing);
    free(folder);
    return drawn;
}

/* Pictures that were drawn from other data must not outlive them: the next drawing may fail. */
static void write_data(struct desk *desk, const struct picture *p)
{
    struct error err = {""};
    char *name = text_format("%s.dat", p->stem);
    const bool same = has_same_data(desk->folder, p);
    for (size_t f = 0; !same && plot_formats[f] != NULL; f++) {
        char *drawn = text_format("%s.%s", p->stem, plot_formats[f]);
        remove_from(desk->folder, drawn);
        free(drawn);
    }
    keep_first(desk, atomic_write_bytes(desk->folder, name, p->data, p->length, &err), &err);
    free(name);
}

int plot_make(const char *run_dir, const struct pictures *pictures, const struct plot_options *options,
              struct error *err)
{
    /* gnuplot takes a name that starts with < or | for a command. */
    const char *dot = *run_dir == '/' || *run_dir == '.' ? "" : "./";
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    char *folder = text_format("%s%s/plots", dot, run_dir);
    struct desk desk = {.folder = folder, .options = options, .err = err};
    desk.most = cpus < 1 ? 1 : cpus > JOBS_MOST ? JOBS_MOST : (size_t)cpus;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        desk.rc = error_set(err, -errno, "cannot make %s: %s", folder, strerror(errno));
    for (size_t i = 0; desk.rc == 0 && i < pictures->count; i++)
        write_data(&desk, &pictures->items[i]);
    for (size_t i = 0; i < pictures->count; i++)
        for (size_t f = 0; plot_formats[f] != NULL; f++)
            if ((options->formats & 1u << f) != 0)
                draw(&desk, &pictures->items[i], plot_formats[f]);
    for (size_t i = 0; i < desk.most; i++)
        finish(&desk, &desk.drawings[(desk.turns + i) % desk.most]);
    free(folder);
    return desk.rc;
}
