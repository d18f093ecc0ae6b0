/* SPDX-License-Identifier: MIT */
/* A shared object that is no task. */
extern const int cobench_nothing;
const int cobench_nothing = 0;
