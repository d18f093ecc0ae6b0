/* SPDX-License-Identifier: MIT */
/*
 * native-pool: one Python call that runs all jobs by the C host's own thread pool, dispenser, worker and transport (the
 * same source files), with the GIL released from the first thread's start to the last one's end.
 */
#ifndef BRIDGE_NATIVE_POOL_H
#define BRIDGE_NATIVE_POOL_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>

#include "cobench/task.h"

/* One call of native.Task.pool(), which its State keeps: what it has found can be read while it runs. */
struct pool_call;

/*
 * native.Task.pool(state, slots, workers, request_timeout_ns, gate_read, gate_write, pause_read, pause_write, scheduled,
 * stack_size, cold, service, connections): `args` are the twelve behind the state.
 *
 *   slots               a writable buffer (the mapped slots file), header included
 *   workers             threads, 1..jobs
 *   request_timeout_ns  of one request
 *   gate_read, _write   descriptors of --gate, -1 for none
 *   pause_read, _write  likewise of --end-pause
 *   scheduled           true: an open loop, each slot's due_ns is how long after the gate its job arrives
 *   stack_size, cold    the knobs of these names (host/knobs.h)
 *   service             the URL of the service that the task's ask needs, a str that outlives the call, or None
 *   connections         fewer than the workers, that they share; 0: each has its own
 *
 * NULL with an exception where the arguments are wrong or memory is short.
 */
struct pool_call *native_pool_new(const struct cobench_open *how, void *state, PyObject *const *args);
void native_pool_free(struct pool_call *call);

/* Runs all jobs, once. The GIL is released meanwhile. */
void native_pool_run(struct pool_call *call);

/* Whether it is over, or has never begun. */
bool native_pool_ended(const struct pool_call *call);

/*
 * A dict: code (0, or a negative errno when the pool could not go on), reason (str), limit (bool: a limit of this
 * machine), ready_ns, ready_cpu_ns and work_ns (0: not yet), connections, and failures, a list of (job or None, worker, type, message,
 * line or None). At any time; what is not known before the end is 0 or empty until then.
 */
PyObject *native_pool_found(const struct pool_call *call);

#endif
