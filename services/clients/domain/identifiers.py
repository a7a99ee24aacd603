"""Phones, VINs and plates: one written form for each, however people type them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.phones import phone_number
from shared.refusals import Refused

VIN_LENGTH = 17
MIN_FRAME_LENGTH = 5
"""Japanese cars of the home market have a frame number instead of a VIN, from 5 characters on."""

_CYRILLIC_TWINS = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")
_BETWEEN = re.compile(r"[\s\-‐‑–—]+")
_PLATE = re.compile(r"[^\W_][\w \-./·]*")

# --- phones ------------------------------------------------------------------------------------


def phone_numbers(typed: Iterable[str]) -> tuple[str, ...]:
    """The numbers as they are kept, each once, in the order given. Raises ``Refused``."""
    return tuple(dict.fromkeys(map(phone_number, typed)))


# --- VIN ---------------------------------------------------------------------------------------


def vin_number(typed: str) -> str | None:
    """The VIN or frame number as it is stored; ``None`` for an empty one.

    Raises ``Refused("vin_invalid")``: its ``fault`` is one of ``codes.VIN_FAULTS``, and ``signs``
    are the characters that do not belong there, or how many there are.
    """
    vin = folded(typed)
    if not vin:
        return None
    if alien := _characters(r"[^A-Z0-9]", vin):
        raise _no_vin(typed, "only Latin letters and digits are in one", alien)
    if len(vin) > VIN_LENGTH:
        raise _no_vin(typed, "it is too long", len(vin))
    if len(vin) < MIN_FRAME_LENGTH:
        raise _no_vin(typed, "it is too short", len(vin))
    if len(vin) == VIN_LENGTH and (forbidden := _characters("[IOQ]", vin)):
        raise _no_vin(typed, "I, O and Q are never in one, 1 and 0 are", forbidden)
    return vin


def _no_vin(typed: str, fault: str, signs: str | int) -> Refused:
    return Refused("vin_invalid", vin=typed, fault=fault, signs=signs)


def vin_warnings(vin: str | None) -> tuple[str, ...]:
    """What looks wrong about a stored VIN."""
    if vin is None:
        return ()
    if len(vin) < VIN_LENGTH:
        return ("vin_short",)
    return () if _check_digit_fits(vin) else ("vin_check_digit",)


_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True)) | {
    str(digit): digit for digit in range(10)
}
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def _check_digit_fits(vin: str) -> bool:
    """ISO 3779 leaves the ninth place to the maker, and many put a letter there: such a VIN has
    no check digit that could fail."""
    said = vin[8]
    if said not in "0123456789X":
        return True
    rest = sum(_VALUES[sign] * weight for sign, weight in zip(vin, _WEIGHTS, strict=True)) % 11
    return said == ("X" if rest == 10 else str(rest))


# --- plates ------------------------------------------------------------------------------------


def plate_text(typed: str) -> str | None:
    """The plate as people read it: upper case, single spaces; ``None`` for an empty one.

    Raises ``Refused("plate_invalid")`` for what no country would stamp.
    """
    plate = " ".join(typed.upper().split())
    if not plate:
        return None
    if not _PLATE.fullmatch(plate):
        raise Refused("plate_invalid", plate=typed)
    return plate


def plate_key(plate: str) -> str:
    """What two spellings of one plate have in common: ``а 123 вс 77`` and ``A123BC77``."""
    return re.sub(r"[\W_]+", "", folded(plate))


# --- both --------------------------------------------------------------------------------------


def folded(typed: str) -> str:
    """Upper case, Cyrillic look-alikes as their Latin twins, without spaces and dashes."""
    return _BETWEEN.sub("", typed.upper().translate(_CYRILLIC_TWINS))


def _characters(pattern: str, text: str) -> str:
    return ", ".join(dict.fromkeys(re.findall(pattern, text)))
