/* SPDX-License-Identifier: MIT */
/* `statistics [SECTION...]`: runs the sections named, or all. Status 1 where a figure is short, 2 for a section
 * that there is none of. The seed is fixed, so that simulated figures are the same every time. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/validate/validate.h"

static const struct section {
    const char *name, *about;
    section_run *run;
} sections[] = {
    {"intervals", "simulated: does the signed-rank interval of the log ratio hold its pseudo-median?",
     section_intervals},
    {"medians", "simulated: does the order-statistic interval hold the median?", section_medians},
    {"series", "simulated: are a drift and a cold first round found, and nothing else?", section_series},
    {"verdicts", "simulated: how often does a column of identical variants hold a wrong verdict?", section_verdicts},
    {"stopping", "simulated: does it still hold where --precision decided on the rounds?", section_stopping},
    {"sharing", "simulated: and where a budget was shared out?", section_sharing},
    {"gate", "simulated: how slow must a cell be for `cobench compare --fail-if-slower` to find it?", section_gate},
};

void figure_print(struct validation *v, struct figure figure, const char *text, ...)
{
    const double trials = (double)figure.trials, share = (double)figure.hits / trials;
    const bool asked = figure.least > 0 || figure.most < 1, holds = share >= figure.least && share <= figure.most;
    va_list args;
    v->shorts += asked && !holds;
    printf("%s  ", !asked ? "     " : holds ? "PASS " : "SHORT");
    va_start(args, text);
    vprintf(text, args);
    va_end(args);
    printf(": %.1f%% +- %.1f%%", 100 * share, 100 * sqrt(share * (1 - share) / trials));
    if (figure.least > 0)
        printf(" (at least %.3g%%)", 100 * figure.least);
    if (figure.most < 1)
        printf(" (at most %.3g%%)", 100 * figure.most);
    printf(" of %zu\n", figure.trials);
    fflush(stdout);
}

static bool is_asked(const char *name, int count, char **names)
{
    bool found = count == 0;
    for (int i = 0; i < count; i++)
        found |= strcmp(names[i], name) == 0;
    return found;
}

int main(int argc, char **argv)
{
    struct validation v = {.seed = 20, .trials = 20000};
    int run = 0;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (!is_asked(sections[i].name, argc - 1, argv + 1))
            continue;
        printf("\n== %s: %s\n", sections[i].name, sections[i].about);
        fflush(stdout);
        sections[i].run(&v);
        run++;
    }
    if (run == 0 || run < argc - 1) {
        fprintf(stderr, "usage: %s [SECTION...]; a section is not there\n", argv[0]);
        return 2;
    }
    printf("\n%zu figure%s short\n", v.shorts, v.shorts == 1 ? " is" : "s are");
    return v.shorts > 0 ? 1 : 0;
}
