# SPDX-License-Identifier: MIT
"""An exception as an entry of the record."""

from __future__ import annotations

from py_impl.contract import RequestFailed, TaskFailed

MESSAGE_MAX = 319  # bytes, as much as the C hosts can hold


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
