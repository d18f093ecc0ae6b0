/* SPDX-License-Identifier: MIT */
/* Tables for a terminal: colours, columns and ratios, the same in every table. */
#ifndef BENCH_REPORT_SCREEN_H
#define BENCH_REPORT_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

enum { SCREEN_TITLE_WIDTH = 11 /* of the lines above the tables */ };

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_GOOD, STYLE_BAD, STYLE_DIM, STYLE_WARN };

struct screen {
    FILE *out;
    int width;   /* columns */
    bool colour; /* ANSI colours */
};

/* Of standard output: its columns, or 80 where it is no terminal or has fewer, at most 1000; and whether it takes colours
 * (a terminal that TERM names and does not call dumb, and NO_COLOR is not set). */
int screen_columns(void);
bool screen_has_colour(void);

/* What follows is printed so. */
void screen_style(const struct screen *screen, enum style style);
/* As format_put, and plain again behind it. */
void screen_put(const struct screen *screen, enum style style, const char *text, int width);
/* "  title    text", the text wrapped under itself, and a newline. */
void screen_put_titled(const struct screen *screen, enum style style, const char *title, const char *text);
/* A line over the whole width, and a newline. */
void screen_put_rule(const struct screen *screen);

#endif
