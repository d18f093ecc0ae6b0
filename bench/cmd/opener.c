/* SPDX-License-Identifier: MIT */
/* The browser is a program of the user's: it inherits the terminal and is never killed. */
#define _GNU_SOURCE /* pipe2; realpath comes along */
#include "bench/cmd/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/util/text.h"

/* A desktop's opener has failed by then, or found a browser. */
enum { PATIENCE_MS = 5000, LOOK_MS = 20 };

/* "file:///a/b%20c", to be freed; NULL: no such file, or no memory. */
static char *url_of(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    static const char digits[] = "0123456789ABCDEF";
    char *absolute = realpath(path, NULL);
    char *url = absolute == NULL ? NULL : malloc(strlen("file://") + 3 * strlen(absolute) + 1);
    if (url != NULL) {
        char *out = stpcpy(url, "file://");
        for (const char *at = absolute; *at != '\0'; at++)
            if (strchr(plain, *at) != NULL) {
                *out++ = *at;
            } else {
                *out++ = '%';
                *out++ = digits[(unsigned char)*at >> 4];
                *out++ = digits[(unsigned char)*at & 15];
            }
        *out = '\0';
    }
    free(absolute);
    return url;
}

/* The command of $BROWSER, or xdg-open. */
static int command_of(struct string_list *command, const char *url)
{
    const char *browser = getenv("BROWSER");
    bool placed = false;
    int rc = 0;
    for (const char *at = browser == NULL ? "" : browser; *at != '\0' && rc == 0;) {
        at += strspn(at, " ");
        const size_t length = strcspn(at, " ");
        const bool place = length == 2 && strncmp(at, "%s", 2) == 0;
        if (length > 0)
            rc = string_list_addf(command, "%.*s", place ? (int)strlen(url) : (int)length, place ? url : at);
        placed |= place;
        at += length;
    }
    if (rc == 0 && command->count == 0)
        rc = string_list_add(command, "xdg-open");
    return rc != 0 || placed ? rc : string_list_add(command, url);
}

/* Starts it; -1 where there is no such program: the pipe, closed by exec, says so. */
static pid_t start(const struct string_list *command)
{
    int said[2];
    if (pipe2(said, O_CLOEXEC) != 0)
        return -1;
    const pid_t pid = fork();
    if (pid == 0) {
        execvp(command->items[0], command->items);
        const int rc = errno;
        const ssize_t written = write(said[1], &rc, sizeof rc);
        _exit(written > 0 ? 127 : 126);
    }
    close(said[1]);
    int rc = 0;
    ssize_t got;
    do
        got = read(said[0], &rc, sizeof rc);
    while (pid > 0 && got < 0 && errno == EINTR);
    close(said[0]);
    if (pid > 0 && got > 0) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
        return -1;
    }
    return pid;
}

/* Did it end well, or is it still there? */
static bool goes_well(pid_t pid)
{
    const bool display = getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
    for (int waited = 0; !display || waited < PATIENCE_MS; waited += LOOK_MS) {
        int status = 0;
        const pid_t ended = waitpid(pid, &status, display ? WNOHANG : 0);
        if (ended == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (ended < 0 && errno != EINTR)
            return false;
        const struct timespec pause = {.tv_sec = 0, .tv_nsec = LOOK_MS * 1000000L};
        if (display)
            (void)nanosleep(&pause, NULL);
    }
    return true;
}

bool opener_open(const char *path)
{
    struct string_list command = {NULL, 0};
    char *url = url_of(path);
    pid_t pid = -1;
    if (url != NULL && command_of(&command, url) == 0)
        pid = start(&command);
    string_list_free(&command);
    free(url);
    return pid > 0 && goes_well(pid);
}
