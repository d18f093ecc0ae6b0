/* SPDX-License-Identifier: MIT */
/* What a run tells while it goes on, on stderr. */
#include "bench/run/runner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/util/text.h"
#include "common/clock.h"

#define PLAIN_INTERVAL_NS  (10 * NS_PER_S)
#define REDRAW_INTERVAL_NS (50 * NS_PER_MS)

void progress_open(struct progress *p, bool quiet)
{
    *p = (struct progress){.quiet = quiet, .terminal = file_is_terminal(STDERR_FILENO)};
}

static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void left_text(int64_t left_ns, char *out, size_t size)
{
    const long long s = (left_ns + NS_PER_S / 2) / NS_PER_S;
    if (left_ns < 0)
        *out = '\0';
    else if (s >= 60)
        snprintf(out, size, ", %lld min %02lld s left", s / 60, s % 60);
    else
        snprintf(out, size, ", %lld s left", s);
}

void progress_at(struct progress *p, const char *where, int64_t left_ns)
{
    const int64_t now = clock_now_ns();
    if (p->quiet || (p->last_ns != 0 && now - p->last_ns < (p->terminal ? REDRAW_INTERVAL_NS : PLAIN_INTERVAL_NS)))
        return;
    p->last_ns = now;
    char left[48], line[400];
    left_text(left_ns, left, sizeof left);
    snprintf(line, sizeof line, "%s%s", where, left);
    text_clean(line, '?');
    if (!p->terminal) {
        fprintf(stderr, "%s\n", line);
        return;
    }
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, line);
    fflush(stderr);
    p->dirty = true;
}

void progress_note(struct progress *p, bool warning, const char *format, ...)
{
    if (p->quiet && !warning)
        return;
    progress_clear(p);
    char line[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    text_clean(line, '?'); /* names and paths in it may hold a terminal's control sequences */
    fprintf(stderr, "%s\n", line);
}

void progress_clear(struct progress *p)
{
    if (p->dirty)
        fputs("\r\033[K", stderr);
    p->dirty = false;
}
