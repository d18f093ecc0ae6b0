/* SPDX-License-Identifier: MIT */
/* What HTML has to be parsed for is in the pages: attributes in both kinds of quotes and in none, references by name and by
 * number, ends that are left out, a comment with a tag in it. */
#include "bench/origin/page.h"

#include <inttypes.h>

#include "common/slots.h"

void page_add(struct evbuffer *out, const struct query *query)
{
    const uint64_t first = (uint64_t)query->job << 32;
    evbuffer_add_printf(out,
                        "<!DOCTYPE html>\n<html lang=en><head><meta charset=\"utf-8\"><title>Page %" PRIu32
                        "</title></head>\n<body><h1>Page %" PRIu32 "</h1>\n<!-- <a href='/no-link'> -->\n<ul>\n",
                        query->job, query->job);
    for (int64_t k = 0; k < query->links; k++)
        evbuffer_add_printf(
            out, "<li><a href=\"/page/%" PRIu64 "?items=%" PRId64 "&amp;links=0&amp;delay=%" PRId64 "#top\">Page</a>\n",
            splitmix64(first + (uint64_t)k) >> 32, query->items, query->delay_ms);
    evbuffer_add_printf(out, "</ul>\n<table class='items'><tbody>\n");
    for (int64_t k = 0; k < query->items; k++) {
        const uint64_t word = splitmix64(first + (uint64_t)k);
        evbuffer_add_printf(out,
                            "<tr id=r%" PRId64 "><td class='n'>%" PRIu64 "</td><td>caf&eacute; &amp; <b>%" PRIu64
                            "</b> &#8364;</td></tr>\n",
                            k, word >> 40, word & 0xffffff);
    }
    evbuffer_add_printf(out, "</tbody></table>\n</body></html>\n");
}
