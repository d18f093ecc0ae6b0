/* SPDX-License-Identifier: MIT */
/* Draws the pictures of a run: data files first, then as many gnuplots at once as there are CPUs. */
#include "bench/report/plot/plot.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/report/plot/gnuplot.h"
#include "bench/util/atomic_write.h"
#include "bench/util/text.h"

enum { JOBS_MOST = 16, PATIENCE_MS = 60000 };

const char *const plot_formats[] = {"svg", "png", "pdf", "txt", NULL};

/* One gnuplot under way. */
struct drawing {
    struct gnuplot_job job;
    char *temporary, *name, *output; /* in the folder; owned; NULL: free */
    size_t turn;                     /* which of all it is, from 1 */
};

struct desk {
    const char *folder;
    const struct plot_options *options;
    struct drawing drawings[JOBS_MOST];
    size_t most;
    size_t turns; /* drawings so far */
    int rc;       /* of the first of them that went wrong, whichever ended first; with *err filled in */
    size_t code_turn;
    struct error *err;
};

/* `turn`: the drawing's, 0 before any. */
static void keep_first(struct desk *desk, size_t turn, int rc, const struct error *err)
{
    if (rc == 0 || (desk->rc != 0 && desk->code_turn <= turn))
        return;
    desk->rc = rc;
    desk->code_turn = turn;
    *desk->err = *err;
}

static void drawing_free(struct drawing *d)
{
    free(d->temporary);
    free(d->name);
    free(d->output);
    *d = (struct drawing){.name = NULL};
}

/* Waits for one drawing and gives the picture its name. */
static void finish(struct desk *desk, struct drawing *d)
{
    struct error err = {""};
    int rc = gnuplot_wait(&d->job, &err);
    if (rc == 0)
        rc = atomic_write_file(desk->folder, d->temporary, d->name, &err);
    if (rc != 0)
        (void)unlink(d->output); /* it may not be there */
    keep_first(desk, d->turn, rc, &err);
    drawing_free(d);
}

static void finish_all(struct desk *desk)
{
    for (size_t i = 0; i < desk->most; i++)
        if (desk->drawings[i].name != NULL)
            finish(desk, &desk->drawings[i]);
}

/* The drawing under way that ends, or says something, first; of none within a minute the first, whose time is over. */
static struct drawing *first_done(struct desk *desk)
{
    struct pollfd fds[JOBS_MOST];
    for (size_t i = 0; i < desk->most; i++)
        fds[i] = (struct pollfd){.fd = desk->drawings[i].job.said, .events = POLLIN};
    const int ready = poll(fds, (nfds_t)desk->most, PATIENCE_MS);
    for (size_t i = 0; ready > 0 && i < desk->most; i++)
        if (fds[i].revents != 0)
            return &desk->drawings[i];
    return &desk->drawings[0];
}

/* A place for one more: where all are taken, one is waited for. */
static struct drawing *place(struct desk *desk)
{
    for (size_t i = 0; i < desk->most; i++)
        if (desk->drawings[i].name == NULL)
            return &desk->drawings[i];
    struct drawing *d = first_done(desk);
    finish(desk, d);
    return d;
}

static void draw(struct desk *desk, const struct picture *p, const char *format)
{
    struct error err = {""};
    struct drawing *d = place(desk);
    d->turn = ++desk->turns;
    char *data = text_format("%s/%s.dat", desk->folder, p->stem);
    char *script = text_format("%s/%s.gp", desk->options->scripts_dir, p->kind);
    char *settings = text_format("text_width=%d; %s", desk->options->text_width > 0 ? desk->options->text_width : 100,
                                 p->settings != NULL ? p->settings : "");
    d->name = text_format("%s.%s", p->stem, format);
    d->temporary = text_format(".%s.%s.new", p->stem, format);
    d->output = text_format("%s/.%s.%s.new", desk->folder, p->stem, format);
    int rc = -ENOMEM;
    if (data != NULL && script != NULL && settings != NULL && d->name != NULL && d->temporary != NULL &&
        d->output != NULL) {
        const struct gnuplot_call call = {.settings = settings,
                                          .script = script,
                                          .arguments = {data, d->output, format, p->title, p->subtitle,
                                                        p->words[0] ? p->words[0] : "", p->words[1] ? p->words[1] : "",
                                                        p->words[2] ? p->words[2] : "",
                                                        p->words[3] ? p->words[3] : ""}};
        rc = gnuplot_start(&call, &d->job, &err);
    } else {
        error_set(&err, rc, "out of memory");
    }
    if (rc != 0) {
        keep_first(desk, d->turn, rc, &err);
        drawing_free(d);
    }
    free(settings);
    free(script);
    free(data);
}

/* Are the data file's bytes those of the picture? */
static bool has_same_data(const char *folder, const struct picture *p)
{
    char *data = text_format("%s/%s.dat", folder, p->stem), *old = NULL;
    size_t length = 0;
    const bool same = data != NULL && file_read(data, p->length + 1, &old, &length) == 0 && length == p->length &&
                      memcmp(old, p->data, length) == 0;
    free(old);
    free(data);
    return same;
}

bool plot_is_drawn(const char *run_dir, const struct picture *p)
{
    char *folder = text_format("%s/plots", run_dir), *drawing = text_format("%s/plots/%s.svg", run_dir, p->stem);
    const bool drawn = folder != NULL && drawing != NULL && access(drawing, R_OK) == 0 && has_same_data(folder, p);
    free(drawing);
    free(folder);
    return drawn;
}

/* Pictures that were drawn from other data must not outlive them: the next drawing may fail. */
static void forget_outdated(struct desk *desk, const struct picture *p)
{
    const bool same = has_same_data(desk->folder, p);
    for (size_t f = 0; !same && plot_formats[f] != NULL; f++) {
        char *drawn = text_format("%s/%s.%s", desk->folder, p->stem, plot_formats[f]);
        if (drawn != NULL)
            (void)unlink(drawn); /* it may not be there */
        free(drawn);
    }
}

static void write_data(struct desk *desk, const struct picture *p)
{
    struct error err = {""};
    char *name = text_format("%s.dat", p->stem);
    forget_outdated(desk, p);
    const int rc = name == NULL ? error_set(&err, -ENOMEM, "out of memory")
                                : atomic_write_bytes(desk->folder, name, p->data, p->length, &err);
    keep_first(desk, 0, rc, &err);
    free(name);
}

static size_t cpus(void)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > JOBS_MOST ? JOBS_MOST : (size_t)online;
}

int plot_make(const char *run_dir, const struct pictures *pictures, const struct plot_options *options,
              struct error *err)
{
    /* gnuplot takes a name that starts with < or | for a command. */
    const char *dot = *run_dir == '/' || *run_dir == '.' ? "" : "./";
    char *folder = text_format("%s%s/plots", dot, run_dir);
    if (folder == NULL)
        return error_set(err, -ENOMEM, "out of memory");
    struct desk desk = {.folder = folder, .options = options, .most = cpus(), .err = err};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        desk.rc = error_set(err, -errno, "cannot make %s: %s", folder, strerror(errno));
    for (size_t i = 0; desk.rc == 0 && i < pictures->count; i++)
        write_data(&desk, &pictures->items[i]);
    for (size_t i = 0; i < pictures->count; i++)
        for (size_t f = 0; plot_formats[f] != NULL && desk.rc != -ENOSYS; f++)
            if ((options->formats & 1u << f) != 0 && !pictures->items[i].empty)
                draw(&desk, &pictures->items[i], plot_formats[f]);
    finish_all(&desk);
    free(folder);
    return desk.rc;
}
