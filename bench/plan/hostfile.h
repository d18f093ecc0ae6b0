/* SPDX-License-Identifier: MIT */
/* What --hosts and --launcher say, settled: the plan has both as the hosts get them, so that a run goes on as it began. */
#ifndef BENCH_PLAN_HOSTFILE_H
#define BENCH_PLAN_HOSTFILE_H

#include "bench/util/error.h"

/*
 * *hosts: "a:2,b:4", or a file with a host on each line ("a", "a:2" or "a slots=2", as Open MPI's hostfiles have it; what
 * is behind a # is none), becomes the former. *launcher (NULL: "ssh {host}"): a launcher without {host} in it gets what ssh,
 * srun and mpirun need to start one command on one host. NULL hosts: nothing was said. -EINVAL with err naming what is wrong.
 */
int hostfile_settle(char **hosts, char **launcher, struct error *err);

#endif
