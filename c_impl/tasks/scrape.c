/* SPDX-License-Identifier: MIT */
/*
 * scrape: a page of HTML, and the pages that it links to, each parsed by libxml2 as it comes. The result adds up, over the pages, the
 * CRC-32 of their text without white space and 2^32 for each link in them. The counterpart is py_impl/tasks/scrape.py.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/HTMLparser.h>
#include <libxml/uri.h>
#include <zlib.h>

#include "cobench/task.h"
#include "tasks/lib/url.h"
#include "tasks/lib/web.h"

#define BLANK " \t\n\r\f\v"

enum { URL, ITEMS, LINKS };

/* What a job has so far. */
struct visit {
    uint64_t sum;
    char **links; /* to be followed */
    size_t count, next;
};

struct scrape {
    struct url url;
    uint64_t jobs;
    size_t most;           /* links to be followed */
    struct visit **visits; /* by job: each is touched by the worker that runs it alone */
};

/* A page while it is parsed. */
struct page {
    struct visit *visit;
    const char *url; /* of the page whose links are followed; NULL: they are not */
    size_t site;     /* how many bytes of it are scheme and host */
    size_t most;
    bool hidden; /* in a script or a style */
    uint32_t crc;
    uint64_t links;
    int rc;
};

static void visit_free(struct visit *visit)
{
    for (size_t i = 0; visit && i < visit->count; i++)
        free(visit->links[i]);
    if (visit)
        free(visit->links);
    free(visit);
}

/* -- parsing ---------------------------------------------------------------------------------------------------------- */

/* Links on the page's own site, as they are asked for. */
static int link_follow(struct page *page, const xmlChar *href)
{
    struct visit *visit = page->visit;
    int rc = 0;
    xmlChar *whole = xmlBuildURI(href, (const xmlChar *)page->url);
    char *link = (char *)whole;
    if (!link)
        return 0; /* it is none */
    link[strcspn(link, "#")] = '\0';
    if (strncmp(link, page->url, page->site) == 0 && link[page->site] == '/' && strlen(link) < COBENCH_URL_MAX) {
        visit->links[visit->count] = strdup(link);
        rc = visit->links[visit->count] ? 0 : -ENOMEM;
        visit->count += rc == 0;
    }
    xmlFree(whole);
    return rc;
}

static bool hides(const xmlChar *name)
{
    return strcmp((const char *)name, "script") == 0 || strcmp((const char *)name, "style") == 0;
}

static void on_start(void *arg, const xmlChar *name, const xmlChar **attributes)
{
    struct page *page = arg;
    page->hidden = page->hidden || hides(name);
    if (strcmp((const char *)name, "a") != 0)
        return;
    for (const xmlChar **at = attributes; at && at[0]; at += 2)
        if (at[1] && strcmp((const char *)at[0], "href") == 0) {
            page->links++;
            if (page->url && page->visit->count < page->most && page->rc == 0)
                page->rc = link_follow(page, at[1]);
            return;
        }
}

static void on_end(void *arg, const xmlChar *name)
{
    struct page *page = arg;
    page->hidden = page->hidden && !hides(name);
}

static void on_text(void *arg, const xmlChar *text, int length)
{
    struct page *page = arg;
    for (int at = 0, from; !page->hidden && at < length;) {
        while (at < length && strchr(BLANK, text[at]))
            at++;
        for (from = at; at < length && !strchr(BLANK, text[at]);)
            at++;
        page->crc = (uint32_t)crc32_z(page->crc, text + from, (size_t)(at - from));
    }
}

static int page_parse(struct page *page, const struct cobench_reply *reply)
{
    htmlSAXHandler events = {.startElement = on_start, .endElement = on_end, .characters = on_text};
    htmlParserCtxtPtr parser = htmlCreatePushParserCtxt(&events, page, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
    if (!parser)
        return -ENOMEM;
    htmlParseChunk(parser, (const char *)reply->body, (int)reply->length,
                   1); /* whatever it is, there is something in it */
    htmlFreeParserCtxt(parser);
    page->visit->sum += page->crc + (page->links << 32);
    return page->rc;
}

/* -- the task --------------------------------------------------------------------------------------------------------- */

static void scrape_close(void *state)
{
    struct scrape *scrape = state;
    for (uint64_t job = 0; scrape->visits && job < scrape->jobs; job++)
        visit_free(scrape->visits[job]);
    free(scrape->visits);
    free(scrape);
}

static int scrape_open(const struct cobench_open *how, void **state, struct cobench_error *err)
{
    struct scrape *scrape = calloc(1, sizeof *scrape);
    char last[COBENCH_URL_MAX];
    if (!scrape)
        return -ENOMEM;
    xmlInitParser(); /* before there are threads */
    scrape->jobs = how->jobs;
    scrape->most = (size_t)how->values[LINKS].number;
    scrape->visits = calloc(how->jobs, sizeof *scrape->visits);
    int rc = scrape->visits ? url_fill(&scrape->url, how, URL, err) : -ENOMEM;
    if (!rc)
        rc = url_write(&scrape->url, how->jobs - 1, last, err);
    if (!rc)
        rc = web_check_url(last, err);
    if (rc)
        scrape_close(scrape);
    else
        *state = scrape;
    return rc;
}

static int scrape_request(void *state, void *worker, uint64_t job, struct cobench_request *ask,
                          struct cobench_error *err)
{
    struct scrape *scrape = state;
    (void)worker;
    visit_free(scrape->visits[job]); /* of a job that is run again */
    struct visit *visit = scrape->visits[job] = calloc(1, sizeof *visit);
    if (visit)
        visit->links = calloc(scrape->most + 1, sizeof *visit->links);
    if (!visit || !visit->links)
        return -ENOMEM;
    ask->ask = COBENCH_ASK_URL;
    return url_write(&scrape->url, job, ask->url, err);
}

static int scrape_more(void *state, void *worker, uint64_t job, unsigned step, const struct cobench_reply *reply,
                       struct cobench_request *ask, struct cobench_error *err)
{
    struct scrape *scrape = state;
    struct visit *visit = scrape->visits[job];
    struct page page = {.visit = visit, .most = scrape->most};
    char url[COBENCH_URL_MAX];
    (void)worker;
    if (!visit || !reply) /* no host does that */
        return -EINVAL;
    int rc = web_check_status(reply, err);
    if (rc == 0 && step == 0) {
        rc = url_write(&scrape->url, job, url, err);
        page.url = url;
        page.site = web_site(url);
    }
    rc = rc ? rc : page_parse(&page, reply);
    if (rc == 0 && visit->next < visit->count) {
        ask->ask = COBENCH_ASK_URL;
        strcpy(ask->url, visit->links[visit->next++]); /* its length was looked at */
    }
    return rc;
}

static int scrape_run(void *state, void *worker, uint64_t job, const struct cobench_reply *reply, uint64_t *result,
                      struct cobench_error *err)
{
    struct scrape *scrape = state;
    (void)worker, (void)reply, (void)err;
    if (!scrape->visits[job])
        return -EINVAL;
    *result = scrape->visits[job]->sum;
    visit_free(scrape->visits[job]);
    scrape->visits[job] = NULL;
    return 0;
}

static const struct cobench_param params[] = {
    [URL] = {.key = "url",
             .type = COBENCH_PARAM_URL,
             .fallback = "/page/{job}?items={items}&links={links}&delay={delay}",
             .about = "the page; {job}, {items}, {links} and {delay} are filled in; a path is the origin's"},
    [ITEMS] = {.key = "items",
               .type = COBENCH_PARAM_INT,
               .fallback = "200",
               .max = 100000,
               .about = "rows of the table in each page, about 80 bytes each"},
    [LINKS] = {.key = "links",
               .type = COBENCH_PARAM_INT,
               .fallback = "2",
               .max = 1000,
               .about = "links of the page that are followed, one after the other"},
    {.key = "delay",
     .type = COBENCH_PARAM_INT,
     .fallback = "20",
     .max = 3600000,
     .about = "how long each answer takes, in milliseconds"},
    {.key = NULL},
};

const struct cobench_task cobench_task = {
    .contract = COBENCH_CONTRACT_VERSION,
    .kind = COBENCH_KIND_MIXED,
    .asks = COBENCH_ASK_URL,
    .name = "scrape",
    .about = "fetch a page, parse it, and do the same with what it links to",
    .default_jobs = 30,
    .params = params,
    .open = scrape_open,
    .close = scrape_close,
    .request = scrape_request,
    .more = scrape_more,
    .run = scrape_run,
};
