/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. A target is one file fuzz_NAME.c that hands libFuzzer's bytes to a parser and states with
 * FUZZ_MUST what has to hold of whatever it makes of them. */
#ifndef TESTS_FUZZ_SUPPORT_H
#define TESTS_FUZZ_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

#include "bench/plan/stopping.h"

/* Ends the program with the condition's text where it does not hold: libFuzzer keeps the input. */
#define FUZZ_MUST(condition) ((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))

/* libFuzzer's entry; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

/* The bytes with a NUL behind them, to be freed. The allocation is exact, so that reading past its end is seen. */
char *fuzz_text(const uint8_t *data, size_t size);

/* One line without a control character. */
void fuzz_check_printable(const char *text);

/* What every refusal has to be: a negative errno and one line of at least one printable character. */
void fuzz_check_refusal(int rc, const char *text);

/* The numbers of rounds and so on that were asked for, of which none has to be. */
void fuzz_check_stopping(const struct stopping *asked);

/* A command line made of the lines of the input. argv[0] is `program`, at most FUZZ_ARGC_MAX words follow, a NULL ends
 * it. Each word is an allocation of its own. */
enum { FUZZ_ARGC_MAX = 200 };
struct fuzz_argv {
    int argc;
    char *argv[FUZZ_ARGC_MAX + 2];
};
void fuzz_argv_split(struct fuzz_argv *out, const char *program, const uint8_t *data, size_t size);
void fuzz_argv_free(struct fuzz_argv *argv);

/* Where the second part of an input begins: behind its first line that is "===". `size` where there is no such line.
 * *first gets the length of the part before it. */
size_t fuzz_second_part(const uint8_t *data, size_t size, size_t *first);

#endif
