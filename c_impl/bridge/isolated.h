/* SPDX-License-Identifier: MIT */
/*
 * An interpreter with a lock of its own (PEP 684): CPython 3.12 and later. Modules that are not made for it do not load there
 * (ImportError), and some that say they are end the process all the same.
 */
#ifndef BRIDGE_ISOLATED_H
#define BRIDGE_ISOLATED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "cobench/task.h"

/* Whether this libpython can have one: 0, or -ENOSYS with the reason in err. Needs no interpreter. */
int isolated_check(struct cobench_error *err);

/*
 * Starts one in the calling thread, which has no thread state yet, and is attached to it on return. `main`: the main interpreter.
 * By one thread at a time, as is isolated_end: CPython is not made to start or end two at once.
 */
int isolated_start(PyInterpreterState *main, PyThreadState **out, struct cobench_error *err);

/* Ends it, in the same thread, attached; `thread` is its only thread state. Waits for threads that a task has started there. */
void isolated_end(PyThreadState *thread);

#endif
