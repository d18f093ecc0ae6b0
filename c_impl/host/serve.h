/* SPDX-License-Identifier: MIT */
/* The command `serve`: the task behind an HTTP server (docs/interfaces.md). Prints, and returns the exit status. */
#ifndef HOST_SERVE_H
#define HOST_SERVE_H

int serve_command(const char *program, int argc, char **argv);

#endif
