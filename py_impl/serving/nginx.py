# SPDX-License-Identifier: MIT
"""
nginx before a server of any host: `python3 -s -E -m py_impl.serving.nginx HOST serve ...` starts that on a Unix socket, nginx on a
free port of 127.0.0.1 with as many processes as CPUs, and speaks and ends as the host does. nginx opens a connection to the server for
each request, as it does where nobody tells it otherwise: so one that has a connection a process serves whoever comes. Its workers take
turns at accepting (accept_mutex): without that nginx 1.22 leaves connections in the queue of a socket that it inherited, until others come.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress

from py_impl.errors import Failed, Impossible
from py_impl.host import EXITS, complain, say
from py_impl.machine import effective_cpus
from py_impl.serving.site import BACKLOG, listening
from py_impl.watchdog import ENDING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

UP_S = 10.0
CONNECTIONS = 20_000  # each worker of nginx has memory for so many from the first
SOCKET, LOG = "server.sock", "nginx.log"
CONFIGURATION = """\
{user}daemon off;
worker_processes {workers};
worker_rlimit_nofile {descriptors};
pid pid;
error_log {log} crit;
events {{ worker_connections {connections}; accept_mutex on; accept_mutex_delay 10ms; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port} backlog={backlog};
        location / {{ proxy_pass http://unix:{folder}/{socket}; }}
        location = /nginx {{ return 204; }}
    }}
}}
"""


class End(Exception):
    """A signal said so."""


def start_nginx(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    """On a port that it inherits, so that nobody takes it meanwhile."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise Impossible("nginx is not installed (Debian: apt-get install nginx-light)")
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with listening(None) as sock:
        port, fd = sock.getsockname()[1], sock.fileno()
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(
                user="user root;\n" if os.geteuid() == 0 else "", workers=effective_cpus(), descriptors=descriptors,
                connections=min(CONNECTIONS, descriptors // 2), port=port, backlog=BACKLOG, folder=folder, socket=SOCKET, log=LOG,
            ))  # fmt: skip
        words = [program, "-p", folder, "-c", f"{folder}/nginx.conf", "-e", LOG]
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env={**os.environ, "NGINX": f"{fd};"}, pass_fds=(fd,)), port  # fmt: skip


def await_nginx(nginx: subprocess.Popen[bytes], port: int, log: str) -> list[int]:
    """Its processes, when it answers."""
    from http.client import HTTPConnection

    end = time.monotonic() + UP_S
    while nginx.poll() is None and time.monotonic() < end:
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=UP_S)) as client:
            client.request("GET", "/nginx")
            if client.getresponse().status == 204:
                with open(f"/proc/{nginx.pid}/task/{nginx.pid}/children", encoding="ascii") as file:
                    return [nginx.pid, *map(int, file.read().split())]
        time.sleep(0.01)
    with open(log, encoding="utf-8", errors="replace") as file:
        raise Failed(f"nginx does not come up: {file.read().strip()[-300:]}")


def front(words: list[str], folder: str) -> int:
    """The server's exit status."""
    server = subprocess.Popen([*words, "--listen", f"unix:{folder}/{SOCKET}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    nginx = None
    try:
        line = server.stdout.readline()
        if line:
            said = json.loads(line)
            nginx, port = start_nginx(folder)
            pids = await_nginx(nginx, port, f"{folder}/{LOG}")
            version = subprocess.run([*nginx.args[:1], "-v"], capture_output=True, text=True, check=True).stderr
            libraries = said["libraries"] | {"nginx": version.strip().rpartition("/")[2]}
            say(json.dumps({"port": port, "pids": said["pids"] + pids, "libraries": libraries}))
            while os.read(0, 4096):
                pass
    except End:
        pass
    finally:
        if nginx is not None:
            nginx.terminate()
            nginx.wait()
        last, _ = server.communicate()
    if last:
        say(last.decode().rstrip("\n"))
    return server.returncode


def main(words: list[str]) -> int:
    def end(*_: object) -> NoReturn:
        raise End

    for number in ENDING:
        signal.signal(number, end)
    try:
        with tempfile.TemporaryDirectory(prefix="cobench-nginx-") as folder:
            return front(words, folder)
    except Impossible as error:
        complain(str(error))
        return EXITS["impossible"]
    except (Failed, OSError) as error:
        complain(str(error))
        return EXITS["failed"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
