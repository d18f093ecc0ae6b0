/* SPDX-License-Identifier: MIT */
/* Any bytes as a JSON string. */
#ifndef HOST_TEXT_H
#define HOST_TEXT_H

#include <jansson.h>

/* A new JSON string; bytes that are no UTF-8 stand as U+FFFD. JSON null for NULL. NULL where there is no memory. */
json_t *text_json(const char *text);

#endif
