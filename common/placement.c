/* SPDX-License-Identifier: MIT */
/* Which worker is on which host, and how hosts are reached. */
#define _GNU_SOURCE /* getifaddrs, SOCK_NONBLOCK */
#include "common/placement.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/num.h"

#define DISCARD_PORT "9" /* nobody need listen there: a refusal is an answer, too */

static const char name_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

static const char *host_parse(const char *text, size_t length, struct placement_host *out)
{
    const char *colon = memchr(text, ':', length);
    const size_t name = colon != NULL ? (size_t)(colon - text) : length;
    char number[16] = "1";
    int64_t slots;
    if (name == 0 || name >= sizeof out->name || *text == '-' || strspn(text, name_characters) < name)
        return "a host's name has letters, digits, '.', '_' and '-' only";
    if (colon != NULL)
        snprintf(number, sizeof number, "%.*s", (int)(length - name - 1), colon + 1);
    if (num_parse_i64(number, 1, PLACEMENT_SLOTS_MAX, &slots) != 0)
        return "behind a host's ':' stands how many workers it takes, 1..100000";
    snprintf(out->name, sizeof out->name, "%.*s", (int)name, text);
    out->slots = (unsigned)slots;
    return NULL;
}

const char *placement_parse(const char *text, struct placement *out)
{
    out->count = out->slots = 0;
    for (bool more = true; more; text++) {
        const size_t length = strcspn(text, ",");
        if (out->count == PLACEMENT_HOSTS_MAX)
            return "more than 256 hosts";
        struct placement_host *host = &out->hosts[out->count];
        const char *wrong = host_parse(text, length, host);
        for (size_t h = 0; wrong == NULL && h < out->count; h++)
            if (strcmp(out->hosts[h].name, host->name) == 0)
                wrong = "a host stands there twice";
        if (wrong != NULL)
            return wrong;
        if ((out->slots += host->slots) > PLACEMENT_SLOTS_MAX)
            return "more than 100000 workers";
        out->count++;
        text += length;
        more = *text == ',';
    }
    return NULL;
}

unsigned placement_workers(const struct placement *p, unsigned workers, size_t h, unsigned *first)
{
    const unsigned turns = workers / p->slots;
    unsigned rest = workers % p->slots, before = 0, here = 0;
    for (size_t i = 0; i <= h; i++) {
        const unsigned more = rest < p->hosts[i].slots ? rest : p->hosts[i].slots;
        before += here;
        here = turns * p->hosts[i].slots + more;
        rest -= more;
    }
    if (first != NULL)
        *first = before;
    return here;
}

size_t placement_host_of(const struct placement *p, unsigned workers, unsigned worker)
{
    unsigned first;
    for (size_t h = 0; h < p->count; h++) {
        const unsigned here = placement_workers(p, workers, h, &first);
        if (worker >= first && worker - first < here)
            return h;
    }
    return p->count;
}

bool placement_is_here(const char *name)
{
    char own[PLACEMENT_NAME_SIZE] = "";
    if (strcmp(name, "localhost") == 0)
        return true;
    if (gethostname(own, sizeof own - 1) != 0)
        return false;
    return strcmp(name, own) == 0 || (strcspn(own, ".") == strlen(name) && strncmp(name, own, strlen(name)) == 0);
}

/* A socket that is being connected to the host; -1: its name is unknown, or nothing leads there. */
static int connect_begin(const char *name, int type, bool *connecting)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = type};
    struct addrinfo *found;
    if (getaddrinfo(name, DISCARD_PORT, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *connecting = false;
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        *connecting = errno == EINPROGRESS;
        if (!*connecting && errno != ECONNREFUSED) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

/* The network of this machine's address, by the interface that has it. */
static void network_of(const struct sockaddr_in *own, char *out, size_t size)
{
    struct ifaddrs *all;
    unsigned bits = 32;
    char text[INET_ADDRSTRLEN];
    struct in_addr net = own->sin_addr;
    if (getifaddrs(&all) != 0)
        all = NULL;
    for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_netmask == NULL || i->ifa_addr->sa_family != AF_INET ||
            ((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr.s_addr != own->sin_addr.s_addr)
            continue;
        const struct in_addr mask = ((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr;
        net.s_addr = own->sin_addr.s_addr & mask.s_addr;
        bits = (unsigned)__builtin_popcount(mask.s_addr);
    }
    if (all != NULL)
        freeifaddrs(all);
    snprintf(out, size, "%s/%u", inet_ntop(AF_INET, &net, text, sizeof text), bits);
}

const char *placement_address(const struct placement *p, char address[PLACEMENT_ADDRESS],
                              char network[PLACEMENT_ADDRESS + 4])
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof own;
    bool connecting;
    size_t h = 0;
    while (h < p->count && placement_is_here(p->hosts[h].name))
        h++;
    if (h < p->count) {
        const int fd = connect_begin(p->hosts[h].name, SOCK_DGRAM, &connecting);
        const bool known = fd >= 0 && getsockname(fd, (struct sockaddr *)&own, &length) == 0;
        if (fd >= 0)
            close(fd);
        if (!known)
            return "its name has no address that this machine reaches";
    }
    inet_ntop(AF_INET, &own.sin_addr, address, PLACEMENT_ADDRESS);
    network_of(&own, network, PLACEMENT_ADDRESS + 4);
    return NULL;
}

bool placement_answers(const char *name, int wait_ms)
{
    bool connecting;
    int wrong = 0;
    socklen_t length = sizeof wrong;
    const int fd = connect_begin(name, SOCK_STREAM, &connecting);
    if (fd < 0)
        return false;
    if (connecting) {
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        wrong = poll(&wait, 1, wait_ms) == 1 ? 0 : ETIMEDOUT;
        if (wrong == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &wrong, &length) != 0)
            wrong = errno;
    }
    close(fd);
    return wrong == 0 || wrong == ECONNREFUSED;
}
