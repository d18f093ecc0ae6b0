/* SPDX-License-Identifier: MIT */
/* Requests by libhttp-parser, the parser that Node.js had. What it does not look at is added: HTTP/1.1 needs a Host (RFC 9112, 3.2). */
#include <http_parser.h>
#include <stdio.h>

#include "servers/http.h"

_Static_assert(sizeof(http_parser) <= sizeof((struct http_request *)NULL)->parser, "the library's own does not fit");

static http_parser *parser_of(struct http_request *request) { return (http_parser *)(void *)request->parser; }

static int message_began(http_parser *parser)
{
    struct http_request *r = parser->data;
    r->begun = true;
    r->complete = r->host = r->in_value = false;
    r->target_length = r->body_length = 0;
    r->host_matched = 0;
    return 0;
}

static int url_came(http_parser *parser, const char *at, size_t length)
{
    struct http_request *r = parser->data;
    for (size_t i = 0; i < length && r->target_length < HTTP_TARGET_MAX; i++)
        r->target[r->target_length++] = at[i];
    return 0;
}

static int field_came(http_parser *parser, const char *at, size_t length)
{
    struct http_request *r = parser->data;
    if (r->in_value)
        r->host_matched = 0;
    r->in_value = false;
    for (size_t i = 0; i < length && r->host_matched >= 0; i++)
        r->host_matched = r->host_matched < 4 && (at[i] | 0x20) == "host"[r->host_matched]
                              ? (int8_t)(r->host_matched + 1)
                              : -1;
    return 0;
}

static int value_came(http_parser *parser, const char *at, size_t length)
{
    struct http_request *r = parser->data;
    (void)at, (void)length;
    r->host = r->host || r->host_matched == 4;
    r->in_value = true;
    return 0;
}

static int body_came(http_parser *parser, const char *at, size_t length)
{
    struct http_request *r = parser->data;
    (void)at;
    r->body_length += (uint32_t)(length < HTTP_BODY_MAX ? length : HTTP_BODY_MAX);
    return r->body_length > HTTP_BODY_MAX; /* HPE_CB_body */
}

static int message_ended(http_parser *parser)
{
    struct http_request *r = parser->data;
    r->begun = false;
    r->complete = true;
    r->get = parser->method == HTTP_GET;
    r->old = parser->http_major < 1 || (parser->http_major == 1 && parser->http_minor == 0);
    r->keep_alive = http_should_keep_alive(parser) && !parser->upgrade; /* to what we do not speak */
    http_parser_pause(parser, 1);
    return 0;
}

static void reader_begin(struct http_request *request)
{
    *request = (struct http_request){.begun = false};
    http_parser_init(parser_of(request), HTTP_REQUEST);
    parser_of(request)->data = request;
}

static size_t reader_read(struct http_request *request, const char *bytes, size_t count)
{
    static const http_parser_settings calls = {
        .on_message_begin = message_began,
        .on_url = url_came,
        .on_header_field = field_came,
        .on_header_value = value_came,
        .on_body = body_came,
        .on_message_complete = message_ended,
    };
    http_parser *parser = parser_of(request);
    if (request->complete)
        http_parser_pause(parser, 0);
    request->complete = false;
    const size_t used = http_parser_execute(parser, &calls, bytes, count);
    const enum http_errno error = HTTP_PARSER_ERRNO(parser);
    if (!request->complete && error != HPE_OK)
        request->wrong = error == HPE_HEADER_OVERFLOW ? 431 : error == HPE_CB_body ? 413 : 400;
    else if (request->complete && !request->old && !request->host)
        request->wrong = 400;
    return used;
}

static const char *reader_describe(void)
{
    static const char text[] = {'0' + HTTP_PARSER_VERSION_MAJOR, '.', '0' + HTTP_PARSER_VERSION_MINOR, '.',
                                '0' + HTTP_PARSER_VERSION_PATCH, '\0'};
    return text;
}

extern const struct http_reader cobench_http;
const struct http_reader cobench_http = {
    .version = HTTP_VERSION,
    .name = "http_parser",
    .describe = reader_describe,
    .begin = reader_begin,
    .read = reader_read,
};
