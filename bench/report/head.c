/* SPDX-License-Identifier: MIT */
/* A run and its machine in a few words. */
#include "bench/report/document.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/json.h"
#include "bench/util/text.h"

/* The most rounds of any cell of the group. */
static int64_t group_rounds(const struct results *results, size_t group)
{
    size_t most = 0;
    for (size_t c = 0; c < results->cell_count; c++)
        if (results->cells[c].group == group && results->cells[c].count > most)
            most = results->cells[c].count;
    return (int64_t)most;
}

char *head_title(const struct results *r)
{
    const bool fixed = results_fixed_rounds(r);
    int64_t least = r->rounds, most = r->rounds;
    char asked[160], to[32] = "";
    for (size_t g = 0; !fixed && g < r->group_count; g++) {
        const int64_t rounds = group_rounds(r, g);
        least = rounds < least ? rounds : least;
        most = rounds > most ? rounds : most;
    }
    if (most > least)
        snprintf(to, sizeof to, " to %lld", (long long)most);
    stopping_text(&r->asked, asked, sizeof asked);
    return text_format("%s: %lld%s round%s%s%s%s, seed %lld, %s", r->suite, (long long)least, to, most == 1 ? "" : "s",
                       fixed ? "" : " (", fixed ? "" : asked, fixed ? "" : ")", (long long)r->seed, r->created);
}

/* -- the machine ------------------------------------------------------------------------------------------------------ */

/* "AMD EPYC, 4 CPUs of 2 cores, 1.5 usable": the cores where they are fewer, what is usable where it is less. */
static void add_cpus(const json_t *machine, struct string_list *out)
{
    const char *model = json_string_value(json_object_get(machine, "cpu_model"));
    const json_int_t cpus = json_integer_value(json_object_get(machine, "cpus")),
                     cores = json_integer_value(json_object_get(machine, "cores"));
    const double usable = json_number_value(json_object_get(machine, "effective_cpus"));
    char count[48] = "CPUs unknown", of_cores[48] = "", less[48] = "", digits[TEXT_NUMBER_ROOM];
    if (cpus > 0)
        snprintf(count, sizeof count, "%lld CPU%s", (long long)cpus, cpus == 1 ? "" : "s");
    if (cores > 0 && cores < cpus)
        snprintf(of_cores, sizeof of_cores, " of %lld cores", (long long)cores);
    if (usable > 0 && (cpus <= 0 || usable < (double)cpus))
        snprintf(less, sizeof less, ", %s usable", text_number(digits, usable));
    string_list_addf(out, "%s, %s%s%s", model == NULL ? "CPU unknown" : model, count, of_cores, less);
}

char *head_machine(const struct results *r)
{
    static const struct {
        const char *words, *fact;
    } rows[] = {
        {"Linux ", "kernel"}, {"on ", "virtualisation"}, {"governor ", "governor"}, {"turbo ", "turbo"},
        {"", "compiler"},     {"CPython ", "python"},    {"libcurl ", "libcurl"},   {"gnuplot ", "gnuplot"},
    };
    const char *url = json_string_value(json_object_get(r->plan, "url")), *tool;
    const char *host = json_string_value(json_object_get(r->machine, "hostname"));
    const char *commit = json_string_value(json_object_get(r->machine, "git_commit"));
    struct string_list phrases = {NULL, 0};
    json_t *version;
    if (url != NULL)
        string_list_addf(&phrases, "asking %s", url);
    if (host != NULL)
        string_list_add(&phrases, host);
    add_cpus(r->machine, &phrases);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = json_string_value(json_object_get(r->machine, rows[i].fact));
        if (text != NULL && strcmp(text, "none") != 0) /* "on none" says nothing that the silence does not */
            string_list_addf(&phrases, "%s%s", rows[i].words, text);
    }
    json_object_foreach(json_object_get(r->machine, "tools"), tool, version) if (json_is_string(version))
        string_list_addf(&phrases, "%s %s", tool, json_string_value(version));
    if (commit != NULL && strcmp(commit, FACT_UNKNOWN) != 0)
        string_list_addf(&phrases, "commit %.10s%s", commit,
                         json_is_true(json_object_get(r->machine, "git_dirty")) ? " with changes" : "");
    char *line = string_list_join(&phrases, " · ");
    string_list_free(&phrases);
    return line;
}

/* -- both ------------------------------------------------------------------------------------------------------------- */

/* Why each group's rounds were enough. */
static json_t *stopping_json(const struct summary *summary)
{
    const struct results *r = summary->results;
    const char *whole = results_fixed_rounds(r) && !summary->interrupted ? "rounds" : NULL;
    json_t *array = json_array();
    for (size_t g = 0; g < r->group_count; g++)
        json_array_append_new(array, json_pack("{sI sI ss? so}", "group", (json_int_t)g, "rounds",
                                               (json_int_t)group_rounds(r, g), "why",
                                               r->groups[g].why != NULL ? r->groups[g].why : whole, "half_width",
                                               json_number(precision_reached(summary, g))));
    return array;
}

static json_t *asked_json(const struct stopping *asked)
{
    return json_pack("{so so so}", "rounds", asked->rounds > 0 ? json_integer(asked->rounds) : json_null(), "budget_s",
                     asked->budget_s > 0 ? json_real(asked->budget_s) : json_null(), "precision",
                     asked->precision > 0 ? json_real(asked->precision) : json_null());
}

void head_write(const struct summary *summary, struct writer *w)
{
    const struct results *r = summary->results;
    char *title = head_title(r), *machine = head_machine(r);
    write_heading(w, 1, title);
    write_paragraph(w, machine);
    free(machine);
    free(title);
    write_fact(w, "summary", json_integer(2));
    write_fact(w, "suite", json_string(r->suite));
    write_fact(w, "created", json_string(r->created));
    write_fact(w, "seed", json_integer((json_int_t)r->seed));
    write_fact(w, "rounds", json_integer((json_int_t)r->rounds));
    write_fact(w, "margin", json_real(r->margin));
    write_fact(w, "interrupted", json_boolean(summary->interrupted));
    write_fact(w, "asked", asked_json(&r->asked));
    write_fact(w, "stopping", stopping_json(summary));
    write_fact(w, "forced", events_forced(&r->events));
    write_fact(w, "concurrent_runs", events_neighbours(&r->events));
    write_fact(w, "machine", json_incref(r->machine));
    write_fact(w, "groups", json_incref(json_object_get(r->plan, "groups")));
}
