/* SPDX-License-Identifier: MIT */
/* The services that a run starts or is given. */
#define _GNU_SOURCE /* strverscmp */
#include "bench/run/services.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "bench/process/signals.h"
#include "bench/run/service_url.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/clock.h"

#define START_LIMIT_NS (10 * NS_PER_S)
#define POLL_NS        (2 * NS_PER_MS)
#define LOG_MAX        (64u << 10)
#define ANSWER_SIZE    8192

/* Where one of our own listens. */
struct place {
    const char *address; /* NULL: on a Unix socket in its folder */
    char port[6], password[17];
};

/* What the driver knows of a service. */
struct kind {
    const char *name;                 /* as the hosts list it */
    const char *schemes[5], *example; /* of its URLs */
    const char *command;              /* run in its folder; NULL: the driver starts none */
    void (*listen)(const struct place *place, struct string_list *words); /* adds the rest of the command */
    const char *socket, *log;                                             /* files in its folder */
    const char *port;                /* where a URL has none; NULL: it has to have one */
    char *(*hello)(const char *url); /* what it is asked, to be freed; NULL: nothing */
    const char *mark;                /* what stands before the version in the answer */
    const char *least;               /* the first version that will do */
    bool on_disk;                    /* its folder has to be on a disk, not in memory as the scratch folder */
};

#define REDIS_SOCKET "redis.sock"

static void redis_listen(const struct place *place, struct string_list *words)
{
    if (place->address == NULL) {
        string_list_unquote(words, "--port 0 --unixsocket " REDIS_SOCKET " --unixsocketperm 700");
        return;
    }
    const char *const more[] = {"--bind", place->address, "--port", place->port, "--requirepass", place->password};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        string_list_add(words, more[i]);
}

/* With the URL's user and password first, in its protocol, which takes any byte in them. */
static char *redis_hello(const char *url)
{
    static const char info[] = "INFO server\r\n";
    size_t user = 0, password = 0;
    const char *names = service_url_user(url, &user, &password), *word = names + user + 1;
    if (password == 0)
        return xstrdup(info);
    return user == 0 ? text_format("*2\r\n$4\r\nAUTH\r\n$%zu\r\n%.*s\r\n%s", password, (int)password, word, info)
                     : text_format("*3\r\n$4\r\nAUTH\r\n$%zu\r\n%.*s\r\n$%zu\r\n%.*s\r\n%s", user, (int)user, names,
                                   password, (int)password, word, info);
}

#define REDIS(persistence)                                                                                      \
    .schemes = {"redis://", "unix://"}, .example = "redis://host:6379 or unix:///path",                         \
    .command = "redis-server --logfile log --set-proc-title no --save '' " persistence, .listen = redis_listen, \
    .socket = REDIS_SOCKET, .log = "log", .port = "6379", .hello = redis_hello,                                 \
    .mark = "redis_version:", .least = "6.2" /* BLMOVE */
static const struct kind kinds[SERVICES] = {
    [SERVICE_REDIS] = {.name = "redis", REDIS("--appendonly no")},
    [SERVICE_REDIS_AOF] = {.name = "redis-aof",
                           .on_disk = true,
                           REDIS("--appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0")},
    [SERVICE_DASK] = {.name = "dask", .schemes = {"tcp://", "tls://", "ws://", "wss://"}, .example = "tcp://host:8786"},
};
#define DISK "/var/tmp" /* what stays there over a restart of the machine (hier(7)) */

static size_t find(const char *name, size_t length)
{
    size_t i = 0;
    while (i < SERVICES && (strlen(kinds[i].name) != length || strncmp(kinds[i].name, name, length) != 0))
        i++;
    return i;
}

/* Bit i: the cell needs row i; bit SERVICES: one that is in no row, whose name is noted. */
static unsigned needs(const struct catalog *catalog, const struct plan_cell *cell, char **other)
{
    struct string_list names = {NULL, 0};
    unsigned set = 0;
    if (cell->program == NULL)
        catalog_services(catalog, cell->entry->host, plan_model(cell), cell->knobs, &names);
    for (size_t n = 0; n < names.count; n++) {
        const size_t i = find(names.items[n], strlen(names.items[n]));
        set |= 1u << i;
        if (i == SERVICES && other != NULL)
            text_set(other, names.items[n]);
    }
    string_list_free(&names);
    return set;
}

/* -- somebody else's ---------------------------------------------------------------------------------------------- */

static bool is_scheme(const struct kind *kind, const char *url)
{
    size_t i = 0;
    while (kind->schemes[i] != NULL && strncmp(url, kind->schemes[i], strlen(kind->schemes[i])) != 0)
        i++;
    return kind->schemes[i] != NULL;
}

int services_take(struct services *s, const char *text, struct error *err)
{
    const size_t length = strcspn(text, "="), i = find(text, length);
    struct service_address address;
    struct error why;
    if (i == SERVICES || text[length] == '\0')
        return error_set(err, -EINVAL, "--service %.*s: NAME=URL is needed, of redis, redis-aof or dask",
                         (int)(length > 40 ? 40 : length), text);
    const char *url = text + length + 1;
    if (strstr(url, ":***@") != NULL)
        return error_set(err, -EINVAL, "--service %s: its password was not kept; give its URL again", kinds[i].name);
    if (!is_scheme(&kinds[i], url))
        return error_set(err, -EINVAL, "--service %s: it is no URL such as %s", kinds[i].name, kinds[i].example);
    if (service_url_parse(url, kinds[i].port, &address, &why) != 0)
        return error_set(err, -EINVAL, "--service %s: %s", kinds[i].name, why.text);
    text_set(&s->rows[i].url, url);
    return 0;
}

int services_take_kept(struct services *s, const json_t *kept, struct error *err)
{
    const char *name;
    json_t *url;
    int rc = 0;
    json_object_foreach((json_t *)(uintptr_t)kept, name, url)
    {
        const size_t i = find(name, strlen(name));
        char *text = text_format("%s=%s", name, json_is_string(url) ? json_string_value(url) : "");
        if (rc == 0 && (i == SERVICES || s->rows[i].url == NULL))
            rc = services_take(s, text, err);
        free(text);
    }
    return rc;
}

json_t *services_kept(const struct services *s)
{
    json_t *kept = NULL;
    for (size_t i = 0; i < SERVICES; i++) {
        if (s->rows[i].url == NULL || s->rows[i].folder != NULL)
            continue;
        char *url = service_url_public(s->rows[i].url);
        kept = kept == NULL ? json_object() : kept;
        json_object_set_new(kept, kinds[i].name, json_string(url));
        free(url);
    }
    return kept;
}

/* -- the first word with one --------------------------------------------------------------------------------------- */

/* Takes its version out of what it answered. -EINVAL where that is no version that will do. */
static int take_answer(const struct kind *kind, const char *answer, struct service *out, struct error *err)
{
    const char *version = kind->mark == NULL ? NULL : strstr(answer, kind->mark);
    if (*answer == '-')
        return error_set(err, -EINVAL, "it says %.*s", (int)strcspn(answer + 1, "\r\n"), answer + 1);
    if (version == NULL)
        return kind->mark == NULL ? 0 : error_set(err, -EINVAL, "it does not answer as %s does", kind->name);
    version += strlen(kind->mark);
    free(out->version);
    out->version = xstrndup(version, strcspn(version, "\r\n"));
    return strverscmp(out->version, kind->least) >= 0
               ? 0
               : error_set(err, -EINVAL, "it is version %s, and %s is needed", out->version, kind->least);
}

/* 0, -EINVAL where it will not do, or the errno of the attempt. */
static int ask(const struct kind *kind, struct service *out, struct error *err)
{
    struct service_address address;
    char answer[ANSWER_SIZE];
    int rc = service_url_parse(out->url, kind->port, &address, err);
    if (rc != 0)
        return rc;
    char *hello = kind->hello == NULL ? NULL : kind->hello(out->url);
    rc = service_url_ask(&address, hello, kind->mark, answer, sizeof answer);
    free(hello);
    return rc != 0 ? error_set(err, rc, "%s", strerror(-rc)) : take_answer(kind, answer, out, err);
}

static int ask_taken(struct services *s, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < SERVICES; i++) {
        struct error why;
        if (s->rows[i].url != NULL && ask(&kinds[i], &s->rows[i], &why) != 0)
            rc = error_set(err, -EINVAL, "--service %s: %s", kinds[i].name, why.text);
    }
    return rc;
}

/* -- one of our own ------------------------------------------------------------------------------------------------ */

/* Why one that was started is none: what it said last. */
static char *last_words(const struct kind *kind, const char *folder, const char *what)
{
    char *path = text_format("%s/%s", folder, kind->log), *text = NULL;
    size_t length;
    const char *line = file_read_end(path, LOG_MAX, &text, &length) == 0 ? text_last_line(text) : "";
    char *why = text_format("%s %s%s%.300s", kind->name, what, *line == '\0' ? "" : ": ", line);
    free(text);
    free(path);
    return why;
}

/* Waits until it answers. 0 (it may have a reason now) or -EINTR. */
static int await(const struct kind *kind, struct service *v, struct error *err)
{
    const int64_t deadline = clock_now_ns() + START_LIMIT_NS;
    struct error why;
    int asked;
    while ((asked = ask(kind, v, &why)) != 0 && asked != -EINVAL && clock_now_ns() < deadline) {
        const int rc = signals_wait(v->process.in, POLL_NS);
        if (rc == -EINTR)
            return error_set(err, rc, "interrupted");
        if (rc == 0) {
            v->why = last_words(kind, v->folder, "ended at once");
            return 0;
        }
    }
    if (asked == -EINVAL)
        v->why = text_format("%s: %s", kind->name, why.text);
    else if (asked != 0)
        v->why = last_words(kind, v->folder, "does not answer");
    return 0;
}

/* Its death is bound to the supervisor's, so that nothing is left where that is killed, too. */
static int start(const struct kind *kind, const struct place *place, struct supervisor *supervisor, struct service *v,
                 struct error *err)
{
    struct string_list words = {NULL, 0};
    struct error why;
    (void)string_list_unquote(&words, "setpriv --pdeathsig KILL");
    (void)string_list_unquote(&words, kind->command); /* the table's are well formed */
    kind->listen(place, &words);
    const struct supervisor_command command = {.argv = words.items, .cwd = v->folder, .out = -1, .err = -1};
    int rc = service_start(supervisor, command, &v->process, &why);
    if (rc == 0)
        rc = await(kind, v, err);
    else if (rc == -EPIPE)
        *err = why;
    else
        v->why = text_format("%s cannot be started in %s: %s", kind->name, v->folder, strerror(-rc));
    if (rc != 0 && rc != -EINTR)
        text_set(&v->folder, NULL); /* which may be somebody else's */
    if (rc != -EPIPE && rc != -EINTR)
        rc = 0;
    if (v->why != NULL && v->process.in >= 0 && v->process.pid > 0 && !service_has_ended(&v->process))
        (void)kill(v->process.pid, SIGKILL);
    string_list_free(&words);
    return rc;
}

/* A port that is free now, and a password, as a network has others in it. False: there is none. */
static bool make_place(struct place *place)
{
    uint64_t number;
    if (place->address == NULL)
        return true;
    if (getrandom(&number, sizeof number, 0) != sizeof number || !service_url_free_port(place->address, place->port))
        return false;
    snprintf(place->password, sizeof place->password, "%016" PRIx64, number);
    return true;
}

/* With its folder, or with the reason why it cannot be started. */
static int start_here(size_t i, const char *address, struct supervisor *supervisor, const char *scratch,
                      struct service *v, struct error *err)
{
    struct place place = {.address = address};
    const struct kind *kind = &kinds[i];
    char *name = kind->command == NULL ? NULL : xstrndup(kind->command, strcspn(kind->command, " "));
    char *program = name == NULL ? NULL : program_find(name, ".");
    int rc = 0;
    if (kind->command == NULL)
        v->why = text_format("nobody has named the service %s (--service %s=URL)", kind->name, kind->name);
    else if (program == NULL)
        v->why = text_format("%s is not installed (./scripts/setup.sh engines)", name);
    else
        v->folder = kind->on_disk ? text_format(DISK "/%s.%s", strrchr(scratch, '/') + 1, kind->name)
                                  : text_format("%s.%s", scratch, kind->name);
    if (v->folder != NULL && kind->on_disk)
        dir_sweep(DISK);
    if (v->folder != NULL && strlen(v->folder) + 1 + strlen(kind->socket) >= SERVICE_PATH_SIZE) {
        v->why = text_format("%s: the path of its socket would have more than %zu bytes; a shorter TMPDIR would do",
                             kind->name, SERVICE_PATH_SIZE - 1);
    } else if (v->folder != NULL && !make_place(&place)) {
        v->why = text_format("%s: there is no free port on %s", kind->name, address);
    } else if (v->folder != NULL) {
        v->url = address == NULL ? text_format("unix://%s/%s", v->folder, kind->socket)
                                 : text_format("redis://:%s@%s:%s", place.password, address, place.port);
        rc = start(kind, &place, supervisor, v, err);
    }
    if (v->why != NULL)
        text_set(&v->url, NULL);
    free(program);
    free(name);
    return rc;
}

/* Of a cell whose service cannot be had. */
static void close_cells(const struct services *s, const struct catalog *catalog, struct plan *plan)
{
    for (struct plan_cell *c = plan->cells; c < plan->cells + plan->cell_count; c++) {
        const unsigned set = c->impossible == NULL ? needs(catalog, c, NULL) : 0;
        for (size_t i = 0; i < SERVICES; i++)
            if ((set & (1u << i)) != 0 && c->impossible == NULL)
                c->impossible = s->rows[i].why;
        if ((set & (1u << SERVICES)) != 0 && c->impossible == NULL)
            c->impossible = s->unknown;
    }
}

int services_start(struct services *s, struct supervisor *supervisor, const char *scratch, const char *address,
                   const struct catalog *catalog, struct plan *plan, struct error *err)
{
    char *other = NULL;
    unsigned set = 0;
    int rc = ask_taken(s, err);
    for (size_t c = 0; rc == 0 && c < plan->cell_count; c++)
        if (plan->cells[c].impossible == NULL)
            set |= needs(catalog, &plan->cells[c], &other);
    for (size_t i = 0; rc == 0 && i < SERVICES; i++)
        if ((set & (1u << i)) == 0 && s->rows[i].url != NULL && kinds[i].command != NULL)
            rc = error_set(err, -EINVAL, "--service %s: no cell of this run needs it", kinds[i].name);
    for (size_t i = 0; rc == 0 && i < SERVICES; i++)
        if ((set & (1u << i)) != 0 && s->rows[i].url == NULL)
            rc = start_here(i, address, supervisor, scratch, &s->rows[i], err);
    if (other != NULL)
        s->unknown = text_format("nobody knows how to start the service %s", other);
    free(other);
    close_cells(s, catalog, plan);
    return rc;
}

/* -- in use ----------------------------------------------------------------------------------------------------------- */

void services_facts(const struct services *s, json_t *machine)
{
    json_t *all = json_object();
    for (size_t i = 0; i < SERVICES; i++) {
        const struct service *v = &s->rows[i];
        char *url = v->url == NULL ? NULL : service_url_public(v->url);
        if (v->url != NULL && v->folder != NULL)
            json_object_set_new(all, kinds[i].name,
                                json_pack("{ss* ss ss ss*}", "version", v->version, "command", kinds[i].command,
                                          "listens", strncmp(v->url, "unix:", 5) == 0 ? "Unix socket" : "TCP",
                                          "folder_in", kinds[i].on_disk ? DISK : NULL));
        else if (v->url != NULL)
            json_object_set_new(all, kinds[i].name, json_pack("{ss* ss}", "version", v->version, "url", url));
        free(url);
    }
    if (json_object_size(all) > 0)
        json_object_set(machine, "services", all);
    json_decref(all);
}

void services_options(const struct services *s, const struct catalog *catalog, const struct plan_cell *cell,
                      struct string_list *words)
{
    const unsigned set = needs(catalog, cell, NULL);
    for (size_t i = 0; i < SERVICES; i++)
        if (s->rows[i].url != NULL && (s->rows[i].folder == NULL || (set & (1u << i)) != 0)) {
            string_list_add(words, "--service");
            string_list_addf(words, "%s=%s", kinds[i].name, s->rows[i].url);
        }
}

struct service_use services_use(const struct services *s, const struct catalog *catalog, const struct plan_cell *cell,
                                bool mark)
{
    const unsigned set = needs(catalog, cell, NULL);
    struct service_use sum = {-1, -1, -1};
    for (size_t i = 0; i < SERVICES; i++) {
        if ((set & (1u << i)) == 0 || s->rows[i].process.in < 0)
            continue;
        if (mark)
            service_mark(&s->rows[i].process);
        const struct service_use one = service_use(&s->rows[i].process);
        sum.cpu_ns = sum.cpu_ns < 0 ? one.cpu_ns : sum.cpu_ns + one.cpu_ns;
        sum.wait_ns = sum.wait_ns < 0 ? one.wait_ns : sum.wait_ns + one.wait_ns;
        sum.peak_bytes = sum.peak_bytes < 0 ? one.peak_bytes : sum.peak_bytes + one.peak_bytes;
    }
    return sum;
}

const char *services_ended(const struct services *s)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (s->rows[i].why == NULL && service_has_ended(&s->rows[i].process))
            return kinds[i].name;
    return NULL;
}

void services_close(struct services *s)
{
    for (size_t i = 0; i < SERVICES; i++) {
        struct service *v = &s->rows[i];
        service_close(&v->process);
        if (v->folder != NULL)
            dir_remove_tree(v->folder);
        free(v->url);
        free(v->version);
        free(v->why);
        free(v->folder);
    }
    free(s->unknown);
}
