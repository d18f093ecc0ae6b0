/* SPDX-License-Identifier: MIT */
/*
 * The transport for blocks of a file. Blocking, it is pread; on a loop an engine reads and tells by an eventfd: io_uring, or
 * threads where the kernel has none for us, or --client threads says so. Each client and mux opens the file once, with its first
 * request, and keeps its buffers. A read of a file cannot be given up: the time limit of a request is none here.
 */
#define _GNU_SOURCE /* O_DIRECT, dladdr */
#include "transport/block/engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/error.h"

#define ALIGNED 4096u /* of buffers: as much as any device wants of O_DIRECT */

static int fail(struct cobench_error *err, int rc, const char *type, const char *what, const char *path)
{
    return error_named(err, rc, type, "'%.200s' %s: %s", path, what, strerror(-rc));
}

/* -- what both ways share ------------------------------------------------------------------------------------------------- */

/* Opens the file of the first request; the others' is the same. */
static int file_open(int *fd, const struct cobench_request *ask, struct cobench_error *err)
{
    const bool direct = ask->flags & COBENCH_BLOCK_DIRECT;
    if (*fd >= 0)
        return 0;
    *fd = open(ask->path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
    if (*fd >= 0)
        return 0;
    return fail(err, -errno, "NotOpened", direct ? "cannot be opened with O_DIRECT" : "cannot be opened", ask->path);
}

/* Makes it ready for the request. */
static int block_aim(struct block *block, int fd, const struct cobench_request *ask)
{
    if (ask->length > block->size) {
        void *buffer = NULL;
        const size_t size = (ask->length + ALIGNED - 1) / ALIGNED * ALIGNED;
        if (posix_memalign(&buffer, ALIGNED, size))
            return -ENOMEM;
        free(block->buffer);
        block->buffer = buffer;
        block->size = size;
    }
    block->fd = fd;
    block->offset = ask->offset;
    block->length = ask->length;
    return 0;
}

void block_read(struct block *block)
{
    do
        block->got = pread(block->fd, block->buffer, block->length, (off_t)block->offset);
    while (block->got < 0 && errno == EINTR);
    if (block->got < 0)
        block->got = -errno;
}

static int block_end(const struct block *block, struct cobench_reply *reply, struct cobench_error *err)
{
    if (block->got < 0) {
        snprintf(err->type, sizeof err->type, "Transport");
        return error_fill(err, (int)block->got, "reading %zu bytes at %" PRIu64 " failed: %s", block->length,
                          block->offset, strerror((int)-block->got));
    }
    if ((size_t)block->got < block->length) {
        snprintf(err->type, sizeof err->type, "ShortBlock");
        return error_fill(err, -EPROTO, "%zd bytes of %zu at %" PRIu64, block->got, block->length, block->offset);
    }
    *reply = (struct cobench_reply){.body = block->buffer, .length = block->length};
    return 0;
}

static int transport_open(const struct transport_options *options, void **state, struct cobench_error *err)
{
    (void)err;
    *state = malloc(sizeof *options);
    if (!*state)
        return -ENOMEM;
    memcpy(*state, options, sizeof *options);
    return 0;
}

/* -- blocking ------------------------------------------------------------------------------------------------------------- */

struct client {
    int fd;
    struct block block;
};

static int client_open(void *state, void **out, struct cobench_error *err)
{
    struct client *client = calloc(1, sizeof *client);
    (void)state, (void)err;
    if (!client)
        return -ENOMEM;
    client->fd = -1;
    *out = client;
    return 0;
}

static void client_close(void *arg)
{
    struct client *client = arg;
    if (client->fd >= 0)
        close(client->fd);
    free(client->block.buffer);
    free(client);
}

static int client_get(void *arg, const struct cobench_request *ask, struct cobench_reply *reply,
                      struct cobench_error *err)
{
    struct client *client = arg;
    int rc = file_open(&client->fd, ask, err);
    rc = rc ? rc : block_aim(&client->block, client->fd, ask);
    if (rc)
        return rc;
    block_read(&client->block);
    return block_end(&client->block, reply, err);
}

extern const struct transport cobench_transport;

/* -- on a loop ------------------------------------------------------------------------------------------------------------ */

struct mux {
    struct loop *loop;
    const struct loop_ops *ops;
    int fd, event;
    bool taking; /* what is asked for meanwhile goes to the kernel together */
    unsigned count;
    struct block *blocks, *idle;
    const struct block_engine *kind; /* NULL: not open */
    void *engine;
};

/* That of the plug-in, which stands where this one does, whoever loaded it; NULL where it is not, or cannot be loaded. */
static const struct block_engine *engine_load(void)
{
    Dl_info here;
    char path[4096];
    if (!dladdr(&cobench_transport, &here))
        return NULL;
    const int folder = (int)(strrchr(here.dli_fname, '/') + 1 - here.dli_fname);
    snprintf(path, sizeof path, "%.*s../plugins/block_uring.so", folder, here.dli_fname);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* stays loaded: the process is about to end */
    const struct block_engine *engine = library ? dlsym(library, BLOCK_ENGINE_SYMBOL) : NULL;
    return engine && engine->version == BLOCK_ENGINE_VERSION ? engine : NULL;
}

/* The engine that the knob says: by default io_uring, else what there is. */
static int engine_open(struct mux *mux, unsigned client, struct cobench_error *err)
{
    mux->kind = client == CLIENT_DEFAULT ? engine_load() : NULL;
    int rc = mux->kind ? mux->kind->open(mux->count, mux->event, &mux->engine, err) : -ENOSYS;
    if (rc == 0)
        return 0;
    error_clear(err);
    mux->kind = &block_threads;
    rc = block_threads.open(mux->count, mux->event, &mux->engine, err);
    if (rc)
        mux->kind = NULL;
    return rc;
}

/* Whether a loop of ours reads by io_uring. */
static const char *block_describe(void)
{
    struct mux mux = {.count = 1, .event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    struct cobench_error unsaid;
    const int rc = engine_open(&mux, CLIENT_DEFAULT, &unsaid);
    const char *name = mux.kind ? mux.kind->name : "nothing";
    if (rc == 0)
        mux.kind->close(mux.engine);
    if (mux.event >= 0)
        close(mux.event);
    return name;
}

/* Its buffer is another's only behind `done`, which may ask for the next one. */
static void block_tell(struct mux *mux, struct block *block)
{
    struct cobench_reply reply;
    struct cobench_error err = {.line = 0};
    const int rc = block_end(block, &reply, &err);
    block->done(block->arg, rc ? NULL : &reply, rc, &err);
    block->next = mux->idle;
    mux->idle = block;
}

/* No more than there are now: those that are read meanwhile must not keep the loop's others waiting. */
static void blocks_ready(void *arg, int fd, unsigned events)
{
    static const uint64_t again = 1;
    struct mux *mux = arg;
    struct block *block = NULL;
    uint64_t told;
    (void)events;
    (void)!read(fd, &told, sizeof told);
    mux->taking = true;
    for (unsigned n = mux->count; n > 0 && (block = mux->kind->take(mux->engine)); n--)
        block_tell(mux, block);
    mux->taking = false;
    mux->kind->flush(mux->engine);
    if (block)
        (void)!write(fd, &again, sizeof again);
}

static void mux_close(void *arg)
{
    struct mux *mux = arg;
    if (mux->kind)
        mux->kind->close(mux->engine);
    if (mux->event >= 0) {
        mux->ops->watch(mux->loop, mux->event, 0, NULL, NULL);
        close(mux->event);
    }
    if (mux->fd >= 0)
        close(mux->fd);
    for (unsigned i = 0; mux->blocks && i <= mux->count; i++)
        free(mux->blocks[i].buffer);
    free(mux->blocks);
    free(mux);
}

/* One more than can be under way: it is that whose reply is being read as the next is asked for. */
static int blocks_make(struct mux *mux)
{
    mux->blocks = calloc((size_t)mux->count + 1, sizeof *mux->blocks);
    if (!mux->blocks)
        return -ENOMEM;
    for (unsigned i = 0; i <= mux->count; i++) {
        mux->blocks[i].next = mux->idle;
        mux->idle = &mux->blocks[i];
    }
    return 0;
}

static int mux_open(void *state, struct loop *loop, const struct loop_ops *ops, unsigned in_flight, void **out,
                    struct cobench_error *err)
{
    const struct transport_options *options = state;
    struct mux *mux = malloc(sizeof *mux);
    if (!mux)
        return -ENOMEM;
    *mux = (struct mux){.loop = loop, .ops = ops, .fd = -1, .count = in_flight};
    mux->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int rc = mux->event < 0 ? -errno : blocks_make(mux);
    rc = rc ? rc : engine_open(mux, options->client, err);
    rc = rc ? rc : ops->watch(loop, mux->event, LOOP_READ, blocks_ready, mux);
    if (rc)
        mux_close(mux);
    else
        *out = mux;
    return rc;
}

static int mux_get(void *arg, const struct cobench_request *ask, transport_done_fn done, void *done_arg,
                   struct cobench_error *err)
{
    struct mux *mux = arg;
    struct block *block = mux->idle;
    if (!block)
        return error_fill(err, -EBUSY, "more requests in flight than were asked for");
    int rc = file_open(&mux->fd, ask, err);
    rc = rc ? rc : block_aim(block, mux->fd, ask);
    if (rc)
        return rc;
    mux->idle = block->next;
    block->done = done;
    block->arg = done_arg;
    mux->kind->ask(mux->engine, block);
    if (!mux->taking)
        mux->kind->flush(mux->engine);
    return 0;
}

const struct transport cobench_transport = {
    .version = TRANSPORT_VERSION,
    .name = "block",
    .describe = block_describe,
    .open = transport_open,
    .close = free,
    .client_open = client_open,
    .client_get = client_get,
    .client_close = client_close,
    .mux_open = mux_open,
    .mux_get = mux_get,
    .mux_close = mux_close,
};
