/* SPDX-License-Identifier: MIT */
/* The ways in which a sample can be disturbed from outside. A set of them is a number of bits, 1 << kind, and in the
 * journal a text of their names: "steal load". */
#ifndef BENCH_PROTOCOL_INTERFERENCE_KIND_H
#define BENCH_PROTOCOL_INTERFERENCE_KIND_H

#include <stddef.h>

enum interference_kind {
    INTERFERENCE_STEAL, /* a hypervisor took time */
    INTERFERENCE_QUOTA, /* a control group's quota throttled it */
    INTERFERENCE_HEAT,  /* the CPU throttled itself */
    INTERFERENCE_LOAD,  /* other processes used the CPUs */
    INTERFERENCE_KINDS
};

enum { INTERFERENCE_TEXT_SIZE = 64 };

const char *interference_name(enum interference_kind kind);
/* The names with blanks between, "" for none. Returns `out`. */
const char *interference_text(unsigned kinds, char out[INTERFERENCE_TEXT_SIZE]);
/* The same back; names it does not know (of a later version) are left out. */
unsigned interference_parse(const char *text, size_t length);

#endif
