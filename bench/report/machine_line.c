/* SPDX-License-Identifier: MIT */
/* A machine in a few words. */
#include "bench/report/machine_line.h"

#include <stdio.h>
#include <string.h>

/* A fact as text; NULL: it is not there. */
static const char *fact(const json_t *machine, const char *name, char *room, size_t size)
{
    const json_t *value = json_object_get(machine, name);
    if (json_is_string(value))
        return json_string_value(value);
    if (!json_is_number(value))
        return NULL;
    snprintf(room, size, "%.3g", json_number_value(value));
    return room;
}

/* "AMD EPYC, 4 CPUs of 2 cores, 1.5 usable": the cores where they are fewer, what is usable where it is less. */
static int add_cpus(const json_t *machine, struct string_list *out)
{
    const json_t *cpus = json_object_get(machine, "cpus"), *cores = json_object_get(machine, "cores");
    const json_t *usable = json_object_get(machine, "effective_cpus");
    char model_room[32], cores_text[48] = "", usable_text[48] = "", count[48] = "CPUs unknown";
    const char *model = fact(machine, "cpu_model", model_room, sizeof model_room);
    if (json_is_integer(cpus))
        snprintf(count, sizeof count, "%lld CPU%s", (long long)json_integer_value(cpus),
                 json_integer_value(cpus) == 1 ? "" : "s");
    if (json_is_integer(cpus) && json_is_integer(cores) && json_integer_value(cores) < json_integer_value(cpus))
        snprintf(cores_text, sizeof cores_text, " of %lld cores", (long long)json_integer_value(cores));
    if (json_is_number(usable) && (!json_is_integer(cpus) || json_number_value(usable) < json_number_value(cpus)))
        snprintf(usable_text, sizeof usable_text, ", %.3g usable", json_number_value(usable));
    return string_list_addf(out, "%s, %s%s%s", model == NULL ? "CPU unknown" : model, count, cores_text, usable_text);
}

/* What is said with one word before it. */
static int add_named(const json_t *machine, struct string_list *out)
{
    static const struct {
        const char *words, *fact;
    } rows[] = {
        {"Linux ", "kernel"}, {"on ", "virtualisation"}, {"governor ", "governor"}, {"turbo ", "turbo"},
        {"", "compiler"},     {"CPython ", "python"},    {"libcurl ", "libcurl"},   {"gnuplot ", "gnuplot"},
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof rows / sizeof *rows; i++) {
        char room[32];
        const char *text = fact(machine, rows[i].fact, room, sizeof room);
        /* "on none" says nothing that the silence does not. */
        if (text != NULL && !(strcmp(rows[i].fact, "virtualisation") == 0 && strcmp(text, "none") == 0))
            rc = string_list_addf(out, "%s%s", rows[i].words, text);
    }
    return rc;
}

int machine_line(const json_t *machine, struct string_list *out)
{
    const char *host = json_string_value(json_object_get(machine, "hostname")), *tool;
    const char *commit = json_string_value(json_object_get(machine, "git_commit"));
    json_t *version;
    int rc = host == NULL ? 0 : string_list_add(out, host);
    if (rc == 0)
        rc = add_cpus(machine, out);
    if (rc == 0)
        rc = add_named(machine, out);
    json_object_foreach(json_object_get(machine, "tools"), tool, version) if (rc == 0 && json_is_string(version))
        rc = string_list_addf(out, "%s %s", tool, json_string_value(version));
    if (rc == 0 && commit != NULL && strcmp(commit, "unknown") != 0)
        rc = string_list_addf(out, "commit %.10s%s", commit,
                              json_is_true(json_object_get(machine, "git_dirty")) ? " with changes" : "");
    return rc;
}
