/* SPDX-License-Identifier: MIT */
/* The ways in which a sample can be disturbed from outside. A set of them is a number of bits, 1 << kind, and in the
 * journal a text of their names: "steal load". */
#ifndef BENCH_MACHINE_DISTURBANCE_H
#define BENCH_MACHINE_DISTURBANCE_H

#include <stddef.h>

enum disturbance {
    DISTURBED_STEAL, /* a hypervisor took time */
    DISTURBED_QUOTA, /* a control group's quota throttled it */
    DISTURBED_HEAT,  /* the CPU throttled itself */
    DISTURBED_LOAD,  /* other processes used the CPUs */
    DISTURBED_STOP,  /* one of its processes was stopped */
    DISTURBANCES
};

enum { DISTURBANCE_ROOM = 64 };

const char *disturbance_name(enum disturbance kind);
/* The names with blanks between, "" for none. Returns `out`. */
const char *disturbance_text(unsigned kinds, char out[DISTURBANCE_ROOM]);
/* The same back; names it does not know (of a later version) are left out. */
unsigned disturbance_parse(const char *text, size_t length);

#endif
