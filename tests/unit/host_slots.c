/* SPDX-License-Identifier: MIT */
/* The slots file: its layout, and what is left of it where there is no space. Also the digest and text for JSON. */
#define _GNU_SOURCE /* RLIMIT_FSIZE's signal is ignored here; mkdtemp */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/slots.h"
#include "host/text.h"

struct place {
    char folder[64], file[96];
};

static int place_setup(void **state)
{
    static struct place place;
    snprintf(place.folder, sizeof place.folder, "/tmp/cobench-slots-XXXXXX");
    if (!mkdtemp(place.folder))
        return -1;
    snprintf(place.file, sizeof place.file, "%s/slots", place.folder);
    *state = &place;
    return 0;
}

static int place_teardown(void **state)
{
    const struct place *place = *state;
    unlink(place->file);
    return rmdir(place->folder);
}

TEST_WITH(test_layout, place_setup, place_teardown, struct place *place)
{
    const uint64_t jobs = 1000;
    struct slots_header header;
    struct cobench_error err;
    struct slots slots;
    struct slot slot;
    assert_int_equal(slots_open(&slots, place->file, jobs, &err), 0);
    slots_prefault(slots.slot, jobs);
    slots.slot[999].result = 42;
    slots.slot[999].runs = 1;
    slots_prefault(slots.slot, jobs);
    slots_close(&slots);

    const int fd = open(place->file, O_RDONLY | O_CLOEXEC);
    struct stat about;
    assert_int_equal(fstat(fd, &about), 0);
    assert_int_equal(about.st_size, 4096 + 64 * 1000);
    assert_int_equal(read(fd, &header, sizeof header), sizeof header);
    assert_memory_equal(header.magic, "cobslots", 8);
    assert_int_equal(header.version, 1);
    assert_int_equal(header.header_bytes, 4096);
    assert_int_equal(header.slot_bytes, 64);
    assert_int_equal(header.jobs, jobs);
    assert_int_equal(pread(fd, &slot, sizeof slot, 4096 + 64 * 999), sizeof slot);
    assert_int_equal(slot.result, 42);
    assert_int_equal(slot.runs, 1);
    close(fd);
}

TEST_WITH(test_an_older_file_is_emptied, place_setup, place_teardown, struct place *place)
{
    struct cobench_error err;
    struct slots slots;
    for (uint64_t jobs = 3; jobs > 0; jobs--) {
        assert_int_equal(slots_open(&slots, place->file, jobs, &err), 0);
        assert_int_equal(slots.slot[0].result, 0);
        slots.slot[0].result = 7;
        slots_close(&slots);
    }
}

TEST_WITH(test_no_room, place_setup, place_teardown, struct place *place)
{
    struct rlimit before, limit;
    struct cobench_error err;
    struct slots slots;
    struct stat about;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = 10000, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const int rc = slots_open(&slots, place->file, 1000, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, -EFBIG);
    assert_non_null(strstr(err.message, "no space for the slots file"));
    assert_int_equal(stat(place->file, &about), 0);
    assert_int_equal(about.st_size, 0);
}

TEST(test_a_missing_folder)
{
    struct cobench_error err;
    struct slots slots;
    assert_int_equal(slots_open(&slots, "/nonexistent/slots", 1, &err), -ENOENT);
    assert_string_equal(err.message, "--slots: cannot create '/nonexistent/slots': No such file or directory");
}

/* Values from the reference implementation (Vigna, splitmix64.c), seed 0: its n-th output is splitmix64(n gamma). */
TEST(test_splitmix64)
{
    assert_true(splitmix64(0) == 0xe220a8397b1dcdafu);
    assert_true(splitmix64(0x9e3779b97f4a7c15u) == 0x6e789e6aa1b965f4u);
    uint64_t digest = 0;
    for (uint64_t i = 0; i < 3; i++)
        digest += splitmix64(i ^ splitmix64(i));
    uint64_t swapped = splitmix64(0 ^ splitmix64(1)) + splitmix64(1 ^ splitmix64(0)) + splitmix64(2 ^ splitmix64(2));
    assert_true(digest != swapped); /* results in the wrong jobs show */
}

TEST(test_text)
{
    static const struct {
        const char *text, *json;
    } rows[] = {
        {"the", "the"},
        {"", ""},
        {"\xc3\xa9", "\xc3\xa9"},
        {"a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"\xc3", "\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf0\x9f\x98\x80\xf0\x9f", "\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *json = text_json(rows[i].text);
        assert_non_null(json);
        assert_string_equal(json_string_value(json), rows[i].json);
        json_decref(json);
    }
    assert_true(json_is_null(text_json(NULL)));
}
