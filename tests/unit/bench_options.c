/* SPDX-License-Identifier: MIT */
/* Unknown options. */
#define _GNU_SOURCE /* argp.h wants error_t */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/cmd/options.h"

static const struct argp_option table[] = {
    {"rounds", 256, "N", 0, "", 0},
    {"quiet", 'q', NULL, 0, "", 0},
    {"plots", 257, "DIR", OPTION_ARG_OPTIONAL, "", 0},
    {"room", 'r', "DIR", 0, "", 0},
    {"secret", 258, NULL, OPTION_HIDDEN, "", 0},
    {0},
};

static void what_there_is_passes(void **unused)
{
    (void)unused;
    static char *const good[][5] = {
        {"cobench x"},
        {"cobench x", "--rounds", "3", "--quiet", "run"},
        {"cobench x", "--rounds=3", "-q", "-?", "-"},
        {"cobench x", "-qrDIR", "-qr", "-z", "run"}, /* -z: a value */
        {"cobench x", "--rou", "3", "--q", "--pl"},
        {"cobench x", "--rounds", "--bogus", "--secret"}, /* a value */
        {"cobench x", "--help", "--usage", "--he"},
        {"cobench x", "--", "--bogus"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error err = {.text = ""};
        int argc = 0;
        while (argc < 5 && good[i][argc] != NULL)
            argc++;
        assert_int_equal(options_check(table, argc, good[i], &err), 0);
        assert_string_equal(err.text, "");
    }
}

static void what_there_is_not_is_named(void **unused)
{
    (void)unused;
    static char *const bad[][4] = {
        {"cobench x", "--bogus"},
        {"cobench x", "--rounds", "3", "--bogus"},
        {"cobench x", "--plots", "--bogus"}, /* an optional value stands behind = only */
        {"cobench x", "--quiet", "--bogus", "--"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err;
        int argc = 0;
        while (argc < 4 && bad[i][argc] != NULL)
            argc++;
        assert_int_equal(options_check(table, argc, bad[i], &err), -EINVAL);
        assert_string_equal(
            err.text,
            "x: unrecognized option '--bogus' (known: --rounds, --quiet, --plots, --room; --help tells more)");
    }
    struct error err;
    assert_int_equal(options_check(table, 2, (char *[]){"cobench x", "--roundsy=3"}, &err), -EINVAL);
    assert_non_null(strstr(err.text, "'--roundsy=3'"));
}

static void what_is_not_whole_is_told(void **unused)
{
    (void)unused;
    static const struct {
        char *argv[4];
        const char *says;
    } bad[] = {
        {{"cobench x", "-z"},
         "x: unrecognized option '-z' (known: --rounds, --quiet, --plots, --room; --help tells more)"},
        {{"cobench x", "-qz"},
         "x: unrecognized option '-z' (known: --rounds, --quiet, --plots, --room; --help tells more)"},
        {{"cobench x", "--rounds"}, "x: option '--rounds' needs a value: N"},
        {{"cobench x", "--quiet", "-qr"}, "x: option '-qr' needs a value: DIR"},
        {{"cobench x", "--quiet=3"}, "x: option '--quiet' takes no value"},
        {{"cobench x", "--ro", "3"}, "x: option '--ro' can be several: --rounds, --room"},
        {{"cobench x", "--p"}, "x: option '--p' can be several: --plots, --program-name"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error err = {.text = ""};
        int argc = 0;
        while (argc < 4 && bad[i].argv[argc] != NULL)
            argc++;
        assert_int_equal(options_check(table, argc, bad[i].argv, &err), -EINVAL);
        assert_string_equal(err.text, bad[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_there_is_passes),
                                       cmocka_unit_test(what_there_is_not_is_named),
                                       cmocka_unit_test(what_is_not_whole_is_told)};
    return cmocka_run_group_tests_name("bench_options", tests, NULL, NULL);
}
