/* SPDX-License-Identifier: MIT */
/* What a request for a body or a page asks for. evhttp has parsed the HTTP; only the path and the query string are read here. */
#ifndef ORIGIN_QUERY_H
#define ORIGIN_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#define QUERY_SIZE_MAX     INT64_C(16777216)
#define QUERY_ITEMS_MAX    INT64_C(100000)
#define QUERY_LINKS_MAX    INT64_C(1000)
#define QUERY_DELAY_MAX_MS INT64_C(3600000)
#define QUERY_PAUSE_MAX_MS INT64_C(60000)

struct query {
    uint32_t job;
    int64_t size;      /* bytes, 0..QUERY_SIZE_MAX; 1024 where not given */
    int64_t delay_ms;  /* 0..QUERY_DELAY_MAX_MS; 0 where not given */
    int64_t status;    /* 200..599 */
    int64_t sent;      /* bytes really sent: less than `size` where the request said short=BYTES */
    int64_t stall;     /* 1: never answer */
    bool page;         /* a page of HTML (page.h); not read from the query */
    int64_t items;     /* of a page: 0..QUERY_ITEMS_MAX; 100 where not given */
    int64_t links;     /* of a page: 0..QUERY_LINKS_MAX; 0 where not given */
    int64_t pause_ms;  /* 0..QUERY_PAUSE_MAX_MS: the whole server stands still for so long first */
    char problem[160]; /* one line for a person where parsing failed */
};

/* Parses the job's number (the path behind "/body/" or "/page/") and the query string (may be NULL). 0, or -EINVAL with
 * out->problem filled in. */
int query_parse(const char *job, const char *text, struct query *out);

#endif
