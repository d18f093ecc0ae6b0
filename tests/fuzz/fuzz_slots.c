/* SPDX-License-Identifier: MIT */
/*
 * Slots files (bench/protocol/slots.c). An accepted file has as many slots as jobs were asked for, inside the buffer; it passes
 * the check exactly where every one was done once and took no negative time; the digest is the sum over just those
 * jobs, computed here a second time from the bytes; percentiles are in order and are times of jobs of the file; what the stamps
 * say of jobs in flight and of an open loop (bench/protocol/slots.h, bench/protocol/open_loop.h) can be.
 *
 * The input is the number of jobs asked for (8 bytes), then the file with the zeros between header and slots left out,
 * so that mutations hit what is read: HEADER_USED bytes of header, then slots. Shorter inputs are cut-off headers.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/protocol/open_loop.h"
#include "bench/protocol/slots.h"
#include "support.h"

#define HEADER_USED sizeof(struct slots_header)

/* The file that the input stands for; malloc aligns it as mmap would. */
static char *file_make(const uint8_t *data, size_t size, size_t *length)
{
    const size_t slots = size > HEADER_USED ? size - HEADER_USED : 0;
    *length = size < HEADER_USED ? size : SLOTS_HEADER_BYTES + slots;
    char *file = calloc(1, *length + 1);
    FUZZ_MUST(file != NULL);
    memcpy(file, data, size < HEADER_USED ? size : HEADER_USED);
    if (slots > 0)
        memcpy(file + SLOTS_HEADER_BYTES, data + HEADER_USED, slots);
    return file;
}

static struct slot slot_at(const char *file, uint64_t i)
{
    struct slot s;
    memcpy(&s, file + SLOTS_HEADER_BYTES + i * sizeof s, sizeof s);
    return s;
}

static uint64_t digest_again(const char *file, uint64_t jobs)
{
    uint64_t sum = 0;
    for (uint64_t i = jobs; i-- > 0;)
        sum += splitmix64(i ^ splitmix64(slot_at(file, i).result));
    return sum;
}

static bool sound(const char *file, uint64_t jobs)
{
    for (uint64_t i = 0; i < jobs; i++) {
        const struct slot s = slot_at(file, i);
        if (s.runs != 1 || s.state != SLOT_DONE || s.end_ns < s.start_ns || s.start_ns < s.due_ns || s.start_ns < 0 ||
            s.due_ns < 0)
            return false;
    }
    return true;
}

static bool is_duration(const char *file, uint64_t jobs, int64_t ns)
{
    for (uint64_t i = 0; i < jobs; i++) {
        const struct slot s = slot_at(file, i);
        if ((__int128)s.end_ns - (s.due_ns != 0 ? s.due_ns : s.start_ns) == ns)
            return true;
    }
    return false;
}

static void check_latency(const struct slots_view *view, const char *file)
{
    struct slots_latency l;
    slots_latency(view, &l);
    FUZZ_MUST(l.p50 <= l.p90 && l.p90 <= l.p99 && l.p99 <= l.max);
    if (view->jobs == 0) {
        FUZZ_MUST(l.max == -1);
        return;
    }
    FUZZ_MUST(l.p50 >= 0);
    FUZZ_MUST(is_duration(file, view->jobs, l.p50) && is_duration(file, view->jobs, l.max));
}

static void check_stamps(const struct slots_view *view, const char *file)
{
    struct slots_in_flight flight;
    struct open_loop loop;
    struct error err = {.text = ""};
    slots_count_in_flight(view, true, &flight);
    slots_count_in_flight(view, false, &flight);
    FUZZ_MUST(flight.most >= -1 && flight.most <= (int64_t)view->jobs && flight.busy_ns >= -1);
    int64_t first = INT64_MAX, last = 0;
    for (uint64_t i = 0; i < view->jobs; i++) {
        const struct slot s = slot_at(file, i);
        first = s.start_ns < first ? s.start_ns : first;
        last = s.end_ns > last ? s.end_ns : last;
    }
    FUZZ_MUST(slots_check_times(view, first, last, &err) == 0);
    FUZZ_MUST(view->jobs == 0 || last == 0 || slots_check_times(view, first, last - 1, &err) == -EBADMSG);
    const struct arrivals arrivals = {.rate = 1000, .kind = ARRIVALS_POISSON, .seed = 1};
    const int rc = open_loop_check(view, &arrivals, 1000, &err);
    FUZZ_MUST(rc == 0 || rc == -EBADMSG);
    if (view->jobs == 0)
        return;
    open_loop_measure(view, &loop);
    FUZZ_MUST(loop.jobs == view->jobs && loop.late.p50 <= loop.late.max);
    json_t *json = open_loop_json(&loop);
    FUZZ_MUST(json != NULL);
    json_decref(json);
}

static void check_view(const struct slots_view *view, const char *file, size_t length, uint64_t jobs)
{
    struct error err = {.text = ""};
    FUZZ_MUST(view->jobs == jobs);
    FUZZ_MUST(jobs <= (length - SLOTS_HEADER_BYTES) / sizeof(struct slot));
    uint64_t *results = slots_results(view);
    FUZZ_MUST(results != NULL);
    FUZZ_MUST(slots_tell_difference(view, results, "c:sync", &err) == -ENOENT);
    if (jobs > 0) {
        results[jobs - 1] ^= 1;
        FUZZ_MUST(slots_tell_difference(view, results, "c:sync", &err) == 0);
        fuzz_check_refusal(-EBADMSG, err.text);
    }
    free(results);
    const int rc = slots_check(view, &err);
    FUZZ_MUST((rc == 0) == sound(file, jobs));
    if (rc != 0) {
        fuzz_check_refusal(rc, err.text);
        return;
    }
    FUZZ_MUST(slots_digest(view) == digest_again(file, jobs));
    check_latency(view, file);
    check_stamps(view, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t jobs = 0;
    struct slots_view view;
    struct error err = {.text = ""};
    size_t length;
    if (size < sizeof jobs)
        return 0;
    memcpy(&jobs, data, sizeof jobs);
    char *file = file_make(data + sizeof jobs, size - sizeof jobs, &length);
    const int rc = slots_parse(file, length, jobs, &view, &err);
    if (rc == 0)
        check_view(&view, file, length, jobs);
    else
        fuzz_check_refusal(rc, err.text);
    free(file);
    return 0;
}
