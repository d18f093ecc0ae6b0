/* SPDX-License-Identifier: MIT */
/*
 * The subcommands, one file each. Each parses its own arguments with argp (argv[0] is "cobench run" and so
 * on) and returns the exit status: 0, 1 (it ran and something failed), 2 (usage), 77 (not possible here), or 128 + the
 * signal that ended it. Where err->text is not empty, main prints it as "cobench: TEXT".
 */
#ifndef BENCH_CMD_COMMAND_H
#define BENCH_CMD_COMMAND_H

#include "bench/util/error.h"

int cmd_run(int argc, char **argv, struct error *err);
/* `run` for servers: the same session with options of its own. */
int cmd_serve_bench(int argc, char **argv, struct error *err);
int cmd_list(int argc, char **argv, struct error *err);
int cmd_report(int argc, char **argv, struct error *err);
int cmd_advise(int argc, char **argv, struct error *err);
int cmd_plot(int argc, char **argv, struct error *err);
int cmd_doctor(int argc, char **argv, struct error *err);
int cmd_new(int argc, char **argv, struct error *err);
int cmd_claims(int argc, char **argv, struct error *err);
int cmd_compare(int argc, char **argv, struct error *err);
/* Not for people: runs COPIES of a host command at once behind one gate; what the capacity row times. */
int cmd_copies(int argc, char **argv, struct error *err);
/* Nor this: says what machine it is on and what programs are there; what a run starts on each of its hosts. */
int cmd_node(int argc, char **argv, struct error *err);

#endif
