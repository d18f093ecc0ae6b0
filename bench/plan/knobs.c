/* SPDX-License-Identifier: MIT */
/* From chosen knobs to rows of a model. */
#include "bench/plan/knobs.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"
#include "common/num.h"

static const char *text_of(const json_t *row, const char *key) { return json_string_value(json_object_get(row, key)); }

static bool has(const json_t *texts, const char *text)
{
    size_t i;
    const json_t *one;
    json_array_foreach(texts, i, one)
    {
        if (strcmp(json_string_value(one), text) == 0)
            return true;
    }
    return false;
}

/* "start-method" of "start-method=fork,spawn", to be freed. */
static char *name_of(const char *choice) { return xstrndup(choice, strcspn(choice, "=")); }

static const json_t *row_of(const struct catalog *catalog, size_t host, const char *choice)
{
    char *name = name_of(choice);
    const json_t *row = catalog_knob(catalog, host, name);
    free(name);
    return row;
}

/* Whether the knob is for tasks like this one. */
static bool is_for(const struct knobs_of *of, const json_t *row)
{
    const json_t *asks = json_object_get(row, "asks");
    const struct function *f = of->catalog->function;
    return json_is_null(asks) || has(asks, of->asks) || (has(asks, "function") && f != NULL && f->command == NULL);
}

/* Whether a value is: some are for what one kind of task asks for alone, as any host that has the value says. */
static bool value_is_for(const struct knobs_of *of, const json_t *row, const char *value)
{
    const char *asks = NULL;
    for (size_t h = 0; h < HOSTS_MAX && asks == NULL; h++)
        asks = text_of(json_object_get(catalog_knob(of->catalog, h, text_of(row, "name")), "choice_asks"), value);
    return asks == NULL || strcmp(asks, of->asks) == 0;
}

/* The default may lie outside of a number's range. */
static bool allows(const json_t *row, const char *value)
{
    const double min = json_number_value(json_object_get(row, "min")),
                 max = json_number_value(json_object_get(row, "max"));
    const char *type = text_of(row, "type");
    int64_t whole;
    double real;
    return strcmp(value, text_of(row, "default")) == 0 ? true
           : strcmp(type, "int") == 0                  ? num_parse_i64(value, (int64_t)min, (int64_t)max, &whole) == 0
           : strcmp(type, "real") == 0                 ? num_parse_double(value, min, max, &real) == 0
                                                       : has(json_object_get(row, "choices"), value);
}

/* "must be 1..1000000", or 0 where that is the default. */
static char *allowed_range(const json_t *row)
{
    const double min = json_number_value(json_object_get(row, "min")),
                 max = json_number_value(json_object_get(row, "max"));
    const char *usual = text_of(row, "default");
    double number;
    const bool within = num_parse_double(usual, min, max, &number) == 0;
    return text_format("must be %.12g..%.12g%s%s", min, max, within ? "" : ", or ", within ? "" : usual);
}

/* "must be one of fork, spawn" (`words`, which are emptied) or a range, to be freed. */
static char *allowed(const json_t *row, struct string_list *words)
{
    char *joined = string_list_join(words, ", ");
    char *text = words->count > 0 ? text_format("must be one of %s", joined) : allowed_range(row);
    free(joined);
    string_list_free(words);
    return text;
}

/* What a host allows for a task, and what any host allows for some task; to be freed. */
static char *allowed_here(const struct knobs_of *of, const json_t *row)
{
    struct string_list words = {NULL, 0};
    size_t i;
    const json_t *one;
    json_array_foreach(json_object_get(row, "choices"), i, one)
    {
        if (value_is_for(of, row, json_string_value(one)))
            string_list_add(&words, json_string_value(one));
    }
    return allowed(row, &words);
}

static char *allowed_anywhere(const struct catalog *catalog, const char *choice, const json_t *row)
{
    struct string_list words = {NULL, 0};
    size_t i;
    const json_t *one;
    for (size_t h = 0; h < HOSTS_MAX; h++)
        json_array_foreach(json_object_get(row_of(catalog, h, choice), "choices"), i, one)
            string_list_add_once(&words, json_string_value(one));
    return allowed(row, &words);
}

static void add_value(struct string_list *values, const json_t *row, const char *value)
{
    if (strcmp(value, "default") == 0)
        value = text_of(row, "default");
    string_list_add_once(values, value);
}

/* The values of a choice, each once; "all" is every one of a fixed set. */
static void values_of(const json_t *row, const char *choice, struct string_list *out)
{
    const char *list = choice + strcspn(choice, "=");
    const json_t *choices = json_object_get(row, "choices"), *one;
    struct string_list given = {NULL, 0};
    size_t i;
    if (*list == '\0' || string_list_split(&given, list + 1) != 0)
        string_list_add(&given, ""); /* which no knob allows */
    const bool all = json_is_array(choices) && given.count == 1 && strcmp(given.items[0], "all") == 0;
    for (i = 0; i < given.count; i++)
        add_value(out, row, all ? "default" : given.items[i]);
    if (all)
        json_array_foreach(choices, i, one) add_value(out, row, json_string_value(one));
    string_list_free(&given);
}

bool knobs_touch(const struct knobs_of *of, const char *choice)
{
    const json_t *row = row_of(of->catalog, of->host, choice);
    struct string_list values = {NULL, 0};
    bool any = false;
    if (row == NULL || !is_for(of, row) || !has(json_object_get(row, "models"), of->model))
        return false;
    values_of(row, choice, &values);
    for (size_t i = 0; i < values.count; i++)
        any = any || value_is_for(of, row, values.items[i]);
    string_list_free(&values);
    return any;
}

/* Whether a choice of this one's knob is among those from `from` on. */
static bool is_among(const struct string_list *choices, size_t from, const char *choice)
{
    const size_t length = strcspn(choice, "=");
    for (size_t i = from; i < choices->count; i++)
        if (strncmp(choices->items[i], choice, length) == 0 && choices->items[i][length] == '=')
            return true;
    return false;
}

void knobs_merge(struct string_list *into, const struct string_list *more)
{
    for (size_t i = 0; i < more->count; i++)
        if (!is_among(into, 0, more->items[i]) && !is_among(more, i + 1, more->items[i]))
            string_list_add(into, more->items[i]);
}

/* "--NAME 'VALUE': must be ...", or of a suite "FILE:LINE: NAME ...". */
static int check_values(const struct catalog *catalog, const char *choice, const json_t *row, const char *refusal,
                        struct error *err)
{
    const char *unknown = refusal != NULL ? strstr(refusal, "unknown key") : NULL;
    struct string_list values = {NULL, 0};
    int rc = 0;
    values_of(row, choice, &values);
    for (size_t i = 0; rc == 0 && i < values.count; i++) {
        bool fits = false;
        for (size_t h = 0; h < HOSTS_MAX; h++) {
            const json_t *other = row_of(catalog, h, choice);
            fits = fits || (other != NULL && allows(other, values.items[i]));
        }
        char *what = fits ? NULL : allowed_anywhere(catalog, choice, row);
        if (!fits)
            rc = error_set(err, -EINVAL, "%.*s%.*s '%.200s': %s", unknown != NULL ? (int)(unknown - refusal) : 2,
                           unknown != NULL ? refusal : "--", (int)strcspn(choice, "="), choice, values.items[i], what);
        free(what);
    }
    string_list_free(&values);
    return rc;
}

int knobs_check(const struct catalog *catalog, const char *choice, const char *refusal, struct error *err)
{
    for (size_t h = 0; h < HOSTS_MAX; h++) {
        const json_t *row = row_of(catalog, h, choice);
        if (row != NULL)
            return check_values(catalog, choice, row, refusal, err);
    }
    char *names = catalog_knob_names(catalog), *name = name_of(choice);
    if (refusal != NULL)
        error_set(err, -EINVAL, "%.800s; knobs of the hosts: %s)", refusal, names);
    else
        error_set(err, -EINVAL, "unrecognized option '--%.200s', nor has a host such a knob (known: %s)", name, names);
    free(names);
    free(name);
    return -EINVAL;
}

/* "+spawn"; "+cold" of a switch that is on; "+chunk=4" where a value alone would not tell. */
static char *suffix_of(const json_t *row, const char *value)
{
    const json_t *choices = json_object_get(row, "choices");
    const char *name = text_of(row, "name");
    const bool flips = has(choices, "on") && has(choices, "off");
    return flips && strcmp(value, "on") == 0 ? text_format("+%s", name)
           : flips || json_is_null(choices)  ? text_format("+%s=%s", name, value)
                                             : text_format("+%s", value);
}

/* Where the host has no such value it is left alone, unless it would change the model, which then cannot run. */
static void set_knob(const struct knobs_of *of, const json_t *row, const char *value, bool touches,
                     struct knobs_row *made)
{
    const char *name = text_of(row, "name");
    const bool has_value = allows(row, value);
    if (!has_value && touches && made->why == NULL) {
        char *what = allowed_here(of, row);
        made->why = text_format("the %s host has no %s '%s': it %s", of->catalog->hosts.rows[of->host].name, name,
                                value, what);
        free(what);
    }
    if ((!has_value && !touches) || strcmp(value, text_of(row, "default")) == 0)
        return;
    if (made->knobs == NULL)
        made->knobs = json_object();
    json_object_set_new(made->knobs, name, json_string(value));
}

/* The row in which each knob has its first value, but `other` (one of `chosen`; NULL: none) the value `value`. */
static struct knobs_row make_row(const struct knobs_of *of, const struct string_list *chosen, const char *other,
                                 const char *value)
{
    struct knobs_row made = {.knobs = NULL};
    for (size_t i = 0; i < chosen->count; i++) {
        const char *choice = chosen->items[i];
        const json_t *row = row_of(of->catalog, of->host, choice);
        struct string_list values = {NULL, 0};
        if (row == NULL || !is_for(of, row))
            continue;
        values_of(row, choice, &values);
        const char *chosen_value = choice == other ? value : values.items[0];
        if (value_is_for(of, row, chosen_value))
            set_knob(of, row, chosen_value, knobs_touch(of, choice), &made);
        string_list_free(&values);
    }
    return made;
}

size_t knobs_rows(const struct knobs_of *of, const struct string_list *chosen, struct knobs_row **out)
{
    struct knobs_row *rows = array_grow(NULL, 0, sizeof *rows);
    size_t count = 1;
    rows[0] = make_row(of, chosen, NULL, NULL);
    for (size_t i = 0; i < chosen->count; i++) {
        const char *choice = chosen->items[i];
        struct string_list values = {NULL, 0};
        const json_t *row = knobs_touch(of, choice) ? row_of(of->catalog, of->host, choice) : NULL;
        if (row != NULL)
            values_of(row, choice, &values);
        for (size_t v = 1; v < values.count; v++) {
            if (!value_is_for(of, row, values.items[v]))
                continue;
            rows = array_grow(rows, count, sizeof *rows);
            rows[count] = make_row(of, chosen, choice, values.items[v]);
            rows[count++].suffix = suffix_of(row, values.items[v]);
        }
        string_list_free(&values);
    }
    *out = rows;
    return count;
}
