# SPDX-License-Identifier: MIT
"""An exception as an entry of the record."""

from __future__ import annotations

from py_impl.contract import RequestFailed, TaskFailed

MESSAGE_MAX = 319  # bytes, as much as the C hosts can hold

# How a reason says what is no exception.
_WORDS = {"SystemExit": "called sys.exit({})", "ExitStatus": "exit status {}", "Signal": "ended by {}", "Returned": "{}"}


def failure_words(kind: str, message: str, line: int | None) -> str:
    """A failure in one line, as c_impl/host/error.c has it."""
    plain = f"{kind}: {message}" if message else kind
    return (_WORDS[kind].format(message) if kind in _WORDS else plain) + (f" (line {line})" if line else "")


def explain(error: BaseException, file: str | None) -> tuple[str, str, int | None]:
    """An exception as type, one line of message, and the line in the task's file where it came from."""
    kind = error.kind if isinstance(error, (RequestFailed, TaskFailed)) else type(error).__name__
    line = error.line if isinstance(error, TaskFailed) else None
    try:
        message = " ".join(str(error).replace("\0", " ").split())
    except BaseException:  # a user's __str__
        message = "an exception that cannot be printed"
    message = message.encode("utf-8", "replace")[:MESSAGE_MAX].decode("utf-8", "ignore")
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == file:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return kind, message, line
