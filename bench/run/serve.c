/* SPDX-License-Identifier: MIT */
/*
 * A sample of a server. Verifying: started, asked for every job once, then its memory while it holds idle connections.
 * Timed: started, warmed by the same load, then a closed loop with as many connections as the group has, which finds the
 * saturation, and open loops at shares of it. The client is the C host's event loop in a process of its own; every answer
 * is compared with the job's result.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/run/server.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/clock.h"
#include "common/num.h"

/* The client, whoever serves; its light HTTP client, where it has that. */
#define CLIENT_RUNTIME "c"
#define CLIENT_TASK    "--task fetch --set check=number --model async"
#define CLIENT_KNOB    "client"
#define CLIENT_LIGHT   "http"

#define CLOSED_LOADS       3 /* so often the number of requests is corrected until the load is long enough */
#define REQUESTS_MAX       1000000
#define REQUEST_TIMEOUT_S  10.0
#define OVERLOAD_TIMEOUT_S 1.0   /* beyond saturation nobody waits for longer, and there are */
#define OVERLOAD_TIMES     10    /* so many times the connections, */
#define OVERLOAD_MOST      10000 /* at most so many */
#define LATE               0.9   /* of the time-out: what failed after that was out of time */
#define RECORD_MAX         (1u << 20)
#define COMPLAINT_MAX      (64u << 10)

/* A sample under way. */
struct serve {
    const struct bench *b;
    const struct plan_cell *cell;
    const struct plan_group *group;
    const struct sample_place *place;
    struct sample_taken *s;
    struct serving_sample *out;
    struct server server;
    char *complaints;  /* the server's */
    uint64_t *results; /* of each job */
    bool *known;
    int64_t own_cpu_ns; /* the clients' */
    bool heavy;         /* the client is the host's usual one */
    int64_t failed;     /* requests without an answer, of all loads */
};

/* One load, and what is asked of it. */
struct asked {
    int64_t requests, connections, percent, gap_ns;
    double timeout_s; /* of a request */
};

/* Keeps the first thing that went wrong; frees `text`. */
static void blame(struct serve *v, enum cell_status status, char *text)
{
    if (v->s->status == CELL_OK) {
        v->s->status = status;
        text_one_line(text);
        text_set(&v->s->reason, text);
    }
    free(text);
}

/* -- the client ------------------------------------------------------------------------------------------------------- */

static bool has_light(const struct catalog *catalog, size_t host)
{
    const json_t *knob = catalog_knob(catalog, host, CLIENT_KNOB), *choice;
    size_t i;
    bool has = false;
    json_array_foreach(json_object_get(knob, "choices"), i, choice)
        has = has || (json_is_string(choice) && strcmp(json_string_value(choice), CLIENT_LIGHT) == 0);
    return has;
}

static void client_argv(const struct serve *v, const struct asked *a, struct string_list *words)
{
    const struct catalog *catalog = v->b->catalog;
    const struct catalog_runtime *runtime = catalog_runtime(catalog, CLIENT_RUNTIME);
    string_list_add_all(words, &catalog->words[runtime->host]);
    string_list_add(words, "run");
    (void)string_list_unquote(words, CLIENT_TASK);
    if (!v->heavy && has_light(catalog, runtime->host)) {
        string_list_add(words, "--" CLIENT_KNOB);
        string_list_add(words, CLIENT_LIGHT);
    }
    string_list_addf(words, "--url=http://127.0.0.1:%d/work?job={job}", v->server.port);
    string_list_addf(words, "--jobs=%" PRId64, a->requests);
    string_list_addf(words, "--workers=%" PRId64, a->connections);
    string_list_addf(words, "--request-timeout=%.3f", a->timeout_s);
    string_list_addf(words, "--timeout=%.3f", v->b->plan->timeout_s);
    string_list_addf(words, "--slots=%s/slots", v->b->scratch);
    string_list_addf(words, "--record=%s/record", v->b->scratch);
    if (a->gap_ns > 0) {
        string_list_addf(words, "--rate=%.17g", (double)NS_PER_S / (double)a->gap_ns);
        string_list_add(words, "--arrivals=poisson");
        string_list_addf(words, "--arrivals-seed=%" PRId64, (v->place->round * 1000 + a->percent) & INT32_MAX);
    }
}

/* -- what it left ------------------------------------------------------------------------------------------------------ */

static int compare_ns(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* By nearest rank, of sorted values; -1 of none. */
static int64_t quantile(const int64_t *sorted, uint64_t count, uint64_t permille)
{
    return count == 0 ? -1 : sorted[(count * permille + 999) / 1000 - 1];
}

/* Compares an answer with what the job gave before. */
static void check_answer(struct serve *v, uint64_t request, uint64_t result)
{
    const uint64_t job = request % (uint64_t)v->group->jobs;
    if (v->known[job] && v->results[job] != result)
        blame(v, CELL_REFUSED,
              text_format("job %" PRIu64 " gave %" PRIu64 ", and then %" PRIu64, job, v->results[job], result));
    v->known[job] = true;
    v->results[job] = result;
}

static void count_slots(struct serve *v, const struct slots_view *view, const struct asked *a, struct serving_load *out)
{
    int64_t *took = xmalloc(view->jobs * sizeof *took);
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot *slot = &view->slots[i];
        const double lasted_s = (double)(slot->end_ns - slot->start_ns) / 1e9;
        if (slot->state == SLOT_DONE) {
            took[out->answered++] = slots_job_latency(slot);
            check_answer(v, i, slot->result);
        } else if (slot->state != SLOT_FAILED || lasted_s >= LATE * a->timeout_s) {
            out->timed_out++;
        } else {
            out->refused++;
        }
    }
    const uint64_t answered = (uint64_t)out->answered;
    qsort(took, answered, sizeof *took, compare_ns);
    out->p50_ns = quantile(took, answered, 500);
    out->p99_ns = quantile(took, answered, 990);
    out->p999_ns = quantile(took, answered, 999);
    free(took);
}

/* What the record says; the first failure where nothing was answered. */
static void read_record(struct serve *v, const struct record *r, struct serving_load *out)
{
    const json_t *failure = json_array_get(r->failures, 0);
    const json_t *ready_cpu = json_object_get(r->usage, "ready_cpu_ns");
    if (r->status == RECORD_USAGE || r->status == RECORD_IMPOSSIBLE)
        blame(v, r->status == RECORD_USAGE ? CELL_FAILED : CELL_IMPOSSIBLE,
              text_format("the client says: %s", r->reason));
    out->span_ns = r->work_ns >= 0 && r->ready_ns >= 0 ? r->work_ns - r->ready_ns : -1;
    if (r->user_ns >= 0 && r->system_ns >= 0 && json_is_integer(ready_cpu))
        out->client_cpu_ns = r->user_ns + r->system_ns - json_integer_value(ready_cpu);
    if (out->answered == 0 || out->span_ns <= 0)
        blame(v, CELL_FAILED,
              text_format("nothing was answered: %s", failure != NULL
                                                          ? json_string_value(json_object_get(failure, "message"))
                                                          : "no reason given"));
}

static void read_load(struct serve *v, const struct asked *a, const char *complaints, struct serving_load *out)
{
    char *path = text_format("%s/slots", v->b->scratch), *record = text_format("%s/record", v->b->scratch),
         *text = NULL, *said = NULL;
    size_t length;
    struct slots_view view;
    struct record r;
    struct error why = {.text = "it wrote no record"};
    if (file_read(record, RECORD_MAX, &text, &length) != 0 || record_parse(text, length, &r, &why) != 0) {
        const char *line = file_read_end(complaints, COMPLAINT_MAX, &said, &length) == 0 ? text_last_line(said) : "";
        blame(v, CELL_FAILED, text_format("the client: %s%s%s", why.text, *line != '\0' ? ": " : "", line));
    } else {
        if (slots_open(path, (uint64_t)a->requests, &view, &why) == 0) {
            count_slots(v, &view, a, out);
            slots_close(&view);
        }
        read_record(v, &r, out);
        record_free(&r);
    }
    free(said);
    free(text);
    free(record);
    free(path);
}

/* -- one load ----------------------------------------------------------------------------------------------------------- */

static int run_client(struct serve *v, const struct asked *a, const char *complaints, struct error *err)
{
    struct string_list words = {NULL, 0};
    char *env[] = {host_env(v->b->paths), NULL}, *path = text_format("%s/record", v->b->scratch);
    const int stderr_fd = open(complaints, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct supervisor_end end = {.cpu_ns = -1};
    (void)unlink(path); /* that of the load before */
    client_argv(v, a, &words);
    const struct supervisor_command command = {
        .argv = words.items,
        .cwd = v->b->paths->root,
        .env = env,
        .in = -1,
        .out = -1,
        .err = stderr_fd,
        .deadline_ns = (int64_t)((v->b->plan->timeout_s + a->timeout_s) * (double)NS_PER_S)};
    const int rc = supervisor_run(v->b->supervisor, &command, &end, err);
    v->own_cpu_ns += end.cpu_ns > 0 ? end.cpu_ns : 0;
    if (rc == 0 && end.timed_out)
        blame(v, CELL_TIMEOUT, text_format("a load had no end within %g s", v->b->plan->timeout_s));
    if (stderr_fd >= 0)
        close(stderr_fd);
    string_list_free(&words);
    free(path);
    free(env[0]);
    return rc;
}

/* With what it said last. */
static void blame_end(struct serve *v)
{
    char *said = NULL;
    size_t length;
    const char *line = file_read_end(v->complaints, COMPLAINT_MAX, &said, &length) == 0 ? text_last_line(said) : "";
    blame(v, CELL_FAILED, text_format("the server ended under the load%s%.300s", *line != '\0' ? ": " : "", line));
    free(said);
}

static int load(struct serve *v, const struct asked *a, struct serving_load *out, struct error *err)
{
    char *complaints = text_format("%s/client", v->b->scratch);
    const int64_t before = server_cpu_ns(&v->server);
    *out = (struct serving_load){.percent = a->percent,
                                 .gap_ns = a->gap_ns,
                                 .requests = a->requests,
                                 .span_ns = -1,
                                 .server_cpu_ns = -1,
                                 .client_cpu_ns = -1};
    const int rc = run_client(v, a, complaints, err);
    const int64_t after = server_cpu_ns(&v->server);
    if (before >= 0 && after >= before)
        out->server_cpu_ns = after - before;
    if (rc == 0 && service_has_ended(&v->server.process))
        blame_end(v);
    if (rc == 0 && v->s->status == CELL_OK)
        read_load(v, a, complaints, out);
    free(complaints);
    if (rc == 0 && v->s->status == CELL_IMPOSSIBLE && !v->heavy) { /* what the light client stands on may be missing */
        text_set(&v->s->reason, NULL);
        v->s->status = CELL_OK;
        v->heavy = true;
        return load(v, a, out, err);
    }
    v->failed += out->requests - out->answered;
    return rc;
}

static double request_timeout(const struct serve *v)
{
    return v->b->plan->request_timeout_s > 0 ? v->b->plan->request_timeout_s : REQUEST_TIMEOUT_S;
}

/* -- wrk ------------------------------------------------------------------------------------------------------------------ */

/* "  N requests in 1.00s, 2.10MB read", and lines on what was no answer. */
static void read_wrk(struct serve *v, char *said)
{
    const char *count = strstr(said, " requests in "), *wrong = strstr(said, "Socket errors");
    double seconds = 0;
    long long answered = 0;
    wrong = wrong == NULL ? strstr(said, "Non-2xx") : wrong;
    while (count != NULL && count > said && count[-1] >= '0' && count[-1] <= '9')
        count--;
    if (wrong != NULL)
        blame(v, CELL_FAILED, text_format("wrk: %.*s", (int)strcspn(wrong, "\n"), wrong));
    else if (count == NULL || sscanf(count, "%lld requests in %lf", &answered, &seconds) != 2 || seconds <= 0)
        blame(v, CELL_FAILED, text_format("wrk: %s", text_last_line(said)));
    v->out->wrk_answered = answered;
    v->out->wrk_span_ns = (int64_t)(seconds * 1e9);
}

/* The same closed loop by wrk, which counts whole seconds, asks for one job and looks at no answer. */
static int load_wrk(struct serve *v, struct error *err)
{
    char *path = text_format("%s/wrk", v->b->scratch), *said = NULL;
    const double seconds = fmax(1, ceil(v->group->duration_s));
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    struct string_list words = {NULL, 0};
    struct supervisor_end end = {.cpu_ns = -1};
    size_t length;
    string_list_addf(&words, "wrk");
    string_list_addf(&words, "-t1");
    string_list_addf(&words, "-c%" PRId64, v->group->workers);
    string_list_addf(&words, "-d%.0fs", seconds);
    string_list_addf(&words, "--timeout=%.0fs", request_timeout(v));
    string_list_addf(&words, "http://127.0.0.1:%d/work?job=0", v->server.port);
    const struct supervisor_command command = {
        .argv = words.items,
        .in = -1,
        .out = fd,
        .err = fd,
        .deadline_ns = (int64_t)((seconds + v->b->plan->timeout_s) * (double)NS_PER_S)};
    const int rc = supervisor_run(v->b->supervisor, &command, &end, err);
    v->own_cpu_ns += end.cpu_ns > 0 ? end.cpu_ns : 0;
    if (fd >= 0)
        close(fd);
    if (rc == 0 && file_read_end(path, COMPLAINT_MAX, &said, &length) == 0)
        read_wrk(v, said);
    free(said);
    string_list_free(&words);
    free(path);
    return rc;
}

/* -- the steps ------------------------------------------------------------------------------------------------------------ */

static double rate_of(const struct serving_load *l) { return (double)l->answered * 1e9 / (double)l->span_ns; }

static int64_t within(double requests, int64_t least)
{
    return requests > REQUESTS_MAX ? REQUESTS_MAX : requests < (double)least ? least : (int64_t)requests;
}

/* Every job once at the least, on all connections. */
static int warm(struct serve *v, struct serving_load *out, struct error *err)
{
    const struct plan_group *g = v->group;
    const struct asked a = {.requests = g->jobs > g->workers ? g->jobs : g->workers,
                            .connections = g->workers,
                            .timeout_s = request_timeout(v)};
    const int rc = load(v, &a, out, err);
    if (rc == 0 && out->answered < out->requests)
        blame(v, CELL_FAILED,
              text_format("%" PRId64 " of %" PRId64 " requests not answered: %" PRId64
                          " of them not within %g s (--request-timeout), %" PRId64 " refused or closed",
                          out->requests - out->answered, out->requests, out->timed_out, a.timeout_s, out->refused));
    return rc;
}

/* A closed loop that lasts for half of the duration at the least. */
static int saturate(struct serve *v, const struct serving_load *warmed, struct serving_load *out, struct error *err)
{
    const double duration_s = v->group->duration_s;
    double rate = rate_of(warmed);
    int rc = 0;
    for (int i = 0; rc == 0 && v->s->status == CELL_OK && i < CLOSED_LOADS; i++) {
        const struct asked a = {.requests = within(rate * duration_s, v->group->workers),
                                .connections = v->group->workers,
                                .timeout_s = request_timeout(v)};
        rc = load(v, &a, out, err);
        if (rc == 0 && v->s->status == CELL_OK && (double)out->span_ns / 1e9 >= duration_s / 2)
            break;
        rate = out->span_ns > 0 ? rate_of(out) : rate;
    }
    return rc;
}

/* Beyond saturation more and more connections are open at once, as nobody's are limited, and nobody waits for long. */
static int load_at(struct serve *v, int64_t percent, double saturation, struct serving_load *out, struct error *err)
{
    const bool over = percent > 100;
    const double rate = saturation * (double)percent / 100;
    const int64_t connections = v->group->workers, many = OVERLOAD_TIMES * connections;
    const int64_t requests = within(rate * v->group->duration_s, 1);
    struct asked a = {.requests = requests,
                      .connections = !over                  ? connections
                                     : many < OVERLOAD_MOST ? many
                                                            : OVERLOAD_MOST,
                      .percent = percent,
                      .gap_ns = (int64_t)fmax(1, round(1e9 / rate)),
                      .timeout_s = over ? OVERLOAD_TIMEOUT_S : request_timeout(v)};
    if (a.connections > a.requests)
        a.connections = a.requests;
    return load(v, &a, out, err);
}

static int take_loads(struct serve *v, struct error *err)
{
    struct serving_sample *o = v->out;
    struct string_list shares = {NULL, 0};
    struct serving_load warmed;
    int rc = warm(v, &warmed, err);
    if (rc == 0 && v->s->status == CELL_OK)
        rc = saturate(v, &warmed, &o->loads[o->load_count++], err);
    if (rc == 0 && v->s->status == CELL_OK && v->group->wrk)
        rc = load_wrk(v, err);
    if (v->group->rates != NULL)
        (void)string_list_split(&shares, v->group->rates); /* was looked at where it came in */
    for (size_t i = 0; rc == 0 && v->s->status == CELL_OK && i < shares.count && o->load_count < SERVING_LOADS; i++) {
        int64_t percent = 100;
        (void)num_parse_i64(shares.items[i], 1, 1000, &percent);
        rc = load_at(v, percent, rate_of(&o->loads[0]), &o->loads[o->load_count], err);
        o->load_count++;
    }
    string_list_free(&shares);
    return rc;
}

/* 0, 10, 100 and so on to `last`, and then one more. */
static int64_t next_count(int64_t count, int64_t last)
{
    const int64_t more = count == 0 ? 10 : count * 10;
    return count == last ? last + 1 : more < last ? more : last;
}

/* Memory with none, 10, 100 connections and so on; a server that holds no more of them has that as its last number. */
static int hold_idle(struct serve *v, struct error *err)
{
    struct serving_sample *o = v->out;
    struct idle idle = {.fds = NULL};
    struct error why;
    int rc = 0;
    const int64_t asked = v->cell->known->holds ? v->group->idle : 0;
    for (int64_t count = 0; rc == 0 && count <= asked && o->idle_count < SERVING_IDLE;
         count = next_count(count, asked)) {
        rc = count > 0 ? idle_open(&idle, v->server.port, count, &why) : 0;
        o->idle[o->idle_count++] = (struct serving_idle){.connections = idle_held(&idle),
                                                         .bytes = server_bytes(&v->server)};
    }
    idle_close(&idle);
    return rc == -EINTR ? error_set(err, rc, "interrupted") : 0;
}

/* -- the sample --------------------------------------------------------------------------------------------------------- */

/* What the server says at its end; it cannot have answered less than there are answers. */
static void read_last(struct serve *v, const json_t *last)
{
    const json_t *each = json_object_get(last, "per_worker"), *one;
    struct serving_sample *o = v->out;
    int64_t answered = 0;
    size_t i;
    if (last == NULL) {
        blame(v, CELL_FAILED, text_format("the server ended without its last line"));
        return;
    }
    o->requests = json_integer_value(json_object_get(last, "requests"));
    o->refused = json_integer_value(json_object_get(last, "refused"));
    o->errors = json_integer_value(json_object_get(last, "errors"));
    o->workers = (int64_t)json_array_size(each);
    json_array_foreach(each, i, one) if (json_integer_value(one) > o->most) o->most = json_integer_value(one);
    for (i = 0; i < o->load_count; i++)
        answered += o->loads[i].answered;
    const char *reason = json_string_value(json_object_get(last, "reason"));
    const bool died = json_integer_value(json_object_get(last, "died")) > 0;
    if (died || o->errors > v->failed)
        blame(v, CELL_FAILED,
              text_format("the server says: %s", reason != NULL ? reason : "an error that no request met"));
    if (o->requests < answered)
        blame(v, CELL_REFUSED,
              text_format("the server counts %" PRId64 " answers, and %" PRId64 " came", o->requests, answered));
}

/* The digest of the jobs' results, as of a model. */
static void take_digest(struct serve *v)
{
    for (uint64_t i = 0; i < (uint64_t)v->group->jobs; i++)
        v->s->digest += splitmix64(i ^ splitmix64(v->results[i]));
    v->s->has_digest = true;
}

static int run_server(struct serve *v, struct error *err)
{
    struct serving_load warmed;
    json_t *last = NULL;
    bool impossible;
    int rc = server_start(v->b, v->cell, v->complaints, &v->server, &impossible, err);
    if (rc == -EPROTO) {
        blame(v, impossible ? CELL_IMPOSSIBLE : CELL_FAILED, xstrdup(err->text));
        err->text[0] = '\0';
        return 0;
    }
    v->out->ready_ns = v->server.ready_ns;
    if (rc == 0 && v->place->timed)
        rc = take_loads(v, err);
    else if (rc == 0 && (rc = warm(v, &warmed, err)) == 0 && v->s->status == CELL_OK)
        rc = hold_idle(v, err);
    const int64_t cpu_ns = server_cpu_ns(&v->server);
    v->own_cpu_ns += cpu_ns > 0 ? cpu_ns : 0;
    server_end(&v->server, &last);
    if (rc == 0)
        read_last(v, last);
    json_decref(last);
    if (rc == 0 && v->s->status == CELL_OK)
        take_digest(v);
    return rc;
}

int serve_take(const struct bench *b, const struct plan_cell *cell, const struct sample_place *place,
               struct sample_taken *out, struct error *err)
{
    const struct plan_group *group = &b->plan->groups[cell->group];
    struct interference_counters looks[2];
    struct serve v = {.b = b,
                      .cell = cell,
                      .group = group,
                      .place = place,
                      .s = out,
                      .out = xcalloc(1, sizeof *v.out),
                      .server = SERVER_NONE,
                      .complaints = text_format("%s/server", b->scratch),
                      .results = xcalloc((size_t)group->jobs, sizeof *v.results),
                      .known = xcalloc((size_t)group->jobs, sizeof *v.known)};
    sample_blank(out);
    dir_clear(b->scratch);
    interference_take(b->watch, &looks[0]);
    const struct service_use before = services_use(b->services, b->catalog, cell, false);
    const int rc = run_server(&v, err);
    const struct service_use now = services_use(b->services, b->catalog, cell, false);
    v.own_cpu_ns += before.cpu_ns >= 0 && now.cpu_ns > before.cpu_ns ? now.cpu_ns - before.cpu_ns : 0;
    interference_take(b->watch, &looks[1]);
    interference_between(b->watch, looks, v.own_cpu_ns, &out->around);
    interference_find(&out->around, out->disturbed, &out->disturbances);
    out->serving = v.out;
    free(v.complaints);
    free(v.results);
    free(v.known);
    if (rc != 0)
        sample_free(out);
    return rc;
}
