/* SPDX-License-Identifier: MIT */
/* What the subcommands' options have in common. Parsers return at the first option they refuse: EINVAL, with err filled in. */
#ifndef BENCH_CMD_OPTIONS_H
#define BENCH_CMD_OPTIONS_H

#include <argp.h>

#include "bench/report/writer.h"
#include "bench/util/error.h"

/* What is printed and how, for commands that print a document: --margin, --format, --width. */
struct options_print {
    const struct writer_format *format; /* format_terminal where none is said */
    int width;                          /* 0: that of the terminal */
    double margin;                      /* below 0: not said */
    bool with_margin;                   /* to be set by the command that has it */
};
/* Of `only` what struct writer says: to standard output. */
struct writer options_writer(const struct options_print *print, const char *only);
/* Ends the document and the output; `rc` and err: what came before. */
int options_print_end(int rc, struct error *err);

/*
 * argp_parse, and -h. On options that it does not know, lack a value or have one too many argp itself ends the program with
 * status 2, on --help and --version with 0. 0, or -EINVAL with err filled in.
 */
int options_parse(const struct argp *argp, int argc, char **argv, void *input, struct error *err);
/* The same with the options of struct options_print. */
int options_parse_print(const struct argp *argp, int argc, char **argv, void *input, struct options_print *print,
                        struct error *err);

/* For parsers. */
error_t options_refuse(struct error *err, const char *option, const char *value, const char *why);
/* *out: the place of `text` among `words`, behind the last of which is a NULL. */
error_t options_word(struct error *err, const char *option, const char *text, const char *const *words, size_t *out);
error_t options_percent(struct error *err, const char *option, const char *text, const double range[2], double *out);
/* The one argument there may be; `out` is NULL where there may be none. */
error_t options_argument(struct error *err, const char *text, const char **out);

/* The exit status of a command that reads a run: 2 where that is none or usage is wrong, 77 where this machine lacks
 * something, else 1. */
int options_status(int rc);

#endif
