/* SPDX-License-Identifier: MIT */
/*
 * cobench-origin: the loopback HTTP server that stands in for the network. It prints the template of its URLs as its
 * first line and serves until its standard input ends, so that it cannot outlive whoever started it and holds the other
 * end of that pipe, however that one dies; SIGTERM and SIGINT end it too.
 */
#define _DEFAULT_SOURCE /* on_exit */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "bench/origin/secure.h"
#include "bench/origin/server.h"
#include "bench/util/alloc.h"
#include "common/num.h"

#define PROGRAM "cobench-origin"

/* At exit, wherever that is: argp prints help and ends the program by itself. */
static void end_output(int status, void *unused)
{
    (void)unused;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return;
    fputs(PROGRAM ": cannot write to standard output\n", stderr);
    _exit(status != 0 ? status : EXIT_FAILURE);
}

/* Where it listens. */
struct where {
    struct in_addr address;
    int64_t port;
    const char *certificate; /* the file for it; NULL: no TLS */
};

static error_t option_parse(int key, char *arg, struct argp_state *state)
{
    if (key == 'h')
        argp_state_help(state, stdout, ARGP_HELP_STD_HELP);
    if (key == ARGP_KEY_ARG)
        argp_error(state, "'%s': there are no arguments, only options", arg);
    struct where *where = state->input;
    if (key == 'a' && inet_pton(AF_INET, arg, &where->address) != 1)
        argp_error(state, "--address: '%s' is no IPv4 address", arg);
    if (key == 'p' && num_parse_i64(arg, 0, 65535, &where->port) != 0)
        argp_error(state, "--port: '%s' is no number in 0..65535", arg);
    if (key == 'c')
        where->certificate = arg;
    return key == 'a' || key == 'p' || key == 'c' || key == ARGP_KEY_ARG ? 0 : ARGP_ERR_UNKNOWN;
}

static int options_parse(int argc, char **argv, struct where *where)
{
    static const struct argp_option table[] = {
        {"address", 'a', "ADDRESS", 0, "The IPv4 address to listen on (127.0.0.1, which no other machine reaches)", 0},
        {"port", 'p', "PORT", 0, "The port there (0..65535; 0, the default: a free one)", 0},
        {"certificate", 'c', "FILE", 0,
         "Serve over TLS too, on free ports, and write the certificate there, which is made anew each time", 0},
        {NULL, 'h', NULL, OPTION_HIDDEN, NULL, 0},
        {0}};
    static const struct argp parser = {
        .options = table,
        .parser = option_parse,
        .doc =
            "Answers GET /body/JOB?size=BYTES&delay=MS after MS milliseconds (0..3600000, default 0) with "
            "BYTES bytes (0..16777216, default 1024) that depend on JOB only. Faults on request: status=200..599; "
            "short=BYTES announces the full length, sends only that many bytes and closes; stall=1 never answers; "
            "pause=MS (0..60000) has the whole server stand still first, with at=JOB only when that job asks. GET "
            "/stat "
            "gives counters as JSON."
            "\vThe first line of output is the template of its URLs, with #tls=PORT&h2=PORT behind it where it serves "
            "HTTP/1.1 and HTTP/2 over TLS. It ends when its standard input does."};
    argp_err_exit_status = 2; /* usage, as everywhere in cobench */
    return argp_parse(&parser, argc, argv, 0, NULL, where);
}

static void log_line(int severity, const char *text)
{
    if (severity >= EVENT_LOG_WARN)
        fprintf(stderr, PROGRAM ": %s\n", text);
}

static int fail(const char *what, int rc)
{
    fprintf(stderr, PROGRAM ": %s: %s\n", what, strerror(-rc));
    return EXIT_FAILURE;
}

/* Each connection is a descriptor; a limit that cannot be raised still serves as many as it allows. */
static void descriptors_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fprintf(stderr, PROGRAM ": the open-file limit stays as it is: %s\n", strerror(errno));
}

static void loop_end(evutil_socket_t fd, short what, void *base)
{
    (void)fd, (void)what;
    event_base_loopbreak(base);
}

static void input_read(evutil_socket_t fd, short what, void *base)
{
    char scrap[4096];
    const ssize_t got = read(fd, scrap, sizeof scrap);
    (void)what;
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
        event_base_loopbreak(base);
}

/* Whether the event loop can wait for the end of standard input. A file or /dev/null ends without waiting. */
static bool input_waits(void)
{
    struct stat what;
    return fstat(STDIN_FILENO, &what) == 0 &&
           (S_ISFIFO(what.st_mode) || S_ISSOCK(what.st_mode) || isatty(STDIN_FILENO) == 1);
}

/* `secure`: NULL where it serves without TLS only. */
static int template_print(const struct server *server, const struct secure *secure, struct in_addr address)
{
    char text[INET_ADDRSTRLEN], others[48] = "";
    const int port = server_port(server), tls = secure == NULL ? 0 : server_port_secure(server),
              h2 = secure == NULL ? 0 : secure_h2_port(secure);
    if (port < 0 || tls < 0 || h2 < 0)
        return -EIO;
    if (secure != NULL)
        snprintf(others, sizeof others, "#tls=%d&h2=%d", tls, h2);
    printf("http://%s:%d/body/{job}?size={size}&delay={delay}%s\n", inet_ntop(AF_INET, &address, text, sizeof text),
           port, others);
    return fflush(stdout) == 0 ? 0 : -EIO; /* end_output says so */
}

/* Serves until one of `ends` fires. */
static int serve(struct event_base *base, const struct where *where)
{
    struct server *server;
    struct secure *secure = NULL;
    char what[64], text[INET_ADDRSTRLEN];
    struct event *ends[] = {
        event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, input_read, base),
        evsignal_new(base, SIGTERM, loop_end, base),
        evsignal_new(base, SIGINT, loop_end, base),
    };
    const size_t count = sizeof ends / sizeof *ends;
    int status;
    for (size_t k = 0; k < count; k++)
        event_add(ends[k], NULL);
    snprintf(what, sizeof what, "cannot listen on %s:%d", inet_ntop(AF_INET, &where->address, text, sizeof text),
             (int)where->port);
    int rc = server_open(base, where->address, (uint16_t)where->port, &server);
    const int rc_secure = rc == 0 && where->certificate != NULL
                              ? secure_open(base, server, where->address, where->certificate, &secure)
                              : 0;
    if (rc != 0)
        status = fail(what, rc);
    else if (rc_secure != 0)
        status = fail("cannot serve over TLS", rc_secure);
    else if (template_print(server, secure, where->address) != 0)
        status = EXIT_FAILURE;
    else
        status = event_base_dispatch(base) < 0 ? fail("the event loop ended", -EIO) : EXIT_SUCCESS;
    secure_close(secure);
    server_close(server);
    for (size_t k = 0; k < count; k++)
        event_free(ends[k]);
    return status;
}

int main(int argc, char **argv)
{
    struct where where = {.address = {htonl(INADDR_LOOPBACK)}};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    char version[160];
    snprintf(version, sizeof version, PROGRAM " " COBENCH_VERSION ", libevent %s%s", event_get_version(),
             secure_describe());
    argp_program_version = version;
    if (on_exit(end_output, NULL) != 0)
        return EXIT_FAILURE;
    if (options_parse(argc, argv, &where) != 0)
        return EXIT_FAILURE;
    if (!input_waits()) {
        fprintf(stderr, PROGRAM ": standard input has ended already, and its end is what ends this program:"
                                " start it with a pipe or a terminal there\n");
        return 2;
    }
    if (sigaction(SIGPIPE, &ignore, NULL) != 0) /* a client that has gone is an error of its write */
        return fail("cannot ignore SIGPIPE", -errno);
    descriptors_raise();
    event_set_mem_functions(xmalloc, xrealloc, free);
    event_set_log_callback(log_line);
    struct event_base *base = server_base_new();
    if (base == NULL)
        return fail("cannot make an event loop", -errno);
    const int status = serve(base, &where);
    event_base_free(base);
    libevent_global_shutdown();
    return status;
}
