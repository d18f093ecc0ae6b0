/* SPDX-License-Identifier: MIT */
/*
 * `cobench run` and `cobench serve-bench`. The order matters: signals, the supervisor and its scratch folder come first, so
 * that whatever is started later can be ended; then everything that can be wrong is looked at (hosts, suite, parameters,
 * hyperfine); only then the run's folder is made and the first sample taken.
 */
#define _XOPEN_SOURCE 700 /* realpath */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/analysis/ratio.h"
#include "bench/analysis/summary.h"
#include "bench/cmd/command.h"
#include "bench/cmd/options.h"
#include "bench/cmd/report_make.h"
#include "bench/cmd/run_options.h"
#include "bench/machine/checksums.h"
#include "bench/machine/facts.h"
#include "bench/machine/hosts.h"
#include "bench/machine/nodes.h"
#include "bench/plan/plan.h"
#include "bench/process/capture.h"
#include "bench/process/signals.h"
#include "bench/run/runner.h"
#include "bench/run/service_url.h"
#include "bench/store/job_samples.h"
#include "bench/store/journal.h"
#include "bench/store/run_folder.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/clock.h"
#include "common/cpus.h"

/* All that a run holds, in the order it comes. */
struct session {
    struct run_options options;
    json_t *argv; /* for plan.json; NULL: not valid UTF-8 */
    struct paths paths;
    struct hosts_source hosts; /* with the supervisor and its scratch folder */
    struct nodes nodes;        /* the hosts of --hosts */
    char *results, *hyperfine, *folder;
    struct function function; /* as the hosts are given it */
    char *object, *inputs;    /* its FILE.so:SYMBOL, where it is compiled; the file of what stood on stdin: */
    char *lines;
    size_t lines_length;
    struct string_list made; /* files of it that go into the run's folder */
    struct catalog catalog;
    json_t *pythons; /* the interpreters that are named; NULL: the build's own */
    struct suite suite;
    struct plan plan;
    struct origin origin;
    struct services services;
    struct journal journal;
    struct progress progress;
    struct interference_watch watch;
    struct resume resume; /* of a resumed run */
    bool origin_runs;
    bool told_of_run;    /* another one, on this machine */
    bool finished;       /* resumed, and there is nothing left to do */
    int64_t rounds_done; /* whole ones, those of before included */
    size_t sound;        /* cells that did not fail */
};

/* -- the suite ---------------------------------------------------------------------------------------------------- */

/* Names the suites there are. */
static int suite_unknown(const struct paths *paths, const char *name, struct error *err)
{
    struct string_list known = {NULL, 0};
    char *pattern = text_format("%s/bench/suites/*.ini", paths->root);
    glob_t found = {.gl_pathc = 0};
    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++) {
            const char *file = strrchr(found.gl_pathv[i], '/') + 1;
            string_list_addf(&known, "%.*s", (int)(strlen(file) - strlen(".ini")), file);
        }
    char *names = string_list_join(&known, ", ");
    if (known.count == 0)
        error_set(err, -EINVAL, "there are no suites in %s/bench/suites; --task T runs without one", paths->root);
    else
        error_set(err, -EINVAL, "unknown suite '%s' (known: %s; a file needs its path)", name, names);
    globfree(&found);
    free(names);
    free(pattern);
    string_list_free(&known);
    return -EINVAL;
}

/* For --task without --suite one of its own: a group a task, with the task's defaults. */
static int suite_find(struct session *s, struct error *err)
{
    const char *name = s->options.suite;
    const struct string_list *tasks = &s->options.plan.tasks;
    const size_t length = name == NULL ? 0 : strlen(name);
    if (name != NULL && (strchr(name, '/') != NULL || (length > 4 && strcmp(name + length - 4, ".ini") == 0)))
        return suite_read(name, &s->suite, err);
    if (name == NULL && tasks->count > 0) {
        s->suite = (struct suite){.name = string_list_join(tasks, "+")};
        for (size_t i = 0; i < tasks->count; i++)
            suite_add_group(&s->suite, tasks->items[i], tasks->items[i]);
        return 0;
    }
    char *path = text_format("%s/bench/suites/%s.ini", s->paths.root, name == NULL ? "quick" : name);
    const int rc = access(path, F_OK) != 0 ? suite_unknown(&s->paths, name == NULL ? "quick" : name, err)
                                           : suite_read(path, &s->suite, err);
    free(path);
    return rc;
}

/* -- a function -------------------------------------------------------------------------------------------------------- */

#define OBJECT     "function.so"
#define INPUTS     "inputs.txt"
#define INPUTS_MAX (1u << 30)

/* The function as the hosts are given it: what is compiled or was read from stdin is in `folder`. */
static void place_function(struct session *s, const struct function *named, const char *folder)
{
    const char *spec = named->in[IN_C];
    const size_t length = spec == NULL ? 0 : function_file(spec);
    char *absolute = realpath(folder, NULL); /* the hosts run in another one */
    s->function = *named;
    if (length > 2 && strncmp(spec + length - 2, ".c", 2) == 0) {
        free(s->object);
        s->function.in[IN_C] = s->object = text_format("%s/%s%s", absolute, OBJECT, spec + length);
    }
    if (named->inputs != NULL && strcmp(named->inputs, "-") == 0) {
        free(s->inputs);
        s->function.inputs = s->inputs = text_format("%s/%s", absolute, INPUTS);
    }
    free(absolute);
}

/* While a signal still ends it. */
static int read_stdin(struct session *s, struct error *err)
{
    const char *inputs = s->options.plan.function.inputs;
    const int rc = inputs != NULL && strcmp(inputs, "-") == 0
                       ? file_read("/dev/stdin", INPUTS_MAX, &s->lines, &s->lines_length)
                       : 0;
    return rc == 0 ? 0 : error_set(err, -EINVAL, "--inputs -: %s", strerror(-rc));
}

/* The first error of a compiler: its last line is a picture. Or that there is none. */
static int compiler_error(const struct session *s, const char *said, const char *cc, struct error *err)
{
    char *name = xstrndup(cc, strcspn(cc, " ")), *program = program_find(name, ".");
    const bool none = program == NULL;
    free(program);
    free(name);
    if (none)
        return error_set(err, -EINVAL, "there is no compiler '%s' (CC)", cc);
    char *path = text_format("%s/complaints", s->hosts.scratch), *text = NULL;
    size_t length = 0;
    const char *error = file_read(path, INPUTS_MAX, &text, &length) == 0 ? strstr(text, "error: ") : NULL;
    while (error != NULL && error > text && error[-1] != '\n')
        error--;
    error_set(err, -EINVAL, "the compiler says: %.*s", (int)strcspn(error != NULL ? error : said, "\n"),
              error != NULL ? error : said);
    free(text);
    free(path);
    return -EINVAL;
}

static int compile(struct session *s, struct error *err)
{
    const struct capture how = {
        .supervisor = s->hosts.supervisor, .scratch = s->hosts.scratch, .deadline_ns = 600 * NS_PER_S};
    const char *spec = s->options.plan.function.in[IN_C], *cc = getenv("CC"), *cflags = getenv("CFLAGS");
    struct string_list words = {NULL, 0};
    char *printed = NULL;
    string_list_addf(&words, "-I%s/c_impl/include", s->paths.root);
    string_list_addf(&words, "%.*s", (int)function_file(spec), spec);
    string_list_add(&words, "-o");
    string_list_addf(&words, "%.*s", (int)function_file(s->object), s->object);
    string_list_add(&s->made, words.items[3]);
    char *quoted = string_list_quote(&words);
    char *line = text_format("%s -shared -fPIC %s %s", cc != NULL ? cc : "cc", quoted, cflags != NULL ? cflags : "-O2");
    progress_note(&s->progress, false, "%s", line);
    int rc = capture_output(&how, (const char *const[]){"sh", "-c", line, NULL}, &printed, err);
    if (rc == -EPROTO) {
        const struct error inner = *err;
        rc = compiler_error(s, inner.text, cc != NULL ? cc : "cc", err);
    }
    string_list_free(&words);
    free(quoted);
    free(printed);
    free(line);
    return rc;
}

/* What the function needs before hosts are asked for it. */
static int ready_function(struct session *s, struct error *err)
{
    struct function *f = &s->options.plan.function;
    const char *venv = getenv("VIRTUAL_ENV");
    int rc = 0;
    if (f->name == NULL)
        return 0;
    if (venv != NULL && *venv != '\0' && f->in[IN_PYTHON] != NULL && s->options.pythons.count == 0) {
        f->python = s->paths.venv = text_format("%s/bin/python", venv);
        progress_note(&s->progress, false, "the runtime py is that of the virtualenv %s", venv);
    }
    place_function(s, f, s->hosts.scratch);
    if (s->inputs != NULL) {
        rc = file_create(s->inputs, s->lines, s->lines_length);
        string_list_add(&s->made, s->inputs);
    }
    if (rc != 0)
        return error_set(err, rc, "%s: %s", s->inputs, strerror(-rc));
    return s->object != NULL ? compile(s, err) : 0;
}

/* The file of MODULE:NAME where it is in one of the folders of `path`, to be freed; NULL: it is installed. */
static char *module_file(const char *module, const char *path)
{
    char *name = xstrndup(module, strcspn(module, ":")), *file = NULL;
    for (char *dot = name; (dot = strchr(dot, '.')) != NULL;)
        *dot = '/';
    for (; file == NULL && path != NULL && *path != '\0'; path += strcspn(path, ":"), path += *path == ':')
        for (size_t i = 0; file == NULL && i < 2; i++) {
            file = text_format("%.*s/%s%s", (int)strcspn(path, ":"), path, name, i == 0 ? "/__init__.py" : ".py");
            if (!file_exists(file))
                text_set(&file, NULL);
        }
    free(name);
    return file;
}

/* The programs that cells are. */
static void program_files(const struct plan *p, struct string_list *out)
{
    for (const struct plan_cell *c = p->cells; c < p->cells + p->cell_count; c++) {
        struct string_list words = {NULL, 0};
        char *file = c->program != NULL && string_list_unquote(&words, c->program) == NULL && words.count > 0
                         ? program_find(words.items[0], p->directory != NULL ? p->directory : ".")
                         : NULL;
        if (file != NULL)
            string_list_add_once(out, file);
        string_list_free(&words);
        free(file);
    }
}

/* The user's own files, and the interpreter or program that is. */
static void function_files(const struct session *s, struct string_list *out)
{
    const struct function *f = &s->plan.function;
    const char *py = f->in[IN_PYTHON];
    char *module = py != NULL && function_file(py) == 0 ? module_file(py, f->path) : NULL;
    struct string_list command = {NULL, 0};
    const bool split = f->command != NULL && string_list_unquote(&command, f->command) == NULL && command.count > 0;
    char *program = split ? program_find(command.items[0], f->directory) : NULL;
    const char *const texts[] = {f->in[IN_C], py, module, f->inputs, f->python, program};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i] != NULL && function_file(texts[i]) > 0)
            string_list_addf(out, "%.*s", (int)function_file(texts[i]), texts[i]);
    string_list_free(&command);
    free(program);
    free(module);
}

/* The interpreters that are named, and the programs that were built for them. */
static void host_files(const struct session *s, struct string_list *out)
{
    for (size_t h = 0; h < s->catalog.hosts.count; h++)
        if (s->catalog.hosts.rows[h].python != NULL)
            string_list_add_once(out, s->catalog.words[h].items[0]);
}

/* -- getting ready ------------------------------------------------------------------------------------------------ */

static int random_seed(int64_t *out, struct error *err)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
        return error_set(err, -EIO, "there are no random bytes: %s; --seed gives a seed", strerror(errno));
    *out = seed;
    return 0;
}

static int find_places(struct session *s, struct error *err)
{
    const int rc = paths_find(&s->paths, err);
    if (rc != 0)
        return rc;
    s->hosts.paths = &s->paths;
    s->results = s->options.results != NULL ? xstrdup(s->options.results) : paths_results(&s->paths);
    interference_open("", &s->watch);
    return 0;
}

static int open_hosts(struct session *s, struct error *err) { return hosts_open(&s->hosts, err); }

/* Runtimes, wherever a new run (`planned` NULL) or a resumed one names them. */
static void name_runtimes(const struct session *s, const struct plan *planned, struct string_list *out)
{
    string_list_add_all(out, &s->options.plan.runtimes);
    string_list_add_all(out, &s->suite.runtimes);
    for (size_t g = 0; g < s->suite.count; g++)
        string_list_add_all(out, &s->suite.groups[g].runtimes);
    for (size_t c = 0; planned != NULL && c < planned->cell_count; c++)
        string_list_add(out, planned->cells[c].runtime);
}

static int ask_hosts(struct session *s, const char *tasks_dir, const struct string_list *pythons,
                     const struct plan *planned, struct error *err)
{
    struct string_list named = {NULL, 0};
    int rc = pythons->count > 0 ? hosts_ask_pythons(&s->hosts, pythons, &s->pythons, err) : 0;
    if (rc != 0)
        return rc;
    name_runtimes(s, planned, &named);
    s->hosts.named = &named;
    s->hosts.pythons = s->options.plan.pythons = s->pythons;
    s->hosts.tasks_dir = tasks_dir;
    s->hosts.function = s->function.name != NULL ? &s->function : NULL;
    s->hosts.runtimes = &s->options.plan.runtimes;
    rc = hosts_ask_all(&s->hosts, &s->catalog, err);
    s->hosts.named = NULL;
    string_list_free(&named);
    return rc;
}

/* One more word of the command line, a URL without its password; the last of two --seed counts. */
static void note_argument(json_t **argv, const char *word)
{
    char *text = service_url_public(word);
    if (*argv != NULL && json_array_append_new(*argv, json_string(text)) != 0) {
        json_decref(*argv);
        *argv = NULL;
    }
    free(text);
}

/* serve-bench times servers and nothing else. */
static int check_served(const struct session *s, struct error *err)
{
    for (size_t g = 0; s->options.serves && g < s->plan.group_count; g++)
        if (!plan_serves(&s->plan.groups[g]))
            return error_set(err, -EINVAL, "group '%.200s' is not one of serving: cobench run takes it",
                             s->plan.groups[g].name);
    return 0;
}

static int make_plan(struct session *s, struct error *err)
{
    int rc = nodes_open(s->options.plan.hosts, s->options.plan.launcher, &s->nodes, err);
    if (rc == 0)
        rc = ready_function(s, err);
    if (rc == 0)
        rc = ask_hosts(s, s->options.plan.tasks_dir, &s->options.pythons, NULL, err);
    if (rc == 0 && s->options.plan.seed < 0)
        rc = random_seed(&s->options.plan.seed, err);
    if (rc != 0)
        return rc;
    note_argument(&s->argv, "--seed");
    char seed[32];
    snprintf(seed, sizeof seed, "%lld", (long long)s->options.plan.seed);
    note_argument(&s->argv, seed);
    const struct plan_source source = {.suite = &s->suite,
                                       .options = &s->options.plan,
                                       .catalog = &s->catalog,
                                       .effective_cpus = s->nodes.placement.count > 0 ? (double)s->nodes.placement.slots
                                                                                      : cpus_effective("")};
    rc = plan_make(&source, &s->plan, err);
    return rc != 0 ? rc : check_served(s, err);
}

static int start_origin(struct session *s, struct error *err)
{
    bool needed = false;
    for (size_t g = 0; g < s->plan.group_count; g++)
        needed |= s->plan.groups[g].needs_url;
    if (!needed || s->plan.url != NULL)
        return 0;
    const int rc = origin_start(s->hosts.supervisor, &s->paths, s->nodes.placement.count > 0 ? s->nodes.address : NULL,
                                s->hosts.scratch, &s->origin, err);
    s->origin_runs = rc == 0;
    if (rc == 0)
        origin_check_limit(&s->origin, &s->plan);
    return rc;
}

/* Those of the command line, and of a resumed run those that it began with. */
static int start_services(struct session *s, struct error *err)
{
    const json_t *kept = s->options.resume == NULL ? NULL : json_object_get(s->resume.results.plan, "services");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->options.services.count; i++)
        rc = services_take(&s->services, s->options.services.items[i], err);
    if (rc == 0)
        rc = services_take_kept(&s->services, kept, err);
    const char *address = s->nodes.placement.count > 0 ? s->nodes.address : NULL;
    return rc != 0 ? rc
                   : services_start(&s->services, s->hosts.supervisor, s->hosts.scratch, address, &s->catalog, &s->plan,
                                    err);
}

/* What the origin stands on, and what its TLS is. */
static void note_origin(struct session *s, json_t *machine)
{
    const struct capture how = {
        .supervisor = s->hosts.supervisor, .scratch = s->hosts.scratch, .deadline_ns = 10 * NS_PER_S};
    char *program = text_format("%s/cobench-origin", s->paths.build), *version = NULL;
    struct error ignored;
    if (capture_output(&how, (const char *const[]){program, "--version", NULL}, &version, &ignored) == 0) {
        if (json_object_get(machine, "services") == NULL)
            json_object_set_new(machine, "services", json_object());
        json_object_set_new(json_object_get(machine, "services"), "origin",
                            json_pack("{ss%}", "version", version, strcspn(version, "\n")));
    }
    free(version);
    free(program);
}

/* machine.json: facts, tools and the programs' checksums. */
static int describe_machine(struct session *s, json_t **out, struct error *err)
{
    json_t *versions = json_pack("{ss*}", "hyperfine", s->hyperfine), *sums = NULL, *nodes = NULL;
    *out = machine_json(&s->catalog, versions);
    json_decref(versions);
    if (s->pythons != NULL)
        json_object_set(*out, "interpreters", s->pythons);
    services_facts(&s->services, *out);
    if (s->origin_runs)
        note_origin(s, *out);
    struct string_list files = {NULL, 0};
    function_files(s, &files);
    program_files(&s->plan, &files);
    host_files(s, &files);
    int rc = checksums_make(&s->paths, s->plan.tasks_dir, &files, &sums, err);
    if (rc == 0)
        json_object_set_new(*out, "fingerprint", sums);
    if (rc == 0 && s->nodes.placement.count > 0)
        rc = nodes_ask(&s->nodes, &s->hosts, &files, sums, &nodes, err);
    if (nodes != NULL)
        json_object_set_new(*out, "nodes", nodes);
    string_list_free(&files);
    return rc == 0 ? hosts_tools_facts(&s->hosts, *out, err) : rc;
}

static int make_folder(struct session *s, struct error *err)
{
    char created[32], host[80];
    run_folder_time(created, sizeof created);
    machine_short_name(host, sizeof host);
    json_t *machine = NULL, *plan = plan_json(&s->plan, created);
    json_object_set(plan, "argv", s->argv != NULL ? s->argv : json_null());
    if (s->options.serves)
        json_object_set_new(plan, "command", json_string("serve-bench"));
    json_t *services = services_kept(&s->services);
    if (services != NULL)
        json_object_set_new(plan, "services", services);
    int rc = describe_machine(s, &machine, err);
    const struct run_folder_facts facts = {.results = s->results,
                                           .created = created,
                                           .host = host,
                                           .suite = s->plan.suite,
                                           .machine = machine,
                                           .plan = plan,
                                           .files = &s->made};
    if (rc == 0)
        rc = run_folder_make(&facts, &s->folder, err);
    json_decref(machine);
    json_decref(plan);
    if (rc != 0)
        return rc;
    place_function(s, &s->plan.function, s->folder);
    char *path = text_format("%s/samples.jsonl", s->folder);
    rc = journal_open(path, &s->journal, err);
    free(path);
    return rc;
}

/* Servers are not timed by it, so that where there is nothing else to time it may be missing. */
static int ask_hyperfine(struct session *s, struct error *err)
{
    const struct capture how = {.supervisor = s->hosts.supervisor, .scratch = s->hosts.scratch};
    bool needed = false;
    for (size_t i = 0; i < s->plan.group_count; i++)
        needed = needed || !plan_serves(&s->plan.groups[i]);
    const int rc = capture_version(&how, "hyperfine", &s->hyperfine, err);
    if (rc != -ENOPKG || needed)
        return rc;
    err->text[0] = '\0';
    return 0;
}

/* Whether programs and machine are what they were; says what is not. */
static int check_same(struct session *s, struct error *err)
{
    struct string_list differences = {NULL, 0};
    json_t *machine = NULL;
    int rc = describe_machine(s, &machine, err);
    if (rc == 0)
        rc = resume_check(&s->resume, machine, s->options.force, &differences, err);
    for (size_t i = 0; i < differences.count; i++)
        progress_note(&s->progress, true, "%s", differences.items[i]);
    string_list_free(&differences);
    json_decref(machine);
    return rc;
}

static int open_resumed(struct session *s, struct error *err)
{
    char *folder = NULL;
    struct error why = {.text = ""};
    const int rc = find_run(&s->paths, s->results, s->options.resume, &folder, &why) != 0
                       ? error_set(err, -EINVAL, "--resume: %s", why.text)
                       : resume_open(folder, &s->resume, &s->journal, err);
    free(folder);
    return rc;
}

static int extend_resumed(struct session *s, struct error *err)
{
    const int64_t rounds = s->options.plan.stopping.rounds;
    s->folder = xstrdup(s->resume.folder);
    const int rc = rounds > 0 ? resume_extend(&s->resume, rounds, err) : 0;
    if (rc != 0)
        return rc;
    run_folder_sweep(s->folder);
    jobs_prune(s->folder, NULL, 0);
    s->finished = resume_finished(&s->resume);
    s->sound = s->resume.sound;
    return 0;
}

static int read_plan(struct session *s, struct error *err)
{
    json_t *plan = s->resume.results.plan;
    struct plan named; /* all but what the hosts say */
    int rc = plan_read(plan, NULL, &named, err);
    if (rc != 0)
        return rc;
    size_t i;
    const json_t *path;
    struct string_list pythons = {NULL, 0};
    json_array_foreach(named.pythons, i, path) string_list_add(&pythons, json_string_value(path));
    text_set(&s->paths.venv, named.function.python);
    place_function(s, &named.function, s->folder);
    rc = ask_hosts(s, named.tasks_dir, &pythons, &named, err);
    string_list_free(&pythons);
    plan_free(&named);
    if (rc == 0)
        rc = plan_read(plan, &s->catalog, &s->plan, err);
    if (rc == 0)
        rc = check_served(s, err);
    return rc != 0 ? rc : nodes_open(s->plan.hosts, s->plan.launcher, &s->nodes, err);
}

typedef int session_step(struct session *s, struct error *err);

/* Everything up to the first sample. A resumed run that is finished needs no more than it takes to find that out. */
static int session_open(struct session *s, struct error *err)
{
    static session_step *const new_run[] = {find_places,   suite_find,   read_stdin,     open_hosts,  make_plan,
                                            ask_hyperfine, start_origin, start_services, make_folder, NULL};
    static session_step *const resumed[] = {find_places,   open_hosts,   open_resumed,   extend_resumed, read_plan,
                                            ask_hyperfine, start_origin, start_services, check_same,     NULL};
    int rc = 0;
    for (session_step *const *step = s->options.resume != NULL ? resumed : new_run;
         rc == 0 && *step != NULL && !s->finished; step++)
        rc = (*step)(s, err);
    return rc;
}

static void session_close(struct session *s)
{
    journal_close(&s->journal);
    origin_close(&s->origin);
    supervisor_close(s->hosts.supervisor);
    services_close(&s->services);
    plan_free(&s->plan);
    resume_close(&s->resume);
    suite_free(&s->suite);
    catalog_free(&s->catalog);
    json_decref(s->pythons);
    nodes_close(&s->nodes);
    paths_free(&s->paths);
    interference_close(&s->watch);
    run_options_free(&s->options);
    json_decref(s->argv);
    string_list_free(&s->made);
    free(s->object);
    free(s->inputs);
    free(s->lines);
    free(s->results);
    free(s->hyperfine);
    free(s->folder);
}

/* -- the run ------------------------------------------------------------------------------------------------------ */

/* The most ratios that stand in one column of a table: verdicts are adjusted over them. */
static size_t largest_family(const struct plan *p)
{
    size_t largest = 0;
    for (size_t g = 0; g < p->group_count; g++) {
        size_t family = 0;
        for (size_t i = 0; i < p->cell_count; i++)
            family += p->cells[i].group == g && p->cells[i].role == ROLE_MODEL && !p->cells[i].baseline;
        largest = plan_compares(&p->groups[g]) && family > largest ? family : largest;
    }
    return largest;
}

/* Before a budget is shared out: with fewer no verdict would pass the adjustment. */
static int64_t first_rounds(const struct plan *p)
{
    const int64_t needed = (int64_t)ratio_rounds_needed(largest_family(p));
    return needed > STOPPING_FIRST ? needed : STOPPING_FIRST;
}

/* Which runtimes have to do without the function, and why it is in two groups. */
static void announce_function(struct session *s)
{
    const struct function *f = &s->function;
    const struct plan_options *asked = &s->options.plan;
    const struct plan *p = &s->plan;
    for (size_t h = 0; h < s->catalog.hosts.count && asked->runtimes.count == 0 && f->command == NULL; h++) {
        const struct host_row *host = &s->catalog.hosts.rows[h];
        const bool other = f->python != NULL && host->kind->work == IN_PYTHON; /* it may lack what that has */
        if (f->in[host->kind->work] != NULL && (p->groups[0].entry->hosts & (1u << h)) == 0)
            progress_note(&s->progress, !other, "%sthe runtime %s is left out%s: %s",
                          other ? "" : "warning: ", host->name, other ? ", which does not use the virtualenv" : "",
                          catalog_refusal(&s->catalog, h));
    }
    if (asked->workers.count == 0 && p->group_count == 2 && p->groups[0].workers < p->groups[1].workers)
        progress_note(&s->progress, false,
                      "%s waits and computes: it is run with as many workers as CPUs (%lld), and with more (%lld)",
                      f->name, (long long)p->groups[0].workers, (long long)p->groups[1].workers);
}

/* Tasks that are in one kind of host alone, so that no other one checks them: no surprise in a function. */
static void announce_unchecked(struct session *s)
{
    const struct plan *p = &s->plan;
    for (size_t g = 0; g < p->group_count && s->function.name == NULL; g++) {
        const char *only = catalog_only(&s->catalog, p->groups[g].entry);
        if (only != NULL && (g == 0 || p->groups[g - 1].entry != p->groups[g].entry))
            progress_note(&s->progress, true, "warning: task %s: %s; nothing checks its results but its own baseline",
                          p->groups[g].task, only);
    }
}

/* Hosts that nothing is done on. */
static void announce_hosts(struct session *s)
{
    const struct plan *p = &s->plan;
    bool spread = p->hosts == NULL;
    for (const struct plan_cell *c = p->cells; c < p->cells + p->cell_count && !spread; c++)
        spread = c->known != NULL && catalog_spreads(&s->catalog, c->entry->host, c->known->name, c->knobs);
    if (!spread)
        progress_note(&s->progress, true,
                      "warning: --hosts: no model of this run can have its workers there (docs/clusters.md)");
}

/* What is left out, once a group. */
static void announce_left_out(struct session *s)
{
    const struct plan_cell *told = NULL;
    for (const struct plan_cell *c = s->plan.cells; c < s->plan.cells + s->plan.cell_count; c++)
        if (c->left_out != NULL && (told == NULL || told->group != c->group)) {
            progress_note(&s->progress, false, "%s: %s is left out: %s", s->plan.groups[c->group].name, c->model,
                          c->left_out);
            told = c;
        }
}

static void announce(struct session *s)
{
    const struct plan *p = &s->plan;
    const long long rounds = (long long)p->stopping.rounds;
    char enough[160];
    stopping_text(&p->stopping, enough, sizeof enough);
    progress_note(&s->progress, false, "suite %s: %zu command%s, in random order in each round, %s, seed %lld",
                  p->suite, p->cell_count, p->cell_count == 1 ? "" : "s", enough, (long long)p->seed);
    if (rounds > 0 && rounds < ROUNDS_FOR_INTERVALS)
        progress_note(&s->progress, true, "warning: %lld round%s no interval (at least %d are needed)", rounds,
                      rounds == 1 ? " gives" : "s give", ROUNDS_FOR_INTERVALS);
    else if (rounds > 0 && (size_t)rounds < ratio_rounds_needed(largest_family(p)))
        progress_note(&s->progress, true,
                      "warning: %lld rounds cannot call one of %zu ratios faster or slower (%zu can)", rounds,
                      largest_family(p), ratio_rounds_needed(largest_family(p)));
    if (s->function.name != NULL)
        announce_function(s);
    announce_left_out(s);
    announce_hosts(s);
    announce_unchecked(s);
}

static size_t count_sound(const struct runner *r)
{
    size_t sound = 0;
    for (size_t c = 0; c < r->bench->plan->cell_count; c++)
        sound += r->cells[c].verified && !r->cells[c].ended;
    return sound;
}

static int read_widths(const char *folder, double *widest, struct stopping_cell *cells, struct error *err)
{
    struct results results;
    struct summary summary = {.results = NULL};
    int rc = results_load(&results, folder, err);
    if (rc == 0)
        summary_make(&summary, &results);
    for (size_t g = 0; rc == 0 && g < results.group_count; g++)
        widest[g] = precision_reached(&summary, g);
    if (rc == 0)
        summary_share(&summary, cells);
    summary_free(&summary);
    results_free(&results);
    return rc;
}

static int sample_all(struct session *s, const struct bench *bench, struct concurrent_runs *concurrent,
                      struct error *err)
{
    struct runner runner = {.bench = bench,
                            .folder = s->folder,
                            .journal = &s->journal,
                            .progress = &s->progress,
                            .concurrent = concurrent,
                            .before = s->options.resume == NULL ? NULL : &s->resume.results};
    runner_open(&runner, (struct rounds_decide){.read = read_widths,
                                                .first = first_rounds(&s->plan),
                                                .fewest = (int64_t)ratio_rounds_needed(largest_family(&s->plan))});
    if (runner.before != NULL)
        progress_note(&s->progress, false, "%s goes on after %lld samples", s->folder,
                      (long long)runner.before->samples);
    int rc = runner_verify(&runner, err);
    if (rc == 0 && count_sound(&runner) > 0) /* a run that is cut off from here on is found as `latest` */
        rc = run_folder_publish(s->folder, err);
    if (rc == 0)
        rc = runner_rounds(&runner, err);
    s->rounds_done = runner.rounds_done;
    s->sound = count_sound(&runner);
    runner_close(&runner);
    return rc;
}

/* Another run on this machine: of the first a warning at once, and an event; a second event says until when. */
static int tell_of_run(void *arg, const struct concurrent_run *other, bool over, struct error *err)
{
    struct session *s = arg;
    if (!over && !s->told_of_run)
        progress_note(&s->progress, true,
                      "warning: another cobench run (pid %d) is measuring on this machine too; each disturbs the other",
                      (int)other->pid);
    s->told_of_run = true;
    return events_append(s->folder, "neighbour",
                         json_pack("{sI sI sf so}", "pid", (json_int_t)other->pid, "user", (json_int_t)other->user,
                                   "from", (double)other->from_us / 1e6, "until",
                                   over ? json_real((double)other->until_us / 1e6) : json_null()),
                         err);
}

static int measure(struct session *s, struct error *err)
{
    announce(s);
    const struct bench bench = {.paths = &s->paths,
                                .catalog = &s->catalog,
                                .plan = &s->plan,
                                .supervisor = s->hosts.supervisor,
                                .scratch = s->hosts.scratch,
                                .origin = s->origin_runs ? &s->origin : NULL,
                                .nodes = &s->nodes,
                                .services = &s->services,
                                .watch = &s->watch};
    struct concurrent_runs concurrent;
    struct error last = {.text = ""};
    int rc = concurrent_runs_open(&concurrent, tell_of_run, s, err);
    if (rc == 0)
        rc = sample_all(s, &bench, &concurrent, err);
    progress_clear(&s->progress);
    if (concurrent_runs_close(&concurrent, &last) != 0 && rc == 0) {
        rc = -EIO;
        *err = last;
    }
    return rc;
}

static int make_report(const struct session *s, int *failed, struct error *err)
{
    struct report_options options = {.root = s->paths.root,
                                     .plots = !s->options.no_plots,
                                     .margin = -1,
                                     .writer = options_writer(&(struct options_print){.format = NULL}, NULL)};
    options.writer.brief = !s->options.table;
    if (s->options.quiet)
        options.writer.out = NULL;
    const int rc = report_make(s->folder, &options, failed, err);
    if (rc == 0 || options.writer.out == NULL)
        return rc;
    struct error again = {.text = ""};
    options.writer.out = NULL; /* a reader of the table who has gone must not cost the files */
    return report_make(s->folder, &options, failed, &again) == 0 ? 0 : rc;
}

/* Why sampling ended early, and how to go on. A run without a single sample leaves no folder. */
static void tell_end(struct session *s, int taken, struct error *err)
{
    const char *because = taken == -EINTR ? "interrupted" : err->text;
    struct error all;
    if (s->journal.length == 0 && s->options.resume == NULL) {
        dir_remove_flat(s->folder);
        error_set(&all, taken, "%s before the first sample; nothing is kept", because);
    } else if (!dir_exists(s->folder)) {
        error_set(&all, taken, "%s; %s is not there any more", because, s->folder);
    } else {
        const int64_t planned = s->plan.stopping.rounds, counted = planned > 0 ? planned : s->rounds_done;
        char of[32] = "", *pasted = string_list_quote(&(struct string_list){(char *[]){s->folder, NULL}, 1});
        if (planned > 0)
            snprintf(of, sizeof of, " of %lld", (long long)planned);
        error_set(&all, taken, "%s; %lld%s round%s in %s; cobench run --resume %s goes on", because,
                  (long long)s->rounds_done, of, counted == 1 ? " is" : "s are", s->folder, pasted);
        free(pasted);
    }
    if (taken == -EINTR)
        progress_note(&s->progress, true, "%s", all.text);
    else
        *err = all;
}

/* A run of which nothing worked is not what people look for under results/latest. A finished one is pointed at again. */
static int publish(struct session *s, struct error *err)
{
    const bool said = s->sound > 0 || !s->options.quiet; /* by what was printed */
    progress_note(&s->progress, s->sound == 0, "%sthe run is in %s", said ? "" : "no model worked; ", s->folder);
    return s->sound == 0 ? 0 : run_folder_publish(s->folder, err);
}

/* The summary of what there is; `taken` is how sampling ended. */
static int conclude(struct session *s, int taken, struct error *err)
{
    int failed = 0, status = 0;
    struct error report_err = {.text = ""};
    if (taken != 0)
        tell_end(s, taken, err);
    if ((taken == 0 || (s->rounds_done > 0 && dir_exists(s->folder))) && make_report(s, &failed, &report_err) != 0)
        status = 1;
    if (taken == 0 && publish(s, &report_err) != 0) /* also where a page could not be written: its samples are whole */
        status = 1;
    if (taken == -EINTR || signals_asked() != 0)
        err->text[0] = '\0';
    if (err->text[0] == '\0')
        *err = report_err;
    if (signals_asked() != 0)
        return 128 + signals_asked();
    if (s->finished)
        return status;
    return status != 0 || taken != 0 || failed > 0 ? 1 : s->sound == 0 ? 77 : 0;
}

/* The exit status of a run that did not come to its first sample. */
static int refusal(int rc, struct error *err)
{
    if (rc == -EINTR && signals_asked() != 0) {
        err->text[0] = '\0';
        return 128 + signals_asked();
    }
    return rc == -EINVAL ? 2 : rc == -ENOPKG ? 77 : 1;
}

/* The command line, but for what says only where results go and what is shown, and with the function's paths absolute. */
static void note_arguments(struct session *s, int argc, char **argv)
{
    const struct function *f = &s->options.plan.function;
    const char *directory = f->directory != NULL ? f->directory : s->options.plan.directory;
    const char *const options[][2] = {
        {"--results", NULL}, {"--directory", directory}, {"--hosts", s->options.plan.hosts},
        {"--task", f->name}, {"--c", f->in[IN_C]},       {"--py", f->in[IN_PYTHON]},
        {"--path", f->path}, {"--inputs", f->inputs}};
    const size_t count = f->name == NULL ? 3 : sizeof options / sizeof *options;
    for (int i = 1; i < argc; i++) {
        const size_t length = strcspn(argv[i], "=");
        size_t o = 0;
        while (o < count && (strncmp(argv[i], options[o][0], length) != 0 || options[o][0][length] != '\0'))
            o++;
        if (o < count)
            i += argv[i][length] == '\0';
        else if (strcmp(argv[i], "--quiet") != 0 && strcmp(argv[i], "--no-plots") != 0 &&
                 strcmp(argv[i], "--table") != 0)
            note_argument(&s->argv, argv[i]);
    }
    for (size_t o = 1; o < count; o++)
        if (options[o][1] != NULL) {
            note_argument(&s->argv, options[o][0]);
            note_argument(&s->argv, options[o][1]);
        }
}

typedef int parse_options(int argc, char **argv, struct run_options *out, struct error *err);

static int run(int argc, char **argv, parse_options *parse, struct error *err)
{
    struct session s = {.origin.process.in = -1, .services = SERVICES_NONE, .journal.fd = -1, .argv = json_array()};
    int rc = parse(argc, argv, &s.options, err), status;
    progress_open(&s.progress, s.options.quiet);
    note_arguments(&s, argc, argv);
    if (rc == 0)
        rc = session_open(&s, err);
    if (rc != 0) {
        status = refusal(rc, err);
    } else {
        if (s.finished)
            progress_note(&s.progress, true, "%s is finished; its tables are made again", s.folder);
        else
            rc = measure(&s, err);
        signals_release();
        status = conclude(&s, rc, err);
    }
    session_close(&s);
    return status;
}

int cmd_run(int argc, char **argv, struct error *err) { return run(argc, argv, run_options_parse, err); }

int cmd_serve_bench(int argc, char **argv, struct error *err) { return run(argc, argv, serve_options_parse, err); }
