/* SPDX-License-Identifier: MIT */
/* Tables for a terminal: colours, columns and ratios, the same in every table. */
#ifndef BENCH_REPORT_SCREEN_H
#define BENCH_REPORT_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "bench/analysis/ratio.h"

enum {
    SCREEN_TIME_WIDTH = 8,   /* a blank and 7 columns */
    SCREEN_RATIO_WIDTH = 23, /* a blank, a mark, the verdict, ratio (6), a blank, interval (13) */
    SCREEN_TITLE_WIDTH = 11, /* of the lines above the tables */
};

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
/* SCREEN_RATIO_WIDTH columns: `mark` (one column), verdict, number and interval, or why there is no ratio. */
void screen_put_ratio(const struct screen *screen, const struct ratio *ratio, const char *mark);
/* What there is to say about a ratio's own series, the worst first, in one column. */
const char *screen_doubt(const struct ratio *ratio);
/* Prints text without the blanks at the ends of its lines, which are cut off here, once, and not by every column. */
void screen_put_trimmed(FILE *out, const char *text);

#endif
