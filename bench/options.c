/* SPDX-License-Identifier: MIT */
/* Unknown options are refused with the names of those there are. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include "bench/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/text.h"

static const char *const from_argp[] = {"help", "usage"};

/* The row that `name` begins, NULL where there is none. */
static const struct argp_option *find(const struct argp_option *table, const char *name, size_t length)
{
    for (; table->name != NULL || table->key != 0; table++)
        if (table->name != NULL && strncmp(table->name, name, length) == 0)
            return table;
    return NULL;
}

static bool is_argps(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof from_argp / sizeof *from_argp; i++)
        if (strncmp(from_argp[i], name, length) == 0)
            return true;
    return false;
}

static int refuse(const struct argp_option *table, const char *command, const char *option, struct error *err)
{
    struct words known = {NULL, 0};
    int code = 0;
    for (; (table->name != NULL || table->key != 0) && code == 0; table++)
        if (table->name != NULL && (table->flags & OPTION_HIDDEN) == 0)
            code = words_addf(&known, "--%s", table->name);
    char *all = code == 0 ? words_join(&known, ", ") : NULL;
    const char *blank = strrchr(command, ' ');
    code = error_set(err, -EINVAL, "%s: unrecognized option '%.200s' (known: %s; --help tells more)",
                     blank != NULL ? blank + 1 : command, option, all != NULL ? all : "?");
    free(all);
    words_free(&known);
    return code;
}

int options_check(const struct argp_option *table, int argc, char *const *argv, struct error *err)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--", 2) != 0)
            continue;
        const char *name = argv[i] + 2;
        const size_t length = strcspn(name, "=");
        const struct argp_option *row = find(table, name, length);
        if (row == NULL && !is_argps(name, length))
            return refuse(table, argv[0], argv[i], err);
        if (row != NULL && row->arg != NULL && (row->flags & OPTION_ARG_OPTIONAL) == 0 && name[length] == '\0')
            i++; /* its value, whatever it looks like */
    }
    return 0;
}
