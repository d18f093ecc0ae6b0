/* SPDX-License-Identifier: MIT */
/*
 * URL templates. The counterpart in Python is py_impl/tasks/lib/web.py. One pass from left to right: what a value brings in is
 * not filled in again.
 */
#include "url.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS_MAX 20 /* of a 64-bit number */

static int url_error(struct cobench_error *err, int rc, const char *format, int length, const char *text)
{
    snprintf(err->type, sizeof err->type, "ValueError");
    snprintf(err->message, sizeof err->message, format, length, text);
    return rc;
}

static int url_too_long(struct cobench_error *err)
{
    snprintf(err->type, sizeof err->type, "ValueError");
    snprintf(err->message, sizeof err->message, "url: longer than %d bytes", COBENCH_URL_MAX - 1);
    return -ENAMETOOLONG;
}

static int url_append(struct url *url, const char *text, size_t length, struct cobench_error *err)
{
    if (length >= sizeof url->text - url->length)
        return url_too_long(err);
    memcpy(url->text + url->length, text, length);
    url->length += length;
    return 0;
}

static int url_cut(struct url *url, struct cobench_error *err)
{
    if (url->cuts == sizeof url->cut_at / sizeof *url->cut_at)
        return url_too_long(err); /* each number takes a byte */
    url->cut_at[url->cuts++] = (uint16_t)url->length;
    return 0;
}

/* Appends the value that `{name}` stands for. An integer is written as a number, however it was typed. */
static int url_append_value(struct url *url, const struct cobench_open *how, size_t place, const char *name, int length,
                            struct cobench_error *err)
{
    char digits[DIGITS_MAX + 2];

    for (size_t i = 0; how->task->params[i].key; i++) {
        const struct cobench_param *param = &how->task->params[i];
        if (i == place || strlen(param->key) != (size_t)length || memcmp(param->key, name, (size_t)length) != 0)
            continue;
        const char *text = how->values[i].text;
        if (param->type == COBENCH_PARAM_INT) {
            snprintf(digits, sizeof digits, "%" PRId64, how->values[i].number);
            text = digits;
        }
        return url_append(url, text, strlen(text), err);
    }
    return url_error(err, -EINVAL, "url: {%.*s} is neither {job} nor a parameter of the task", length, name);
}

int url_fill(struct url *url, const struct cobench_open *how, size_t place, struct cobench_error *err)
{
    return url_fill_template(url, how, place, how->values[place].text, err);
}

int url_fill_template(struct url *url, const struct cobench_open *how, size_t place, const char *template,
                      struct cobench_error *err)
{
    const char *rest = template;
    char longest[COBENCH_URL_MAX];
    int rc = 0;

    url->length = url->cuts = 0;
    while (!rc && *rest) {
        const size_t plain = strcspn(rest, "{");
        rc = url_append(url, rest, plain, err);
        rest += plain;
        if (rc || !*rest)
            break;
        const char *name = rest + 1;
        const size_t length = strcspn(name, "}");
        if (!name[length])
            return url_error(err, -EINVAL, "url: no } after %.*s", length < 80 ? (int)length + 1 : 80, rest);
        if (length == 3 && memcmp(name, "job", 3) == 0)
            rc = url_cut(url, err);
        else
            rc = url_append_value(url, how, place, name, length < 80 ? (int)length : 80, err);
        rest = name + length + 1;
    }
    return rc ? rc : url_write(url, how->jobs - 1, longest, err);
}

int url_write(const struct url *url, uint64_t job, char *out, struct cobench_error *err)
{
    char digits[DIGITS_MAX];
    size_t from = 0, at = sizeof digits, written = 0;

    do
        digits[--at] = (char)('0' + job % 10);
    while ((job /= 10) != 0);
    const size_t width = sizeof digits - at;

    if (url->length + url->cuts * width >= COBENCH_URL_MAX)
        return url_too_long(err);
    for (size_t i = 0; i < url->cuts; i++) {
        const size_t plain = url->cut_at[i] - from;
        memcpy(out + written, url->text + from, plain);
        memcpy(out + written + plain, digits + at, width);
        written += plain + width;
        from += plain;
    }
    memcpy(out + written, url->text + from, url->length - from);
    out[written + url->length - from] = '\0';
    return 0;
}
