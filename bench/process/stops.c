/* SPDX-License-Identifier: MIT */
/* Processes of a command that somebody has stopped. */
#include "bench/process/stops.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"

static struct stop *stop_of(struct stops *stops, const struct proctree_entry *entry)
{
    for (size_t i = 0; i < stops->count; i++)
        if (stops->items[i].pid == entry->pid)
            return &stops->items[i];
    if (stops->count == STOPS_MAX)
        return NULL;
    struct stop *stop = &stops->items[stops->count++];
    *stop = (struct stop){.pid = entry->pid};
    memcpy(stop->name, entry->name, sizeof stop->name);
    return stop;
}

void stops_note(struct stops *stops, const struct proctree *tree, pid_t root, int64_t now_ns)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct proctree_entry *entry = &tree->entries[i];
        if ((entry->state != 'T' && entry->state != 't') || !proctree_below(tree, entry->pid, root))
            continue;
        struct stop *stop = stop_of(stops, entry);
        if (stop == NULL)
            continue;
        if (stop->seen_ns != 0 && stop->seen_ns == stops->looked_ns)
            stop->total_ns += now_ns - stop->seen_ns;
        stop->seen_ns = now_ns;
    }
    stops->looked_ns = now_ns;
}

void stops_look(struct stops *stops, pid_t root, int64_t now_ns)
{
    if (proctree_read_below(&stops->tree, root) == 0)
        stops_note(stops, &stops->tree, root, now_ns);
}

int64_t stops_longest(const struct stops *stops)
{
    int64_t longest = stops->count > 0;
    for (size_t i = 0; i < stops->count; i++)
        if (stops->items[i].total_ns > longest)
            longest = stops->items[i].total_ns;
    return longest;
}

void stops_text(const struct stop *stop, char *out, size_t room)
{
    const long long ms = (long long)(stop->total_ns / NS_PER_MS);
    if (ms > 0)
        snprintf(out, room, "process %d (%s) was stopped for at least %lld ms", (int)stop->pid, stop->name, ms);
    else
        snprintf(out, room, "process %d (%s) was stopped", (int)stop->pid, stop->name);
}

void stops_free(struct stops *stops)
{
    proctree_free(&stops->tree);
    *stops = (struct stops){.count = 0};
}
