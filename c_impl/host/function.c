/* SPDX-License-Identifier: MIT */
/* A user's bare C function as a task. What it costs a job beside the function itself is one call through a pointer.
 * Behind it a command as a task: it fills in the words and leaves the rest to the host. */
#include "host/function.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/read_all.h"
#include "host/error.h"
#include "host/params.h"

struct function {
    struct cobench_task task;
    char *about; /* FILE.so:SYMBOL, of which the name is the end */
    void *library;
    uint64_t (*by_job)(uint64_t job);
    int (*by_line)(const char *line, size_t length, uint64_t *result);
    struct inputs inputs; /* none where it is called by job */
    struct command_words command;
};

/* -- its name --------------------------------------------------------------------------------------------------------- */

static bool ends_with(const char *text, size_t length, const char *suffix)
{
    const size_t n = strlen(suffix);
    return length > n && memcmp(text + length - n, suffix, n) == 0;
}

bool function_is_in(const char *task, const char *suffix)
{
    return ends_with(task, (size_t)(function_name(task) - 1 - task), suffix);
}

bool function_is_one(const char *task)
{
    const char *colon = strrchr(task, ':');
    return colon && colon > task && !strchr(colon, '/') &&
           (function_is_in(task, ".py") || function_is_in(task, ".so") || !strchr(task, '/'));
}

const char *function_name(const char *task) { return strrchr(task, ':') + 1; }

/* -- its inputs ------------------------------------------------------------------------------------------------------- */

/* Puts a NUL for each line feed, and writes down where the lines are. */
static int lines_find(struct inputs *inputs, size_t length)
{
    char *at = inputs->text, *end = inputs->text + length;
    if (end[-1] == '\n')
        end--;
    *end = '\0';
    inputs->count = 1;
    for (const char *c = at; (c = memchr(c, '\n', (size_t)(end - c))); c++)
        inputs->count++;
    inputs->lines = calloc(inputs->count, sizeof *inputs->lines);
    if (!inputs->lines)
        return -ENOMEM;
    for (size_t i = 0; i < inputs->count; i++) {
        char *feed = memchr(at, '\n', (size_t)(end - at));
        feed = feed ? feed : end;
        *feed = '\0';
        inputs->lines[i] = (struct inputs_line){.text = at, .length = (size_t)(feed - at)};
        at = feed + 1;
    }
    return 0;
}

int inputs_open(struct inputs *inputs, const char *path, struct cobench_error *err)
{
    size_t length = 0;
    *inputs = (struct inputs){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -errno : read_all(fd, SIZE_MAX / 4, &inputs->text, &length);
    if (fd >= 0)
        close(fd);
    if (rc == 0 && length == 0) {
        inputs_close(inputs);
        return error_fill(err, -EINVAL, "--inputs: '%.200s' has no line", path);
    }
    if (rc == 0)
        rc = lines_find(inputs, length);
    if (rc == 0)
        return 0;
    inputs_close(inputs);
    return error_fill(err, rc, "--inputs: '%.200s' cannot be read: %s", path, strerror(-rc));
}

void inputs_close(struct inputs *inputs)
{
    free(inputs->lines);
    free(inputs->text);
    *inputs = (struct inputs){0};
}

uint64_t inputs_jobs(const struct inputs *inputs)
{
    const uint64_t jobs = inputs ? inputs->count : 8;
    return jobs < PARAMS_JOBS_MAX ? jobs : PARAMS_JOBS_MAX;
}

/* -- the task --------------------------------------------------------------------------------------------------------- */

static int function_state(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    (void)err;
    *state = (void *)how->task->self;
    return 0;
}

static int job_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                   struct cobench_error *err)
{
    (void)worker, (void)reply, (void)err;
    *result = ((const struct function *)state)->by_job(job);
    return 0;
}

static int line_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    (void)worker, (void)reply;
    const struct function *function = state;
    const struct inputs_line *line = &function->inputs.lines[job % function->inputs.count];
    const int returned = function->by_line(line->text, line->length, result);
    if (returned == 0)
        return 0;
    memcpy(err->type, "Returned", sizeof "Returned"); /* which is the function's own number, and no errno's */
    return error_fill(err, -EPROTO, "%.200s returned %d", function->task.name, returned);
}

/* -- loading ---------------------------------------------------------------------------------------------------------- */

static int file_check(const char *path, struct cobench_error *err)
{
    static const char elf[] = {'\177', 'E', 'L', 'F'};
    char magic[sizeof elf] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_fill(err, -errno, "task file '%s' cannot be read: %s", path, strerror(errno));
    const ssize_t n = read(fd, magic, sizeof magic);
    close(fd);
    if (n != (ssize_t)sizeof magic || memcmp(magic, elf, sizeof elf) != 0)
        return error_fill(err, -ENOEXEC, "task file '%s' is no shared object", path);
    return 0;
}

int library_open(const char *path, void **handle, struct cobench_error *err)
{
    const int rc = file_check(path, err);
    if (rc)
        return rc;
    /* It stays where it is when it is closed: it may have threads. */
    *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    return *handle ? 0 : error_fill(err, -ENOEXEC, "task file '%s' does not load: %s", path, dlerror());
}

/* Opens the library of FILE.so:SYMBOL and finds the symbol. */
static int symbol_find(struct function *function, void **symbol, struct cobench_error *err)
{
    const char *name = function_name(function->about);
    const size_t length = (size_t)(name - 1 - function->about);
    char *path = malloc(length + sizeof "./");
    if (!path)
        return error_fill(err, -ENOMEM, "out of memory");
    memcpy(path, "./", 2); /* a name without a slash would be looked for among the system's libraries */
    memcpy(path + 2, function->about, length);
    path[2 + length] = '\0';
    char *file = strchr(path + 2, '/') ? path + 2 : path;
    int rc = library_open(file, &function->library, err);
    *symbol = rc == 0 ? dlsym(function->library, name) : NULL;
    if (rc == 0 && !*symbol)
        rc = error_fill(err, -ENOEXEC, "task file '%.150s' has no symbol '%.100s'", file, name);
    free(path);
    return rc;
}

static int function_load(struct function *function, const char *inputs, struct cobench_error *err)
{
    void *symbol = NULL;
    if (!function_is_in(function->about, ".so"))
        return error_fill(err, -EINVAL, "task '%.200s' is no FILE.so:SYMBOL", function->about);
    int rc = symbol_find(function, &symbol, err);
    if (rc == 0 && inputs)
        rc = inputs_open(&function->inputs, inputs, err);
    if (rc)
        return rc;
    memcpy(inputs ? (void *)&function->by_line : (void *)&function->by_job, &symbol, sizeof symbol);
    function->task = (struct cobench_task){
        .contract = COBENCH_CONTRACT_VERSION,
        .kind = COBENCH_KIND_MIXED,
        .asks = COBENCH_ASK_NOTHING,
        .name = function_name(function->about),
        .about = function->about,
        .default_jobs = inputs_jobs(inputs ? &function->inputs : NULL),
        .self = function,
        .open = function_state,
        .run = inputs ? line_run : job_run,
    };
    return 0;
}

int function_open(const char *task, const char *inputs, struct function **out, struct cobench_error *err)
{
    struct function *function = calloc(1, sizeof *function);
    if (function)
        function->about = strdup(task);
    const int rc = function && function->about ? function_load(function, inputs, err)
                                               : error_fill(err, -ENOMEM, "out of memory");
    if (rc)
        function_close(function);
    else
        *out = function;
    return rc;
}

/* -- a command -------------------------------------------------------------------------------------------------------- */

static void words_free(char **words)
{
    for (size_t i = 0; words && words[i]; i++)
        free(words[i]);
    free(words);
}

/* A worker has the words of the job that it started last. */
static int words_open(void *state, unsigned flags, void **worker, struct cobench_error *err)
{
    const struct function *function = state;
    size_t count = 1;
    (void)flags, (void)err;
    while (function->command.words[count])
        count++;
    *worker = calloc(count + 1, sizeof(char *));
    return *worker ? 0 : -ENOMEM;
}

static void words_close(void *state, void *worker)
{
    (void)state;
    words_free(worker);
}

/* In one pass: what an input says stays as it is. NULL: out of memory. */
static char *word_fill(const char *word, const char *input, uint64_t job)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    while (out && *word) {
        const bool is_job = strncmp(word, "{job}", 5) == 0, is_input = input && strncmp(word, "{input}", 7) == 0;
        if (is_job)
            fprintf(out, "%" PRIu64, job);
        else
            fwrite(is_input ? input : word, 1, is_input ? strlen(input) : 1, out);
        word += is_job ? 5 : is_input ? 7 : 1;
    }
    if (out && fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static int words_fill(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct function *function = state;
    const struct inputs *inputs = &function->inputs;
    const struct inputs_line *line = inputs->count > 0 ? &inputs->lines[job % inputs->count] : NULL;
    char **words = worker;
    if (line && strlen(line->text) != line->length)
        return error_fill(err, -EINVAL, "the input has a NUL, which no argument can have");
    for (size_t i = 0; function->command.words[i]; i++) {
        free(words[i]);
        words[i] = word_fill(function->command.words[i], line ? line->text : NULL, job);
        if (!words[i])
            return -ENOMEM;
    }
    ask->ask = COBENCH_ASK_COMMAND;
    ask->words = words;
    ask->directory = function->command.directory;
    return 0;
}

static int digest_take(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                       struct cobench_error *err)
{
    (void)state, (void)worker, (void)job, (void)err;
    *result = reply->digest;
    return 0;
}

/* --inputs and {input} belong together. */
static int inputs_check(const struct command_words *command, struct cobench_error *err)
{
    bool used = false;
    for (size_t i = 0; command->words[i]; i++)
        used = used || strstr(command->words[i], "{input}");
    if (used && !command->inputs)
        return error_fill(err, -EINVAL, "the command's {input} needs --inputs FILE");
    return used || !command->inputs ? 0 : error_fill(err, -EINVAL, "--inputs: the command has no {input}");
}

int command_open(const struct command_words *how, struct function **out, struct cobench_error *err)
{
    const char *slash = strrchr(how->words[0], '/');
    struct function *function = calloc(1, sizeof *function);
    int rc = function ? inputs_check(how, err) : error_fill(err, -ENOMEM, "out of memory");
    if (rc == 0 && how->inputs)
        rc = inputs_open(&function->inputs, how->inputs, err);
    if (rc) {
        function_close(function);
        return rc;
    }
    function->command = *how;
    function->task = (struct cobench_task){
        .contract = COBENCH_CONTRACT_VERSION,
        .kind = COBENCH_KIND_MIXED,
        .asks = COBENCH_ASK_COMMAND,
        .name = slash ? slash + 1 : how->words[0],
        .about = how->words[0],
        .default_jobs = inputs_jobs(how->inputs ? &function->inputs : NULL),
        .self = function,
        .open = function_state,
        .worker_open = words_open,
        .worker_close = words_close,
        .request = words_fill,
        .run = digest_take,
    };
    *out = function;
    return 0;
}

const struct cobench_task *function_task(const struct function *function) { return &function->task; }

void function_close(struct function *function)
{
    if (!function)
        return;
    inputs_close(&function->inputs);
    if (function->library)
        dlclose(function->library);
    free(function->about);
    free(function);
}
