/* SPDX-License-Identifier: MIT */
/* Rounds for people and for programs. */
#include "bench/report/rounds.h"

#include <math.h>
#include <stdio.h>

#include "bench/analysis/summary.h"

/* The most rounds of any cell of the group. */
static int64_t group_rounds(const struct results *results, size_t group)
{
    size_t most = 0;
    for (size_t c = 0; c < results->cell_count; c++)
        if (results->cells[c].group == group && results->cells[c].count > most)
            most = results->cells[c].count;
    return (int64_t)most;
}

void rounds_text(const struct results *results, char *out, size_t room)
{
    int64_t least = results->rounds, most = results->rounds;
    char asked[160], to[32] = "";
    for (size_t g = 0; !results_fixed_rounds(results) && g < results->group_count; g++) {
        const int64_t rounds = group_rounds(results, g);
        least = rounds < least ? rounds : least;
        most = rounds > most ? rounds : most;
    }
    if (most > least)
        snprintf(to, sizeof to, " to %lld", (long long)most);
    int length = snprintf(out, room, "%lld%s round%s", (long long)least, to, most == 1 ? "" : "s");
    stopping_text(&results->asked, asked, sizeof asked);
    if (!results_fixed_rounds(results) && length >= 0 && (size_t)length < room)
        snprintf(out + length, room - (size_t)length, " (%s)", asked);
}

static json_t *asked_number(double x) { return x > 0 ? json_real(x) : json_null(); }

json_t *rounds_asked_json(const struct results *results)
{
    const struct stopping *asked = &results->asked;
    return json_pack("{so so so}", "rounds", asked->rounds > 0 ? json_integer(asked->rounds) : json_null(), "budget_s",
                     asked_number(asked->budget_s), "precision", asked_number(asked->precision));
}

json_t *rounds_stopping_json(const struct summary *summary)
{
    const struct results *results = summary->results;
    json_t *array = json_array();
    for (size_t g = 0; array != NULL && g < results->group_count; g++) {
        const double reached = precision_reached(summary, g);
        const bool whole = results_fixed_rounds(results) && !summary->interrupted;
        const char *why = results->groups[g].why != NULL ? results->groups[g].why : whole ? "rounds" : NULL;
        if (json_array_append_new(array, json_pack("{sI sI ss? so}", "group", (json_int_t)g, "rounds",
                                                   (json_int_t)group_rounds(results, g), "why", why, "half_width",
                                                   isfinite(reached) ? json_real(reached) : json_null())) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array;
}
