#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a Debian package of what `make install PREFIX=/usr DESTDIR=BUILD/deb` left: make_deb.sh BUILD VERSION PYTHON.
# It needs the libraries it is linked to in the versions of this machine or newer, and this interpreter.
set -euo pipefail
shopt -s inherit_errexit
build=$1 version=$2 python=$3
root=$build/deb
trap 'rm -rf "$root"' EXIT

# "PACKAGE FILE" of each file; where /lib is a link to /usr/lib, dpkg may know it by either name.
owners() {
    local file
    for file; do printf '%s\n' "$file" "/usr$file" "${file#/usr}"; done | xargs dpkg-query -S 2>/dev/null |
        sed -n 's|^\([^:,]*\):[^/]*\(/.*\)$|\1 \2|p' || true
}

# What dpkg calls the packages that are installed, in these versions or newer. The interpreter's may be one without the
# standard library, PYTHON-minimal.
at_least() {
    # shellcheck disable=SC2016  # dpkg-query's own variables
    dpkg-query -W -f='${Package} ${Version}\n' "$@" | sed 's/-minimal / /; s/\( .*\)-[^-]*$/\1/; s/ \(.*\)/ (>= \1)/' | sort -u
}

# The packages of the libraries that these programs are linked to, one each, and of the files in $also.
also=()
libraries() {
    local needed owned file files packages
    needed=$(objdump -p "$@" | awk '$1 == "NEEDED" {print $2}' | sort -u)
    mapfile -t files < <(ldd "$@" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | sort -u | grep -F "$needed")
    files+=("${also[@]}")
    owned=$(owners "${files[@]}")
    for file in "${files[@]}"; do
        grep -q "/${file##*/}\$" <<<"$owned" || { echo "make_deb: $file belongs to no package" >&2; exit 1; }
    done
    mapfile -t packages < <(cut -d ' ' -f 1 <<<"$owned" | sort -u)
    at_least "${packages[@]}"
}

depends() {
    also=("$python")
    libraries "${programs[@]}"
    # What a run calls: the table of setup.sh.
    sed -n 's/^run  *\([^ ]*\) .*/\1/p' scripts/setup.sh | sed 's/|/ | /g'
}

optional=(-path '*/plugins/*.so' -o -path '*/transport/http.so' -o -path '*/transport/sql.so' -o -path '*/transport/cache.so')
mapfile -t programs < <(find "$root/usr/lib/cobench" -type f \( -name '*.so' -o -name 'cobench*' \) ! \( "${optional[@]}" \))
mapfile -t plugins < <(find "$root/usr/lib/cobench" -type f \( "${optional[@]}" \))
strip --strip-unneeded "${programs[@]}" "${plugins[@]}"
mv "$root/usr/share/doc/cobench/LICENSE" "$root/usr/share/doc/cobench/copyright"
architecture=$(dpkg --print-architecture)
mkdir -p "$root/DEBIAN"
in_a_line() { sort -u | paste -sd , | sed 's/,/, /g'; }
list=$(depends | in_a_line)
# What a plug-in needs is not needed: the rows that stand on it say that it is missing.
suggested=$([ "${#plugins[@]}" = 0 ] || comm -13 <(depends | sort -u) <(libraries "${plugins[@]}" | sort -u) | in_a_line)
cat >"$root/DEBIAN/control" <<EOF
Package: cobench
Version: $version
Architecture: $architecture
Maintainer: the authors of cobench <cobench@localhost>
Section: devel
Priority: optional
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Depends: $list${suggested:+
Suggests: $suggested}
Description: compares concurrency models by the same work under each of them
 Runs a task under loops, threads, processes, pools and event loops, in C and in
 Python, checks every result, and says how much each one gains or costs.
EOF
dpkg-deb -Zgzip --root-owner-group --build "$root" "$build/cobench_${version}_$architecture.deb"
