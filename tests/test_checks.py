# SPDX-License-Identifier: MIT
"""The checks of scripts/checks that take long, in a short form: that they run, and that they find what they look for."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def check(name, *args):
    return subprocess.run([sys.executable, ROOT / "scripts" / "checks" / name, *args], capture_output=True, text=True, timeout=600,
                          env=os.environ, check=False)


def test_a_run_outlives_kill_9():
    done = check("kill_resume.py", "--tries", "5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS: 5 of 5" in done.stdout


def test_what_the_driver_holds():
    done = check("driver.py", "--only", "memory", "--samples", "3000")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASS   memory: " in done.stdout
