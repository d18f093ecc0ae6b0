/* SPDX-License-Identifier: MIT */
/*
 * `native`: the Python extension module whose tasks are C tasks. native.Task(path) loads one; its methods are those of
 * a Python task module, so that the Python host's models run it without knowing. The GIL is released while the task's
 * C code runs.
 *
 * Nothing here is static: what the module needs hangs from its module state, so every interpreter has its own.
 *
 * Whatever Python passes in, C must not crash by it: objects are checked to belong together, a job to be one of the
 * run's, and nothing is closed while it is in use. What a process has opened only that process closes: a forked child
 * drops its copies without a call, as the contract has it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "bridge/native_pool.h"
#include "cobench/task.h"
#include "host/contract.h"
#include "host/error.h"
#include "host/function.h"
#include "host/params.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#if PY_VERSION_HEX < 0x030D0000 /* the GIL is what it stands for */
typedef char PyMutex;
#define PyMutex_Lock(mutex)   ((void)(mutex))
#define PyMutex_Unlock(mutex) ((void)(mutex))
#endif

struct module_state {
    PyObject *request_class; /* py_impl.contract.Request */
    PyObject *param_class;   /* py_impl.contract.Param */
    PyObject *audit_class;   /* py_impl.contract.Audit */
    PyObject *task_failed;   /* py_impl.contract.TaskFailed */
    PyTypeObject *task_type, *state_type, *worker_type;
    PyObject *status_name, *body_name; /* interned attribute names of a Reply */
    PyObject *empty;                   /* a tuple */
};

/* The chain Worker -> State -> Task -> its type -> module is what keeps the library loaded and the module's state
 * there. All three take part in garbage collection, as a Task kept in the module's own namespace closes a circle. */
struct task_object {
    PyObject_HEAD void *library; /* NULL: the task is a function's */
    struct function *function;   /* NULL: it is a plug-in's */
    const struct cobench_task *task;
    PyTypeObject *state_type, *worker_type; /* borrowed from the module, which the type keeps alive, as are these */
    struct module_state *module;
};

#define STATE_CLOSED (-1)

/* An open task: what open() returns, and the `state` of every other call. */
struct state_object {
    PyObject_HEAD struct task_object *owner;
    struct cobench_value *values; /* one for each parameter */
    size_t count;
    struct cobench_open how;
    void *state;
    pid_t pid;         /* that opened it */
    _Atomic int users; /* open workers, and calls of pool(); STATE_CLOSED: it is not open */
    PyObject *kept;    /* a dict: pointers that a request names for good (statements, a path) to what they are here */
    PyMutex placing;   /* held while `pool` is read or replaced: a critical section may be left in between */
    struct pool_call *pool; /* the last one; NULL: none yet */
};

enum { WORKER_IDLE, WORKER_BUSY, WORKER_CLOSED };

/* What run() needs comes first, gathered from state and task: a call of it has to be cheap. */
struct worker_object {
    PyObject_HEAD struct state_object *state;
    const struct task_object *owner; /* borrowed from the state */
    const struct cobench_task *task;
    void *task_state, *worker; /* as C knows them */
    uint64_t jobs;
    _Atomic int doing;    /* one of the above */
    bool may_ask;         /* for what has a reply */
    pid_t pid;            /* that opened it */
    unsigned long thread; /* likewise */
};

/* -- errors -------------------------------------------------------------------------------------------------------- */

static PyObject *text_new(const char *text, size_t size)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strnlen(text, size), "replace");
}

/* Raises py_impl.contract.TaskFailed(kind, message, line), from which the host makes its record. */
static PyObject *raise_task(const struct module_state *module, int rc, struct cobench_error *err)
{
    error_complete(err, rc);
    PyObject *kind = text_new(err->type, sizeof err->type);
    PyObject *message = text_new(err->message, sizeof err->message);
    PyObject *line = err->line > 0 ? PyLong_FromLong(err->line) : Py_NewRef(Py_None);
    PyObject *error = NULL;
    if (kind != NULL && message != NULL && line != NULL)
        error = PyObject_CallFunctionObjArgs(module->task_failed, kind, message, line, NULL);
    if (error != NULL)
        PyErr_SetObject(module->task_failed, error);
    Py_XDECREF(error);
    Py_XDECREF(line);
    Py_XDECREF(message);
    Py_XDECREF(kind);
    return NULL;
}

/* -- State: an open task ------------------------------------------------------------------------------------------- */

/* Takes a share in an open state, which then stays open. False where it is closed. */
static bool state_enter(struct state_object *self)
{
    int users = atomic_load(&self->users);
    while (users != STATE_CLOSED)
        if (atomic_compare_exchange_weak(&self->users, &users, users + 1))
            return true;
    return false;
}

static void state_leave(struct state_object *self) { atomic_fetch_sub(&self->users, 1); }

/* 0 also where it is closed already; else how many still use it. */
static int state_close(struct state_object *self)
{
    int users = 0;
    if (!atomic_compare_exchange_strong(&self->users, &users, STATE_CLOSED))
        return users == STATE_CLOSED ? 0 : users;
    const struct cobench_task *task = self->owner->task;
    if (task->close != NULL && self->pid == getpid()) {
        Py_BEGIN_ALLOW_THREADS task->close(self->state);
        Py_END_ALLOW_THREADS
    }
    return 0;
}

static int state_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct state_object *)object)->kept);
    Py_VISIT(((struct state_object *)object)->owner);
    return 0;
}

static void state_dealloc(PyObject *object)
{
    struct state_object *self = (struct state_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    state_close(self); /* whoever uses it holds a reference: nobody does */
    native_pool_free(self->pool);
    Py_XDECREF(self->kept);
    for (size_t i = 0; i < self->count; i++)
        PyMem_Free((void *)self->values[i].text);
    PyMem_Free(self->values);
    Py_XDECREF(self->owner);
    type->tp_free(object);
    Py_DECREF(type);
}

#define TYPE_FLAGS (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE)

static PyType_Slot state_slots[] = {{Py_tp_dealloc, state_dealloc}, {Py_tp_traverse, state_traverse}, {0, NULL}};
static PyType_Spec state_spec = {.name = "native.State",
                                 .basicsize = sizeof(struct state_object),
                                 .flags = TYPE_FLAGS | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                 .slots = state_slots};

/* -- Worker -------------------------------------------------------------------------------------------------------- */

/* Claims a worker, for a job or (WORKER_CLOSED) for good. False: it is closed, or another thread is in it. */
static bool worker_claim(struct worker_object *self, int what)
{
#ifdef Py_GIL_DISABLED
    int idle = WORKER_IDLE;
    return atomic_compare_exchange_strong(&self->doing, &idle, what);
#else
    if (atomic_load_explicit(&self->doing, memory_order_relaxed) != WORKER_IDLE)
        return false;
    atomic_store_explicit(&self->doing, what, memory_order_relaxed);
    return true;
#endif
}

static void worker_release(struct worker_object *self)
{
    atomic_store_explicit(&self->doing, WORKER_IDLE, memory_order_release);
}

/* Closes a worker that is claimed. */
static void worker_close(struct worker_object *self)
{
    const struct cobench_task *task = self->task;
    if (task->worker_close != NULL && self->pid == getpid()) {
        Py_BEGIN_ALLOW_THREADS task->worker_close(self->task_state, self->worker);
        Py_END_ALLOW_THREADS
    }
    state_leave(self->state);
}

static int worker_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct worker_object *)object)->state);
    return 0;
}

/* The last reference may go in any thread, but a worker is closed by its own or, as here, not at all. */
static void worker_dealloc(PyObject *object)
{
    struct worker_object *self = (struct worker_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (worker_claim(self, WORKER_CLOSED)) {
        if (self->thread == PyThread_get_thread_ident())
            worker_close(self);
        else
            state_leave(self->state);
    }
    Py_XDECREF(self->state);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyType_Slot worker_slots[] = {{Py_tp_dealloc, worker_dealloc}, {Py_tp_traverse, worker_traverse}, {0, NULL}};
static PyType_Spec worker_spec = {.name = "native.Worker",
                                  .basicsize = sizeof(struct worker_object),
                                  .flags = TYPE_FLAGS | Py_TPFLAGS_DISALLOW_INSTANTIATION,
                                  .slots = worker_slots};

/* -- arguments ----------------------------------------------------------------------------------------------------- */

static bool expect(const char *name, Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return true;
    PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments (%zd given)", name, wanted, given);
    return false;
}

/* A State that this task's open() returned; NULL with TypeError otherwise. */
static struct state_object *state_of(const struct task_object *self, PyObject *object)
{
    if (Py_IS_TYPE(object, self->state_type) && ((struct state_object *)object)->owner == self)
        return (struct state_object *)object;
    PyErr_SetString(PyExc_TypeError, "the state must be what this task's open() returned");
    return NULL;
}

static void raise_closed(void) { PyErr_SetString(PyExc_TypeError, "the state is closed"); }

/* Why worker_take refused. */
static void raise_worker(const struct task_object *self, PyObject *state, PyObject *worker)
{
    if (state_of(self, state) == NULL)
        return;
    if (!Py_IS_TYPE(worker, self->worker_type) || (PyObject *)((struct worker_object *)worker)->state != state)
        PyErr_SetString(PyExc_TypeError, "the worker must be what worker_open() returned for this state");
    else if (atomic_load(&((struct worker_object *)worker)->doing) == WORKER_CLOSED)
        PyErr_SetString(PyExc_TypeError, "the worker is closed");
    else
        PyErr_SetString(PyExc_RuntimeError, "the worker is in use by another thread");
}

/* Claims the worker of a call (state, worker, ...), for a call or (WORKER_CLOSED) for good. NULL with an exception where the two do not
 * belong together. */
static inline struct worker_object *worker_enter(const struct task_object *self, PyObject *const *args, int what)
{
    struct worker_object *worker = (struct worker_object *)args[1];
    if (Py_IS_TYPE(args[1], self->worker_type) && (PyObject *)worker->state == args[0] && worker->owner == self &&
        worker_claim(worker, what))
        return worker;
    raise_worker(self, args[0], args[1]);
    return NULL;
}

/*
 * Claims the worker of a call (state, worker, job, ...) and reads the job; worker_release gives it back. NULL with an
 * exception where the three do not belong together. An open worker keeps its state open, so that is not looked at.
 */
static inline struct worker_object *worker_take(const struct task_object *self, PyObject *const *args, uint64_t *job)
{
    struct worker_object *worker = worker_enter(self, args, WORKER_BUSY);
    if (worker == NULL)
        return NULL;
    *job = PyLong_AsUnsignedLongLong(args[2]);
    if (*job < worker->jobs)
        return worker;
    if (!PyErr_Occurred())
        PyErr_Format(PyExc_ValueError, "job %llu is none of the %llu", (unsigned long long)*job,
                     (unsigned long long)worker->jobs);
    worker_release(worker);
    return NULL;
}

/* A parameter's value (int, str or bytes, as py_impl.params makes them) as the contract has it. */
static int value_read(const struct cobench_param *param, PyObject *given, struct cobench_value *value)
{
    PyObject *text = PyLong_Check(given) ? PyObject_Str(given) : Py_NewRef(given);
    PyObject *bytes = NULL;
    char *inside, *copy = NULL;
    int result = -1;
    if (text != NULL && PyBytes_Check(text))
        bytes = Py_NewRef(text);
    else if (text != NULL && PyUnicode_FSConverter(text, &bytes) == 0)
        bytes = NULL;
    if (bytes == NULL || PyBytes_AsStringAndSize(bytes, &inside, NULL) != 0) /* which refuses a NUL within */
        goto out;
    const size_t size = strlen(inside) + 1;
    copy = PyMem_Malloc(size);
    if (copy == NULL) {
        PyErr_NoMemory();
        goto out;
    }
    memcpy(copy, inside, size);
    struct cobench_error why;
    error_clear(&why);
    result = params_check(param, copy, value, &why);
    value->text = copy; /* freed with the state, also where it was refused */
    if (result != 0)
        PyErr_SetString(PyExc_ValueError, why.message);
out:
    Py_XDECREF(bytes);
    Py_XDECREF(text);
    return result;
}

static size_t params_count(const struct cobench_task *task)
{
    size_t count = 0;
    while (task->params != NULL && task->params[count].key != NULL)
        count++;
    return count;
}

static int values_read(struct state_object *state, PyObject *params)
{
    const struct cobench_task *task = state->owner->task;
    const size_t count = params_count(task);
    state->values = PyMem_Calloc(count + 1, sizeof *state->values);
    if (state->values == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    state->count = count;
    for (size_t i = 0; i < count; i++) {
        PyObject *given = PyMapping_GetItemString(params, task->params[i].key);
        const int bad = given == NULL || value_read(&task->params[i], given, &state->values[i]) != 0;
        Py_XDECREF(given);
        if (bad)
            return -1;
    }
    return 0;
}

/* -- Task: the contract's functions -------------------------------------------------------------------------------- */

PyDoc_STRVAR(open_doc,
             "open(params, jobs) -> State\n\nOpens the C task for this process; params maps every key to its value.");

/* A state that is not open yet. */
static struct state_object *state_new(struct task_object *owner, PyObject *params, uint64_t jobs)
{
    struct state_object *state = (struct state_object *)owner->state_type->tp_alloc(owner->state_type, 0);
    if (state == NULL)
        return NULL;
    atomic_init(&state->users, STATE_CLOSED);
    state->owner = (struct task_object *)Py_NewRef((PyObject *)owner);
    state->pid = getpid();
    state->kept = PyDict_New();
    if (state->kept == NULL || values_read(state, params) != 0) {
        Py_DECREF(state);
        return NULL;
    }
    state->how = (struct cobench_open){.task = owner->task, .values = state->values, .jobs = jobs};
    return state;
}

/* -1 with an exception. */
static int jobs_read(PyObject *given, uint64_t *jobs)
{
    const unsigned long long number = PyLong_AsUnsignedLongLong(given);
    if (PyErr_Occurred())
        return -1;
    if (number < 1 || number > PARAMS_JOBS_MAX) {
        PyErr_Format(PyExc_ValueError, "%llu jobs: must be 1..%u", number, PARAMS_JOBS_MAX);
        return -1;
    }
    *jobs = number;
    return 0;
}

static PyObject *task_open(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    uint64_t jobs;
    if (!expect("open", count, 2) || jobs_read(args[1], &jobs) != 0)
        return NULL;
    struct state_object *state = state_new(self, args[0], jobs);
    if (state != NULL && self->task->open != NULL) {
        struct cobench_error err;
        int rc;
        error_clear(&err);
        Py_BEGIN_ALLOW_THREADS rc = self->task->open(&state->how, &state->state, &err);
        Py_END_ALLOW_THREADS if (rc != 0)
        {
            Py_DECREF(state);
            return raise_task(self->module, rc, &err);
        }
    }
    if (state != NULL)
        atomic_store(&state->users, 0);
    return (PyObject *)state;
}

PyDoc_STRVAR(payload_doc,
             "payload(params, jobs) -> int\n\nHow many bytes each job's message carries besides its number.");

static PyObject *task_payload(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    uint64_t jobs;
    if (!expect("payload", count, 2) || jobs_read(args[1], &jobs) != 0)
        return NULL;
    struct state_object *state = state_new(self, args[0], jobs);
    if (state == NULL)
        return NULL;
    const size_t bytes = self->task->payload != NULL ? self->task->payload(&state->how) : 0;
    Py_DECREF(state);
    return PyLong_FromSize_t(bytes);
}

PyDoc_STRVAR(close_doc,
             "close(state)\n\nCloses the task, once every worker is closed; the state is of no use after it.");

static PyObject *task_close(PyObject *object, PyObject *given)
{
    struct state_object *state = state_of((struct task_object *)object, given);
    if (state == NULL)
        return NULL;
    const int users = state_close(state);
    if (users != 0) {
        PyErr_Format(PyExc_RuntimeError, "close() while the state is in use (workers open or pools running: %d)",
                     users);
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(worker_open_doc, "worker_open(state, flags) -> Worker\n\nFor the calling thread or process.");

static PyObject *task_worker_open(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    struct state_object *state = expect("worker_open", count, 2) ? state_of(self, args[0]) : NULL;
    if (state == NULL)
        return NULL;
    const unsigned long flags = PyLong_AsUnsignedLong(args[1]);
    if (PyErr_Occurred())
        return NULL;
    struct worker_object *worker = (struct worker_object *)self->worker_type->tp_alloc(self->worker_type, 0);
    if (worker == NULL)
        return NULL;
    atomic_init(&worker->doing, WORKER_CLOSED);
    worker->state = (struct state_object *)Py_NewRef(args[0]);
    worker->owner = self;
    worker->task = self->task;
    worker->task_state = state->state;
    worker->jobs = state->how.jobs;
    worker->may_ask = self->task->asks > COBENCH_ASK_DELAY;
    worker->pid = getpid();
    worker->thread = PyThread_get_thread_ident();
    if (!state_enter(state)) {
        raise_closed();
        Py_DECREF(worker);
        return NULL;
    }
    if (self->task->worker_open != NULL) {
        struct cobench_error err;
        int rc;
        error_clear(&err);
        Py_BEGIN_ALLOW_THREADS rc = self->task->worker_open(worker->task_state, (unsigned)flags, &worker->worker, &err);
        Py_END_ALLOW_THREADS if (rc != 0)
        {
            state_leave(state);
            Py_DECREF(worker);
            return raise_task(self->module, rc, &err);
        }
    }
    worker_release(worker);
    return (PyObject *)worker;
}

PyDoc_STRVAR(worker_close_doc, "worker_close(state, worker)\n\nIn the thread that opened it.");

static PyObject *task_worker_close(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    const struct task_object *self = (struct task_object *)object;
    struct worker_object *worker = expect("worker_close", count, 2) ? worker_enter(self, args, WORKER_CLOSED) : NULL;
    if (worker == NULL)
        return NULL;
    worker_close(worker);
    Py_RETURN_NONE;
}

/* -- what a job asks for ------------------------------------------------------------------------------------------- */

static PyObject *text_decode(const char *text) { return PyUnicode_DecodeFSDefault(text); }

/* A tuple of what `make` makes of each text; those behind the last is NULL. */
static PyObject *texts_new(const char *const *texts, PyObject *(*make)(const char *))
{
    Py_ssize_t count = 0;
    while (texts[count] != NULL)
        count++;
    PyObject *tuple = PyTuple_New(count);
    for (Py_ssize_t i = 0; tuple != NULL && i < count; i++) {
        PyObject *text = make(texts[i]);
        if (text == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, text);
    }
    return tuple;
}

/* What was made before of a pointer, which is good until the task is closed; NULL without an exception: nothing yet. */
static PyObject *kept_find(const struct state_object *state, const void *pointer, PyObject **key)
{
    *key = PyLong_FromVoidPtr((void *)(uintptr_t)pointer);
    return *key != NULL ? Py_XNewRef(PyDict_GetItemWithError(state->kept, *key)) : NULL;
}

/* The path or the statements of a request, the same object each time. */
static PyObject *kept_new(const struct state_object *state, const struct cobench_request *ask)
{
    const bool sql = ask->ask == COBENCH_ASK_SQL;
    PyObject *key, *made = kept_find(state, sql ? (const void *)ask->statements : ask->path, &key);
    if (made == NULL && key != NULL && !PyErr_Occurred()) {
        made = sql ? texts_new(ask->statements, text_decode) : text_decode(ask->path);
        if (made != NULL && PyDict_SetItem(state->kept, key, made) != 0)
            Py_CLEAR(made);
    }
    Py_XDECREF(key);
    return made;
}

/* The numbers of the jobs that a request asks for. */
static PyObject *numbers_new(const struct cobench_request *ask)
{
    PyObject *tuple = PyTuple_New((Py_ssize_t)ask->job_count);
    for (size_t i = 0; tuple != NULL && i < ask->job_count; i++) {
        PyObject *number = PyLong_FromUnsignedLongLong(ask->jobs[i]);
        if (number == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, (Py_ssize_t)i, number);
    }
    return tuple;
}

/* What a request names. */
static PyObject *named_new(const struct state_object *state, const struct cobench_request *ask)
{
    return ask->ask == COBENCH_ASK_CACHE  ? texts_new((const char *const *)ask->words, PyBytes_FromString)
           : ask->ask == COBENCH_ASK_JOBS ? numbers_new(ask)
                                          : kept_new(state, ask);
}

/* A py_impl.contract.Request(ask, delay_ns, url, words, directory, flags, statements, key, path, offset, length, jobs). */
static PyObject *request_new(const struct task_object *self, const struct state_object *state,
                             const struct cobench_request *ask)
{
    PyObject *class = self->module->request_class;
    const char *name = contract_ask_name(ask->ask);
    if (name == NULL)
        return PyErr_Format(PyExc_ValueError, "asks for what this host does not know");
    if (ask->ask <= COBENCH_ASK_DELAY)
        return PyObject_CallFunction(class, "sL", name, (long long)ask->delay_ns);
    if (ask->ask == COBENCH_ASK_URL) {
        PyObject *url = PyUnicode_DecodeFSDefaultAndSize(ask->url, (Py_ssize_t)strnlen(ask->url, sizeof ask->url));
        return url == NULL
                   ? NULL
                   : PyObject_CallFunction(class, "sLNOOI", name, 0LL, url, self->module->empty, Py_None, ask->flags);
    }
    struct cobench_error why;
    if (contract_check_request(self->task, ask, &why) != 0)
        return PyErr_Format(PyExc_ValueError, "%s", why.message);
    PyObject *named = named_new(state, ask), *empty = self->module->empty;
    if (named == NULL)
        return NULL;
    PyObject *made = PyObject_CallFunction(
        class, "sLsOOIOLOKnO", name, 0LL, "", ask->ask == COBENCH_ASK_CACHE ? named : empty, Py_None, ask->flags,
        ask->ask == COBENCH_ASK_SQL ? named : empty, (long long)ask->key,
        ask->ask == COBENCH_ASK_BLOCK ? named : Py_None, (unsigned long long)ask->offset, (Py_ssize_t)ask->length,
        ask->ask == COBENCH_ASK_JOBS ? named : empty);
    Py_DECREF(named);
    return made;
}

/* What a job asks for. Needs no GIL. */
static int job_ask(const struct worker_object *worker, uint64_t job, struct cobench_request *ask,
                   struct cobench_error *err)
{
    const struct cobench_task *task = worker->task;
    contract_empty(ask);
    error_clear(err);
    return task->request != NULL ? task->request(worker->task_state, worker->worker, job, ask, err) : 0;
}

PyDoc_STRVAR(request_doc, "request(state, worker, job) -> py_impl.contract.Request\n\nWhat the job waits for.");

static PyObject *task_request(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    struct cobench_request ask;
    struct cobench_error err;
    uint64_t job;
    struct worker_object *worker = expect("request", count, 3) ? worker_take(self, args, &job) : NULL;
    if (worker == NULL)
        return NULL;
    int rc;
    Py_BEGIN_ALLOW_THREADS rc = job_ask(worker, job, &ask, &err);
    Py_END_ALLOW_THREADS PyObject *made = rc != 0 ? raise_task(self->module, rc, &err)
                                                  : request_new(self, worker->state, &ask);
    worker_release(worker);
    return made;
}

/* -- replies ------------------------------------------------------------------------------------------------------- */

/* Fills in a reply from a py_impl.contract.Reply. *body, then to be released, keeps its bytes alive. */
static __attribute__((noinline)) int reply_read(const struct module_state *module, PyObject *given,
                                                struct cobench_reply *reply, Py_buffer *body)
{
    PyObject *status = PyObject_GetAttr(given, module->status_name);
    PyObject *bytes = status != NULL ? PyObject_GetAttr(given, module->body_name) : NULL;
    const long number = bytes != NULL ? PyLong_AsLong(status) : -1;
    const int result = bytes == NULL || (number == -1 && PyErr_Occurred())
                           ? -1
                           : PyObject_GetBuffer(bytes, body, PyBUF_SIMPLE);
    Py_XDECREF(bytes);
    Py_XDECREF(status);
    if (result == 0)
        *reply = (struct cobench_reply){
            .status = (int)number, .body = body->len > 0 ? body->buf : NULL, .length = (size_t)body->len};
    return result;
}

/* A job that asked for something cannot do without its reply; whether it asked, the task says again (not one that asks more
 * than once: that looks for itself). */
static __attribute__((noinline)) bool reply_missing(const struct worker_object *worker, uint64_t job)
{
    struct cobench_request ask;
    struct cobench_error err;
    if (job_ask(worker, job, &ask, &err) != 0 || ask.ask <= COBENCH_ASK_DELAY)
        return false;
    PyErr_Format(PyExc_TypeError, "the job asks for a %s: run() needs the reply",
                 ask.ask == COBENCH_ASK_URL    ? "URL"
                 : ask.ask == COBENCH_ASK_JOBS ? "list of jobs"
                                               : contract_ask_name(ask.ask));
    return true;
}

/* Whether a reply to a question for jobs lacks results, which the task would read all the same: how many there have to be it says again. */
static __attribute__((noinline)) bool results_missing(const struct worker_object *worker, uint64_t job,
                                                      const struct cobench_reply *reply)
{
    struct cobench_request ask;
    struct cobench_error err;
    if (job_ask(worker, job, &ask, &err) != 0 || ask.ask != COBENCH_ASK_JOBS ||
        reply->length == ask.job_count * sizeof(uint64_t))
        return false;
    PyErr_Format(PyExc_ValueError, "the job asks for %zu results, and the reply has %zu bytes", ask.job_count,
                 reply->length);
    return true;
}

PyDoc_STRVAR(more_doc,
             "more(state, worker, job, step, reply) -> py_impl.contract.Request or None\n\nWhat the job asks next.");

static PyObject *task_more(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    if (!expect("more", count, 5))
        return NULL;
    if (self->task->more == NULL)
        Py_RETURN_NONE;
    struct cobench_request ask;
    struct cobench_reply reply;
    struct cobench_error err;
    Py_buffer body = {.obj = NULL};
    uint64_t job;
    int rc = 0;
    const unsigned long step = PyLong_AsUnsignedLong(args[3]);
    struct worker_object *worker = PyErr_Occurred() ? NULL : worker_take(self, args, &job);
    PyObject *made = NULL;
    if (worker == NULL)
        return NULL;
    if (args[4] == Py_None || (reply_read(self->module, args[4], &reply, &body) == 0 &&
                               (self->task->asks != COBENCH_ASK_JOBS || !results_missing(worker, job, &reply)))) {
        contract_empty(&ask);
        error_clear(&err);
        Py_BEGIN_ALLOW_THREADS rc = self->task->more(worker->task_state, worker->worker, job, (unsigned)step,
                                                     body.obj != NULL ? &reply : NULL, &ask, &err);
        Py_END_ALLOW_THREADS made = rc != 0                          ? raise_task(self->module, rc, &err)
                                    : ask.ask == COBENCH_ASK_NOTHING ? Py_NewRef(Py_None)
                                                                     : request_new(self, worker->state, &ask);
    }
    worker_release(worker);
    PyBuffer_Release(&body);
    return made;
}

PyDoc_STRVAR(prepare_doc,
             "prepare(state, step) -> py_impl.contract.Request or None\n\nWhat the run needs to be there.");

static PyObject *task_prepare(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    struct state_object *state = expect("prepare", count, 2) ? state_of(self, args[0]) : NULL;
    const unsigned long step = state != NULL ? PyLong_AsUnsignedLong(args[1]) : 0;
    struct cobench_request ask;
    struct cobench_error err;
    if (state == NULL || PyErr_Occurred())
        return NULL;
    if (self->task->prepare == NULL)
        Py_RETURN_NONE;
    if (!state_enter(state)) {
        raise_closed();
        return NULL;
    }
    contract_empty(&ask);
    error_clear(&err);
    int rc;
    Py_BEGIN_ALLOW_THREADS rc = self->task->prepare(state->state, (unsigned)step, &ask, &err);
    Py_END_ALLOW_THREADS PyObject *made = rc != 0                          ? raise_task(self->module, rc, &err)
                                          : ask.ask == COBENCH_ASK_NOTHING ? Py_NewRef(Py_None)
                                                                           : request_new(self, state, &ask);
    state_leave(state);
    return made;
}

PyDoc_STRVAR(run_doc,
             "run(state, worker, job, reply) -> int\n\nThe job's 64-bit result, computed in C without the GIL.");

static PyObject *task_run(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    struct cobench_reply reply;
    Py_buffer body;
    uint64_t job, result = 0;
    struct worker_object *worker = expect("run", count, 4) ? worker_take(self, args, &job) : NULL;
    if (worker == NULL)
        return NULL;
    body.obj = NULL;
    if (args[3] != Py_None ? reply_read(self->module, args[3], &reply, &body) != 0
                           : worker->may_ask && worker->task->more == NULL && reply_missing(worker, job))
        goto refused;
    if (body.obj != NULL && worker->task->asks == COBENCH_ASK_JOBS && worker->task->more == NULL &&
        results_missing(worker, job, &reply))
        goto refused;
    struct cobench_error err;
    int rc;
    err.type[0] = err.message[0] = '\0'; /* error_clear in place: of a call's 30 ns beside the GIL's it would be two */
    err.line = 0;
    Py_BEGIN_ALLOW_THREADS rc = worker->task->run(worker->task_state, worker->worker, job,
                                                  body.obj != NULL ? &reply : NULL, &result, &err);
    Py_END_ALLOW_THREADS worker_release(worker);
    if (body.obj != NULL)
        PyBuffer_Release(&body);
    return rc == 0 ? PyLong_FromUnsignedLongLong(result) : raise_task(self->module, rc, &err);
refused:
    worker_release(worker);
    PyBuffer_Release(&body);
    return NULL;
}

PyDoc_STRVAR(waited_doc, "waited(state, worker) -> int\n\nHow many ns the worker's last job has waited for locks.");

static PyObject *task_waited(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct task_object *self = (struct task_object *)object;
    struct worker_object *worker = expect("waited", count, 2) ? worker_enter(self, args, WORKER_BUSY) : NULL;
    if (worker == NULL)
        return NULL;
    const uint64_t ns = self->task->waited(worker->task_state, worker->worker);
    worker_release(worker);
    return PyLong_FromUnsignedLongLong(ns);
}

PyDoc_STRVAR(audit_doc, "audit(state) -> py_impl.contract.Audit\n\nWhat is wrong with what the jobs have changed.");

static PyObject *task_audit(PyObject *object, PyObject *given)
{
    struct task_object *self = (struct task_object *)object;
    struct state_object *state = state_of(self, given);
    struct cobench_audit audit = {.finding = ""};
    struct cobench_error err;
    int rc;
    if (state == NULL)
        return NULL;
    if (!state_enter(state)) {
        raise_closed();
        return NULL;
    }
    error_clear(&err);
    Py_BEGIN_ALLOW_THREADS rc = self->task->audit(state->state, &audit, &err);
    Py_END_ALLOW_THREADS state_leave(state);
    if (rc != 0)
        return raise_task(self->module, rc, &err);
    PyObject *finding = text_new(audit.finding, sizeof audit.finding), *made = NULL;
    if (finding != NULL)
        made = PyObject_CallFunction(self->module->audit_class, "KKO", (unsigned long long)audit.wrong,
                                     (unsigned long long)audit.of, finding);
    Py_XDECREF(finding);
    return made;
}

/* The fork hooks take the state; os.register_at_fork calls them with the GIL held, in the thread that forks, and for as
 * long as the process lives: on a closed state they do nothing. */
static PyObject *hook(PyObject *object, PyObject *given, void (*call)(void *))
{
    struct state_object *state = state_of((struct task_object *)object, given);
    if (state == NULL)
        return NULL;
    if (call != NULL && state_enter(state)) {
        call(state->state);
        state_leave(state);
    }
    Py_RETURN_NONE;
}

static PyObject *task_before_fork(PyObject *self, PyObject *state)
{
    return hook(self, state, ((struct task_object *)self)->task->before_fork);
}

static PyObject *task_after_fork_parent(PyObject *self, PyObject *state)
{
    return hook(self, state, ((struct task_object *)self)->task->after_fork_parent);
}

static PyObject *task_after_fork_child(PyObject *self, PyObject *state)
{
    return hook(self, state, ((struct task_object *)self)->task->after_fork_child);
}

/* Functions that are there only where the task has them, as in a module: a host goes by that. */
static PyMethodDef waited_method = {"waited", (PyCFunction)(void (*)(void))task_waited, METH_FASTCALL, waited_doc};
static PyMethodDef audit_method = {"audit", task_audit, METH_O, audit_doc};

static PyObject *method_if(bool there, PyMethodDef *method, PyObject *object)
{
    return there ? PyCFunction_New(method, object)
                 : PyErr_Format(PyExc_AttributeError, "this task has no %s()", method->ml_name);
}

static PyObject *task_get_waited(PyObject *object, void *Py_UNUSED(closure))
{
    return method_if(((struct task_object *)object)->task->waited != NULL, &waited_method, object);
}

static PyObject *task_get_audit(PyObject *object, void *Py_UNUSED(closure))
{
    return method_if(((struct task_object *)object)->task->audit != NULL, &audit_method, object);
}

/* -- Task: its table ----------------------------------------------------------------------------------------------- */

static PyObject *choices_new(const char *choices)
{
    PyObject *text = PyUnicode_FromString(choices);
    PyObject *list = text != NULL ? PyObject_CallMethod(text, "split", "s", "|") : NULL;
    PyObject *tuple = list != NULL ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    Py_XDECREF(text);
    return tuple;
}

/* Param(key, type, fallback, about, min, max, choices) of one row. */
static PyObject *param_new(const struct module_state *module, const struct cobench_param *param)
{
    const bool number = param->type == COBENCH_PARAM_INT;
    PyObject *low = number ? PyLong_FromLongLong(param->min) : Py_NewRef(Py_None);
    PyObject *high = number ? PyLong_FromLongLong(param->max) : Py_NewRef(Py_None);
    PyObject *choices = param->type == COBENCH_PARAM_CHOICE ? choices_new(param->choices) : Py_NewRef(Py_None);
    PyObject *made = NULL;
    if (low != NULL && high != NULL && choices != NULL)
        made = PyObject_CallFunction(module->param_class, "sszsOOO", param->key, contract_param_type_name(param->type),
                                     param->fallback, param->about, low, high, choices);
    Py_XDECREF(choices);
    Py_XDECREF(high);
    Py_XDECREF(low);
    return made;
}

static PyObject *task_params(PyObject *object, void *Py_UNUSED(closure))
{
    const struct task_object *self = (struct task_object *)object;
    const size_t count = params_count(self->task);
    PyObject *rows = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        PyObject *row = param_new(self->module, &self->task->params[i]);
        if (row == NULL)
            Py_CLEAR(rows);
        else
            PyTuple_SET_ITEM(rows, (Py_ssize_t)i, row);
    }
    return rows;
}

static PyObject *task_name(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(((struct task_object *)self)->task->name);
}

static PyObject *task_about(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(((struct task_object *)self)->task->about);
}

static PyObject *task_kind(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(contract_kind_name(((struct task_object *)self)->task->kind));
}

static PyObject *task_asks(PyObject *self, void *Py_UNUSED(closure))
{
    return PyUnicode_FromString(contract_ask_name(((struct task_object *)self)->task->asks));
}

static PyObject *task_jobs(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromUnsignedLongLong(((struct task_object *)self)->task->default_jobs);
}

static PyObject *task_splits(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((struct task_object *)self)->task->splits);
}

/* -- Task: loading ------------------------------------------------------------------------------------------------- */

/* Loads the shared object and checks that it is a task of this contract. -1 with an exception otherwise. */
static int library_load(struct task_object *self, const char *path)
{
    /* As the C host does, for a library may have threads. */
    self->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (self->library == NULL) {
        PyErr_Format(PyExc_ImportError, "%s", dlerror());
        return -1;
    }
    self->task = dlsym(self->library, COBENCH_TASK_SYMBOL);
    if (self->task == NULL) {
        PyErr_Format(PyExc_ImportError, "there is no symbol '%s'", COBENCH_TASK_SYMBOL);
        return -1;
    }
    struct cobench_error why;
    error_clear(&why);
    if (contract_check(self->task, &why) != 0) {
        PyErr_Format(PyExc_ImportError, "it %s", why.message);
        return -1;
    }
    if (self->task->asks == COBENCH_ASK_COMMAND) {
        PyErr_SetString(PyExc_ImportError, "it asks for a command, which runs in the runtimes c and py");
        return -1;
    }
    return 0;
}

static int function_load(struct task_object *self, const char *source, const char *inputs)
{
    struct cobench_error why;
    error_clear(&why);
    if (function_open(source, inputs, &self->function, &why) != 0) {
        PyErr_SetString(PyExc_ImportError, why.message);
        return -1;
    }
    self->task = function_task(self->function);
    return 0;
}

/* PyUnicode_FSConverter that takes None for none. */
static int path_or_none(PyObject *given, void *out) { return given == Py_None ? 1 : PyUnicode_FSConverter(given, out); }

static PyObject *task_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "inputs", NULL};
    PyObject *path = NULL, *inputs = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|O&:Task", names, PyUnicode_FSConverter, &path, path_or_none,
                                     &inputs)) {
        Py_XDECREF(path);
        return NULL;
    }
    const char *source = PyBytes_AS_STRING(path);
    struct task_object *self = (struct task_object *)type->tp_alloc(type, 0);
    if (self != NULL) {
        self->module = PyType_GetModuleState(type);
        self->state_type = self->module->state_type;
        self->worker_type = self->module->worker_type;
        if ((function_is_one(source) ? function_load(self, source, inputs != NULL ? PyBytes_AS_STRING(inputs) : NULL)
                                     : library_load(self, source)) != 0)
            Py_CLEAR(self);
    }
    Py_XDECREF(inputs);
    Py_DECREF(path);
    return (PyObject *)self;
}

static int task_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    return 0;
}

static void task_dealloc(PyObject *object)
{
    struct task_object *self = (struct task_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    if (self->library != NULL)
        dlclose(self->library);
    function_close(self->function);
    type->tp_free(object);
    Py_DECREF(type);
}

PyDoc_STRVAR(
    pool_doc,
    "pool(state, slots, workers, request_timeout_ns, gate_read, gate_write, pause_read, pause_write, scheduled, "
    "stack_size, cold, service, connections) -> dict\n\n"
    "Runs all jobs in one call by the C host's own thread pool and transport. See bridge/native_pool.h.");

/* Makes `call` the state's own; false with RuntimeError, and the call freed, where another is running. */
static bool pool_place(struct state_object *state, struct pool_call *call)
{
    struct pool_call *old;
    bool free_now;
    PyMutex_Lock(&state->placing);
    old = state->pool;
    free_now = old == NULL || native_pool_ended(old);
    if (free_now)
        state->pool = call;
    PyMutex_Unlock(&state->placing);
    native_pool_free(free_now ? old : call);
    if (!free_now)
        PyErr_SetString(PyExc_RuntimeError, "a pool is running on this state already");
    return free_now;
}

static PyObject *task_pool(PyObject *object, PyObject *const *args, Py_ssize_t count)
{
    struct state_object *state = expect("pool", count, 13) ? state_of((struct task_object *)object, args[0]) : NULL;
    if (state == NULL)
        return NULL;
    if (!state_enter(state)) {
        raise_closed();
        return NULL;
    }
    PyObject *result = NULL;
    struct pool_call *call = native_pool_new(&state->how, state->state, args + 1);
    if (call != NULL && pool_place(state, call)) {
        native_pool_run(call);
        result = native_pool_found(call);
    }
    state_leave(state);
    return result;
}

PyDoc_STRVAR(pool_found_doc, "pool_found(state) -> dict or None\n\n"
                             "What pool() will return, as far as it is known while another thread is in it.");

static PyObject *task_pool_found(PyObject *object, PyObject *given)
{
    struct state_object *state = state_of((struct task_object *)object, given);
    PyObject *result = NULL;
    if (state == NULL)
        return NULL;
    PyMutex_Lock(&state->placing);
    result = state->pool != NULL ? native_pool_found(state->pool) : Py_NewRef(Py_None);
    PyMutex_Unlock(&state->placing);
    return result;
}

/* PyCFunction is what the table holds; METH_FASTCALL functions have another type, which the flag tells apart. */
#define FAST(function) (PyCFunction)(void (*)(void))(function)

static PyMethodDef task_methods[] = {{"payload", FAST(task_payload), METH_FASTCALL, payload_doc},
                                     {"open", FAST(task_open), METH_FASTCALL, open_doc},
                                     {"close", task_close, METH_O, close_doc},
                                     {"worker_open", FAST(task_worker_open), METH_FASTCALL, worker_open_doc},
                                     {"worker_close", FAST(task_worker_close), METH_FASTCALL, worker_close_doc},
                                     {"request", FAST(task_request), METH_FASTCALL, request_doc},
                                     {"prepare", FAST(task_prepare), METH_FASTCALL, prepare_doc},
                                     {"more", FAST(task_more), METH_FASTCALL, more_doc},
                                     {"run", FAST(task_run), METH_FASTCALL, run_doc},
                                     {"pool", FAST(task_pool), METH_FASTCALL, pool_doc},
                                     {"pool_found", task_pool_found, METH_O, pool_found_doc},
                                     {"before_fork", task_before_fork, METH_O, NULL},
                                     {"after_fork_parent", task_after_fork_parent, METH_O, NULL},
                                     {"after_fork_child", task_after_fork_child, METH_O, NULL},
                                     {NULL, NULL, 0, NULL}};

static PyGetSetDef task_attributes[] = {
    {"NAME", task_name, NULL, NULL, NULL},       {"ABOUT", task_about, NULL, NULL, NULL},
    {"KIND", task_kind, NULL, NULL, NULL},       {"ASKS", task_asks, NULL, NULL, NULL},
    {"JOBS", task_jobs, NULL, NULL, NULL},       {"SPLITS", task_splits, NULL, NULL, NULL},
    {"PARAMS", task_params, NULL, NULL, NULL},   {"waited", task_get_waited, NULL, NULL, NULL},
    {"audit", task_get_audit, NULL, NULL, NULL}, {NULL, NULL, NULL, NULL, NULL}};

PyDoc_STRVAR(task_doc, "Task(path, inputs=None)\n\nA C task, or FILE.so:SYMBOL, with the attributes and functions of a "
                       "Python task module.");

static PyType_Slot task_slots[] = {{Py_tp_new, task_new},
                                   {Py_tp_dealloc, task_dealloc},
                                   {Py_tp_traverse, task_traverse},
                                   {Py_tp_methods, task_methods},
                                   {Py_tp_getset, task_attributes},
                                   {Py_tp_doc, (void *)task_doc},
                                   {0, NULL}};
static PyType_Spec task_spec = {
    .name = "native.Task", .basicsize = sizeof(struct task_object), .flags = TYPE_FLAGS, .slots = task_slots};

/* -- the module ---------------------------------------------------------------------------------------------------- */

PyDoc_STRVAR(bare_doc, "bare(a, b, c, d) -> int\n\nReturns c; what a METH_FASTCALL function costs at the least.");

static PyObject *bare(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (!expect("bare", count, 4))
        return NULL;
    const unsigned long long job = PyLong_AsUnsignedLongLong(args[2]);
    if (job == ULLONG_MAX && PyErr_Occurred())
        return NULL;
    return PyLong_FromUnsignedLongLong(job);
}

PyDoc_STRVAR(bare_released_doc, "bare_released(a, b, c, d) -> int\n\nThe same, with the GIL released and taken again.");

static PyObject *bare_released(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    Py_BEGIN_ALLOW_THREADS Py_END_ALLOW_THREADS return bare(module, args, count);
}

static PyMethodDef native_functions[] = {{"bare", FAST(bare), METH_FASTCALL, bare_doc},
                                         {"bare_released", FAST(bare_released), METH_FASTCALL, bare_released_doc},
                                         {NULL, NULL, 0, NULL}};

static int native_exec(PyObject *module)
{
    struct module_state *state = PyModule_GetState(module);
    PyObject *contract = PyImport_ImportModule("py_impl.contract");
    if (contract == NULL)
        return -1;
    state->request_class = PyObject_GetAttrString(contract, "Request");
    state->param_class = PyObject_GetAttrString(contract, "Param");
    state->audit_class = PyObject_GetAttrString(contract, "Audit");
    state->task_failed = PyObject_GetAttrString(contract, "TaskFailed");
    Py_DECREF(contract);
    state->status_name = PyUnicode_InternFromString("status");
    state->body_name = PyUnicode_InternFromString("body");
    state->empty = PyTuple_New(0);
    state->task_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &task_spec, NULL);
    state->state_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &state_spec, NULL);
    state->worker_type = (PyTypeObject *)PyType_FromModuleAndSpec(module, &worker_spec, NULL);
    if (state->request_class == NULL || state->param_class == NULL || state->audit_class == NULL ||
        state->task_failed == NULL || state->status_name == NULL || state->body_name == NULL || state->empty == NULL ||
        state->task_type == NULL || state->state_type == NULL || state->worker_type == NULL)
        return -1;
    return PyModule_AddType(module, state->task_type);
}

static int native_traverse(PyObject *module, visitproc visit, void *arg)
{
    const struct module_state *state = PyModule_GetState(module);
    Py_VISIT(state->request_class);
    Py_VISIT(state->param_class);
    Py_VISIT(state->audit_class);
    Py_VISIT(state->task_failed);
    Py_VISIT(state->task_type);
    Py_VISIT(state->state_type);
    Py_VISIT(state->worker_type);
    return 0;
}

static int native_clear(PyObject *module)
{
    struct module_state *state = PyModule_GetState(module);
    Py_CLEAR(state->request_class);
    Py_CLEAR(state->param_class);
    Py_CLEAR(state->audit_class);
    Py_CLEAR(state->task_failed);
    Py_CLEAR(state->task_type);
    Py_CLEAR(state->state_type);
    Py_CLEAR(state->worker_type);
    Py_CLEAR(state->status_name);
    Py_CLEAR(state->body_name);
    Py_CLEAR(state->empty);
    return 0;
}

static void native_free(void *module) { native_clear(module); }

static PyModuleDef_Slot native_slots[] = {{Py_mod_exec, (void *)native_exec},
#if PY_VERSION_HEX >= 0x030C0000
                                          {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
                                          {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
                                          {0, NULL}};

static struct PyModuleDef native_module = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "native",
    .m_doc = "C tasks under the Python host's models, and the C host's own thread pool.",
    .m_size = sizeof(struct module_state),
    .m_methods = native_functions,
    .m_slots = native_slots,
    .m_traverse = native_traverse,
    .m_clear = native_clear,
    .m_free = native_free,
};

PyMODINIT_FUNC PyInit_native(void);

PyMODINIT_FUNC PyInit_native(void) { return PyModuleDef_Init(&native_module); }
