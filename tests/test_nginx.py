# SPDX-License-Identifier: MIT
"""Both hosts and the driver against a real server that is not ours: nginx with its echo module."""

import sys

import pytest

from driver import Run
from hosts import ROOT

sys.path.insert(0, str(ROOT / "scripts" / "figures"))

import servers  # noqa: E402


@pytest.fixture(scope="module")
def url():
    with servers.nginx(20) as server:
        yield server.url


QUIET = ("--quiet", "--rounds", 1)


def test_every_model_asks_a_foreign_server(url, tmp_path):
    run = Run(tmp_path, *QUIET, "--task", "fetch", "--jobs", 6, "--workers", 3, "--url", url + "?{job}")
    for cell in run.cells:
        assert cell["verified"], cell["note"]
        # Kept alive: a connection a worker, or one a job where every job has a worker of its own.
        most = {"sync": 1, "threads": 6, "processes": 6}.get(cell["model"], 3)
        assert 1 <= cell["connections"] <= most, (cell["runtime"], cell["model"], cell["connections"])
        assert cell["latency_p50_s"] >= 0.018  # nginx counts in whole milliseconds, from the one that has begun


@pytest.mark.parametrize("check, size, said", [
    ("length", "6", None),
    ("crc", "6", None),
    ("length", "7", "body of 6 bytes where 7 were expected"),
])  # fmt: skip
def test_what_of_the_answer_is_checked(url, tmp_path, check, size, said):
    run = Run(tmp_path, *QUIET, "--task", "fetch", "--jobs", 2, "--model", "async", "--url", url, "--set", f"check={check}",
              "--set", f"size={size}", status=1 if said else 0)  # fmt: skip
    for cell in run.cells:
        assert cell["verified"] is (said is None)
        assert said is None or said in cell["note"]


def test_mixed_computes_after_a_foreign_answer(url, tmp_path):
    run = Run(tmp_path, *QUIET, "--task", "mixed", "--jobs", 3, "--workers", 2, "--model", "thread-pool", "--set", "count=1000",
              "--url", url)  # fmt: skip
    assert all(cell["verified"] for cell in run.cells)
