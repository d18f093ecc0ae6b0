/* SPDX-License-Identifier: MIT */
/* Refusing values in one way. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include "bench/cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/plan/plan.h"
#include "bench/report/terminal.h"
#include "common/num.h"

enum { WIDTH_LEAST = 80, WIDTH_MOST = 1000 };

/* What the parser of a command and those of all have as their input. */
struct common {
    void *input;
    struct options_print *print; /* NULL: none */
    struct error *err;
};

enum { KEY_MARGIN = 1024, KEY_FORMAT, KEY_WIDTH };
static const struct argp_option print_table[] = {
    {"margin", KEY_MARGIN, "P%", 0, "A difference smaller than this is none, in place of the runs' own, 0%..90%", 0},
    {"format", KEY_FORMAT, "FORMAT", 0, "What to print: terminal (default), md, adoc, csv or json", 0},
    {"width", KEY_WIDTH, "N", 0, "Columns of the text, 80..1000 (default: the terminal's own, or 80)", 0},
    {0},
};

static error_t take_width(struct error *err, const char *text, int *out)
{
    int64_t width = 0;
    if (num_parse_i64(text, WIDTH_LEAST, WIDTH_MOST, &width) != 0)
        return options_refuse(err, "--width", text, "must be an integer in 80..1000");
    *out = (int)width;
    return 0;
}

static error_t parse_print(int key, char *text, struct argp_state *state)
{
    struct common *common = state->input;
    switch (key) {
    case KEY_MARGIN:
        return options_percent(common->err, "--margin", text, (const double[]){0, MARGIN_MAX}, &common->print->margin);
    case KEY_FORMAT:
        common->print->format = writer_find(text);
        return common->print->format != NULL
                   ? 0
                   : options_refuse(common->err, "--format", text, "must be terminal, md, adoc, csv or json");
    case KEY_WIDTH:
        return take_width(common->err, text, &common->print->width);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Above the command's own parser and that of struct options_print. */
static error_t parse_common(int key, char *text, struct argp_state *state)
{
    struct common *common = state->input;
    (void)text;
    if (key == ARGP_KEY_INIT) {
        state->child_inputs[0] = common->input;
        if (common->print != NULL)
            state->child_inputs[1] = common;
        return 0;
    }
    if (key != 'h')
        return ARGP_ERR_UNKNOWN;
    argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    return 0;
}

static int parse(const struct argp *argp, int argc, char **argv, struct common *common)
{
    static const struct argp_option help_table[] = {{NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0}, {0}};
    const bool with_margin = common->print != NULL && common->print->with_margin;
    const struct argp own = {.options = argp->options, .parser = argp->parser};
    const struct argp print = {.options = with_margin ? print_table : print_table + 1, .parser = parse_print};
    const struct argp_child children[] = {{&own, 0, NULL, 0}, {common->print != NULL ? &print : NULL, 0, NULL, 0}, {0}};
    const struct argp all = {help_table, parse_common, argp->args_doc, argp->doc, children, NULL, NULL};
    common->err->text[0] = '\0';
    const int rc = argp_parse(&all, argc, argv, 0, NULL, common);
    if (rc != 0 && common->err->text[0] == '\0')
        error_set(common->err, -rc, "%s", strerror(rc));
    return -rc;
}

int options_parse(const struct argp *argp, int argc, char **argv, void *input, struct error *err)
{
    return parse(argp, argc, argv, &(struct common){input, NULL, err});
}

int options_parse_print(const struct argp *argp, int argc, char **argv, void *input, struct options_print *print,
                        struct error *err)
{
    print->format = &format_terminal;
    print->margin = -1;
    return parse(argp, argc, argv, &(struct common){input, print, err});
}

struct writer options_writer(const struct options_print *print, const char *only)
{
    return (struct writer){.format = print->format,
                           .out = stdout,
                           .width = print->width != 0 ? print->width : terminal_columns(),
                           .colour = terminal_has_colour(),
                           .only = only};
}

int options_print_end(int rc, struct error *err)
{
    if (rc != 0)
        return error_set(err, rc, "the table cannot be made: %s", strerror(-rc));
    return fflush(stdout) == 0 ? 0 : error_set(err, -errno, "the table cannot be printed: %s", strerror(errno));
}

error_t options_refuse(struct error *err, const char *option, const char *value, const char *why)
{
    error_set(err, -EINVAL, "%s '%.200s': %s", option, value, why);
    return EINVAL;
}

error_t options_word(struct error *err, const char *option, const char *text, const char *const *words, size_t *out)
{
    char why[256] = "must be";
    size_t used = strlen(why);
    for (size_t i = 0; words[i] != NULL && used < sizeof why; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return 0;
        }
        used += (size_t)snprintf(why + used, sizeof why - used, "%s%s",
                                 i == 0                 ? " "
                                 : words[i + 1] == NULL ? " or "
                                                        : ", ",
                                 words[i]);
    }
    return options_refuse(err, option, text, why);
}

error_t options_percent(struct error *err, const char *option, const char *text, const double range[2], double *out)
{
    char why[80];
    if (num_parse_percent(text, range[0], range[1], out) == 0)
        return 0;
    snprintf(why, sizeof why, "must be a percentage from %g%% to %g%%", 100 * range[0], 100 * range[1]);
    return options_refuse(err, option, text, why);
}

error_t options_argument(struct error *err, const char *text, const char **out)
{
    if (out == NULL)
        return options_refuse(err, "argument", text, "there are options only");
    if (*out != NULL)
        return options_refuse(err, "a second argument", text, "one at a time");
    *out = text;
    return 0;
}

int options_status(int rc)
{
    if (rc == 0)
        return 0;
    return rc == -ENOENT || rc == -ENOTDIR || rc == -EPROTO || rc == -EINVAL ? 2 : rc == -ENOSYS ? 77 : 1;
}
