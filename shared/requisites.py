"""What stands of a station or a company on papers: numbers of Russian tax offices and banks are
checked by their own check digits."""

from __future__ import annotations

import re
from itertools import cycle

from shared.refusals import Refused

_WEIGHTS = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
"""Of an ИНН's digits, counted from the check digit backwards: each check digit takes as many of
the last weights as there are digits before it."""
_REASON_CODE = re.compile(r"\d{4}[\dA-Z]{2}\d{3}")
_DIGITS = re.compile(r"[0-9]+")


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


def registration_number(number: str) -> str:
    """An ОГРН of 13 digits (a company) or 15 (an entrepreneur). Raises
    ``registration_number_invalid``."""
    divisor = {13: 11, 15: 13}.get(len(number))
    if not divisor or not _DIGITS.fullmatch(number):
        raise Refused("registration_number_invalid", number=number)
    if int(number[:-1]) % divisor % 10 != int(number[-1]):
        raise Refused("registration_number_invalid", number=number)
    return number


def bank_code(code: str) -> str:
    """A БИК: nine digits, of Russian banks ``04…``, of the treasury ``0…``. Raises
    ``bank_code_invalid``."""
    if not (_DIGITS.fullmatch(code) and len(code) == 9 and code.startswith("0")):
        raise Refused("bank_code_invalid", number=code)
    return code


def bank_account(account: str, code: str, *, of_bank: bool = False) -> str:
    """Twenty digits whose check digit is reckoned with the bank's ``code``; ``of_bank``: the
    bank's own, correspondent account. Raises ``bank_account_invalid``."""
    if not (_DIGITS.fullmatch(account) and len(account) == 20):
        raise Refused("bank_account_invalid", number=account)
    bank = f"0{code[4:6]}" if of_bank else code[6:]
    weighed = zip(bank + account, cycle("713"))
    if sum(int(digit) * int(weight) % 10 for digit, weight in weighed) % 10:
        raise Refused("bank_account_invalid", number=account)
    return account
