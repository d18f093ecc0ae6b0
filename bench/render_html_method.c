/* SPDX-License-Identifier: MIT */
/* The end of the page: how it was measured, the groups, the facts of the machine, and the commands that make it again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/format.h"
#include "bench/html.h"
#include "bench/render_html.h"

/* -- how it was measured ------------------------------------------------------------------------------------------------------ */

static void put_words(const struct results *r, FILE *out)
{
    fputs("<dl>\n<dt>Rounds</dt><dd>A round runs every cell of a task once, in a fresh seeded random order, each as a command of its "
          "own under hyperfine, so that the machine's drift meets all of them alike.</dd>\n"
          "<dt>Whole, work, CPU</dt><dd>Whole is the command from start to exit; work is from the opening of the gate, when pools are "
          "up and warm, to the end of the last job; CPU is user and system with children. All three are medians.</dd>\n"
          "<dt>Memory</dt><dd>The most that all processes of the command together had (PSS), seen every few milliseconds and at the "
          "last job's end, in a run of its own; ≥ where the work was over before anybody looked.</dd>\n"
          "<dt>Speedups</dt><dd>Baseline / variant, above 1 is faster: the pseudo-median over paired rounds with its exact 95% "
          "signed-rank interval. The own sync is the same runtime's, one job after another: what the model buys. " SUMMARY_BASELINE_RUNTIME
          ":sync is everybody's: what language and model buy together.</dd>\n", out);
    fprintf(out, "<dt>Verdicts</dt><dd>▲ faster and ▼ slower: the interval clears 1 by %.3g%%, and the p-value, adjusted by Holm over the "
            "column, is below 5%%. = no difference shown. ? unresolved: over 10%% either way, or too few rounds for so many "
            "ratios.</dd>\n", 100 * r->margin);
    fputs("<dt>Checked</dt><dd>Every job's result of every sample, against the other language's sync.</dd>\n"
          "<dt>Beats its sync from</dt><dd>As a whole command, from so many jobs on, by the medians of what starting, ending and the "
          "work cost.</dd>\n"
          "<dt>Findings</dt><dd>The fastest variant is the one with the least median work time, of whole commands where some work took "
          "under 5 ms. One that paired rounds do not show to be slower is named beside it.</dd>\n</dl>\n", out);
}

static int put_groups(const struct results *r, FILE *out)
{
    int code = 0;
    html_table_begin(out, "tasks", "", "The tasks as they were run.");
    fputs("<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Task</th><th scope=\"col\">Kind</th><th scope=\"col\">Parameters</th>"
          "<th scope=\"col\">Jobs and workers</th></tr></thead>\n<tbody>\n", out);
    for (size_t g = 0; g < r->group_count && code == 0; g++) {
        const struct result_group *group = &r->groups[g];
        char *params = format_params(group), *shape = format_shape(group);
        code = params == NULL || shape == NULL ? -ENOMEM : 0;
        const char *const columns[] = {group->task, group->kind, params == NULL ? "" : params, shape == NULL ? "" : shape};
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
    return code;
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
    int code = 0;
    json_object_foreach((json_t *)facts, key, value)
    {
        char *name = text_format("%s%s%s", within, *within == '\0' ? "" : ".", key);
        if (code == 0)
            code = name == NULL ? -ENOMEM : put_fact(out, name, value);
        free(name);
    }
    return code;
}

static int put_machine(const struct results *r, FILE *out)
{
    fputs("<section aria-labelledby=\"machine\">\n<h2 id=\"machine\">The machine</h2>\n<details>\n<summary>All that was found out "
          "about it</summary>\n", out);
    html_table_begin(out, "facts", "facts", "The facts of machine.json; what could not be found out is \"unknown\".");
    fputs("<thead><tr><th scope=\"col\">Fact</th><th scope=\"col\">Value</th></tr></thead>\n<tbody>\n", out);
    const int code = put_facts(out, "", r->machine);
    fputs("</tbody>\n", out);
    html_table_end(out);
    fputs("</details>\n</section>\n", out);
    return code;
}

/* -- the commands ------------------------------------------------------------------------------------------------------------- */

/* "c,py": what a group's variants have of something, each once, in the order of the plan. */
static char *listed(const struct results *r, size_t group, bool models)
{
    struct words words = {NULL, 0};
    int code = 0;
    for (size_t i = 0; i < r->cell_count && code == 0; i++) {
        const struct result_cell *cell = &r->cells[i];
        const char *name = models ? cell->model : cell->runtime;
        if (cell->group == group && cell->role == ROLE_MODEL && !words_have(&words, name))
            code = words_add(&words, name);
    }
    char *text = code == 0 && words.count > 0 ? words_join(&words, ",") : NULL;
    words_free(&words);
    return text;
}

static int add_params(struct words *command, const struct result_group *group)
{
    const char *key;
    json_t *value;
    int code = 0;
    json_object_foreach((json_t *)group->params, key, value)
        if (code == 0 && json_is_string(value)) {
            code = words_add(command, "--set");
            if (code == 0)
                code = words_addf(command, "%s=%s", key, json_string_value(value));
        }
    return code;
}

/* The words as a line for a shell. */
static int put_command(const struct words *command, FILE *out)
{
    char *line = words_quote(command);
    if (line == NULL)
        return -ENOMEM;
    html_put(out, line);
    fputc('\n', out);
    free(line);
    return 0;
}

/* One group alone: the same cells, so the same commands. */
static int put_group_command(const struct results *r, size_t g, FILE *out)
{
    const struct result_group *group = &r->groups[g];
    char *runtimes = listed(r, g, false), *models = listed(r, g, true);
    struct words command = {NULL, 0};
    int code = runtimes == NULL || models == NULL ? -ENOMEM : 0;
    const char *const fixed[] = {"build/cobench", "run", "--task", group->task};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed && code == 0; i++)
        code = words_add(&command, fixed[i]);
    if (code == 0)
        code = add_params(&command, group);
    const struct {
        const char *option;
        char *value;
    } options[] = {
        {"--runtime", runtimes != NULL ? text_format("%s", runtimes) : NULL},
        {"--model", models != NULL ? text_format("%s", models) : NULL},
        {"--jobs", text_format("%lld", (long long)group->jobs)},
        {"--workers", text_format("%lld", (long long)group->workers)},
        {"--rounds", text_format("%lld", (long long)r->rounds)},
        {"--seed", text_format("%lld", (long long)r->seed)},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (code == 0)
            code = options[i].value == NULL ? -ENOMEM : words_add(&command, options[i].option);
        if (code == 0)
            code = words_add(&command, options[i].value);
        free(options[i].value);
    }
    if (code == 0)
        code = put_command(&command, out);
    words_free(&command);
    free(models);
    free(runtimes);
    return code;
}

/* Is there a variant of the group to ask for? */
static bool has_cells(const struct results *r, size_t group)
{
    for (size_t i = 0; i < r->cell_count; i++)
        if (r->cells[i].group == group && r->cells[i].role == ROLE_MODEL)
            return true;
    return false;
}

static int put_again(const struct results *r, FILE *out)
{
    const char *commit = json_string_value(json_object_get(r->machine, "git_commit"));
    int code = 0;
    fputs("<section aria-labelledby=\"again\">\n<h2 id=\"again\">Make it again</h2>\n<p>Tables, pictures and this page, from the "
          "folder it stands in:</p>\n<pre tabindex=\"0\"><code>build/cobench report --plots FOLDER</code></pre>\n<p>The same cells once "
          "more, a task at a time (the whole of a suite: <code>build/cobench run --suite NAME</code>), in a checkout", out);
    if (commit != NULL && strcmp(commit, "unknown") != 0) {
        fputs(" of commit ", out);
        html_put(out, commit);
    }
    fputs(":</p>\n<pre tabindex=\"0\"><code>", out);
    for (size_t g = 0; g < r->group_count && code == 0; g++)
        if (has_cells(r, g))
            code = put_group_command(r, g, out);
    fputs("</code></pre>\n</section>\n", out);
    return code;
}

int render_html_method(const struct page *page, FILE *out)
{
    const struct results *r = page->summary->results;
    fputs("<section aria-labelledby=\"method\">\n<h2 id=\"method\">How it was measured</h2>\n", out);
    put_words(r, out);
    int code = put_groups(r, out);
    fputs("</section>\n", out);
    if (code == 0)
        code = put_machine(r, out);
    return code != 0 ? code : put_again(r, out);
}
