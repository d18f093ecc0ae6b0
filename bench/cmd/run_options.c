/* SPDX-License-Identifier: MIT */
/* The command lines of `cobench run` and `cobench serve-bench`. */
#include "bench/cmd/run_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/hostfile.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"

#define AT(field) offsetof(struct run_options, field)

static const struct option_row rows[] = {
    {{"suite", SETTING_TEXT, AT(suite)},
     "NAME|FILE",
     "A suite of bench/suites, or a file (default quick; docs/suites.md)"},
    {{"task", SETTING_NAMES, AT(plan.tasks)},
     "T[,T]",
     "These tasks: of the suite, or without --suite with their defaults. Or a function of your own: MODULE:NAME, "
     "FILE.py:NAME, FILE.so:SYMBOL, FILE.c:SYMBOL (compiled with $CC and $CFLAGS). In Python setup() and teardown() of "
     "its module run "
     "once per process"},
    {{"c", SETTING_TEXT, AT(function.in[IN_C])}, "FILE:SYMBOL", "With --task NAME: the function in C, a .so or .c"},
    {{"py", SETTING_TEXT, AT(function.in[IN_PYTHON])}, "MODULE:NAME", "With --task NAME: the function in Python"},
    {{"path", SETTING_TEXT, AT(function.path)},
     "DIR[:DIR]",
     "Where its module is looked for first; then in the current folder and those of PYTHONPATH"},
    {{"command", SETTING_TEXT, AT(function.command)},
     "COMMAND",
     "Run a program as the job, in c and py: 'gzip -c {input}'. {job} is its number, {input} its line of --inputs; the "
     "words are "
     "split as a shell does, but no shell is started"},
    {{"variant", SETTING_ADDED, AT(plan.variants)},
     "NAME=COMMAND",
     "Time a whole program of your own beside the models, as program:NAME; may be given again. Filled in: {jobs} "
     "{workers} "
     "{inputs} {url}, the task's parameters such as {size}, and {record} and {slots}, what it may write "
     "(docs/interfaces.md)"},
    {{"directory", SETTING_TEXT, AT(function.directory)},
     "DIR",
     "Where the command and the programs of --variant run (default: here)"},
    {{"inputs", SETTING_TEXT, AT(function.inputs)},
     "FILE",
     "What it is called with in the place of the job's number: a line per job (for a function FILE.jsonl: as JSON); - "
     "is stdin"},
    {{"runtime", SETTING_NAMES, AT(plan.runtimes)},
     "R[,R]",
     "These runtimes only (default all but those that cobench list has as \"only if named\"; of a function in one "
     "language py or c)"},
    {{"python", SETTING_NAMES, AT(pythons)},
     "P[,P]",
     "These interpreters (default the build's own): a path, a program on PATH, 3.12, 3.13t, pyenv:3.12, uv:3.13t; of "
     "several "
     "each makes runtimes such as py3.12 and ext3.13t, and --runtime py is all of them"},
    {{"model", SETTING_NAMES, AT(plan.models)},
     "M[,M]",
     "These models only; the baseline always runs (default all but those that cobench list has as \"only if named\")"},
    {{"baseline", SETTING_TEXT, AT(plan.baseline)},
     "MODEL",
     "What each runtime's models are compared with (default sync); none: times in the place of ratios"},
    {{"jobs", SETTING_JOBS, AT(plan.jobs)},
     "N[,N]",
     "Jobs, 1..100000000; several make several groups (default the task's)"},
    {{"workers", SETTING_WORKERS, AT(plan.workers)},
     "W[,W]",
     "The most jobs in flight at once: a number, cpus or jobs; several make several groups (default by the "
     "task's kind)"},
    {{"scaling", SETTING_SCALING, AT(plan.scaling)},
     "KIND",
     "With several --workers: strong shares the same jobs among them (default), weak gives each as many, "
     "prices tells what one more costs, without speedups"},
    {{"rate", SETTING_RATE, AT(plan.rate)},
     "R",
     "Open loop: R jobs arrive a second, and latency counts from when each was to start; tasks that wait only"},
    {{"arrivals", SETTING_ARRIVALS, AT(plan.arrivals)}, "KIND", "How they arrive: fixed (default) or poisson"},
    {{"set", SETTING_ADDED, AT(plan.sets)},
     "KEY=VALUE",
     "A parameter, of all tasks that have it or (task.key=value) of one"},
    {{"rounds", SETTING_ROUNDS, AT(plan.stopping.rounds)},
     "N",
     "Timed rounds of everything, 1..100000 (intervals need 6); with --resume, of a run that has fewer: that many "
     "in all"},
    {{"margin", SETTING_MARGIN, AT(plan.margin)},
     "P%",
     "A difference smaller than this is none in practice, 0%..90% (default 1%)"},
    {{"budget", SETTING_BUDGET, AT(plan.stopping.budget_s)},
     "TIME",
     "As many rounds as fit, after 10 of everything where intervals are wide: 90s, 2m, 1h; verifying counts (default "
     "45s "
     "for each group, and 10 rounds, or fewer where those would take twice as long)"},
    {{"precision", SETTING_PRECISION, AT(plan.stopping.precision)},
     "P%",
     "As many rounds as bring every interval of a group to P% on either side (docs/statistics.md; default budget 10m)"},
    {{"seed", SETTING_SEED, AT(plan.seed)}, "N", "Of the order of cells (default random)"},
    {{"timeout", SETTING_SECONDS, AT(plan.timeout_s)}, "S", "Seconds a command may take, 0.001..86400 (default 120)"},
    {{"request-timeout", SETTING_SECONDS, AT(plan.request_timeout_s)},
     "S",
     "Seconds a request may take, and a worker may hold a job of Redis or Celery before another gets it (default 30)"},
    {{"hosts", SETTING_TEXT, AT(plan.hosts)},
     "A:2,B:4|FILE",
     "Have the workers on these hosts, of the models that can: each with how many it takes, or a hostfile "
     "(docs/clusters.md). cobench has to be there at the same path, with the same programs"},
    {{"launcher", SETTING_TEXT, AT(plan.launcher)},
     "COMMAND",
     "How a command is started on one of --hosts: 'ssh {host}' (default), srun, mpirun, or a program of your own; the "
     "command's words come behind it"},
    {{"knob", SETTING_ADDED, AT(plan.knobs)},
     "NAME=V[,V]",
     "Set a knob, such as client=httpx, connections=10 or dispenser=redis: cobench list knobs has them all. Each "
     "further V "
     "adds rows "
     "MODEL+V beside the models that it changes; default is the host's own, all each there is. --NAME V[,V] says the "
     "same"},
    {{"url", SETTING_URL, AT(plan.url)}, "URL", "Ask this server instead of the origin"},
    {{"service", SETTING_ADDED, AT(services)},
     "NAME=URL",
     "Use this one where a task, a model or a knob's value needs a service (redis, redis-aof, dask, postgresql), not "
     "one that the run starts; may be given again. A password in it is kept nowhere, but ps shows it"},
    {{"redis", SETTING_TEXT, AT(redis)},
     "URL",
     "Use this Redis, redis://HOST:6379 or unix:///PATH, in the place of one that is started for the run"},
    {{"dask-scheduler", SETTING_TEXT, AT(dask)},
     "ADDRESS",
     "Have the model dask use this scheduler, tcp://HOST:8786, in the place of one of its own"},
    {{"tasks", SETTING_TEXT, AT(plan.tasks_dir)}, "DIR", "Another folder of task files"},
    {{"results", SETTING_TEXT, AT(results)},
     "DIR",
     "Where the run's folder goes (default ./results; from a checkout its results/)"},
    {{"resume", SETTING_TEXT, AT(resume)},
     "RUN",
     "Go on with a run that was cut off: its folder, its name under results/, or 'latest'; what it does stands "
     "in its plan.json"},
    {{"force", SETTING_FLAG, AT(force)},
     NULL,
     "With --resume: also where programs or machine differ; the summary says so"},
    {{"no-plots", SETTING_FLAG, AT(no_plots)}, NULL, "Make no pictures"},
    {{"table", SETTING_FLAG, AT(table)},
     NULL,
     "Print all tables at the end, as cobench report does, and not only which model to take and what was wrong"},
    {{"quiet", SETTING_FLAG, AT(quiet)}, NULL, "No progress and nothing at the end; warnings stay"},
};
static const struct option_group groups[] = {
    {"suite", "What runs:"},
    {"c", "A function or a program of your own:"},
    {"runtime", "Under which models, and how many jobs:"},
    {"rounds", "How long, and how sure:"},
    {"timeout", "How commands are run:"},
    {"results", "What is kept and printed:"},
    {NULL, NULL},
};
static const struct options options = {
    .rows = rows,
    .groups = groups,
    .count = sizeof rows / sizeof *rows,
    .others = "knob",
    .doc = "Verifies every cell once, then times them in interleaved rounds under hyperfine. At the end it prints "
           "which model to take for each task; cobench report has all tables, cobench advise the reasons."
           "\vFor example:\n"
           "  cobench run --task shop.pricing:quote --inputs orders.txt\n"
           "  cobench run --task quote --c ./mine.c:quote --py ./quote.py:quote\n"
           "  cobench run --suite quick --budget 2m"};

/* What a resumed run does stands in its plan; an option that says it again could only contradict. */
static int check_resume(const struct options *table, const struct run_options *o, uint64_t given, struct error *err)
{
    static const char others[] = " results resume rounds service redis dask-scheduler force no-plots table quiet ";
    char word[24];
    for (size_t i = 0; o->resume != NULL && i < table->count; i++) {
        const char *key = table->rows[i].set.key;
        snprintf(word, sizeof word, " %s ", key);
        const char *name = strcmp(key, options.others) == 0 && o->plan.knobs.count > 0 ? o->plan.knobs.items[0] : key;
        if ((given >> i & 1) != 0 && strstr(others, word) == NULL)
            return error_set(err, -EINVAL,
                             "--resume: --%.*s cannot be given with it; the run does what its plan.json says",
                             (int)strcspn(name, "="), name);
    }
    return o->resume != NULL || !o->force ? 0 : error_set(err, -EINVAL, "--force: only --resume can be forced");
}

/* --redis and --dask-scheduler as --service. */
static void take_services(struct run_options *o)
{
    if (o->redis != NULL)
        string_list_addf(&o->services, "redis=%s", o->redis);
    if (o->dask != NULL)
        string_list_addf(&o->services, "dask=%s", o->dask);
}

/* -- a function -------------------------------------------------------------------------------------------------------- */

/* Makes the path in a function's text absolute. *work: what it is written in. */
static int take_spec(const char *key, char **spec, enum language *work, struct error *err)
{
    const size_t length = function_file(*spec);
    const char *rest = *spec + (length > 0 ? length : strcspn(*spec, ":"));
    char *file = length > 0 ? xstrndup(*spec, length) : NULL;
    *work = file != NULL && !text_ends_with(file, ".py") ? IN_C : IN_PYTHON;
    const bool known = file == NULL || *work == IN_PYTHON || text_ends_with(file, ".so") || text_ends_with(file, ".c");
    int rc = 0;
    if (!known || (file == NULL && *rest == '\0') || strcmp(rest, ":") == 0 || rest == *spec)
        rc = error_set(err, -EINVAL,
                       "--%s '%.200s': MODULE:NAME, ./FILE.py:NAME, ./FILE.so:SYMBOL or ./FILE.c:SYMBOL is needed", key,
                       *spec);
    else if ((rc = options_path(key, false, &file, err)) == 0 && file != NULL) {
        char *text = text_format("%s%s", file, rest);
        text_set(spec, text);
        free(text);
    }
    free(file);
    return rc;
}

/* --task with a function in it: it becomes --task NAME with --c or --py. */
static int take_task(struct run_options *o, struct error *err)
{
    char **task = o->plan.tasks.items;
    enum language work;
    const int rc = take_spec("task", task, &work, err);
    if (rc != 0)
        return rc;
    if (o->function.in[work] != NULL)
        return error_set(err, -EINVAL, "--task: its name is needed where --c or --py says what it is");
    const char *colon = strrchr(*task, ':'), *slash = strrchr(*task, '/');
    const bool named = colon != NULL && (slash == NULL || colon > slash);
    const char *name = named ? colon + 1 : slash + 1;
    o->function.in[work] = *task;
    *task = xstrndup(name, named ? strlen(name) : strcspn(name, "."));
    return 0;
}

/* Where a module is looked for: in the folders of --path, which have to be there, the current one, and those of PYTHONPATH. */
static int take_path(struct function_texts *f, struct error *err)
{
    const char *const texts[] = {f->path, ".", getenv("PYTHONPATH")};
    struct string_list folders = {NULL, 0};
    struct error unsaid;
    int rc = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (const char *text = texts[i]; rc == 0 && text != NULL && *text != '\0'; text += *text == ':') {
            char *folder = xstrndup(text, strcspn(text, ":"));
            text += strcspn(text, ":");
            const int found = options_path("path", true, &folder, i == 0 ? err : &unsaid);
            if (found == 0)
                string_list_add_once(&folders, folder);
            rc = i == 0 ? found : 0;
            free(folder);
        }
    free(f->path);
    f->path = string_list_join(&folders, ":");
    string_list_free(&folders);
    return rc;
}

/* A command: it is called as --task says, else as its program. */
static int take_command(struct run_options *o, struct error *err)
{
    struct function_texts *f = &o->function;
    struct string_list words = {NULL, 0}, *tasks = &o->plan.tasks;
    const char *wrong = string_list_unquote(&words, f->command);
    const char *name = words.count == 0 ? "" : words.items[0], *slash = strrchr(name, '/');
    if (wrong == NULL && *name == '\0')
        wrong = "there is no program in it";
    int rc = wrong == NULL
                 ? 0
                 : error_set(err, -EINVAL, "--command: %s%s", wrong,
                             strstr(wrong, "shell") != NULL ? "; quote it, or write sh -c '...' for one" : "");
    if (f->directory == NULL)
        f->directory = xstrdup(".");
    if (rc == 0)
        rc = options_path("directory", true, &f->directory, err);
    if (rc == 0 && strchr(name, '{') == NULL) {
        char *program = program_find(name, f->directory);
        if (program == NULL)
            rc = error_set(err, -EINVAL, "--command: there is no program '%.200s'", name);
        free(program);
    }
    if (rc == 0 && (f->in[IN_C] != NULL || f->in[IN_PYTHON] != NULL || f->path != NULL))
        rc = error_set(err, -EINVAL, "--command: --c, --py and --path are for a function");
    if (rc == 0 &&
        (o->suite != NULL || tasks->count > 1 || (tasks->count == 1 && strpbrk(tasks->items[0], ":/") != NULL)))
        rc = error_set(err, -EINVAL, "a command is the only task of its run: --task can give it a name; no --suite");
    if (rc == 0 && tasks->count == 0)
        string_list_add(tasks, slash == NULL ? name : slash + 1);
    string_list_free(&words);
    return rc;
}

/* A function in one language is called in the runtime of that, where nobody says otherwise. */
static void choose_runtime(struct run_options *o)
{
    const struct function_texts *f = &o->function;
    if (f->command == NULL && o->plan.runtimes.count == 0 && (f->in[IN_C] == NULL || f->in[IN_PYTHON] == NULL))
        string_list_add(&o->plan.runtimes, f->in[IN_C] != NULL ? "c" : "py");
}

/* Where commands and programs of the user's own run. */
static int take_directory(struct run_options *o, struct error *err)
{
    struct function_texts *f = &o->function;
    if (f->directory != NULL && f->command == NULL && o->plan.variants.count == 0 && o->suite == NULL)
        return error_set(err, -EINVAL, "--directory is for a command (--command, --variant)");
    if (o->plan.variants.count > 0 && f->directory == NULL) /* said, so that the run can be made again from elsewhere */
        f->directory = xstrdup(".");
    const int rc = f->directory == NULL ? 0 : options_path("directory", true, &f->directory, err);
    o->plan.directory = f->directory;
    return rc;
}

/* Checks what belongs to a function or a command, and makes its paths absolute. */
static int take_function(struct run_options *o, struct error *err)
{
    static const char *const keys[] = {[IN_C] = "c", [IN_PYTHON] = "py"};
    struct function_texts *f = &o->function;
    const struct string_list *tasks = &o->plan.tasks;
    bool own = f->in[IN_C] != NULL || f->in[IN_PYTHON] != NULL || f->command != NULL;
    enum language work = IN_C;
    int rc = 0;
    for (size_t i = 0; i < tasks->count; i++)
        own = own || strpbrk(tasks->items[i], ":/") != NULL;
    if (take_directory(o, err) != 0)
        return -EINVAL;
    if (!own)
        return f->path == NULL && f->inputs == NULL
                   ? 0
                   : error_set(err, -EINVAL, "--path and --inputs are for a function (--task MODULE:NAME)");
    if (f->command != NULL)
        rc = take_command(o, err);
    else if (o->suite != NULL || tasks->count != 1)
        return error_set(err, -EINVAL, "a function is the only task of its run: one --task, and no --suite");
    for (enum language in = IN_C; rc == 0 && in < LANGUAGES; in++)
        if (f->in[in] != NULL && (rc = take_spec(keys[in], &f->in[in], &work, err)) == 0 && work != in)
            rc = error_set(err, -EINVAL, "--%s '%.200s' is not in that language", keys[in], f->in[in]);
    if (rc == 0 && f->command == NULL && strpbrk(tasks->items[0], ":/") != NULL)
        rc = take_task(o, err);
    if (rc == 0 && f->inputs != NULL && strcmp(f->inputs, "-") != 0)
        rc = options_path("inputs", false, &f->inputs, err);
    if (rc == 0 && f->command == NULL)
        rc = take_path(f, err);
    if (rc != 0)
        return rc;
    choose_runtime(o);
    o->plan.function = (struct function){.name = tasks->items[0],
                                         .in = {f->in[IN_C], f->in[IN_PYTHON]},
                                         .command = f->command,
                                         .directory = f->directory,
                                         .path = f->path,
                                         .inputs = f->inputs};
    return rc;
}

static int parse(const struct options *table, int argc, char **argv, struct run_options *out, struct error *err)
{
    uint64_t given = 0;
    *out = (struct run_options){.plan.seed = -1, .plan.margin = -1, .plan.serving = {.delay_ms = -1, .idle = -1}};
    int rc = options_parse(table, argc, argv, out, &given, err);
    if (rc == 0)
        rc = options_path("tasks", true, &out->plan.tasks_dir, err);
    if (rc == 0)
        rc = hostfile_settle(&out->plan.hosts, &out->plan.launcher, err);
    if (rc == 0)
        rc = check_resume(table, out, given, err);
    take_services(out);
    return rc == 0 ? take_function(out, err) : rc;
}

int run_options_parse(int argc, char **argv, struct run_options *out, struct error *err)
{
    return parse(&options, argc, argv, out, err);
}

int serve_options_parse(int argc, char **argv, struct run_options *out, struct error *err)
{
    const int rc = parse(&serve_options, argc, argv, out, err);
    struct serving_options *s = &out->plan.serving;
    out->serves = true;
    if (rc != 0 || out->resume != NULL)
        return rc;
    if (out->suite == NULL && out->plan.tasks.count == 0)
        text_set(&out->suite, "serving");
    if (s->servers.count == 0 && out->suite == NULL)
        string_list_add(&s->servers, SERVING_ALL);
    if (s->rates.count == 0 && out->suite == NULL)
        (void)string_list_split(&s->rates, "50,70,90,120");
    return 0;
}

void run_options_free(struct run_options *o) { options_free(o->serves ? &serve_options : &options, o); }
