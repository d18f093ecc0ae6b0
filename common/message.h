/* SPDX-License-Identifier: MIT */
/*
 * What crosses between whoever hands out the jobs (the manager) and a worker that it reaches by messages: a pipe, a broker, a
 * socket. Two kinds, little-endian, the same from C and Python (py_impl has its counterpart, a test compares the two;
 * docs/interfaces.md says the same in words):
 *
 *   jobs   u32 count, then count times: u64 job, u32 length, `length` bytes of payload.      count 0: stop
 *   done   u32 worker, u32 count, then count times: u64 job, the 64 bytes of its slot, u32 length, `length` bytes of tail.
 *          count 0: the worker is up; text behind it: it is not, and that is why
 *
 * A slot whose `runs` is 0 tells only that the job is over: its worker shares the manager's slots and has filled in the job's.
 * Any other is one to copy. The tail of a failed job is message_add_failure's text, that of one done a Python function's value,
 * pickled, or nothing.
 */
#ifndef COBENCH_MESSAGE_H
#define COBENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/slots.h"

/* Bytes that somebody else's program may have written: nothing longer is taken for a payload or a tail. */
#define MESSAGE_PART_MAX (64u << 20)

/* One that is being written; all zero: none yet. Belongs to one thread, and is used again by the next message_begin_. */
struct message {
    unsigned char *bytes;
    size_t length, capacity;
};

/* What is called to write one: begin, then an add for each job. 0, or -ENOMEM; -EMSGSIZE: a part longer than allowed. */
int message_begin_jobs(struct message *m);
int message_begin_done(struct message *m, uint32_t worker);
/* `payload` NULL: as many zeros. */
int message_add_job(struct message *m, uint64_t job, const void *payload, size_t length);
int message_add_done(struct message *m, uint64_t job, const struct slot *slot, const void *tail, size_t length);
/* The same of a failed job: TYPE, a NUL, the line in decimal (0: unknown), a NUL, the message. */
int message_add_failure(struct message *m, uint64_t job, const struct slot *slot, const char *type, int line,
                        const char *text);
void message_free(struct message *m);

/* One that is being read; points into the bytes it was opened on. */
struct message_reader {
    const unsigned char *at, *end;
    uint32_t left; /* parts that are still to come; after open: the count */
};

struct message_part {
    uint64_t job;
    struct slot slot; /* of `done` */
    const unsigned char *bytes;
    uint32_t length;
};

/* 0, or -EBADMSG: this is none. */
int message_open_jobs(struct message_reader *reader, const void *bytes, size_t length);
int message_open_done(struct message_reader *reader, const void *bytes, size_t length, uint32_t *worker);
/* The next part: 1; 0: there was none left, and nothing behind the last where the count was not 0; -EBADMSG. */
int message_next_job(struct message_reader *reader, struct message_part *out);
int message_next_done(struct message_reader *reader, struct message_part *out);

/* Takes the tail of a failed job apart, cut to the sizes given, each with its NUL. -EBADMSG: it is none. */
int message_failure(const struct message_part *part, char *type, size_t type_size, int *line, char *text,
                    size_t text_size);

#endif
