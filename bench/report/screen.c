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

const char *screen_doubt(const struct ratio *ratio) { return ratio_level(ratio) == LEVEL_DOUBTFUL ? "?" : " "; }

static enum style ratio_style(const struct ratio *ratio)
{
    if (!ratio_known(ratio))
        return STYLE_DIM;
    return ratio->verdict == VERDICT_FASTER ? STYLE_GOOD : ratio->verdict == VERDICT_SLOWER ? STYLE_BAD : STYLE_PLAIN;
}

void screen_put_ratio(const struct screen *screen, const struct ratio *ratio, const char *mark)
{
    const enum style style = ratio_style(ratio);
    struct format f;
    fprintf(screen->out, " %s", mark);
    if (!ratio_known(ratio) || ratio->state == RATIO_SELF) {
        fputs("  ", screen->out);
        screen_put(screen, STYLE_DIM, format_ratio_state(ratio->state), SCREEN_RATIO_WIDTH - 4);
        return;
    }
    screen_put(screen, style, format_verdict(ratio->verdict), 1);
    screen_put(screen, style, format_ratio(&f, ratio->ratio), -6);
    fputc(' ', screen->out);
    screen_put(screen, style,
               ratio->state == RATIO_FULL ? format_interval(&f, ratio->low, ratio->high)
                                          : format_ratio_state(ratio->state),
               SCREEN_RATIO_WIDTH - 10);
}

void screen_put_trimmed(FILE *out, const char *text)
{
    for (size_t length; *text != '\0'; text += length) {
        const char *end = strchr(text, '\n');
        length = end != NULL ? (size_t)(end - text) + 1 : strlen(text);
        size_t kept = end != NULL ? length - 1 : length;
        while (kept > 0 && text[kept - 1] == ' ')
            kept--;
        fwrite(text, 1, kept, out);
        if (end != NULL)
            fputc('\n', out);
    }
}
