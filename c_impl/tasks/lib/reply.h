/* SPDX-License-Identifier: MIT */
/* What a job looks at in a reply, and the result it makes of it. */
#ifndef TASKS_LIB_REPLY_H
#define TASKS_LIB_REPLY_H

#include <stdint.h>

#include "cobench/task.h"

#define REPLY_CHOICES "auto|crc|length|status" /* of the parameter `check`, in the order of the enum */

enum reply_look { REPLY_AUTO, REPLY_CRC, REPLY_LENGTH, REPLY_STATUS };

/* The look that `check` means for the URL template `url`: `auto` is resolved, the rest is as typed. */
enum reply_look reply_resolve(const struct cobench_value *check, const struct cobench_value *url);

/* The CRC-32, the length or the status of the reply, by `look`. -EPROTO: the status is not 200 ("HttpStatus"), or the
 * body has another length than `size` ("BadLength"; not for REPLY_STATUS). */
int reply_check(enum reply_look look, uint64_t size, const struct cobench_reply *reply, uint64_t *result,
                struct cobench_error *err);

#endif
