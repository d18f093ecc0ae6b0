/* SPDX-License-Identifier: MIT */
/* The light transport has to do what libcurl's does. */
#define LIBRARY  "http"
#define DESCRIBE "http_parser"
#include "tests/unit/host_transport.c"
