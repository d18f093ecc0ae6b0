/* SPDX-License-Identifier: MIT */
/* The record line, made with jansson and written with one write, so that a reader finds all of it or nothing. */
#include "host/record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/text.h"

static const struct {
    const char *name;
    int exit;
} statuses[] = {
    [RECORD_DONE] = {"done", 0},
    [RECORD_FAILED] = {"failed", 1},
    [RECORD_USAGE] = {"usage", 2},
    [RECORD_IMPOSSIBLE] = {"impossible", 77},
};

int record_exit(enum record_status status) { return statuses[status].exit; }

/* A number, or null where it is `none`. */
static json_t *number_json(int64_t number, int64_t none) { return number == none ? json_null() : json_integer(number); }

static json_t *params_json(const struct record *record)
{
    json_t *object = json_object();
    for (size_t i = 0; object && record->params && record->values && record->params[i].key; i++)
        if (json_object_set_new(object, record->params[i].key, text_json(record->values[i].text)) < 0) {
            json_decref(object);
            return NULL;
        }
    return object;
}

/* Those that change the model. */
static json_t *knobs_json(const struct record *record)
{
    json_t *object = json_object();
    const struct knob *row;
    char text[KNOB_TEXT_SIZE];
    for (size_t i = 0; object && record->knobs && record->model && (row = knobs_row(i)) != NULL; i++)
        if (knob_touches(row, record->model))
            json_object_set_new(object, row->name, json_string(knobs_text(record->knobs, row, text)));
    return object;
}

static json_t *failures_json(const struct record *record)
{
    json_t *array = json_array();
    for (unsigned i = 0; array && i < record->failure_count; i++) {
        const struct failure *failure = &record->failures[i];
        json_t *entry = json_pack("{s:o, s:o, s:o, s:o, s:o}", "job",
                                  failure->job == FAILURE_NO_JOB ? json_null() : json_integer((json_int_t)failure->job),
                                  "worker", number_json(failure->worker, -1), "type", text_json(failure->error.type),
                                  "message", text_json(failure->error.message), "line",
                                  number_json(failure->error.line, 0));
        if (json_array_append_new(array, entry) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int64_t timeval_ns(struct timeval t) { return (int64_t)t.tv_sec * NS_PER_S + t.tv_usec * 1000; }

/* Of this process and the children it has reaped. */
static json_t *usage_json(const struct record *record)
{
    struct rusage own, reaped;
    if (getrusage(RUSAGE_SELF, &own) < 0 || getrusage(RUSAGE_CHILDREN, &reaped) < 0)
        return NULL;
    const long rss_kb = own.ru_maxrss > reaped.ru_maxrss ? own.ru_maxrss : reaped.ru_maxrss;
    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I}", "user_ns",
                     (json_int_t)(timeval_ns(own.ru_utime) + timeval_ns(reaped.ru_utime)), "system_ns",
                     (json_int_t)(timeval_ns(own.ru_stime) + timeval_ns(reaped.ru_stime)), "ready_cpu_ns",
                     number_json(record->ready_cpu_ns, 0), "voluntary_switches",
                     (json_int_t)(own.ru_nvcsw + reaped.ru_nvcsw), "involuntary_switches",
                     (json_int_t)(own.ru_nivcsw + reaped.ru_nivcsw), "minor_faults",
                     (json_int_t)(own.ru_minflt + reaped.ru_minflt), "major_faults",
                     (json_int_t)(own.ru_majflt + reaped.ru_majflt), "max_rss_bytes", (json_int_t)rss_kb * 1024);
}

static json_t *phases_json(const struct record *record)
{
    return json_pack("{s:I, s:o, s:o, s:I}", "start", (json_int_t)record->start_ns, "ready",
                     number_json(record->ready_ns, 0), "work", number_json(record->work_ns, 0), "end",
                     (json_int_t)record->end_ns);
}

static json_t *python_json(const struct runtime_python *python)
{
    if (python->version[0] == '\0')
        return json_null();
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:s}", "version", python->version, "free_threaded",
                     (int)python->free_threaded, "gil", python->gil_known ? json_boolean(python->gil) : json_null(),
                     "gil_switched_on_by", text_json(python->gil_by[0] == '\0' ? NULL : python->gil_by),
                     "switch_interval_ns", number_json(python->switch_interval_ns, 0), "library", python->library);
}

static json_t *dependencies_json(const struct join_graph *graph)
{
    return json_pack("{s:I, s:I, s:I}", "edges", (json_int_t)graph->edges, "work_ns", (json_int_t)graph->work_ns,
                     "path_ns", (json_int_t)graph->path_ns);
}

static json_t *audit_json(const struct cobench_audit *audit)
{
    return json_pack("{s:I, s:I, s:o}", "wrong", (json_int_t)audit->wrong, "of", (json_int_t)audit->of, "finding",
                     text_json(audit->finding));
}

char *record_text(const struct record *record)
{
    json_t *json = json_pack(
        "{s:i, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "record", 1,
        "host", "c", "runtime", record->runtime, "task", text_json(record->task), "model", text_json(record->model),
        "jobs", number_json((int64_t)record->jobs, 0), "workers", number_json(record->workers, 0), "params",
        params_json(record), "start_method", text_json(record->start_method), "knobs", knobs_json(record), "status",
        statuses[record->status].name, "exit", record_exit(record->status), "reason",
        text_json(record->status == RECORD_DONE ? NULL : record->reason), "failed_jobs",
        (json_int_t)record->failed_jobs, "failures", failures_json(record), "phases", phases_json(record), "usage",
        usage_json(record), "connections", number_json(record->connections, -1), "python",
        python_json(&record->python));
    if (!json)
        return NULL;
    if (record->dependencies)
        json_object_set_new(json, "dependencies", dependencies_json(record->dependencies));
    if (record->audited)
        json_object_set_new(json, "audit", audit_json(&record->audit));
    if (record->hazard)
        json_object_set_new(json, "hazards",
                            json_pack("[{s:s, s:o}]", "kind", record->hazard, "text", text_json(record->reason)));
    char *line = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(json);
    if (!line)
        return NULL;
    const size_t length = strlen(line);
    char *text = realloc(line, length + 2);
    if (!text) {
        free(line);
        return NULL;
    }
    memcpy(text + length, "\n", 2);
    return text;
}

int record_open(const char *path)
{
    int fd;
    do
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

int record_write(int fd, const char *text)
{
    const size_t length = strlen(text);
    ssize_t n;
    do
        n = write(fd, text, length);
    while (n < 0 && errno == EINTR);
    int rc = n < 0 ? -errno : (size_t)n < length ? -ENOSPC : 0;
    /* Half a line is worse than none. A device that cannot be cut short is none of ours to clean. */
    if (rc && ftruncate(fd, 0) < 0)
        errno = 0;
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    return rc;
}
