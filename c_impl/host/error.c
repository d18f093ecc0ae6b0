/* SPDX-License-Identifier: MIT */
/* What went wrong, as a negative errno, a type and one line for a person. */
#define _GNU_SOURCE /* strerrorname_np: the errno's own name is the failure's type */
#include "host/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A name on the command line may hold line feeds and a terminal's control sequences. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

int error_fill(struct cobench_error *err, int rc, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    clean(err->message);
    return rc;
}

int error_named(struct cobench_error *err, int rc, const char *type, const char *format, ...)
{
    va_list args;
    snprintf(err->type, sizeof err->type, "%s", type);
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    clean(err->message);
    return rc;
}

void error_clear(struct cobench_error *err)
{
    err->type[0] = '\0';
    err->message[0] = '\0';
    err->line = 0;
}

void error_complete(struct cobench_error *err, int rc)
{
    if (err->type[0] != '\0') /* whoever names a type says all there is: an exception may be without a text */
        return;
    const char *name = strerrorname_np(-rc);
    if (name)
        snprintf(err->type, sizeof err->type, "%s", name);
    else
        snprintf(err->type, sizeof err->type, "errno %d", -rc);
    if (err->message[0] == '\0') {
        char text[128];
        snprintf(err->message, sizeof err->message, "%s", strerror_r(-rc, text, sizeof text));
    }
}

void error_tell(const struct cobench_error *err, int rc, char *line, size_t size)
{
    const char *name = strerrorname_np(-rc);
    if (err->type[0] == '\0' || (name && strcmp(err->type, name) == 0))
        snprintf(line, size, "%s", err->message);
    else
        snprintf(line, size, "%s%s%s", err->type, err->message[0] ? ": " : "", err->message);
}

const char *error_words(const struct cobench_error *err, char *line, size_t size)
{
    static const char *const words[][3] = {{"SystemExit", "called sys.exit(", ")"},
                                           {"ExitStatus", "exit status ", ""},
                                           {"Signal", "ended by ", ""},
                                           {"Returned", "", ""}};
    const char *before = err->type, *between = err->type[0] && err->message[0] ? ": " : "", *after = "";
    char at[24] = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(err->type, words[i][0]) == 0) {
            before = words[i][1];
            between = "";
            after = words[i][2];
        }
    if (err->line > 0)
        snprintf(at, sizeof at, " (line %d)", err->line);
    snprintf(line, size, "%s%s%s%s%s", before, between, err->message, after, at);
    return line;
}

bool error_is_limit(int rc)
{
    switch (-rc) {
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case ENOSYS: /* nothing of the kind here */
    case EFBIG:
    case ELIBACC:
        return true;
    default:
        return false;
    }
}
