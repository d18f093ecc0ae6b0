/* SPDX-License-Identifier: MIT */
/* The end of the page: how it was measured, the groups, the facts of the machine, and the commands that make it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report/reproduce.h"
#include "bench/report/format.h"
#include "bench/util/escape.h"
#include "bench/report/html/html.h"

/* -- how it was measured ------------------------------------------------------------------------------------------------------ */

static void put_words(const struct results *r, FILE *out)
{
    fputs("<dl>\n<dt>Rounds</dt><dd>A round runs every cell of a task once, in a fresh seeded random order, each as a "
          "command of its "
          "own under hyperfine, so that the machine's drift meets all of them alike.</dd>\n"
          "<dt>Whole, work, CPU</dt><dd>Whole is the command from start to exit; work is from the opening of the gate, "
          "when pools are "
          "up and warm, to the end of the last job; CPU is user and system with children. All three are medians.</dd>\n"
          "<dt>Memory</dt><dd>The most that all processes of the command together had (PSS), seen every few "
          "milliseconds and at the "
          "last job's end, in a run of its own; ≥ where the work was over before anybody looked.</dd>\n"
          "<dt>Speedups</dt><dd>Baseline / variant, above 1 is faster: the pseudo-median over paired rounds with its "
          "exact 95% "
          "signed-rank interval. The own sync is the same runtime's, one job after another: what the model "
          "buys. " SUMMARY_BASELINE_RUNTIME ":sync is everybody's: what language and model buy together.</dd>\n",
          out);
    fprintf(out,
            "<dt>Verdicts</dt><dd>▲ faster and ▼ slower: the interval clears 1 by %.3g%%, and the p-value, adjusted by "
            "Holm over the "
            "column, is below 5%%. = no difference shown. ? doubtful: the finding above and the last column have the "
            "reason.</dd>\n",
            100 * r->margin);
    fputs("<dt>Checked</dt><dd>Every job's result of every sample, against the other language's sync.</dd>\n"
          "<dt>Beats its sync from</dt><dd>As a whole command, from so many jobs on, by the medians of what starting, "
          "ending and the "
          "work cost.</dd>\n"
          "<dt>Findings</dt><dd>The fastest variant is the one with the least median work time, of whole commands "
          "where some work took "
          "under 5 ms. One that paired rounds do not show to be slower is named beside it.</dd>\n</dl>\n",
          out);
}

static int put_groups(const struct results *r, FILE *out)
{
    int rc = 0;
    html_table_begin(out, "tasks", "", "The tasks as they were run.");
    fputs("<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Task</th><th scope=\"col\">Kind</th><th "
          "scope=\"col\">Parameters</th>"
          "<th scope=\"col\">Jobs and workers</th></tr></thead>\n<tbody>\n",
          out);
    for (size_t g = 0; g < r->group_count && rc == 0; g++) {
        const struct plan_group *group = &r->groups[g];
        char *params = format_params(group), *shape = format_shape(group);
        rc = params == NULL || shape == NULL ? -ENOMEM : 0;
        const char *const columns[] = {group->task, group->kind, params == NULL ? "" : params,
                                       shape == NULL ? "" : shape};
        fputs("<tr><th scope=\"row\">", out);
        html_put(out, group->name);
        fputs("</th>", out);
        for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
            html_put_in(out, "td", columns[i]);
        fputs("</tr>\n", out);
        free(shape);
        free(params);
    }
    fputs("</tbody>\n", out);
    html_table_end(out);
    return rc;
}

/* -- the machine -------------------------------------------------------------------------------------------------------------- */

static int put_facts(FILE *out, const char *within, const json_t *facts);

/* One row a fact; those of an object within stand under "hosts.c.compiler". */
static int put_fact(FILE *out, const char *name, const json_t *value)
{
    if (json_is_object(value))
        return put_facts(out, name, value);
    char *text = json_is_string(value) ? text_format("%s", json_string_value(value))
                                       : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    if (text == NULL)
        return -ENOMEM;
    fputs("<tr><th scope=\"row\">", out);
    html_put(out, name);
    fputs("</th><td>", out);
    html_put(out, json_is_null(value) ? "unknown" : text);
    fputs("</td></tr>\n", out);
    free(text);
    return 0;
}

static int put_facts(FILE *out, const char *within, const json_t *facts)
{
    const char *key;
    json_t *value;
    int rc = 0;
    json_object_foreach((json_t *)facts, key, value)
    {
        char *name = text_format("%s%s%s", within, *within == '\0' ? "" : ".", key);
        if (rc == 0)
            rc = name == NULL ? -ENOMEM : put_fact(out, name, value);
        free(name);
    }
    return rc;
}

static int put_machine(const struct results *r, FILE *out)
{
    fputs("<section aria-labelledby=\"machine\">\n<h2 id=\"machine\">The machine</h2>\n<details>\n<summary>All that "
          "was found out "
          "about it</summary>\n",
          out);
    html_table_begin(out, "facts", "facts", "The facts of machine.json; what could not be found out is \"unknown\".");
    fputs("<thead><tr><th scope=\"col\">Fact</th><th scope=\"col\">Value</th></tr></thead>\n<tbody>\n", out);
    const int rc = put_facts(out, "", r->machine);
    fputs("</tbody>\n", out);
    html_table_end(out);
    fputs("</details>\n</section>\n", out);
    return rc;
}

/* -- the commands ------------------------------------------------------------------------------------------------------------- */

static int put_again(const struct results *r, FILE *out)
{
    const char *commit = json_string_value(json_object_get(r->machine, "git_commit"));
    char *line = reproduce_command(r);
    fputs("<section aria-labelledby=\"again\">\n<h2 id=\"again\">Make it again</h2>\n<p>Tables, pictures and this "
          "page, from the "
          "folder it stands in:</p>\n<pre tabindex=\"0\"><code>build/cobench report --plots "
          "FOLDER</code></pre>\n<p>The whole run once "
          "more, in a checkout",
          out);
    if (commit != NULL && strcmp(commit, "unknown") != 0) {
        fputs(" of commit ", out);
        html_put(out, commit);
    }
    fputs(":</p>\n<pre tabindex=\"0\"><code>", out);
    html_put(out, line == NULL ? "" : line);
    fputc('\n', out);
    fputs("</code></pre>\n</section>\n", out);
    const int rc = line == NULL ? -ENOMEM : 0;
    free(line);
    return rc;
}

int render_html_method(const struct page *page, FILE *out)
{
    const struct results *r = page->summary->results;
    fputs("<section aria-labelledby=\"method\">\n<h2 id=\"method\">How it was measured</h2>\n", out);
    put_words(r, out);
    int rc = put_groups(r, out);
    fputs("</section>\n", out);
    if (rc == 0)
        rc = put_machine(r, out);
    return rc != 0 ? rc : put_again(r, out);
}
