/* SPDX-License-Identifier: MIT */
/* What getopt would refuse in two lines of its own is refused in one, with the names of the options there are. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include "bench/cmd/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/util/text.h"

/* What argp adds to every table and understands itself. */
static const struct argp_option from_argp[] = {
    {"help", '?', NULL, 0, NULL, 0},
    {"usage", -1, NULL, 0, NULL, 0},
    {"program-name", -2, "NAME", OPTION_HIDDEN, NULL, 0},
    {"HANG", -3, "SECS", OPTION_ARG_OPTIONAL | OPTION_HIDDEN, NULL, 0},
    {0},
};

struct check {
    const struct argp_option *table;
    const char *command;
    struct error *err;
};

static bool is_row(const struct argp_option *row) { return row->name != NULL || row->key != 0; }

static bool needs_value(const struct argp_option *row)
{
    return row->arg != NULL && (row->flags & OPTION_ARG_OPTIONAL) == 0;
}

/* -- refusing --------------------------------------------------------------------------------------------------------- */

static int refuse_unknown(const struct check *c, const char *option)
{
    struct string_list known = {NULL, 0};
    int rc = 0;
    for (const struct argp_option *row = c->table; is_row(row) && rc == 0; row++)
        if (row->name != NULL && (row->flags & OPTION_HIDDEN) == 0)
            rc = string_list_addf(&known, "--%s", row->name);
    char *all = rc == 0 ? string_list_join(&known, ", ") : NULL;
    rc = error_set(c->err, -EINVAL, "%s: unrecognized option '%.200s' (known: %s; --help tells more)", c->command,
                   option, all != NULL ? all : "?");
    free(all);
    string_list_free(&known);
    return rc;
}

static int refuse_ambiguous(const struct check *c, const char *option, const struct string_list *names)
{
    char *all = string_list_join(names, ", ");
    const int rc = error_set(c->err, -EINVAL, "%s: option '%.200s' can be several: %s", c->command, option,
                             all != NULL ? all : "?");
    free(all);
    return rc;
}

/* -- looking ---------------------------------------------------------------------------------------------------------- */

/* Adds those of `table` that `name` begins. The row itself where it is one's whole name, else the last of them. */
static const struct argp_option *match(const struct argp_option *table, const char *name, size_t length,
                                       struct string_list *names, int *rc)
{
    const struct argp_option *found = NULL;
    for (; is_row(table) && *rc == 0; table++) {
        if (table->name == NULL || strncmp(table->name, name, length) != 0)
            continue;
        found = table;
        if (strlen(table->name) == length) {
            string_list_free(names);
            *rc = string_list_addf(names, "--%s", table->name);
            return found;
        }
        *rc = string_list_addf(names, "--%s", table->name);
    }
    return found;
}

/* "--name", "--name=value", or a beginning of it. *takes is the option whose value the next word is. */
static int check_long(const struct check *c, const char *word, const struct argp_option **takes)
{
    const char *name = word + 2;
    const size_t length = strcspn(name, "=");
    struct string_list names = {NULL, 0};
    int rc = 0;
    const struct argp_option *row = match(c->table, name, length, &names, &rc);
    if (row == NULL || strlen(row->name) != length) {
        const struct argp_option *other = match(from_argp, name, length, &names, &rc);
        row = other != NULL ? other : row;
    }
    if (rc != 0)
        error_set(c->err, rc, "out of memory");
    else if (row == NULL)
        rc = refuse_unknown(c, word);
    else if (names.count > 1)
        rc = refuse_ambiguous(c, word, &names);
    else if (row->arg == NULL && name[length] == '=')
        rc = error_set(c->err, -EINVAL, "%s: option '--%s' takes no value", c->command, row->name);
    if (rc == 0 && needs_value(row) && name[length] == '\0')
        *takes = row;
    string_list_free(&names);
    return rc;
}

static const struct argp_option *find_letter(const struct argp_option *table, char letter)
{
    for (; is_row(table); table++)
        if (table->key == letter)
            return table;
    return NULL;
}

/* "-q", "-qtDIR", "-qt DIR". */
static int check_letters(const struct check *c, const char *word, const struct argp_option **takes)
{
    for (const char *at = word + 1; *at != '\0'; at++) {
        const char option[] = {'-', *at, '\0'};
        const struct argp_option *row = find_letter(c->table, *at);
        if (row == NULL)
            row = find_letter(from_argp, *at);
        if (row == NULL)
            return refuse_unknown(c, option);
        if (row->arg != NULL) { /* what is left of the word is its value */
            *takes = needs_value(row) && at[1] == '\0' ? row : NULL;
            return 0;
        }
    }
    return 0;
}

int options_check(const struct argp_option *table, int argc, char *const *argv, struct error *err)
{
    const char *blank = strrchr(argv[0], ' ');
    const struct check c = {.table = table, .command = blank != NULL ? blank + 1 : argv[0], .err = err};
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const struct argp_option *takes = NULL;
        int rc = 0;
        if (strncmp(argv[i], "--", 2) == 0)
            rc = check_long(&c, argv[i], &takes);
        else if (argv[i][0] == '-')
            rc = check_letters(&c, argv[i], &takes);
        if (rc != 0)
            return rc;
        if (takes != NULL && i + 1 == argc)
            return error_set(err, -EINVAL, "%s: option '%.200s' needs a value: %s", c.command, argv[i], takes->arg);
        i += takes != NULL; /* its value, whatever it looks like */
    }
    return 0;
}
