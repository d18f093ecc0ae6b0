/* SPDX-License-Identifier: MIT */
/*
 * Suite files, read with inih. inih cuts long lines and long section names without a word, calls nobody for an empty
 * section and joins sections of the same name; the line reader below sees every line first and notices.
 */
#include "bench/plan/suite.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/files.h"
#include "common/arrivals.h"
#include "common/num.h"

#define LINE_LONGEST    190 /* what every build of inih takes whole */
#define SECTION_LONGEST 49
#define NO_LINE         "neither a [section] nor 'key = value'"
#define SUITE_FILE_MAX  (1u << 20)

struct reader {
    const char *label;
    const char *at, *end; /* what is left of the buffer */
    int line;             /* of the line last read */
    int section_line;     /* of the last line that begins with '[' */
    int entered_line;     /* of the section whose keys come in now */
    char section[SECTION_LONGEST + 1];
    bool in_suite, had_suite;
    struct string_list seen; /* keys of this section */
    struct suite *suite;
    struct error *err;
    int rc;
};

static int fail(struct reader *r, int line, const char *what)
{
    if (r->rc == 0)
        r->rc = error_set(r->err, -EINVAL, "%s:%d: %s", r->label, line, what);
    return 0; /* what inih takes for an error */
}

static int fail_free(struct reader *r, int line, char *what)
{
    fail(r, line, what == NULL ? "out of memory" : what);
    free(what);
    return 0;
}

int suite_check_workers(const char *text)
{
    int64_t n;
    return strcmp(text, "cpus") == 0 || strcmp(text, "jobs") == 0 ? 0 : num_parse_i64(text, 1, WORKERS_MAX, &n);
}

int suite_check_jobs(const char *text)
{
    int64_t n;
    return num_parse_i64(text, 1, JOBS_MAX, &n);
}

int suite_check_scaling(const char *text)
{
    return strcmp(text, "strong") == 0 || strcmp(text, "weak") == 0 || strcmp(text, "prices") == 0 ? 0 : -EINVAL;
}

int suite_parse_rate(const char *text, double *out)
{
    return num_parse_double(text, ARRIVALS_RATE_MIN, ARRIVALS_RATE_MAX, out) == 0 ? 0 : -EINVAL;
}

int suite_check_arrivals(const char *text)
{
    enum arrivals_kind kind;
    return arrivals_parse(text, &kind);
}

struct suite_group *suite_add_group(struct suite *suite, const char *name, const char *task)
{
    struct suite_group *more = realloc(suite->groups, (suite->count + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    suite->groups = more;
    struct suite_group *g = &more[suite->count];
    *g = (struct suite_group){.params = json_object()};
    if (g->params == NULL || text_set(&g->name, name) != 0 || text_set(&g->task, task) != 0) {
        suite_group_free(g);
        return NULL;
    }
    suite->count++;
    return g;
}

/* -- values ------------------------------------------------------------------------------------------------------- */

static int set_number(struct reader *r, const char *value, int64_t max, int64_t *out)
{
    if (num_parse_i64(value, 1, max, out) == 0)
        return 1;
    return fail_free(r, r->line, text_format("'%s' is not a number from 1 to %lld", value, (long long)max));
}

static int set_list(struct reader *r, const char *value, struct string_list *out)
{
    return string_list_split(out, value) == 0 ? 1
                                              : fail(r, r->line, "a list of names with commas between them is needed");
}

static int set_text(struct reader *r, const char *value, char **out)
{
    return text_set(out, value) == 0 ? 1 : fail(r, r->line, "out of memory");
}

static int set_budget(struct reader *r, const char *value, double *out)
{
    if (num_parse_duration(value, BUDGET_MIN_S, BUDGET_MAX_S, out) == 0)
        return 1;
    return fail_free(r, r->line, text_format("budget '%s' is not a time such as 90s, 2m or 1h, up to a week", value));
}

static int set_precision(struct reader *r, const char *value, double *out)
{
    if (num_parse_percent(value, PRECISION_MIN, PRECISION_MAX, out) == 0)
        return 1;
    return fail_free(r, r->line,
                     text_format("precision '%s' is not a percentage such as 2%%, from 0.01%% to 50%%", value));
}

static int set_workers(struct reader *r, const char *value, struct string_list *out)
{
    if (!set_list(r, value, out))
        return 0;
    for (size_t i = 0; i < out->count; i++)
        if (suite_check_workers(out->items[i]) != 0)
            return fail_free(
                r, r->line,
                text_format("workers '%s' is not a number from 1 to %d, 'cpus' or 'jobs'", out->items[i], WORKERS_MAX));
    return 1;
}

static int set_jobs(struct reader *r, const char *value, struct string_list *out)
{
    if (!set_list(r, value, out))
        return 0;
    for (size_t i = 0; i < out->count; i++)
        if (suite_check_jobs(out->items[i]) != 0)
            return fail_free(r, r->line, text_format("'%s' is not a number from 1 to %d", out->items[i], JOBS_MAX));
    return 1;
}

static int set_scaling(struct reader *r, const char *value, char **out)
{
    if (suite_check_scaling(value) != 0)
        return fail_free(r, r->line, text_format("scaling '%s' is neither strong, weak nor prices", value));
    return set_text(r, value, out);
}

static int set_rate(struct reader *r, const char *value, double *out)
{
    if (suite_parse_rate(value, out) != 0)
        return fail_free(r, r->line, text_format("rate '%s' is not " SUITE_RATES, value));
    return 1;
}

static int set_arrivals(struct reader *r, const char *value, char **out)
{
    if (suite_check_arrivals(value) != 0)
        return fail_free(r, r->line, text_format("arrivals '%s' is neither fixed nor poisson", value));
    return set_text(r, value, out);
}

static int set_start_method(struct reader *r, const char *value, char **out)
{
    if (strcmp(value, "fork") != 0 && strcmp(value, "spawn") != 0)
        return fail_free(r, r->line, text_format("start-method '%s' is neither fork nor spawn", value));
    return set_text(r, value, out);
}

static int set_claims(struct reader *r, const char *value, char **out)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (value[strspn(value, plain)] != '\0')
        return fail_free(r, r->line, text_format("claims '%s' is no name of a file in bench/claims", value));
    return set_text(r, value, out);
}

static int unknown_key(struct reader *r, const char *key, const char *known)
{
    return fail_free(r, r->line, text_format("unknown key '%s' (known: %s)", key, known));
}

static int suite_key(struct reader *r, const char *key, const char *value)
{
    struct suite *s = r->suite;
    if (strcmp(key, "about") == 0)
        return set_text(r, value, &s->about);
    if (strcmp(key, "rounds") == 0)
        return set_number(r, value, ROUNDS_MAX, &s->stopping.rounds);
    if (strcmp(key, "budget") == 0)
        return set_budget(r, value, &s->stopping.budget_s);
    if (strcmp(key, "precision") == 0)
        return set_precision(r, value, &s->stopping.precision);
    if (strcmp(key, "runtimes") == 0)
        return set_list(r, value, &s->runtimes);
    if (strcmp(key, "models") == 0)
        return set_list(r, value, &s->models);
    if (strcmp(key, "claims") == 0)
        return set_claims(r, value, &s->claims);
    if (strcmp(key, "timeout") != 0)
        return unknown_key(r, key, "about, rounds, budget, precision, runtimes, models, claims, timeout");
    if (num_parse_double(value, 0.001, TIMEOUT_MAX_S, &s->timeout_s) == 0)
        return 1;
    return fail_free(r, r->line, text_format("timeout '%s' is not a number of seconds from 0.001 to 86400", value));
}

static int group_key(struct reader *r, const char *key, const char *value)
{
    struct suite_group *g = &r->suite->groups[r->suite->count - 1];
    if (strcmp(key, "task") == 0)
        return set_text(r, value, &g->task);
    if (strcmp(key, "jobs") == 0)
        return set_jobs(r, value, &g->jobs);
    if (strcmp(key, "workers") == 0)
        return set_workers(r, value, &g->workers);
    if (strcmp(key, "runtimes") == 0)
        return set_list(r, value, &g->runtimes);
    if (strcmp(key, "models") == 0)
        return set_list(r, value, &g->models);
    if (strcmp(key, "scaling") == 0)
        return set_scaling(r, value, &g->scaling);
    if (strcmp(key, "rate") == 0)
        return set_rate(r, value, &g->rate);
    if (strcmp(key, "arrivals") == 0)
        return set_arrivals(r, value, &g->arrivals);
    if (strcmp(key, "start-method") == 0)
        return set_start_method(r, value, &g->start_method);
    if (strncmp(key, "set.", 4) != 0 || key[4] == '\0')
        return unknown_key(r, key,
                           "task, jobs, workers, scaling, rate, arrivals, runtimes, models, start-method, "
                           "set.PARAMETER");
    if (json_object_set_new(g->params, key + 4, json_string(value)) != 0)
        return fail(r, r->line, "out of memory");
    return 1;
}

/* -- sections ----------------------------------------------------------------------------------------------------- */

/* The section that ends here has to be whole. */
static int leave_section(struct reader *r)
{
    string_list_free(&r->seen);
    if (r->rc != 0)
        return 0;
    if (r->section_line != 0 && r->entered_line != r->section_line)
        return fail(r, r->section_line, "the section is empty");
    if (r->entered_line == 0 || r->in_suite)
        return 1;
    const struct suite_group *g = &r->suite->groups[r->suite->count - 1];
    return g->task != NULL ? 1 : fail_free(r, g->line, text_format("[group %s] names no task", g->name));
}

static int enter_group(struct reader *r, const char *name)
{
    name += strspn(name, " \t");
    if (*name == '\0')
        return fail(r, r->section_line, "a group needs a name: [group NAME]");
    for (size_t i = 0; i < r->suite->count; i++)
        if (strcmp(r->suite->groups[i].name, name) == 0)
            return fail_free(r, r->section_line, text_format("a second [group %s]", name));
    struct suite_group *g = suite_add_group(r->suite, name, NULL);
    if (g == NULL)
        return fail(r, r->section_line, "out of memory");
    g->line = r->section_line;
    return 1;
}

static int enter_section(struct reader *r, const char *section)
{
    r->entered_line = r->section_line;
    r->in_suite = strcmp(section, "suite") == 0;
    if (r->section_line == 0)
        return fail(r, r->line, "a key before the first section ([suite] or [group NAME])");
    if (r->in_suite) {
        if (r->had_suite)
            return fail(r, r->section_line, "a second [suite]");
        r->had_suite = true;
        return 1;
    }
    if (strncmp(section, "group ", 6) == 0 || strcmp(section, "group") == 0)
        return enter_group(r, section + 5);
    return fail_free(r, r->section_line, text_format("unknown section [%s] (known: [suite], [group NAME])", section));
}

static int on_key(void *user, const char *section, const char *key, const char *value)
{
    struct reader *r = user;
    if (r->rc != 0)
        return 0;
    if ((r->entered_line == 0 || r->entered_line != r->section_line) && !enter_section(r, section))
        return 0;
    if (string_list_have(&r->seen, key))
        return fail_free(r, r->line, text_format("'%s' is given twice", key));
    if (string_list_add(&r->seen, key) != 0)
        return fail(r, r->line, "out of memory");
    if (*value == '\0' && strncmp(key, "set.", 4) != 0)
        return fail_free(r, r->line, text_format("'%s' has no value", key));
    return r->in_suite ? suite_key(r, key, value) : group_key(r, key, value);
}

/* fgets for inih: one line, without the blanks it begins with (inih would take it for more of the line before). */
static char *read_line(char *out, int room, void *stream)
{
    struct reader *r = stream;
    if (r->at == r->end || r->rc != 0)
        return NULL;
    const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
    const char *stop = newline == NULL ? r->end : newline, *from = r->at;
    r->at = newline == NULL ? r->end : newline + 1;
    r->line++;
    while (from < stop && (*from == ' ' || *from == '\t'))
        from++;
    const size_t length = (size_t)(stop - from);
    const bool comment = length > 0 && (*from == ';' || *from == '#');
    if (memchr(from, '\0', length) != NULL)
        fail(r, r->line, "a NUL byte: this is no text file");
    else if (!comment && !text_is_utf8(from, length))
        fail(r, r->line, "not valid UTF-8");
    else if (!comment && (length > LINE_LONGEST || length + 3 > (size_t)room))
        fail_free(r, r->line, text_format("the line is too long (at most %d bytes)", LINE_LONGEST));
    else if (length > 0 && *from == '[') {
        const char *closed = memchr(from, ']', length);
        if (closed == NULL)
            fail(r, r->line, NO_LINE);
        else if (closed - from > SECTION_LONGEST)
            fail_free(r, r->line, text_format("the section's name is too long (at most %d bytes)", SECTION_LONGEST));
        else if (leave_section(r))
            r->section_line = r->line;
    }
    if (r->rc != 0)
        return NULL;
    const size_t kept = comment ? 0 : length;
    memcpy(out, from, kept);
    out[kept] = '\n';
    out[kept + 1] = '\0';
    return out;
}

int suite_parse(const char *label, const char *text, size_t length, struct suite *out, struct error *err)
{
    *out = (struct suite){.name = NULL};
    struct reader r = {.label = label, .at = text, .end = text + length, .suite = out, .err = err};
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        r.at += 3;
    const int bad_line = ini_parse_stream(read_line, &r, on_key, &r);
    if (r.rc == 0 && bad_line > 0)
        fail(&r, bad_line, NO_LINE);
    if (r.rc == 0 && bad_line < 0)
        fail(&r, r.line, "out of memory");
    leave_section(&r);
    if (r.rc == 0 && out->count == 0)
        r.rc = error_set(err, -EINVAL, "%s: there is no [group NAME] in it", label);
    if (r.rc != 0)
        suite_free(out);
    return r.rc;
}

int suite_read(const char *path, struct suite *out, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    const char *slash = strrchr(path, '/');
    const char *label = slash == NULL ? path : slash + 1;
    if (!text_is_utf8(label, strlen(label))) /* it becomes the run's name */
        return error_set(err, -EINVAL, "suite file %s: its name is not valid UTF-8", path);
    int rc = file_read(path, SUITE_FILE_MAX, &text, &length);
    if (rc != 0)
        return error_set(err, -EINVAL, "suite file %s: %s", path, strerror(-rc));
    rc = suite_parse(label, text, length, out, err);
    free(text);
    if (rc != 0)
        return rc;
    if (text_set(&out->name, label) != 0) {
        suite_free(out);
        return error_set(err, -ENOMEM, "out of memory");
    }
    char *dot = strrchr(out->name, '.');
    if (dot != NULL && dot != out->name && strcmp(dot, ".ini") == 0)
        *dot = '\0';
    return 0;
}

void suite_group_free(struct suite_group *group)
{
    free(group->name);
    free(group->task);
    free(group->start_method);
    free(group->scaling);
    free(group->arrivals);
    string_list_free(&group->jobs);
    string_list_free(&group->workers);
    string_list_free(&group->runtimes);
    string_list_free(&group->models);
    json_decref(group->params);
}

void suite_free(struct suite *suite)
{
    for (size_t i = 0; i < suite->count; i++)
        suite_group_free(&suite->groups[i]);
    free(suite->groups);
    free(suite->name);
    free(suite->about);
    free(suite->claims);
    string_list_free(&suite->runtimes);
    string_list_free(&suite->models);
    *suite = (struct suite){.name = NULL};
}
