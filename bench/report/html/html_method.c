/* SPDX-License-Identifier: MIT */
/* The end of the page: how it was measured, the groups, the facts of the machine, and the commands that make it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/format.h"
#include "bench/report/html/html.h"
#include "bench/report/html/html_writer.h"
#include "bench/report/reproduce.h"
#include "bench/util/escape.h"
#include "bench/util/text.h"

enum { TABLES = 2000 }; /* the tables' numbers are ids, and others come before */

/* -- how it was measured ---------------------------------------------------------------------------------------------- */

static const char *const method[][2] = {
    {"Rounds",
     "a round runs every cell of a task once, in a fresh seeded random order, each as a command of its own under "
     "hyperfine, so that the machine's drift meets all of them alike"},
    {"Whole, work, CPU",
     "whole is the command from start to exit; work is from the opening of the gate, when pools are up "
     "and warm, to the end of the last job; CPU is user and system with children. All are medians"},
    {"Memory",
     "the most that all processes of the command together had (PSS), seen every few milliseconds and at the last "
     "job's end, in a run of its own; ≥ where the work was over before anybody looked"},
    {"Speedups",
     "baseline / variant, above 1 is faster: the pseudo-median over paired rounds with its exact 95% signed-rank "
     "interval. The own sync is the same runtime's, one job after another: what the model "
     "buys. " SUMMARY_BASELINE_RUNTIME ":sync is everybody's: what language and model buy together"},
    {"Checked", "every job's result of every sample, against the other language's sync"},
    {"Beats its sync from",
     "as a whole command, from so many jobs on, by the medians of what starting, ending and the work "
     "cost"},
    {"Findings",
     "the fastest variant is the one with the least median work time, of whole commands where some work took "
     "under 5 ms. One that paired rounds do not show to be slower is named beside it"},
};

enum group_column { GROUP_NAME, GROUP_TASK, GROUP_KIND, GROUP_PARAMS, GROUP_SHAPE };

static void read_group(const void *row, int which, struct table_value *out)
{
    const struct plan_group *group = row;
    char *text = which == GROUP_PARAMS ? format_params(group) : which == GROUP_SHAPE ? format_shape(group) : NULL;
    if (text != NULL)
        table_set_format(out, "%s", text);
    else
        table_set_text(out, which == GROUP_NAME ? group->name : which == GROUP_TASK ? group->task : group->kind);
    free(text);
}

static void write_method(struct writer *w, const struct results *r)
{
    static const struct table_column columns[] = {
        {NULL, "Name", UNIT_TEXT, false, 0, read_group, GROUP_NAME},
        {NULL, "Task", UNIT_TEXT, false, 0, read_group, GROUP_TASK},
        {NULL, "Kind", UNIT_TEXT, false, 0, read_group, GROUP_KIND},
        {NULL, "Parameters", UNIT_TEXT, false, 0, read_group, GROUP_PARAMS},
        {NULL, "Jobs and workers", UNIT_TEXT, false, 0, read_group, GROUP_SHAPE},
    };
    const struct table table = {.title = "The tasks as they were run.",
                                .columns = columns,
                                .column_count = sizeof columns / sizeof *columns,
                                .rows = r->groups,
                                .row_size = sizeof *r->groups,
                                .row_count = r->group_count};
    char verdicts[300];
    html_section(w->out, "method", "How it was measured");
    for (size_t i = 0; i < sizeof method / sizeof *method; i++)
        write_item(w, method[i][0], method[i][1]);
    snprintf(
        verdicts, sizeof verdicts,
        "▲ faster and ▼ slower: the interval clears 1 by %.3g%%, and the p-value, adjusted by Holm over the column, is "
        "below 5%%. = no difference shown. ? doubtful: the finding above and the last column have the reason",
        100 * r->margin);
    write_item(w, "Verdicts", verdicts);
    write_table(w, &table);
    fputs("</section>\n", w->out);
}

/* -- the machine ------------------------------------------------------------------------------------------------------ */

/* Name and value in turn; those of an object within stand under "hosts.c.compiler". */
static int take_facts(struct string_list *out, const char *within, const json_t *facts)
{
    const char *key;
    json_t *value;
    int rc = 0;
    json_object_foreach((json_t *)facts, key, value)
    {
        char *name = text_format("%s%s%s", within, *within == '\0' ? "" : ".", key);
        char *text = json_is_string(value) ? text_format("%s", json_string_value(value))
                     : json_is_null(value) ? text_format("unknown")
                                           : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
        if (rc == 0)
            rc = name == NULL || text == NULL ? -ENOMEM : 0;
        if (rc == 0 && json_is_object(value))
            rc = take_facts(out, name, value);
        else if (rc == 0 && (rc = string_list_add(out, name)) == 0)
            rc = string_list_add(out, text);
        free(text);
        free(name);
    }
    return rc;
}

static void read_fact(const void *row, int which, struct table_value *out)
{
    table_set_text(out, ((char *const *)row)[which]);
}

static int write_machine(struct writer *w, const struct results *r)
{
    static const struct table_column columns[] = {{NULL, "Fact", UNIT_TEXT, false, 0, read_fact, 0},
                                                  {NULL, "Value", UNIT_TEXT, false, 0, read_fact, 1}};
    struct string_list facts = {NULL, 0};
    const int rc = take_facts(&facts, "", r->machine);
    const struct table table = {.title = "The facts of machine.json; what could not be found out is \"unknown\".",
                                .columns = columns,
                                .column_count = 2,
                                .rows = facts.items,
                                .row_size = 2 * sizeof *facts.items,
                                .row_count = facts.count / 2};
    html_section(w->out, "machine", "The machine");
    fputs("<details>\n<summary>All that was found out about it</summary>\n", w->out);
    write_table(w, &table);
    fputs("</details>\n</section>\n", w->out);
    string_list_free(&facts);
    return rc;
}

/* -- the commands ----------------------------------------------------------------------------------------------------- */

static int put_commands(const struct results *r, FILE *out)
{
    const char *commit = json_string_value(json_object_get(r->machine, "git_commit"));
    char *line = reproduce_command(r);
    html_section(out, "again", "Make it again");
    fputs("<p>Tables, pictures and this page, from the folder it stands in:</p>\n"
          "<pre tabindex=\"0\"><code>build/cobench report --plots FOLDER</code></pre>\n"
          "<p>The whole run once more, in a checkout",
          out);
    if (commit != NULL && strcmp(commit, "unknown") != 0) {
        fputs(" of commit ", out);
        html_put(out, commit);
    }
    fputs(":</p>\n<pre tabindex=\"0\"><code>", out);
    html_put(out, line == NULL ? "" : line);
    fputs("\n</code></pre>\n</section>\n", out);
    free(line);
    return line == NULL ? -ENOMEM : 0;
}

int render_html_method(const struct page *page, FILE *out)
{
    const struct results *r = page->summary->results;
    struct writer w = html_writer(out);
    w.tables = TABLES;
    write_method(&w, r);
    const int rc = write_machine(&w, r);
    return rc != 0 ? rc : put_commands(r, out);
}
