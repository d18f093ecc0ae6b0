/* SPDX-License-Identifier: MIT */
/* A URL asked for and its answer checked; the counterpart in Python is py_impl/tasks/lib/web.py. */
#include "tasks/lib/web.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
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

#define TOO_LONG "longer than 2047 bytes"

static int refuse(struct cobench_error *err, const char *message)
{
    snprintf(err->type, sizeof err->type, "ValueError");
    snprintf(err->message, sizeof err->message, "url: %s", message);
    return -EINVAL;
}

/* The template without what is behind its #, and where it is to be asked over TLS, with https and the port that stands there. */
static int aim(const struct cobench_open *how, char out[COBENCH_URL_MAX], struct cobench_error *err)
{
    const char *text = how->values[WEB_URL].text;
    const int length = (int)strcspn(text, "#"), tls = how->values[WEB_TLS].number != 0,
              http2 = how->values[WEB_HTTP].number != 0;
    const bool plain = strncasecmp(text, "http://", 7) == 0;
    const char *port = strstr(text + length, http2 ? "h2=" : "tls=");
    if (plain && http2 && !tls)
        return refuse(err, "HTTP/2 is asked for over TLS only: tls=1");
    if (plain && tls && !port) {
        (void)refuse(err, "tls=1 needs https, or #tls=PORT&h2=PORT behind an http URL; the origin has that where it is "
                          "built with libssl-dev and libnghttp2-dev");
        snprintf(err->type, sizeof err->type, COBENCH_NOT_POSSIBLE);
        return -ENOTSUP;
    }
    if (!plain || !tls)
        return snprintf(out, COBENCH_URL_MAX, "%.*s", length, text) < COBENCH_URL_MAX ? 0 : refuse(err, TOO_LONG);
    const char *host = text + 7, *rest = host + strcspn(host, "/?#");
    const char *bracket = memchr(host, ']', (size_t)(rest - host)); /* of an IPv6 address */
    const size_t span = bracket ? (size_t)(bracket + 1 - host) : strcspn(host, ":/?#");
    port = strchr(port, '=') + 1;
    const int written = snprintf(out, COBENCH_URL_MAX, "https://%.*s:%.*s%.*s", (int)span, host,
                                 (int)strspn(port, "0123456789"), port, (int)(text + length - rest), rest);
    return written < COBENCH_URL_MAX ? 0 : refuse(err, TOO_LONG);
}

int web_open(struct web *web, const struct cobench_open *how, struct cobench_error *err)
{
    web->size = (uint64_t)how->values[WEB_SIZE].number;
    web->check = (enum web_check)how->values[WEB_CHECK].number;
    if (web->check == CHECK_AUTO) /* where the server was told the length, the body must have it */
        web->check = strstr(how->values[WEB_URL].text, "{size}") ? CHECK_CRC : CHECK_STATUS;
    web->flags = (how->values[WEB_REUSE].number ? 0 : COBENCH_URL_FRESH) |
                 (how->values[WEB_HTTP].number ? COBENCH_URL_HTTP2 : 0);
    char template[COBENCH_URL_MAX], last[COBENCH_URL_MAX];
    int rc = aim(how, template, err);
    if (!rc)
        rc = url_fill_template(&web->url, how, WEB_URL, template, err);
    if (!rc)
        rc = url_write(&web->url, how->jobs - 1, last, err);
    return rc ? rc : web_check_url(last, err);
}

int web_request(void *state, void *worker, uint64_t job, struct cobench_request *ask, struct cobench_error *err)
{
    const struct web *web = state;

    (void)worker;
    ask->ask = COBENCH_ASK_URL;
    ask->flags = web->flags;
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
