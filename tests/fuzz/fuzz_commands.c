/* SPDX-License-Identifier: MIT */
/* The command lines of the other subcommands: the first line of the input picks one, the rest are its words. Each gets
 * as far as argp: whatever that makes of the words, the command is then told that they were wrong, so it has to end
 * with status 2 and to have let go of what it holds. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <errno.h>
#include <string.h>

#include "argp_quiet.h"
#include "bench/cmd/command.h"
#include "support.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv, struct error *err);
} commands[] = {{"list", cmd_list},     {"report", cmd_report},   {"claims", cmd_claims}, {"plot", cmd_plot},
                {"doctor", cmd_doctor}, {"compare", cmd_compare}, {"advise", cmd_advise}, {"new", cmd_new}};

error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index, void *input)
{
    (void)__real_argp_parse(argp, argc, argv, flags | ARGP_QUIET, arg_index, input);
    return EINVAL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {.text = ""};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        const size_t length = strlen(commands[i].name);
        if (size <= length || memcmp(data, commands[i].name, length) != 0 || data[length] != '\n')
            continue;
        struct fuzz_argv line;
        fuzz_argv_split(&line, commands[i].name, data + length + 1, size - length - 1);
        FUZZ_MUST(commands[i].run(line.argc, line.argv, &err) == 2);
        if (err.text[0] != '\0')
            fuzz_check_refusal(-EINVAL, err.text);
        fuzz_argv_free(&line);
        return 0;
    }
    return 0;
}
