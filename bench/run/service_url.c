/* SPDX-License-Identifier: MIT */
/* URLs of services, and a first word with one. */
#include "bench/run/service_url.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/util/files.h"
#include "bench/util/text.h"

#define STEP_LIMIT_S 5

/* What stands behind "SCHEME://", and behind the '@' of its user where there is one; NULL: it is no URL. A password may have
 * any character but '@'. */
static const char *after_user(const char *url, const char **user)
{
    const char *at = strstr(url, "://");
    if (at == NULL || at == url)
        return NULL;
    *user = at + 3;
    at = strrchr(*user, '@');
    return at == NULL ? *user : at + 1;
}

const char *service_url_user(const char *url, size_t *user, size_t *password)
{
    const char *names = url, *rest = after_user(url, &names);
    const size_t length = rest == NULL || rest == names ? 0 : (size_t)(rest - names) - 1;
    const char *colon = length == 0 ? NULL : memchr(names, ':', length);
    *user = colon == NULL ? length : (size_t)(colon - names);
    *password = colon == NULL ? 0 : length - *user - 1;
    return names;
}

char *service_url_public(const char *url)
{
    size_t user, password;
    const char *names = service_url_user(url, &user, &password);
    return password == 0 ? text_format("%s", url)
                         : text_format("%.*s***%s", (int)(names + user + 1 - url), url, names + user + 1 + password);
}

/* "HOST", "HOST:PORT", "[ADDRESS]:PORT", up to a '/' or '?'. */
static bool parse_host(const char *text, const char *port, struct service_address *out)
{
    const bool bracket = *text == '[';
    const size_t length = strcspn(text + bracket, bracket ? "]" : ":/?");
    const char *end = text + bracket + length;
    end += bracket && *end == ']';
    const size_t digits = *end == ':' ? strspn(end + 1, "0123456789") : 0;
    const char *behind = *end == ':' ? end + 1 + digits : end;
    if (length == 0 || length >= sizeof out->host || digits >= sizeof out->port || strchr("/?", *behind) == NULL ||
        (digits == 0 && port == NULL))
        return false;
    snprintf(out->host, sizeof out->host, "%.*s", (int)length, text + bracket);
    snprintf(out->port, sizeof out->port, "%.*s", digits > 0 ? (int)digits : 5, digits > 0 ? end + 1 : port);
    return true;
}

int service_url_parse(const char *url, const char *port, struct service_address *out, struct error *err)
{
    const char *user = NULL, *rest = after_user(url, &user);
    *out = (struct service_address){.path = ""};
    if (rest == NULL)
        return error_set(err, -EINVAL, "it is no URL");
    if (strncmp(url, "unix:", 5) != 0)
        return parse_host(rest, port, out) ? 0 : error_set(err, -EINVAL, "there is no host:port in the URL");
    const size_t length = strcspn(rest, "?");
    if (*rest != '/' || length >= sizeof out->path)
        return error_set(err, -EINVAL, "a socket's path is absolute and has at most %zu bytes", sizeof out->path - 1);
    memcpy(out->path, rest, length);
    return 0;
}

/* With both directions' waits limited, connecting's too. */
static int socket_open(int family, int type, const struct sockaddr *address, socklen_t length)
{
    const struct timeval limit = {.tv_sec = STEP_LIMIT_S};
    const int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 && connect(fd, address, length) == 0)
        return fd;
    const int rc = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
    close(fd);
    return rc;
}

bool service_url_free_port(const char *address, char port[6])
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    struct sockaddr_storage name;
    socklen_t length = sizeof name;
    if (getaddrinfo(address, "0", &hints, &found) != 0)
        return false;
    const int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
    const bool free_one = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
                          getsockname(fd, (struct sockaddr *)&name, &length) == 0 &&
                          getnameinfo((struct sockaddr *)&name, length, NULL, 0, port, 6, NI_NUMERICSERV) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return free_one;
}

static int connect_host(const struct service_address *to)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int rc = getaddrinfo(to->host, to->port, &hints, &found) == 0 ? -ECONNREFUSED : -EHOSTUNREACH;
    for (const struct addrinfo *a = rc == -EHOSTUNREACH ? NULL : found; a != NULL && rc < 0; a = a->ai_next)
        rc = socket_open(a->ai_family, a->ai_socktype, a->ai_addr, a->ai_addrlen);
    if (found != NULL)
        freeaddrinfo(found);
    return rc;
}

/* Whether a whole line of it begins with the mark, or its first is an error. */
static bool is_answered(const char *reply, const char *mark)
{
    const char *found = *reply == '-' ? reply : strstr(reply, mark);
    return found != NULL && strchr(found, '\n') != NULL;
}

int service_url_ask(const struct service_address *to, const char *hello, const char *mark, char *reply, size_t size)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, to->path, sizeof to->path);
    const int fd = to->path[0] != '\0' ? socket_open(AF_UNIX, SOCK_STREAM, (const struct sockaddr *)&name, sizeof name)
                                       : connect_host(to);
    int rc = fd < 0 ? fd : 0;
    size_t length = 0;
    *reply = '\0';
    if (rc == 0 && hello != NULL)
        rc = file_write_all(fd, hello, strlen(hello));
    while (rc == 0 && hello != NULL && length < size - 1 && !is_answered(reply, mark)) {
        const ssize_t got = read(fd, reply + length, size - 1 - length);
        rc = got > 0 ? 0 : got == 0 ? -ECONNRESET : errno == EAGAIN ? -ETIMEDOUT : errno == EINTR ? 0 : -errno;
        length += got > 0 ? (size_t)got : 0;
        reply[length] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return rc;
}
