/* SPDX-License-Identifier: MIT */
/*
 * `HOST agent FIRST COUNT DIR WORD...`: what a launcher starts on another host (host/remote.h, py_impl/remote.py). Told
 * to, it starts the command WORD... in DIR, once for each of the workers FIRST..FIRST+COUNT-1 where `{worker}` stands in a word, else once;
 * `{first}` and `{count}` are filled in, too. COBENCH_BUILD is the folder of this executable.
 *
 * On stdin come bytes, AGENT_CLOCK for a line "clock NS" on stdout, CLOCK_MONOTONIC here, and once AGENT_START. A line "ended WORKER STATUS"
 * says that a command has ended; 128 + N stands for signal N. At the end of stdin, by which whoever launched it is gone, at SIGTERM, SIGINT
 * or SIGHUP, and when all commands have ended, it ends what is left of them with their process groups, and itself.
 */
#ifndef HOST_AGENT_H
#define HOST_AGENT_H

#define AGENT_CLOCK '?'
#define AGENT_START 's'

/* argv[0] is the word `agent`. The exit status: 0, 1 (a command did not end with 0), 2 (usage). */
int agent_run(const char *program, int argc, char **argv);

#endif
