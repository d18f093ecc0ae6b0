/* SPDX-License-Identifier: MIT */
/* What a run needs: the tools, the hosts and their tasks. A host that is missing or broken is a finding, not an end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/process/capture.h"
#include "bench/machine/doctor.h"
#include "bench/util/files.h"
#include "bench/util/text.h"
#include "bench/process/hyperfine.h"
#include "bench/machine/versions.h"

/* What is said of everything that make builds. */
#define BUILD_IT "./scripts/setup.sh bench installs what it needs, builds it and runs the suite"

static bool must_end(int rc) { return rc == -EINTR || rc == -EPIPE; }

/* -- tools -------------------------------------------------------------------------------------------------------- */

static int look_hyperfine(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    char *version = NULL;
    const int rc = hyperfine_version(source->supervisor, source->scratch, &version, err);
    if (rc == 0) {
        doctor_add(d, DOCTOR_OK, "hyperfine", "%s", version);
    } else if (!must_end(rc)) {
        doctor_add(d, DOCTOR_MISSING, "hyperfine", "%s", rc == -ENOPKG ? "not installed" : err->text);
        doctor_advise(d, "apt-get install hyperfine, or ./scripts/setup.sh bench");
    }
    free(version);
    return rc;
}

static int look_gnuplot(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    char *argv[] = {(char[]){"gnuplot"}, (char[]){"--version"}, NULL}, *text = NULL;
    const struct capture how = {.supervisor = source->supervisor, .scratch = source->scratch};
    const int rc = capture_output(&how, argv, &text, err);
    if (rc == 0) {
        text_one_line(text);
        doctor_add(d, DOCTOR_OK, "gnuplot", "%s", strncmp(text, "gnuplot ", 8) == 0 ? text + 8 : text);
    } else if (!must_end(rc)) {
        doctor_add(d, DOCTOR_NOTE, "gnuplot", "%s: a run has tables and no pictures",
                   rc == -ENOENT ? "not installed" : err->text);
        doctor_advise(d, "apt-get install gnuplot-nox fonts-dejavu-core, or ./scripts/setup.sh bench");
    }
    free(text);
    return rc;
}

/* Whether a program is on PATH. */
static bool on_path(const char *name)
{
    const char *at = getenv("PATH");
    bool found = false;
    while (at != NULL && !found) {
        const size_t length = strcspn(at, ":");
        char *path = text_format("%.*s/%s", (int)length, at, name);
        found = path != NULL && access(path, X_OK) == 0;
        free(path);
        at = at[length] == ':' ? at + length + 1 : NULL;
    }
    return found;
}

/* What no run needs. */
static void look_optional(struct doctor *d)
{
    static const struct {
        const char *program, *package, *purpose;
    } rows[] = {
        {"git", "git", "machine.json says which commit ran"},
        {"clang", "clang", "make fuzz-smoke builds its targets with it"},
        {"nginx", "nginx", "make test holds the transports against an independent server"},
        {"wrk", "wrk", "make figures puts the origin under load"},
        {"chromium", "chromium", "opens a run's page as its reader would"},
        {"rsvg-convert", "librsvg2-bin", "looks at the SVG pictures as another program draws them"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (on_path(rows[i].program)) {
            doctor_add(d, DOCTOR_OK, rows[i].program, "installed");
        } else {
            doctor_add(d, DOCTOR_NOTE, rows[i].program, "not installed, and no run needs it: %s", rows[i].purpose);
            doctor_advise(d, "apt-get install %s", rows[i].package);
        }
    }
}

/* -- hosts -------------------------------------------------------------------------------------------------------- */

static void look_python(struct doctor *d, const struct paths *paths)
{
    if (paths->python != NULL && access(paths->python, X_OK) == 0) {
        doctor_add(d, DOCTOR_OK, "python", "%s", paths->python);
        return;
    }
    if (paths->python == NULL)
        doctor_add(d, DOCTOR_MISSING, "python", "%s/python does not say which interpreter to run", paths->build);
    else
        doctor_add(d, DOCTOR_MISSING, "python", "%s: %s", paths->python, strerror(errno));
    doctor_advise(d, "apt-get install python3 python3-dev, then make; " BUILD_IT);
}

/* What a host is, beside its models and tasks: the interpreter, and how it is linked. */
static char *host_about(const json_t *list)
{
    const json_t *build = json_object_get(list, "build");
    const char *python = json_string_value(json_object_get(build, "python"));
    const char *library = json_string_value(json_object_get(build, "libpython"));
    const char *gil = json_string_value(json_object_get(build, "gil"));
    const char *compiler = json_string_value(json_object_get(build, "compiler"));
    if (python == NULL)
        return text_format("%s", compiler == NULL ? "" : compiler);
    return text_format("CPython %s%s%s%s%s", python, library == NULL ? "" : ", libpython ",
                       library == NULL ? "" : library, gil == NULL ? "" : ", GIL: ", gil == NULL ? "" : gil);
}

static void host_found(struct doctor *d, size_t h, const json_t *list)
{
    const size_t models = json_array_size(json_object_get(list, "models"));
    const size_t tasks = json_array_size(json_object_get(list, "tasks"));
    char *about = host_about(list);
    doctor_add(d, tasks > 0 ? DOCTOR_OK : DOCTOR_MISSING, host_table[h].name, "%zu models, %zu tasks; %s", models,
               tasks, about == NULL ? "" : about);
    if (tasks == 0)
        doctor_advise(d, "make; " BUILD_IT);
    free(about);
    size_t i;
    const json_t *text;
    json_array_foreach(json_object_get(list, "errors"), i, text)
    {
        doctor_add(d, DOCTOR_NOTE, host_table[h].name, "%s", json_is_string(text) ? json_string_value(text) : "?");
        doctor_advise(d, "the other tasks can run; make builds the built-in ones anew");
    }
}

static int look_hosts(struct doctor *d, const struct hosts_source *source, struct catalog *catalog, struct error *err)
{
    int rc = 0;
    for (size_t h = 0; h < host_count && !must_end(rc); h++) {
        err->text[0] = '\0';
        rc = hosts_ask(source, h, catalog, err);
        if (rc == 0) {
            host_found(d, h, catalog->lists[h]);
        } else if (!must_end(rc)) {
            doctor_add(d, DOCTOR_MISSING, host_table[h].name, "%s", err->text);
            doctor_advise(d, "make; " BUILD_IT);
        }
    }
    return must_end(rc) ? rc : 0;
}

/* Tasks whose tables differ between the languages are refused by every run that names them. */
static void look_tasks(struct doctor *d, const struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->task_count; i++)
        if (catalog->tasks[i].differ != NULL) {
            doctor_add(d, DOCTOR_NOTE, "task", "%s is refused: %s", catalog->tasks[i].name, catalog->tasks[i].differ);
            doctor_advise(d, "make builds the built-in tasks anew");
        }
}

/* The library that the C hosts load for URLs, in the words of the transport that loaded it. */
static void look_transport(struct doctor *d, const struct catalog *catalog)
{
    char version[64], tls[64];
    size_t c = 0;
    while (c < host_count && strcmp(host_table[c].name, "c") != 0)
        c++;
    const json_t *list = c < host_count ? catalog->lists[c] : NULL;
    if (list == NULL)
        return; /* the host's own finding says enough */
    const char *text = json_string_value(json_object_get(json_object_get(list, "build"), "libcurl"));
    if (text != NULL && versions_parse_curl(text, version, tls)) {
        doctor_add(d, DOCTOR_OK, "libcurl", "%s, TLS: %s", version, tls);
    } else {
        doctor_add(d, DOCTOR_MISSING, "libcurl",
                   "the C hosts' transport does not load: no task that asks for a URL can run");
        doctor_advise(d, "apt-get install libcurl4-openssl-dev, then make; " BUILD_IT);
    }
}

static void look_origin(struct doctor *d, const struct paths *paths)
{
    char *path = text_format("%s/cobench-origin", paths->build);
    if (path != NULL && access(path, X_OK) == 0) {
        doctor_add(d, DOCTOR_OK, "origin", "%s", path);
    } else {
        doctor_add(d, DOCTOR_MISSING, "origin", "%s: %s", path == NULL ? "cobench-origin" : path, strerror(errno));
        doctor_advise(d, "make; " BUILD_IT);
    }
    free(path);
}

int doctor_look_installed(struct doctor *d, const struct hosts_source *source, struct error *err)
{
    struct catalog catalog = {.runtimes = NULL};
    d->area = DOCTOR_INSTALLED;
    int rc = look_hyperfine(d, source, err);
    if (!must_end(rc))
        rc = look_gnuplot(d, source, err);
    if (!must_end(rc)) {
        look_python(d, source->paths);
        rc = look_hosts(d, source, &catalog, err);
    }
    if (!must_end(rc)) {
        look_tasks(d, &catalog);
        look_transport(d, &catalog);
        look_origin(d, source->paths);
        look_optional(d);
        err->text[0] = '\0'; /* all of it is in the findings */
    }
    catalog_free(&catalog);
    return must_end(rc) ? rc : 0;
}
