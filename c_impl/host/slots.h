/* SPDX-License-Identifier: MIT */
/* The slots file of a run: made, mapped and touched here, laid out in common/slots.h. */
#ifndef HOST_SLOTS_H
#define HOST_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cobench/task.h"
#include "common/slots.h"

struct slots {
    void *map; /* NULL: not open */
    size_t bytes;
    struct slot *slot; /* `jobs` of them */
    uint64_t jobs;
};

/* Creates or truncates the file with its full size and its blocks reserved, and maps it shared. Where there is no space
 * the file is left empty. 0 or a negative errno with the detail in err. */
int slots_open(struct slots *slots, const char *path, uint64_t jobs, struct cobench_error *err);
/* Maps the file that another process has created for so many jobs. 0 or a negative errno with the detail in err. */
int slots_attach(struct slots *slots, const char *path, uint64_t jobs, struct cobench_error *err);
void slots_close(struct slots *slots);

/* Makes every page of these slots present and writable in this process, without changing a byte. To be called before
 * the gate, in each process: a child faults the pages of a shared mapping in anew. Also while other workers do so. */
void slots_prefault(struct slot *slot, uint64_t jobs);

/* Kills the job's command with its group, where one runs. False: there is no process yet. */
bool slot_kill_command(const struct slot *slot);

#endif
