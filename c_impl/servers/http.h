/* SPDX-License-Identifier: MIT */
/* What reads HTTP requests: a plug-in (plugin.h), as it stands on a library that only servers need, libhttp-parser. Bytes go in as
 * they come, and a request comes out when it is complete. Knows no socket. */
#ifndef SERVERS_HTTP_H
#define SERVERS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_VERSION    1u
#define HTTP_SYMBOL     "cobench_http"
#define HTTP_TARGET_MAX 128
#define HTTP_BODY_MAX   (1u << 20) /* bytes of a request's body, which nobody looks at */

/* The request that a connection is in the middle of, or that was completed last. */
struct http_request {
    _Alignas(8) unsigned char parser[40]; /* the library's own */
    char target[HTTP_TARGET_MAX];         /* of which as many bytes as fit */
    uint32_t target_length, body_length;
    uint16_t wrong;  /* 400, 413 or 431: it can be answered with that only, and the connection closed; 0: fine so far */
    bool begun;      /* its first byte is there */
    bool complete;   /* all of it */
    bool get;        /* its method */
    bool keep_alive; /* the connection may have another one */
    bool old;        /* HTTP/1.0, where that has to be said */
    bool host, in_value;
    int8_t host_matched; /* bytes of a header's name; -1: it is another one */
};

struct http_reader {
    uint32_t version;              /* HTTP_VERSION */
    const char *name;              /* of the library */
    const char *(*describe)(void); /* its version; static storage */
    /* At the start of a connection. The request may not move any more. */
    void (*begin)(struct http_request *request);
    /* Takes the next bytes up to the end of the request. How many it took: all of them, unless the request is complete or wrong. */
    size_t (*read)(struct http_request *request, const char *bytes, size_t count);
};

#endif
