/* SPDX-License-Identifier: MIT */
/* Two JSON objects side by side, objects in them key by key. */
#include "bench/store/json_diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/alloc.h"

#define LONG_TEXT   40 /* bytes of a value that are still taken in at a glance */
#define KEPT_BEFORE 12

/* Never the same twice. */
static const char *const moving_facts[] = {
    "load1", "load5", "load15", "steal_share", "memory_available_bytes", "swap_used_bytes", NULL};
/* What tells two runs of one plan apart, and what is compared cell by cell. */
static const char *const plan_own[] = {"plan", "created", "seed", "groups", "cells", NULL};

/* What a run that goes on depends on. */
static const char *const lasting_facts[] = {"fingerprint", "hostname",       "kernel", "architecture", "cpu_model",
                                            "cpus",        "effective_cpus", "tools",  "hosts",        "services"};

static bool is_one_of(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

static bool is_there(const json_t *value) { return value != NULL && !json_is_null(value); }

static bool same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) /* 2 and 2.0 */
        return json_number_value(a) <= json_number_value(b) && json_number_value(a) >= json_number_value(b);
    return is_there(a) || is_there(b) ? json_equal(a, b) : true;
}

/* Takes `key`. */
static void add(struct differences *out, char *key, const json_t *a, const json_t *b)
{
    out->items = array_grow(out->items, out->count, sizeof *out->items);
    out->items[out->count++] = (struct difference){.key = key, .value = {a, b}};
}

static void compare_objects(const char *prefix, const json_t *a, const json_t *b, struct differences *out);

static void compare_values(const char *prefix, const char *name, const json_t *a, const json_t *b,
                           struct differences *out)
{
    char *key = text_format("%s%s%s", prefix, *prefix == '\0' ? "" : " ", name);
    const bool objects = json_is_object(a) && json_is_object(b);
    if (!objects && !same(a, b)) {
        add(out, key, a, b);
        return;
    }
    if (objects)
        compare_objects(key, a, b, out);
    free(key);
}

/* jansson's loop wants what is not const. */
static void compare_objects(const char *prefix, const json_t *a, const json_t *b, struct differences *out)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, name, value)
        compare_values(prefix, name, value, json_object_get(b, name), out);
    json_object_foreach((json_t *)(uintptr_t)b, name, value) if (json_object_get(a, name) == NULL)
        compare_values(prefix, name, NULL, value, out);
}

/* Facts of another host stand behind its name. */
static const char *last_name(const char *key)
{
    const char *blank = strncmp(key, "nodes ", 6) == 0 ? strrchr(key, ' ') : NULL;
    return blank == NULL ? key : blank + 1;
}

/* All but those whose key is one of `names`, of each host, too. */
static void compare(const json_t *a, const json_t *b, const char *const *names, struct differences *out)
{
    struct differences all = {NULL, 0};
    compare_objects("", a, b, &all);
    *out = (struct differences){NULL, 0};
    for (size_t i = 0; i < all.count; i++)
        if (!is_one_of(names, last_name(all.items[i].key)))
            add(out, xstrdup(all.items[i].key), all.items[i].value[0], all.items[i].value[1]);
    differences_free(&all);
}

void differences_of_machines(const json_t *a, const json_t *b, struct differences *out)
{
    compare(a, b, moving_facts, out);
}

void differences_of_plans(const json_t *a, const json_t *b, struct differences *out) { compare(a, b, plan_own, out); }

static void compare_lasting(const char *prefix, const json_t *before, const json_t *now, struct differences *out)
{
    for (size_t i = 0; i < sizeof lasting_facts / sizeof *lasting_facts; i++)
        compare_values(prefix, lasting_facts[i], json_object_get(before, lasting_facts[i]),
                       json_object_get(now, lasting_facts[i]), out);
}

void differences_of_programs(const json_t *before, const json_t *now, struct string_list *out)
{
    struct differences all = {NULL, 0};
    const char *host;
    json_t *facts;
    compare_lasting("", before, now, &all);
    json_object_foreach(json_object_get(before, "nodes"), host, facts)
    {
        char *prefix = text_format("nodes %s", host);
        compare_lasting(prefix, facts, json_object_get(json_object_get(now, "nodes"), host), &all);
        free(prefix);
    }
    for (size_t i = 0; i < all.count; i++) {
        char *text[2];
        difference_text(&all.items[i], text);
        string_list_addf(out, "%s: was %.200s, is %.200s", all.items[i].key,
                         is_there(all.items[i].value[0]) ? text[0] : "not there",
                         is_there(all.items[i].value[1]) ? text[1] : "not there");
        free(text[0]);
        free(text[1]);
    }
    differences_free(&all);
}

void differences_free(struct differences *differences)
{
    for (size_t i = 0; i < differences->count; i++)
        free(differences->items[i].key);
    free(differences->items);
    *differences = (struct differences){NULL, 0};
}

/* -- as text -------------------------------------------------------------------------------------------------------------- */

static char *value_text(const json_t *value)
{
    if (!is_there(value))
        return xstrdup("-");
    if (json_is_string(value))
        return xstrdup(json_string_value(value));
    return json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
}

/* Of two long texts what both begin with goes, but for a little: "…what differs, with a little before it". */
static void shorten(char *text[2])
{
    size_t head = 0;
    while (text[0][head] != '\0' && text[0][head] == text[1][head])
        head++;
    head = head > KEPT_BEFORE ? head - KEPT_BEFORE : 0;
    while (((unsigned char)text[0][head] & 0xc0) == 0x80) /* inside a character */
        head--;
    for (int i = 0; i < 2 && head > 0; i++) {
        char *whole = text[i];
        text[i] = text_format("…%s", whole + head);
        free(whole);
    }
}

void difference_text(const struct difference *difference, char *text[2])
{
    for (int i = 0; i < 2; i++)
        text[i] = value_text(difference->value[i]);
    if (strlen(text[0]) > LONG_TEXT && strlen(text[1]) > LONG_TEXT)
        shorten(text);
}
