/* SPDX-License-Identifier: MIT */
/* A URL asked for and its answer checked; the counterpart in Python is py_impl/tasks/lib/web.py. */
#include "tasks/lib/web.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#define VISIBLE \
    "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~" /* ASCII's */

/* Behind the scheme; empty where it is another one. */
static const char *place_of(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 ? url + 7 : strncasecmp(url, "https://", 8) == 0 ? url + 8 : "";
}

size_t web_site(const char *url)
{
    const char *place = place_of(url);
    return (size_t)(place - url) + strcspn(place, "/?#");
}

int web_check_url(const char *url, struct cobench_error *err)
{
    const char *place = place_of(url);
    const size_t length = strcspn(place, "/?#");

    if (length > 0 && !memchr(place, '@', length) && url[strspn(url, VISIBLE)] == '\0')
        return 0;
    snprintf(err->type, sizeof err->type, "ValueError");
    snprintf(err->message, sizeof err->message,
             "url: must be an absolute http or https URL of visible ASCII characters, without a user name: '%.80s'",
             url);
    return -EINVAL;
}

int web_open(struct web *web, const struct cobench_open *how, struct cobench_error *err)
{
    web->size = (uint64_t)how->values[WEB_SIZE].number;
    web->check = (enum web_check)how->values[WEB_CHECK].number;
    if (web->check == CHECK_AUTO) /* where the server was told the length, the body must have it */
        web->check = strstr(how->values[WEB_URL].text, "{size}") ? CHECK_CRC : CHECK_STATUS;
    char last[COBENCH_URL_MAX];
    int rc = url_fill(&web->url, how, WEB_URL, err);
    if (!rc)
        rc = url_write(&web->url, how->jobs - 1, last, err);
    return rc ? rc : web_check_url(last, err);
}

int web_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct web *web = state;

    (void)worker;
    ask->ask = COBENCH_ASK_URL;
    return url_write(&web->url, job, ask->url, err);
}

/* The result that a server answered with: decimal digits and nothing else. */
static int number_verdict(const struct cobench_reply *reply, uint64_t *result, struct cobench_error *err)
{
    uint64_t number = 0;
    size_t i = 0;
    while (i < reply->length && reply->body[i] >= '0' && reply->body[i] <= '9' &&
           !__builtin_mul_overflow(number, 10, &number) &&
           !__builtin_add_overflow(number, reply->body[i] - '0', &number))
        i++;
    if (i > 0 && i <= 20 && i == reply->length) {
        *result = number;
        return 0;
    }
    snprintf(err->type, sizeof err->type, "BadNumber");
    snprintf(err->message, sizeof err->message, "a body of %zu bytes that is no decimal number of 64 bits",
             reply->length);
    return -EPROTO;
}

int web_check_status(const struct cobench_reply *reply, struct cobench_error *err)
{
    if (reply->status == 200)
        return 0;
    snprintf(err->type, sizeof err->type, "HttpStatus");
    snprintf(err->message, sizeof err->message, "status %d where 200 was expected", reply->status);
    return -EPROTO;
}

int web_verdict(const struct web *web, const struct cobench_reply *reply, uint64_t *result, struct cobench_error *err)
{
    if (web_check_status(reply, err))
        return -EPROTO;
    if (web->check == CHECK_STATUS) {
        *result = (uint64_t)reply->status;
        return 0;
    }
    if (web->check == CHECK_NUMBER)
        return number_verdict(reply, result, err);
    if (reply->length != web->size) {
        snprintf(err->type, sizeof err->type, "BadLength");
        snprintf(err->message, sizeof err->message, "body of %zu bytes where %" PRIu64 " were expected", reply->length,
                 web->size);
        return -EPROTO;
    }
    *result = web->check == CHECK_CRC ? crc32_z(0, reply->body, reply->length) : reply->length;
    return 0;
}
