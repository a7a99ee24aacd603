"""What stands on a station's papers: numbers of the Russian tax office are checked."""

from __future__ import annotations

import re

from shared.refusals import Refused

_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
"""Of an ИНН's digits, counted from the check digit backwards: each check digit takes as many of
the last weights as there are digits before it."""
_REASON_CODE = re.compile(r"\d{4}[\dA-Z]{2}\d{3}")


def tax_number(number: str) -> str:
    """An ИНН of 10 digits (a company) or 12 (an entrepreneur). Raises ``tax_number_invalid``."""
    digits = [int(digit) for digit in number if digit.isdecimal() and digit.isascii()]
    checks = {10: 1, 12: 2}.get(len(number), 0)
    if not checks or len(digits) != len(number):
        raise Refused("tax_number_invalid", number=number)
    for place in range(len(digits) - checks, len(digits)):
        weights = _WEIGHTS[len(_WEIGHTS) - place :]
        total = sum(weight * digit for weight, digit in zip(weights, digits[:place], strict=True))
        if total % 11 % 10 != digits[place]:
            raise Refused("tax_number_invalid", number=number)
    return number


def tax_reason_code(code: str) -> str:
    """A КПП: where (4 digits), why (2 digits or letters), which (3 digits). Raises
    ``tax_reason_code_invalid``."""
    if not _REASON_CODE.fullmatch(code):
        raise Refused("tax_reason_code_invalid", number=code)
    return code
