/* SPDX-License-Identifier: MIT */
/* The table of models. */
#include "host/models.h"

#include <stddef.h>

#define MODEL_ADDRESS(name) &model_##name,

const struct model *const models[] = {MODELS(MODEL_ADDRESS) NULL};
