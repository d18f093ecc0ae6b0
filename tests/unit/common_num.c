/* SPDX-License-Identifier: MIT */
/* Numbers from text: what is refused matters more than what is read. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <locale.h>

#include "common/num.h"

TEST(test_durations)
{
    static const struct {
        const char *text;
        int rc;
        double seconds;
    } table[] = {
        {"90s", 0, 90},       {"2m", 0, 120},         {"1h", 0, 3600},      {"1.5h", 0, 5400},  {"0.5m", 0, 30},
        {"90", -EINVAL, 0},   {"s", -EINVAL, 0},      {"", -EINVAL, 0},     {"2d", -EINVAL, 0}, {"2mm", -EINVAL, 0},
        {"2 m", -EINVAL, 0},  {"2,5m", -EINVAL, 0},   {"0.1s", -ERANGE, 0}, {"3h", -ERANGE, 0}, {"-5s", -ERANGE, 0},
        {"nans", -EINVAL, 0}, {"1e999s", -ERANGE, 0},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        double seconds = 0;
        assert_int_equal(num_parse_duration(table[i].text, 1, 7200, &seconds), table[i].rc);
        assert_true(seconds == table[i].seconds);
    }
}

TEST(test_i64)
{
    static const struct {
        const char *text;
        int64_t min, max;
        int rc;
        int64_t value;
    } rows[] = {
        {"0", 0, 10, 0, 0},
        {"10", 0, 10, 0, 10},
        {"-5", -5, 10, 0, -5},
        {"+7", 0, 10, 0, 7},
        {"007", 0, 10, 0, 7},
        {"9223372036854775807", 0, INT64_MAX, 0, INT64_MAX},
        {"-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN},
        {"11", 0, 10, -ERANGE, 0},
        {"-1", 0, 10, -ERANGE, 0},
        {"9223372036854775808", 0, INT64_MAX, -ERANGE, 0},
        {"99999999999999999999999", 0, INT64_MAX, -ERANGE, 0},
        {"", 0, 10, -EINVAL, 0},
        {"-", 0, 10, -EINVAL, 0},
        {"--1", -10, 10, -EINVAL, 0},
        {" 1", 0, 10, -EINVAL, 0},
        {"1 ", 0, 10, -EINVAL, 0},
        {"1\n", 0, 10, -EINVAL, 0},
        {"12x", 0, 100, -EINVAL, 0},
        {"0x10", 0, 100, -EINVAL, 0},
        {"1e3", 0, 10000, -EINVAL, 0},
        {"1.0", 0, 10, -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int64_t value = 0;
        const int rc = num_parse_i64(rows[i].text, rows[i].min, rows[i].max, &value);
        if (rc != rows[i].rc || value != rows[i].value)
            fail_msg("'%s': %d %lld", rows[i].text, rc, (long long)value);
    }
}

static const struct {
    const char *text;
    int rc;
    double value;
} doubles[] = {
    {"1", 0, 1},           {"1.5", 0, 1.5},       {"2e-3", 0, 0.002},    {".5", 0, 0.5},     {"100", 0, 100},
    {"100.1", -ERANGE, 0}, {"1e400", -ERANGE, 0}, {"-1", -ERANGE, 0},    {"", -EINVAL, 0},   {"1,5", -EINVAL, 0},
    {"1.5s", -EINVAL, 0},  {"nan", -EINVAL, 0},   {"inf", -EINVAL, 0},   {" 1", -EINVAL, 0}, {"0x1p3", -EINVAL, 0},
    {"1e", -EINVAL, 0},    {".", -EINVAL, 0},     {"1.2.3", -EINVAL, 0},
};

static void doubles_check(void)
{
    for (size_t i = 0; i < COUNT(doubles); i++) {
        double value = 0;
        const int rc = num_parse_double(doubles[i].text, 0, 100, &value);
        if (rc != doubles[i].rc || value < doubles[i].value || value > doubles[i].value)
            fail_msg("'%s': %d %g", doubles[i].text, rc, value);
    }
}

TEST(test_double) { doubles_check(); }

TEST(test_double_in_a_locale_with_a_comma)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (setlocale(LC_NUMERIC, names[i]) != NULL) {
            doubles_check();
            setlocale(LC_NUMERIC, "C");
            return;
        }
    doubles_check(); /* no such locale on this machine: the C one stands in for it */
}

TEST(test_percent)
{
    static const struct {
        const char *text;
        int rc;
        double value;
    } rows[] = {
        {"2%", 0, 0.02},
        {"0.5%", 0, 0.005},
        {"0%", 0, 0},
        {"50%", 0, 0.5},
        {"50.1%", -ERANGE, 0},
        {"-1%", -ERANGE, 0},
        {"2", -EINVAL, 0},
        {"0.02", -EINVAL, 0},
        {"%", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"2 %", -EINVAL, 0},
        {"2%%", -EINVAL, 0},
        {"2%x", -EINVAL, 0},
        {"nan%", -EINVAL, 0},
        {"0000000000000000000000000000000000000000000000000000000000000002%", -EINVAL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        double value = 0;
        const int rc = num_parse_percent(rows[i].text, 0, 0.5, &value);
        if (rc != rows[i].rc || value < rows[i].value || value > rows[i].value)
            fail_msg("'%s': %d %g", rows[i].text, rc, value);
    }
}
