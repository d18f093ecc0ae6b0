/* SPDX-License-Identifier: MIT */
/* Jobs of single rounds, as small CSV files. */
#define _GNU_SOURCE /* strsep */
#include "bench/store/job_samples.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "bench/util/text.h"

#define FILE_MAX   (1u << 20)
#define UNFINISHED ".new" /* behind the name of a file that is being written */
#define US         1e-3   /* of a nanosecond */

static char *path_of(const char *run_dir, size_t cell, int64_t round, const char *end)
{
    return text_format("%s/jobs/%zu-%lld.csv%s", run_dir, cell, (long long)round, end);
}

/* -- writing ---------------------------------------------------------------------------------------------------------- */

/* The share of the k-th quantile: the last steps are where a p99.9 is looked for. */
static double quantile_share(size_t k)
{
    static const double last[] = {0.999, 0.9995, 0.9999, 1};
    const size_t even = JOBS_QUANTILES - sizeof last / sizeof *last;
    return k < even ? (double)k / (double)even : last[k - even];
}

static int by_length(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void put_quantiles(const struct slots_view *slots, FILE *out)
{
    int64_t *took = xmalloc(slots->jobs * sizeof *took);
    for (uint64_t i = 0; i < slots->jobs; i++)
        took[i] = slots_job_latency(&slots->slots[i]);
    qsort(took, slots->jobs, sizeof *took, by_length);
    for (size_t k = 0; k < JOBS_QUANTILES; k++) {
        const double rank = ceil(quantile_share(k) * (double)slots->jobs);
        fprintf(out, "# latency %.4f %.1f\n", quantile_share(k), (double)took[rank < 1 ? 0 : (uint64_t)rank - 1] * US);
    }
    free(took);
}

static void put_rows(const struct slots_view *slots, int64_t gate_ns, bool need_jobs, FILE *out)
{
    const uint64_t every = (slots->jobs + JOBS_KEPT - 1) / JOBS_KEPT;
    fprintf(out, "# jobs %llu every %llu\n", (unsigned long long)slots->jobs, (unsigned long long)every);
    if (every > 1)
        put_quantiles(slots, out);
    for (uint64_t i = 0; i < slots->jobs; i += every) {
        const struct slot *s = &slots->slots[i];
        fprintf(out, "%llu,%d,", (unsigned long long)i, (int)s->worker);
        if (s->due_ns != 0)
            fprintf(out, "%.1f", (double)(s->due_ns - gate_ns) * US);
        fprintf(out, ",%.1f,%.1f", (double)(slots_flight_start(s, need_jobs) - gate_ns) * US,
                (double)(s->end_ns - gate_ns) * US);
        if (s->waited_us > 0)
            fprintf(out, ",%u", (unsigned)s->waited_us);
        fputc('\n', out);
    }
}

static int write_file(const char *path, const char *temporary, const struct slots_view *slots, int64_t gate_ns,
                      bool need_jobs)
{
    FILE *out = fopen(temporary, "we");
    if (out == NULL)
        return -errno;
    put_rows(slots, gate_ns, need_jobs, out);
    int rc = ferror(out) ? -EIO : 0;
    errno = EIO;
    if (fclose(out) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && rename(temporary, path) != 0)
        rc = -errno;
    if (rc != 0)
        (void)unlink(temporary);
    return rc;
}

int jobs_write(const char *run_dir, size_t cell, int64_t round, const struct slots_view *slots, int64_t gate_ns,
               bool need_jobs, struct error *err)
{
    char *folder = text_format("%s/jobs", run_dir), *path = path_of(run_dir, cell, round, "");
    char *temporary = path_of(run_dir, cell, round, UNFINISHED);
    const bool made = mkdir(folder, 0777) == 0 || errno == EEXIST;
    const int rc = made ? write_file(path, temporary, slots, gate_ns, need_jobs) : -errno;
    if (rc != 0)
        error_set(err, rc, "cannot write %s: %s", path, strerror(-rc));
    free(temporary);
    free(path);
    free(folder);
    return rc;
}

/* -- reading ---------------------------------------------------------------------------------------------------------- */

/* Microseconds that a clock can have said. */
static bool is_time(double us) { return us >= -1e12 && us <= 1e15; }

/* "7,1,,10.5,20.5", or with what it waited "7,1,,10.5,20.5,3" */
static bool parse_row(const char *line, struct job_row *out)
{
    int end = 0;
    if (sscanf(line, "%" SCNd64 ",%" SCNd64 ",%lf,%lf,%lf%n", &out->job, &out->worker, &out->due, &out->start,
               &out->end, &end) != 5) {
        out->due = NAN;
        if (sscanf(line, "%" SCNd64 ",%" SCNd64 ",,%lf,%lf%n", &out->job, &out->worker, &out->start, &out->end, &end) !=
            4)
            return false;
    }
    int behind = 0;
    out->waited = 0;
    if (line[end] == ',' && sscanf(line + end, ",%lf%n", &out->waited, &behind) == 1)
        end += behind;
    return line[end] == '\0' && out->waited >= 0 && out->waited <= out->end - out->start + 1 && out->worker >= 0 &&
           (isnan(out->due) || is_time(out->due)) && is_time(out->start) && is_time(out->end) && out->end >= out->start;
}

static bool parse_head(const char *line, struct job_rows *out)
{
    int end = 0;
    return sscanf(line, "# jobs %" SCNd64 " every %" SCNd64 "%n", &out->jobs, &out->every, &end) == 2 &&
           line[end] == '\0' && out->jobs >= 1 && out->every >= 1;
}

/* One more quantile: no share and no latency may be below the one before. */
static bool parse_quantile(const char *line, struct job_rows *out)
{
    struct job_quantile q;
    int end = 0;
    if (out->count > 0 || out->quantile_count == JOBS_QUANTILES ||
        sscanf(line, "# latency %lf %lf%n", &q.share, &q.latency, &end) != 2 || line[end] != '\0')
        return false;
    const struct job_quantile *before = out->quantile_count == 0 ? NULL : &out->quantiles[out->quantile_count - 1];
    if (!(q.share >= 0 && q.share <= 1) || !is_time(q.latency) ||
        (before != NULL && (q.share < before->share || q.latency < before->latency)))
        return false;
    out->quantiles[out->quantile_count++] = q;
    return true;
}

/* Jobs ascend, and are among those the sample had. */
static bool parse_line(const char *line, struct job_rows *out)
{
    if (*line == '#')
        return parse_quantile(line, out);
    if (out->count == JOBS_KEPT)
        return false;
    const int64_t before = out->count == 0 ? -1 : out->rows[out->count - 1].job;
    struct job_row *row = &out->rows[out->count++];
    return parse_row(line, row) && row->job > before && row->job < out->jobs;
}

int jobs_parse(char *text, struct job_rows *out)
{
    char *rest = text, *line = strsep(&rest, "\n");
    *out = (struct job_rows){.rows = NULL};
    if (!parse_head(line, out))
        return -EPROTO;
    out->rows = xcalloc(JOBS_KEPT, sizeof *out->rows);
    bool sound = true;
    while (sound && (line = strsep(&rest, "\n")) != NULL && *line != '\0')
        sound = parse_line(line, out);
    if (sound && line != NULL && rest == NULL) /* else the last line has no end, or something is behind an empty one */
        return 0;
    jobs_free(out);
    return -EPROTO;
}

int jobs_read(const char *run_dir, size_t cell, int64_t round, struct job_rows *out)
{
    char *path = path_of(run_dir, cell, round, ""), *text = NULL;
    size_t length = 0;
    int rc = file_read(path, FILE_MAX, &text, &length);
    if (rc == 0)
        rc = strlen(text) == length ? jobs_parse(text, out) : -EPROTO;
    free(text);
    free(path);
    return rc;
}

void jobs_free(struct job_rows *rows)
{
    free(rows->rows);
    *rows = (struct job_rows){.rows = NULL};
}

/* -- what goes -------------------------------------------------------------------------------------------------------- */

/* Whether a file of the folder goes: without `keep` only one that a killed run has not finished. */
static bool goes(const char *name, const int64_t *keep, size_t cells)
{
    unsigned long long cell;
    long long round;
    int end = 0;
    if (sscanf(name, "%llu-%lld.csv%n", &cell, &round, &end) != 2 || end == 0)
        return false;
    if (name[end] != '\0')
        return strcmp(name + end, UNFINISHED) == 0;
    return keep != NULL && (cell >= cells || keep[cell] != round);
}

void jobs_prune(const char *run_dir, const int64_t *keep, size_t cells)
{
    char *folder = text_format("%s/jobs", run_dir);
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (goes(entry->d_name, keep, cells))
            (void)unlinkat(dirfd(dir), entry->d_name, 0); /* it takes space, and nothing else is wrong with it */
    if (dir != NULL)
        closedir(dir);
    free(folder);
}
