/* SPDX-License-Identifier: MIT */
/* What argp leaves to be wished for. */
#ifndef BENCH_CMD_OPTIONS_H
#define BENCH_CMD_OPTIONS_H

#include <argp.h>

#include "bench/util/error.h"

/*
 * Before argp_parse, whose own complaints are two lines and name no option there is: -EINVAL where an option is neither in
 * the table (which ends with a row of zeros) nor one that argp adds, could be several, lacks its value or has one that it
 * does not take; err then says so. A beginning of a name counts, as it does for argp. argv[0] is "cobench run" and so on.
 */
int options_check(const struct argp_option *table, int argc, char *const *argv, struct error *err);

#endif
