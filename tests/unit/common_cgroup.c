/* SPDX-License-Identifier: MIT */
/* Control groups: which one a process is in, where it is mounted, what its quota pays for. */
#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include "tests/unit/unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cgroup.h"
#include "common/cpus.h"

TEST(test_quota)
{
    static const struct {
        const char *text;
        double cpus;
    } rows[] = {
        {"150000 100000\n", 1.5},
        {"max 100000\n", -1},
        {"-1\n 100000\n", -1},
        {"", -1},
        {"0 100000", -1},
        {"150000 0", -1},
        {"150000", -1},
        {"1.5 1", -1},
        {"50000 100000 x", 0.5},
        {"1e5 100000", -1},
        {"99999999999999999999 1", -1},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_true(cgroup_parse_quota(rows[i].text) == rows[i].cpus);
}

TEST(test_own_group)
{
    const struct cgroup_kind cpu = {.controller = "cpu"}, unified = {.unified = true};
    const char *hybrid = "9:name=systemd:/s\n5:cpuacct:/no\n4:cpu,cpuacct:/a/b:c\n0::/u\n";
    char path[CGROUP_PATH_SIZE];
    assert_true(cgroup_parse_self(hybrid, &cpu, path));
    assert_string_equal(path, "/a/b:c");
    assert_true(cgroup_parse_self(hybrid, &unified, path));
    assert_string_equal(path, "/u");
    assert_true(cgroup_parse_self("1:cpu:/", &cpu, path)); /* no newline at the end */
    assert_string_equal(path, "/");
    static const char *const none[] = {"", "\n", ":", "::", "1:", "1:cpu", "1:cpu:", "1:cpuset:/x\n", "1:cpu:x\n"};
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(cgroup_parse_self(none[i], &cpu, path));
}

TEST(test_mount)
{
    const struct cgroup_kind cpu = {.controller = "cpu"}, unified = {.unified = true};
    const char *text = "22 1 0:20 / /proc rw - proc proc rw\n"
                       "30 1 0:26 / /sys/fs/cgroup/unified rw shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
                       "33 1 0:30 / /sys/fs/cgroup/cpuset rw shared:1 x:2 - cgroup cgroup rw,cpuset\n"
                       "34 1 0:29 /docker/1 /sys/fs/cg\\040roup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n";
    char mount[CGROUP_PATH_SIZE], top[CGROUP_PATH_SIZE];
    assert_true(cgroup_parse_mount(text, &cpu, mount, top));
    assert_string_equal(mount, "/sys/fs/cg roup/cpu,cpuacct");
    assert_string_equal(top, "/docker/1");
    assert_true(cgroup_parse_mount(text, &unified, mount, top));
    assert_string_equal(mount, "/sys/fs/cgroup/unified");
    static const char *const none[] = {"",
                                       "1 2 3",
                                       "1 2 3 / /x rw cgroup cgroup rw,cpu",
                                       "1 2 3 / x rw - cgroup2 c rw",
                                       "1 2 3 / /x rw - cgroup",
                                       "- - - - - - cgroup2 cgroup2 rw"};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_false(cgroup_parse_mount(none[i], &unified, mount, top));
        assert_false(cgroup_parse_mount(none[i], &cpu, mount, top));
    }
}

static void put(const char *root, const char *path, const char *text)
{
    char whole[600];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    for (char *slash = strchr(whole + strlen(root) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(whole, 0700); /* it may be there */
        *slash = '/';
    }
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
    (void)st, (void)kind, (void)walk;
    return remove(path);
}

TEST(test_the_least_of_all_above_counts)
{
    char root[] = "/tmp/cobench-cgroup-XXXXXX";
    double cpus = 0;
    assert_non_null(mkdtemp(root));
    assert_int_equal(cgroup_cpus(root, &cpus), CGROUP_UNKNOWN);
    put(root, "/proc/self/cgroup", "0::/a/b/c\n");
    assert_int_equal(cgroup_cpus(root, &cpus), CGROUP_UNKNOWN); /* a group that nothing shows */
    put(root, "/proc/self/mountinfo", "30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    put(root, "/sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n");
    assert_int_equal(cgroup_cpus(root, &cpus), CGROUP_UNLIMITED);
    put(root, "/sys/fs/cgroup/a/b/cpu.max", "250000 100000\n");
    put(root, "/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    assert_int_equal(cgroup_cpus(root, &cpus), CGROUP_LIMITED);
    assert_true(cpus == 1.5);
    assert_true(cpus_effective(root) == (cpus_affinity() > 1 ? 1.5 : 1));
    put(root, "/sys/fs/cgroup/a/b/c/cpu.max", "100 1000000\n");
    assert_true(cpus_effective(root) == 0.01); /* and never 0 */
    assert_int_equal(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
