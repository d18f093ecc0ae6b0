/* SPDX-License-Identifier: MIT */
/* The kinds of pictures, in one table. */
#include "bench/report/plot/pictures.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *kind;
    picture_maker *make;
} kinds[] = {
    {"ranking", picture_ranking},   {"speedup", picture_speedup}, {"square", picture_square},
    {"timeline", picture_timeline}, {"phases", picture_phases},   {"scaling", picture_scaling},
    {"latency", picture_latency},   {"memory", picture_memory},   {"stability", picture_stability},
    {"claims", picture_claims},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

const char *picture_kind(size_t index) { return index < KINDS ? kinds[index].kind : NULL; }

int pictures_make(struct pictures *out, const struct picture_source *source, const char *only, struct error *err)
{
    int rc = 0;
    *out = (struct pictures){.items = NULL};
    for (size_t i = 0; rc == 0 && i < KINDS; i++)
        if (only == NULL || strcmp(only, kinds[i].kind) == 0)
            rc = kinds[i].make(out, source, err);
    if (rc == -ENOMEM)
        error_set(err, rc, "out of memory");
    if (rc != 0)
        pictures_free(out);
    return rc;
}
