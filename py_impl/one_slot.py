# SPDX-License-Identifier: MIT
"""What a worker has in the place of the manager's slots and shared state where it shares neither: it answers with them, job by job."""

from __future__ import annotations

from py_impl.slots import HEADER_BYTES, SLOT, SLOT_BYTES, Slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.shared_state import SharedState

_FIELDS = ("results", "starts", "ends", "workers", "states", "marks", "runs", "dues", "replies", "commands", "waits")


class _Field:
    """Of the only slot, whatever the job."""

    __slots__ = ("view",)

    def __init__(self, view: memoryview) -> None:
        self.view = view

    def __getitem__(self, _: int) -> int:
        return self.view[0]

    def __setitem__(self, _: int, value: int) -> None:
        self.view[0] = value


class OneSlot(Slots):
    """Of the job that this thread runs."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("", 1, -1)
        for name in _FIELDS:
            setattr(self, name, _Field(getattr(self, name)))

    def take(self, shift_ns: int = 0) -> bytes:
        """What a job has left in it, with its stamps moved to the manager's clock."""
        fields = list(SLOT.unpack_from(self.map, HEADER_BYTES))
        self.map[HEADER_BYTES:] = bytes(SLOT_BYTES)
        fields[5] = 1  # also of a job that did not come to be run
        for stamp in (1, 2, 8):
            fields[stamp] += shift_ns if fields[stamp] else 0
        return SLOT.pack(*fields)


class OwnState:
    """Keeps the last failure, which goes with its job's answer. The rest goes to the host's shared state, where there is one."""

    def __init__(self, shared: SharedState | None = None) -> None:
        self._shared = shared
        self.failure: tuple[str, str, int | None] = ("", "", None)

    def failed(self, job: int | None, worker: int | None, kind: str, message: str, line: int | None) -> None:
        self.failure = kind, message, line
        if job is None and self._shared is not None:
            self._shared.failed(job, worker, kind, message, line)

    def connected(self) -> None:
        if self._shared is not None:
            self._shared.connected()

    def locked(self, by: str) -> None:
        if self._shared is not None:
            self._shared.locked(by)
