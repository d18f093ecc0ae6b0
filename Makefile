# cobench: `make help` lists the targets. Users' variables are the ones set with ?=.
ifeq ($(origin CC),default)
CC        := gcc
endif
CFLAGS    ?= -O2 -g
LDFLAGS   ?=
PYTHON_PC ?= python3-embed
PYTHONS   ?=
BUILD     ?= build
EMBED     ?= auto
SUITE     ?= quick
RUN       ?=
WERROR    ?=
V         ?=
FUZZ_CC   ?= clang
TIME      ?= 600
TARGET    ?=
PREFIX    ?= /usr/local
DESTDIR   ?=

VERSION := 0.1.0
Q := $(if $(V),,@)
say = $(if $(V),@:,@printf '  %-7s %s\n' '$(1)' '$(2)')

PC := pkg-config
bench_libs := jansson gsl zlib
# The executable that belongs to the libpython of PYTHON_PC; a version manager's shim may stand first on PATH.
py_prefix := $(shell $(PC) --variable=prefix $(PYTHON_PC) 2>/dev/null)
py_version := $(shell $(PC) --modversion $(PYTHON_PC) 2>/dev/null)
py_threaded := $(if $(findstring t-embed,$(PYTHON_PC)),t)
PYTHON := $(py_prefix)/bin/python$(py_version)$(py_threaded)

warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion -Wvla $(if $(WERROR),-Werror)
# No fused multiply-adds: a task's doubles must be those of its Python counterpart.
own_cflags := -std=c11 -D_POSIX_C_SOURCE=200809L -ffp-contract=off -fPIC -pthread $(warnings) -MMD -MP -I. -Ic_impl -Ic_impl/include
own_ldflags := -pthread
build_facts = -DCOBENCH_VERSION='"$(VERSION)"' -DCOBENCH_CFLAGS='"$(subst ",,$(CFLAGS))"'

compile = $(CC) $(own_cflags) $(build_facts) $(cflags_of) $(CFLAGS) -c -o $@ $<
link = $(CC) $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(libs_of)
link_so = $(CC) -shared $(own_ldflags) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(libs_of)

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
common_o := $(call objects,$(wildcard common/*.c))
host_o   := $(call objects,$(filter-out c_impl/host/main.c c_impl/host/runtime_c.c,$(wildcard c_impl/host/*.c)) \
              $(wildcard c_impl/models/*.c) c_impl/dispensers/queue.c c_impl/dispensers/pipe.c \
              $(filter-out c_impl/servers/parser.c,$(wildcard c_impl/servers/*.c)))
bench_o  := $(call objects,$(filter-out bench/cmd/main.c bench/origin/%,$(wildcard bench/*/*.c bench/report/*/*.c))) \
            $(BUILD)/obj/bench/report/html/page_text.o
# Those that PYTHONS names, and those that it named before: a host of older sources would not be the same host.
pythons_too := $(sort $(PYTHONS) $(wildcard $(shell cat $(BUILD)/pythons/* 2>/dev/null)))
embed_c  := c_impl/bridge/runtime_embed.c c_impl/bridge/embed.c c_impl/bridge/isolated.c
native_c := c_impl/bridge/native.c c_impl/bridge/native_pool.c c_impl/bridge/home_native.c
embed_o  := $(call objects,$(embed_c))
# The origin has TLS and HTTP/2 where their libraries are.
origin_tls := $(if $(shell $(PC) --exists libevent_openssl openssl libnghttp2 && echo yes),libevent_openssl openssl libnghttp2)
origin_o := $(call objects,$(filter-out $(if $(origin_tls),,bench/origin/secure.c bench/origin/h2.c),$(wildcard bench/origin/*.c)) bench/util/alloc.c)
task_lib_o := $(call objects,$(wildcard c_impl/tasks/lib/*.c))
has_library = $(shell $(PC) --exists $(1) && echo yes)
has_header = $(shell printf '\043include <%s>\n' $(1) | $(CC) -fsyntax-only -x c - 2>/dev/null && echo yes)
# Tasks and transports whose library is not there are not built.
tasks_not_here := $(if $(call has_library,libxml-2.0),,scrape)
not_here := $(if $(call has_library,libpq),,sql) \
            $(if $(call has_library,hiredis),,cache) $(if $(call has_header,http_parser.h),,http)
tasks    := $(patsubst c_impl/tasks/%.c,$(BUILD)/tasks/%.so,$(filter-out $(tasks_not_here:%=c_impl/tasks/%.c),$(wildcard c_impl/tasks/*.c)))
transports := $(patsubst c_impl/transport/%.c,$(BUILD)/transport/%.so,$(filter-out $(not_here:%=c_impl/transport/%.c),$(wildcard c_impl/transport/*.c)))
# Parts of the C host that need what not every machine has: liburing, a compiler with OpenMP, Open MPI, hiredis, ZeroMQ,
# libhttp-parser.
plugins := $(patsubst %,$(BUILD)/plugins/%.so,$(if $(call has_library,liburing),uring block_uring) \
             $(if $(shell printf '\043include <omp.h>\n' | $(CC) -fopenmp -fsyntax-only -x c - 2>/dev/null && echo yes),openmp) \
             $(if $(call has_library,ompi-c),mpi) $(if $(call has_library,hiredis),redis) \
             $(if $(call has_library,libzmq),zmq) $(if $(call has_header,http_parser.h),http))
test_tasks := $(patsubst tests/tasks/%.c,$(BUILD)/test-tasks/%.so,$(wildcard tests/tasks/*.c)) \
              $(patsubst tests/tasks/%,$(BUILD)/test-tasks/%,$(wildcard tests/tasks/*.py))
unit_tests := $(filter-out $(not_here:%=$(BUILD)/unit/host_transport_%),$(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(wildcard tests/unit/*.c)))
# The files that '@' in a task's parameter stands before.
data := $(BUILD)/data/words.txt $(BUILD)/data/graph.txt
programs := $(BUILD)/cobench $(BUILD)/cobench-host $(BUILD)/cobench-host-embed $(BUILD)/cobench-origin

faulty := $(BUILD)/cobench-host-faulty

native := $(BUILD)/native/native$(shell '$(PYTHON)' -s -E -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))' 2>/dev/null)

.PHONY: all help install uninstall deb bench prices check-prices check-resume check-soak check-driver validate-statistics check-open-loop check-scaling tables plots figures examples transcripts page embed-shared test \
        test-c test-page test-py coverage asan tsan fuzz fuzz-smoke \
        fuzz-corpus fuzz-programs format clean
.DELETE_ON_ERROR:
.PRECIOUS: $(BUILD)/obj/%.o

all: $(programs) $(native) $(tasks) $(transports) $(plugins) $(BUILD)/python $(BUILD)/version $(data) $(if $(pythons_too),pythons) ## Build everything (the default)

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile
	@printf '%s\n' 'Variables:' \
	  '  CC= CFLAGS= LDFLAGS=        the compiler and its flags (gcc, -O2 -g)' \
	  '  PYTHON_PC=python3-embed     pkg-config module of the interpreter; PKG_CONFIG_PATH= finds one outside the system' \
	  '  PYTHONS="3.12 PATH ..."     more interpreters, each with an embed host and a module of its own: paths, names,' \
	  '                              versions, pyenv:3.12, uv:3.13t' \
	  '  EMBED=auto                  how cobench-host-embed is linked to it: auto, static, shared' \
	  '  BUILD=build                 the folder of the build' \
	  '  PREFIX=/usr/local DESTDIR=  where install puts what it installs, and a folder that stands for / meanwhile' \
	  '  WERROR=1 V=1                warnings are errors; show each command' \
	  '  SUITE=quick RUN=results/... of bench; of tables, plots, page and check-prices' \
	  '  N= ONLY= TRIES= HOURS= TIME= TARGET= FUZZ_CC=clang   of the checks and of fuzz, as their lines say'

bench: all ## Run a suite (SUITE=quick; smoke takes a minute) and print its table
	$(Q)$(BUILD)/cobench run --suite $(SUITE)

prices: all ## What one more thread, process, interpreter, coroutine and connection costs (10 minutes)
	$(Q)$(BUILD)/cobench run --suite prices

check-prices: all ## Hold these prices against smaps_rollup read by hand (RUN=results/... for a run that is there)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/prices.py $(RUN)

tables: all ## Make the tables again from the last run, or RUN=results/...
	$(Q)$(BUILD)/cobench report $(RUN)

plots: all ## Make the pictures again from the last run, or RUN=results/...
	$(Q)$(BUILD)/cobench report --quiet --plots $(RUN)

check-resume: all ## Kill a run 100 times (N=100) and take it up again: nothing lost, nothing doubled (10 minutes)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/kill_resume.py --tries $(or $(N),100)

.PHONY: check-services
check-services: all ## The same of runs with databases, brokers, engines and servers, 50 times (N=50): no process, socket, folder or shared memory is left
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/kill_resume.py --tries $(or $(N),50) --suite scripts/checks/kill_services.ini

.PHONY: check-pythons
check-pythons: all ## Free threading and interpreters, N=1000 runs a model of each interpreter (PYTHONS= ONLY=embed:interpreters)
	$(Q)'$(PYTHON)' -s -E scripts/checks/pythons.py $(if $(N),--runs $(N)) $(if $(ONLY),--only $(ONLY)) $(BUILD)

check-soak: all ## Kill any process of runs at random instants for hours (HOURS=2): nothing lost, doubled or left
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/soak.py --hours $(or $(HOURS),2) $(if $(STATE),--state $(STATE))

.PHONY: check-advice
check-advice: all ## Is the advice right on work whose best model is known beforehand? (TRIES=20 ONLY=tiny,waits; an hour and a half)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/advice.py $(if $(TRIES),--tries $(TRIES)) $(if $(ONLY),--only '$(ONLY)') $(if $(STATE),--state $(STATE))

check-driver: all ## What the driver adds to a sample, and its memory and time over 100,000 of them
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/driver.py

figures: all $(BUILD)/figures/openmp_null embed-shared ## Measure the target figures side by side (ONLY=3 for one of them)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/figures/run.py $(if $(ONLY),--only $(ONLY)) $(PYTHONS:%=--python %)

.PHONY: check-faults
check-faults: all $(faulty) $(test_tasks) ## Plant faults and see them named (TRIES=20 ONLY=slower,sleeps; three quarters of an hour)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/faults.py $(if $(TRIES),--tries $(TRIES)) $(if $(ONLY),--only $(ONLY))

.PHONY: check-hazards
check-hazards: all ## Deadlocks named, cures that finish, no false alarm, updates lost only without a lock (TRIES=20 N=1000 ONLY=deadlocks,alarms)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/hazards.py $(if $(TRIES),--tries $(TRIES)) $(if $(N),--runs $(N)) $(if $(ONLY),--only $(ONLY))

.PHONY: check-hosts
check-hosts: all ## Workers on two and four hosts made of network namespaces, and one cut off in the middle (as root; ONLY=c:mpi)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/hosts.py $(if $(ONLY),--only $(ONLY))

examples: all ## Run the examples again, and put their answers and numbers beside them (ONLY=fetch for one; on an idle machine)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/examples.py $(ONLY)

transcripts: all ## From an empty folder to the answer, with an installed cobench, in one command and two minutes
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/transcripts.py $(if $(ONLY),--only $(ONLY))

# The embed host once more, with the shared libpython, to be measured beside the other.
embed-shared:
	$(Q)$(MAKE) BUILD=$(BUILD)/shared EMBED=shared $(BUILD)/shared/cobench-host-embed $(BUILD)/shared/tasks/count.so

validate-statistics: all $(BUILD)/validate/statistics ## What docs/statistics.md claims, simulated and tried here (ONLY=trials for one section)
	$(Q)$(if $(filter trials,$(ONLY)),,$(BUILD)/validate/statistics $(ONLY))
	$(Q)$(if $(filter-out trials,$(ONLY)),,COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/trials.py)

check-open-loop: all ## Show that a stall of 200 ms is in the open loop's p99 and not in the closed loop's
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/open_loop.py

check-scaling: all ## Hold the fitted contention of real sweeps against what is known of them (2 minutes)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -s -E scripts/checks/scaling.py

# -- programs ---------------------------------------------------------------------------------------------------------

$(BUILD)/cobench: $(call objects,bench/cmd/main.c) $(BUILD)/libbench.a $(BUILD)/libcommon.a
$(BUILD)/cobench: libs_of = $(shell $(PC) --libs $(bench_libs)) -lm
$(BUILD)/cobench-host: $(call objects,c_impl/host/main.c c_impl/host/runtime_c.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(BUILD)/cobench-host: libs_of = $(shell $(PC) --libs jansson) -ldl -lm
# The same host with CPython inside. The bridge is the only C that includes Python.h.
# How to link it is asked once, and only where it is needed.
embed_link = $(eval embed_link := $(shell CC='$(CC)' '$(PYTHON)' -s -E scripts/embed_link.py $(EMBED)))$(embed_link)
bridge_cflags = -fvisibility=hidden $(shell $(PC) --cflags $(PYTHON_PC)) -DCOBENCH_PYTHON='"$(PYTHON)"' -DCOBENCH_EMBED='"$(firstword $(embed_link))"'
$(BUILD)/obj/c_impl/bridge/%.o: cflags_of = $(bridge_cflags)
$(BUILD)/cobench-host-embed: $(call objects,c_impl/host/main.c) $(embed_o) \
                             $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(BUILD)/cobench-host-embed: libs_of = $(shell $(PC) --libs jansson) -ldl -lm $(wordlist 2,99,$(embed_link))
# C tasks inside Python, and the C host's thread pool behind one call. Nothing of the host's is visible outside.
$(native): libs_of = -Wl,--exclude-libs,ALL -ldl -lm
$(native): $(call objects,$(native_c)) \
           $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
# The same once more for each of PYTHONS: an embed host, a module, and under $(BUILD)/pythons the interpreter that they are of.
.PHONY: pythons one-python
pythons: $(BUILD)/python $(BUILD)/flags $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(Q)'$(PYTHON)' -I scripts/interpreters.py $(BUILD) --make $(pythons_too) >$(BUILD)/pythons.new && \
	  while IFS="$$(printf '\t')" read -r label path headers suffix; do $(MAKE) --no-print-directory one-python \
	    "ONE=$$label" "ONE_PYTHON=$$path" "ONE_HEADERS=$$headers" "ONE_SUFFIX=$$suffix" </dev/null || exit 1; done <$(BUILD)/pythons.new
ifdef ONE
one_embed := $(BUILD)/cobench-host-embed-$(ONE)
one_native := $(BUILD)/native/native$(ONE_SUFFIX)
one_objects = $(patsubst %.c,$(BUILD)/obj/pythons/$(ONE)/%.o,$(1))
one_link = $(eval one_link := $(shell CC='$(CC)' '$(ONE_PYTHON)' -s -E scripts/embed_link.py $(EMBED)))$(one_link)
one-python: $(one_embed) $(one_native)
	$(Q)mkdir -p $(BUILD)/pythons && printf '%s\n' '$(ONE_PYTHON)' >$(BUILD)/pythons/$(ONE)
$(BUILD)/obj/pythons/$(ONE)/%.o: cflags_of = -fvisibility=hidden '-I$(ONE_HEADERS)' -DCOBENCH_PYTHON='"$(ONE_PYTHON)"' \
                                            -DCOBENCH_EMBED='"$(firstword $(one_link))"'
$(BUILD)/obj/pythons/$(ONE)/%.o: %.c $(BUILD)/flags
	$(call say,CC,$< for $(ONE))
	$(Q)mkdir -p $(@D) && $(compile)
$(one_embed): libs_of = $(shell $(PC) --libs jansson) -ldl -lm $(wordlist 2,99,$(one_link))
$(one_embed): $(call objects,c_impl/host/main.c) $(call one_objects,$(embed_c)) \
              $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(link)
ifneq ($(one_native),$(native)) # which serves all of its version
$(one_native): libs_of = -Wl,--exclude-libs,ALL -ldl -lm
$(one_native): $(call one_objects,$(native_c)) \
               $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
endif
endif
$(BUILD)/cobench-origin: $(origin_o) $(BUILD)/libcommon.a
$(BUILD)/cobench-origin: libs_of = $(shell $(PC) --libs libevent $(origin_tls))
$(BUILD)/obj/bench/origin/%.o: cflags_of = $(if $(origin_tls),-DORIGIN_TLS)
# The C host with models that do more work than they say, or only seem to run side by side.
$(faulty): $(call objects,c_impl/host/main.c c_impl/host/runtime_c.c tests/faults/models.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(faulty): libs_of = $(shell $(PC) --libs jansson) -ldl -lm
$(programs) $(faulty):
	$(call say,LINK,$@)
	$(Q)$(link)

$(BUILD)/libbench.a: $(bench_o)
$(BUILD)/libhost.a: $(host_o)
$(BUILD)/libcommon.a: $(common_o)
$(BUILD)/lib%.a:
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The OpenMP loop that `make figures` holds the thread pool against: the host's flags and -fopenmp.
$(BUILD)/obj/scripts/figures/openmp_null.o: cflags_of = -fopenmp
$(BUILD)/figures/openmp_null: libs_of = -fopenmp -ldl
$(BUILD)/figures/openmp_null: $(BUILD)/obj/scripts/figures/openmp_null.o $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link)

# Tasks are plug-ins: one shared object each, with what it uses of what they share, and of the libraries, linked in.
$(BUILD)/libtask.a: $(task_lib_o)
$(tasks): libs_of = -Wl,--as-needed $(shell $(PC) --libs zlib) -lm
$(BUILD)/tasks/scrape.so: libs_of = -Wl,--as-needed $(shell $(PC) --libs libxml-2.0 zlib)
$(BUILD)/obj/c_impl/tasks/scrape.o: cflags_of = $(shell $(PC) --cflags libxml-2.0)
$(BUILD)/tasks/%.so: $(BUILD)/obj/c_impl/tasks/%.o $(BUILD)/libtask.a
	$(call say,TASK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
$(BUILD)/test-tasks/%.so: $(BUILD)/obj/tests/tasks/%.o $(BUILD)/libtask.a
	$(call say,TASK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
# The host with an interpreter looks for a plug-in's Python counterpart beside it.
$(BUILD)/test-tasks/%.py: tests/tasks/%.py
	$(Q)mkdir -p $(@D) && cp $< $@
$(BUILD)/transport/curl.so: libs_of = $(shell $(PC) --libs libcurl)
$(BUILD)/transport/command.so: libs_of = $(shell $(PC) --libs zlib)
$(BUILD)/transport/sql.so: libs_of = $(shell $(PC) --libs libpq)
$(BUILD)/obj/c_impl/transport/sql.o: cflags_of = $(shell $(PC) --cflags libpq)
$(BUILD)/transport/http.so: libs_of = -lhttp_parser
$(BUILD)/transport/%.so: $(BUILD)/obj/c_impl/transport/%.o $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
$(BUILD)/transport/cache.so: libs_of = $(shell $(PC) --libs hiredis)
$(BUILD)/transport/cache.so: $(call objects,c_impl/transport/cache.c c_impl/redis/link.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(BUILD)/transport/block.so: libs_of = -ldl
$(BUILD)/transport/block.so: $(call objects,c_impl/transport/block.c c_impl/transport/block/threads.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(BUILD)/transport/cache.so $(BUILD)/transport/block.so:
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
$(BUILD)/plugins/uring.so $(BUILD)/plugins/block_uring.so: libs_of = $(shell $(PC) --libs liburing)
$(BUILD)/plugins/openmp.so: libs_of = -fopenmp
$(BUILD)/plugins/redis.so: libs_of = $(shell $(PC) --libs hiredis)
$(BUILD)/plugins/redis.so: $(call objects,c_impl/dispensers/redis.c c_impl/dispensers/redis_feed.c c_impl/redis/link.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(BUILD)/plugins/zmq.so: libs_of = $(shell $(PC) --libs libzmq)
$(BUILD)/plugins/zmq.so: $(call objects,c_impl/dispensers/zmq.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
$(BUILD)/plugins/redis.so $(BUILD)/plugins/zmq.so:
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
$(BUILD)/plugins/http.so: libs_of = -lhttp_parser
$(BUILD)/plugins/http.so: $(BUILD)/obj/c_impl/servers/parser.o
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
$(BUILD)/obj/c_impl/plugins/openmp.o: cflags_of = -fopenmp
$(BUILD)/plugins/mpi.so: libs_of = $(shell $(PC) --libs ompi-c)
$(BUILD)/obj/c_impl/engines/mpi.o: cflags_of = $(shell $(PC) --cflags ompi-c)
$(BUILD)/plugins/mpi.so: $(BUILD)/obj/c_impl/engines/mpi.o $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)
$(BUILD)/plugins/%.so: $(BUILD)/obj/c_impl/plugins/%.o $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link_so)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(compile)

# The page's style and script as strings of C.
$(BUILD)/gen/page_text.c: bench/report/html/page.css bench/report/html/page.js
	$(call say,TEXT,$@)
	$(Q)mkdir -p $(@D) && { echo '#include "bench/report/html/page_text.h"'; for f in css js; do \
	  echo "const char page_$$f[] ="; sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' bench/report/html/page.$$f; echo ';'; done; } >$@
$(BUILD)/obj/bench/report/html/page_text.o: $(BUILD)/gen/page_text.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(compile)

# Rebuild when the compiler or its flags change, or what the origin can speak: they are part of a result. Before anything is compiled, what is not
# installed is named.
needs = $(PC) --exists $(1) || { PYTHON_PC='$(PYTHON_PC)' scripts/setup.sh missing $(2) >&2; exit 1; }
$(BUILD)/flags: FORCE
	$(Q)$(call needs,$(bench_libs) libcurl libevent '$(PYTHON_PC)',build)
	$(Q)mkdir -p $(@D) && printf '%s\n' '$(CC) $(subst ','\'',$(CFLAGS) $(LDFLAGS)) $(VERSION) $(PYTHON) $(EMBED) $(origin_tls)' >$@.new && \
	  if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# The path of the interpreter that the Python host runs under.
$(BUILD)/python: FORCE
	$(Q)mkdir -p $(@D) && if ! test -x '$(PYTHON)'; then \
	  echo "make: $(PYTHON_PC): no interpreter at '$(PYTHON)' (./scripts/setup.sh installs one; PYTHON_PC= names another)" >&2; \
	  exit 1; fi && printf '%s\n' '$(PYTHON)' >$@.new && if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# What the program is made of, for `cobench --version`. Beside the program and not in it: a commit alone makes no other program.
$(BUILD)/version: FORCE
	$(Q)mkdir -p $(@D) && printf 'commit   %s\ncompiler %s, %s\nPython   %s (%s)\n' \
	  "$$(git --git-dir=.git --work-tree=. describe --always --abbrev=40 --dirty --exclude='*' 2>/dev/null || echo unknown)" \
	  "$$($(CC) --version | head -n 1)" '$(subst ','\'',$(CFLAGS))' '$(py_version)$(py_threaded)' '$(PYTHON)' >$@.new && \
	  if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: FORCE
FORCE:

# The default text of `wordcount`, from a fixed seed.
$(BUILD)/data/words.txt: scripts/make_words.py $(BUILD)/python
	$(call say,TEXT,$@)
	$(Q)mkdir -p $(@D) && '$(PYTHON)' -s -E scripts/make_words.py >$@
# And that of `graph`.
$(BUILD)/data/graph.txt: share/graph.txt
	$(call say,TEXT,$@)
	$(Q)mkdir -p $(@D) && cp $< $@

# -- installing -------------------------------------------------------------------------------------------------------

# All that the program needs lies in one folder, lib/cobench, from where it finds it as it does in a build.
lib = $(DESTDIR)$(PREFIX)/lib/cobench
man_pages := $(BUILD)/share/man/man1/cobench.1
$(man_pages): scripts/manual.py $(programs) $(native) $(tasks) $(BUILD)/python docs/suites.md c_impl/include/cobench/task.h py_impl/contract.py py_impl/knobs.py
	$(call say,MAN,$(BUILD)/share)
	$(Q)rm -rf $(BUILD)/share && '$(PYTHON)' -s -E scripts/manual.py $(BUILD)

install: all $(man_pages) ## Install under PREFIX (/usr/local; DESTDIR= stands for / meanwhile)
	$(call say,INSTALL,$(lib))
	$(Q)umask 022; set -e; rm -rf '$(lib)'; \
	  mkdir -p '$(lib)' $(foreach d,bin include/cobench lib/pkgconfig share/doc/cobench,'$(DESTDIR)$(PREFIX)/$(d)'); \
	  tar -C $(BUILD) -cf - $(patsubst $(BUILD)/%,%,$(programs) $(wildcard $(BUILD)/cobench-host-embed-* $(BUILD)/pythons)) native tasks transport $(if $(plugins),plugins) data python version | tar -C '$(lib)' -xof -; \
	  tar -cf - --exclude=__pycache__ py_impl c_impl/include bench/suites bench/claims scripts/plots scripts/interpreters.py share/templates | tar -C '$(lib)' -xof -; \
	  '$(PYTHON)' -s -E -m compileall -q -d '$(PREFIX)/lib/cobench/py_impl' '$(lib)/py_impl'; \
	  chmod -R u+rwX,go=rX '$(lib)'; \
	  for p in cobench cobench-origin; do ln -sfn ../lib/cobench/$$p '$(DESTDIR)$(PREFIX)'/bin/$$p; done; \
	  install -m 644 c_impl/include/cobench/task.h '$(DESTDIR)$(PREFIX)/include/cobench/'; \
	  printf '%s\n' 'prefix=$(PREFIX)' 'Name: cobench' 'Description: the contract of the tasks of cobench' 'Version: $(VERSION)' \
	    'Cflags: -I$${prefix}/include' >'$(DESTDIR)$(PREFIX)/lib/pkgconfig/cobench.pc'; \
	  install -m 644 LICENSE README.md CHANGELOG.md docs/* '$(DESTDIR)$(PREFIX)/share/doc/cobench/'; \
	  for f in $$(cd $(BUILD)/share && find * -type f); do \
	    install -D -m 644 $(BUILD)/share/$$f '$(DESTDIR)$(PREFIX)'/share/$$f; done

uninstall: ## Remove what install put under PREFIX
	$(Q)cd '$(DESTDIR)$(PREFIX)' && rm -rf lib/cobench include/cobench share/doc/cobench && \
	  rm -f bin/cobench bin/cobench-origin lib/pkgconfig/cobench.pc share/man/man1/cobench.1 share/man/man1/cobench-*.1 \
	    share/man/man5/cobench-suite.5 share/man/man7/cobench-task.7 share/bash-completion/completions/cobench \
	    share/zsh/site-functions/_cobench share/fish/vendor_completions.d/cobench.fish

deb: override PREFIX := /usr
deb: override DESTDIR := $(BUILD)/deb
deb: install ## Make the package build/cobench_VERSION_ARCHITECTURE.deb, for the Debian release that this is
	$(call say,DEB,$(BUILD)/cobench_$(VERSION)_*.deb)
	$(Q)scripts/make_deb.sh $(BUILD) $(VERSION) '$(PYTHON)'

# -- tests ------------------------------------------------------------------------------------------------------------

test: all test-c test-py fuzz-smoke ## Run all tests

# The fuzz targets are compiled along, so that they keep to what they call also where there is no libFuzzer.
test-c: $(unit_tests) $(BUILD)/cobench-host $(call objects,$(wildcard tests/fuzz/*.c)) $(tasks) $(transports) $(plugins) $(test_tasks) $(data) ## C unit tests (cmocka)
	$(Q)ln -sfn ../plugins $(BUILD)/unit/plugins; set -e; for t in $(unit_tests); do echo "== $$t"; COBENCH_BUILD=$(BUILD) timeout 300 $$t; done
	$(Q)$(foreach t,$(wildcard $(not_here:%=tests/unit/host_transport_%.c)),echo '$(t): skipped, as its library is not here';)

test-page: all ## The page in Chromium (screenshots in build/page)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -m pytest -q -p no:cacheprovider -rs tests/page

docs/page.png: all ## The README's picture of a page, that of results/reference/quick, by Chromium
	$(Q)$(BUILD)/cobench report --quiet --no-plots results/reference/quick
	$(Q)timeout 60 chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars --window-size=1000,640 \
	  '--screenshot=$@' 'file://$(CURDIR)/results/reference/quick/index.html' 2>/dev/null

page: all ## Make a run's page again, RUN/index.html, and open it
	$(Q)$(BUILD)/cobench report --quiet --open $(RUN)

test-py: all $(faulty) $(test_tasks) ## Hosts, driver and the Python side (pytest)
	$(Q)COBENCH_BUILD=$(BUILD) '$(PYTHON)' -m pytest -q -p no:cacheprovider $(if $(shell '$(PYTHON)' -c 'import xdist' 2>/dev/null && echo yes),-n auto) tests

$(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/unit/*.c)): | needs-cmocka
.PHONY: needs-cmocka
needs-cmocka:
	$(Q)$(call needs,cmocka,test)

# tests/unit/host_*.c stand on the host, tests/unit/embed_*.c on the one with an interpreter, tests/unit/bench_*.c on the
# driver, tests/unit/task_*.c on what tasks share, tests/unit/common_*.c on none of these.
$(BUILD)/unit/host_%: $(BUILD)/obj/tests/unit/host_%.o $(call objects,c_impl/host/runtime_c.c) $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs jansson cmocka) -ldl -lm
$(BUILD)/obj/tests/unit/embed_%.o: cflags_of = $(bridge_cflags)
$(BUILD)/unit/embed_%: $(BUILD)/obj/tests/unit/embed_%.o $(embed_o) \
                       $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs jansson cmocka) -ldl -lm $(wordlist 2,99,$(embed_link))
$(BUILD)/unit/bench_%: $(BUILD)/obj/tests/unit/bench_%.o $(BUILD)/libbench.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs $(bench_libs) cmocka) -lm
$(BUILD)/unit/task_%: $(BUILD)/obj/tests/unit/task_%.o $(BUILD)/libtask.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs cmocka)
$(BUILD)/unit/common_%: $(BUILD)/obj/tests/unit/common_%.o $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs cmocka) -lm

# The simulations of `make validate-statistics` serve a test with few trials, too.
validate_o := $(call objects,$(wildcard tests/validate/*.c))
$(BUILD)/validate/statistics: $(validate_o) $(BUILD)/libbench.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs $(bench_libs)) -lm
$(BUILD)/unit/bench_simulate: $(call objects,tests/unit/bench_simulate.c tests/validate/simulate.c) $(BUILD)/libbench.a \
                              $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(link) $(shell $(PC) --libs $(bench_libs) cmocka) -lm

coverage: ## Line coverage of the driver and the hosts under their tests, a row per folder (20 minutes)
	$(Q)$(MAKE) BUILD=$(BUILD)/coverage CFLAGS='-O0 -g --coverage' LDFLAGS=--coverage test-c test-py
	$(Q)'$(PYTHON)' -s -E scripts/checks/coverage.py $(BUILD)/coverage

asan: ## C tests under AddressSanitizer and UBSan
	$(Q)ASAN_OPTIONS=detect_stack_use_after_return=1 $(MAKE) BUILD=$(BUILD)/asan CFLAGS='-O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all' test-c

tsan: ## C tests under ThreadSanitizer, and which variants of the tasks that share something race
	$(Q)$(MAKE) BUILD=$(BUILD)/tsan CFLAGS='-O1 -g -fsanitize=thread' test-c
	$(Q)COBENCH_BUILD=$(BUILD)/tsan '$(PYTHON)' -s -E scripts/checks/races.py

# -- fuzzing ----------------------------------------------------------------------------------------------------------

# Everything is built once more under build/fuzz, by clang: libFuzzer is its own.
fuzz_flags := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_programs := $(patsubst tests/fuzz/%.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz_build = $(MAKE) --no-print-directory $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell getconf _NPROCESSORS_ONLN)) \
             BUILD=$(BUILD)/fuzz CC='$(FUZZ_CC)' CFLAGS='$(fuzz_flags)' LDFLAGS= WERROR= fuzz-programs
fuzz_run = FUZZ_CC='$(FUZZ_CC)' '$(PYTHON)' -s -E scripts/fuzz.py --build $(BUILD)/fuzz $(if $(TARGET),--target $(TARGET))

fuzz: ## Fuzz the parsers under ASan and UBSan (TIME=600 seconds each, TARGET=suite for one of them)
	$(Q)$(fuzz_run) probe
	$(Q)$(fuzz_build)
	$(Q)$(fuzz_run) --time $(TIME) run

fuzz-smoke: ## The same for a few seconds each, from the committed corpus with a fixed seed
	$(Q)if $(fuzz_run) --skip probe; then $(fuzz_build) && $(fuzz_run) smoke; else test $$? = 77; fi

fuzz-corpus: ## Put what `make fuzz` found that covers more into tests/fuzz/corpus, as little of it as will do
	$(Q)$(fuzz_run) probe
	$(Q)$(fuzz_build)
	$(Q)$(fuzz_run) merge

fuzz-programs: $(fuzz_programs)

# The command lines end in argp, which would end the program (tests/fuzz/argp_quiet.h).
$(BUILD)/fuzz_run_options $(BUILD)/fuzz_commands $(BUILD)/fuzz_plan: libs_of = -Wl,--wrap=argp_parse
fuzz_support_o := $(call objects,tests/fuzz/support.c tests/fuzz/given.c tests/fuzz/render_all.c bench/origin/query.c)
$(BUILD)/libfuzz.a: $(fuzz_support_o)
$(BUILD)/fuzz_host_%: $(BUILD)/obj/tests/fuzz/fuzz_host_%.o $(BUILD)/libfuzz.a $(call objects,c_impl/host/runtime_c.c) \
                      $(BUILD)/libhost.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(link) -fsanitize=fuzzer $(shell $(PC) --libs jansson) -ldl -lm
$(BUILD)/fuzz_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/libfuzz.a $(BUILD)/libbench.a $(BUILD)/libcommon.a
	$(call say,LINK,$@)
	$(Q)$(link) -fsanitize=fuzzer $(shell $(PC) --libs $(bench_libs)) -lm

format: ## Lay the C code out as .clang-format says
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

clean: ## Remove the build
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
