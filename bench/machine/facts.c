/* SPDX-License-Identifier: MIT */
/* machine.json: what the collectors found, how this program was built, and what the hosts say of themselves. */
#include "bench/machine/facts.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/util/json.h"
#include "bench/machine/versions.h"
#include "common/cpus.h"

#ifdef __clang__
static const char own_compiler[] = "clang " __clang_version__;
#else
static const char own_compiler[] = "gcc " __VERSION__;
#endif

double machine_effective_cpus(void) { return cpus_effective(""); }

void machine_short_name(char *out, size_t room)
{
    struct utsname u;
    snprintf(out, room, "%s", uname(&u) == 0 && u.nodename[0] != '\0' ? u.nodename : "unknown");
    for (char *p = out; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p) == NULL ||
            (p == out && *p == '.'))
            *p = '-';
}

json_t *machine_facts(const char *root)
{
    static facts_collect *const collectors[] = {machine_system_facts, machine_cpu_facts, machine_memory_facts};
    json_t *facts = json_object();
    for (size_t i = 0; facts != NULL && i < sizeof collectors / sizeof *collectors; i++)
        collectors[i](root, facts);
    return facts;
}

static json_t *hosts_json(const struct catalog *c)
{
    json_t *hosts = json_object();
    for (size_t h = 0; h < host_count; h++)
        if (json_object_set(hosts, host_table[h].name, json_object_get(c->lists[h], "build")) != 0)
            break;
    return hosts;
}

json_t *machine_json(const struct catalog *catalog, json_t *versions)
{
    json_t *facts = machine_facts(""), *machine = json_pack("{si}", "machine", 1);
    json_t *build = json_pack("{ss ss ss sO so}", "cobench", COBENCH_VERSION, "compiler", own_compiler, "cflags",
                              COBENCH_CFLAGS, "tools", versions, "hosts", hosts_json(catalog));
    if (facts != NULL)
        versions_of_hosts(catalog, facts);
    if (json_object_update(machine, facts) != 0 || json_object_update(machine, build) != 0) {
        json_decref(machine);
        machine = NULL;
    }
    json_decref(build);
    json_decref(facts);
    return machine;
}
