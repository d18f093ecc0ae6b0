/* SPDX-License-Identifier: MIT */
/* The page from its head to its end; its pictures are in html_pictures.c. */
#include "bench/report/html/html.h"

#include <stdlib.h>
#include <string.h>

#include "bench/report/document.h"
#include "bench/report/findings.h"
#include "bench/report/format.h"
#include "bench/report/html/page_text.h"
#include "bench/util/escape.h"
#include "bench/util/json.h"

/* No request can leave the page, whatever is in it. */
#define POLICY                                                                                                    \
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; base-uri 'none'; " \
    "form-action 'none'"

static void put_head(const struct results *r, FILE *out)
{
    char *title = head_title(r), *machine = head_machine(r);
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    html_put(out, r->suite);
    fputs(", cobench</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>\n", out);
    fputs(page_css, out);
    fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the findings</a>\n<header>\n<h1>Which ", out);
    fputs(results_serve(r) ? "server" : "concurrency model", out);
    fputs(" should carry this work, and what does each one cost?</h1>\n<p>Suite ", out);
    html_put(out, title);
    fputs(".</p>\n<p class=\"faint\">Measured on ", out);
    html_put(out, machine);
    fputs(".</p>\n</header>\n", out);
    free(machine);
    free(title);
}

/* What the page has beside what every page has. */
static void put_contents(const struct page *page, FILE *out)
{
    fputs("<nav aria-label=\"On this page\">\n<ul>\n"
          "<li><a href=\"#findings\">Findings</a></li>\n",
          out);
    if (page->picture_count > 0)
        fputs("<li><a href=\"#pictures\">Pictures</a></li>\n", out);
    fputs("<li><a href=\"#all-numbers\">Numbers</a></li>\n", out);
    if (page->claims != NULL)
        fputs("<li><a href=\"#claims\">Claims</a></li>\n", out);
    fputs("<li><a href=\"#method\">How it was measured</a></li>\n<li><a href=\"#machine\">The machine</a></li>\n"
          "<li><a href=\"#again\">Make it again</a></li>\n</ul>\n</nav>\n",
          out);
}

/* -- the findings ----------------------------------------------------------------------------------------------------- */

static void put_warnings(const struct summary *summary, struct writer *w)
{
    struct warnings warnings;
    warnings_make(&warnings, summary);
    if (warnings.count > 0)
        html_section(w->out, "warnings", "What was wrong with this run");
    for (size_t i = 0; i < warnings.count; i++)
        write_item(w, warning_title(warnings.items[i].kind), warnings.items[i].text);
    fputs(warnings.count > 0 ? "</section>\n" : "", w->out);
    warnings_free(&warnings);
}

static void put_line(const struct findings_line *line, FILE *out)
{
    fputs("<li>", out);
    html_put_in(out, "strong", line->name);
    fputs(": ", out);
    for (size_t i = 0; i < line->said.count; i++) {
        fputs(i == 0 ? "" : i == line->brief ? " <span class=\"faint\">" : " ", out);
        html_put(out, line->said.items[i]);
        fputc('.', out);
    }
    fputs(line->said.count > line->brief ? "</span>" : "", out);
}

/* Each in the list, the points of a sweep folded below its own sentence. */
static void put_findings(const struct summary *summary, FILE *out)
{
    struct findings findings;
    findings_make(&findings, summary);
    html_section(out, "findings", "Findings");
    fputs("<ul class=\"findings\">\n", out);
    for (size_t i = 0; i < findings.count; i++) {
        const bool point = findings.items[i].point, more = i + 1 < findings.count && findings.items[i + 1].point;
        put_line(&findings.items[i], out);
        fputs(more && !point   ? "\n<details>\n<summary>Its points</summary>\n<ul>\n"
              : point && !more ? "</li>\n</ul>\n</details>\n</li>\n"
                               : "</li>\n",
              out);
    }
    fputs("</ul>\n</section>\n", out);
    findings_free(&findings);
}

/* -- the numbers ------------------------------------------------------------------------------------------------------ */

static void put_numbers(const struct summary *summary, struct writer *w)
{
    html_section(w->out, "all-numbers", "Numbers");
    fputs(
        "<form id=\"filter\" hidden><label>Only rows with <input type=\"search\" placeholder=\"fetch async\"></label> "
        "<output></output></form>\n",
        w->out);
    cells_write(summary, NULL, (results_compare(summary->results) ? CELLS_SPEEDUP : CELLS_COST) | CELLS_ALL, w);
    cells_write(summary, NULL, CELLS_LATENCY | CELLS_ALL, w);
    document_write_checks(summary, NULL, w);
    serving_write(summary, w);
    shared_state_write(summary, w);
    document_write_hosts(summary, w);
    document_write_scaling(summary, w);
    marginal_cost_write(summary, w);
    ladder_write(summary, w);
    document_write_legend(w);
    fputs("</section>\n", w->out);
}

/* -- how it was measured ---------------------------------------------------------------------------------------------- */

static const char *const method[][2] = {
    {"Rounds",
     "a round runs every cell of a task once, in a fresh seeded random order, each as a command of its own under "
     "hyperfine, so that the machine's drift meets all of them alike; of a budget the later rounds run only the cells "
     "that need them, with their baselines"},
    {"Checks",
     "every job's result of every sample is compared with that of the other language's sync; where there is none to "
     "compare with, the cell is marked"},
    {"Beats its sync from",
     "as a whole command, from so many jobs on, by the medians of what starting, ending and the work "
     "cost"},
    {"Findings",
     "the fastest variant is the one with the least median work time, of whole commands where some work took "
     "under 5 ms. Of those that paired rounds do not show to be slower by 5% the simplest is taken, the others are "
     "named "
     "beside it"},
};
static const char *const method_of_servers[][2] = {
    {"Rounds",
     "a round starts every server of a group once, in a fresh seeded random order, loads it, first for all it can take "
     "and then at shares of that, and ends it"},
    {"Checks",
     "every answer is compared with what the job answered before, and the results with those of the other language's "
     "sync"},
    {"Findings",
     "the fastest server is the one with the most answers a second at saturation, by the median of the rounds; those "
     "that paired rounds do not show to be slower are named beside it"},
};

static void write_method(struct writer *w, const struct results *r)
{
    char margin[100], digits[TEXT_NUMBER_SIZE];
    html_section(w->out, "method", "How it was measured");
    const bool serve = results_serve(r);
    const char *const(*said)[2] = serve ? method_of_servers : method;
    const size_t count = serve ? sizeof method_of_servers / sizeof *method_of_servers : sizeof method / sizeof *method;
    for (size_t i = 0; i < count; i++)
        write_item(w, said[i][0], said[i][1]);
    snprintf(margin, sizeof margin, "a difference of up to %s%% either way counts as none",
             text_number(digits, 100 * r->margin));
    write_item(w, "Margin", margin);
    for (size_t i = 0; i < r->group_count; i++) {
        char *text = format_group(&r->groups[i]);
        write_item(w, "Task", text);
        free(text);
    }
    fputs("</section>\n", w->out);
}

/* -- the machine ------------------------------------------------------------------------------------------------------ */

static void put_machine(const struct results *r, FILE *out)
{
    const char *key;
    json_t *value;
    html_section(out, "machine", "The machine");
    fputs("<details>\n<summary>All that was found out about it</summary>\n<pre tabindex=\"0\"><code>", out);
    json_object_foreach(r->machine, key, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
        html_put(out, key);
        fputs(": ", out);
        html_put(out, text);
        fputc('\n', out);
        free(text);
    }
    fputs("</code></pre>\n</details>\n</section>\n", out);
}

/* -- the commands ----------------------------------------------------------------------------------------------------- */

/* A line for a shell; of a run whose command line is not known (plan.json keeps it) a comment that says so. */
static char *command_line(const struct results *r)
{
    const json_t *argv = json_object_get(r->plan, "argv"), *word;
    struct string_list command = {NULL, 0};
    size_t i;
    if (!json_is_array(argv))
        return text_format("# unknown: this run does not keep its command line");
    string_list_add(&command, "build/cobench");
    const char *name = json_string_value(json_object_get(r->plan, "command"));
    string_list_add(&command, name != NULL ? name : "run");
    json_array_foreach(argv, i, word) if (json_is_string(word)) string_list_add(&command, json_string_value(word));
    char *line = string_list_quote(&command);
    string_list_free(&command);
    return line;
}

static void put_commands(const struct results *r, FILE *out)
{
    const char *commit = json_string_value(json_object_get(r->machine, "git_commit"));
    char *line = command_line(r);
    html_section(out, "again", "Make it again");
    fputs("<p>Tables, pictures and this page, from the folder it stands in:</p>\n"
          "<pre tabindex=\"0\"><code>build/cobench report --plots FOLDER</code></pre>\n"
          "<p>The whole run once more, in a checkout",
          out);
    if (commit != NULL && strcmp(commit, FACT_UNKNOWN) != 0) {
        fputs(" of commit ", out);
        html_put(out, commit);
    }
    fputs(":</p>\n<pre tabindex=\"0\"><code>", out);
    html_put(out, line);
    fputs("\n</code></pre>\n</section>\n", out);
    free(line);
}

/* -- the whole -------------------------------------------------------------------------------------------------------- */

void render_html(const void *what, FILE *out)
{
    const struct page *page = what;
    const struct results *r = page->summary->results;
    struct writer w = {.format = &format_html, .out = out};
    put_head(r, out);
    put_contents(page, out);
    fputs("<main id=\"main\" tabindex=\"-1\">\n", out);
    put_findings(page->summary, out);
    put_warnings(page->summary, &w);
    html_put_pictures(page, out);
    put_numbers(page->summary, &w);
    if (page->claims != NULL) {
        fputs("<section id=\"claims\">\n", out);
        write_claims(&w, 2, page->claims);
        fputs("</section>\n", out);
    }
    write_method(&w, r);
    put_machine(r, out);
    put_commands(r, out);
    fputs("</main>\n<footer>\n<p class=\"faint\">Made by cobench from the files beside this page; "
          "<code>summary.json</code> has every number in full.</p>\n</footer>\n<script>\n",
          out);
    fputs(page_js, out);
    fputs("</script>\n</body>\n</html>\n", out);
}
