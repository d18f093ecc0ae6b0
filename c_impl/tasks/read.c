/* SPDX-License-Identifier: MIT */
/*
 * read: a block somewhere in a file, past the page cache or out of it. The file is made once, where there is none of that size, and
 * stays for later runs: each 4 KiB of it are their own number, 512 times over, by which a block is known for the right one.
 */
#define _GNU_SOURCE /* O_DIRECT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cobench/task.h"

#define UNIT   4096u /* bytes that are one number */
#define CHUNK  (1u << 20)
#define AHEAD  (128u << 10) /* as much as Linux reads ahead at once */
#define PATHS  4096
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15) /* 2^64 by the golden ratio: its multiples are spread evenly (Knuth 6.4) */

enum { FOLDER, SIZE, BLOCK, DIRECT };

struct file {
    char path[PATHS];
    uint64_t size; /* of the file, in bytes, as is: */
    size_t block;
    uint64_t blocks;
    unsigned flags;
};

/* Without space, or O_DIRECT, it is not possible here. */
static int fail(struct cobench_error *err, int rc, const char *what, const char *path)
{
    const bool possible = rc != -ENOSPC && rc != -EDQUOT && rc != -EFBIG && rc != -ENOSYS;
    snprintf(err->type, sizeof err->type, "%s", possible ? "OSError" : COBENCH_NOT_POSSIBLE);
    snprintf(err->message, sizeof err->message, "%s '%.200s': %s", what, path, strerror(-rc));
    return rc;
}

/* Writes it to the end. 0 or a negative errno. */
static int file_fill(int fd, uint64_t size)
{
    static const size_t words = CHUNK / sizeof(uint64_t), unit = UNIT / sizeof(uint64_t);
    uint64_t *chunk = malloc(CHUNK);
    int rc = chunk ? 0 : -ENOMEM;
    for (uint64_t at = 0; rc == 0 && at < size; at += CHUNK) {
        for (size_t i = 0; i < words; i++)
            chunk[i] = at / UNIT + i / unit;
        for (size_t done = 0; rc == 0 && done < CHUNK;) {
            const ssize_t n = write(fd, (const char *)chunk + done, CHUNK - done);
            rc = n < 0 && errno != EINTR ? -errno : 0;
            done += n > 0 ? (size_t)n : 0;
        }
    }
    free(chunk);
    return rc || fsync(fd) == 0 ? rc : -errno;
}

/* Under another name until it is whole, as several runs may want it at once. */
static int file_make(const struct file *r, struct cobench_error *err)
{
    char making[PATHS + 8];
    snprintf(making, sizeof making, "%s.XXXXXX", r->path);
    const int fd = mkstemp(making);
    if (fd < 0)
        return fail(err, -errno, "cannot make", making);
    int rc = file_fill(fd, r->size);
    if (rc == 0 && (fchmod(fd, 0644) < 0 || rename(making, r->path) < 0))
        rc = -errno;
    if (rc) {
        unlink(making);
        fail(err, rc, "cannot make", r->path);
    }
    close(fd);
    return rc;
}

/* Has it in the page cache, or sees that it can be read past it. */
static int file_ready(const struct file *r, struct cobench_error *err)
{
    const int direct = r->flags & COBENCH_BLOCK_DIRECT ? O_DIRECT : 0;
    const int fd = open(r->path, O_RDONLY | O_CLOEXEC | direct);
    if (fd < 0)
        return direct && errno == EINVAL ? fail(err, -ENOSYS, "O_DIRECT of the file system of", r->path)
                                         : fail(err, -errno, "cannot open", r->path);
    for (uint64_t at = 0; !direct && at < r->size; at += AHEAD)
        posix_fadvise(fd, (off_t)at, AHEAD, POSIX_FADV_WILLNEED); /* an advice: without it the first reads are slow */
    close(fd);
    return 0;
}

static int read_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    const struct cobench_value *v = how->values;
    struct stat there;
    if (v[BLOCK].number % UNIT) {
        snprintf(err->type, sizeof err->type, "ValueError");
        snprintf(err->message, sizeof err->message, "block: must be a multiple of %u", UNIT);
        return -EINVAL;
    }
    struct file *r = malloc(sizeof *r);
    if (!r)
        return -ENOMEM;
    *r = (struct file){.size = (uint64_t)v[SIZE].number << 20,
                       .block = (size_t)v[BLOCK].number,
                       .flags = v[DIRECT].number ? COBENCH_BLOCK_DIRECT : 0};
    r->blocks = r->size / r->block;
    int rc = snprintf(r->path, sizeof r->path, "%s/cobench-blocks-%" PRId64, v[FOLDER].text, v[SIZE].number) < PATHS
                 ? 0
                 : -ENAMETOOLONG;
    if (rc == 0 && (stat(r->path, &there) < 0 || (uint64_t)there.st_size != r->size))
        rc = file_make(r, err);
    rc = rc ? rc : file_ready(r, err);
    if (rc)
        free(r);
    else
        *state = r;
    return rc;
}

static uint64_t offset_of(const struct file *r, uint64_t job) { return (job * GOLDEN >> 32) % r->blocks * r->block; }

static int read_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct file *r = state;
    (void)worker, (void)err;
    ask->ask = COBENCH_ASK_BLOCK;
    ask->flags = r->flags;
    ask->path = r->path;
    ask->offset = offset_of(r, job);
    ask->length = r->block;
    return 0;
}

/* The numbers of its first and its last 4 KiB. */
static int read_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                    struct cobench_error *err)
{
    const struct file *r = state;
    const uint64_t offset = offset_of(r, job);
    uint64_t first, last;
    (void)worker;
    memcpy(&first, reply->body, sizeof first);
    memcpy(&last, reply->body + reply->length - sizeof last, sizeof last);
    if (first != offset / UNIT || last != (offset + r->block) / UNIT - 1) {
        snprintf(err->type, sizeof err->type, "WrongBlock");
        snprintf(err->message, sizeof err->message,
                 "at %" PRIu64 " is another block, or another file (remove '%.200s')", offset, r->path);
        return -EPROTO;
    }
    *result = first << 32 | last;
    return 0;
}

static const struct cobench_param params[] = {
    [FOLDER] = {"folder", COBENCH_PARAM_PATH, .fallback = "/var/tmp",
                .about = "where the file is; it is made there once, and stays"},
    [SIZE] = {"size", COBENCH_PARAM_INT, .fallback = "64", .min = 16, .max = 1048576, .about = "its size in MiB"},
    [BLOCK] = {"block", COBENCH_PARAM_INT, .fallback = "4096", .min = 4096, .max = 16777216,
               .about = "bytes of a block, a multiple of 4096"},
    [DIRECT] = {"direct", COBENCH_PARAM_INT, .fallback = "0", .max = 1,
                .about = "1: past the page cache (O_DIRECT); 0: out of it"},
    {.key = NULL}};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_IO,
    .asks = COBENCH_ASK_BLOCK,
    .name = "read",
    .about = "read a block somewhere in a file",
    .default_jobs = 50,
    .params = params,
    .open = read_open,
    .close = free,
    .request = read_request,
    .run = read_run,
};
