/* SPDX-License-Identifier: MIT */
/* Versions for machine.json: of tools, of the libraries the hosts load, of the sources. What cannot be found out is
 * "unknown"; a tool that is missing is "none". */
#ifndef BENCH_MACHINE_VERSIONS_H
#define BENCH_MACHINE_VERSIONS_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/machine/hosts.h"
#include "bench/util/error.h"

/* Adds "gnuplot", "git_commit", "git_dirty", by running them. 0, -EINTR where the driver was told to stop, or another
 * negative errno where it cannot go on. */
int versions_of_tools(const struct hosts_source *source, json_t *facts, struct error *err);
/* Adds "libcurl", "tls" and what there is to say of CPython, from what the hosts say of themselves. Pure. */
void versions_of_hosts(const struct catalog *catalog, json_t *facts);

/* Pure: the version and the TLS library from a text like "libcurl/7.88.1 OpenSSL/3.0.19 zlib/1.2.13"; "none" where it
 * names no TLS library. False: it is no such text, or one of them is too long. */
bool versions_parse_curl(const char *text, char version[64], char tls[64]);

#endif
