/* SPDX-License-Identifier: MIT */
/* What every unit test begins with: cmocka, whose header wants the others before it, the list of the file's tests, and main. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct CMUnitTest unit_tests[64];
static size_t unit_count;

/* `TEST(name) {...}` is a test, which runs in its place in the file; TEST_WITH has what is made before it, which is its
 * parameter `made`, and what is done behind it. */
#define TEST(name) TEST_WITH(name, NULL, NULL, void *unmade)
#define TEST_WITH(name, set_up, tear_down, made)                                                    \
    static void name(made);                                                                         \
    static void name##_run(void **state) { name(*state); }                                          \
    __attribute__((constructor)) static void name##_is_listed(void)                                 \
    {                                                                                               \
        unit_tests[unit_count++] = (struct CMUnitTest){#name, name##_run, set_up, tear_down, NULL}; \
    }                                                                                               \
    static void name(__attribute__((unused)) made)

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Each file of tests is a program. */
int main(void)
{
    if (unit_count == 0)
        return 1; /* a program that tests nothing */
    return _cmocka_run_group_tests(__BASE_FILE__, unit_tests, unit_count, NULL, NULL);
}

#endif
