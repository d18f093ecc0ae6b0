/* SPDX-License-Identifier: MIT */
/* What `fetch`, `mixed` and, behind their own rows, others share: their parameters, the URL of a job, and what of an answer is checked. */
#ifndef TASKS_LIB_WEB_H
#define TASKS_LIB_WEB_H

#include <stdint.h>

#include "cobench/task.h"
#include "tasks/lib/url.h"

enum { WEB_URL, WEB_SIZE, WEB_DELAY, WEB_CHECK, WEB_TLS, WEB_HTTP, WEB_REUSE, WEB_ROWS };

/* The first rows of the table of parameters. */
#define WEB_PARAMS                                                                                               \
    [WEB_URL] = {.key = "url",                                                                                   \
                 .type = COBENCH_PARAM_URL,                                                                      \
                 .about = "where to ask; {job}, {size} and {delay} are filled in"},                              \
    [WEB_SIZE] = {.key = "size",                                                                                 \
                  .type = COBENCH_PARAM_INT,                                                                     \
                  .fallback = "1024",                                                                            \
                  .max = 16777216,                                                                               \
                  .about = "length of the body in bytes"},                                                       \
    [WEB_DELAY] = {.key = "delay",                                                                               \
                   .type = COBENCH_PARAM_INT,                                                                    \
                   .fallback = "150",                                                                            \
                   .max = 3600000,                                                                               \
                   .about = "how long the answer takes, in milliseconds"},                                       \
    [WEB_CHECK] = {.key = "check",                                                                               \
                   .type = COBENCH_PARAM_CHOICE,                                                                 \
                   .fallback = "auto",                                                                           \
                   .choices = "auto|crc|length|status|number",                                                   \
                   .about = "what of the answer is checked; auto is crc where the url has {size}, else status"}, \
    [WEB_TLS] = {.key = "tls",                                                                                   \
                 .type = COBENCH_PARAM_INT,                                                                      \
                 .fallback = "0",                                                                                \
                 .max = 1,                                                                                       \
                 .about = "1: over TLS, at the port that the url names behind #tls="},                           \
    [WEB_HTTP] = {.key = "http",                                                                                 \
                  .type = COBENCH_PARAM_CHOICE,                                                                  \
                  .fallback = "1.1",                                                                             \
                  .choices = "1.1|2",                                                                            \
                  .about = "the version of HTTP; 2 over TLS only, at the port behind #h2="},                     \
    [WEB_REUSE] = {.key = "reuse",                                                                               \
                   .type = COBENCH_PARAM_INT,                                                                    \
                   .fallback = "1",                                                                              \
                   .max = 1,                                                                                     \
                   .about = "0: a connection for each job, and over TLS a handshake"}

enum web_check { CHECK_AUTO, CHECK_CRC, CHECK_LENGTH, CHECK_STATUS, CHECK_NUMBER }; /* in the order of the choices */

/* Set by web_open and read only from then on, by any number of threads. */
struct web {
    struct url url;
    enum web_check check; /* never CHECK_AUTO */
    uint64_t size;
    unsigned flags; /* of each request */
};

/* 0 or a negative errno, as url_fill; -EINVAL also where a URL is none that both hosts can ask for, or has not what `tls` and
 * `http` need: https, or behind its # the ports for them, as the origin's has. */
int web_open(struct web *web, const struct cobench_open *how, struct cobench_error *err);

/* -EINVAL where it is none that the hosts' transports could ask for, or not alike. */
int web_check_url(const char *url, struct cobench_error *err);

/* How many bytes of such a URL are its scheme and its host. */
size_t web_site(const char *url);

/* -EPROTO where the status is not 200 ("HttpStatus"). */
int web_check_status(const struct cobench_reply *reply, struct cobench_error *err);

/* A task's `request`, where its state begins with a struct web. */
int web_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err);

/* The CRC-32, the length or the status of the reply, or the number that is its body. -EPROTO: the status is not 200
 * ("HttpStatus"), the body has another length than `size` ("BadLength"; for CHECK_CRC and CHECK_LENGTH), or is no decimal number
 * of 64 bits ("BadNumber"; for CHECK_NUMBER). */
int web_verdict(const struct web *web, const struct cobench_reply *reply, uint64_t *result, struct cobench_error *err);

#endif
