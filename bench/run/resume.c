/* SPDX-License-Identifier: MIT */
/* Resuming a run that was cut off. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "bench/run/runner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/store/json_diff.h"
#include "bench/util/atomic_write.h"

int resume_open(const char *folder, struct resume *out, struct journal *journal, struct error *err)
{
    *out = (struct resume){.folder = realpath(folder, NULL)};
    *journal = (struct journal){.fd = -1};
    int rc = out->folder == NULL ? error_set(err, -errno, "%s: %s", folder, strerror(errno)) : 0;
    char *path = text_format("%s/samples.jsonl", out->folder == NULL ? "" : out->folder);
    if (rc == 0)
        rc = journal_open(path, journal, err);
    if (rc == 0)
        rc = results_load(&out->results, out->folder, err);
    if (rc == 0)
        rc = journal_cut(journal, out->results.whole_bytes, err);
    free(path);
    for (size_t c = 0; rc == 0 && c < out->results.cell_count; c++)
        out->sound += out->results.cells[c].verified && out->results.cells[c].status == CELL_OK;
    if (rc != 0) {
        journal_close(journal);
        resume_close(out);
    }
    return rc;
}

void resume_close(struct resume *resume)
{
    results_free(&resume->results);
    free(resume->folder);
    resume->folder = NULL;
}

/* -- more rounds -------------------------------------------------------------------------------------------------- */

/* The command line of the run says so too: the last of two --rounds counts. */
static void note_rounds(json_t *plan, int64_t rounds)
{
    json_t *argv = json_object_get(plan, "argv");
    json_object_set_new(plan, "rounds", json_integer(rounds));
    if (json_is_array(argv)) {
        json_array_append_new(argv, json_string("--rounds"));
        json_array_append_new(argv, json_sprintf("%lld", (long long)rounds));
    }
}

int resume_extend(struct resume *resume, int64_t rounds, struct error *err)
{
    struct results *r = &resume->results;
    if (!results_fixed_rounds(r))
        return error_set(err, -EINVAL,
                         "--rounds: %s stops by its budget or precision; intervals would be too narrow if rounds were "
                         "added for what it showed",
                         resume->folder);
    if (rounds <= r->rounds)
        return error_set(err, -EINVAL, "--rounds %lld: %s has %lld already; say how many it is to have in all",
                         (long long)rounds, resume->folder, (long long)r->rounds);
    note_rounds(r->plan, rounds);
    char *text = json_dumps(r->plan, JSON_INDENT(1));
    const size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the NUL */
    const int rc = atomic_write_bytes(resume->folder, "plan.json", text, length + 1, err);
    free(text);
    r->rounds = r->asked.rounds = rounds;
    return rc;
}

/* -- how far ------------------------------------------------------------------------------------------------------ */

bool resume_finished(const struct resume *resume)
{
    const struct results *r = &resume->results;
    for (size_t c = 0; c < r->cell_count; c++) {
        const struct result_cell *cell = &r->cells[c];
        const int64_t due = results_rounds_due(r, cell);
        if (!cell->verified || (cell->status == CELL_OK && (due < 0 || cell->last_round < due)))
            return false;
    }
    return true;
}

/* -- the same programs, the same machine -------------------------------------------------------------------------- */

int resume_check(const struct resume *resume, const json_t *machine, bool force, struct string_list *differences,
                 struct error *err)
{
    differences_of_programs(resume->results.machine, machine, differences);
    if (differences->count == 0)
        return 0;
    if (!force)
        return error_set(err, -EPERM,
                         "%s was begun with other programs or on another machine; --force goes on all the "
                         "same and marks the summary",
                         resume->folder);
    json_t *lines = json_array();
    for (size_t i = 0; i < differences->count; i++)
        json_array_append_new(lines, json_string(differences->items[i]));
    return events_append(resume->folder, "forced", json_pack("{so}", "differences", lines), err);
}
