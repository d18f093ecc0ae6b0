/* SPDX-License-Identifier: MIT */
/* Claims beside measurements: one table per source for people, one of all for programs. */
#ifndef BENCH_REPORT_CLAIMS_H
#define BENCH_REPORT_CLAIMS_H

#include "bench/analysis/claims.h"
#include "bench/report/writer.h"

/* Writes claims that were judged, under a heading of `level`, into a document that goes on. */
void write_claims(struct writer *w, int level, const struct claims *claims);
/* As a document of its own; `what` points at a struct claims. */
void render_claims_markdown(const void *what, FILE *out);
void render_claims_json(const void *what, FILE *out);

#endif
