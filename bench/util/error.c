/* SPDX-License-Identifier: MIT */
/* What went wrong, as one line for a person. */
#include "bench/util/error.h"

#include <stdarg.h>
#include <stdio.h>

/* A name on the command line or in a file may hold line feeds and a terminal's control sequences. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

int error_set(struct error *err, int rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    clean(err->text);
    return rc;
}
