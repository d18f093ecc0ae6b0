/* SPDX-License-Identifier: MIT */
/* Which worker is on which host. */
#include "tests/unit/unit.h"

#include <string.h>
#include <unistd.h>

#include "common/placement.h"

static struct placement placed;

TEST(test_parse)
{
    assert_null(placement_parse("a:2,node-1.example:4,c", &placed));
    assert_int_equal(placed.count, 3);
    assert_int_equal(placed.slots, 7);
    assert_string_equal(placed.hosts[1].name, "node-1.example");
    assert_int_equal(placed.hosts[1].slots, 4);
    assert_int_equal(placed.hosts[2].slots, 1);
    static const char *const wrong[] = {"",
                                        ",",
                                        "a,",
                                        ":2",
                                        "a:",
                                        "a:0",
                                        "a:x",
                                        "a:-1",
                                        "a:2:3",
                                        "-a",
                                        "a b",
                                        "a;b:1",
                                        "a,b,a:2",
                                        "a:100001",
                                        "$(x)",
                                        "a:99999999999999999999999",
                                        "a:60000,b:60000"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_non_null(placement_parse(wrong[i], &placed));
}

/* Every worker has one place, hosts are filled in turn, and more than there is room for are shared out. */
TEST(test_workers)
{
    static const struct {
        unsigned workers, on[3];
    } rows[] = {{1, {1, 0, 0}}, {2, {2, 0, 0}},  {3, {2, 1, 0}},  {6, {2, 3, 1}},
                {7, {3, 3, 1}}, {12, {4, 6, 2}}, {15, {6, 7, 2}}, {16, {6, 8, 2}}};
    assert_null(placement_parse("a:2,b:3,c:1", &placed));
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned next = 0, first;
        for (size_t h = 0; h < 3; h++) {
            assert_int_equal(placement_workers(&placed, rows[i].workers, h, &first), rows[i].on[h]);
            assert_int_equal(first, next);
            next += rows[i].on[h];
            for (unsigned w = first; w < next; w++)
                assert_int_equal(placement_host_of(&placed, rows[i].workers, w), h);
        }
        assert_int_equal(next, rows[i].workers);
        assert_int_equal(placement_host_of(&placed, rows[i].workers, next), 3);
    }
}

TEST(test_here)
{
    char own[PLACEMENT_NAME_SIZE], address[PLACEMENT_ADDRESS], network[PLACEMENT_ADDRESS + 4];
    assert_int_equal(gethostname(own, sizeof own), 0);
    assert_true(placement_is_here("localhost"));
    assert_true(placement_is_here(own));
    assert_false(placement_is_here("127.0.0.1"));
    assert_null(placement_parse("localhost:2", &placed));
    assert_null(placement_address(&placed, address, network));
    assert_string_equal(address, "127.0.0.1");
    assert_null(placement_parse("127.0.0.2", &placed));
    assert_null(placement_address(&placed, address, network));
    assert_string_equal(network, "127.0.0.0/8");
    assert_true(placement_answers("127.0.0.1", 1000));
    assert_false(placement_answers("no-such-host.invalid", 1000));
    assert_null(placement_parse("no-such-host.invalid", &placed));
    assert_non_null(placement_address(&placed, address, network));
}
