/* SPDX-License-Identifier: MIT */
/* Asking the hosts of this machine what they offer. */
#include "bench/machine/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "common/clock.h"

#define LIST_DEADLINE_NS (60 * NS_PER_S)
#define LIST_MAX         (16u << 20)

static int open_output(const char *path) { return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); }

/* How it ended, where that was not as it should be. */
static int check_end(const struct supervisor_end *end, const char *complaints, struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    if (end->timed_out)
        return error_set(err, -ETIMEDOUT, "no answer within %d s", (int)(LIST_DEADLINE_NS / NS_PER_S));
    if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0)
        return 0;
    const char *said = file_read(complaints, LIST_MAX, &text, &length) == 0 ? text_last_line(text) : "";
    if (WIFSIGNALED(end->status))
        error_set(err, -EPROTO, "killed by signal %d", WTERMSIG(end->status));
    else
        error_set(err, -EPROTO, "exit status %d%s%.500s", WEXITSTATUS(end->status), *said == '\0' ? "" : ": ", said);
    free(text);
    return -EPROTO;
}

static int run_list(const struct hosts_source *s, const struct string_list *argv, const char *paths[2],
                    struct error *err)
{
    int out = open_output(paths[0]), complaints = open_output(paths[1]);
    char *env[] = {host_env(s->paths), NULL};
    int rc = 0;
    if (out < 0 || complaints < 0 || env[0] == NULL)
        rc = error_set(err, -errno, "cannot write to %s: %s", s->scratch, strerror(errno));
    const struct supervisor_command command = {.argv = argv->items,
                                               .cwd = s->paths->root,
                                               .env = env,
                                               .in = -1,
                                               .out = out,
                                               .err = complaints,
                                               .deadline_ns = LIST_DEADLINE_NS};
    struct supervisor_end end;
    if (rc == 0)
        rc = supervisor_run(s->supervisor, &command, &end, err);
    if (rc == 0)
        rc = check_end(&end, paths[1], err);
    free(env[0]);
    if (out >= 0)
        close(out);
    if (complaints >= 0)
        close(complaints);
    return rc;
}

int hosts_ask(const struct hosts_source *s, size_t h, struct catalog *c, struct error *err)
{
    char *out = text_format("%s/list", s->scratch), *complaints = text_format("%s/list.err", s->scratch), *text = NULL;
    struct string_list argv = {NULL, 0};
    size_t length = 0;
    json_error_t where;
    json_t *list = NULL;
    int rc = out == NULL || complaints == NULL ? error_set(err, -ENOMEM, "out of memory") : 0;
    if (rc == 0)
        rc = host_words(&host_table[h], s->paths, &c->words[h], err);
    if (rc != 0)
        goto out;
    if (string_list_add_all(&argv, &c->words[h]) != 0 || string_list_add(&argv, "list") != 0 ||
        string_list_add(&argv, "--json") != 0 ||
        (s->tasks_dir != NULL &&
         (string_list_add(&argv, "--tasks") != 0 || string_list_add(&argv, s->tasks_dir) != 0))) {
        rc = error_set(err, -ENOMEM, "out of memory");
        goto out;
    }
    rc = run_list(s, &argv, (const char *[]){out, complaints}, err);
    if (rc == 0 && (rc = file_read(out, LIST_MAX, &text, &length)) != 0)
        error_set(err, rc, "its list: %s", strerror(-rc));
    if (rc == 0 && (list = json_loadb(text, length, 0, &where)) == NULL)
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
    free(complaints);
    free(out);
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
