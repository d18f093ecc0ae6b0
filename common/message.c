/* SPDX-License-Identifier: MIT */
/* Jobs and results as bytes. */
#include "common/message.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/num.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are copied as they are in memory");

/* -- writing ---------------------------------------------------------------------------------------------------------- */

/* Room for so many more bytes. */
static int grow(struct message *m, size_t bytes)
{
    if (bytes <= m->capacity - m->length)
        return 0;
    const size_t capacity = (m->length + bytes) * 2;
    unsigned char *grown = realloc(m->bytes, capacity);
    if (!grown)
        return -ENOMEM;
    m->bytes = grown;
    m->capacity = capacity;
    return 0;
}

/* `bytes` NULL: zeros. There is room. */
static void put(struct message *m, const void *bytes, size_t length)
{
    if (bytes)
        memcpy(m->bytes + m->length, bytes, length);
    else
        memset(m->bytes + m->length, 0, length);
    m->length += length;
}

static int begin(struct message *m, const uint32_t *worker)
{
    m->length = 0;
    const int rc = grow(m, 2 * sizeof *worker);
    if (rc)
        return rc;
    if (worker)
        put(m, worker, sizeof *worker);
    put(m, NULL, sizeof(uint32_t));
    return 0;
}

static int add(struct message *m, size_t count_at, uint64_t job, const struct slot *slot, const void *bytes,
               size_t length)
{
    const uint32_t length32 = (uint32_t)length;
    uint32_t count;
    if (length > MESSAGE_PART_MAX)
        return -EMSGSIZE;
    const int rc = grow(m, sizeof job + sizeof *slot + sizeof length32 + length);
    if (rc)
        return rc;
    put(m, &job, sizeof job);
    if (slot)
        put(m, slot, sizeof *slot);
    put(m, &length32, sizeof length32);
    put(m, bytes, length);
    memcpy(&count, m->bytes + count_at, sizeof count);
    count++;
    memcpy(m->bytes + count_at, &count, sizeof count);
    return 0;
}

int message_begin_jobs(struct message *m) { return begin(m, NULL); }

int message_begin_done(struct message *m, uint32_t worker) { return begin(m, &worker); }

int message_add_job(struct message *m, uint64_t job, const void *payload, size_t length)
{
    return add(m, 0, job, NULL, payload, length);
}

int message_add_done(struct message *m, uint64_t job, const struct slot *slot, const void *tail, size_t length)
{
    return add(m, sizeof(uint32_t), job, slot, tail, length);
}

int message_add_failure(struct message *m, uint64_t job, const struct slot *slot, const char *type, int line,
                        const char *text)
{
    char tail[1024], number[16];
    size_t at = 0;
    snprintf(number, sizeof number, "%d", line);
    const char *const words[] = {type, number, text};
    for (size_t i = 0; i < 3; i++) {
        const size_t length = strnlen(words[i], sizeof tail / 3);
        memcpy(tail + at, words[i], length);
        at += length;
        if (i < 2)
            tail[at++] = '\0';
    }
    return message_add_done(m, job, slot, tail, at);
}

void message_free(struct message *m)
{
    free(m->bytes);
    *m = (struct message){0};
}

/* -- reading ---------------------------------------------------------------------------------------------------------- */

static int take(struct message_reader *reader, void *out, size_t size)
{
    if ((size_t)(reader->end - reader->at) < size)
        return -EBADMSG;
    memcpy(out, reader->at, size);
    reader->at += size;
    return 0;
}

int message_open_jobs(struct message_reader *reader, const void *bytes, size_t length)
{
    *reader = (struct message_reader){.at = bytes, .end = (const unsigned char *)bytes + length};
    return take(reader, &reader->left, sizeof reader->left);
}

int message_open_done(struct message_reader *reader, const void *bytes, size_t length, uint32_t *worker)
{
    *reader = (struct message_reader){.at = bytes, .end = (const unsigned char *)bytes + length};
    return take(reader, worker, sizeof *worker) || take(reader, &reader->left, sizeof reader->left) ? -EBADMSG : 0;
}

static int next(struct message_reader *reader, struct message_part *out, bool with_slot)
{
    if (reader->left == 0)
        return 0;
    if (take(reader, &out->job, sizeof out->job) || (with_slot && take(reader, &out->slot, sizeof out->slot)) ||
        take(reader, &out->length, sizeof out->length) || out->length > MESSAGE_PART_MAX ||
        (size_t)(reader->end - reader->at) < out->length)
        return -EBADMSG;
    out->bytes = reader->at;
    reader->at += out->length;
    return --reader->left == 0 && reader->at != reader->end ? -EBADMSG : 1;
}

int message_next_job(struct message_reader *reader, struct message_part *out) { return next(reader, out, false); }

int message_next_done(struct message_reader *reader, struct message_part *out) { return next(reader, out, true); }

int message_failure(const struct message_part *part, char *type, size_t type_size, int *line, char *text,
                    size_t text_size)
{
    const char *at = (const char *)part->bytes, *end = at + part->length;
    const char *first = memchr(at, '\0', part->length);
    const char *second = first ? memchr(first + 1, '\0', (size_t)(end - first - 1)) : NULL;
    int64_t number = 0;
    if (!second || num_parse_i64(first + 1, 0, INT32_MAX, &number))
        return -EBADMSG;
    *line = (int)number;
    snprintf(type, type_size, "%s", at);
    snprintf(text, text_size, "%.*s", (int)(end - second - 1), second + 1);
    return 0;
}
