/* SPDX-License-Identifier: MIT */
/* What is not known is null in JSON, never 0. */
#include "bench/util/json_number.h"

#include <math.h>

json_t *json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }
