/* SPDX-License-Identifier: MIT */
/* Jobs of a round, written and read back. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/store/job_samples.h"
#include "tests/unit/unit.h"

TEST(test_written_and_read_back)
{
    enum { MANY = 2500 };
    char folder[] = "/tmp/cobench-jobs-XXXXXX", path[64];
    struct slot *slots = calloc(MANY, sizeof *slots);
    struct job_rows rows;
    struct error err = {.text = ""};
    assert_non_null(slots);
    assert_non_null(mkdtemp(folder));
    for (int64_t i = 0; i < MANY; i++)
        slots[i] = (struct slot){.start_ns = 1000 + i * 5000,
                                 .end_ns = 3500 + i * 5000,
                                 .worker = (int32_t)(i % 3),
                                 .due_ns = i % 2 == 0 ? 0 : 1000 + i * 4000};
    slots[1].waited_us = 2;
    slots[2498].end_ns = slots[2498].start_ns + 9999500;
    const struct slots_view few = {.slots = slots, .jobs = 2}, many = {.slots = slots, .jobs = MANY};
    assert_int_equal(jobs_write(folder, 7, 3, &few, 500, false, &err), 0);
    assert_int_equal(jobs_read(folder, 7, 3, &rows), 0);
    assert_int_equal(rows.jobs, 2);
    assert_int_equal(rows.every, 1);
    assert_int_equal(rows.quantile_count, 0);
    assert_int_equal(rows.count, 2);
    assert_true(isnan(rows.rows[0].due) && rows.rows[1].due == 4.5);
    assert_true(rows.rows[1].start == 5.5 && rows.rows[1].end == 8.0 && rows.rows[1].worker == 1);
    assert_true(rows.rows[0].waited == 0 && rows.rows[1].waited == 2);
    jobs_free(&rows);
    assert_int_equal(jobs_write(folder, 7, 3, &many, 500, false, &err), 0);
    assert_int_equal(jobs_read(folder, 7, 3, &rows), 0);
    assert_int_equal(rows.every, 3);
    assert_int_equal(rows.count, 834);
    assert_int_equal(rows.rows[833].job, 2499);
    /* Job 2498 is none of those kept, and took longer than any other. */
    assert_int_equal(rows.quantile_count, JOBS_QUANTILES);
    assert_true(rows.quantiles[0].share == 0 && rows.quantiles[100].share == 0.5 && rows.quantiles[198].share == 0.99);
    assert_true(rows.quantiles[0].latency == 2.5 && rows.quantiles[99].latency == 2.5 &&
                rows.quantiles[100].latency == 3.5);
    assert_true(rows.quantiles[JOBS_QUANTILES - 1].share == 1 && rows.quantiles[JOBS_QUANTILES - 1].latency == 9999.5);
    jobs_free(&rows);
    assert_int_equal(jobs_read(folder, 7, 4, &rows), -ENOENT);
    snprintf(path, sizeof path, "%s/jobs/7-3.csv", folder);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/jobs", folder);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
    free(slots);
}

TEST(test_broken_text)
{
    static const char *const table[] = {"",
                                        "\n",
                                        "# jobs 3 every 1",
                                        "# jobs 0 every 1\n",
                                        "# jobs 3 every x\n",
                                        "jobs 3 every 1\n0,0,,1,2\n",
                                        "# jobs 3 every 1\n0,0,,1\n",
                                        "# jobs 3 every 1\n0,0,,2,1\n",
                                        "# jobs 3 every 1\n0,0,,1,2,3\n",
                                        "# jobs 3 every 1\n0,0,,1,2,-1\n",
                                        "# jobs 3 every 1\n0,0,,1,2,1,1\n",
                                        "# jobs 3 every 1\n0,0,,1,2",
                                        "# jobs 3 every 1\n0,0,,1,2\n\n1,0,,1,2\n",
                                        "# jobs 3 every 1\n-1,0,,1,2\n",
                                        "# jobs 3 every 1\n# latency 0.5\n",
                                        "# jobs 3 every 1\n# latency 0.5 x\n",
                                        "# jobs 3 every 1\n# latency 1.5 1\n",
                                        "# jobs 3 every 1\n# latency 0.5 2\n# latency 0.6 1\n",
                                        "# jobs 3 every 1\n# latency 0.6 1\n# latency 0.5 1\n",
                                        "# jobs 3 every 1\n0,0,,1,2\n# latency 0.5 1\n",
                                        "# jobs 3 every 1\n#\n",
                                        "# jobs 3 every 1\n# later 0.5 1\n"};
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[80];
        struct job_rows rows;
        snprintf(text, sizeof text, "%s", table[i]);
        assert_int_equal(jobs_parse(text, &rows), -EPROTO);
        assert_null(rows.rows);
    }
    char none[] = "# jobs 3 every 1\n";
    struct job_rows rows;
    assert_int_equal(jobs_parse(none, &rows), 0);
    assert_int_equal(rows.count, 0);
    jobs_free(&rows);
}

static void touch(const char *folder, const char *name)
{
    char path[100];
    snprintf(path, sizeof path, "%s/jobs/%s", folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* Whether exactly these files are there; they are removed. */
static void assert_only(const char *folder, const char *const *names)
{
    char path[100];
    for (; *names != NULL; names++) {
        snprintf(path, sizeof path, "%s/jobs/%s", folder, *names);
        assert_int_equal(unlink(path), 0);
    }
    snprintf(path, sizeof path, "%s/jobs", folder);
    assert_int_equal(rmdir(path), 0);
}

static void make_all(const char *folder)
{
    static const char *const names[] = {"0-1.csv",     "0-1.csv.new",  "0-2.csv",
                                        "1-1.csv.new", "0-1.csv.news", "x.csv.new"};
    char path[100];
    snprintf(path, sizeof path, "%s/jobs", folder);
    assert_int_equal(mkdir(path, 0777), 0);
    for (size_t i = 0; i < COUNT(names); i++)
        touch(folder, names[i]);
}

TEST(test_what_is_not_kept)
{
    char folder[] = "/tmp/cobench-jobs-XXXXXX";
    const int64_t keep[] = {2};
    assert_non_null(mkdtemp(folder));
    jobs_prune(folder, NULL, 0); /* no folder is all right */
    make_all(folder);
    jobs_prune(folder, NULL, 0);
    assert_only(folder, (const char *const[]){"0-1.csv", "0-2.csv", "0-1.csv.news", "x.csv.new", NULL});
    make_all(folder);
    jobs_prune(folder, keep, 1);
    assert_only(folder, (const char *const[]){"0-2.csv", "0-1.csv.news", "x.csv.new", NULL});
    assert_int_equal(rmdir(folder), 0);
}
