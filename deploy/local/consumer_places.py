"""What nats-server notes of a consumer's place, and whether that can be true.

The file has no sum. Of one flipped bit in it the server makes whatever it may mean: events that
are delivered again in years, or a gap of billions between what was acknowledged and delivered,
over which it takes all memory and never becomes ready.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from deploy.topology import EVENTS
from shared.messaging.retries import RETRY_DELAYS_S

HEADER = bytes((22, 2))
"""Of a place as this server writes it. What another one writes is left to it."""
MOST_EVENTS = (EVENTS.max_bytes or 0) // 64
"""No stream has room for more: each has headers."""
MORE = 0x80
"""Another byte of the same number follows."""
LATER_S = 60 + int(max(RETRY_DELAYS_S))
"""A delivery that is put off is noted as one that comes later; and clocks are set."""


def with_incredible_places(store: Path) -> Iterator[Path]:
    """The folders of consumers in a server's store that it had better not read. To be looked for
    while no server runs."""
    for place in store.glob("jetstream/*/streams/*/obs/*/o.dat"):
        # A clock may have been put back since.
        now_s = max(time.time(), place.stat().st_mtime)
        if not is_credible(place.read_bytes(), now_s):
            yield place.parent


def is_credible(place: bytes, now_s: float) -> bool:
    """Whether the content of an ``o.dat`` can be what a server wrote before ``now_s``, in seconds
    since 1970."""
    if not place.startswith(HEADER):
        return True
    if place[-1] & MORE:
        return False  # it breaks off
    numbers = _numbers(place[len(HEADER) :])
    try:
        fits = _places_fit(numbers, now_s) and _redelivered_fits(numbers)
    except StopIteration:
        return False
    return fits and next(numbers, None) is None


def _places_fit(numbers: Iterator[int], now_s: float) -> bool:
    acknowledged, acknowledged_seq = next(numbers), next(numbers)
    delivered, delivered_seq = next(numbers), next(numbers)
    pending = next(numbers)
    gap = delivered_seq - acknowledged_seq
    if gap > MOST_EVENTS or not 0 <= pending <= min(gap, delivered - acknowledged):
        return False
    return not pending or _pending_fits(numbers, pending, gap, now_s + LATER_S)


def _pending_fits(numbers: Iterator[int], count: int, gap: int, latest_s: float) -> bool:
    """Each once, beyond all that is acknowledged, and delivered before now."""
    noted_s = _signed(next(numbers))
    seen = set()
    for _ in range(count):
        seq, _, before_s = next(numbers), next(numbers), _signed(next(numbers))
        if not 0 < seq <= gap or noted_s - before_s > latest_s:
            return False
        seen.add(seq)
    return len(seen) == count


def _redelivered_fits(numbers: Iterator[int]) -> bool:
    for _ in range(next(numbers)):
        _, times = next(numbers), next(numbers)
        if not times:
            return False
    return True


def _signed(number: int) -> int:
    return number >> 1 ^ -(number & 1)


def _numbers(content: bytes) -> Iterator[int]:
    """Seven bits of a number are in a byte, the lowest first."""
    number = shift = 0
    for byte in content:
        number |= (byte & ~MORE) << shift
        shift += 7
        if not byte & MORE:
            yield number
            number = shift = 0
