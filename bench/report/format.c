/* SPDX-License-Identifier: MIT */
/* Numbers and names as people read them: three digits, a unit, a fixed number of columns. */
#include "bench/report/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Three significant digits without an exponent, for 0.0005 and above; what rounds up to the next power of ten loses a
 * decimal, so that 9.999 is 10.0 and not 10.00. */
static void three_digits(char *out, size_t size, double value)
{
    const int decimals = value < 0.09995 ? 4 : value < 0.9995 ? 3 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    snprintf(out, size, "%.*f", decimals, value);
}

/* The same: small ratios keep fewer digits, the least get an exponent. */
static void ratio_digits(char *out, size_t size, double value)
{
    if (!isfinite(value))
        snprintf(out, size, "-");
    else if (value < 0.00095) {
        /* printf rounds; what it does not do is leave out the exponent's leading zeros. */
        char digits[32];
        snprintf(digits, sizeof digits, "%.0e", value);
        snprintf(out, size, "%ce%d", digits[0], atoi(strchr(digits, 'e') + 1));
    } else if (value < 0.09995)
        snprintf(out, size, "%.3f", value);
    else
        three_digits(out, size, value);
}

const char *format_time(struct format *f, double seconds)
{
    static const struct {
        double below, scale;
        const char *unit;
    } units[] = {{0.9995e-6, 1e9, "ns"}, {0.9995e-3, 1e6, "us"}, {0.9995, 1e3, "ms"}, {INFINITY, 1, "s"}};
    snprintf(f->text, sizeof f->text, "-");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (seconds < units[i].below) {
            char digits[32];
            three_digits(digits, sizeof digits, seconds * units[i].scale);
            snprintf(f->text, sizeof f->text, "%s %s", seconds == 0 ? "0" : digits, seconds == 0 ? "s" : units[i].unit);
            break;
        }
    return f->text;
}

const char *format_bytes(struct format *f, double bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    size_t unit = 0;
    for (; bytes >= 999.5 && unit + 1 < sizeof units / sizeof *units; bytes /= 1000)
        unit++;
    char digits[32];
    three_digits(digits, sizeof digits, bytes);
    snprintf(f->text, sizeof f->text, bytes >= 0 ? "%s %s" : "-", digits, units[unit]);
    return f->text;
}

const char *format_rate(struct format *f, double rate)
{
    if (!isfinite(rate))
        return "?";
    snprintf(f->text, sizeof f->text, rate < 9999.5 ? "%.4g/s" : "%.0f/s", rate);
    return f->text;
}

const char *format_count(struct format *f, int64_t count)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%lld", (long long)count);
    size_t at = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0 && digits[i - 1] != '-')
            f->text[at++] = ',';
        f->text[at++] = digits[i];
    }
    f->text[at] = '\0';
    return f->text;
}

const char *format_ratio(struct format *f, double ratio)
{
    char digits[32];
    ratio_digits(digits, sizeof digits, ratio);
    snprintf(f->text, sizeof f->text, "%s%s", digits, isfinite(ratio) ? "x" : "");
    return f->text;
}

const char *format_interval(struct format *f, double low, double high)
{
    char a[32], b[32];
    ratio_digits(a, sizeof a, low);
    ratio_digits(b, sizeof b, high);
    snprintf(f->text, sizeof f->text, isfinite(low) && isfinite(high) ? "[%s,%s]" : "-", a, b);
    return f->text;
}

const char *format_ratio_state(enum ratio_state state)
{
    static const char *const words[] = {
        [RATIO_FULL] = "",
        [RATIO_NO_INTERVAL] = "few rounds",
        [RATIO_SELF] = "baseline",
        [RATIO_TOO_SHORT] = "too short",
        [RATIO_BASE_TOO_SHORT] = "baseline too short",
        [RATIO_BASE_FAILED] = "baseline failed",
        [RATIO_NO_BASE] = "no baseline",
        [RATIO_NO_PAIRS] = "no common round",
        [RATIO_NOT_RUN] = "-",
        [RATIO_OPEN_LOOP] = "open loop",
    };
    return words[state];
}

const char *format_speedup(struct format *f, const struct ratio *ratio)
{
    struct format number, interval;
    if (ratio->state == RATIO_FULL)
        snprintf(f->text, sizeof f->text, "%.20s %.40s", format_ratio(&number, ratio->ratio),
                 format_interval(&interval, ratio->low, ratio->high));
    else if (ratio->state == RATIO_NO_INTERVAL)
        snprintf(f->text, sizeof f->text, "%.20s (too few rounds for an interval)",
                 format_ratio(&number, ratio->ratio));
    else
        snprintf(f->text, sizeof f->text, "%s", format_ratio_state(ratio->state));
    return f->text;
}

/* -- names ---------------------------------------------------------------------------------------------------------------- */

/* What `fetch` does unless it is told otherwise. */
static bool is_plain(const char *key, const char *value)
{
    static const char *const plain[][2] = {{"tls", "0"}, {"http", "1.1"}, {"reuse", "1"}};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(key, plain[i][0]) == 0)
            return strcmp(value, plain[i][1]) == 0;
    return false;
}

/*
 * The origin's URL names the size and the delay of an answer; one that does not has no use for them, but for the size
 * where the task checks it.
 */
static bool is_unused(const struct plan_group *group, const char *key)
{
    static const struct {
        const char *key, *in_url, *checks;
    } filled[] = {{"size", "{size}", "crc length"}, {"delay", "{delay}", ""}};
    const char *own = json_string_value(json_object_get(group->params, "url")), *url = own != NULL ? own : group->url;
    const char *check = json_string_value(json_object_get(group->params, "check")); /* a user's own task has none */
    for (size_t i = 0; url != NULL && check != NULL && i < sizeof filled / sizeof *filled; i++)
        if (strcmp(key, filled[i].key) == 0)
            return strstr(url, filled[i].in_url) == NULL && strstr(filled[i].checks, check) == NULL;
    return false;
}

char *format_params(const struct plan_group *group)
{
    struct string_list words = {NULL, 0};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)group->params, key,
                        value) if (!is_unused(group, key) && !is_plain(key, json_string_value(value)))
        string_list_addf(&words, "%s=%s", key, json_string_value(value));
    char *text = string_list_join(&words, " ");
    string_list_free(&words);
    return text;
}

char *format_shape(const struct plan_group *group)
{
    const long long jobs = (long long)group->jobs, workers = (long long)group->workers;
    char at[100] = "", ideal[40] = "";
    struct format f;
    if (plan_serves(group))
        return text_format("%lld connection%s, loads of %.3g s%s", workers, workers == 1 ? "" : "s", group->duration_s,
                           group->delay_ms > 0 ? ", a delay before the work" : "");
    if (group->rate > 0)
        snprintf(at, sizeof at, " at %.40s, %.40s arrivals,", format_rate(&f, group->rate),
                 group->arrivals != NULL ? group->arrivals : "?");
    else if (group->baseline == NULL &&
             strcmp(group->kind, "mixed") != 0) /* whose bound is another for each runtime: bench/analysis/summary.h */
        snprintf(ideal, sizeof ideal, ", ideal %.30s", format_ratio(&f, group->ideal));
    return text_format("%lld job%s%s on %lld worker%s%s", jobs, jobs == 1 ? "" : "s", at, workers,
                       workers == 1 ? "" : "s", ideal);
}

char *format_group(const struct plan_group *group)
{
    char *params = format_params(group), *shape = format_shape(group);
    const bool named = strcmp(group->name, group->task) != 0;
    const char *key;
    json_t *value;
    char *text;
    size_t length;
    FILE *out = text_open(&text, &length);
    fprintf(out, "%s%s%s · %s%s%s · %s", group->name, named ? " · task " : "", named ? group->task : "", group->kind,
            *params != '\0' ? " · " : "", params, shape);
    json_object_foreach(group->knobs, key, value) fprintf(out, " · %s %s", key, json_string_value(value));
    text_close(out);
    free(shape);
    free(params);
    return text;
}

char *format_names(struct string_list *names, size_t most)
{
    const struct string_list first = {names->items, names->count > most ? most : names->count};
    char *list = string_list_join(&first, ", "), more[40] = "";
    if (names->count > most)
        snprintf(more, sizeof more, " and %zu more", names->count - most);
    char *text = text_format("%s%s", list, more);
    free(list);
    string_list_free(names);
    return text;
}

/* -- columns ---------------------------------------------------------------------------------------------------------------- */

static bool starts_character(char byte) { return ((unsigned char)byte & 0xc0) != 0x80; }

int format_columns(const char *text)
{
    int columns = 0;
    for (; *text != '\0'; text++)
        columns += starts_character(*text);
    return columns;
}

/* One column of ASCII for the character of two bytes or more that begins here. */
static char in_ascii(const char *text)
{
    static const char *const signs[] = {"▲^", "▼v", "≥>", "·-", "─-", "…~", "≈~"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const size_t length = strlen(signs[i]) - 1;
        if (strncmp(text, signs[i], length) == 0)
            return signs[i][length];
    }
    return '?';
}

/* The first `columns` characters; control characters (C0, DEL, and C1 in UTF-8) must not reach a terminal. */
static void put_clean(FILE *out, const char *text, int columns, bool ascii)
{
    for (; *text != '\0'; text++) {
        if (starts_character(*text) && columns-- == 0)
            return;
        const size_t control = text_control(text);
        if (control > 0)
            fputc('?', out);
        else if (!ascii || (unsigned char)*text < 0x80)
            fputc(*text, out);
        else if (starts_character(*text))
            fputc(in_ascii(text), out);
        text += control > 1;
    }
}

void format_put(FILE *out, const char *text, int width, bool ascii)
{
    const int columns = format_columns(text);
    const bool cut = columns > width && width > 0;
    put_clean(out, text, cut ? width - 1 : columns, ascii);
    put_clean(out, cut ? "…" : "", 1, ascii);
    fprintf(out, "%*s", columns < width ? width - columns : 0, "");
}
