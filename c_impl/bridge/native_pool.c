/* SPDX-License-Identifier: MIT */
/* The C host's thread pool behind one Python call. The task is open already, by Python; the transport is opened here. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "bridge/native_pool.h"

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "host/clients.h"
#include "host/dispenser.h"
#include "host/end_pause.h"
#include "host/error.h"
#include "host/join.h"
#include "host/models.h"
#include "host/plugin.h"
#include "host/run.h"
#include "host/shared_state.h"
#include "host/transport.h"

struct pool_call {
    struct run run;
    struct end_pause end_pause;
    struct dispenser dispenser;
    struct join join; /* of run.join */
    void *transport_handle;
    const char *service; /* the URL of that of the task's ask; NULL: it needs none */
    Py_buffer buffer;    /* behind run.slots, while the call runs */
    bool scheduled;      /* an open loop: the slots hold the schedule */
    atomic_bool ended;   /* from here on the rest is known, and work_ns */
    int rc;
    struct cobench_error error;
};

static int transport_prepare(struct pool_call *call)
{
    struct run *run = &call->run;
    if (run->task->asks <= COBENCH_ASK_DELAY || run->join)
        return 0;
    int rc = transport_load(run->task->asks, CLIENT_DEFAULT, &run->transport, &call->transport_handle, &call->error);
    if (rc != 0)
        return rc;
    const struct transport_options options = {
        .timeout_ns = run->request_timeout_ns, .connections = &run->shared->connections, .service = call->service};
    rc = run->transport->open(&options, &run->transport_state, &call->error);
    if (rc != 0)
        run->transport = NULL;
    return rc;
}

/* Everything that needs no GIL. */
static void pool_work(struct pool_call *call)
{
    struct run *run = &call->run;
    if (call->scheduled)
        dispenser_schedule(&call->dispenser, run->shared, run->slots, run->jobs);
    else
        dispenser_counter(&call->dispenser, run->shared, run->jobs);
    run->dispenser = &call->dispenser;
    if (run->task->asks == COBENCH_ASK_JOBS) { /* who waits for whom is in the slots, for the Python host to watch */
        run->join = &call->join;
        call->rc = join_open(run->join, JOIN_BLOCK, run->workers, run->shared, run->slots, run->jobs, &call->error);
    }
    if (call->rc == 0)
        call->rc = transport_prepare(call);
    if (call->rc == 0 && run->connections > 0)
        call->rc = clients_open(run, &run->clients, &call->error);
    if (call->rc == 0)
        call->rc = model_thread_pool.run(run, &call->error);
    if (call->rc == 0)
        run_account(run);
    clients_close(run->clients);
    if (run->transport != NULL)
        run->transport->close(run->transport_state);
    plugin_unload(call->transport_handle);
    if (run->join)
        join_close(run->join);
    if (call->rc != 0)
        error_complete(&call->error, call->rc);
}

static PyObject *text_new(const char *text, size_t size)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strnlen(text, size), "replace");
}

static PyObject *failure_new(const struct failure *failure)
{
    const struct cobench_error *error = &failure->error;
    PyObject *job = failure->job == FAILURE_NO_JOB ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(failure->job);
    PyObject *kind = text_new(error->type, sizeof error->type);
    PyObject *message = text_new(error->message, sizeof error->message);
    PyObject *line = error->line > 0 ? PyLong_FromLong(error->line) : Py_NewRef(Py_None);
    PyObject *row = NULL;
    if (job != NULL && kind != NULL && message != NULL && line != NULL)
        row = Py_BuildValue("(OiOOO)", job, (int)failure->worker, kind, message, line);
    Py_XDECREF(line);
    Py_XDECREF(message);
    Py_XDECREF(kind);
    Py_XDECREF(job);
    return row;
}

static PyObject *failures_new(const struct shared_state *shared)
{
    struct failure failures[FAILURES_MAX];
    const unsigned count = shared_state_failures(shared, failures);
    PyObject *list = PyList_New(0);
    for (unsigned i = 0; list != NULL && i < count; i++) {
        PyObject *row = failure_new(&failures[i]);
        if (row == NULL || PyList_Append(list, row) != 0)
            Py_CLEAR(list);
        Py_XDECREF(row);
    }
    return list;
}

PyObject *native_pool_found(const struct pool_call *call)
{
    const struct run *run = &call->run;
    const bool ended = atomic_load(&call->ended);
    const int rc = ended ? call->rc : 0;
    PyObject *failures = failures_new(run->shared);
    PyObject *reason = rc != 0 ? text_new(call->error.message, sizeof call->error.message) : PyUnicode_FromString("");
    PyObject *result = NULL;
    if (failures != NULL && reason != NULL)
        result = Py_BuildValue("{s:i, s:O, s:O, s:L, s:L, s:L, s:K, s:O}", "code", rc, "reason", reason, "limit",
                               rc != 0 && error_is_limit(rc) ? Py_True : Py_False, "ready_ns", (long long)run->ready_ns,
                               "ready_cpu_ns", (long long)(run->ready_ns != 0 ? run->ready_cpu_ns : 0), "work_ns",
                               (long long)(ended ? run->work_ns : 0), "connections",
                               (unsigned long long)run->shared->connections, "failures", failures);
    Py_XDECREF(reason);
    Py_XDECREF(failures);
    return result;
}

/* The slots behind the header of a buffer; NULL with an exception where it is no slots file of so many jobs. */
static struct slot *slots_find(const Py_buffer *buffer, uint64_t jobs)
{
    const struct slots_header *header = buffer->buf;
    if ((size_t)buffer->len < SLOTS_HEADER_BYTES || (uintptr_t)buffer->buf % sizeof(uint64_t) != 0 ||
        memcmp(header->magic, SLOTS_MAGIC, sizeof header->magic) != 0 || header->version != SLOTS_VERSION ||
        header->jobs != jobs || ((size_t)buffer->len - SLOTS_HEADER_BYTES) / sizeof(struct slot) < jobs) {
        PyErr_SetString(PyExc_ValueError, "the buffer is no slots file for these jobs");
        return NULL;
    }
    return (struct slot *)((char *)buffer->buf + SLOTS_HEADER_BYTES);
}

static int descriptor_read(PyObject *given, int *out)
{
    const long number = PyLong_AsLong(given);
    if (number == -1 && PyErr_Occurred())
        return -1;
    if (number < -1 || number > INT_MAX) {
        PyErr_Format(PyExc_ValueError, "%ld is no descriptor", number);
        return -1;
    }
    *out = (int)number;
    return 0;
}

/* workers, request_timeout_ns, the descriptors, and behind them the knobs. -1 with an exception. */
static int numbers_read(struct pool_call *call, PyObject *const *args)
{
    struct run *run = &call->run;
    int *const descriptors[] = {&run->gate_read, &run->gate_write, &call->end_pause.read, &call->end_pause.write};
    const unsigned long long workers = PyLong_AsUnsignedLongLong(args[0]);
    if (PyErr_Occurred())
        return -1;
    run->request_timeout_ns = PyLong_AsLongLong(args[1]);
    if (PyErr_Occurred())
        return -1;
    if (workers < 1 || workers > run->jobs) {
        PyErr_Format(PyExc_ValueError, "%llu workers: must be 1..%llu", workers, (unsigned long long)run->jobs);
        return -1;
    }
    if (run->request_timeout_ns < 1) {
        PyErr_SetString(PyExc_ValueError, "request_timeout_ns must be at least 1");
        return -1;
    }
    run->workers = (unsigned)workers; /* no more than jobs, of which there are fewer than that */
    for (size_t i = 0; i < sizeof descriptors / sizeof *descriptors; i++)
        if (descriptor_read(args[2 + i], descriptors[i]) != 0)
            return -1;
    run->end_pause = call->end_pause.read >= 0 ? &call->end_pause : NULL;
    run->knobs.stack_size = PyLong_AsLongLong(args[7]);
    run->knobs.cold = PyObject_IsTrue(args[8]) == 1;
    call->service = args[9] == Py_None ? NULL : PyUnicode_AsUTF8(args[9]);
    run->connections = (unsigned)PyLong_AsUnsignedLong(args[10]);
    return PyErr_Occurred() ? -1 : 0;
}

struct pool_call *native_pool_new(const struct cobench_open *how, void *state, PyObject *const *args)
{
    struct pool_call *call = PyMem_Calloc(1, sizeof *call);
    if (call == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    struct run *run = &call->run;
    *run = (struct run){.task = how->task, .values = how->values, .jobs = how->jobs, .state = state};
    atomic_init(&call->ended, true); /* until it begins */
    error_clear(&call->error);
    const int scheduled = PyObject_IsTrue(args[7]);
    if (scheduled < 0)
        goto failed;
    call->scheduled = scheduled != 0;
    if (numbers_read(call, args + 1) != 0 || PyObject_GetBuffer(args[0], &call->buffer, PyBUF_WRITABLE) != 0)
        goto failed;
    run->slots = slots_find(&call->buffer, how->jobs);
    if (run->slots == NULL)
        goto failed;
    if (shared_state_open(&run->shared) != 0) {
        PyErr_NoMemory();
        goto failed;
    }
    atomic_store(&call->ended, false);
    return call;
failed:
    native_pool_free(call);
    return NULL;
}

void native_pool_run(struct pool_call *call)
{
    Py_BEGIN_ALLOW_THREADS pool_work(call);
    Py_END_ALLOW_THREADS PyBuffer_Release(&call->buffer);
    atomic_store(&call->ended, true);
}

bool native_pool_ended(const struct pool_call *call) { return atomic_load(&call->ended); }

void native_pool_free(struct pool_call *call)
{
    if (call == NULL)
        return;
    PyBuffer_Release(&call->buffer); /* of nothing, once it has run */
    shared_state_close(call->run.shared);
    PyMem_Free(call);
}
