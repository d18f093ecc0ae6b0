/* SPDX-License-Identifier: MIT */
/* What `cobench doctor` shows: one line per finding, or JSON. `whole`: also whether a run is possible. */
#ifndef BENCH_REPORT_DOCTOR_H
#define BENCH_REPORT_DOCTOR_H

#include "bench/machine/doctor.h"
#include "bench/report/screen.h"

/* 0 or -ENOMEM. */
int doctor_print(const struct doctor *d, bool whole, const struct screen *screen);
/* New; NULL: no memory. `facts` (machine.json's) go in. */
json_t *doctor_json(const struct doctor *d, bool whole, json_t *facts);

#endif
