/* SPDX-License-Identifier: MIT */
/* Jobs of single rounds, as small CSV files. */
#define _GNU_SOURCE /* strsep */
#include "bench/store/job_samples.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/num.h"

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

static int put_quantiles(const struct slots_view *slots, FILE *out)
{
    int64_t *took = malloc(slots->jobs * sizeof *took);
    if (took == NULL)
        return -ENOMEM;
    for (uint64_t i = 0; i < slots->jobs; i++)
        took[i] = slots_job_latency(&slots->slots[i]);
    qsort(took, slots->jobs, sizeof *took, by_length);
    for (size_t k = 0; k < JOBS_QUANTILES; k++) {
        const double rank = ceil(quantile_share(k) * (double)slots->jobs);
        fprintf(out, "# latency %.4f %.1f\n", quantile_share(k), (double)took[rank < 1 ? 0 : (uint64_t)rank - 1] * US);
    }
    free(took);
    return 0;
}

static int put_rows(const struct slots_view *slots, int64_t gate_ns, FILE *out)
{
    const uint64_t every = (slots->jobs + JOBS_KEPT - 1) / JOBS_KEPT;
    fprintf(out, "# jobs %llu every %llu\n", (unsigned long long)slots->jobs, (unsigned long long)every);
    const int rc = every > 1 ? put_quantiles(slots, out) : 0;
    for (uint64_t i = 0; i < slots->jobs; i += every) {
        const struct slot *s = &slots->slots[i];
        fprintf(out, "%llu,%d,", (unsigned long long)i, (int)s->worker);
        if (s->due_ns != 0)
            fprintf(out, "%.1f", (double)(s->due_ns - gate_ns) * US);
        fprintf(out, ",%.1f,%.1f\n", (double)(s->start_ns - gate_ns) * US, (double)(s->end_ns - gate_ns) * US);
    }
    return rc;
}

static int write_file(const char *path, const char *temporary, const struct slots_view *slots, int64_t gate_ns)
{
    FILE *out = fopen(temporary, "we");
    if (out == NULL)
        return -errno;
    int rc = put_rows(slots, gate_ns, out);
    if (rc == 0 && ferror(out))
        rc = -EIO;
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
               struct error *err)
{
    char *folder = text_format("%s/jobs", run_dir), *path = path_of(run_dir, cell, round, "");
    char *temporary = path_of(run_dir, cell, round, UNFINISHED);
    int rc = folder == NULL || path == NULL || temporary == NULL ? -ENOMEM : 0;
    if (rc == 0 && mkdir(folder, 0777) != 0 && errno != EEXIST)
        rc = -errno;
    if (rc == 0)
        rc = write_file(path, temporary, slots, gate_ns);
    if (rc != 0)
        error_set(err, rc, "cannot write %s: %s", path == NULL ? "jobs" : path, strerror(-rc));
    free(temporary);
    free(path);
    free(folder);
    return rc;
}

/* -- reading ---------------------------------------------------------------------------------------------------------- */

static int parse_time(const char *text, double *out) { return num_parse_double(text, -1e12, 1e15, out); }

/* "7,1,,10.5,20.5" */
static int parse_row(char *line, struct job_row *out)
{
    char *fields[5], *rest = line;
    for (size_t i = 0; i < 5; i++) {
        fields[i] = strsep(&rest, ",");
        if (fields[i] == NULL)
            return -EPROTO;
    }
    out->due = NAN;
    if (rest != NULL || num_parse_i64(fields[0], 0, INT64_MAX, &out->job) != 0 ||
        num_parse_i64(fields[1], 0, INT64_MAX, &out->worker) != 0 ||
        (*fields[2] != '\0' && parse_time(fields[2], &out->due) != 0) || parse_time(fields[3], &out->start) != 0 ||
        parse_time(fields[4], &out->end) != 0 || out->end < out->start)
        return -EPROTO;
    return 0;
}

/* "# NAME first [second]" with `count` words in all; true where it is that. The words behind the name go into `words`. */
static bool parse_comment(char *line, const char *name, char **words, size_t count)
{
    char *rest = line, *hash = strsep(&rest, " "), *said = strsep(&rest, " ");
    if (strcmp(hash, "#") != 0 || said == NULL || strcmp(said, name) != 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if ((words[i] = strsep(&rest, " ")) == NULL)
            return false;
    return rest == NULL;
}

static int parse_head(char *line, struct job_rows *out)
{
    char *words[3];
    return parse_comment(line, "jobs", words, 3) && strcmp(words[1], "every") == 0 &&
                   num_parse_i64(words[0], 1, INT64_MAX, &out->jobs) == 0 &&
                   num_parse_i64(words[2], 1, INT64_MAX, &out->every) == 0
               ? 0
               : -EPROTO;
}

/* One more quantile: no share and no latency may be below the one before. */
static int parse_quantile(char *line, struct job_rows *out)
{
    char *words[2];
    struct job_quantile q;
    if (out->count > 0 || out->quantile_count == JOBS_QUANTILES || !parse_comment(line, "latency", words, 2) ||
        num_parse_double(words[0], 0, 1, &q.share) != 0 || parse_time(words[1], &q.latency) != 0)
        return -EPROTO;
    const struct job_quantile *before = out->quantile_count == 0 ? NULL : &out->quantiles[out->quantile_count - 1];
    if (before != NULL && (q.share < before->share || q.latency < before->latency))
        return -EPROTO;
    out->quantiles[out->quantile_count++] = q;
    return 0;
}

/* Jobs ascend, and are among those the sample had. */
static int parse_line(char *line, struct job_rows *out)
{
    if (*line == '#')
        return parse_quantile(line, out);
    if (out->count == JOBS_KEPT)
        return -EPROTO;
    const int64_t before = out->count == 0 ? -1 : out->rows[out->count - 1].job;
    struct job_row *row = &out->rows[out->count++];
    const int rc = parse_row(line, row);
    return rc == 0 && (row->job <= before || row->job >= out->jobs) ? -EPROTO : rc;
}

int jobs_parse(char *text, struct job_rows *out)
{
    char *rest = text, *line = strsep(&rest, "\n");
    *out = (struct job_rows){.rows = NULL};
    if (line == NULL || parse_head(line, out) != 0)
        return -EPROTO;
    out->rows = calloc(JOBS_KEPT + 1, sizeof *out->rows);
    int rc = out->rows == NULL ? -ENOMEM : 0;
    while (rc == 0 && (line = strsep(&rest, "\n")) != NULL && *line != '\0')
        rc = parse_line(line, out);
    if (rc == 0 &&
        (line == NULL || rest != NULL)) /* the last line has no end, or something stands behind an empty one */
        rc = -EPROTO;
    if (rc != 0)
        jobs_free(out);
    return rc;
}

int jobs_read(const char *run_dir, size_t cell, int64_t round, struct job_rows *out)
{
    char *path = path_of(run_dir, cell, round, ""), *text = NULL;
    size_t length = 0;
    int rc = path == NULL ? -ENOMEM : file_read(path, FILE_MAX, &text, &length);
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

static void remove_files(const char *run_dir, const int64_t *keep, size_t cells)
{
    char *folder = text_format("%s/jobs", run_dir);
    DIR *dir = folder == NULL ? NULL : opendir(folder);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (goes(entry->d_name, keep, cells))
            (void)unlinkat(dirfd(dir), entry->d_name, 0); /* it takes space, and nothing else is wrong with it */
    if (dir != NULL)
        closedir(dir);
    free(folder);
}

void jobs_prune(const char *run_dir, const int64_t *keep, size_t cells) { remove_files(run_dir, keep, cells); }

void jobs_sweep(const char *run_dir) { remove_files(run_dir, NULL, 0); }
