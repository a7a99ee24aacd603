"""Computed prices are multiples of a step; how they get there is the station's choice. Pure."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

from shared.contracts.base import RoundingMode

_MODES = {
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
    "up": ROUND_UP,
    "down": ROUND_DOWN,
}
_KOPECK = Decimal("0.01")


def round_to_step(amount: Decimal, step: Decimal, mode: RoundingMode) -> Decimal:
    """The multiple of ``step`` (roubles, whole kopecks) that stands for the amount."""
    steps = (amount / step).quantize(Decimal(1), _MODES[mode])
    return (steps * step).quantize(_KOPECK)
