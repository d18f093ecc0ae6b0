/* SPDX-License-Identifier: MIT */
/* A server's connection over a pair of sockets: requests in pieces and several at once, what is none, and who does not read. */
#include "c_impl/servers/connection.c"

#include <fcntl.h>

#include "host/plugin.h"
#include "tests/unit/unit.h"

#define HOST "Host: x\r\n"

static struct served_count count;
static uint64_t number;

struct pair {
    struct connection_worker worker;
    struct connection *c;
    int client;
};

/* No pair where there is no parser. */
static int pair_open(void **state)
{
    static const struct plugin plugin = {"plugins/http.so", HTTP_SYMBOL, HTTP_VERSION, "not built"};
    struct pair *p = calloc(1, sizeof *p);
    struct cobench_error err;
    const void *reader = NULL;
    void *handle;
    int fds[2];
    count = (struct served_count){.requests = 0};
    if (plugin_load(&plugin, &reader, &handle, &err)) {
        print_message("skipped: %s\n", err.message);
        free(p);
        return 0;
    }
    if (!p || socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
        return -1;
    p->worker = (struct connection_worker){.reader = reader, .count = &count};
    p->c = connection_new(&p->worker, fds[0]);
    p->client = fds[1];
    *state = p;
    return 0;
}

static int pair_close(void **state)
{
    struct pair *p = *state;
    if (!p)
        return 0;
    connection_free(p->c);
    close(p->client);
    free(p);
    return 0;
}

#define PAIR_TEST(name)                                    \
    static void name##_with(struct pair *p);               \
    TEST_WITH(name, pair_open, pair_close, struct pair *p) \
    {                                                      \
        if (!p)                                            \
            skip();                                        \
        name##_with(p);                                    \
    }                                                      \
    static void name##_with(struct pair *p)

static void say(const struct pair *p, const char *text)
{
    assert_int_equal(write(p->client, text, strlen(text)), strlen(text));
}

static enum connection_state next(struct pair *p) { return connection_next(p->c, &p->worker, &number); }

/* What has come at the client begins like that and has this in it. */
static void heard(const struct pair *p, const char *begin, const char *part)
{
    char text[4096];
    const ssize_t got = recv(p->client, text, sizeof text - 1, MSG_DONTWAIT);
    assert_true(got > 0);
    text[got] = '\0';
    assert_memory_equal(text, begin, strlen(begin));
    assert_non_null(strstr(text, part));
}

PAIR_TEST(test_a_request_byte_by_byte)
{
    const char *text = "GET /work?job=42 HTTP/1.1\r\nhOsT: x\r\nEmpty:\r\n\r\n";
    for (; text[1]; text++) {
        say(p, (char[]){*text, '\0'});
        assert_int_equal(next(p), CONNECTION_READS);
        assert_true(p->c->request.begun);
    }
    say(p, text);
    assert_int_equal(next(p), CONNECTION_REQUEST);
    assert_int_equal(number, 42);
    assert_false(p->c->request.begun);
    assert_int_equal(connection_answer(p->c, &p->worker, 200, "7"), CONNECTION_READS);
    heard(p, "HTTP/1.1 200 OK\r\nDate: ", "Content-Length: 1\r\n\r\n7");
    assert_int_equal(count.requests, 1);
    assert_int_equal(next(p), CONNECTION_READS);
}

PAIR_TEST(test_several_requests_at_once)
{
    say(p, "GET /work?job=1 HTTP/1.1\r\n" HOST "\r\nGET http://x/work?job=2 HTTP/1.1\r\n" HOST
           "Content-Length: 3\r\n\r\nGETGET /work?job=3 HTTP/1.0\r\n\r\n");
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(next(p), CONNECTION_REQUEST);
        assert_int_equal(number, i);
        assert_int_equal(connection_answer(p->c, &p->worker, 200, "7"), i < 3 ? CONNECTION_READS : CONNECTION_OVER);
        heard(p, "HTTP/1.1 200 OK\r\n", i < 3 ? "\r\n\r\n7" : "Connection: close\r\n\r\n7");
    }
    assert_null(p->c->rest);
}

/* Wherever the segments end, the same requests come out. */
PAIR_TEST(test_segments_that_end_anywhere)
{
    static const char text[] = "GET /work?job=7 HTTP/1.1\r\nX: y\r\n" HOST "\r\n\r\nGET /work?job=8 HTTP/1.1\r\n" HOST
                               "Transfer-Encoding: chunked\r\n\r\n3\r\nGET\r\n0\r\n\r\n"
                               "GET /work?job=9 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    for (size_t end = 1; end < sizeof text - 1; end++) {
        const char *segments[] = {text, text + end, text + sizeof text - 1};
        uint64_t wanted = 7;
        for (size_t i = 0; i < 2; i++) {
            assert_int_equal(write(p->client, segments[i], (size_t)(segments[i + 1] - segments[i])),
                             segments[i + 1] - segments[i]);
            while (next(p) == CONNECTION_REQUEST) {
                assert_int_equal(number, wanted++);
                assert_int_equal(connection_answer(p->c, &p->worker, 200, "7"), CONNECTION_READS);
                heard(p, "HTTP/1.1 200 OK\r\n", "\r\n\r\n7");
            }
        }
        assert_int_equal(wanted, 10);
        assert_false(p->c->request.begun);
    }
}

PAIR_TEST(test_what_no_job_answers)
{
    static const struct {
        const char *text, *answer;
        enum connection_state state;
    } cases[] = {
        {"GET /work HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ", CONNECTION_READS},
        {"GET /work?job= HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ", CONNECTION_READS},
        {"GET /work?job=1&x HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ", CONNECTION_READS},
        {"GET /work?job=18446744073709551616 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 404 ", CONNECTION_READS},
        {"HEAD /work?job=1 HTTP/1.1\r\n" HOST "\r\n", "HTTP/1.1 405 ", CONNECTION_READS},
        {"POST /work?job=1 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 ",
         CONNECTION_READS},
        {"GET /work?job=1 HTTP/1.1\r\nGhost: x\r\nHostess: x\r\n\r\n", "HTTP/1.1 400 ", CONNECTION_OVER},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        say(p, cases[i].text);
        assert_int_equal(next(p), cases[i].state);
        heard(p, cases[i].answer, "Content-Length: 0\r\n");
        assert_int_equal(count.refused, i + 1);
    }
}

PAIR_TEST(test_headers_without_end)
{
    char text[4096];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    say(p, "GET /work?job=1 HTTP/1.1\r\nX: ");
    enum connection_state state = next(p);
    for (int i = 0; i < 100 && state == CONNECTION_READS; i++) {
        say(p, text);
        state = next(p);
    }
    assert_int_equal(state, CONNECTION_OVER);
    heard(p, "HTTP/1.1 431 ", "Connection: close\r\n");
}

PAIR_TEST(test_a_body_without_end)
{
    char text[16384];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    say(p, "GET /work?job=1 HTTP/1.1\r\n" HOST "Content-Length: 99999999\r\n\r\n");
    enum connection_state state = next(p);
    for (int i = 0; i < 100 && state == CONNECTION_READS; i++) {
        say(p, text);
        state = next(p);
    }
    assert_int_equal(state, CONNECTION_OVER);
    heard(p, "HTTP/1.1 413 ", "Connection: close\r\n");
}

/* No more of its requests are looked at before it has its answers. */
PAIR_TEST(test_a_client_that_does_not_read)
{
    char scrap[4096];
    enum connection_state state = CONNECTION_READS;
    unsigned answers = 0;
    size_t got = 0;
    assert_int_equal(setsockopt(p->c->fd, SOL_SOCKET, SO_SNDBUF, &(int){2048}, sizeof(int)), 0);
    while (state == CONNECTION_READS && answers < 10000) {
        say(p, "GET /work?job=1 HTTP/1.1\r\n" HOST "\r\n");
        assert_int_equal(next(p), CONNECTION_REQUEST);
        state = connection_answer(p->c, &p->worker, 200, "7");
        answers++;
    }
    assert_int_equal(state, CONNECTION_WRITES);
    say(p, "GET /work?job=2 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(next(p), CONNECTION_WRITES);
    for (ssize_t n; (n = recv(p->client, scrap, sizeof scrap, MSG_DONTWAIT)) > 0;)
        got += (size_t)n;
    assert_int_equal(next(p), CONNECTION_REQUEST);
    assert_int_equal(number, 2);
    for (ssize_t n; (n = recv(p->client, scrap, sizeof scrap, MSG_DONTWAIT)) > 0;)
        got += (size_t)n;
    assert_int_equal(got % answers, 0); /* all of them are there to their ends: they are equally long */
}

PAIR_TEST(test_a_client_that_has_gone)
{
    say(p, "GET /work?job=1 HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(next(p), CONNECTION_REQUEST);
    shutdown(p->client, SHUT_RDWR);
    assert_int_equal(connection_answer(p->c, &p->worker, 200, "7"), CONNECTION_OVER);
}
