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
#include <wordexp.h>

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

/* $BROWSER: a program's path as it stands, blanks included, or words as a shell would read them. */
static int browser_words(const char *browser, struct string_list *command, const char *url, bool *placed)
{
    wordexp_t words;
    int rc = 0;
    if (access(browser, X_OK) == 0)
        return string_list_add(command, browser);
    if (wordexp(browser, &words, WRDE_NOCMD) != 0)
        return -EINVAL;
    for (size_t i = 0; i < words.we_wordc && rc == 0; i++) {
        const bool place = strcmp(words.we_wordv[i], "%s") == 0;
        rc = string_list_add(command, place ? url : words.we_wordv[i]);
        *placed |= place;
    }
    wordfree(&words);
    return rc;
}

/* The command of $BROWSER, or xdg-open. */
static int command_of(struct string_list *command, const char *url)
{
    const char *browser = getenv("BROWSER");
    bool placed = false;
    int rc = browser == NULL ? 0 : browser_words(browser, command, url, &placed);
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
