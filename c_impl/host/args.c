/* SPDX-License-Identifier: MIT */
/* The command line, by argp. argp would print and exit by itself; here it may only parse, so that a wrong option ends
 * up in the record like every other reason. One table a command makes the parser and its help. */
#include "host/args.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/num.h"
#include "common/read_all.h"
#include "host/error.h"
#include "host/limits.h"
#include "host/models.h"
#include "host/runtime.h"
#include "servers/servers.h"

enum {
    KEY_HELP = 'h',
    KEY_TASK = 256,
    KEY_MODEL,
    KEY_JOBS,
    KEY_WORKERS,
    KEY_SET,
    KEY_SLOTS,
    KEY_RECORD,
    KEY_URL,
    KEY_SERVICE,
    KEY_HOSTS,
    KEY_LAUNCHER,
    KEY_QUEUE,
    KEY_WORKER,
    KEY_LISTEN,
    KEY_DELAY,
    KEY_RUNTIME,
    KEY_TIMEOUT,
    KEY_REQUEST_TIMEOUT,
    KEY_GATE,
    KEY_END_PAUSE,
    KEY_RATE,
    KEY_ARRIVALS,
    KEY_ARRIVALS_SEED,
    KEY_TASKS,
    KEY_PATH,
    KEY_INPUTS,
    KEY_COMMAND,
    KEY_DIRECTORY,
    KEY_JSON,
    KEY_KNOB, /* that of the first row of knobs, and so on */
    OPTIONS_MAX = 64,
    DESCRIPTOR_MAX = 1 << 30,
};

#define TIMEOUT_S         300
#define REQUEST_TIMEOUT_S 30
#define CMDLINE_MAX       (16u << 20)
#define LOOPS_MAX         1024u /* of a server: each has places for many requests */

#define FUNCTION_TEXT "FILE.so:SYMBOL, for embed MODULE:NAME or FILE.py:NAME"
#define PATH_TEXT     "where a Python function's module is looked for first"
#define INPUTS_TEXT   "what a function is called with, one line per job, then from the first again"
#define COMMAND_TEXT \
    "in the place of a task one word of a command, in which {job} and {input} are filled in; again for each"

static const struct argp_option run_options[] = {
    {"task", KEY_TASK, "T", 0, "the task: a name from `list`, the path of a task file, or a function: " FUNCTION_TEXT,
     0},
    {"command", KEY_COMMAND, "WORD", 0, COMMAND_TEXT, 0},
    {"directory", KEY_DIRECTORY, "DIR", 0, "where the command runs", 0},
    {"path", KEY_PATH, "DIR[:DIR]...", 0, PATH_TEXT, 0},
    {"inputs", KEY_INPUTS, "FILE", 0, INPUTS_TEXT, 0},
    {"model", KEY_MODEL, "M", 0, "the concurrency model: a name from `list`", 0},
    {"jobs", KEY_JOBS, "N", 0, "how many jobs, 1..100000000 (default: the task's)", 0},
    {"workers", KEY_WORKERS, "W", 0,
     "the most jobs in flight at once, 1..100000 (default: all jobs for io, else the CPUs)", 0},
    {"set", KEY_SET, "KEY=VALUE", 0, "a parameter of the task", 0},
    {"url", KEY_URL, "U", 0, "the same as --set url=U", 0},
    {"service", KEY_SERVICE, "NAME=URL", 0, "where a service is that a model or a knob's value needs; again for each",
     0},
    {"hosts", KEY_HOSTS, "A:2,B:4", 0, "the workers are on these hosts, each with how many it takes", 0},
    {"launcher", KEY_LAUNCHER, "WORD", 0,
     "one word of the command that starts another on a host, with {host} for its name; again for each", 0},
    {"slots", KEY_SLOTS, "FILE", 0, "where the jobs' results and times go", 0},
    {"record", KEY_RECORD, "FILE", 0, "where the record of the run goes", 0},
    {"timeout", KEY_TIMEOUT, "S", 0, "seconds for the whole run, 0.001..86400 (default: 300)", 0},
    {"request-timeout", KEY_REQUEST_TIMEOUT, "S", 0, "seconds for one request, 0.001..86400 (default: 30)", 0},
    {"rate", KEY_RATE, "R", 0, "open loop: R jobs arrive a second, 0.001..1000000; tasks that wait only", 0},
    {"arrivals", KEY_ARRIVALS, "fixed|poisson", 0, "how they arrive (default: fixed)", 0},
    {"arrivals-seed", KEY_ARRIVALS_SEED, "N", 0, "of poisson, 0..9007199254740991 (default: 0)", 0},
    {"gate", KEY_GATE, "R,W", 0, "inherited descriptors: a byte to W when ready, start after a byte from R", 0},
    {"end-pause", KEY_END_PAUSE, "R,W", 0,
     "likewise: a byte to W at the last job's end, close the workers after one from R", 0},
    {"tasks", KEY_TASKS, "DIR", 0, "a folder of task files, instead of the built-in tasks", 0},
    {"help", KEY_HELP, NULL, 0, "print this", 0},
    {0},
};

/* Of `worker`, besides those of `run`. */
static const struct argp_option worker_options[] = {
    {"queue", KEY_QUEUE, "PREFIX", 0, "the prefix of the queue's keys, which its manager made", 0},
    {"worker", KEY_WORKER, "N", 0, "this worker's number there, 0..99999 (default: 0)", 0},
    {0},
};

/* Of `serve`, likewise. */
static const struct argp_option serve_options[] = {
    {"listen", KEY_LISTEN, "unix:PATH", 0, "where it listens (default: a free port of 127.0.0.1)", 0},
    {"delay", KEY_DELAY, "MS", 0, "milliseconds to wait before each job, 0..3600000 (default: 0)", 0},
    {"runtime", KEY_RUNTIME, "R", 0, "this host's own", 0},
    {0},
};

static const struct argp_option list_options[] = {
    {"json", KEY_JSON, NULL, 0, "as JSON", 0},
    {"task", KEY_TASK, "T", 0, "only that task; a function is called twice to see what it takes", 0},
    {"command", KEY_COMMAND, "WORD", 0, COMMAND_TEXT, 0},
    {"directory", KEY_DIRECTORY, "DIR", 0, "where the command runs", 0},
    {"path", KEY_PATH, "DIR[:DIR]...", 0, PATH_TEXT, 0},
    {"inputs", KEY_INPUTS, "FILE", 0, INPUTS_TEXT, 0},
    {"tasks", KEY_TASKS, "DIR", 0, "a folder of task files, instead of the built-in tasks", 0},
    {"help", KEY_HELP, NULL, 0, "print this", 0},
    {0},
};

/* Those of `run` with a row for each knob, of `worker` and `serve` with some more, of `list` as they are. */
static void options_build(const char *command, struct argp_option out[OPTIONS_MAX])
{
    const bool list = strcmp(command, "list") == 0;
    const struct argp_option *more = strcmp(command, "worker") == 0  ? worker_options
                                     : strcmp(command, "serve") == 0 ? serve_options
                                                                     : NULL;
    const struct knob *knob;
    size_t count = 0;
    for (const struct argp_option *row = list ? list_options : run_options; row->name; row++)
        out[count++] = *row;
    for (size_t i = 0; !list && count < OPTIONS_MAX - 4 && (knob = knobs_row(i)) != NULL; i++)
        out[count++] = (struct argp_option){knob->name, KEY_KNOB + (int)i, knob->choices ? knob->choices : "N",
                                            0,          knob->about,       0};
    for (; more && more->name; more++)
        out[count++] = *more;
}

/* What the parser carries along. */
struct parse {
    struct args *args;
    struct cobench_error *err; /* its message says what an option got wrong */
    int next;                  /* the first word that no option has taken yet */
    bool rank;                 /* the descriptors are not this process's */
    bool serve;                /* models are servers */
    bool arrives;              /* --arrivals or --arrivals-seed: needs a rate */
};

static int int_parse(const char *name, const char *text, int64_t min, int64_t max, int64_t *out,
                     struct cobench_error *err)
{
    const int rc = num_parse_i64(text, min, max, out);
    if (rc == -EINVAL)
        return error_fill(err, rc, "%s: '%.100s' is not a whole number", name, text);
    if (rc)
        return error_fill(err, rc, "%s=%.100s: must be %lld..%lld", name, text, (long long)min, (long long)max);
    return 0;
}

static int seconds_parse(const char *name, const char *text, int64_t *out_ns, struct cobench_error *err)
{
    double seconds = 0;
    const int rc = num_parse_double(text, 0.001, 86400, &seconds);
    if (rc == -EINVAL)
        return error_fill(err, rc, "%s: '%.100s' is not a number of seconds", name, text);
    if (rc)
        return error_fill(err, rc, "%s=%.100s: must be 0.001..86400", name, text);
    *out_ns = (int64_t)(seconds * (double)NS_PER_S);
    return 0;
}

static int model_parse(struct args *args, const char *text, struct cobench_error *err)
{
    char known[160] = "";
    args->model_name = text;
    for (size_t i = 0; models[i]; i++) {
        if (!model_is_here(models[i]))
            continue;
        if (strcmp(models[i]->name, text) == 0) {
            args->model = models[i];
            return 0;
        }
        if (i > 0)
            strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, models[i]->name, sizeof known - strlen(known) - 1);
    }
    return error_fill(err, -EINVAL, "model '%.60s' is unknown (known: %s)", text, known);
}

static int server_parse(struct args *args, const char *text, struct cobench_error *err)
{
    char known[160] = "";
    args->model_name = text;
    for (const struct server *server = servers; server->name; server++) {
        if (strcmp(server->name, text) == 0) {
            args->server = server;
            args->model = server->model;
            return 0;
        }
        if (server > servers)
            strncat(known, ", ", sizeof known - strlen(known) - 1);
        strncat(known, server->name, sizeof known - strlen(known) - 1);
    }
    return error_fill(err, -EINVAL, "server '%.60s' is unknown (known: %s)", text, known);
}

/* How many workers there are where nobody says so, and how many there may be. */
static int server_workers(struct args *args, struct cobench_error *err)
{
    const bool one = strcmp(args->server->workers, "one") == 0;
    if (args->workers == 0)
        args->workers = one ? 1 : limits_cpus();
    if (one && args->workers != 1)
        return error_fill(err, -EINVAL, "--workers=%u: %s has one worker", args->workers, args->server->name);
    if (args->server->way == SERVER_ON_A_LOOP && args->workers > LOOPS_MAX)
        return error_fill(err, -EINVAL, "--workers=%u: %s has %u at most", args->workers, args->server->name,
                          LOOPS_MAX);
    return 0;
}

static int serve_option(struct args *args, int key, const char *text, struct cobench_error *err)
{
    int64_t delay = 0;
    if (key == KEY_RUNTIME)
        return strcmp(text, runtime.name) == 0
                   ? 0
                   : error_fill(err, -EINVAL, "--runtime %.60s: this host is %s", text, runtime.name);
    if (key == KEY_LISTEN) {
        args->listen = text;
        return strncmp(text, "unix:", 5) == 0 && text[5]
                   ? 0
                   : error_fill(err, -EINVAL, "--listen %.100s: must be unix:PATH", text);
    }
    const int rc = int_parse("--delay", text, 0, 3600000, &delay, err);
    args->delay_ns = delay * NS_PER_MS;
    return rc;
}

static int setting_parse(struct args *args, int key, const char *text, struct cobench_error *err)
{
    const char *equals = strchr(text, '=');
    if (key == KEY_URL) {
        args->settings[args->setting_count++] = (struct setting){.key = "url", .key_length = 3, .value = text};
        return 0;
    }
    if (key == KEY_SERVICE && (!equals || equals == text))
        return error_fill(err, -EINVAL, "--service: must be NAME=URL"); /* which may have a password */
    if (!equals || equals == text)
        return error_fill(err, -EINVAL, "--set %.100s: must be key=value", text);
    const struct setting setting = {.key = text, .key_length = (size_t)(equals - text), .value = equals + 1};
    if (key == KEY_SERVICE)
        args->services[args->service_count++] = setting;
    else
        args->settings[args->setting_count++] = setting;
    return 0;
}

static int hosts_parse(struct args *args, const char *text, struct cobench_error *err)
{
    free(args->placement);
    args->placement = malloc(sizeof *args->placement);
    const char *wrong = args->placement ? placement_parse(text, args->placement) : "out of memory";
    return wrong ? error_fill(err, -EINVAL, "--hosts %.100s: %s", text, wrong) : 0;
}

static int descriptor_parse(const char *name, const char *text, int *out, struct cobench_error *err)
{
    int64_t fd = -1;
    const int rc = int_parse(name, text, 0, DESCRIPTOR_MAX, &fd, err);
    if (rc)
        return rc;
    if (fcntl((int)fd, F_GETFD) < 0)
        return error_fill(err, -EBADF, "%s: %d is no open descriptor", name, (int)fd);
    *out = (int)fd;
    return 0;
}

static int descriptors_parse(const char *name, const char *text, int *in, int *out, struct cobench_error *err)
{
    char first[16] = "";
    const char *comma = strchr(text, ',');
    if (!comma || (size_t)(comma - text) >= sizeof first)
        return error_fill(err, -EINVAL, "%s: '%.100s' is not two descriptors, R,W", name, text);
    memcpy(first, text, (size_t)(comma - text));
    const int rc = descriptor_parse(name, first, in, err);
    return rc ? rc : descriptor_parse(name, comma + 1, out, err);
}

static int arrivals_option(struct parse *parse, int key, const char *text)
{
    struct arrivals *arrivals = &parse->args->arrivals;
    int64_t seed = 0;
    int rc;
    parse->arrives = parse->arrives || key != KEY_RATE;
    if (key == KEY_ARRIVALS)
        return arrivals_parse(text, &arrivals->kind) == 0
                   ? 0
                   : error_fill(parse->err, -EINVAL, "--arrivals=%.100s: must be one of fixed, poisson", text);
    if (key == KEY_ARRIVALS_SEED) {
        rc = int_parse("--arrivals-seed", text, 0, ARRIVALS_SEED_MAX, &seed, parse->err);
        arrivals->seed = (uint64_t)seed;
        return rc;
    }
    rc = num_parse_double(text, ARRIVALS_RATE_MIN, ARRIVALS_RATE_MAX, &arrivals->rate);
    if (rc == -EINVAL)
        return error_fill(parse->err, rc, "--rate: '%.100s' is not a number of jobs a second", text);
    return rc == 0 ? 0 : error_fill(parse->err, rc, "--rate=%.100s: must be 0.001..1000000", text);
}

static int number_parse(struct args *args, int key, const char *text, struct cobench_error *err)
{
    int64_t number = 0;
    int rc;
    if (key == KEY_JOBS) {
        rc = int_parse("--jobs", text, 1, PARAMS_JOBS_MAX, &number, err);
        args->jobs = (uint64_t)number;
    } else if (key == KEY_WORKER) {
        rc = int_parse("--worker", text, 0, ARGS_WORKERS_MAX - 1, &number, err);
        args->worker = (int32_t)number;
    } else {
        rc = int_parse("--workers", text, 1, ARGS_WORKERS_MAX, &number, err);
        args->workers = (unsigned)number;
    }
    return rc;
}

/* Where an option's text goes as it is; NULL: it is parsed. */
static const char **text_place(struct args *args, int key)
{
    if (key == KEY_COMMAND) {
        args->task.command = args->command;
        return &args->command[args->command_count++];
    }
    if (key == KEY_LAUNCHER)
        return &args->launcher[args->launcher_count++];
    return key == KEY_TASK        ? &args->task.name
           : key == KEY_TASKS     ? &args->task.folder
           : key == KEY_PATH      ? &args->task.path
           : key == KEY_INPUTS    ? &args->task.inputs
           : key == KEY_DIRECTORY ? &args->task.directory
           : key == KEY_SLOTS     ? &args->slots
           : key == KEY_QUEUE     ? &args->queue
           : key == KEY_RECORD    ? &args->record
                                  : NULL;
}

static int knob_option(struct args *args, int key, const char *text, struct cobench_error *err)
{
    const struct knob *knob = key >= KEY_KNOB ? knobs_row((size_t)(key - KEY_KNOB)) : NULL;
    return knob ? knobs_take(&args->knobs, knob, text, err) : ARGP_ERR_UNKNOWN;
}

static int option_parse(struct parse *parse, int key, char *text)
{
    struct args *args = parse->args;
    struct cobench_error *err = parse->err;
    const char **place = text_place(args, key);
    if (place) {
        *place = text;
        return 0;
    }
    switch (key) {
    case KEY_MODEL:
        return parse->serve ? server_parse(args, text, err) : model_parse(args, text, err);
    case KEY_JOBS:
    case KEY_WORKER:
    case KEY_WORKERS:
        return number_parse(args, key, text, err);
    case KEY_SET:
    case KEY_URL:
    case KEY_SERVICE:
        return setting_parse(args, key, text, err);
    case KEY_HOSTS:
        return hosts_parse(args, text, err);
    case KEY_LISTEN:
    case KEY_DELAY:
    case KEY_RUNTIME:
        return serve_option(args, key, text, err);
    case KEY_TIMEOUT:
        return seconds_parse("--timeout", text, &args->timeout_ns, err);
    case KEY_REQUEST_TIMEOUT:
        return seconds_parse("--request-timeout", text, &args->request_timeout_ns, err);
    case KEY_RATE:
    case KEY_ARRIVALS:
    case KEY_ARRIVALS_SEED:
        return arrivals_option(parse, key, text);
    case KEY_GATE:
        return parse->rank ? 0 : descriptors_parse("--gate", text, &args->gate_read, &args->gate_write, err);
    case KEY_END_PAUSE:
        return parse->rank ? 0
                           : descriptors_parse("--end-pause", text, &args->end_pause.read, &args->end_pause.write, err);
    case KEY_JSON:
    case KEY_HELP:
        *(key == KEY_JSON ? &args->json : &args->help) = true;
        return 0;
    default:
        return knob_option(args, key, text, err);
    }
}

static error_t parser(int key, char *text, struct argp_state *state)
{
    struct parse *parse = state->input;
    if (key == ARGP_KEY_ARG) {
        error_fill(parse->err, 0, "'%.100s' is not understood: all is given by options", text);
        return EINVAL;
    }
    const int rc = option_parse(parse, key, text);
    if (rc == 0)
        parse->next = state->next;
    return rc < 0 ? -rc : rc;
}

/* argp stops at the first word it cannot use and does not say which: it is the first that no option has taken. */
static void unknown_explain(const struct argp_option *options, const char *word, struct cobench_error *err)
{
    char known[288] = "";
    size_t at = 0;
    for (const struct argp_option *option = options; option->name; option++) {
        if (strncmp(word, "--", 2) == 0 && strcmp(word + 2, option->name) == 0) {
            error_fill(err, 0, option->arg ? "%s needs a value" : "%s takes no value", word);
            return;
        }
        if (at < sizeof known)
            at += (size_t)snprintf(known + at, sizeof known - at, "%s--%s", at ? ", " : "", option->name);
    }
    error_fill(err, 0, "option '%.60s' is unknown (known: %s)", word, known);
}

static int args_parse(struct args *args, int argc, char **argv, const char *command, struct cobench_error *err)
{
    struct argp_option table[OPTIONS_MAX] = {{0}};
    const struct argp argp = {.options = table, .parser = parser};
    struct parse parse = {.args = args,
                          .err = err,
                          .next = 1,
                          .rank = strcmp(argv[0], "rank") == 0 || strcmp(command, "worker") == 0,
                          .serve = strcmp(command, "serve") == 0};

    options_build(command, table);
    *args = (struct args){.knobs = knobs_default(),
                          .gate_read = -1,
                          .gate_write = -1,
                          .end_pause = {-1, -1},
                          .timeout_ns = TIMEOUT_S * NS_PER_S,
                          .request_timeout_ns = REQUEST_TIMEOUT_S * NS_PER_S};
    args->settings = calloc((size_t)argc, sizeof *args->settings);
    args->services = calloc((size_t)argc, sizeof *args->services);
    args->command = calloc((size_t)argc, sizeof *args->command);
    args->launcher = calloc((size_t)argc, sizeof *args->launcher);
    if (!args->settings || !args->services || !args->command || !args->launcher)
        return error_fill(err, -ENOMEM, "out of memory");
    err->message[0] = '\0';
    const int rc = argp_parse(&argp, argc, argv, ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_IN_ORDER, NULL,
                              &parse);
    if (rc && err->message[0] == '\0')
        unknown_explain(table, parse.next < argc ? argv[parse.next] : "", err);
    if (rc == 0 && parse.arrives && args->arrivals.rate == 0)
        return error_fill(err, -EINVAL, "--arrivals and --arrivals-seed need --rate");
    if (rc == 0 && args->task.command && args->task.name)
        return error_fill(err, -EINVAL, "--task and --command: only one of them can be given");
    if (rc == 0 && args->placement && args->launcher_count == 0)
        return error_fill(err, -EINVAL, "--hosts needs --launcher");
    return rc ? -EINVAL : 0;
}

int args_open_run(struct args *args, int argc, char **argv, struct cobench_error *err)
{
    const int rc = args_parse(args, argc, argv, "run", err);
    if (rc || args->help)
        return rc;
    const struct {
        const char *name, *value;
    } needed[] = {{"--task", args->task.command ? "" : args->task.name},
                  {"--model", args->model_name},
                  {"--slots", args->slots},
                  {"--record", args->record}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!needed[i].value)
            return error_fill(err, -EINVAL, "%s is needed", needed[i].name);
    return 0;
}

/* The words may be those of the manager's own `run`, of which a worker needs what says how a job is run. Its model is the simplest
 * there is: one job after the other, on one thread. */
int args_open_worker(struct args *args, int argc, char **argv, struct cobench_error *err)
{
    const int rc = args_parse(args, argc, argv, "worker", err);
    if (rc || args->help)
        return rc;
    if (!args->queue || !(args->task.name || args->task.command))
        return error_fill(err, -EINVAL, "--task and --queue are needed");
    args->model = &model_sync;
    args->model_name = model_sync.name;
    args->workers = 1;
    args->arrivals.rate = 0;
    free(args->placement);
    args->placement = NULL;
    if (args->knobs.dispenser != DISPENSER_REDIS_AOF)
        args->knobs.dispenser = DISPENSER_REDIS;
    return 0;
}

int args_open_serve(struct args *args, int argc, char **argv, struct cobench_error *err)
{
    const int rc = args_parse(args, argc, argv, "serve", err);
    if (rc || args->help)
        return rc;
    if (!args->server || !args->task.name)
        return error_fill(err, -EINVAL, "--task and --model are needed");
    args->arrivals.rate = 0;
    return server_workers(args, err);
}

int args_own_words(char **text, char ***words, size_t *count, struct cobench_error *err)
{
    size_t length = 0, at = 0;
    const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    const int rc = fd < 0 ? -errno : read_all(fd, CMDLINE_MAX, text, &length);
    if (fd >= 0)
        close(fd);
    if (rc)
        return error_fill(err, rc, "/proc/self/cmdline cannot be read: %s", strerror(-rc));
    *words = calloc(length + 1, sizeof **words);
    if (!*words)
        return error_fill(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < length; i += strlen(*text + i) + 1, at++)
        if (at >= 2) /* program run */
            (*words)[(*count)++] = *text + i;
    return 0;
}

int args_open_list(struct args *args, int argc, char **argv, struct cobench_error *err)
{
    return args_parse(args, argc, argv, "list", err);
}

void args_close(struct args *args)
{
    free(args->settings);
    args->settings = NULL;
    free(args->services);
    args->services = NULL;
    free(args->command);
    args->command = NULL;
    free(args->launcher);
    args->launcher = NULL;
    free(args->placement);
    args->placement = NULL;
}

const char *args_find_record(const struct args *args, int argc, char **argv)
{
    const char *found = args->record;
    if (found)
        return found;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--record=", 9) == 0)
            found = argv[i] + 9;
        else if (strcmp(argv[i], "--record") == 0 && i + 1 < argc)
            found = argv[++i];
    }
    return found;
}

void args_help(FILE *out, const char *command, const char *program)
{
    struct argp_option table[OPTIONS_MAX] = {{0}};
    const struct argp argp = {.options = table};
    char name[256];
    options_build(command, table);
    snprintf(name, sizeof name, "%s %s", program, command);
    argp_help(&argp, out, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG, name);
}
