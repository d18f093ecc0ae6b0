/* SPDX-License-Identifier: MIT */
/* Interpreters with locks of their own, with the settings of concurrent.interpreters and InterpreterPoolExecutor. */
#include "bridge/isolated.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/error.h"

#if PY_VERSION_HEX >= 0x030C0000

int isolated_check(struct cobench_error *err)
{
    /* By asyncio, which a coroutine's job imports: the process aborts. */
    static const char *const aborting[] = {"3.12.0", "3.12.1"};
    const char *version = Py_GetVersion(); /* of the library that is there, not of the headers */
    const size_t length = strcspn(version, " +");
    for (size_t i = 0; i < sizeof aborting / sizeof *aborting; i++)
        if (strlen(aborting[i]) == length && strncmp(aborting[i], version, length) == 0)
            return error_fill(err, -ENOSYS,
                              "CPython %s aborts in an interpreter with a lock of its own (3.12.2 and later do not)",
                              aborting[i]);
    return 0;
}

int isolated_start(PyInterpreterState *main, PyThreadState **out, struct cobench_error *err)
{
    const PyInterpreterConfig config = {
        .allow_threads = 1,
        .check_multi_interp_extensions = 1,
        .gil = PyInterpreterConfig_OWN_GIL,
    };
    PyThreadState *made = NULL, *before = PyThreadState_New(main);
    if (before == NULL)
        return -ENOMEM;
    PyEval_RestoreThread(before);
    const PyStatus status = Py_NewInterpreterFromConfig(&made, &config);
    if (!PyStatus_Exception(status))
        PyThreadState_Swap(before);
    PyThreadState_Clear(before);
    PyThreadState_DeleteCurrent();
    if (PyStatus_Exception(status)) {
        snprintf(err->type, sizeof err->type, "PyStatus");
        return error_fill(err, -EPROTO, "an interpreter does not start: %s",
                          status.err_msg != NULL ? status.err_msg : "no reason given");
    }
    PyEval_RestoreThread(made);
    *out = made;
    return 0;
}

void isolated_end(PyThreadState *thread) { Py_EndInterpreter(thread); }

#else

int isolated_check(struct cobench_error *err)
{
    return error_fill(err, -ENOSYS,
                      "CPython 3.12 or later is needed for interpreters with locks of their own; this is " PY_VERSION);
}

int isolated_start(PyInterpreterState *main, PyThreadState **out, struct cobench_error *err)
{
    (void)main, (void)out;
    return isolated_check(err);
}

void isolated_end(PyThreadState *thread) { (void)thread; }

#endif
