/* SPDX-License-Identifier: MIT */
/* The command that makes a run again. */
#include "bench/report/reproduce.h"

#include <string.h>

#include "bench/util/text.h"

char *reproduce_command(const struct results *results)
{
    const json_t *argv = json_object_get(results->plan, "argv"), *word;
    struct string_list command = {NULL, 0};
    size_t i;
    if (!json_is_array(argv))
        return strdup("# unknown: this run does not keep its command line");
    int rc = string_list_add(&command, "build/cobench");
    if (rc == 0)
        rc = string_list_add(&command, "run");
    json_array_foreach(argv, i, word) if (rc == 0 && json_is_string(word))
        rc = string_list_add(&command, json_string_value(word));
    char *line = rc == 0 ? string_list_quote(&command) : NULL;
    string_list_free(&command);
    return line;
}
