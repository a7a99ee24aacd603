"""EAN and UPC check digits, and barcodes of the station's own. Pure."""

from __future__ import annotations

from shared.contracts.part_numbers import BarcodeWarning

CHECKED_LENGTHS = frozenset({8, 12, 13})
"""EAN-8, UPC-A and EAN-13; digits of another number, and anything else, are free text."""
OWN_PREFIX = "2"
"""GS1 leaves 20 to 29 to whoever numbers goods within own walls."""


def barcode_warnings(code: str) -> tuple[BarcodeWarning, ...]:
    """What looks wrong and is accepted: scanners read what is printed, right or not."""
    if not (code.isdecimal() and len(code) in CHECKED_LENGTHS):
        return ()
    return () if check_digit(code[:-1]) == code[-1] else ("check_digit",)


def check_digit(digits: str) -> str:
    """GS1's: from the right every other digit counts three times."""
    total = sum(
        int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))
    )
    return str(-total % 10)


def own_barcode(number: int) -> str:
    """The EAN-13 of a serial number, up to 11 digits."""
    digits = f"{OWN_PREFIX}{number:011d}"
    return digits + check_digit(digits)
