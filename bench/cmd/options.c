/* SPDX-License-Identifier: MIT */
/* Refusing values in one way. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include "bench/cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/num.h"

enum { WIDTH_LEAST = 80, WIDTH_MOST = 1000 };

static error_t on_help(int key, char *text, struct argp_state *state)
{
    (void)text;
    if (key != 'h')
        return ARGP_ERR_UNKNOWN;
    argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    return 0;
}

int options_parse(const struct argp *argp, int argc, char **argv, void *input, struct error *err)
{
    static const struct argp_option help_table[] = {{NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0}, {0}};
    static const struct argp help = {.options = help_table, .parser = on_help};
    const struct argp_child children[] = {{&help, 0, NULL, 0}, {0}};
    struct argp with_help = *argp;
    with_help.children = children;
    err->text[0] = '\0';
    const int rc = argp_parse(&with_help, argc, argv, 0, NULL, input);
    if (rc != 0 && err->text[0] == '\0')
        error_set(err, -rc, "%s", strerror(rc));
    return -rc;
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

error_t options_width(struct error *err, const char *text, int *out)
{
    int64_t width = 0;
    if (num_parse_i64(text, WIDTH_LEAST, WIDTH_MOST, &width) != 0)
        return options_refuse(err, "--width", text, "must be an integer in 80..1000");
    *out = (int)width;
    return 0;
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
