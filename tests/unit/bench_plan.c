/* SPDX-License-Identifier: MIT */
/* From suites to cells: parameters, workers, roles, and an order that can be made again. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/knobs.h"
#include "bench/plan/plan.h"
#include "bench/util/text.h"
#include "tests/unit/unit.h"

#define MODELS                                                                                             \
    "\"models\":[{\"name\":\"sync\",\"about\":\"\",\"processes\":false,\"loop\":false,\"baseline\":true}," \
    "{\"name\":\"threads\",\"about\":\"\",\"processes\":false,\"loop\":false,\"baseline\":false},"         \
    "{\"name\":\"async\",\"about\":\"\",\"processes\":false,\"loop\":true,\"baseline\":false},"            \
    "{\"name\":\"spare\",\"about\":\"\",\"processes\":false,\"loop\":false,\"baseline\":false,\"extra\":true}]"
#define KNOB(name, type, fallback, min, max, choices, models, asks)                                          \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"default\":\"" fallback "\",\"min\":" min ",\"max\":" max \
    ",\"choices\":" choices ",\"models\":" models ",\"asks\":" asks ",\"about\":\"\"}"
#define KNOBS(fires)                                                                                                  \
    "\"knobs\":[" KNOB("fire", "choice", "slow", "null", "null", fires, "[\"threads\"]",                              \
                       "null") "," KNOB("heat", "int", "0", "10", "90", "null", "[\"threads\",\"sync\"]",             \
                                        "null") "," KNOB("cold", "choice", "off", "null", "null", "[\"off\",\"on\"]", \
                                                         "[\"async\"]", "[\"delay\"]") "]"
#define TASKS(extra)                                                                                                   \
    "\"tasks\":[{\"name\":\"calc\",\"about\":\"\",\"kind\":\"cpu\",\"asks\":\"nothing\",\"jobs\":8,\"params\":["       \
    "{\"key\":\"size\",\"type\":\"int\",\"default\":\"5\",\"min\":0,\"max\":9,\"choices\":null,\"about\":\"\"}]},"     \
    "{\"name\":\"rest\",\"about\":\"\",\"kind\":\"io\",\"asks\":\"delay\",\"jobs\":50,\"params\":["                    \
    "{\"key\":\"delay\",\"type\":\"int\",\"default\":\"100\",\"min\":0,\"max\":900,\"choices\":null,\"about\":\"\"}]}" \
    ","                                                                                                                \
    "{\"name\":\"blend\",\"about\":\"\",\"kind\":\"mixed\",\"asks\":\"url\",\"jobs\":50,\"params\":["                  \
    "{\"key\":\"url\",\"type\":\"url\",\"default\":null,\"min\":null,\"max\":null,\"choices\":null,\"about\":\"\"},"   \
    "{\"key\":\"size\",\"type\":\"int\",\"default\":\"1\",\"min\":0,\"max\":100,\"choices\":null,\"about\":\"\"}]}"    \
    ",{\"name\":\"shared\",\"about\":\"\",\"kind\":\"cpu\",\"asks\":\"nothing\",\"jobs\":8,\"splits\":true,"           \
    "\"params\":[]}" extra "]"
#define LIST(host, extra, fires)                                                                           \
    "{\"list\":1,\"host\":\"" host "\",\"version\":\"0\",\"runtimes\":[\"" host "\"],\"build\":{}," MODELS \
    "," KNOBS(fires) "," TASKS(extra) ",\"errors\":[]}"
#define LONELY ",{\"name\":\"lonely\",\"about\":\"\",\"kind\":\"cpu\",\"asks\":\"nothing\",\"jobs\":8,\"params\":[]}"

struct fixture {
    struct catalog catalog;
    struct suite suite;
    struct plan_options options;
    struct plan plan; /* the last that was made */
    struct error err;
};

/* A host's row in the catalog's table. */
static size_t row_of(const struct catalog *c, const char *name)
{
    size_t row = 0;
    while (row < c->hosts.count && strcmp(c->hosts.rows[row].name, name) != 0)
        row++;
    assert_true(row < c->hosts.count);
    return row;
}

static int fixture_new(void **state)
{
    struct fixture *f = *state = calloc(1, sizeof *f);
    f->options.seed = 42;
    f->suite.name = strdup("test");
    return host_table_make(&f->catalog.hosts, NULL, NULL, &f->err) ||
           catalog_add_list(&f->catalog, row_of(&f->catalog, "c"),
                            json_loads(LIST("c", LONELY, "[\"slow\",\"fast\"]"), 0, NULL), &f->err) ||
           catalog_add_list(&f->catalog, row_of(&f->catalog, "py"),
                            json_loads(LIST("py", "", "[\"slow\",\"fast\",\"wild\"]"), 0, NULL), &f->err);
}

static int fixture_free(void **state)
{
    struct fixture *f = *state;
    plan_free(&f->plan);
    suite_free(&f->suite);
    catalog_free(&f->catalog);
    string_list_free(&f->options.sets);
    string_list_free(&f->options.workers);
    string_list_free(&f->options.jobs);
    string_list_free(&f->options.models);
    string_list_free(&f->options.runtimes);
    string_list_free(&f->options.knobs);
    free(f);
    return 0;
}

/* Makes f->plan where `said` is NULL; else that is why it cannot be made. */
static void make(struct fixture *f, double cpus, const char *said)
{
    const struct plan_source source = {
        .suite = &f->suite, .options = &f->options, .catalog = &f->catalog, .effective_cpus = cpus};
    plan_free(&f->plan);
    f->err.text[0] = '\0';
    const int rc = plan_make(&source, &f->plan, &f->err);
    assert_string_equal(f->err.text, said == NULL ? "" : said);
    assert_int_equal(rc, said == NULL ? 0 : -EINVAL);
}

/* A group for each of these tasks, called like it. */
static void groups(struct fixture *f, const char *tasks)
{
    struct string_list list = {.count = 0};
    string_list_split(&list, tasks);
    for (size_t i = 0; i < list.count; i++)
        suite_add_group(&f->suite, list.items[i], list.items[i]);
    string_list_free(&list);
}

/* The workers and the jobs for each that the command line asks for; NULL: none. */
static void ask(struct fixture *f, const char *workers, const char *jobs)
{
    string_list_free(&f->options.workers);
    string_list_free(&f->options.jobs);
    string_list_split(&f->options.workers, workers);
    if (jobs != NULL)
        string_list_split(&f->options.jobs, jobs);
}

TEST_WITH(test_groups_by_kind, fixture_new, fixture_free, struct fixture *f)
{
    groups(f, "calc,rest,blend");
    make(f, 1.5, NULL);
    static const struct {
        const char *name;
        int64_t workers;
        double ideal;
        bool capacity, url;
    } table[] = {{"calc", 2, 1.5, true, false},
                 {"rest", 50, 50, false, false},
                 {"blend (2 workers)", 2, 2, true, true},
                 {"blend (50 workers)", 50, 50, false, true}};
    assert_int_equal(f->plan.group_count, 4);
    for (size_t g = 0; g < 4; g++) {
        assert_string_equal(f->plan.groups[g].name, table[g].name);
        assert_int_equal(f->plan.groups[g].workers, table[g].workers);
        assert_true(f->plan.groups[g].ideal == table[g].ideal);
        assert_int_equal(f->plan.groups[g].capacity_reason == NULL, table[g].capacity);
        assert_int_equal(f->plan.groups[g].needs_url, table[g].url);
    }
    /* Of c and py three models and an A/A control each, and where there is one a capacity row. */
    assert_int_equal(f->plan.cell_count, 2 * (5 + 4 + 5 + 4));
}

/* All cells run with a knob's first value, its further ones are rows of the models that it touches. */
TEST_WITH(test_knobs, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *knobs, *suite; /* one of the command line; one of the suite */
        const char *cells;         /* those of c that are models, each with what it runs with */
    } table[] = {
        {NULL, NULL, "sync threads async "},
        {"fire=fast", NULL, "sync fire=fast threads fire=fast async fire=fast "},
        {"fire=slow,fast", NULL, "sync threads threads+fast fire=fast async "},
        {"fire=fast,default", NULL, "sync fire=fast threads fire=fast threads+slow async fire=fast "},
        {"fire=all", NULL, "sync threads threads+fast fire=fast async "},
        {"fire=slow,default", NULL, "sync threads async "},
        {"fire=fast", "fire=slow,fast", "sync fire=fast threads fire=fast async fire=fast "},
        {NULL, "fire=slow,fast", "sync threads threads+fast fire=fast async "},
        {"fire=wild", NULL,
         "sync threads fire=wild (the c host has no fire 'wild': it must be one of slow, fast) async "},
        {"heat=default,20", "fire=fast",
         "sync fire=fast sync+heat=20 heat=20 fire=fast threads fire=fast threads+heat=20 heat=20 fire=fast "
         "async fire=fast "},
        {"cold=off,on", NULL, "sync threads async async+cold cold=on "},
        {"cold=on,off", NULL, "sync cold=on threads cold=on async cold=on async+cold=off "},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char *text;
        size_t length;
        FILE *out = text_open(&text, &length);
        suite_free(&f->suite);
        f->suite.name = strdup("test");
        struct suite_group *group = suite_add_group(&f->suite, "rest", "rest");
        string_list_free(&f->options.knobs);
        if (table[i].knobs != NULL)
            string_list_add(&f->options.knobs, table[i].knobs);
        if (table[i].suite != NULL) {
            string_list_add(&group->knobs, table[i].suite);
            string_list_add(&group->refusals, "test.ini:3: unknown key");
        }
        make(f, 2, NULL);
        for (const struct plan_cell *c = f->plan.cells; c < f->plan.cells + f->plan.cell_count; c++) {
            const char *key;
            json_t *value;
            if (strcmp(c->runtime, "c") != 0 || c->role != ROLE_MODEL)
                continue;
            assert_int_equal(strncmp(c->model, plan_model(c), strlen(plan_model(c))), 0);
            assert_int_equal(c->baseline, strcmp(c->model, "sync") == 0);
            fprintf(out, "%s ", c->model);
            json_object_foreach(c->knobs, key, value) fprintf(out, "%s=%s ", key, json_string_value(value));
            if (c->impossible != NULL)
                fprintf(out, "(%s) ", c->impossible);
        }
        text_close(out);
        assert_string_equal(text, table[i].cells);
        free(text);
    }
}

/* Of a model, and of a knob's value for the models that the knob changes; its default counts, too. */
TEST_WITH(test_services, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *model, *knobs, *services;
    } table[] = {{"sync", "{}", ""},
                 {"spare", "{}", "store"},
                 {"threads", "{}", "slow"},
                 {"threads", "{\"fire\":\"fast\"}", "store, queue"},
                 {"sync", "{\"fire\":\"fast\"}", ""}};
    const size_t py = row_of(&f->catalog, "py");
    json_t *list = f->catalog.lists[py];
    json_object_set_new(json_array_get(json_object_get(list, "models"), 3), "services", json_pack("[s]", "store"));
    json_object_set_new(json_array_get(json_object_get(list, "knobs"), 0), "services",
                        json_pack("{s[ss] s[s]}", "fast", "store", "queue", "slow", "slow"));
    for (size_t i = 0; i < COUNT(table); i++) {
        struct string_list names = {NULL, 0};
        json_t *knobs = json_loads(table[i].knobs, 0, NULL);
        catalog_services(&f->catalog, py, table[i].model, knobs, NULL, &names);
        char *joined = string_list_join(&names, ", ");
        assert_string_equal(joined, table[i].services);
        free(joined);
        json_decref(knobs);
        string_list_free(&names);
    }
}

/* A value that is for one ask alone makes no row of the tasks that ask for others, and changes none of them, nor those of a host
 * that has no such value. */
TEST_WITH(test_values_for_one_ask, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *choice, *asks;
        bool on_c; /* which has no fire 'wild' */
        size_t rows;
        bool touches;
    } table[] = {{"fire=slow,fast", "url", false, 2, true}, {"fire=slow,fast", "delay", false, 1, true},
                 {"fire=fast", "url", false, 1, true},      {"fire=fast", "delay", false, 1, false},
                 {"fire=wild", "url", true, 1, true},       {"fire=wild", "delay", true, 1, false}};
    const size_t c = row_of(&f->catalog, "c"), py = row_of(&f->catalog, "py");
    json_object_set_new(json_array_get(json_object_get(f->catalog.lists[py], "knobs"), 0), "choice_asks",
                        json_pack("{ssss}", "fast", "url", "wild", "url"));
    for (size_t i = 0; i < COUNT(table); i++) {
        const struct knobs_of of = {
            .catalog = &f->catalog, .host = table[i].on_c ? c : py, .model = "threads", .asks = table[i].asks};
        struct string_list chosen = {NULL, 0};
        struct knobs_row *rows;
        string_list_add(&chosen, table[i].choice);
        assert_int_equal(knobs_touch(&of, table[i].choice), table[i].touches);
        const size_t count = knobs_rows(&of, &chosen, &rows);
        assert_int_equal(count, table[i].rows);
        assert_int_equal(rows[0].knobs != NULL, strchr(table[i].choice, ',') == NULL && table[i].touches);
        assert_int_equal(rows[0].why != NULL, strcmp(table[i].choice, "fire=wild") == 0 && table[i].touches);
        for (size_t k = 0; k < count; k++) {
            free(rows[k].suffix);
            json_decref(rows[k].knobs);
            free(rows[k].why);
        }
        free(rows);
        string_list_free(&chosen);
    }
}

TEST_WITH(test_knobs_that_are_refused, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *knob, *said; /* of the command line, and of a suite where it has a line */
        bool suite;
    } table[] = {
        {"ice=1", "unrecognized option '--ice', nor has a host such a knob (known: fire, heat, cold)", false},
        {"fire=out", "--fire 'out': must be one of slow, fast, wild", false},
        {"fire=fast,,slow", "--fire '': must be one of slow, fast, wild", false},
        {"heat=5", "--heat '5': must be 10..90, or 0", false},
        {"heat=all", "--heat 'all': must be 10..90, or 0", false},
        {"cold=on", "--cold: it changes no cell of this run (cobench list says for which models and tasks a knob is)",
         false},
        {"ice=1", "t.ini:3: unknown key 'ice' (known: task; knobs of the hosts: fire, heat, cold)", true},
        {"fire=out", "t.ini:3: fire 'out': must be one of slow, fast, wild", true},
        {"cold=on", NULL, true}, /* a suite may be told to leave models out */
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        suite_free(&f->suite);
        f->suite.name = strdup("test");
        struct suite_group *group = suite_add_group(&f->suite, "calc", "calc");
        string_list_free(&f->options.knobs);
        string_list_add(table[i].suite ? &group->knobs : &f->options.knobs, table[i].knob);
        string_list_addf(&group->refusals, "t.ini:3: unknown key '%.*s' (known: task", (int)strcspn(table[i].knob, "="),
                         table[i].knob);
        make(f, 2, table[i].said);
    }
}

/* Several workers or jobs are one group each, which say what they belong to. */
TEST_WITH(test_sweeps, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *workers, *jobs;
        char *scaling;
        const char *groups; /* name, scaling, jobs on workers */
    } table[] = {
        {"1,2,4,4", NULL, NULL, "g (1 worker): strong 8/1, g (2 workers): strong 8/2, g (4 workers): strong 8/4, "},
        {"2,16", NULL, "strong", "g (2 workers): strong 8/2, g (8 workers): strong 8/8, "},
        {"1,3", "5", "weak", "g (1 worker): weak 5/1, g (3 workers): weak 15/3, "},
        {"1", "1,30", NULL, "g (1 job): jobs 1/1, g (30 jobs): jobs 30/1, "},
        {"1,2", "4,6", NULL,
         "g (1 worker, 4 jobs): strong 4/1, g (2 workers, 4 jobs): strong 4/2, "
         "g (1 worker, 6 jobs): strong 6/1, g (2 workers, 6 jobs): strong 6/2, "},
        {"3", NULL, "weak", "g: alone 24/3, "},
        {"16,32", NULL, NULL, "g: alone 8/8, "},
        {"jobs", "200000", NULL, "g: alone 200000/100000, "},
    };
    suite_add_group(&f->suite, "g", "calc");
    for (size_t i = 0; i < COUNT(table); i++) {
        char *text;
        size_t length;
        FILE *out = text_open(&text, &length);
        ask(f, table[i].workers, table[i].jobs);
        f->options.scaling = table[i].scaling;
        make(f, 2, NULL);
        for (const struct plan_group *g = f->plan.groups; g < f->plan.groups + f->plan.group_count; g++) {
            assert_int_equal(g->sweep == NULL, g->scaling == NULL);
            if (g->sweep != NULL)
                assert_string_equal(g->sweep, "g");
            fprintf(out, "%s: %s %" PRId64 "/%" PRId64 ", ", g->name, g->scaling == NULL ? "alone" : g->scaling,
                    g->jobs, g->workers);
        }
        text_close(out);
        assert_string_equal(text, table[i].groups);
        free(text);
    }
}

/* What is there for its price is run with nothing beside it, and compared with its own first cell. */
TEST_WITH(test_prices_compare_with_nothing, fixture_new, fixture_free, struct fixture *f)
{
    suite_add_group(&f->suite, "g", "calc");
    ask(f, "1,3,9", "2");
    f->options.scaling = "prices";
    make(f, 2, NULL);
    assert_int_equal(f->plan.group_count, 3);
    for (size_t g = 0; g < 3; g++) {
        assert_string_equal(f->plan.groups[g].scaling, "prices");
        assert_int_equal(f->plan.groups[g].jobs, 2 * f->plan.groups[g].workers);
        assert_false(plan_compares(&f->plan.groups[g]));
        assert_non_null(f->plan.groups[g].capacity_reason);
    }
    size_t references = 0;
    for (size_t c = 0; c < f->plan.cell_count; c++) {
        assert_false(f->plan.cells[c].baseline);
        assert_string_not_equal(f->plan.cells[c].model, "sync");
        assert_int_equal(f->plan.cells[c].role, ROLE_MODEL);
        const struct plan_cell *cell = &f->plan.cells[c];
        const bool first = c == 0 || cell->group != cell[-1].group || cell->runtime != cell[-1].runtime;
        assert_int_equal(plan_reference(&f->plan, cell->group, cell->runtime) == c, first);
        references += first;
    }
    assert_int_equal(references, 3 * 2);
    ask(f, "1,3,9", NULL);
    make(f, 2, NULL);
    for (size_t g = 0; g < 3; g++)
        assert_int_equal(f->plan.groups[g].jobs, f->plan.groups[g].workers); /* nobody said: one each */
    static const struct {
        const char *workers, *jobs;
    } wrong[] = {{"3", "2"}, {"3,3", "2"}, {"1,3", "2,4"}};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        ask(f, wrong[i].workers, wrong[i].jobs);
        make(f, 2, "g: a price needs one number of jobs and several numbers of workers");
    }
    ask(f, "1,3", NULL);
    text_set(&f->suite.groups[0].task, "shared");
    make(f, 2, "prices: the jobs of 'shared' share one given amount of work, more of them are smaller");
}

/* The cells of C, "=" behind the baseline, "-" behind what is left out, "!" behind the reference. */
TEST_WITH(test_baselines, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *task;
        char *baseline;
        double timeout_s;
        const char *models, *baseline_of, *cells;
    } table[] = {
        {"rest", NULL, 120, "async", NULL, "sync=! async sync(control) "},
        {"rest", NULL, 4.9, "async", "none", "sync- async! "},
        {"rest", NULL, 4.9, NULL, "none", "sync- threads async! "},
        {"rest", "sync", 4.9, "threads", "none", "sync- threads! "},
        {"rest", "sync", 5, "threads", NULL, "sync=! threads sync(control) "},
        {"rest", "threads", 4.9, "async", "threads", "threads=! async threads(control) "},
        {"rest", "none", 120, NULL, "none", "sync threads async! "},
        {"calc", "threads", 120, NULL, "threads", "sync threads=! async threads(control) "},
        {"calc", "none", 120, NULL, "none", "sync! threads async "},
        {"calc", NULL, 120, "threads", NULL, "sync=! threads sync(control) sync(capacity) "},
        {"calc", NULL, 120, "spare", NULL, "sync=! spare sync(control) sync(capacity) "},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char *text;
        size_t length;
        FILE *out = text_open(&text, &length);
        suite_free(&f->suite);
        string_list_free(&f->options.models);
        f->suite = (struct suite){.name = strdup("test")};
        groups(f, table[i].task);
        /* Said where it counts, over what counts less. */
        char *said = table[i].baseline, *other = said == NULL ? NULL : "async";
        f->options.baseline = i % 3 == 0 ? said : NULL;
        text_set(&f->suite.groups[0].baseline, i % 3 == 1 ? said : i % 3 == 0 ? other : NULL);
        text_set(&f->suite.baseline, i % 3 == 2 ? said : other);
        f->options.timeout_s = table[i].timeout_s;
        if (table[i].models != NULL)
            string_list_add(&f->options.models, table[i].models);
        make(f, 2, NULL);
        const size_t reference = plan_reference(&f->plan, 0, "c");
        for (size_t c = 0; c < f->plan.cell_count; c++) {
            const struct plan_cell *cell = &f->plan.cells[c];
            if (strcmp(cell->runtime, "c") == 0)
                fprintf(out, "%s%s%s%s%s ", cell->model, cell->baseline ? "=" : "", cell->left_out != NULL ? "-" : "",
                        c == reference ? "!" : "",
                        cell->role == ROLE_CONTROL    ? "(control)"
                        : cell->role == ROLE_CAPACITY ? "(capacity)"
                                                      : "");
        }
        text_close(out);
        assert_string_equal(text, table[i].cells);
        free(text);
        const char *baseline = f->plan.groups[0].baseline;
        assert_string_equal(baseline == NULL ? "" : baseline, table[i].baseline_of == NULL ? "" : table[i].baseline_of);
    }
    f->options.baseline = "fast";
    make(f, 2, "unknown baseline 'fast' (known: sync, threads, async, spare)");
}

TEST_WITH(test_weak_scaling_that_cannot_be, fixture_new, fixture_free, struct fixture *f)
{
    suite_add_group(&f->suite, "g", "shared");
    ask(f, "1,2", NULL);
    f->options.scaling = "weak";
    make(f, 2, "weak scaling: the jobs of 'shared' share one given amount of work, more of them are smaller");
    f->options.scaling = "strong";
    make(f, 2, NULL);
    text_set(&f->suite.groups[0].task, "calc");
    f->options.scaling = "weak";
    ask(f, "1,2", "60000000");
    make(f, 2, "60000000 jobs for each of 2 workers are more than 100000000");
    for (int i = 0; i < 500; i++)
        string_list_addf(&f->options.jobs, "%d", i + 1);
    make(f, 2, "501 numbers of jobs by 2 of workers are more than 1000 groups");
}

TEST_WITH(test_names_that_do_not_exist, fixture_new, fixture_free, struct fixture *f)
{
    groups(f, "nosuch");
    make(f, 2, "unknown task 'nosuch' (known: calc, rest, blend, shared, lonely)");
    text_set(&f->suite.groups[0].task, "calc");
    string_list_add(&f->suite.groups[0].models, "fast");
    make(f, 2, "unknown model 'fast' (known: sync, threads, async, spare)");
}

TEST_WITH(test_parameters, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *set[2], *calc, *blend, *said; /* the sizes, or why not */
    } table[] = {
        {{"size=7"}, "7", "7", NULL},
        {{"size=7", "blend.size=30"}, "7", "30", NULL},
        {{"blend.size=30", "size=7"}, "7", "30", NULL},
        {{"size=10"}, NULL, NULL, "calc.size: '10' is not a whole number from 0 to 9"},
        {{"size="}, NULL, NULL, "calc.size: '' is not a whole number from 0 to 9"},
        {{"sise=1"},
         NULL,
         NULL,
         "--set: no task of this run has a parameter 'sise' (calc has: size; blend has: url, size)"},
        {{"rest.size=1"}, NULL, NULL, "--set: no task 'rest' is in this run (calc has: size; blend has: url, size)"},
        {{"size"}, NULL, NULL, "--set size: key=value or task.key=value is needed"},
        {{".size=1"}, NULL, NULL, "--set .size=1: key=value or task.key=value is needed"},
        {{"calc.=1"}, NULL, NULL, "--set calc.=1: key=value or task.key=value is needed"},
        {{"size=1", "size=2"}, NULL, NULL, "--set size=2: the same key is set twice"},
    };
    groups(f, "calc,blend");
    ask(f, "3", NULL);
    for (size_t i = 0; i < COUNT(table); i++) {
        string_list_free(&f->options.sets);
        for (int k = 0; k < 2 && table[i].set[k] != NULL; k++)
            string_list_add(&f->options.sets, table[i].set[k]);
        make(f, 2, table[i].said);
        if (table[i].said != NULL)
            continue;
        assert_string_equal(json_string_value(json_object_get(f->plan.groups[0].params, "size")), table[i].calc);
        assert_string_equal(json_string_value(json_object_get(f->plan.groups[1].params, "size")), table[i].blend);
    }
}

TEST_WITH(test_a_task_of_one_language, fixture_new, fixture_free, struct fixture *f)
{
    groups(f, "lonely");
    make(f, 2, NULL);
    for (size_t c = 0; c < f->plan.cell_count; c++)
        assert_int_equal(f->plan.cells[c].impossible != NULL, strcmp(f->plan.cells[c].runtime, "py") == 0);
    string_list_add(&f->options.runtimes, "py");
    make(f, 2, "task 'lonely' cannot run in the runtime py: the task is only in c");
}

TEST_WITH(test_the_order_can_be_made_again, fixture_new, fixture_free, struct fixture *f)
{
    size_t first[16], again[16], other[16];
    bool seen[16] = {false};
    groups(f, "rest,calc");
    make(f, 2, NULL);
    const size_t count = plan_order(&f->plan, 3, 1, first);
    assert_int_equal(count, 10);
    assert_int_equal(plan_order(&f->plan, 3, 1, again), 10);
    assert_memory_equal(first, again, count * sizeof *first);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(f->plan.cells[first[i]].group, 1);
        assert_false(seen[first[i] - 8]);
        seen[first[i] - 8] = true;
    }
    assert_int_equal(plan_order(&f->plan, 4, 1, other), 10);
    assert_memory_not_equal(first, other, count * sizeof *first);
    f->plan.seed++;
    assert_int_equal(plan_order(&f->plan, 3, 1, other), 10);
    assert_memory_not_equal(first, other, count * sizeof *first);
    /* Recorded: a run that is resumed has to go on in the same order. */
    f->plan.seed = 42;
    static const size_t recorded[] = {12, 11, 15, 10, 16, 14, 13, 9, 8, 17};
    assert_memory_equal(first, recorded, sizeof recorded);
}

/* What a plan says is what it says when it is read back, to the last field and in the order of its rounds. */
TEST_WITH(test_a_plan_is_read_back, fixture_new, fixture_free, struct fixture *f)
{
    struct plan again;
    size_t order[64], same[64];
    groups(f, "calc,blend,lonely,rest");
    f->options.baseline = "threads";
    string_list_add(&f->options.models, "sync"); /* of rest it is left out */
    string_list_add(&f->options.knobs, "fire=fast,wild");
    ask(f, "1,2", NULL);
    f->options.timeout_s = 2.5;
    f->options.margin = 0.025;
    f->options.stopping = (struct stopping){.rounds = 7, .budget_s = 90, .precision = 0.015};
    f->options.url = "http://example.org/";
    f->options.tasks_dir = "/some/where";
    text_set(&f->suite.claims, "some.ini");
    f->suite.groups[1].rate = 125.5;
    text_set(&f->suite.groups[1].arrivals, "poisson");
    make(f, 1.5, NULL);
    json_t *json = plan_json(&f->plan, "2026-11-21T01:40:00Z");
    assert_non_null(json);
    assert_int_equal(plan_read(json, &f->catalog, &again, &f->err), 0);
    json_t *twice = plan_json(&again, "2026-11-21T01:40:00Z");
    char *text = json_dumps(json, JSON_INDENT(1)), *text_again = json_dumps(twice, JSON_INDENT(1));
    assert_string_equal(text, text_again);
    for (size_t g = 0; g < f->plan.group_count; g++) {
        assert_int_equal(f->plan.groups[g].needs_url, again.groups[g].needs_url);
        assert_ptr_equal(f->plan.groups[g].entry, again.groups[g].entry);
        const struct arrivals had = plan_arrivals(&f->plan, g, 3), has = plan_arrivals(&again, g, 3);
        assert_true(had.rate == has.rate && had.kind == has.kind && had.seed == has.seed);
        const size_t count = plan_order(&f->plan, 5, g, order);
        assert_int_equal(plan_order(&again, 5, g, same), count);
        assert_memory_equal(order, same, count * sizeof *order);
    }
    for (size_t c = 0; c < f->plan.cell_count; c++)
        assert_int_equal(f->plan.cells[c].impossible == NULL, again.cells[c].impossible == NULL);
    free(text);
    free(text_again);
    json_decref(json);
    json_decref(twice);
    plan_free(&again);
}

/* A rate is for tasks that wait, and has no capacity row; each round and group has a schedule of its own. */
TEST_WITH(test_open_loops, fixture_new, fixture_free, struct fixture *f)
{
    groups(f, "rest,blend");
    f->options.rate = 20;
    ask(f, "2", NULL);
    make(f, 2, NULL);
    for (size_t g = 0; g < 2; g++) {
        assert_true(f->plan.groups[g].rate == 20 && strcmp(f->plan.groups[g].arrivals, "fixed") == 0);
        assert_string_equal(f->plan.groups[g].capacity_reason,
                            "an open loop: the rate decides how many jobs there are");
        for (int64_t round = 0; round < 4; round++) {
            const struct arrivals one = plan_arrivals(&f->plan, g, round);
            assert_true(one.seed <= (uint64_t)ARRIVALS_SEED_MAX && one.seed == plan_arrivals(&f->plan, g, round).seed);
            assert_true(one.seed != plan_arrivals(&f->plan, g, round + 1).seed &&
                        one.seed != plan_arrivals(&f->plan, 1 - g, round).seed);
        }
    }
    f->options.timeout_s = 2;
    make(f, 2, "group 'rest': 50 jobs at 20 a second take 2.5 s, but a command may take 2 s (timeout)");
    f->options.rate = 0;
    f->options.arrivals = "poisson";
    make(f, 2, "group 'rest': arrivals need a rate");
    f->options.rate = 100;
    f->options.scaling = "prices";
    make(f, 2, "group 'rest': what one more worker costs shows when all are at work at once, not at a rate");
    f->options.scaling = NULL;
    groups(f, "calc");
    make(f, 2,
         "--rate: task 'calc' waits for nothing; only one that asks for a delay or a URL can be run at "
         "a rate (--task picks tasks)");
}

TEST_WITH(test_plans_that_cannot_be_read, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        const char *patch, *said; /* what is put over the plan, or over its first cell or group */
    } table[] = {
        {"{\"plan\":2}", "plan.json: a version of the plan that this cobench does not know (it knows 1)"},
        {"{\"rounds\":0}", "plan.json: \"rounds\" is missing or not a whole number from 1 to 100000"},
        {"{\"rounds\":null,\"budget_s\":null}", "plan.json: neither \"rounds\" nor \"budget_s\" is given"},
        {"{\"budget_s\":-1}", "plan.json: \"budget_s\" is missing or not a number from 0 to 604800"},
        {"{\"precision\":\"2%\"}", "plan.json: \"precision\" is missing or not a number from 0 to 1"},
        {"{\"seed\":-1}", "plan.json: \"seed\" is missing or not a whole number from 0 to 9007199254740991"},
        {"{\"timeout_s\":0}", "plan.json: \"timeout_s\" is missing or not a number from 1e-09 to 86400"},
        {"{\"groups\":[],\"cells\":[]}", "plan.json: there is no group in it"},
        {"{\"cells\":[]}", "plan.json: a group has no cell"},
        {"{\"group\":{\"task\":\"gone\"}}", "plan.json: there is no task 'gone' any more"},
        {"{\"group\":{\"jobs\":0}}", "plan.json: \"jobs\" is missing or not a whole number from 1 to 100000000"},
        {"{\"group\":{\"params\":{\"old\":\"1\"}}}", "plan.json: task 'calc' has no parameter 'old' any more"},
        {"{\"group\":{\"params\":{\"size\":1}}}", "plan.json: the parameter \"size\" is not a text"},
        {"{\"group\":{\"rate\":-1}}", "plan.json: \"rate\" is missing or not a number from 0.001 to 1000000"},
        {"{\"group\":{\"rate\":5.0,\"arrivals\":\"often\"}}",
         "plan.json: a group's arrivals are neither fixed nor poisson"},
        {"{\"cell\":{\"model\":\"fast\"}}", "plan.json: there is no model 'fast' any more"},
        {"{\"cell\":{\"model\":\"fast+x\"}}", "plan.json: there is no model 'fast+x' any more"},
        {"{\"cell\":{\"knobs\":{\"ice\":\"1\"}}}", "plan.json: there is no knob 'ice' any more"},
        {"{\"cell\":{\"knobs\":{\"fire\":1}}}", "plan.json: the knob \"fire\" is not a text"},
        {"{\"cell\":{\"knobs\":[]}}", "plan.json: a cell's \"knobs\" is not an object"},
        {"{\"function\":{\"name\":\"f\",\"offload\":1}}", "plan.json: its --offload or --chunk is of before they were "
                                                          "knobs; such a run cannot be gone on with"},
        {"{\"cell\":{\"runtime\":\"java\"}}", "plan.json: there is no runtime 'java' any more"},
        {"{\"cell\":{\"group\":9}}", "plan.json: a cell's group is out of range"},
        {"{\"cell\":{\"role\":\"king\"}}", "plan.json: a cell's role is neither model, control nor capacity"},
        {"{\"cell\":{\"model\":3}}", "plan.json: \"model\" is missing or not a text"},
    };
    struct plan again;
    groups(f, "calc");
    make(f, 2, NULL);
    for (size_t i = 0; i < COUNT(table); i++) {
        json_t *json = plan_json(&f->plan, "2026-11-21T01:40:00Z"), *patch = json_loads(table[i].patch, 0, NULL);
        json_t *group = json_object_get(patch, "group"), *cell = json_object_get(patch, "cell");
        json_object_update(json_array_get(json_object_get(json, "groups"), 0), group);
        json_object_update(json_array_get(json_object_get(json, "cells"), 0), cell);
        if (group == NULL && cell == NULL)
            json_object_update(json, patch);
        assert_true(plan_read(json, &f->catalog, &again, &f->err) < 0);
        assert_string_equal(f->err.text, table[i].said);
        json_decref(patch);
        json_decref(json);
    }
}

TEST_WITH(test_when_it_is_enough, fixture_new, fixture_free, struct fixture *f)
{
    static const struct {
        struct stopping option, suite, plan;
        const char *said;
    } table[] = {
        {{0, 0, 0, 0}, {0, 0, 0, 0}, {0, STOPPING_GROUP_S, 0, STOPPING_FIRST}, "45 s, or up to 1.5 min for 10 rounds"},
        {{1, 0, 0, 0}, {30, 0, 0, 0}, {1, 0, 0, 0}, "1 round"},
        {{0, 0, 0, 0}, {30, 0, 0, 0}, {30, 0, 0, 0}, "30 rounds"},
        {{0, 120, 0, 0}, {30, 0, 0.1, 0}, {0, 120, 0, 0}, "as many rounds as fit into 2 min"},
        {{7, 5400, 0, 0}, {0, 0, 0, 0}, {7, 5400, 0, 0}, "as many rounds as fit into 1.5 h, at most 7 rounds"},
        {{0, 0, 0.02, 0}, {30, 60, 0, 0}, {0, STOPPING_BUDGET_S, 0.02, 0}, "until +-2% or 10 min are over"},
        {{0, 0, 0, 0}, {50, 30, 0.005, 0}, {50, 30, 0.005, 0}, "until +-0.5% or 30 s or 50 rounds are over"},
    };
    groups(f, "calc");
    for (size_t i = 0; i < COUNT(table); i++) {
        char said[160];
        f->options.stopping = table[i].option;
        f->suite.stopping = table[i].suite;
        make(f, 2, NULL);
        assert_int_equal(f->plan.stopping.rounds, table[i].plan.rounds);
        assert_true(f->plan.stopping.budget_s == table[i].plan.budget_s);
        assert_true(f->plan.stopping.precision == table[i].plan.precision);
        assert_int_equal(f->plan.stopping.least, table[i].plan.least);
        stopping_text(&f->plan.stopping, said, sizeof said);
        assert_string_equal(said, table[i].said);
    }
}

TEST(test_hosts_that_are_extra)
{
    char *names[] = {(char[]){"py"}, (char[]){"numba3.13"}};
    const struct string_list named = {names, COUNT(names)};
    struct host_table table;
    struct error err = {.text = ""};
    size_t usual;
    assert_int_equal(host_table_make(&table, NULL, NULL, &err), 0);
    usual = table.count;
    for (size_t h = 0; h < usual; h++)
        assert_false(table.rows[h].kind->extra);
    host_table_free(&table);
    assert_int_equal(host_table_make(&table, NULL, &named, &err), 0);
    assert_int_equal(table.count, usual + 1);
    assert_string_equal(table.rows[usual].name, "numba");
    host_table_free(&table);
    assert_string_equal(host_extra(1), "numba");
    assert_null(host_extra(2));
}

TEST(test_tables_that_differ)
{
    static const struct {
        const char *from, *to, *said;
    } table[] = {
        {"\"max\":9,", "\"max\":8,", "'max' of parameter 'size' is 9 in c and 8 in py"},
        {"\"jobs\":8", "\"jobs\":9", "'jobs' is 8 in c and 9 in py"},
        {"\"kind\":\"cpu\"", "\"kind\":\"cpx\"", "'kind' is \"cpu\" in c and \"cpx\" in py"},
        {"{\"key\":\"size\",\"type\":\"int\",\"default\":\"5\",\"min\":0,\"max\":9,\"choices\":null,\"about\":\"\"}",
         "", "'key' of parameter 'size' is \"size\" in c and missing in py"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        static const char original[] = LIST("py", "", "[\"slow\"]");
        char text[sizeof original + 64];
        const char *at = strstr(original, table[i].from);
        const size_t before = (size_t)(at - original);
        memcpy(text, original, before);
        strcpy(stpcpy(text + before, table[i].to), at + strlen(table[i].from));
        struct catalog c = {.runtimes = NULL};
        struct error err = {.text = ""};
        assert_int_equal(host_table_make(&c.hosts, NULL, NULL, &err), 0);
        assert_int_equal(catalog_add_list(&c, row_of(&c, "c"), json_loads(LIST("c", "", "[\"slow\"]"), 0, NULL), &err),
                         0);
        assert_int_equal(catalog_add_list(&c, row_of(&c, "py"), json_loads(text, 0, NULL), &err), 0);
        assert_string_equal(catalog_task(&c, "calc")->differ, table[i].said);
        assert_null(catalog_task(&c, "rest")->differ);
        catalog_free(&c);
    }
}
