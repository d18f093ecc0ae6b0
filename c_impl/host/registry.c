/* SPDX-License-Identifier: MIT */
/* The table of models: a new one is a file in c_impl/models/ and a row here. */
#include <stddef.h>

#include "host/run.h"

const struct model *const models[] = {
    &model_sync, &model_threads, &model_thread_pool, &model_processes, &model_process_pool, &model_async, NULL,
};
