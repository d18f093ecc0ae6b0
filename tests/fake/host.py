# SPDX-License-Identifier: MIT
"""A host that speaks the driver's interface and goes wrong where it is told to. Stands in for both hosts in
tests/test_driver.py, so that the driver's tests need no real one: `host.py NAME list|run ...`.

The task `faulty` takes `mode` (what goes wrong), `at` (at which job), `who` (in which host) and `when` (always, or only
in the timed pass, which a host can tell by hyperfine's environment variable)."""

import argparse
import glob
import json
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import time

MODES = ("ok fail crash hang exit loud wrong skip twice usage impossible silent garbage nosign short badslots leave stubborn "
         "sleep other slow").split()


def param(key, kind, default, low=None, high=None, choices=None, about="for tests"):
    return {"key": key, "type": kind, "default": default, "min": low, "max": high, "choices": choices, "about": about}


def task(name, kind="cpu", asks="nothing", jobs=8, params=()):
    return {"name": name, "about": f"the task {name}", "kind": kind, "asks": asks, "jobs": jobs, "params": list(params)}


def tasks(host):
    differing = "11" if host == "py" else "10"
    listed = [
        task("null", "none"),
        task("waiting", "io", "delay", 5, [param("delay", "int", "1", 0, 1000)]),
        task("both", "mixed", "nothing", 6),
        task("get", "io", "url", 4, [param("url", "url", None)]),
        task("file", "cpu", params=[param("file", "path", "@words.txt"), param("word", "text", "the")]),
        task("faulty", params=[
            param("mode", "choice", "ok", choices=MODES), param("at", "int", "3", 0, 1000000),
            param("who", "choice", "both", choices=["c", "py", "both"]),
            param("when", "choice", "always", choices=["always", "timed", "late"])]),
        task("differs", params=[param("size", "int", differing, 0, 100)]),
    ]
    return listed + ([task("lonely")] if host == "c" else [])


def models():
    names = [("sync", False, False, True), ("threads", False, False, False), ("processes", True, False, False)]
    listed = [{"name": n, "about": f"the model {n}", "processes": p, "loop": loop, "baseline": b} for n, p, loop, b in names]
    return [*listed, listed[1] | {"name": "spare", "extra": True}]


def knob(name, default, choices, models, asks=None, low=None, high=None):
    return {"name": name, "type": "choice" if choices else "int", "default": default, "min": low, "max": high, "choices": choices,
            "models": models, "asks": asks, "about": f"the knob {name}"}


def knobs(host):
    starts = ["fork", "spawn"] + (["forkserver"] if host == "py" else [])
    return [knob("start-method", "fork", starts, ["processes"]),
            knob("offload", "off", ["off", "on"], ["sync", "threads"], ["function"]),
            knob("chunk", "1", None, ["sync", "processes"], ["function"], 1, 1000),
            *([store()] if "FAKE_STORE" in os.environ else [])]


def store():
    """A knob whose values need services; there is no `cupboard`."""
    names = ["redis", "redis-aof", "dask", "postgresql", "cupboard"]
    return knob("store", "none", ["none", *names], ["threads"]) | {"services": {name: [name] for name in names}}


def greet(url):
    """What a service on a Unix socket or a port answers."""
    if url.startswith("postgresql:"):
        psql = max(glob.glob("/usr/lib/postgresql/*/bin/psql"))
        return subprocess.run([psql, "-XAtq", "-d", url, "-c", "select '+PONG' from generate_series(1, 100000)"],
                              capture_output=True).stdout
    with socket.socket(socket.AF_UNIX if url.startswith("unix://") else socket.AF_INET) as s:
        s.connect(url[len("unix://"):] if url.startswith("unix://") else ("127.0.0.1", int(url.rpartition(":")[2])))
        s.sendall(b"PING\r\n")
        return s.recv(64)


def join_words(argv):
    """argparse takes no value that begins with a dash, as a command's word may."""
    words = iter(argv)
    return [f"{word}={next(words)}" if word == "--command" else word for word in words]


def list_function(host, argv):
    """As the list of a host that is asked for a function. There is none called `missing`, in embed none called `partly`, and
    `never` has no end; FAKE_PROBE says how long a call takes, in milliseconds, and how much of that on a CPU."""
    parser = argparse.ArgumentParser()
    for name in "tasks task path inputs directory".split():
        parser.add_argument("--" + name)
    parser.add_argument("--command", action="append")
    args = parser.parse_args(join_words(argv))
    if args.command:
        args.task = args.command[0]
        if host in ("embed", "ext"):
            return [], ["a command runs in the runtimes c and py"]
    name = args.task.rpartition(":")[2]
    jobs = len(open(args.inputs).readlines()) if args.inputs else 8
    if name == "missing" or (name == "partly" and host == "embed") or jobs == 0:
        return [], [f"task '{args.task}': " + ("the inputs have no line" if jobs == 0 else f"there is no '{name}'")]
    wall, cpu = (int(float(ms) * 1e6) for ms in os.environ.get("FAKE_PROBE", "10,10").split(","))
    probe = None if name == "never" else {"wall_ns": wall * (3 if host == "py" else 1), "cpu_ns": cpu * (3 if host == "py" else 1)}
    return [task(name, "mixed", jobs=jobs) | {"about": host, "probe": probe}], []


def print_list(host, argv):
    if os.environ.get("FAKE_LIST") == "broken" and host == "py":
        print("this is no list")
        return 0
    listed, errors = list_function(host, argv) if {"--task", "--command"} & set(argv) else (tasks(host), ["broken.so: lacks the symbol"])
    json.dump({"list": 1, "host": host, "version": "0", "runtimes": [host], "build": {"what": sys.executable},
               "models": models(), "knobs": knobs(host), "tasks": listed, "errors": errors}, sys.stdout)
    return 0


def splitmix(x):
    x = (x + 0x9E3779B97F4A7C15) & (2**64 - 1)
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return x ^ (x >> 31)


def write_slots(path, jobs, mode, at, begun, now):
    version = 9 if mode == "badslots" else 1
    with open(path, "wb") as f:
        f.write(struct.pack("=8sIIIIQ", b"cobslots", version, 4096, 64, 0, jobs).ljust(4096, b"\0"))
        for i in range(jobs - (1 if mode == "short" else 0)):
            result, state, runs = splitmix(i), 2, 1
            if i == at and mode == "wrong":
                result = 42
            if i == at and mode == "skip":
                result, state, runs = 0, 0, 0
            if i == at and mode == "twice":
                runs = 2
            f.write(struct.pack("=QqqiIIIqqQ", result, begun, now, 0, state, runs, 0, 0, 0, 0))


class Run:
    def __init__(self, host, argv):
        parser = argparse.ArgumentParser()
        for name in "task model slots record url gate end-pause tasks path inputs directory".split():
            parser.add_argument("--" + name)
        for knob in knobs(host):
            parser.add_argument("--" + knob["name"], default=knob["default"])
        parser.add_argument("--command", action="append")
        parser.add_argument("--jobs", type=int)
        parser.add_argument("--workers", type=int)
        parser.add_argument("--timeout", type=float)
        parser.add_argument("--request-timeout", type=float)
        for name in ("--set", "--service"):
            parser.add_argument(name, action="append", default=[])
        self.host, self.args = host, parser.parse_args(join_words(argv))
        self.params = dict(s.split("=", 1) for s in self.args.set)
        self.args.task = self.args.task.rpartition(":")[2] if self.args.task else self.args.command[0]
        self.start = time.monotonic_ns()

    def fault(self):
        timed = "HYPERFINE_RANDOMIZED_ENVIRONMENT_OFFSET" in os.environ
        who, when = self.params.get("who", "both"), self.params.get("when", "always")
        if who not in ("both", self.host) or (when == "timed" and not timed):
            return "ok"
        return self.params.get("mode", "ok")

    def record(self, status, code, reason, ready, work):
        a = self.args
        usage = dict.fromkeys("voluntary_switches involuntary_switches minor_faults major_faults".split(), 0)
        line = {"record": 1, "host": self.host, "runtime": self.host, "task": a.task, "model": a.model, "jobs": a.jobs,
                "workers": min(a.workers, a.jobs), "params": self.params, "start_method": a.start_method,
                "status": status, "exit": code, "reason": reason, "failed_jobs": int(status == "failed"),
                "failures": [], "connections": None, "python": None,
                "phases": {"start": self.start, "ready": ready, "work": work, "end": time.monotonic_ns()},
                "usage": usage | {"user_ns": 1, "system_ns": 1, "max_rss_bytes": 1}}
        with open(a.record, "w") as f:
            f.write(json.dumps(line) + "\n")
        return code

    def go_wrong(self, mode):
        """What happens before any work is done; None: nothing."""
        if mode == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if mode == "hang":
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
            time.sleep(300)
        if mode == "sleep":
            time.sleep(0.3)
        if mode == "slow":  # as if it took longer than the time it is usually given
            time.sleep(min(self.args.timeout, 0.2))
            return self.record("failed", 1, "timed out", None, None) if self.args.timeout < 60 else None
        if mode == "loud":
            sys.stderr.write("x\n" * (1 << 20))
        if mode in ("exit", "loud"):
            print("the host gave up", file=sys.stderr)
            os._exit(3)
        if mode == "fail":
            return self.record("failed", 1, "job 3 failed: PlantedError: planted", None, None)
        if mode == "usage":
            return self.record("usage", 2, "unknown something", None, None)
        if mode == "impossible":
            return self.record("impossible", 77, "the limit is 3 and 4 are needed", None, None)
        return None

    def hesitate(self):
        """So that no interval is narrow: FAKE_NOISE is how long at most, in milliseconds."""
        time.sleep(random.uniform(0, float(os.environ.get("FAKE_NOISE", "0")) / 1000))

    def gate(self):
        if self.args.gate is not None:
            read_fd, write_fd = map(int, self.args.gate.split(","))
            os.write(write_fd, b"r")
            if os.read(read_fd, 1) != b"g":
                sys.exit(1)

    def end_pause(self):
        if self.args.end_pause is not None:
            read_fd, write_fd = map(int, self.args.end_pause.split(","))
            os.write(write_fd, b"h")
            os.read(read_fd, 1)

    def go(self):
        mode = self.fault()
        code = self.go_wrong(mode)
        if code is not None:
            return code
        store, services = getattr(self.args, "store", "none"), dict(text.split("=", 1) for text in self.args.service)
        if store != "none" and self.args.model == "threads" and not greet(services[store]).startswith((b"+PONG", b"-NOAUTH")):
            return self.record("failed", 1, "the store does not answer", None, None)
        self.hesitate()
        self.gate()
        ready = time.monotonic_ns()
        work = ready + 1000
        write_slots(self.args.slots, self.args.jobs, mode, int(self.params.get("at", 0)), ready, work)
        self.end_pause()
        if mode == "silent":
            return 0
        self.record("done", 0, None, ready, work)
        if mode == "garbage":
            with open(self.args.record, "w") as f:
                f.write("{\"record\": 1")
        if mode == "other":
            self.args.task = "another"
            self.record("done", 0, None, ready, work)
        if mode in ("leave", "stubborn"):
            subprocess.Popen(["sleep", "299.25"], start_new_session=mode == "stubborn")
        return 9 if mode == "nosign" else 0


def main(argv):
    if "FAKE_WORDS" in os.environ:
        with open(os.environ["FAKE_WORDS"], "a") as f:
            f.write(json.dumps([sys.executable, *argv]) + "\n")
    return print_list(argv[0], argv[3:]) if argv[1] == "list" else Run(argv[0], argv[2:]).go()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
