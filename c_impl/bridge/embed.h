/* SPDX-License-Identifier: MIT */
/*
 * The embed bridge: a C task whose `request` and `run` call a Python task through libpython. It holds no GIL between
 * calls and keeps one thread state a worker; PyGILState is never used, for it knows one interpreter only.
 *
 * The interpreter is started by `open` of the task and ended by `close`. Under fork it is started once in the parent and
 * carried into the children by CPython's own hooks; under spawn each worker process opens, and so starts, its own.
 */
#ifndef BRIDGE_EMBED_H
#define BRIDGE_EMBED_H

#include "cobench/task.h"
#include "host/runtime.h"

/* Which Python task a bridged cobench_task stands for: what its `self` points to. */
struct embed_source {
    const char *name; /* a task of py_impl/tasks, a file's path or a function; as py_impl.catalog.load takes it */
    const char *root; /* the folder that holds py_impl/ */
    const char *path, *inputs; /* of a function: where to look for its module, and what it is called with; or NULL */
    double switch_interval_s;  /* sys.setswitchinterval of each interpreter; 0: as it starts */
};

/* The bridged task: kind, asks, defaults and parameters of `counterpart`, functions of the bridge, `source` as its self. Both
 * are borrowed and must outlive it. */
struct cobench_task embed_task(const struct cobench_task *counterpart, const struct embed_source *source);

/* Reads the interpreter's facts, with the thread state of the thread that opened; NULL: what can be told without one. */
void embed_python(void *state, struct runtime_python *out);

/* The interpreter's version, library and executable, for the list. */
const struct runtime_fact *embed_facts(void);

#endif
