/* SPDX-License-Identifier: MIT */
/* `wordcount`: bytes. The text is read and cut into lines in `open`; a job looks at every word of its slice of lines.
 * Lines end at 0x0A and words at 0x20 and nowhere else, as in data.split(b'\n') and line.split(b' '): n separators make
 * n + 1 pieces, empty ones included. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cobench/task.h"

struct wordcount {
    const char *word;
    size_t word_length;
    uint64_t jobs, repeat;
    char *data;
    size_t length;
    size_t *starts; /* of each line, and one more: a byte past the line feed that the last line has not */
    uint64_t lines;
};

static int file_failed(const char *path, const char *what, struct cobench_error *err)
{
    const int rc = -errno;
    snprintf(err->message, sizeof err->message, "%s cannot be %s: %s", path, what, strerror(-rc));
    return rc;
}

/* Reads to the end of file, whatever the file is; the size it claims is only the first guess. */
static int descriptor_read(struct wordcount *w, int fd, const char *path, struct cobench_error *err)
{
    struct stat about;
    if (fstat(fd, &about) < 0)
        return file_failed(path, "read", err);
    size_t capacity = about.st_size > 0 ? (size_t)about.st_size + 1 : 65536;
    w->data = malloc(capacity);
    while (w->data) {
        const ssize_t n = read(fd, w->data + w->length, capacity - w->length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_failed(path, "read", err);
        if (n == 0)
            return 0;
        w->length += (size_t)n;
        if (w->length == capacity) {
            char *more = realloc(w->data, capacity *= 2);
            if (!more)
                break;
            w->data = more;
        }
    }
    snprintf(err->message, sizeof err->message, "out of memory for %s", path);
    return -ENOMEM;
}

static int file_read(struct wordcount *w, const char *path, struct cobench_error *err)
{
    int fd;
    do
        fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return file_failed(path, "read", err);
    const int rc = descriptor_read(w, fd, path, err);
    close(fd);
    return rc;
}

static int lines_find(struct wordcount *w)
{
    const char *end = w->data + w->length;
    w->lines = 1;
    for (const char *c = w->data; (c = memchr(c, '\n', (size_t)(end - c))); c++)
        w->lines++;
    w->starts = malloc((w->lines + 1) * sizeof *w->starts);
    if (!w->starts)
        return -ENOMEM;
    uint64_t line = 0;
    w->starts[line++] = 0;
    for (const char *c = w->data; (c = memchr(c, '\n', (size_t)(end - c))); c++)
        w->starts[line++] = (size_t)(c + 1 - w->data);
    w->starts[line] = w->length + 1;
    return 0;
}

static void wordcount_close(void *state)
{
    struct wordcount *w = state;
    free(w->starts);
    free(w->data);
    free(w);
}

static int wordcount_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const char *path = how->values[0].text, *word = how->values[1].text;
    if (strpbrk(word, " \n")) {
        snprintf(err->message, sizeof err->message, "word: must not hold a blank or a line feed");
        return -EINVAL;
    }
    struct wordcount *w = calloc(1, sizeof *w);
    if (!w)
        return -ENOMEM;
    w->word = word;
    w->word_length = strlen(word);
    w->jobs = how->jobs;
    w->repeat = (uint64_t)how->values[2].number;
    int rc = file_read(w, path, err);
    if (rc == 0)
        rc = lines_find(w);
    if (rc)
        wordcount_close(w);
    else
        *state = w;
    return rc;
}

/* Among the words of `length` bytes of one line. */
static uint64_t line_count(const struct wordcount *w, const char *line, size_t length)
{
    uint64_t found = 0;
    const char *end = line + length;
    for (;;) {
        const char *blank = memchr(line, ' ', (size_t)(end - line));
        const size_t word = (size_t)((blank ? blank : end) - line);
        found += word == w->word_length && memcmp(line, w->word, word) == 0;
        if (!blank)
            return found;
        line = blank + 1;
    }
}

static int wordcount_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                         struct cobench_error *err)
{
    (void)worker, (void)reply, (void)err;
    const struct wordcount *w = state;
    uint64_t first, last, found = 0;
    cobench_slice(w->lines, job, w->jobs, &first, &last);
    for (uint64_t time = 0; time < w->repeat; time++)
        for (uint64_t line = first; line < last; line++)
            found += line_count(w, w->data + w->starts[line], w->starts[line + 1] - w->starts[line] - 1);
    *result = found;
    return 0;
}

static const struct cobench_param wordcount_params[] = {
    {.key = "file",
     .type = COBENCH_PARAM_PATH,
     .fallback = "@words.txt",
     .about = "the text; @ is the folder of cobench's own files"},
    {.key = "word",
     .type = COBENCH_PARAM_TEXT,
     .fallback = "the",
     .about = "the word, any bytes but a blank or a line feed"},
    {.key = "repeat",
     .type = COBENCH_PARAM_INT,
     .fallback = "1",
     .min = 1,
     .max = 1000000,
     .about = "how many times each line is looked at"},
    {.key = NULL},
};

extern const struct cobench_task cobench_task;
const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_CPU,
    .asks = COBENCH_ASK_NOTHING,
    .name = "wordcount",
    .about = "how often a word stands in the job's slice of lines",
    .default_jobs = 8,
    .splits = 1,
    .params = wordcount_params,
    .open = wordcount_open,
    .close = wordcount_close,
    .run = wordcount_run,
};
