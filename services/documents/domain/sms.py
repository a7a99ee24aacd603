"""What an SMS takes: letters, their encoding, and how many pieces it is sent and paid as."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

MAX_SEGMENTS = 8
"""What every provider we know takes; a longer text is a letter, not an SMS."""

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = frozenset("\f^{}\\[~]|€")
"""Two septets each, which stay together."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one text."""

    characters: int
    encoding: Literal["gsm7", "ucs2"]
    segments: int


def measured(text: str) -> Measured:
    """GSM-7 holds 160 letters, or 153 in each of several pieces; one letter outside it makes the
    whole text UCS-2, which holds 70, or 67."""
    if _GSM7.union(_GSM7_ESCAPED).issuperset(text):
        widths = [2 if letter in _GSM7_ESCAPED else 1 for letter in text]
        return Measured(len(text), "gsm7", _pieces(widths, 160, 153))
    widths = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return Measured(len(text), "ucs2", _pieces(widths, 70, 67))


def _pieces(widths: Iterable[int], alone: int, together: int) -> int:
    """A letter that is two wide is not cut in two: the piece before it stays shorter."""
    widths = list(widths)
    if sum(widths) <= alone:
        return 1
    pieces, room = 1, together
    for width in widths:
        if width > room:
            pieces, room = pieces + 1, together
        room -= width
    return pieces
