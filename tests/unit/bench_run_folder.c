/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* flock */
/* Folders in the making: what stays, what goes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/store/run_folder.h"
#include "bench/util/text.h"
#include "tests/unit/unit.h"

static int parent_new(void **state)
{
    *state = text_format("/tmp/run-folder-XXXXXX");
    return mkdtemp(*state) == NULL;
}

/* What a test left there makes this fail. */
static int parent_free(void **state)
{
    const int rc = rmdir(*state);
    free(*state);
    return rc;
}

static bool is_there(const char *parent, const char *name)
{
    char *path = text_format("%s/%s", parent, name);
    struct stat st;
    const bool there = lstat(path, &st) == 0;
    free(path);
    return there;
}

static int make_run(const char *results, const char *suite, char **path)
{
    json_t *facts = json_pack("{ss}", "some", "fact");
    struct run_folder_facts f = {.results = results, .created = "2026-11-21T01:40:00Z", .host = "h", .suite = suite};
    f.machine = f.plan = facts;
    struct error err = {.text = ""};
    const int rc = run_folder_make(&f, path, &err);
    json_decref(facts);
    return rc;
}

static void make(const char *parent, const char *name)
{
    char *path = text_format("%s/%s", parent, name);
    assert_int_equal(mkdir(path, 0777), 0);
    free(path);
}

TEST_WITH(test_a_folder_is_as_open_as_the_umask_lets_it, parent_new, parent_free, const char *results)
{
    static const mode_t masks[] = {022, 077};
    for (size_t i = 0; i < COUNT(masks); i++) {
        struct stat st;
        char *path = NULL;
        const mode_t before = umask(masks[i]);
        assert_int_equal(make_run(results, "own", &path), 0);
        umask(before);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0777 & ~masks[i]);
        dir_remove_flat(path);
        free(path);
    }
}

TEST_WITH(test_other_names_stay, parent_new, parent_free, const char *parent)
{
    static const char *const names[] = {".new-1-abcde",  ".new-1-abcdefg", ".new-abcdef",
                                        ".new-x-abcdef", "new-1-abcdef",   ".old-1-abcdef"};
    char *file = text_format("%s/.new-1-abcdef", parent), *link = text_format("%s/.new-2-latest", parent);
    char *run = text_format("%s/run", parent);
    assert_int_equal(file_create(file, "", 0), 0);
    assert_int_equal(symlink(names[0], link), 0);
    for (size_t i = 0; i < COUNT(names); i++)
        make(parent, names[i]);
    run_folder_sweep(run);
    assert_int_equal(unlink(file), 0);
    assert_false(is_there(parent, ".new-2-latest")); /* the link, and not what it points at */
    for (size_t i = 0; i < COUNT(names); i++) {
        char *path = text_format("%s/%s", parent, names[i]);
        assert_int_equal(rmdir(path), 0);
        free(path);
    }
    free(run);
    free(file);
    free(link);
}

TEST_WITH(test_what_a_killed_run_left_goes_unless_one_is_being_made, parent_new, parent_free, const char *results)
{
    char *first = NULL, *second = NULL;
    make(results, ".new-1-000000");
    const int maker = open(results, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(maker, LOCK_SH), 0);
    assert_int_equal(make_run(results, "own", &first), 0);
    assert_true(is_there(results, ".new-1-000000"));
    close(maker);
    assert_int_equal(make_run(results, "own", &second), 0);
    assert_false(is_there(results, ".new-1-000000"));
    make(results, ".new-1-000000");
    run_folder_sweep(first);
    assert_false(is_there(results, ".new-1-000000"));
    dir_remove_flat(first);
    dir_remove_flat(second);
    free(first);
    free(second);
}

/* However the two come between each other, a folder that is made is whole. */
TEST_WITH(test_a_sweep_at_every_moment, parent_new, parent_free, const char *results)
{
    enum { RUNS = 200 };
    char *beside = text_format("%s/run", results);
    const pid_t maker = getpid();
    int status;
    const pid_t sweeper = fork();
    assert_true(sweeper >= 0);
    if (sweeper == 0) {
        while (getppid() == maker)
            run_folder_sweep(beside);
        _exit(0);
    }
    int lost = 0;
    for (int i = 0; i < RUNS; i++) {
        char *path = NULL;
        lost += make_run(results, "own", &path) != 0 || !is_there(path, "plan.json");
        if (path != NULL)
            dir_remove_flat(path);
        free(path);
    }
    assert_int_equal(kill(sweeper, SIGKILL), 0);
    assert_int_equal(waitpid(sweeper, &status, 0), sweeper);
    assert_int_equal(lost, 0);
    free(beside);
}
