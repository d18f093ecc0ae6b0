/* SPDX-License-Identifier: MIT */
/*
 * A user's bare C function as a task: FILE.so:SYMBOL. It is called with the job's number,
 *
 *     uint64_t symbol(uint64_t job);
 *
 * or, where there is a file of inputs, with one of its lines: job i with line i mod n. Its line feed is not among the
 * `length` bytes; a NUL stands in its place. Anything but 0 is the job's failure.
 *
 *     int symbol(const char *line, size_t length, uint64_t *result);
 */
#ifndef HOST_FUNCTION_H
#define HOST_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cobench/task.h"

/* Whether --task names a function, MODULE:NAME, FILE.py:NAME or FILE.so:SYMBOL, and not a path with a colon in it. */
bool function_is_one(const char *task);
/* Its name: what stands behind the colon. */
const char *function_name(const char *task);
/* Whether the file it is in ends like that. */
bool function_is_in(const char *task, const char *suffix);

/* The lines of a file. */
struct inputs {
    char *text;
    struct inputs_line {
        const char *text; /* ends with a NUL */
        size_t length;
    } * lines;
    size_t count; /* at least 1 */
};

/* 0, or a negative errno with the reason in err. */
int inputs_open(struct inputs *inputs, const char *path, struct cobench_error *err);
void inputs_close(struct inputs *inputs);
/* How many jobs a function has where nobody says: one for each line, of NULL eight. */
uint64_t inputs_jobs(const struct inputs *inputs);

/* Opens a shared object; a file that is missing or of another sort is told from one that does not load. */
int library_open(const char *path, void **handle, struct cobench_error *err);

struct function;

/*
 * A command as a task: the program and its arguments, in whose words {job} stands for the job's number and {input} for its
 * line. The host waits for it (transport.h); the result is the digest of what it printed.
 */
struct command_words {
    const char *const *words; /* NULL behind them; outlive the task */
    const char *directory;    /* where it runs; NULL: where the host does */
    const char *inputs;       /* the path of a file; NULL: none */
};
int command_open(const struct command_words *how, struct function **out, struct cobench_error *err);

/* Loads FILE.so:SYMBOL. `inputs`: the path of a file; NULL: none. 0, or a negative errno with the reason in err. */
int function_open(const char *task, const char *inputs, struct function **out, struct cobench_error *err);
const struct cobench_task *function_task(const struct function *function);
void function_close(struct function *function);

#endif
