/* SPDX-License-Identifier: MIT */
/* A list of findings. */
#include "bench/machine/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/util/text.h"

static char *format_text(const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    text_one_line(text);
    return text_format("%s", text);
}

void doctor_add(struct doctor *d, enum doctor_verdict verdict, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *found = format_text(format, args);
    va_end(args);
    struct doctor_finding *more = realloc(d->items, (d->count + 1) * sizeof *more);
    if (more != NULL)
        d->items = more;
    if (more == NULL || found == NULL) {
        d->no_memory = true;
        free(found);
        return;
    }
    more[d->count++] = (struct doctor_finding){.area = d->area, .verdict = verdict, .name = name, .found = found};
}

void doctor_advise(struct doctor *d, const char *format, ...)
{
    if (d->count == 0)
        return; /* there was no memory for what this is about */
    va_list args;
    va_start(args, format);
    char *advice = format_text(format, args);
    va_end(args);
    struct doctor_finding *last = &d->items[d->count - 1];
    free(last->advice);
    last->advice = advice;
    d->no_memory |= advice == NULL;
}

void doctor_free(struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->items[i].found);
        free(d->items[i].advice);
    }
    free(d->items);
    *d = (struct doctor){.items = NULL};
}

bool doctor_possible(const struct doctor *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].verdict == DOCTOR_MISSING)
            return false;
    return true;
}

const char *doctor_verdict_name(enum doctor_verdict verdict)
{
    static const char *const names[] = {[DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_MISSING] = "MISSING"};
    return names[verdict];
}
