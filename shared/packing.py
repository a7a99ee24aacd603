"""JSON on its way into a column and back: packed, since the log holds every row whole, and
PostgreSQL compresses none that is shorter than two kilobytes.

Messages are short and much like each other, so that most of one stands in the dictionary that all
of them share. What was packed with a dictionary needs it for ever: it is never changed. Another one
gets another mark, and what is not marked is as it always was.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import pydantic_core
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

_MARK = b"\x01"
"""Of the first dictionary. No JSON begins with it."""
WORDS = Path(__file__).with_name("packing_1.txt").read_bytes()
_WINDOW = -14
"""Deflate without a header, 16 KB: the dictionary and nearly every message."""
_PACKER = zlib.compressobj(6, zlib.DEFLATED, _WINDOW, 7, zlib.Z_DEFAULT_STRATEGY, WORDS)
"""Copied for each message: to read the dictionary anew would take ten times as long."""


def pack(plain: bytes) -> bytes:
    """The same bytes, as few as they can be; ``unpack`` takes either."""
    packer = _PACKER.copy()
    packed = _MARK + packer.compress(plain) + packer.flush()
    return packed if len(packed) < len(plain) or plain.startswith(_MARK) else plain


def unpack(stored: bytes) -> bytes:
    """Raises ``zlib.error`` for what is cut short or goes on after its end, and for most of what
    was spoilt otherwise; a whole event has its sum besides."""
    if not stored.startswith(_MARK):
        return stored
    unpacker = zlib.decompressobj(_WINDOW, WORDS)
    plain = unpacker.decompress(stored[1:])
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error("not one whole message")
    return plain


class Packed(TypeDecorator[bytes]):
    """A column of JSON as it was sent."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return None if value is None else unpack(value)


class PackedJson(TypeDecorator[Any]):
    """A column of values that only this code reads."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes:
        return pack(pydantic_core.to_json(value))

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else pydantic_core.from_json(unpack(value))
