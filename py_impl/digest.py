# SPDX-License-Identifier: MIT
"""
A number that stands for any Python value: the same for equal values in every process, model and version, so that models
can be compared by what their jobs returned. An int of 64 bits without a sign stands for itself, as a C function's result.
"""

from __future__ import annotations

from _blake2 import blake2b  # hashlib, without the cost of importing all of it
from struct import pack

PLAIN = (int, float, complex)


class NothingDone(TypeError):
    """A value behind which the work is still to be done."""


def digest(value: object) -> int:
    """0..2^64-1. NothingDone for generators and coroutines."""
    if type(value) is int and 0 <= value < 1 << 64:
        return value
    out = bytearray()
    _write(out, value, {})
    return int.from_bytes(blake2b(out, digest_size=8).digest(), "little")


def _write(out: bytearray, value: object, above: dict[int, int]) -> None:
    """Appends the value's canonical form. `above`: the containers it is in, by id, so that a circle ends."""
    kind = type(value)
    if value is None or kind is bool:
        out += repr(value)[:1].encode()
    elif kind is float:
        out += b"f" + (b"nan" if value != value else pack("<d", value))
    elif kind in PLAIN:
        out += b"i%s;" % repr(value).encode()
    elif kind is str:
        _write_bytes(out, b"s", value.encode("utf-8", "surrogatepass"))
    elif kind in (bytes, bytearray, memoryview):
        _write_bytes(out, b"b", bytes(value))
    elif id(value) in above:
        out += b"c%d;" % above[id(value)]
    else:
        above[id(value)] = len(above)
        _write_compound(out, kind, value, above)
        del above[id(value)]


def _write_bytes(out: bytearray, tag: bytes, data: bytes) -> None:
    out += b"%s%d:" % (tag, len(data))
    out += data


def _write_compound(out: bytearray, kind: type, value: object, above: dict[int, int]) -> None:
    if kind in (list, tuple):
        _write_all(out, kind.__name__, value, above)
    elif kind in (set, frozenset):
        _write_all(out, "set", sorted(_one(item, above) for item in value), {})
    elif kind is dict:
        _write_all(out, "dict", sorted((_one(key, above), _one(item, above)) for key, item in value.items()), {})
    elif hasattr(value, "tobytes") and hasattr(value, "dtype"):  # numpy's arrays and what behaves like them
        _write_all(out, "array", (str(value.dtype), tuple(getattr(value, "shape", ())), value.tobytes()), {})
    elif hasattr(value, "__next__") or hasattr(value, "send") or hasattr(value, "__await__"):
        raise NothingDone(f"a {kind.__name__} was returned: the work is done by who reads it, which is nobody here")
    elif isinstance(value, type) or hasattr(value, "__qualname__"):
        _write_bytes(out, b"n", f"{value.__module__}.{value.__qualname__}".encode())
    else:
        _write_object(out, kind, value, above)


def _write_all(out: bytearray, tag: str, items: object, above: dict[int, int]) -> None:
    out += b"%s%d(" % (tag.encode(), len(items))
    for item in items:
        _write(out, item, above)
    out += b")"


def _one(value: object, above: dict[int, int]) -> bytes:
    out = bytearray()
    _write(out, value, above)
    return bytes(out)


def _write_object(out: bytearray, kind: type, value: object, above: dict[int, int]) -> None:
    """By what pickle would keep of it; one that it cannot keep is known by its type alone."""
    try:
        parts = value.__reduce_ex__(2)
    except Exception:  # whatever a user's class may raise
        parts = ()
    if isinstance(parts, str):
        parts = (parts,)
    _write_bytes(out, b"o", f"{kind.__module__}.{kind.__qualname__}".encode())
    lists = [list(part) if hasattr(part, "__next__") else part for part in parts]
    _write_all(out, "parts", lists, above)
