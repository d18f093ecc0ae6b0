/* SPDX-License-Identifier: MIT */
/* Every table of a run. */
#ifndef TESTS_FUZZ_RENDER_ALL_H
#define TESTS_FUZZ_RENDER_ALL_H

#include "bench/report/writer.h"
#include "bench/store/results.h"

/* JSON is JSON, quotes of CSV are closed, the terminal's text holds no control character but line feeds. */
void check_written(const struct writer_format *format, const char *text, size_t length);

/* Makes the summary and all that is printed from it, and checks each. No two pictures share a file's name. */
void render_all(const struct results *results);

#endif
