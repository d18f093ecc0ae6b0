/* SPDX-License-Identifier: MIT */
/* Folders in the making: whose is left, whose goes. Makers are real processes, and killed. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/store/run_folder.h"
#include "bench/util/text.h"
#include "tests/unit/unit.h"

static int parent_new(void **state) { return dir_make_scratch((char **)state); }

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

TEST_WITH(test_made_and_given_its_name, parent_new, parent_free, const char *parent)
{
    struct temporary folder;
    struct stat st;
    char *name = text_format("%s/whole", parent), *inside = NULL;
    assert_int_equal(temporary_open(parent, &folder), 0);
    assert_int_equal(stat(folder.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0755);
    temporary_close(&folder);
    const mode_t mask = umask(077); /* whoever shares a machine may want nobody to read it */
    assert_int_equal(temporary_open(parent, &folder), 0);
    umask(mask);
    assert_int_equal(stat(folder.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    temporary_sweep(parent); /* it is being made */
    assert_true(dir_exists(folder.path));
    inside = text_format("%s/file", folder.path);
    assert_int_equal(file_create(inside, "x", 1), 0);
    free(inside);
    assert_int_equal(rename(folder.path, name), 0);
    temporary_close(&folder);
    temporary_sweep(parent);
    inside = text_format("%s/file", name);
    assert_true(file_exists(inside));
    dir_remove_flat(name);
    assert_int_equal(temporary_open(parent, &folder), 0);
    temporary_close(&folder); /* not renamed: it goes */
    free(inside);
    free(name);
    char *none = text_format("%s/none", parent);
    assert_int_equal(temporary_open(none, &folder), -ENOENT);
    temporary_close(&folder);
    temporary_sweep(none);
    free(none);
}

TEST_WITH(test_other_names_stay, parent_new, parent_free, const char *parent)
{
    static const char *const names[] = {".new-1-abcde",  ".new-1-abcdefg", ".new-abcdef",
                                        ".new-x-abcdef", "new-1-abcdef",   ".old-1-abcdef"};
    char *file = text_format("%s/.new-1-abcdef", parent), *link = text_format("%s/.new-2-abcdef", parent);
    assert_int_equal(file_create(file, "", 0), 0);
    assert_int_equal(symlink(names[0], link), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", parent, names[i]);
        assert_int_equal(mkdir(path, 0777), 0);
        free(path);
    }
    temporary_sweep(parent);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(unlink(link), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = text_format("%s/%s", parent, names[i]);
        assert_int_equal(rmdir(path), 0);
        free(path);
    }
    free(file);
    free(link);
}

/* -- processes that make the folder of a run ---------------------------------------------------------------------- */

static int make_run(const char *results, const char *suite, char **path)
{
    json_t *facts = json_pack("{ss}", "some", "fact");
    const struct run_folder_facts f = {.results = results,
                                       .created = "2026-11-21T01:40:00Z",
                                       .host = "h",
                                       .suite = suite,
                                       .machine = facts,
                                       .plan = facts};
    struct error err = {.text = ""};
    const int rc = run_folder_make(&f, path, &err);
    json_decref(facts);
    return rc;
}

/* A process that makes a temporary folder and is killed in the middle, or waits for a word on *go; `name` gets the
 * folder's. */
static pid_t start_maker(const char *results, bool killed, int *go, char *name, size_t room)
{
    int said[2], heard[2];
    assert_int_equal(pipe(said), 0);
    assert_int_equal(pipe(heard), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct temporary folder;
        char word;
        close(heard[1]);
        if (temporary_open(results, &folder) != 0 || dprintf(said[1], "%s", strrchr(folder.path, '/') + 1) < 0)
            _exit(1);
        if (killed)
            raise(SIGKILL);
        const bool told = read(heard[0], &word, 1) == 1;
        temporary_close(&folder);
        _exit(told ? 0 : 1);
    }
    close(said[1]);
    close(heard[0]);
    const ssize_t length = read(said[0], name, room - 1);
    assert_true(length > 0);
    name[length] = '\0';
    close(said[0]);
    *go = heard[1];
    return pid;
}

TEST_WITH(test_a_killed_run_is_cleared_away_and_a_live_one_is_not, parent_new, parent_free, const char *results)
{
    char killed[64], live[64], *path = NULL;
    int status, go_killed, go_live;
    const pid_t dead = start_maker(results, true, &go_killed, killed, sizeof killed);
    assert_int_equal(waitpid(dead, &status, 0), dead);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(go_killed);
    assert_true(is_there(results, killed));
    const pid_t maker = start_maker(results, false, &go_live, live, sizeof live);
    assert_int_equal(make_run(results, "own", &path), 0);
    assert_false(is_there(results, killed)); /* the run's maker swept before it began */
    assert_true(is_there(results, live));
    run_folder_sweep(path);
    assert_true(is_there(results, live));
    assert_int_equal(write(go_live, "g", 1), 1);
    assert_int_equal(waitpid(maker, &status, 0), maker);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(go_live);
    assert_false(is_there(results, live));
    dir_remove_flat(path);
    free(path);
}

/* However the two come between each other, what temporary_open gives is there and stays. */
TEST_WITH(test_a_sweep_at_every_moment, parent_new, parent_free, const char *parent)
{
    enum { FOLDERS = 20000 };
    const pid_t maker = getpid();
    int status;
    const pid_t sweeper = fork();
    assert_true(sweeper >= 0);
    if (sweeper == 0) {
        while (getppid() == maker)
            temporary_sweep(parent);
        _exit(0);
    }
    int lost = 0;
    for (int i = 0; i < FOLDERS; i++) {
        struct temporary folder;
        char *inside = NULL;
        if (temporary_open(parent, &folder) != 0 || (inside = text_format("%s/file", folder.path)) == NULL ||
            file_create(inside, "", 0) != 0 || !file_exists(inside))
            lost++;
        free(inside);
        temporary_close(&folder);
    }
    assert_int_equal(kill(sweeper, SIGKILL), 0);
    assert_int_equal(waitpid(sweeper, &status, 0), sweeper);
    assert_int_equal(lost, 0);
}
