/* SPDX-License-Identifier: MIT */
/* events.jsonl (bench/store/events.c). Of an accepted file every whole line is an event; half a line behind it changes
 * nothing; and what was different where a run was forced on is a list of texts, each once. */
#include <stdlib.h>

#include "bench/store/journal.h"
#include "support.h"

static void check_forced(const struct events *events)
{
    json_t *texts = events_forced(events);
    FUZZ_MUST(texts != NULL);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        FUZZ_MUST(json_is_string(json_array_get(texts, i)));
        for (size_t k = 0; k < i; k++)
            FUZZ_MUST(!json_equal(json_array_get(texts, i), json_array_get(texts, k)));
    }
    FUZZ_MUST(json_array_size(texts) == 0 || json_array_size(events->lines) > 0);
    json_decref(texts);
}

static void check_torn(const uint8_t *data, size_t size, const struct events *whole)
{
    struct events again;
    struct error err = {.text = ""};
    if (size > 0 && data[size - 1] != '\n')
        return;
    char *text = fuzz_text(data, size); /* its NUL is the half line */
    FUZZ_MUST(events_parse(text, size + 1, &again, &err) == 0);
    FUZZ_MUST(json_equal(again.lines, whole->lines));
    events_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct events events;
    struct error err = {.text = ""};
    size_t lines = 0;
    char *text = fuzz_text(data, size);
    const int rc = events_parse(text, size, &events, &err);
    if (rc == 0) {
        for (size_t i = 0; i < size; i++)
            lines += data[i] == '\n';
        FUZZ_MUST(json_array_size(events.lines) == lines);
        check_forced(&events);
        check_torn(data, size, &events);
        events_free(&events);
    } else {
        fuzz_check_refusal(rc, err.text);
    }
    free(text);
    return 0;
}
