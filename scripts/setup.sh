#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what cobench needs and is missing, then runs make: the one command for a machine that has nothing yet.
# `./scripts/setup.sh --help` says how. On a machine without apt-get it only names what is missing.
set -euo pipefail

# Every dependency, once. Columns: what it is needed for; the Debian package, and after `|` others that serve as well
# (the first one installed counts, else the first one this release has); how to look for it where there is no dpkg
# (command, pkg-config module, C header, Python module, nginx module; `-`: cannot be told); why.
# build and run: every make target; test: make test; figures: make figures (whose OpenMP comes with gcc); clients, kernels, engines, services and servers:
# nothing needs them, what stands on one that is missing says so.
dependencies='
build   gcc                                    cmd:gcc        C compiler
build   make                                   cmd:make       runs the build
build   pkgconf|pkg-config                     cmd:pkg-config finds the libraries
build   libc6-dev                              hdr:stdio.h    C headers
build   libcurl4-openssl-dev|libcurl4-gnutls-dev pc:libcurl   the C host asks for URLs
build   libjansson-dev                         pc:jansson     JSON in the driver and the C host
build   libgsl-dev                             pc:gsl         statistics in the driver
build   libevent-dev                           pc:libevent    the origin, the loopback HTTP server
build   zlib1g-dev                             pc:zlib        CRC-32 of what was fetched
build   python3                                cmd:python3    the Python host
build   python3-dev                            pc:python3-embed finds the interpreter; embedding it
run     hyperfine                              cmd:hyperfine  times the commands
run     gnuplot-nox|gnuplot-qt|gnuplot-x11     cmd:gnuplot    the pictures
run     fonts-dejavu-core                      -              their letters
test    libcmocka-dev                          pc:cmocka      unit tests in C
test    python3-pytest                         py:pytest      tests in Python
test    python3-pytest-xdist                   py:xdist       runs them on every CPU
test    python3-jsonschema                     py:jsonschema  checks records against their schema
test    clang                                  cmd:clang      builds the fuzz targets
test    libclang-rt-dev                        -              its sanitizers and libFuzzer
test    iproute2                               cmd:ip         hosts made of network namespaces (make check-hosts)
test    chromium                               cmd:chromium   the page in a browser
test,figures,servers nginx|nginx-light|nginx-full cmd:nginx   a real server to test against, and before a server of ours
test,figures libnginx-mod-http-echo            ngx:ngx_http_echo_module its answers after a delay
figures wrk                                    cmd:wrk        puts the servers under load
clients,servers libhttp-parser-dev             hdr:http_parser.h --client http in the C host, and its servers
clients libssl-dev                             pc:openssl     tls=1 of fetch: the origin over TLS
clients libnghttp2-dev                         pc:libnghttp2  http=2 of fetch: the origin over HTTP/2
clients python3-pycurl                         py:pycurl      --client pycurl: libcurl, which the C host uses, from Python
clients python3-urllib3                        py:urllib3     --client urllib3, on which requests stands
clients python3-requests                       py:requests    --client requests
clients python3-httpx                          py:httpx       --client httpx, blocking and on every loop
clients python3-h2                             py:h2          its HTTP/2
clients python3-aiohttp                        py:aiohttp     --client aiohttp
clients,servers python3-uvloop                 py:uvloop      --loop uvloop: libuv under asyncio; uvicorn takes it where it is there
clients python3-trio                           py:trio        --loop trio
clients python3-anyio                          py:anyio       ends the requests of httpx in time on any loop
kernels python3-numba                          py:numba       the runtime numba: Python functions compiled by LLVM
kernels cython3                                py:Cython      the runtime cython: typed Python compiled by way of C
engines,services redis-server                  cmd:redis-server the service redis, a broker and cache that a run starts
engines,services libhiredis-dev                pc:hiredis     --dispenser redis and the ask cache in the C host
engines,services python3-redis                 py:redis       --dispenser redis and the ask cache in the Python host
services,figures postgresql                    pg:postgres    the service postgresql, a database that a run starts
services libpq-dev                             pc:libpq       the ask sql in the C host
services python3-psycopg                       py:psycopg     the ask sql in the Python host
services python3-asyncpg                       py:asyncpg     --client asyncpg
services,test liburing-dev                     pc:liburing    the ask block on an event loop, and the model uring
figures redis-tools                            cmd:redis-benchmark puts Redis under load
figures fio                                    cmd:fio        reads blocks of a file
engines libzmq3-dev                            pc:libzmq      --dispenser zmq in the C host
engines python3-zmq                            py:zmq         --dispenser zmq in the Python host
engines openmpi-bin                            cmd:mpirun     starts the ranks of the model mpi
engines libopenmpi-dev                         pc:ompi-c      the model mpi in the C host
engines python3-mpi4py                         py:mpi4py      the model mpi in the Python host
engines python3-celery                         py:celery      the model celery, on Redis
engines python3-distributed                    py:distributed the model dask
services libxml2-dev                           pc:libxml-2.0  the task scrape in the C hosts: its parser of HTML
servers python3-h11                            py:h11         the server asyncio of the Python host, and uvicorn
servers python3-gunicorn                       py:gunicorn    the servers gunicorn, gunicorn-gthread and flask
servers python3-flask                          py:flask       the server flask
servers python3-uvicorn                        py:uvicorn     the server uvicorn
'

usage() {
    cat <<'EOF'
Usage: ./scripts/setup.sh install|bench|test|figures [ARGUMENT...]
       ./scripts/setup.sh packages|clients|kernels|engines|services|servers
       ./scripts/setup.sh missing USE...
       ./scripts/setup.sh --help

  install   install what is missing, then make install   (under /usr/local as root; with PREFIX=DIR as you)
  bench     install what is missing, then make bench     (bench SUITE=smoke takes a minute)
  test      install what is missing, then make test
  figures   install what is missing, then make figures
  packages  install all that any of these needs, and make nothing
  kernels   install what the runtimes numba and cython need, and make nothing
  clients   install the HTTP clients and event loops of others that --client and --loop name, and make nothing
  engines   install the brokers and engines that --dispenser and the models mpi, celery and dask stand on, and make nothing
  services  install the databases and caches that tasks ask (PostgreSQL, Redis) with their clients, and what parses pages, and make nothing
  servers   install what the servers in Python stand on, and nginx, and make nothing
  missing   install nothing: name what the compiler will not find for build, run, test or figures

Further arguments go to make. Packages are installed by apt-get, as root or through sudo; where nothing is missing,
nothing is installed and neither is needed. Without apt-get the missing parts are named, and installing them is yours.
EOF
}

say() { printf 'setup: %s\n' "$*"; }
die() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# -- what is missing --------------------------------------------------------------------------------------------------

# The Python that the build uses: the one that belongs to python3-embed, not whatever stands first on PATH.
python() {
    local module=${PYTHON_PC:-python3-embed} suffix=''
    case $module in *t-embed) suffix=t ;; esac
    "$(pkg-config --variable=prefix "$module")/bin/python$(pkg-config --modversion "$module")$suffix" -s -E "$@"
}

nginx_has() {
    local folder
    for folder in /usr/lib/nginx/modules /usr/lib64/nginx/modules /usr/share/nginx/modules; do
        if [ -e "$folder/$1.so" ]; then return 0; fi
    done
    return 1
}

# Whether a part is there, on a machine whose packages we cannot ask.
probe() {
    local what=${1#*:}
    case $1 in
    cmd:*) command -v "$what" ;;
    pg:*) command -v "$what" || ls /usr/lib/postgresql/*/bin/"$what" ;;
    pc:python3-embed) pkg-config --exists "${PYTHON_PC:-python3-embed}" ;;
    pc:*) pkg-config --exists "$what" ;;
    hdr:*) printf '#include <%s>\n' "$what" | gcc -E - ;;
    py:*) python -c "import $what" ;;
    ngx:*) nginx_has "$what" ;;
    -) true ;;
    esac >/dev/null 2>&1
}

# Whether one of the packages `a|b|c` is installed, by the list in $installed.
any_installed() {
    local package
    for package in ${1//|/ }; do
        case $installed in *" $package "*) return 0 ;; esac
    done
    return 1
}

# Whether one of the uses `a,b` is among the arguments behind it.
any_of() {
    local wanted=$1 use
    shift
    for use in "$@"; do
        case ,$wanted, in *",$use,"*) return 0 ;; esac
    done
    return 1
}

# Sets `missing`: the rows of the table that are needed for the uses given and not there.
find_missing() {
    local row for_use packages how about
    missing=()
    if [ "$debian" = yes ]; then
        # dpkg-query fails where a database is empty; then nothing is installed, which is what the list says.
        # shellcheck disable=SC2016  # dpkg-query's own variables
        installed=" $(dpkg-query -W -f='${Package} ${db:Status-Status}\n' | awk '$2 == "installed" {print $1}' | tr '\n' ' ') "
    fi
    while read -r row; do
        [ -n "$row" ] || continue
        read -r for_use packages how about <<<"$row"
        any_of "$for_use" "$@" || continue
        if [ "$debian" = yes ]; then any_installed "$packages" && continue; else probe "$how" && continue; fi
        missing+=("$packages $about")
    done <<<"$dependencies"
}

# -- installing -------------------------------------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# The first of `a|b|c` that this release has.
choose() {
    local package
    for package in ${1//|/ }; do
        if [ -n "$(apt-cache show --no-all-versions "$package" 2>/dev/null)" ]; then
            printf '%s\n' "$package"
            return
        fi
    done
    die "this release has none of the packages ${1//|/, }; see the sources of apt"
}

# Debian starts and enables a service as soon as it is installed. Ours are wanted as programs only, run by tests and runs
# for themselves; a server that appears on a port is nothing a benchmark may leave behind, and it would be noise in it. policy-rc.d is Debian's way to say so; one that is there already is the administrator's and stays.
policy=/usr/sbin/policy-rc.d
policy_made=no
services_forbid() {
    if [ -e "$policy" ]; then return; fi
    policy_made=yes
    # shellcheck disable=SC2016  # $1 belongs to the inner shell
    as_root sh -c 'printf "#!/bin/sh\nexit 101\n" >"$1" && chmod 755 "$1"' sh "$policy"
}
services_allow() {
    if [ "$policy_made" = yes ]; then as_root rm -f "$policy"; fi
    policy_made=no
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" </dev/null
}

install_packages() {
    local names=("$@") services=() service
    for service in nginx redis-server postgresql; do
        case " ${names[*]} " in *" $service"*) services+=("$service") ;; esac
    done
    if [ ${#services[@]} != 0 ]; then
        say "the services ${services[*]} are neither started nor enabled by this; what needs the programs starts them for itself"
        trap services_allow EXIT
        trap 'exit 130' INT TERM HUP
        services_forbid
    fi
    apt_get install --no-install-recommends "${names[@]}" || die "apt-get could not install ${names[*]}"
    if [ ${#services[@]} != 0 ]; then
        services_allow
        trap - EXIT INT TERM HUP
        for service in "${services[@]}"; do
            as_root update-rc.d "$service" disable >/dev/null 2>&1 || say "note: $service stays enabled at boot"
        done
    fi
}

# Installs what the uses given need and what is missing.
provide() {
    local entry names=()
    find_missing "$@"
    if [ ${#missing[@]} = 0 ]; then return; fi
    if [ "$debian" = no ]; then
        printf 'setup: missing here (Debian name: what for):\n' >&2
        for entry in "${missing[@]}"; do printf '  %s: %s\n' "${entry%% *}" "${entry#* }" >&2; done
        die "no apt-get on this machine: install these, then run this again"
    fi
    say "will install:"
    for entry in "${missing[@]}"; do
        printf '  %-22s %s\n' "${entry%%[| ]*}" "${entry#* }"
        names+=("${entry%%[| ]*}")
    done
    if [ "$(id -u)" != 0 ] && ! { command -v sudo && sudo -v; } >/dev/null 2>&1; then
        die "needs root, and sudo does not work here; as root: apt-get update && apt-get install --no-install-recommends ${names[*]}"
    fi
    apt_get update || die "apt-get update failed: is the network there?"
    names=()
    for entry in "${missing[@]}"; do names+=("$(choose "${entry%% *}")"); done
    install_packages "${names[@]}"
    find_missing "$@"
    if [ ${#missing[@]} != 0 ]; then die "still missing after the installation: ${missing[*]%% *}"; fi
}

# Names what is missing for the uses given, for make, and how to get it.
name_missing() {
    local entry module=${PYTHON_PC:-python3-embed}
    debian=no # what counts is what the compiler finds, not which packages are installed
    find_missing "$@"
    for entry in ${missing[@]+"${missing[@]}"}; do
        case $entry in
        python3-dev\ *)
            if [ "$module" != python3-embed ]; then
                printf "make: PYTHON_PC=%s: pkg-config has no such module; PKG_CONFIG_PATH= names the folder of its .pc file\n" "$module"
                continue
            fi
            ;;
        esac
        printf 'make: missing: %s (%s)\n' "${entry%%[| ]*}" "${entry#* }"
    done
    printf 'make: ./scripts/setup.sh packages installs what can be installed\n'
}

# -- main -------------------------------------------------------------------------------------------------------------

main() {
    local root action=${1-} uses argument settings=()
    case $action in
    install | bench) uses='build run' ;;
    test) uses='build run test' ;;
    figures) uses='build run figures' ;;
    packages) uses='build run test figures' ;;
    clients | kernels | engines | services | servers) uses=$action ;;
    missing)
        shift
        name_missing "$@"
        return
        ;;
    -h | --help)
        usage
        return
        ;;
    *)
        printf "setup: '%s' is none of install, bench, test, figures, packages, clients, kernels, engines, services, servers, missing (--help says more)\n" "$action" >&2
        exit 2
        ;;
    esac
    shift
    root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
    PATH=$PATH:/usr/sbin:/sbin # where nginx and update-rc.d are, also for a user who has them not on his PATH
    debian=no
    if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then debian=yes; fi
    for argument in "$@"; do
        case $argument in PYTHON_PC=*) PYTHON_PC=${argument#*=} ;; esac
        case $argument in *=*) settings+=("$argument") ;; esac
    done
    # shellcheck disable=SC2086  # a list of words
    provide $uses
    case $action in
    packages | clients | kernels | engines | services | servers)
        say "all that is needed for these uses is installed: $uses"
        return
        ;;
    esac
    # Building may use every CPU; what is measured or tested afterwards goes one at a time.
    make -C "$root" -j"$(getconf _NPROCESSORS_ONLN)" all ${settings[@]+"${settings[@]}"}
    case " $action ${settings[*]-}" in
    *' 'PREFIX=* | *' 'DESTDIR=*) ;;
    ' install '*)
        as_root make -C "$root" install "$@"
        return
        ;;
    esac
    exec make -C "$root" "$action" "$@"
}

main "$@"
