/* SPDX-License-Identifier: MIT */
/* The transport for blocks: blocking, and on a loop by io_uring and by threads, with more jobs than requests at once. */
#include "tests/unit/unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/loop.h"
#include "host/transport.h"

enum { UNIT = 512, UNITS = 64, JOBS = 3000, IN_FLIGHT = 40 };

struct fixture {
    const struct transport *transport;
    void *state, *mux;
    char path[64];
    struct loop *loop;
    unsigned asked, done;
};

static const struct transport *library_load(void)
{
    char path[4096];
    const char *build = getenv("COBENCH_BUILD");
    snprintf(path, sizeof path, "%s/transport/block.so", build ? build : "build");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fail_msg("%s", dlerror());
    return dlsym(library, TRANSPORT_SYMBOL);
}

/* A file of so many units, each of which holds its own number. */
static int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    unsigned char unit[UNIT];
    assert_non_null(f);
    snprintf(f->path, sizeof f->path, "/tmp/cobench-block-XXXXXX");
    const int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    for (int i = 0; i < UNITS; i++) {
        memset(unit, i, sizeof unit);
        assert_int_equal(write(fd, unit, sizeof unit), sizeof unit);
    }
    close(fd);
    f->transport = library_load();
    assert_int_equal(f->transport->version, TRANSPORT_VERSION);
    *state = f;
    return 0;
}

static int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    f->transport->close(f->state);
    unlink(f->path);
    free(f);
    return 0;
}

static void transport_open(struct fixture *f, unsigned client)
{
    struct cobench_error err = {.line = 0};
    const struct transport_options options = {.timeout_ns = NS_PER_S, .client = client};
    assert_int_equal(f->transport->open(&options, &f->state, &err), 0);
}

static struct cobench_request ask_of(const struct fixture *f, unsigned unit, size_t units)
{
    return (struct cobench_request){
        .ask = COBENCH_ASK_BLOCK, .path = f->path, .offset = unit * (uint64_t)UNIT, .length = units * UNIT};
}

TEST_WITH(test_blocking, fixture_setup, fixture_teardown, struct fixture *f)
{
    struct cobench_error err = {.line = 0};
    struct cobench_reply reply;
    void *client;
    transport_open(f, CLIENT_DEFAULT);
    assert_int_equal(f->transport->client_open(f->state, &client, &err), 0);
    for (unsigned units = 1; units < UNITS; units *= 2) {
        const struct cobench_request ask = ask_of(f, 3, units);
        assert_int_equal(f->transport->client_get(client, &ask, &reply, &err), 0);
        assert_int_equal(reply.length, units * UNIT);
        assert_int_equal((uintptr_t)reply.body % 512, 0);
        assert_int_equal(reply.body[0], 3);
        assert_int_equal(reply.body[reply.length - 1], 3 + units - 1);
    }
    const struct cobench_request beyond = ask_of(f, UNITS - 1, 2);
    assert_int_equal(f->transport->client_get(client, &beyond, &reply, &err), -EPROTO);
    assert_string_equal(err.type, "ShortBlock");
    f->transport->client_close(client);

    struct cobench_request none = ask_of(f, 0, 1);
    none.path = "/nowhere/at/all";
    assert_int_equal(f->transport->client_open(f->state, &client, &err), 0);
    assert_int_equal(f->transport->client_get(client, &none, &reply, &err), -ENOENT);
    assert_string_equal(err.type, "NotOpened");
    f->transport->client_close(client);
}

static void job_ask(struct fixture *f);

/* Every fifth job asks for more than there is. */
static void job_done(void *arg, const struct cobench_reply *reply, int rc, const struct cobench_error *error)
{
    struct fixture *f = arg;
    f->done++;
    if (rc) {
        assert_null(reply);
        assert_string_equal(error->type, "ShortBlock");
    } else {
        const unsigned char unit = reply->body[0];
        job_ask(f); /* asked for while this reply is being read, which stays as it is */
        assert_int_equal(reply->body[0], unit);
        assert_int_equal(reply->body[reply->length - 1], unit + reply->length / UNIT - 1);
        return;
    }
    job_ask(f);
}

static void job_ask(struct fixture *f)
{
    struct cobench_error err = {.line = 0};
    if (f->asked < JOBS) {
        const unsigned job = f->asked++;
        const struct cobench_request ask = ask_of(f, job % 5 ? job % (UNITS - 2) : UNITS - 1,
                                                  1 + job % 2 + (job % 5 == 0));
        assert_int_equal(f->transport->mux_get(f->mux, &ask, job_done, f, &err), 0);
    } else if (f->done == JOBS) {
        loop_stop(f->loop);
    }
}

TEST_WITH(test_on_a_loop, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const unsigned clients[] = {CLIENT_DEFAULT, CLIENT_THREADS};
    struct cobench_error err = {.line = 0};
    for (size_t i = 0; i < COUNT(clients); i++) {
        if (f->state)
            f->transport->close(f->state);
        transport_open(f, clients[i]);
        f->asked = f->done = 0;
        assert_int_equal(loop_open(&loop_epoll, &f->loop, &err), 0);
        assert_int_equal(f->transport->mux_open(f->state, f->loop, &loop_ops, IN_FLIGHT, &f->mux, &err), 0);
        for (int n = 0; n < IN_FLIGHT; n++)
            job_ask(f);
        assert_int_equal(loop_run(f->loop), 0);
        assert_int_equal(f->done, JOBS);
        f->transport->mux_close(f->mux);
        loop_close(f->loop);
    }
}

/* What is still under way is waited for, and told nobody. */
TEST_WITH(test_closed_meanwhile, fixture_setup, fixture_teardown, struct fixture *f)
{
    static const unsigned clients[] = {CLIENT_DEFAULT, CLIENT_THREADS};
    struct cobench_error err = {.line = 0};
    for (size_t i = 0; i < COUNT(clients); i++) {
        if (f->state)
            f->transport->close(f->state);
        transport_open(f, clients[i]);
        assert_int_equal(loop_open(&loop_epoll, &f->loop, &err), 0);
        assert_int_equal(f->transport->mux_open(f->state, f->loop, &loop_ops, IN_FLIGHT, &f->mux, &err), 0);
        for (int n = 0; n < IN_FLIGHT; n++)
            job_ask(f);
        f->transport->mux_close(f->mux);
        loop_close(f->loop);
        assert_int_equal(f->done, 0);
    }
}

TEST(test_its_engine_has_a_name)
{
    const char *name = library_load()->describe();
    assert_true(strcmp(name, "io_uring") == 0 || strcmp(name, "threads") == 0);
}
