/* SPDX-License-Identifier: MIT */
/* Suite files: sections in brackets, and in them lines of key = value. */
#include "bench/plan/suite.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "bench/util/files.h"

#define BLANKS         " \t\r"
#define NO_LINE        "neither a [section] nor 'key = value'"
#define SUITE_FILE_MAX (1u << 20)

struct reader {
    const char *label;
    int line, section_line; /* the one read now, and that of the section it is in; from 1 */
    struct suite *suite;
    struct suite_group *group; /* NULL: in [suite], or before the first section */
    bool had_suite;
    struct string_list seen; /* keys of this section */
    struct error *err;
};

/* -EINVAL, with the line in err; frees `what`. */
static int fail(const struct reader *r, int line, char *what)
{
    error_set(r->err, -EINVAL, "%s:%d: %s", r->label, line, what);
    free(what);
    return -EINVAL;
}

/* -- values ------------------------------------------------------------------------------------------------------- */

static const struct setting suite_settings[] = {
    {"about", SETTING_TEXT, offsetof(struct suite, about)},
    {"rounds", SETTING_ROUNDS, offsetof(struct suite, stopping.rounds)},
    {"budget", SETTING_BUDGET, offsetof(struct suite, stopping.budget_s)},
    {"precision", SETTING_PRECISION, offsetof(struct suite, stopping.precision)},
    {"runtimes", SETTING_NAMES, offsetof(struct suite, runtimes)},
    {"models", SETTING_NAMES, offsetof(struct suite, models)},
    {"baseline", SETTING_TEXT, offsetof(struct suite, baseline)},
    {"claims", SETTING_CLAIMS, offsetof(struct suite, claims)},
    {"timeout", SETTING_SECONDS, offsetof(struct suite, timeout_s)},
    {"request-timeout", SETTING_SECONDS, offsetof(struct suite, request_timeout_s)},
};

static const struct setting group_settings[] = {
    {"task", SETTING_TEXT, offsetof(struct suite_group, task)},
    {"jobs", SETTING_JOBS, offsetof(struct suite_group, jobs)},
    {"workers", SETTING_WORKERS, offsetof(struct suite_group, workers)},
    {"scaling", SETTING_SCALING, offsetof(struct suite_group, scaling)},
    {"rate", SETTING_RATE, offsetof(struct suite_group, rate)},
    {"arrivals", SETTING_ARRIVALS, offsetof(struct suite_group, arrivals)},
    {"runtimes", SETTING_NAMES, offsetof(struct suite_group, runtimes)},
    {"models", SETTING_NAMES, offsetof(struct suite_group, models)},
    {"baseline", SETTING_TEXT, offsetof(struct suite_group, baseline)},
    {"variant", SETTING_ADDED, offsetof(struct suite_group, variants)},
    {"serve", SETTING_NAMES, offsetof(struct suite_group, serving.servers)},
    {"rates", SETTING_SHARES, offsetof(struct suite_group, serving.rates)},
    {"duration", SETTING_SECONDS, offsetof(struct suite_group, serving.duration_s)},
    {"delay", SETTING_DELAY, offsetof(struct suite_group, serving.delay_ms)},
    {"idle", SETTING_IDLE, offsetof(struct suite_group, serving.idle)},
    {"behind", SETTING_BEHIND, offsetof(struct suite_group, serving.behind)},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void suite_group_free(struct suite_group *group)
{
    free(group->name);
    for (size_t i = 0; i < COUNT(group_settings); i++)
        setting_free(&group_settings[i], group);
    string_list_free(&group->knobs);
    string_list_free(&group->refusals);
    json_decref(group->params);
}

struct suite_group *suite_add_group(struct suite *suite, const char *name, const char *task)
{
    suite->groups = array_grow(suite->groups, suite->count, sizeof *suite->groups);
    struct suite_group *g = &suite->groups[suite->count++];
    *g = (struct suite_group){.name = xstrdup(name), .params = json_object(), .serving = {.delay_ms = -1, .idle = -1}};
    text_set(&g->task, task);
    return g;
}

/* In a group it may be a knob, which the hosts will say. */
static int unknown_key(const struct reader *r, const char *key, const char *value, const struct setting *table,
                       size_t count)
{
    struct string_list known = {NULL, 0};
    for (size_t i = 0; i < count; i++)
        string_list_add(&known, table[i].key);
    if (r->group != NULL)
        string_list_add(&known, "set.PARAMETER");
    char *names = string_list_join(&known, ", ");
    if (r->group != NULL) {
        string_list_addf(&r->group->knobs, "%s=%s", key, value);
        string_list_addf(&r->group->refusals, "%s:%d: unknown key '%s' (known: %s", r->label, r->line, key, names);
    }
    const int rc = r->group != NULL ? 0 : fail(r, r->line, text_format("unknown key '%s' (known: %s)", key, names));
    free(names);
    string_list_free(&known);
    return rc;
}

static int set_key(struct reader *r, const char *key, const char *value)
{
    const struct setting *table = r->group == NULL ? suite_settings : group_settings;
    const size_t count = r->group == NULL ? COUNT(suite_settings) : COUNT(group_settings);
    char *into = r->group == NULL ? (char *)r->suite : (char *)r->group;
    const bool is_param = r->group != NULL && strncmp(key, "set.", 4) == 0 && key[4] != '\0';
    struct setting_refusal no;
    if (r->section_line == 0)
        return fail(r, r->line, xstrdup("a key before the first section ([suite] or [group NAME])"));
    if (string_list_have(&r->seen, key) && strcmp(key, "variant") != 0)
        return fail(r, r->line, text_format("'%s' is given twice", key));
    string_list_add(&r->seen, key);
    if (is_param)
        return json_object_set_new(r->group->params, key + 4, json_string(value));
    if (*value == '\0')
        return fail(r, r->line, text_format("'%s' has no value", key));
    for (const struct setting *s = table; s < table + count; s++)
        if (strcmp(s->key, key) == 0)
            return setting_take(s->kind, value, into + s->at, &no) == 0
                       ? 0
                       : fail(r, r->line, text_format("%s '%s' is %s", key, no.value, no.why));
    return unknown_key(r, key, value, table, count);
}

/* -- lines -------------------------------------------------------------------------------------------------------- */

/* The section that ends here has to be whole. */
static int leave_section(struct reader *r)
{
    const bool empty = r->section_line != 0 && r->seen.count == 0;
    string_list_free(&r->seen);
    if (empty)
        return fail(r, r->section_line, xstrdup("the section is empty"));
    if (r->group != NULL && r->group->task == NULL)
        return fail(r, r->section_line, text_format("[group %s] names no task", r->group->name));
    return 0;
}

static int enter_section(struct reader *r, const char *section)
{
    int rc = leave_section(r);
    if (rc != 0)
        return rc;
    r->section_line = r->line;
    r->group = NULL;
    if (strcmp(section, "suite") == 0) {
        rc = r->had_suite ? fail(r, r->line, xstrdup("a second [suite]")) : 0;
        r->had_suite = true;
        return rc;
    }
    if (strncmp(section, "group", 5) != 0 || (section[5] != ' ' && section[5] != '\0'))
        return fail(r, r->line, text_format("unknown section [%s] (known: [suite], [group NAME])", section));
    const char *name = section + 5 + strspn(section + 5, BLANKS);
    if (*name == '\0')
        return fail(r, r->line, xstrdup("a group needs a name: [group NAME]"));
    for (size_t i = 0; i < r->suite->count; i++)
        if (strcmp(r->suite->groups[i].name, name) == 0)
            return fail(r, r->line, text_format("a second [group %s]", name));
    r->group = suite_add_group(r->suite, name, NULL);
    return 0;
}

/* Cuts off the blanks at both ends. */
static char *trim(char *text)
{
    text += strspn(text, BLANKS);
    size_t length = strlen(text);
    while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
        length--;
    text[length] = '\0';
    return text;
}

/* Changes it. */
static int take_line(struct reader *r, char *line)
{
    char *text = trim(line);
    if (*text == '\0' || *text == ';' || *text == '#')
        return 0;
    if (!text_is_utf8(text, strlen(text)))
        return fail(r, r->line, xstrdup("not valid UTF-8"));
    for (char *at = text; (at = strchr(at + 1, ';')) != NULL;)
        if (strchr(BLANKS, at[-1]) != NULL) {
            *at = '\0';
            break;
        }
    char *equals = strchr(text, '='), *closed = strchr(text, ']');
    if (*text == '[' ? closed == NULL : equals == NULL || equals == text)
        return fail(r, r->line, xstrdup(NO_LINE));
    *(*text == '[' ? closed : equals) = '\0';
    return *text == '[' ? enter_section(r, text + 1) : set_key(r, trim(text), trim(equals + 1));
}

int suite_parse(const char *label, const char *text, size_t length, struct suite *out, struct error *err)
{
    *out = (struct suite){.name = NULL};
    struct reader r = {.label = label, .suite = out, .err = err};
    const char *end = text + length;
    int rc = 0;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3;
    while (rc == 0 && text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text)), *stop = newline == NULL ? end : newline;
        char *line = xstrndup(text, (size_t)(stop - text));
        r.line++;
        rc = strlen(line) < (size_t)(stop - text) ? fail(&r, r.line, xstrdup("a NUL byte: this is no text file"))
                                                  : take_line(&r, line);
        text = newline == NULL ? end : newline + 1;
        free(line);
    }
    if (rc == 0)
        rc = leave_section(&r);
    if (rc == 0 && out->count == 0)
        rc = error_set(err, -EINVAL, "%s: there is no [group NAME] in it", label);
    string_list_free(&r.seen);
    if (rc != 0)
        suite_free(out);
    return rc;
}

int suite_read(const char *path, struct suite *out, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    const char *slash = strrchr(path, '/'), *label = slash == NULL ? path : slash + 1;
    if (!text_is_utf8(label, strlen(label))) /* it becomes the run's name */
        return error_set(err, -EINVAL, "suite file %s: its name is not valid UTF-8", path);
    int rc = file_read(path, SUITE_FILE_MAX, &text, &length);
    if (rc != 0)
        return error_set(err, -EINVAL, "suite file %s: %s", path, strerror(-rc));
    rc = suite_parse(label, text, length, out, err);
    free(text);
    const size_t name = strlen(label), ending = strlen(".ini");
    if (rc == 0)
        out->name = xstrndup(label, name > ending && strcmp(label + name - ending, ".ini") == 0 ? name - ending : name);
    return rc;
}

void suite_free(struct suite *suite)
{
    for (size_t i = 0; i < suite->count; i++)
        suite_group_free(&suite->groups[i]);
    free(suite->groups);
    free(suite->name);
    for (size_t i = 0; i < COUNT(suite_settings); i++)
        setting_free(&suite_settings[i], suite);
    *suite = (struct suite){.name = NULL};
}
