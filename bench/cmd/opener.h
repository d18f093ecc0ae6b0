/* SPDX-License-Identifier: MIT */
/* Shows a file to whoever sits at the machine. */
#ifndef BENCH_CMD_OPENER_H
#define BENCH_CMD_OPENER_H

#include <stdbool.h>

/*
 * Opens a file by $BROWSER (a program's path, or words quoted as in a shell; "%s" stands for the file's URL, which is else
 * put last), or by xdg-open, without a shell. False: there is no such program here, or it failed within a few seconds. A
 * program that goes on is left to itself where there is a display; without one it is waited for, for it has the terminal.
 */
bool opener_open(const char *path);

#endif
