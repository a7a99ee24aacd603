"""A sum over each event, from its relay to its consumers: the broker's disk may spoil a message,
and nats-server then gives it out as it is."""

from __future__ import annotations

from collections.abc import Mapping
from zlib import crc32

SUM_HEADER = "pitlane-sum"


def with_sum(subject: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    """The headers, and one more that vouches for all three."""
    return {**headers, SUM_HEADER: _sum(subject, headers, body)}


def is_whole(subject: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the message is what was published. Of one without a sum (an older version's)
    nothing is known against it."""
    told = headers.get(SUM_HEADER)
    return told is None or told == _sum(subject, headers, body)


def _sum(subject: str, headers: Mapping[str, str], body: bytes) -> str:
    ours = sorted(
        f"{name}:{value}\n"
        for name, value in headers.items()
        # NATS adds and takes away its own.
        if name != SUM_HEADER and not name.startswith("Nats-")
    )
    return f"{crc32(body, crc32(f'{subject}\n{"".join(ours)}'.encode())):08x}"
