/* SPDX-License-Identifier: MIT */
/*
 * The embed bridge. Everything it owns hangs from the task's state, so that nothing here is static: one struct embed an
 * interpreter, one struct embed_worker a worker. A worker with an interpreter of its own has a struct embed of its own, too.
 *
 * The rule for the GIL: every entry attaches the thread state that belongs to its caller and detaches before it
 * returns. A thread has one thread state. That of the thread that opened is `main`, for open, the fork hooks, close and
 * a worker that runs there too: a second one in the same thread would take the module `threading`, imported by a job,
 * for the main thread and leave its shutdown to fail. Every other worker's is made in its own thread, as CPython 3.12
 * and later bind one to the thread that makes it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "bridge/embed.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bridge/isolated.h"
#include "host/contract.h"

#ifndef COBENCH_PYTHON
#error "COBENCH_PYTHON: the path of the executable that belongs to this libpython"
#endif
#ifndef COBENCH_EMBED
#error "COBENCH_EMBED: static or shared"
#endif

enum field { ASK, FLAGS, DELAY, URL, WORDS, STATEMENTS, KEY, PATH, OFFSET, LENGTH, JOBS, FIELDS };
static const char *const field_names[FIELDS] = {"ask", "flags", "delay_ns", "url",    "words", "statements",
                                                "key", "path",  "offset",   "length", "jobs"};

struct embed_worker {
    struct embed *embed; /* the task's, or where `isolated` this worker's own */
    PyThreadState *thread;
    PyObject *worker;
    PyObject *asked;    /* the last Request, whose words the host has; NULL: none */
    char **words;       /* its words */
    uint64_t *jobs;     /* its jobs */
    uint64_t waited_ns; /* of the last job, for locks */
    bool process;       /* in a process of its own */
    bool isolated;
};

struct embed {
    PyThreadState *main;
    unsigned long main_ident; /* of the thread that opened, and after a fork of the one that goes on */
    PyInterpreterState *interpreter;
    struct cobench_open how;       /* as it was opened */
    struct embed_worker preparing; /* of `prepare`: only what request_read needs */
    pthread_mutex_t isolating;     /* held while a worker's own interpreter starts or ends */
    PyObject *state;
    PyObject *open, *close, *worker_open, *worker_close, *prepare, *request, *more, *run; /* NULL: the task has none */
    PyObject *waited, *audit;                                                             /* likewise */
    PyObject *reply_class;
    PyObject *
        kept; /* a dict: what a request names for good, a path (to itself) or statements (to their pointers, in bytes) */
    PyObject *explain;       /* py_impl.failure.explain */
    PyObject *file;          /* of the task's module: failures name a line of it */
    PyObject *names[FIELDS]; /* a Request's attributes, interned: new ones fill up the type cache */
};

/* -- failures ------------------------------------------------------------------------------------------------------ */

/* The raised exception, normalised, as a new reference; the error indicator is cleared. */
static PyObject *take_exception(void)
{
#if PY_VERSION_HEX >= 0x030C0000
    return PyErr_GetRaisedException();
#else
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (value != NULL && trace != NULL)
        PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
#endif
}

/* Copies text that may hold anything into a line that ends at its first NUL. */
static void text_copy(char *to, size_t size, const char *text, Py_ssize_t length)
{
    const size_t n = (size_t)length < size ? (size_t)length : size - 1;
    memcpy(to, text, n);
    to[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (to[i] == '\0')
            to[i] = ' ';
}

/* Type, message in one line and line of the task's file, in the words of the Python host. -1 with an exception where
 * that cannot be told. */
static int explain(const struct embed *embed, PyObject *exception, struct cobench_error *err)
{
    const char *type, *message;
    Py_ssize_t type_length, message_length;
    PyObject *line; /* borrowed; None where unknown */
    if (embed->explain == NULL)
        return -1;
    PyObject *file = embed->file != NULL ? embed->file : Py_None; /* borrowed */
    PyObject *told = PyObject_CallFunctionObjArgs(embed->explain, exception, file, NULL);
    const bool good = told != NULL &&
                      PyArg_ParseTuple(told, "s#s#O", &type, &type_length, &message, &message_length, &line);
    if (good) {
        text_copy(err->type, sizeof err->type, type, type_length);
        text_copy(err->message, sizeof err->message, message, message_length);
        err->line = PyLong_Check(line) ? (int)PyLong_AsLong(line) : 0;
    }
    Py_XDECREF(told);
    return good ? 0 : -1;
}

/* Where there is no py_impl.failure, or no memory for it: without the line. */
static void explain_plainly(PyObject *exception, struct cobench_error *err)
{
    const char *type = Py_TYPE(exception)->tp_name, *dot = strrchr(type, '.');
    PyObject *text = PyObject_Str(exception);
    const char *message = text != NULL ? PyUnicode_AsUTF8(text) : NULL;
    snprintf(err->type, sizeof err->type, "%s", dot != NULL ? dot + 1 : type);
    snprintf(err->message, sizeof err->message, "%s",
             message != NULL ? message : "an exception that cannot be printed");
    Py_XDECREF(text);
    PyErr_Clear();
}

/* Turns the raised exception into the job's failure. */
static int failed(const struct embed *embed, struct cobench_error *err)
{
    PyObject *exception = take_exception();
    if (exception == NULL) {
        snprintf(err->type, sizeof err->type, "SystemError");
        snprintf(err->message, sizeof err->message, "a call failed without an exception");
        return -EPROTO;
    }
    if (explain(embed, exception, err) != 0) {
        PyErr_Clear();
        explain_plainly(exception, err);
    }
    const int rc = PyErr_GivenExceptionMatches(exception, PyExc_MemoryError) ? -ENOMEM : -EPROTO;
    Py_DECREF(exception);
    return rc;
}

/* -- the interpreter ----------------------------------------------------------------------------------------------- */

/* UTF-8 whatever the locale, as the program python3 has it under C and any UTF-8 locale; left to itself an isolated
 * configuration takes this host's own locale, C, for ASCII. */
static PyStatus interpreter_prepare(void)
{
    PyPreConfig config;
    PyPreConfig_InitIsolatedConfig(&config);
    config.utf8_mode = 1;
#ifdef __SANITIZE_ADDRESS__
    config.allocator = PYMEM_ALLOCATOR_MALLOC; /* so that it sees each object; PYTHONMALLOC is ignored here */
#endif
    return Py_PreInitialize(&config);
}

static int interpreter_start(struct cobench_error *err)
{
    PyConfig config;
    PyStatus status = interpreter_prepare();
    PyConfig_InitIsolatedConfig(&config);
    if (!PyStatus_Exception(status))
        status = PyConfig_SetBytesString(&config, &config.program_name, COBENCH_PYTHON);
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (!PyStatus_Exception(status))
        return 0;
    snprintf(err->type, sizeof err->type, "PyStatus");
    snprintf(err->message, sizeof err->message, "the interpreter does not start: %s",
             status.err_msg != NULL ? status.err_msg : "no reason given");
    return -EPROTO;
}

/* -1 with an exception on failure. */
static int switch_interval_set(double seconds)
{
    PyObject *function = PySys_GetObject("setswitchinterval"); /* borrowed */
    PyObject *nothing = function != NULL && seconds > 0 ? PyObject_CallFunction(function, "d", seconds) : NULL;
    Py_XDECREF(nothing);
    return nothing != NULL || seconds <= 0 ? 0 : -1;
}

/* Puts the project's root first on sys.path. */
static int path_add(const char *root)
{
    PyObject *path = PySys_GetObject("path"); /* borrowed */
    PyObject *folder = PyUnicode_DecodeFSDefault(root);
    const int bad = path == NULL || folder == NULL || PyList_Insert(path, 0, folder) != 0;
    Py_XDECREF(folder);
    return bad ? -1 : 0;
}

/* A function of the module, or NULL with no exception where it has none. */
static PyObject *function_of(PyObject *module, const char *name)
{
    PyObject *function = PyObject_GetAttrString(module, name);
    if (function == NULL)
        PyErr_Clear();
    return function;
}

static bool key_is(PyObject *param, const char *name)
{
    PyObject *key = PyObject_GetAttrString(param, "key");
    const char *text = key != NULL ? PyUnicode_AsUTF8(key) : NULL;
    const bool same = text != NULL && strcmp(text, name) == 0;
    Py_XDECREF(key);
    PyErr_Clear();
    return same;
}

/* Whether the module asks for what its C counterpart says, has the same parameters and audits where that does: the host went by the
 * plug-in's table. -1 with an exception where not. */
static int counterpart_check(const struct cobench_task *counterpart, PyObject *module)
{
    int result = -1;
    const char *asks = contract_ask_name(counterpart->asks);
    PyObject *said = PyObject_GetAttrString(module, "ASKS");
    PyObject *table = said != NULL ? PyObject_GetAttrString(module, "PARAMS") : NULL;
    if (table == NULL)
        goto out;
    if (PyUnicode_CompareWithASCIIString(said, asks) != 0) {
        PyErr_Format(PyExc_ValueError, "ASKS is '%U', but '%s' in its C counterpart", said, asks);
        goto out;
    }
    Py_ssize_t rows = 0;
    while (counterpart->params != NULL && counterpart->params[rows].key != NULL)
        rows++;
    bool same = rows == PyTuple_GET_SIZE(table);
    for (Py_ssize_t i = 0; same && i < rows; i++)
        same = key_is(PyTuple_GET_ITEM(table, i), counterpart->params[i].key);
    if (!same)
        PyErr_SetString(PyExc_ValueError, "PARAMS has other keys than in its C counterpart");
    else if (PyObject_HasAttrString(module, "audit") != (counterpart->audit != NULL))
        PyErr_SetString(PyExc_ValueError, counterpart->audit != NULL
                                              ? "there is no audit, but in its C counterpart"
                                              : "there is an audit, but not in its C counterpart");
    else
        result = 0;
out:
    Py_XDECREF(table);
    Py_XDECREF(said);
    return result;
}

/* The parameters as the Python host makes them from the same texts: py_impl.params.values(PARAMS, texts). */
static PyObject *values_new(const struct cobench_open *how, PyObject *module)
{
    PyObject *values = NULL, *params = NULL, *table = NULL, *texts = PyDict_New();
    const struct cobench_param *param = how->task->params;
    for (size_t i = 0; texts != NULL && param != NULL && param[i].key != NULL; i++) {
        PyObject *text = PyUnicode_DecodeFSDefault(how->values[i].text);
        if (text == NULL || PyDict_SetItemString(texts, param[i].key, text) != 0)
            Py_CLEAR(texts);
        Py_XDECREF(text);
    }
    if (texts == NULL)
        goto out;
    params = PyImport_ImportModule("py_impl.params");
    if (params != NULL)
        table = PyObject_GetAttrString(module, "PARAMS");
    if (table != NULL)
        values = PyObject_CallMethod(params, "values", "OO", table, texts);
out:
    Py_XDECREF(table);
    Py_XDECREF(params);
    Py_XDECREF(texts);
    return values;
}

/* What the calls of a job need of the module and the contract. -1 with an exception on failure. */
static int names_find(struct embed *embed, PyObject *module, PyObject *contract)
{
    embed->file = function_of(module, "__file__");
    embed->open = function_of(module, "open");
    embed->close = function_of(module, "close");
    embed->worker_open = function_of(module, "worker_open");
    embed->worker_close = function_of(module, "worker_close");
    embed->prepare = function_of(module, "prepare");
    embed->request = function_of(module, "request");
    embed->more = function_of(module, "more");
    embed->waited = function_of(module, "waited");
    embed->audit = function_of(module, "audit");
    embed->run = PyObject_GetAttrString(module, "run");
    embed->kept = PyDict_New();
    if (embed->run != NULL && embed->kept != NULL)
        embed->reply_class = PyObject_GetAttrString(contract, "Reply");
    bool good = embed->reply_class != NULL;
    for (enum field f = ASK; good && f < FIELDS; f++)
        good = (embed->names[f] = PyUnicode_InternFromString(field_names[f])) != NULL;
    return good ? 0 : -1;
}

/* A path as Python has it; None for NULL. */
static PyObject *path_new(const char *path)
{
    return path != NULL ? PyUnicode_DecodeFSDefault(path) : Py_NewRef(Py_None);
}

/* py_impl.catalog.load(name, inputs, path) */
static PyObject *module_load(PyObject *catalog, const struct embed_source *source)
{
    return PyObject_CallMethod(catalog, "load", "NNN", path_new(source->name), path_new(source->inputs),
                               path_new(source->path));
}

/* Loads the module by the Python host's own catalogue and opens the task. -1 with an exception on failure. */
static int task_load(struct embed *embed, const struct cobench_open *how)
{
    const struct embed_source *source = how->task->self;
    int result = -1;
    PyObject *catalog = NULL, *contract = NULL, *module = NULL, *values = NULL;
    PyObject *failure = PyImport_ImportModule("py_impl.failure");
    embed->explain = failure != NULL ? PyObject_GetAttrString(failure, "explain") : NULL;
    if (embed->explain != NULL)
        contract = PyImport_ImportModule("py_impl.contract");
    if (contract != NULL)
        catalog = PyImport_ImportModule("py_impl.catalog");
    if (catalog != NULL)
        module = module_load(catalog, source);
    if (module == NULL || counterpart_check(how->task, module) != 0 || names_find(embed, module, contract) != 0)
        goto out;
    values = values_new(how, module);
    if (values == NULL)
        goto out;
    embed->state = embed->open != NULL ? PyObject_CallFunction(embed->open, "OK", values, (unsigned long long)how->jobs)
                                       : Py_NewRef(Py_None);
    result = embed->state != NULL ? 0 : -1;
out:
    Py_XDECREF(values);
    Py_XDECREF(module);
    Py_XDECREF(catalog);
    Py_XDECREF(contract);
    Py_XDECREF(failure);
    return result;
}

static void references_drop(struct embed *embed)
{
    Py_CLEAR(embed->state);
    Py_CLEAR(embed->open);
    Py_CLEAR(embed->close);
    Py_CLEAR(embed->worker_open);
    Py_CLEAR(embed->worker_close);
    Py_CLEAR(embed->prepare);
    Py_CLEAR(embed->request);
    Py_CLEAR(embed->more);
    Py_CLEAR(embed->run);
    Py_CLEAR(embed->waited);
    Py_CLEAR(embed->audit);
    Py_CLEAR(embed->reply_class);
    Py_CLEAR(embed->kept);
    Py_CLEAR(embed->preparing.asked);
    PyMem_RawFree(embed->preparing.words);
    PyMem_RawFree(embed->preparing.jobs);
    embed->preparing.words = NULL;
    embed->preparing.jobs = NULL;
    Py_CLEAR(embed->explain);
    for (enum field f = ASK; f < FIELDS; f++)
        Py_CLEAR(embed->names[f]);
    Py_CLEAR(embed->file);
}

/* Attached: loads and opens the task in this interpreter. Where that fails nothing of it is left. */
static int embed_fill(struct embed *embed, const struct cobench_open *how, struct cobench_error *err)
{
    const struct embed_source *source = how->task->self;
    embed->how = *how;
    if (path_add(source->root) == 0 && switch_interval_set(source->switch_interval_s) == 0 &&
        task_load(embed, how) == 0)
        return 0;
    const int rc = failed(embed, err);
    if (strcmp(err->type, "Usage") == 0) /* the catalogue's: it speaks to the user as it is */
        err->type[0] = '\0';
    references_drop(embed);
    return rc;
}

static int bridge_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct embed *embed = PyMem_RawCalloc(1, sizeof *embed);
    if (embed == NULL)
        return -ENOMEM;
    int rc = interpreter_start(err);
    if (rc != 0) {
        PyMem_RawFree(embed);
        return rc;
    }
    embed->interpreter = PyInterpreterState_Get();
    embed->main_ident = PyThread_get_thread_ident();
    rc = embed_fill(embed, how, err);
    if (rc != 0) {
        Py_FinalizeEx(); /* the failure that counts is already in err */
        PyMem_RawFree(embed);
        return rc;
    }
    pthread_mutex_init(&embed->isolating, NULL);
    embed->main = PyEval_SaveThread();
    *state = embed;
    return 0;
}

/* Attached: closes the task in this interpreter. */
static void embed_empty(struct embed *embed)
{
    if (embed->close != NULL) {
        PyObject *nothing = PyObject_CallOneArg(embed->close, embed->state);
        if (nothing == NULL)
            PyErr_WriteUnraisable(embed->close);
        Py_XDECREF(nothing);
    }
    references_drop(embed);
}

static void bridge_close(void *state)
{
    struct embed *embed = state;
    PyEval_RestoreThread(embed->main);
    embed_empty(embed);
    Py_FinalizeEx(); /* its only error is a failed flush of standard output */
    pthread_mutex_destroy(&embed->isolating);
    PyMem_RawFree(embed);
}

/* Writes out what the task has printed: a forked child would print its parent's again, and ends without. */
static void output_flush(void)
{
    static const char *const names[] = {"stdout", "stderr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        PyObject *file = PySys_GetObject(names[i]); /* borrowed */
        PyObject *nothing = file != NULL && file != Py_None ? PyObject_CallMethod(file, "flush", NULL) : NULL;
        Py_XDECREF(nothing);
        PyErr_Clear();
    }
}

static void bridge_before_fork(void *state)
{
    PyEval_RestoreThread(((struct embed *)state)->main);
    output_flush();
    PyOS_BeforeFork();
}

static void bridge_after_fork_parent(void *state)
{
    PyOS_AfterFork_Parent();
    ((struct embed *)state)->main = PyEval_SaveThread();
}

static void bridge_after_fork_child(void *state)
{
    struct embed *embed = state;
    PyOS_AfterFork_Child();
    embed->main_ident = PyThread_get_thread_ident();
    embed->main = PyEval_SaveThread();
}

/* -- workers ------------------------------------------------------------------------------------------------------- */

/* Ends a worker's own interpreter, attached, and detaches. */
static void worker_leave(struct embed *shared, struct embed_worker *w)
{
    pthread_mutex_lock(&shared->isolating);
    isolated_end(w->thread);
    pthread_mutex_unlock(&shared->isolating);
    PyMem_RawFree(w->embed);
}

/* Attaches a worker, in its thread, to an interpreter of its own with the task in it; detached where that fails. */
static int worker_isolate(struct embed *shared, struct embed_worker *w, struct cobench_error *err)
{
    w->embed = PyMem_RawCalloc(1, sizeof *w->embed);
    if (w->embed == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&shared->isolating);
    int rc = isolated_start(shared->interpreter, &w->thread, err);
    pthread_mutex_unlock(&shared->isolating);
    if (rc != 0) {
        PyMem_RawFree(w->embed);
        return rc;
    }
    rc = embed_fill(w->embed, &shared->how, err);
    if (rc != 0)
        worker_leave(shared, w);
    return rc;
}

/* Attaches a worker to the interpreter that all share. */
static int worker_join(struct embed *shared, struct embed_worker *w)
{
    w->embed = shared;
    w->thread = PyThread_get_thread_ident() == shared->main_ident ? shared->main
                                                                  : PyThreadState_New(shared->interpreter);
    if (w->thread == NULL)
        return -ENOMEM;
    PyEval_RestoreThread(w->thread);
    return 0;
}

/* Attached: ends a worker, and detaches. */
static void worker_end(struct embed *shared, struct embed_worker *w)
{
    if (w->isolated) {
        embed_empty(w->embed);
        worker_leave(shared, w);
    } else if (w->thread == shared->main) {
        PyEval_SaveThread();
    } else {
        PyThreadState_Clear(w->thread);
        PyThreadState_DeleteCurrent();
    }
    PyMem_RawFree(w);
}

static int bridge_worker_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    struct embed *shared = state;
    struct embed_worker *w = PyMem_RawCalloc(1, sizeof *w);
    if (w == NULL)
        return -ENOMEM;
    w->process = flags & COBENCH_WORKER_PROCESS;
    w->isolated = flags & COBENCH_WORKER_ISOLATED;
    int rc = w->isolated ? worker_isolate(shared, w, err) : worker_join(shared, w);
    if (rc != 0) {
        PyMem_RawFree(w);
        return rc;
    }
    const struct embed *embed = w->embed;
    w->worker = embed->worker_open != NULL ? PyObject_CallFunction(embed->worker_open, "OI", embed->state, flags)
                                           : Py_NewRef(Py_None);
    if (w->worker == NULL) {
        rc = failed(embed, err);
        worker_end(shared, w);
        return rc;
    }
    PyEval_SaveThread();
    *worker = w;
    return 0;
}

static void bridge_worker_close(void *state, void *worker)
{
    struct embed_worker *w = worker;
    const struct embed *embed = w->embed;
    PyEval_RestoreThread(w->thread);
    if (embed->worker_close != NULL) {
        PyObject *nothing = PyObject_CallFunctionObjArgs(embed->worker_close, embed->state, w->worker, NULL);
        if (nothing == NULL)
            PyErr_WriteUnraisable(embed->worker_close);
        Py_XDECREF(nothing);
    }
    Py_CLEAR(w->worker);
    Py_CLEAR(w->asked);
    PyMem_RawFree(w->words);
    PyMem_RawFree(w->jobs);
    if (w->process)
        output_flush();
    worker_end(state, w);
}

/* -- what a job asks for ------------------------------------------------------------------------------------------- */

static PyObject *field_get(const struct embed *embed, PyObject *asked, enum field field)
{
    return PyObject_GetAttr(asked, embed->names[field]);
}

/* A number; -1 with an exception also where it may be one: PyErr_Occurred() tells. */
static long long field_number(const struct embed *embed, PyObject *asked, enum field field)
{
    PyObject *number = field_get(embed, asked, field);
    const long long value = number != NULL ? PyLong_AsLongLong(number) : -1;
    Py_XDECREF(number);
    return value;
}

/* A text that stays where it is until the task is closed. NULL with an exception. */
static const char *text_keep(const struct embed *embed, PyObject *text)
{
    Py_ssize_t length;
    PyObject *kept = PyUnicode_Check(text) ? PyDict_SetDefault(embed->kept, text, text) : NULL; /* borrowed */
    const char *inside = kept != NULL ? PyUnicode_AsUTF8AndSize(kept, &length) : NULL;
    if (inside != NULL && strlen(inside) == (size_t)length)
        return inside;
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "asks with a text that is no str, or has a NUL in it");
    return NULL;
}

/* The same of a tuple of texts, with NULL behind them. */
static const char *const *texts_keep(const struct embed *embed, PyObject *tuple)
{
    PyObject *known = PyTuple_Check(tuple) ? PyDict_GetItemWithError(embed->kept, tuple) : NULL; /* borrowed */
    if (known != NULL)
        return (const char *const *)(const void *)PyBytes_AS_STRING(known);
    if (PyErr_Occurred() || !PyTuple_Check(tuple)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "asks with statements that are no tuple");
        return NULL;
    }
    const Py_ssize_t count = PyTuple_GET_SIZE(tuple);
    PyObject *made = PyBytes_FromStringAndSize(NULL, (count + 1) * (Py_ssize_t)sizeof(char *));
    const char **texts = made != NULL ? (const char **)(void *)PyBytes_AS_STRING(made) : NULL;
    for (Py_ssize_t i = 0; texts != NULL && i < count; i++)
        if ((texts[i] = text_keep(embed, PyTuple_GET_ITEM(tuple, i))) == NULL)
            texts = NULL;
    if (texts != NULL) {
        texts[count] = NULL;
        known = PyDict_SetDefault(embed->kept, tuple, made); /* another worker's, where that was first */
        texts = known != NULL ? (const char **)(void *)PyBytes_AS_STRING(known) : NULL;
    }
    Py_XDECREF(made);
    return texts;
}

/* A sequence of bytes, with NULL behind them, for as long as `asked` is kept. -1 with an exception. */
static int words_read(struct embed_worker *w, PyObject *words)
{
    const Py_ssize_t count = PySequence_Size(words);
    char **room = count < 0 ? NULL : PyMem_RawRealloc(w->words, ((size_t)count + 1) * sizeof *room);
    if (room == NULL) {
        if (count >= 0)
            PyErr_NoMemory();
        return -1;
    }
    w->words = room;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *word = PySequence_GetItem(words, i);
        const int bad = word == NULL || PyBytes_AsStringAndSize(word, &room[i], NULL) != 0;
        Py_XDECREF(word); /* the sequence has it */
        if (bad)
            return -1;
    }
    room[count] = NULL;
    return 0;
}

/* A sequence of numbers, likewise. */
static int jobs_read(struct embed_worker *w, PyObject *jobs, struct cobench_request *ask)
{
    PyObject *list = PySequence_Fast(jobs, "asks for jobs that are no sequence");
    const Py_ssize_t count = list != NULL ? PySequence_Fast_GET_SIZE(list) : -1;
    uint64_t *room = count < 0 ? NULL : PyMem_RawRealloc(w->jobs, ((size_t)count + 1) * sizeof *room);
    int result = room != NULL ? 0 : -1;
    if (room != NULL)
        w->jobs = room;
    else if (count >= 0)
        PyErr_NoMemory();
    for (Py_ssize_t i = 0; result == 0 && i < count; i++) {
        PyObject *number = PySequence_Fast_GET_ITEM(list, i); /* borrowed */
        room[i] = PyLong_AsUnsignedLongLong(number);
        result = room[i] == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
        if (result != 0 && PyErr_ExceptionMatches(PyExc_OverflowError))
            PyErr_Format(PyExc_ValueError, "asks for job %S", number);
    }
    ask->jobs = w->jobs;
    ask->job_count = (size_t)count;
    Py_XDECREF(list);
    return result;
}

static int url_read(PyObject *url, struct cobench_request *ask)
{
    Py_ssize_t length = 0;
    const char *text = PyUnicode_AsUTF8AndSize(url, &length);
    if (text == NULL)
        return -1;
    if (strlen(text) != (size_t)length) {
        PyErr_SetString(PyExc_ValueError, "a URL with a NUL in it");
        return -1;
    }
    if ((size_t)length >= sizeof ask->url) {
        PyErr_Format(PyExc_ValueError, "a URL of %zd bytes; at most %d are allowed", length, COBENCH_URL_MAX - 1);
        return -1;
    }
    memcpy(ask->url, text, (size_t)length + 1);
    return 0;
}

/* What the name of an ask stands for. -1 with an exception where it is none that can be asked for here. */
static int kind_read(const struct embed *embed, PyObject *asked, struct cobench_request *ask)
{
    PyObject *kind = field_get(embed, asked, ASK);
    const char *name = kind != NULL ? PyUnicode_AsUTF8(kind) : NULL;
    const struct contract_ask *row;
    int result = -1;
    for (unsigned i = 0; name != NULL && result != 0 && (row = contract_ask((enum cobench_ask)i)) != NULL; i++)
        if (i != COBENCH_ASK_COMMAND && strcmp(name, row->name) == 0) {
            ask->ask = (enum cobench_ask)i;
            result = 0;
        }
    if (result != 0 && name != NULL)
        PyErr_Format(PyExc_ValueError, "asks for '%s', which this host does not know or cannot ask for", name);
    Py_XDECREF(kind);
    return result;
}

/* The fields of what it asks for by a pointer. */
static int pointers_read(struct embed_worker *w, PyObject *asked, struct cobench_request *ask)
{
    const struct embed *embed = w->embed;
    const enum field field = ask->ask == COBENCH_ASK_URL     ? URL
                             : ask->ask == COBENCH_ASK_SQL   ? STATEMENTS
                             : ask->ask == COBENCH_ASK_CACHE ? WORDS
                             : ask->ask == COBENCH_ASK_JOBS  ? JOBS
                                                             : PATH;
    PyObject *value = field_get(embed, asked, field);
    int result = -1;
    if (value == NULL)
        return -1;
    if (field == URL) {
        result = url_read(value, ask);
    } else if (field == WORDS) {
        result = words_read(w, value);
        ask->words = w->words;
    } else if (field == JOBS) {
        result = jobs_read(w, value, ask);
    } else if (field == STATEMENTS) {
        ask->statements = texts_keep(embed, value);
        result = ask->statements != NULL ? 0 : -1;
    } else {
        ask->path = text_keep(embed, value);
        result = ask->path != NULL ? 0 : -1;
    }
    Py_DECREF(value);
    return result;
}

/* Copies a py_impl.contract.Request, and keeps it. -1 with an exception where it is none. */
static int request_read(struct embed_worker *w, PyObject *asked, struct cobench_request *ask)
{
    const struct embed *embed = w->embed;
    if (kind_read(embed, asked, ask) != 0)
        return -1;
    if (ask->ask == COBENCH_ASK_NOTHING)
        return 0;
    if (ask->ask == COBENCH_ASK_DELAY) {
        ask->delay_ns = field_number(embed, asked, DELAY);
        if (ask->delay_ns < 0 && !PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "asks for a delay of %lld ns", (long long)ask->delay_ns);
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_XSETREF(w->asked, Py_NewRef(asked));
    ask->flags = (unsigned)field_number(embed, asked, FLAGS);
    if (ask->ask == COBENCH_ASK_SQL) {
        ask->key = field_number(embed, asked, KEY);
    } else if (ask->ask == COBENCH_ASK_BLOCK) {
        ask->offset = (uint64_t)field_number(embed, asked, OFFSET);
        ask->length = (size_t)field_number(embed, asked, LENGTH);
    }
    return PyErr_Occurred() ? -1 : pointers_read(w, asked, ask);
}

static PyObject *reply_new(const struct embed *embed, const struct cobench_reply *reply)
{
    if (reply == NULL)
        return Py_NewRef(Py_None);
    return PyObject_CallFunction(embed->reply_class, "iy#", reply->status,
                                 reply->body != NULL ? (const char *)reply->body : "", (Py_ssize_t)reply->length);
}

/* Calls a function of the task's, which returns a Request or, but for `request`, None. An argument that is NULL is an
 * exception. Attached. */
static int ask_call(struct embed_worker *w, PyObject *function, PyObject *const *arguments, size_t count,
                    struct cobench_request *ask, struct cobench_error *err)
{
    bool whole = true;
    int rc = 0;
    for (size_t i = 0; i < count; i++)
        whole = whole && arguments[i] != NULL;
    PyObject *asked = whole ? PyObject_Vectorcall(function, arguments, count, NULL) : NULL;
    const bool nothing = asked == Py_None && function != w->embed->request;
    if (asked == NULL || (!nothing && request_read(w, asked, ask) != 0))
        rc = failed(w->embed, err);
    Py_XDECREF(asked);
    return rc;
}

static int bridge_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                          struct cobench_error *err)
{
    (void)state;
    struct embed_worker *w = worker;
    const struct embed *embed = w->embed;
    if (embed->request == NULL)
        return 0; /* the host zeroed it: nothing is asked */
    PyEval_RestoreThread(w->thread);
    PyObject *number = PyLong_FromUnsignedLongLong(job);
    PyObject *const arguments[] = {embed->state, w->worker, number};
    const int rc = ask_call(w, embed->request, arguments, 3, ask, err);
    Py_XDECREF(number);
    w->thread = PyEval_SaveThread();
    return rc;
}

static int bridge_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                       struct cobench_request *ask, struct cobench_error *err)
{
    (void)state;
    struct embed_worker *w = worker;
    const struct embed *embed = w->embed;
    if (embed->more == NULL)
        return 0;
    PyEval_RestoreThread(w->thread);
    PyObject *number = PyLong_FromUnsignedLongLong(job), *place = PyLong_FromUnsignedLong(step);
    PyObject *answer = reply_new(embed, reply);
    PyObject *const arguments[] = {embed->state, w->worker, number, place, answer};
    const int rc = ask_call(w, embed->more, arguments, 5, ask, err);
    Py_XDECREF(answer);
    Py_XDECREF(place);
    Py_XDECREF(number);
    w->thread = PyEval_SaveThread();
    return rc;
}

/* By the thread that opened the task; what it asked for last is kept until then. */
static int bridge_prepare(void *state, unsigned step, struct cobench_request *ask, struct cobench_error *err)
{
    struct embed *embed = state;
    if (embed->prepare == NULL)
        return 0;
    PyEval_RestoreThread(embed->main);
    struct embed_worker *w = &embed->preparing;
    w->embed = embed;
    PyObject *place = PyLong_FromUnsignedLong(step);
    PyObject *const arguments[] = {embed->state, place};
    const int rc = ask_call(w, embed->prepare, arguments, 2, ask, err);
    Py_XDECREF(place);
    embed->main = PyEval_SaveThread();
    return rc;
}

/* The result as 64 bits; -1 with an exception where it is no integer of that range. What stands for an integer by its
 * __index__ is one, as in the Python host: a bool, an integer of numpy. */
static int result_read(PyObject *value, uint64_t *result)
{
    if (!PyIndex_Check(value)) {
        const char *type = Py_TYPE(value)->tp_name, *dot = strrchr(type, '.');
        PyErr_Format(PyExc_TypeError, "the result is of type %s, not int", dot != NULL ? dot + 1 : type);
        return -1;
    }
    PyObject *number = PyNumber_Index(value);
    if (number == NULL)
        return -1;
    *result = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if (*result == UINT64_MAX && PyErr_Occurred()) {
        PyErr_Clear();
        PyErr_SetString(PyExc_OverflowError, "the result is not in 0..2^64-1");
        return -1;
    }
    return 0;
}

/* What the job that has just run has waited for locks, also one that failed. -1 with an exception. */
static int waited_read(struct embed_worker *w)
{
    const struct embed *embed = w->embed;
    PyObject *ns = PyObject_CallFunctionObjArgs(embed->waited, embed->state, w->worker, NULL);
    w->waited_ns = ns != NULL ? PyLong_AsUnsignedLongLong(ns) : 0;
    Py_XDECREF(ns);
    return PyErr_Occurred() ? -1 : 0;
}

static int bridge_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    (void)state;
    struct embed_worker *w = worker;
    const struct embed *embed = w->embed;
    int rc = 0;
    PyEval_RestoreThread(w->thread);
    PyObject *number = PyLong_FromUnsignedLongLong(job);
    PyObject *answer = number != NULL ? reply_new(embed, reply) : NULL;
    PyObject *const arguments[] = {embed->state, w->worker, number, answer};
    PyObject *value = answer != NULL ? PyObject_Vectorcall(embed->run, arguments, 4, NULL) : NULL;
    if (value == NULL || result_read(value, result) != 0)
        rc = failed(embed, err);
    if (embed->waited != NULL && waited_read(w) != 0)
        rc = failed(embed, err);
    Py_XDECREF(value);
    Py_XDECREF(answer);
    Py_XDECREF(number);
    w->thread = PyEval_SaveThread();
    return rc;
}

/* The interpreter has been asked while it was at hand. */
static uint64_t bridge_waited(void *state, void *worker)
{
    (void)state;
    const struct embed_worker *w = worker;
    return w->waited_ns;
}

/* A py_impl.contract.Audit. -1 with an exception where it is none. */
static int audit_read(PyObject *found, struct cobench_audit *audit)
{
    static const char *const names[] = {"wrong", "of"};
    uint64_t *const numbers[] = {&audit->wrong, &audit->of};
    for (size_t i = 0; i < 2; i++) {
        PyObject *number = PyObject_GetAttrString(found, names[i]);
        *numbers[i] = number != NULL ? PyLong_AsUnsignedLongLong(number) : 0;
        Py_XDECREF(number);
        if (PyErr_Occurred())
            return -1;
    }
    Py_ssize_t length;
    PyObject *finding = PyObject_GetAttrString(found, "finding");
    const char *text = finding != NULL ? PyUnicode_AsUTF8AndSize(finding, &length) : NULL;
    if (text != NULL)
        text_copy(audit->finding, sizeof audit->finding, text, length);
    Py_XDECREF(finding);
    return text != NULL ? 0 : -1;
}

static int bridge_audit(void *state, struct cobench_audit *audit, struct cobench_error *err)
{
    struct embed *embed = state;
    PyEval_RestoreThread(embed->main);
    PyObject *found = PyObject_CallOneArg(embed->audit, embed->state);
    const int rc = found == NULL || audit_read(found, audit) != 0 ? failed(embed, err) : 0;
    Py_XDECREF(found);
    embed->main = PyEval_SaveThread();
    return rc;
}

/* -- the task ------------------------------------------------------------------------------------------------------ */

struct cobench_task embed_task(const struct cobench_task *counterpart, const struct embed_source *source)
{
    return (struct cobench_task){
        .contract = COBENCH_CONTRACT_VERSION,
        .kind = counterpart->kind,
        .asks = counterpart->asks,
        .name = counterpart->name,
        .about = counterpart->about,
        .default_jobs = counterpart->default_jobs,
        .splits = counterpart->splits,
        .params = counterpart->params,
        .self = source,
        .payload = counterpart->payload,
        .open = bridge_open,
        .close = bridge_close,
        .before_fork = bridge_before_fork,
        .after_fork_parent = bridge_after_fork_parent,
        .after_fork_child = bridge_after_fork_child,
        .worker_open = bridge_worker_open,
        .worker_close = bridge_worker_close,
        .prepare = counterpart->prepare != NULL ? bridge_prepare : NULL,
        .request = counterpart->asks == COBENCH_ASK_NOTHING ? NULL : bridge_request,
        .more = counterpart->more != NULL ? bridge_more : NULL,
        .run = bridge_run,
        .waited = counterpart->waited != NULL ? bridge_waited : NULL,
        .audit = counterpart->audit != NULL ? bridge_audit : NULL,
    };
}

/* What sys.NAME() returns, as a new reference; NULL without an exception where there is none. */
static PyObject *sys_call(const char *name)
{
    PyObject *function = PySys_GetObject(name); /* borrowed */
    PyObject *value = function != NULL ? PyObject_CallNoArgs(function) : NULL;
    PyErr_Clear();
    return value;
}

#ifdef Py_GIL_DISABLED
/* Which module's import switched the lock on, where that is known. */
static void lock_name(struct runtime_python *out)
{
    PyObject *lock = PyImport_ImportModule("py_impl.lock");
    PyObject *name = lock != NULL ? PyObject_CallMethod(lock, "by", NULL) : NULL;
    const char *text = name != NULL ? PyUnicode_AsUTF8(name) : NULL;
    snprintf(out->gil_by, sizeof out->gil_by, "%s", text != NULL ? text : "");
    PyErr_Clear();
    Py_XDECREF(name);
    Py_XDECREF(lock);
}
#endif

void embed_python(void *state, struct runtime_python *out)
{
    struct embed *embed = state;
    const char *version = Py_GetVersion();
    *out = (struct runtime_python){.library = COBENCH_EMBED};
    snprintf(out->version, sizeof out->version, "%.*s", (int)strcspn(version, " "), version);
#ifdef Py_GIL_DISABLED
    out->free_threaded = true;
#else
    out->gil_known = out->gil = true;
#endif
    if (embed == NULL)
        return;
    PyEval_RestoreThread(embed->main);
    PyObject *seconds = sys_call("getswitchinterval");
    if (seconds != NULL)
        out->switch_interval_ns = (int64_t)(PyFloat_AsDouble(seconds) * 1e9 + 0.5);
    Py_XDECREF(seconds);
    PyErr_Clear();
#ifdef Py_GIL_DISABLED /* it may be on all the same, for a module's sake */
    PyObject *enabled = sys_call("_is_gil_enabled");
    out->gil_known = enabled != NULL;
    out->gil = enabled == Py_True;
    Py_XDECREF(enabled);
    if (out->gil)
        lock_name(out);
#endif
    embed->main = PyEval_SaveThread();
}

const struct runtime_fact *embed_facts(void)
{
#ifdef Py_GIL_DISABLED
    static const char gil[] = "no (free-threaded build)";
#else
    static const char gil[] = "yes";
#endif
    /* Py_GetVersion needs no interpreter; it speaks of the library that is linked or loaded, PY_VERSION of its headers. */
    static const struct runtime_fact facts[] = {
        {"python", PY_VERSION, NULL},       {"python_build", NULL, Py_GetVersion}, {"gil", gil, NULL},
        {"libpython", COBENCH_EMBED, NULL}, {"executable", COBENCH_PYTHON, NULL},  {NULL, NULL, NULL}};
    return facts;
}
