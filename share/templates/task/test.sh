#!/bin/sh
# Builds an_example.c, holds an_example.py against a result worked out by hand, and runs both under every model: they have to
# agree on each job.
set -eu
cd "$(dirname "$0")"
${CC:-cc} ${CFLAGS:--O2 -Wall -Wextra} -fPIC -shared -I@ROOT@/c_impl/include an_example.c -o an_example.so

PYTHONPATH=@ROOT@ ${PYTHON:-python3} -c '
from runpy import run_path
task = run_path("an_example.py")
shared = task["open"]({"size": 10, "delay": 0}, 2)
found = [task["run"](shared, task["worker_open"](shared, 0), job, None) for job in (0, 1)]
assert found == [0 + 1 + 4 + 9 + 16, 25 + 36 + 49 + 64 + 81], found
'

results=$(mktemp -d)
trap 'rm -r "$results"' EXIT
said=$(@COBENCH@ run --tasks . --task an_example --set size=1000 --set delay=1 --rounds 1 --quiet --no-plots --results "$results" 2>&1) || {
    echo "$said" >&2
    exit 1
}
echo "an_example: ok"
