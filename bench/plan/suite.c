/* SPDX-License-Identifier: MIT */
/*
 * Suite files, read with inih. inih cuts long lines and long section names without a word, calls nobody for an empty
 * section and joins sections of the same name; the line reader below sees every line first and notices.
 */
#include "bench/plan/suite.h"

#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/files.h"

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

/* -- values ------------------------------------------------------------------------------------------------------- */

static const struct setting suite_settings[] = {
    {"about", SETTING_TEXT, offsetof(struct suite, about)},
    {"rounds", SETTING_ROUNDS, offsetof(struct suite, stopping.rounds)},
    {"budget", SETTING_BUDGET, offsetof(struct suite, stopping.budget_s)},
    {"precision", SETTING_PRECISION, offsetof(struct suite, stopping.precision)},
    {"runtimes", SETTING_NAMES, offsetof(struct suite, runtimes)},
    {"models", SETTING_NAMES, offsetof(struct suite, models)},
    {"claims", SETTING_CLAIMS, offsetof(struct suite, claims)},
    {"timeout", SETTING_SECONDS, offsetof(struct suite, timeout_s)},
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
    {"start-method", SETTING_START_METHOD, offsetof(struct suite_group, start_method)},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static void suite_group_free(struct suite_group *group)
{
    free(group->name);
    for (size_t i = 0; i < COUNT(group_settings); i++)
        setting_free(&group_settings[i], group);
    json_decref(group->params);
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

static int unknown_key(struct reader *r, const char *key, const struct setting *table, size_t count)
{
    struct string_list known = {NULL, 0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = string_list_add(&known, table[i].key);
    if (rc == 0 && !r->in_suite)
        rc = string_list_add(&known, "set.PARAMETER");
    char *names = rc == 0 ? string_list_join(&known, ", ") : NULL;
    fail_free(r, r->line, names == NULL ? NULL : text_format("unknown key '%s' (known: %s)", key, names));
    free(names);
    string_list_free(&known);
    return 0;
}

static int set_key(struct reader *r, const char *key, const char *value)
{
    struct suite_group *g = r->in_suite ? NULL : &r->suite->groups[r->suite->count - 1];
    const struct setting *table = r->in_suite ? suite_settings : group_settings;
    const size_t count = r->in_suite ? COUNT(suite_settings) : COUNT(group_settings);
    if (g != NULL && strncmp(key, "set.", 4) == 0 && key[4] != '\0')
        return json_object_set_new(g->params, key + 4, json_string(value)) == 0 ? 1 : fail(r, r->line, "out of memory");
    for (const struct setting *s = table; s < table + count; s++) {
        struct setting_refusal no;
        if (strcmp(s->key, key) != 0)
            continue;
        const int rc = setting_take(s->kind, value, (char *)(g != NULL ? (void *)g : r->suite) + s->at, &no);
        if (rc == -EINVAL)
            return fail_free(r, r->line, text_format("%s '%s' is %s", key, no.value, no.why));
        return rc == 0 ? 1 : fail(r, r->line, "out of memory");
    }
    return unknown_key(r, key, table, count);
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
    return set_key(r, key, value);
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
        else if (closed - from - 1 > SECTION_LONGEST)
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
