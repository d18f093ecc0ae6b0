/* SPDX-License-Identifier: MIT */
#include "tasks/lib/steps.h"

#include "common/slots.h" /* splitmix64 */

uint64_t steps_take(uint64_t value, uint64_t steps)
{
    for (uint64_t i = 0; i < steps; i++)
        value = splitmix64(value);
    return value;
}
