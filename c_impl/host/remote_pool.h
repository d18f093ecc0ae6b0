/* SPDX-License-Identifier: MIT */
/* process-pool with --hosts: all its workers are on other hosts (host/remote.h), where they serve this host's queue. */
#ifndef HOST_REMOTE_POOL_H
#define HOST_REMOTE_POOL_H

#include "host/run.h"

/* A model's run (models.h), for a run that has a placement and a dispenser with a queue. */
int remote_pool_run(struct run *run, struct cobench_error *err);

#endif
