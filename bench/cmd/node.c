/* SPDX-License-Identifier: MIT */
/* `cobench node TASKS_DIR FILE...`, as a run starts it on each of its hosts: prints as JSON what machine it is on and the checksums of
 * the programs there, of the folder of tasks ("": none) and of the files. */
#include "bench/cmd/command.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/machine/nodes.h"
#include "bench/protocol/paths.h"

int cmd_node(int argc, char **argv, struct error *err)
{
    const struct string_list files = {argv + 2, argc > 2 ? (size_t)argc - 2 : 0};
    struct paths paths;
    if (argc < 2) {
        error_set(err, -EINVAL, "usage: cobench node TASKS_DIR FILE...");
        return 2;
    }
    if (paths_find(&paths, err) != 0)
        return 1;
    json_t *said = nodes_describe(&paths, *argv[1] == '\0' ? NULL : argv[1], &files, err);
    char *text = json_dumps(said, JSON_COMPACT);
    if (text != NULL)
        puts(text);
    free(text);
    json_decref(said);
    paths_free(&paths);
    return said != NULL ? 0 : 1;
}
