/* SPDX-License-Identifier: MIT */
/* argp without its own end of the program. A target linked with --wrap=argp_parse gets here instead: the real function
 * is called with the flags that forbid it to exit, to print and to add its own options (--help, and --HANG, which
 * sleeps). What users meet is the same code with argp's usual flags. */
#ifndef TESTS_FUZZ_ARGP_QUIET_H
#define TESTS_FUZZ_ARGP_QUIET_H

#include <argp.h>

/* These names are the linker's. */
error_t __real_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index, void *input);
error_t __wrap_argp_parse(const struct argp *argp, int argc, char **argv, unsigned flags, int *arg_index, void *input);

#define ARGP_QUIET (ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_NO_HELP)

#endif
