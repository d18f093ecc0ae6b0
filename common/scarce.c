/* SPDX-License-Identifier: MIT */
/* What this machine has run out of when a connection cannot be opened. */
#include "common/scarce.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#define PORTS_FILE "/proc/sys/net/ipv4/ip_local_port_range"

static void say_ports(char *out, size_t size)
{
    int low = 0, high = 0;
    FILE *file = fopen(PORTS_FILE, "re");
    const int got = file == NULL ? 0 : fscanf(file, "%d %d", &low, &high);
    if (file != NULL)
        fclose(file); /* it was only read */
    if (got == 2)
        snprintf(out, size,
                 "no free local port or address for one more connection (net.ipv4.ip_local_port_range: %d to %d)", low,
                 high);
    else
        snprintf(out, size, "no free local port or address for one more connection");
}

static void say_files(char *out, size_t size)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        snprintf(out, size,
                 "no free descriptor for one more connection (RLIMIT_NOFILE is %llu; a higher "
                 "`ulimit -Hn` or fewer workers would do)",
                 (unsigned long long)files.rlim_cur);
    else
        snprintf(out, size, "no free descriptor for one more connection");
}

const char *scarce_connect(int os_errno, char *out, size_t size)
{
    switch (os_errno) {
    case EADDRNOTAVAIL:
        say_ports(out, size);
        return SCARCE_PORT;
    case EMFILE:
        say_files(out, size);
        return SCARCE_DESCRIPTOR;
    case ENFILE:
        snprintf(out, size, "no free descriptor on the whole machine (fs.file-max)");
        return SCARCE_DESCRIPTOR;
    default:
        return NULL;
    }
}
