# SPDX-License-Identifier: MIT
"""Chromium without a window, driven by the DevTools protocol over a pipe (NUL-terminated JSON on descriptors 3 and 4)."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

TIMEOUT = 60.0
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
         "--remote-debugging-pipe", "about:blank")  # fmt: skip


def find() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One Chromium with a profile of its own; `close` ends it with all its processes and removes the profile."""

    def __init__(self) -> None:
        self.profile = tempfile.mkdtemp(prefix="cobench-page-")
        theirs_in, self.to = os.pipe()
        self.back, theirs_out = os.pipe()
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}', find() or "chromium",
             f"--user-data-dir={self.profile}", *FLAGS],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, env=os.environ | {"HOME": self.profile})  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self.waiting = b""
        self.number = 0
        self.events: list[dict[str, Any]] = []
        self.session: str | None = None

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self.waiting:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.back], [], [], left)[0]:
                raise TimeoutError("Chromium does not answer")
            got = os.read(self.back, 1 << 16)
            if not got:
                raise EOFError("Chromium has ended")
            self.waiting += got
        line, self.waiting = self.waiting.split(b"\0", 1)
        return json.loads(line)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends one command and returns its result; what happens meanwhile goes to `events`."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data) :]
        deadline = time.monotonic() + TIMEOUT
        while (answer := self._read(deadline)).get("id") != self.number:
            self.events.append(answer)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait_for(self, method: str) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self._read(deadline))

    def named(self, method: str) -> list[dict[str, Any]]:
        return [event["params"] for event in self.events if event.get("method") == method]

    def close(self) -> None:
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, EOFError, TimeoutError, RuntimeError):
            pass  # it is ended below
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(TIMEOUT)
        os.close(self.to)
        os.close(self.back)
        for _ in range(50):  # a process that is ending may still write to it
            shutil.rmtree(self.profile, ignore_errors=True)
            if not os.path.exists(self.profile):
                break
            time.sleep(0.1)


class Tab:
    """A page of a browser, at one width, with or without script."""

    def __init__(self, browser: Browser, width: int = 1440, dark: bool = False, script: bool = True) -> None:
        self.browser = browser
        browser.session = None
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        browser.session = self.session
        browser.events.clear()
        for domain in ("Page", "Runtime", "Network", "Log"):
            browser.call(f"{domain}.enable")
        browser.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
        browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        browser.call("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, path: Path) -> None:
        self.browser.call("Page.navigate", url=path.resolve().as_uri())
        self.browser.wait_for("Page.loadEventFired")

    def value(self, expression: str) -> Any:
        self.browser.session = self.session
        done = self.browser.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(done["exceptionDetails"]["exception"]["description"])
        return done["result"].get("value")

    def key(self, key: str, code: int, text: str | None = None) -> None:
        self.browser.session = self.session
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if text is not None and kind == "keyDown" else {}
            self.browser.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **typed)

    def tree(self) -> list[dict[str, Any]]:
        """What a screen reader is told."""
        self.browser.session = self.session
        return self.browser.call("Accessibility.getFullAXTree")["nodes"]

    def screenshot(self, path: Path, whole: bool = False) -> None:
        self.browser.session = self.session
        data = self.browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))

    def pdf(self) -> bytes:
        self.browser.session = self.session
        return base64.b64decode(self.browser.call("Page.printToPDF", printBackground=False)["data"])

    def requests(self) -> list[str]:
        return [event["request"]["url"] for event in self.browser.named("Network.requestWillBeSent")]

    def complaints(self) -> list[str]:
        said = [str(event["exceptionDetails"]) for event in self.browser.named("Runtime.exceptionThrown")]
        said += [str(event["args"]) for event in self.browser.named("Runtime.consoleAPICalled")]
        return said + [event["entry"]["text"] for event in self.browser.named("Log.entryAdded")]

    def close(self) -> None:
        self.browser.session = None
        self.browser.call("Target.closeTarget", targetId=self.target)
