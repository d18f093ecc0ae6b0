/* SPDX-License-Identifier: MIT */
/* The services that a run starts or is given. */
#define _GNU_SOURCE /* strverscmp */
#include "bench/run/services.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/process/capture.h"
#include "bench/process/signals.h"
#include "bench/run/service_url.h"
#include "bench/util/alloc.h"
#include "bench/util/files.h"
#include "common/clock.h"
#include "common/cpus.h"

#define START_LIMIT_NS (10 * NS_PER_S)
#define POLL_NS        (2 * NS_PER_MS)
#define LOG_MAX        (64u << 10)
#define ANSWER_SIZE    8192

/* Where one of our own listens. */
struct place {
    const char *address; /* NULL: on a Unix socket in its folder */
    char port[6], password[17];
    int64_t clients; /* the most that a cell may have connected at once */
};

/* What the driver knows of a service. */
struct kind {
    const char *name;                 /* as the hosts list it */
    const char *schemes[5], *example; /* of its URLs */
    const char *command;              /* run in its folder; NULL: the driver starts none */
    const char *script;               /* of a shell that becomes the command, "$0" "$@"; NULL: none is needed */
    const char *places, *setup;       /* folders where its programs are (glob); what of setup.sh installs it */
    void (*listen)(const struct place *place, struct string_list *words); /* adds the rest of the command */
    const char *socket, *log;                                             /* files in its folder */
    const char *url[2];              /* of one in its folder: what stands before and behind that folder */
    const char *port;                /* where a URL has none; NULL: it has to have one */
    char *(*hello)(const char *url); /* what it is asked, to be freed; NULL: nothing */
    const char *mark;                /* what stands before the version in the answer */
    const char *least;               /* the first version that will do */
    bool on_disk;                    /* its folder has to be on a disk, not in memory as the scratch folder */
    bool psql;                       /* it is PostgreSQL, which its own client asks, of this machine only, and forks */
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

/*
 * initdb refuses root, who has "nobody" own what it makes. PostgreSQL and initdb have shared memory, of System V and in /dev/shm, that
 * outlives them where they are killed, but for an IPC namespace and a /dev/shm of their own: as root, or in a user namespace, where
 * the machine allows one. The folder, which may be in the /dev/shm of before, is there under the same name.
 */
/* clang-format off */
static const char postgresql_script[] =
    "exec >log 2>&1\n"
    "if [ $(id -u) = 0 ]; then as='--reuid nobody --regid nogroup --clear-groups' user=\n"
    "else as= user='--user --map-current-user --keep-caps'; fi\n"
    "umask 077; chmod 711 . && mkdir data && { [ -z \"$as\" ] || chown nobody data; } || exit\n"
    "apart='exec 3<. && mount -t tmpfs -o mode=1777 none /dev/shm && mkdir -p \"$PWD\" &&\n"
    "mount --no-canonicalize --bind /proc/self/fd/3 \"$PWD\" && cd \"$PWD\"'\n"
    "run='setpriv --pdeathsig KILL $as \"${0%/*}/initdb\" -D data -U postgres -A trust -E UTF8 --no-locale --no-sync "
    "--wal-segsize=1 && exec setpriv --pdeathsig KILL $as \"$0\" \"$@\" -k \"$PWD/data\"'\n"
    "export as\n"
    "if unshare $user --ipc --mount sh -c \"$apart\" 2>&-; then exec unshare $user --ipc --mount sh -c \"$apart && $run\" \"$0\" \"$@\"; fi\n"
    "eval \"$run\"\n";
/* clang-format on */
#define POSTGRESQL_SOCKET "data/.s.PGSQL.5432"
#define CLIENTS_MORE      10 /* the run's own, those of prepare, and some that have not gone yet */
#define CLIENTS_MOST      10000

static void postgresql_listen(const struct place *place, struct string_list *words)
{
    const int64_t clients = place->clients + CLIENTS_MORE;
    string_list_addf(words, "-N%" PRId64, clients < CLIENTS_MOST ? clients : CLIENTS_MOST);
}

#define REDIS(persistence)                                                                                           \
    .schemes = {"redis://", "unix://"}, .example = "redis://host:6379 or unix:///path",                              \
    .command = "redis-server --logfile log --set-proc-title no --save '' " persistence, .listen = redis_listen,      \
    .setup = "services", .socket = REDIS_SOCKET, .log = "log", .url = {"unix://", "/" REDIS_SOCKET}, .port = "6379", \
    .hello = redis_hello, .mark = "redis_version:", .least = "6.2" /* BLMOVE */
static const struct kind kinds[SERVICES] = {
    [SERVICE_REDIS] = {.name = "redis", REDIS("--appendonly no")},
    [SERVICE_REDIS_AOF] = {.name = "redis-aof",
                           .on_disk = true,
                           REDIS("--appendonly yes --appendfsync always --auto-aof-rewrite-percentage 0")},
    [SERVICE_DASK] = {.name = "dask", .schemes = {"tcp://", "tls://", "ws://", "wss://"}, .example = "tcp://host:8786"},
    /* What is written goes to the system and not to a disk, and nothing runs in the background that a run does not ask for. */
    [SERVICE_POSTGRESQL] = {.name = "postgresql",
                            .schemes = {"postgresql://", "postgres://"},
                            .example = "postgresql://user@host:5432/database",
                            .command =
                                "postgres -D data -h '' -F -c autovacuum=off -c wal_level=minimal -c max_wal_senders=0 "
                                "-c max_wal_size=64 -c dynamic_shared_memory_type=mmap",
                            .script = postgresql_script,
                            .places = "/usr/lib/postgresql/*/bin",
                            .setup = "services",
                            .listen = postgresql_listen,
                            .socket = POSTGRESQL_SOCKET,
                            .log = "log",
                            .url = {"postgresql:///postgres?host=", "/data&user=postgres"},
                            .least = "10",
                            .psql = true},
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
        catalog_services(catalog, cell->entry->host, plan_model(cell), cell->knobs, cell->task, &names);
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
        return error_set(err, -EINVAL, "--service %.*s: NAME=URL is needed, of redis, redis-aof, dask or postgresql",
                         (int)(length > 40 ? 40 : length), text);
    const char *url = text + length + 1;
    if (strstr(url, ":***@") != NULL)
        return error_set(err, -EINVAL, "--service %s: its password was not kept; give its URL again", kinds[i].name);
    if (!is_scheme(&kinds[i], url))
        return error_set(err, -EINVAL, "--service %s: it is no URL such as %s", kinds[i].name, kinds[i].example);
    if (kinds[i].psql && strstr(url, "password=") != NULL) /* where service_url_public would not find it */
        return error_set(err, -EINVAL, "--service %s: a password stands behind the user: %s", kinds[i].name,
                         "postgresql://user:password@host/database");
    if (!kinds[i].psql && service_url_parse(url, kinds[i].port, &address, &why) != 0)
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

static int check_version(const struct kind *kind, const struct service *v, struct error *err)
{
    return strverscmp(v->version, kind->least) >= 0
               ? 0
               : error_set(err, -EINVAL, "it is version %s, and %s is needed", v->version, kind->least);
}

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
    return check_version(kind, out, err);
}

/* One of its programs, on PATH or the newest of its own folders'; to be freed. NULL: there is none. */
static char *find_program(const struct kind *kind, const char *name)
{
    char *found = program_find(name, ".");
    glob_t all = {.gl_pathc = 0};
    if (found != NULL || kind->places == NULL)
        return found;
    char *pattern = text_format("%s/%s", kind->places, name);
    if (glob(pattern, 0, NULL, &all) == 0)
        for (size_t i = 0; i < all.gl_pathc; i++)
            if (found == NULL || strverscmp(all.gl_pathv[i], found) > 0)
                text_set(&found, all.gl_pathv[i]);
    globfree(&all);
    free(pattern);
    return found;
}

/* The first line of what psql complained of. */
static int psql_complaint(const struct capture *how, struct error *err)
{
    static const char prefix[] = "psql: error: ";
    char *path = text_format("%s/complaints", how->scratch), *text = NULL;
    size_t length;
    if (file_read(path, LOG_MAX, &text, &length) == 0 && length > 0) {
        text_one_line(text);
        error_set(err, -ECONNREFUSED, "%.400s",
                  text + (strncmp(text, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0));
    }
    free(text);
    free(path);
    return -ECONNREFUSED;
}

/* As ask. A line with its version, and one with the settings that matter. */
static int ask_psql(const struct kind *kind, const struct capture *how, struct service *out, struct error *err)
{
    static const char settings[] =
        "select string_agg(name || '=' || setting, ' ' order by name) from pg_settings where name in ('autovacuum', "
        "'fsync', 'full_page_writes', 'max_connections', 'shared_buffers', 'ssl', 'synchronous_commit', 'wal_level')";
    char *psql = find_program(kind, "psql"), *said = NULL;
    if (psql == NULL)
        return error_set(err, -EINVAL, "psql is not installed (./scripts/setup.sh %s)", kind->setup);
    int rc = capture_output(
        how, (const char *const[]){psql, "-XAtqw", "-d", out->url, "-c", "show server_version", "-c", settings, NULL},
        &said, err);
    free(psql);
    if (rc == -EPROTO)
        return psql_complaint(how, err);
    if (rc != 0)
        return rc;
    char *second = strchr(said, '\n');
    if (second != NULL) {
        text_one_line(second + 1);
        text_set(&out->settings, second + 1);
    }
    text_one_line(said);
    text_set(&out->version, said);
    free(said);
    return check_version(kind, out, err);
}

/* 0, -EINVAL where it will not do, -EINTR, -EPIPE (the supervisor has gone), or the errno of the attempt. */
static int ask(const struct kind *kind, const struct capture *how, struct service *out, struct error *err)
{
    struct service_address address;
    char answer[ANSWER_SIZE];
    if (kind->psql)
        return ask_psql(kind, how, out, err);
    int rc = service_url_parse(out->url, kind->port, &address, err);
    if (rc != 0)
        return rc;
    char *hello = kind->hello == NULL ? NULL : kind->hello(out->url);
    rc = service_url_ask(&address, hello, kind->mark, answer, sizeof answer);
    rc = rc == -EPIPE ? -ECONNRESET : rc; /* it hung up, and not the supervisor */
    free(hello);
    if (rc == 0)
        return take_answer(kind, answer, out, err);
    char *url = service_url_public(out->url);
    error_set(err, rc, "%s: %s", url, strerror(-rc));
    free(url);
    return rc;
}

static int ask_taken(struct services *s, const struct capture *how, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < SERVICES; i++) {
        struct error why;
        rc = s->rows[i].url != NULL ? ask(&kinds[i], how, &s->rows[i], &why) : 0;
        if (rc == -EINTR || rc == -EPIPE)
            *err = why;
        else if (rc != 0)
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

/* A program that is asked by another is asked once its socket is there. */
static int ask_started(const struct kind *kind, const struct capture *how, struct service *v, struct error *err)
{
    char *socket = text_format("%s/%s", v->folder, kind->socket);
    const bool early = kind->psql && access(socket, F_OK) != 0;
    free(socket);
    return early ? -ENOENT : ask(kind, how, v, err);
}

/* Waits until it answers. 0 (it may have a reason now), -EINTR or -EPIPE. */
static int await(const struct kind *kind, const struct capture *how, struct service *v, struct error *err)
{
    const int64_t deadline = clock_now_ns() + START_LIMIT_NS;
    struct error why;
    int asked;
    while ((asked = ask_started(kind, how, v, &why)) != 0 && asked != -EINVAL && clock_now_ns() < deadline) {
        if (asked == -EINTR || asked == -EPIPE) {
            *err = why;
            return asked;
        }
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
        v->why = kind->psql ? text_format("%s does not answer: %s", kind->name, why.text)
                            : last_words(kind, v->folder, "does not answer");
    return 0;
}

/* Its death is bound to the supervisor's, so that nothing is left where that is killed, too. */
static int start(const struct kind *kind, const char *program, const struct place *place, const struct capture *how,
                 struct service *v, struct error *err)
{
    struct string_list words = {NULL, 0};
    struct error why;
    (void)string_list_unquote(&words, "setpriv --pdeathsig KILL");
    if (kind->script != NULL) {
        (void)string_list_unquote(&words, "sh -c");
        string_list_add(&words, kind->script);
    }
    string_list_add(&words, program);
    (void)string_list_unquote(&words, strchr(kind->command, ' ')); /* the table's are well formed */
    kind->listen(place, &words);
    const struct supervisor_command command = {.argv = words.items, .cwd = v->folder, .out = -1, .err = -1};
    int rc = service_start(how->supervisor, command, &v->process, &why);
    const bool is_started = rc == 0;
    v->process.forks = kind->psql;
    if (is_started)
        rc = await(kind, how, v, err);
    else if (rc == -EPIPE)
        *err = why;
    else
        v->why = text_format("%s cannot be started in %s by %s: %s", kind->name, v->folder, words.items[0],
                             strerror(-rc));
    if (!is_started)
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
static int start_here(size_t i, struct place place, const struct capture *how, struct service *v, struct error *err)
{
    const char *address = place.address, *scratch = how->scratch;
    const struct kind *kind = &kinds[i];
    char *name = kind->command == NULL ? NULL : xstrndup(kind->command, strcspn(kind->command, " "));
    char *program = name == NULL ? NULL : find_program(kind, name);
    int rc = 0;
    if (kind->command == NULL)
        v->why = text_format("nobody has named the service %s (--service %s=URL)", kind->name, kind->name);
    else if (program == NULL)
        v->why = text_format("%s is not installed (./scripts/setup.sh %s)", name, kind->setup);
    else if (kind->psql && address != NULL)
        v->why = text_format(
            "the %s that a run starts is for workers on this machine (--service %s=URL names one for all)", kind->name,
            kind->name);
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
        v->url = address == NULL ? text_format("%s%s%s", kind->url[0], v->folder, kind->url[1])
                                 : text_format("redis://:%s@%s:%s", place.password, address, place.port);
        rc = start(kind, program, &place, how, v, err);
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
    const struct capture how = {.supervisor = supervisor, .scratch = scratch};
    struct place place = {.address = address};
    char *other = NULL;
    unsigned set = 0;
    int rc = ask_taken(s, &how, err);
    for (const struct plan_cell *c = plan->cells; rc == 0 && c < plan->cells + plan->cell_count; c++) {
        const int64_t clients = plan->groups[c->group].workers * c->copies;
        if (c->impossible == NULL)
            set |= needs(catalog, c, &other);
        if (clients > place.clients)
            place.clients = clients;
    }
    for (size_t i = 0; rc == 0 && i < SERVICES; i++)
        if ((set & (1u << i)) == 0 && s->rows[i].url != NULL && kinds[i].command != NULL)
            rc = error_set(err, -EINVAL, "--service %s: no cell of this run needs it", kinds[i].name);
    for (size_t i = 0; rc == 0 && i < SERVICES; i++)
        if ((set & (1u << i)) != 0 && s->rows[i].url == NULL)
            rc = start_here(i, place, &how, &s->rows[i], err);
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
                                json_pack("{ss* ss* ss ss ss*}", "version", v->version, "settings", v->settings,
                                          "command", kinds[i].command, "listens",
                                          strncmp(v->url, "redis:", 6) == 0 ? "TCP" : "Unix socket", "folder_in",
                                          kinds[i].on_disk ? DISK : NULL));
        else if (v->url != NULL)
            json_object_set_new(all, kinds[i].name,
                                json_pack("{ss* ss* ss}", "version", v->version, "settings", v->settings, "url", url));
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

int64_t services_cpus(const struct services *s, const struct catalog *catalog, const struct plan_cell *cell)
{
    const unsigned set = needs(catalog, cell, NULL);
    const int64_t cpus = (int64_t)fmax(1, cpus_effective(""));
    int64_t sum = 0;
    for (size_t i = 0; i < SERVICES; i++)
        if ((set & (1u << i)) != 0 && s->rows[i].process.in >= 0)
            sum += kinds[i].psql ? cpus : 1;
    return sum < cpus ? sum : cpus;
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
        free(v->settings);
        free(v->why);
        free(v->folder);
    }
    free(s->unknown);
}
