/* SPDX-License-Identifier: MIT */
/* What tables for a terminal are made of. */
#include "bench/report/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/report/format.h"

enum { COLUMNS_LEAST = 80, COLUMNS_MOST = 1000 };

int screen_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < COLUMNS_LEAST)
        return COLUMNS_LEAST;
    return size.ws_col < COLUMNS_MOST ? size.ws_col : COLUMNS_MOST;
}

bool screen_has_colour(void)
{
    const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
    const bool can = terminal != NULL && *terminal != '\0' && strcmp(terminal, "dumb") != 0;
    return isatty(STDOUT_FILENO) == 1 && can && (no_colour == NULL || *no_colour == '\0');
}

void screen_style(const struct screen *screen, enum style style)
{
    static const char *const codes[] = {[STYLE_PLAIN] = "0", [STYLE_BOLD] = "1", [STYLE_GOOD] = "36",
                                        [STYLE_BAD] = "33",  [STYLE_DIM] = "2",  [STYLE_WARN] = "1;33"};
    if (screen->colour)
        fprintf(screen->out, "\033[%sm", codes[style]);
}

void screen_put(const struct screen *screen, enum style style, const char *text, int width)
{
    if (style != STYLE_PLAIN)
        screen_style(screen, style);
    format_put(screen->out, text, width);
    if (style != STYLE_PLAIN)
        screen_style(screen, STYLE_PLAIN);
}

void screen_put_titled(const struct screen *screen, enum style style, const char *title, const char *text)
{
    const int indent = 2 + SCREEN_TITLE_WIDTH;
    struct format_wrap wrap = {.out = screen->out, .indent = indent, .width = screen->width, .at = indent};
    fputs("  ", screen->out);
    screen_put(screen, style, title, SCREEN_TITLE_WIDTH);
    format_put_wrapped(&wrap, text);
    fputc('\n', screen->out);
}

void screen_put_rule(const struct screen *screen)
{
    for (int i = 0; i < screen->width; i++)
        fputs("─", screen->out);
    fputc('\n', screen->out);
}
