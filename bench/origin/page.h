/* SPDX-License-Identifier: MIT */
/* Pages of HTML, for those who parse what they fetch. A page depends on its number and on what is asked for alone. */
#ifndef ORIGIN_PAGE_H
#define ORIGIN_PAGE_H

#include <event2/buffer.h>

#include "bench/origin/query.h"

/* Adds a document of query->items rows of a table, about 80 bytes each, and of query->links links to pages without links, which
 * have as many rows and take as long. */
void page_add(struct evbuffer *out, const struct query *query);

#endif
