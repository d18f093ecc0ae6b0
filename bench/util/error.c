/* SPDX-License-Identifier: MIT */
/* What went wrong, as one line for a person. */
#include "bench/util/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "bench/util/text.h"

int error_set(struct error *err, int rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    text_clean(err->text, '?'); /* a name in it may hold line feeds and a terminal's control sequences */
    return rc;
}
