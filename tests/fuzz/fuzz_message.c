/* SPDX-License-Identifier: MIT */
/*
 * Messages with jobs and with results (common/message.h), of which any process that reaches a broker may write one. What is read
 * to its end becomes the same bytes when it is written again, and a failure's tail the same when it is taken apart and put together.
 *
 * The input is a byte, whose lowest bit says which kind, and the message.
 */
#include <stdbool.h>
#include <string.h>

#include "common/message.h"
#include "support.h"

/* A tail of TYPE, LINE and MESSAGE; what is longer than the places, or no text, is not the same again. */
static void check_failure(const struct message_part *part)
{
    char type[64], text[320];
    int line;
    struct message m = {0};
    struct message_reader reader;
    struct message_part again;
    uint32_t worker;
    if (message_failure(part, type, sizeof type, &line, text, sizeof text))
        return;
    FUZZ_MUST(line >= 0);
    FUZZ_MUST(message_begin_done(&m, 7) == 0 && message_add_failure(&m, 1, &part->slot, type, line, text) == 0);
    FUZZ_MUST(message_open_done(&reader, m.bytes, m.length, &worker) == 0 && worker == 7);
    FUZZ_MUST(message_next_done(&reader, &again) == 1 && again.length <= part->length);
    FUZZ_MUST(strncmp((const char *)again.bytes, (const char *)part->bytes, strlen(type)) == 0);
    message_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message m = {0};
    struct message_reader reader;
    struct message_part part;
    uint32_t worker = 0;
    int more = 1;
    if (size == 0)
        return 0;
    const bool done = data[0] & 1;
    data++, size--;
    if (done ? message_open_done(&reader, data, size, &worker) : message_open_jobs(&reader, data, size))
        return 0;
    const bool empty = reader.left == 0;
    FUZZ_MUST((done ? message_begin_done(&m, worker) : message_begin_jobs(&m)) == 0);
    while (more == 1 && (more = done ? message_next_done(&reader, &part) : message_next_job(&reader, &part)) == 1) {
        FUZZ_MUST(part.bytes >= data && part.bytes + part.length <= data + size);
        FUZZ_MUST((done ? message_add_done(&m, part.job, &part.slot, part.bytes, part.length)
                        : message_add_job(&m, part.job, part.bytes, part.length)) == 0);
        if (done)
            check_failure(&part);
    }
    FUZZ_MUST(more < 0 || empty || (m.length == size && memcmp(m.bytes, data, size) == 0));
    message_free(&m);
    return 0;
}
