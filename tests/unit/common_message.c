/* SPDX-License-Identifier: MIT */
/* Jobs and results as bytes: what is written is read again, the bytes are those of docs/interfaces.md, and nothing else is read. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "common/message.h"

TEST(test_jobs)
{
    static const unsigned char expected[] = {2, 0,   0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 'a',
                                             0, 'c', 8, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0};
    struct message m = {0};
    struct message_reader reader;
    struct message_part part;
    assert_int_equal(message_begin_jobs(&m), 0);
    assert_int_equal(message_add_job(&m, 7, "a\0c", 3), 0);
    assert_int_equal(message_add_job(&m, 8 + (UINT64_C(1) << 56), NULL, 2), 0); /* zeros */
    assert_int_equal(m.length, sizeof expected);
    assert_memory_equal(m.bytes, expected, sizeof expected);
    assert_int_equal(message_open_jobs(&reader, m.bytes, m.length), 0);
    assert_int_equal(reader.left, 2);
    assert_int_equal(message_next_job(&reader, &part), 1);
    assert_int_equal(part.job, 7);
    assert_int_equal(part.length, 3);
    assert_memory_equal(part.bytes, "a\0c", 3);
    assert_int_equal(message_next_job(&reader, &part), 1);
    assert_int_equal(part.job, 8 + (UINT64_C(1) << 56));
    assert_int_equal(message_next_job(&reader, &part), 0);
    assert_int_equal(message_begin_jobs(&m), 0); /* used again: this one says to stop */
    assert_int_equal(m.length, 4);
    assert_int_equal(message_open_jobs(&reader, m.bytes, m.length), 0);
    assert_int_equal(message_next_job(&reader, &part), 0);
    assert_int_equal(message_add_job(&m, 1, NULL, MESSAGE_PART_MAX + 1), -EMSGSIZE);
    message_free(&m);
}

TEST(test_done)
{
    const struct slot slot = {.result = 42, .start_ns = 1, .end_ns = 2, .worker = 3, .state = SLOT_DONE, .runs = 1};
    const struct slot failed = {.state = SLOT_FAILED, .runs = 1};
    struct message m = {0};
    struct message_reader reader;
    struct message_part part;
    uint32_t worker = 0;
    char type[8], text[64];
    int line = 0;
    assert_int_equal(message_begin_done(&m, 3), 0);
    assert_int_equal(message_add_done(&m, 5, &slot, "value", 5), 0);
    assert_int_equal(message_add_failure(&m, 6, &failed, "ValueError", 12, "no, \xc3\xa4"), 0);
    assert_int_equal(m.length, 8 + (8 + 64 + 4 + 5) + (8 + 64 + 4 + 10 + 1 + 2 + 1 + 6));
    assert_int_equal(message_open_done(&reader, m.bytes, m.length, &worker), 0);
    assert_int_equal(worker, 3);
    assert_int_equal(message_next_done(&reader, &part), 1);
    assert_int_equal(part.job, 5);
    assert_memory_equal(&part.slot, &slot, sizeof slot);
    assert_memory_equal(part.bytes, "value", 5);
    assert_int_equal(message_failure(&part, type, sizeof type, &line, text, sizeof text), -EBADMSG);
    assert_int_equal(message_next_done(&reader, &part), 1);
    assert_int_equal(message_failure(&part, type, sizeof type, &line, text, sizeof text), 0);
    assert_string_equal(type, "ValueEr"); /* cut */
    assert_int_equal(line, 12);
    assert_string_equal(text, "no, \xc3\xa4");
    assert_int_equal(message_next_done(&reader, &part), 0);
    message_free(&m);
}

/* Whatever is cut off, or follows, is no message. */
TEST(test_bad)
{
    const struct slot slot = {.state = SLOT_DONE};
    struct message m = {0};
    struct message_reader reader;
    struct message_part part;
    uint32_t worker;
    assert_int_equal(message_begin_done(&m, 0), 0);
    assert_int_equal(message_add_done(&m, 5, &slot, "tail", 4), 0);
    for (size_t length = 0; length < m.length; length++) {
        const int rc = message_open_done(&reader, m.bytes, length, &worker);
        assert_int_equal(rc ? rc : message_next_done(&reader, &part), -EBADMSG);
    }
    assert_int_equal(message_add_job(&m, 1, NULL, 0), 0); /* bytes behind the last part */
    m.bytes[0] = 0;
    assert_int_equal(message_open_done(&reader, m.bytes, m.length, &worker), 0);
    assert_int_equal(message_next_done(&reader, &part), -EBADMSG);
    assert_int_equal(message_begin_jobs(&m), 0);
    assert_int_equal(message_add_job(&m, 1, NULL, 4), 0);
    for (size_t length = 0; length < m.length; length++) {
        const int rc = message_open_jobs(&reader, m.bytes, length);
        assert_int_equal(rc ? rc : message_next_job(&reader, &part), -EBADMSG);
    }
    memset(m.bytes + 12, 0xff, 4); /* a length that nobody sends */
    assert_int_equal(message_open_jobs(&reader, m.bytes, m.length), 0);
    assert_int_equal(message_next_job(&reader, &part), -EBADMSG);
    message_free(&m);
}
