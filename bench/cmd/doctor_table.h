/* SPDX-License-Identifier: MIT */
/* The findings of the doctor as a table, and what follows from them. */
#ifndef BENCH_CMD_DOCTOR_TABLE_H
#define BENCH_CMD_DOCTOR_TABLE_H

#include "bench/machine/doctor.h"
#include "bench/report/writer.h"

/* To the writer's end. `whole`: say also whether a run is possible; `facts` as of machine.json. 0 or -ENOMEM. */
int doctor_write(const struct doctor *d, bool whole, json_t *facts, struct writer *w);

#endif
