/* SPDX-License-Identifier: MIT */
/* Every table of a run. */
#ifndef TESTS_FUZZ_RENDER_ALL_H
#define TESTS_FUZZ_RENDER_ALL_H

#include "bench/store/results.h"

/* Makes the summary and all that is printed from it, and looks at each: the JSON is JSON, the CSV has a line for each
 * cell of the plan, the terminal's table holds no control character but its line feeds, and no two
 * pictures share a file's name. */
void render_all(const struct results *results);

#endif
