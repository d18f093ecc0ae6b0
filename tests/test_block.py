# SPDX-License-Identifier: MIT
"""Blocks of files: the same in all runtimes, past the page cache or out of it, from a file that is made once."""

from __future__ import annotations

import os
import struct

import pytest

from hosts import C, EMBED, EXT, HOSTS, PY, Host, check_a_run
from py_impl.contract import BLOCK, RequestFailed, Request
from py_impl.transport import Options, load

MODELS = ("sync", "thread-pool", "process-pool", "async")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blocks")


def has_direct(folder) -> bool:
    """Whether the file system lets a file be read so."""
    try:
        os.close(os.open(folder / "cobench-blocks-16", os.O_RDONLY | os.O_DIRECT))
    except OSError:
        return False
    return True


def words(folder: object, model: str, *more: object) -> tuple[object, ...]:
    return "--task", "read", "--model", model, "--jobs", 20, "--workers", 3, "--set", f"folder={folder}", "--set", "size=16", *more


def results(block: int, jobs: int) -> list[int]:
    firsts = [(job * 0x9E3779B97F4A7C15 % 2**64 >> 32) % ((16 << 20) // block) * (block // 4096) for job in range(jobs)]
    return [first << 32 | first + block // 4096 - 1 for first in firsts]


@pytest.mark.parametrize("host", HOSTS, ids=str)
@pytest.mark.parametrize("model", MODELS)
def test_blocks(folder, host: Host, model, tmp_path):
    clients = ("default", "threads") if host in (C, EMBED) and model == "async" else ("default",)
    for block, direct in ((4096, 0), (1 << 20, 0), (8192, 1)):
        for client in clients:
            done = host.run(tmp_path, *words(folder, model, "--set", f"block={block}", "--set", f"direct={direct}", "--client", client))
            if direct and not has_direct(folder):
                assert done.status == 77 and "O_DIRECT" in done.reason
                continue
            check_a_run(done, model, "fork", 3)
            assert done.results == results(block, 20)
            assert done.record["connections"] is None
            assert all(row["start_ns"] < row["replied_ns"] <= row["end_ns"] for row in done.rows)
    assert os.listdir(folder) == ["cobench-blocks-16"]


def test_the_file_is_made_once_and_is_the_same(tmp_path):
    """By C and by Python, also by several at once."""
    made = []
    for host in (C, PY):
        home = tmp_path / str(host)
        home.mkdir()
        runs = []
        for number in range(2):
            (folder := tmp_path / f"{host}{number}").mkdir()
            runs.append(host.start(folder, *words(home, "sync")))
        for run in runs:
            assert run.communicate(timeout=30)[1] == "" and run.returncode == 0
        (path,) = home.iterdir()
        made.append(path.read_bytes())
        before = path.stat()
        assert host.run(tmp_path, *words(home, "sync")).status == 0
        assert path.stat().st_mtime_ns == before.st_mtime_ns and path.stat().st_ino == before.st_ino
    assert made[0] == made[1] and struct.unpack_from("=QQ", made[0], 4096 * 9) == (9, 9)


@pytest.mark.parametrize("host", HOSTS, ids=str)
def test_what_cannot_be_read(host: Host, tmp_path):
    (tmp_path / "cobench-blocks-16").write_bytes(b"x" * (16 << 20))
    done = host.run(tmp_path, *words(tmp_path, "sync"))
    assert done.status == 1 and {kind for _, kind in done.failed} == {"WrongBlock"}
    done = host.run(tmp_path, *words(tmp_path, "sync", "--set", "block=5000"))
    assert done.status == 2 and "block: must be a multiple of 4096" in done.reason
    done = host.run(tmp_path, *words(tmp_path / "none", "sync"))
    assert done.status == 2 and "cobench-blocks-16" in done.reason


@pytest.mark.parametrize("host", (C, EXT, PY), ids=str)
def test_no_space(host: Host, tmp_path):
    """RLIMIT_FSIZE ends files as a full disk does, with EFBIG. Nothing of it is left."""
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))

    (home := tmp_path / "home").mkdir()
    done = host.run(tmp_path, *words(home, "sync"), preexec_fn=limit)
    assert done.status == 77 and "File too large" in done.reason and not list(home.iterdir())


def test_threads_are_for_loops(tmp_path):
    done = C.run(tmp_path, *words(tmp_path, "thread-pool", "--client", "threads"))
    assert done.status == 77 and done.reason == "client threads waits on an event loop, and this model blocks"


def test_a_client_in_python(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(100)) * 100)
    client = load(BLOCK, "default", None).Client(Options(1, lambda: None))
    assert client.get(Request(BLOCK, path=str(path), offset=50, length=100), 0).body == bytes([*range(50, 100), *range(50)])
    with pytest.raises(RequestFailed, match="90 bytes of 100 at 9910") as caught:
        client.get(Request(BLOCK, path=str(path), offset=9910, length=100), 0)
    assert caught.value.kind == "ShortBlock"
    client.close()
    client = load(BLOCK, "default", None).Client(Options(1, lambda: None))
    with pytest.raises(RequestFailed, match="No such file") as caught:
        client.get(Request(BLOCK, path=str(tmp_path / "none"), offset=0, length=1), 0)
    assert caught.value.kind == "NotOpened"
