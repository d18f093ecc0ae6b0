/* SPDX-License-Identifier: MIT */
/* Asking the hosts of this machine what they offer. */
#include "bench/machine/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/process/capture.h"
#include "common/clock.h"

#define LIST_DEADLINE_NS (60 * NS_PER_S)

/* The words of "HOST list --json"; 0 or a negative errno. */
static int list_argv(const struct hosts_source *s, const struct string_list *host, struct string_list *argv)
{
    int rc = string_list_add_all(argv, host);
    if (rc == 0)
        rc = string_list_add(argv, "list");
    if (rc == 0)
        rc = string_list_add(argv, "--json");
    if (rc == 0 && s->tasks_dir != NULL)
        rc = string_list_add(argv, "--tasks");
    return rc != 0 || s->tasks_dir == NULL ? rc : string_list_add(argv, s->tasks_dir);
}

int hosts_ask(const struct hosts_source *s, size_t h, struct catalog *c, struct error *err)
{
    char *env[] = {host_env(s->paths), NULL}, *text = NULL;
    const struct capture how = {.supervisor = s->supervisor,
                                .scratch = s->scratch,
                                .cwd = s->paths->root,
                                .env = env,
                                .deadline_ns = LIST_DEADLINE_NS};
    struct string_list argv = {NULL, 0};
    json_error_t where;
    json_t *list = NULL;
    int rc = host_words(&host_table[h], s->paths, &c->words[h], err);
    if (rc != 0)
        goto out;
    if (env[0] == NULL || list_argv(s, &c->words[h], &argv) != 0)
        rc = error_set(err, -ENOMEM, "out of memory");
    if (rc == 0)
        rc = capture_output(&how, (const char *const *)argv.items, &text, err);
    if (rc == 0 && (list = json_loads(text, 0, &where)) == NULL)
        rc = error_set(err, -EPROTO, "its list is no JSON: %s", where.text);
    if (rc == 0)
        rc = catalog_add_list(c, h, list, err);
    if (rc != 0 && rc != -EINTR) {
        const struct error inner = *err;
        error_set(err, rc, "the %s host: %.900s", host_table[h].name, inner.text);
    }
out:
    string_list_free(&argv);
    free(text);
    free(env[0]);
    return rc;
}

int hosts_ask_all(const struct hosts_source *source, struct catalog *out, struct error *err)
{
    *out = (struct catalog){.runtimes = NULL};
    int rc = 0;
    for (size_t h = 0; rc == 0 && h < host_count; h++)
        rc = hosts_ask(source, h, out, err);
    if (rc != 0)
        catalog_free(out);
    return rc;
}
