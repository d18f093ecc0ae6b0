/* SPDX-License-Identifier: MIT */
/* A small plan with each role of a cell, and its machine: what fuzz_journal.c reads journals against. */
#ifndef TESTS_FUZZ_PLAN_H
#define TESTS_FUZZ_PLAN_H

#define PLAN_GROUP(name, kind, workers, reason)                                                           \
    "{\"name\":\"" name "\",\"task\":\"" name "\",\"kind\":\"" kind "\",\"asks\":\"nothing\",\"params\":" \
    "{\"size\":\"5\"},\"jobs\":8,\"workers\":" workers ",\"ideal\":2,\"capacity_reason\":" reason         \
    ",\"sweep\":null,\"scaling\":null}"
#define PLAN_CELL(group, runtime, model, role, baseline, copies)                                \
    "{\"group\":" group ",\"runtime\":\"" runtime "\",\"model\":\"" model "\",\"role\":\"" role \
    "\",\"baseline\":" baseline ",\"copies\":" copies ",\"start_method\":\"fork\"}"

#define PLAN_JSON                                                                                                                                                                            \
    "{\"plan\":1,\"suite\":\"s\",\"created\":\"2026-01-01T00:00:00Z\",\"seed\":42,\"rounds\":6,\"margin\":0.01,"                                                                             \
    "\"timeout_s\":60.0,\"effective_cpus\":2,\"url\":null,\"groups\":[" PLAN_GROUP("count", "cpu", "2", "null") "," PLAN_GROUP("wait", "io", "8", "\"it waits\"") "],\"cells\":[" PLAN_CELL( \
        "0", "c", "sync", "model", "true",                                                                                                                                                   \
        "1") "," PLAN_CELL("0", "c", "threads", "model", "false",                                                                                                                            \
                           "1") "," PLAN_CELL("0", "c", "sync", "control", "false",                                                                                                          \
                                              "1") "," PLAN_CELL("0", "c", "sync", "capacity", "false",                                                                                      \
                                                                 "2") "," PLAN_CELL("0", "py", "sync", "model",                                                                              \
                                                                                    "true",                                                                                                  \
                                                                                    "1") "," PLAN_CELL("1", "py",                                                                            \
                                                                                                       "sync",                                                                               \
                                                                                                       "model",                                                                              \
                                                                                                       "true",                                                                               \
                                                                                                       "1") "," PLAN_CELL("1",                                                               \
                                                                                                                          "py",                                                              \
                                                                                                                          "async",                                                           \
                                                                                                                          "model",                                                           \
                                                                                                                          "false",                                                           \
                                                                                                                          "1") "]}"
#define MACHINE_JSON "{\"machine\":1,\"hostname\":\"h\",\"cpus\":2,\"effective_cpus\":2.0,\"hosts\":{}}"

#endif
