"""A company's requisites: nothing is written down that its own check digits deny."""

from __future__ import annotations

from shared import requisites as rules
from shared.contracts.requisites import Requisites
from shared.refusals import Refused


def checked(said: Requisites) -> Requisites | None:
    """None of it said: there are none. Raises ``Refused``: ``tax_number_invalid``,
    ``tax_reason_code_invalid``, ``registration_number_invalid``, ``bank_code_invalid``,
    ``bank_account_invalid``, ``bank_code_missing``."""
    said = Requisites(**{name: value or None for name, value in said})
    if said.tax_number:
        rules.tax_number(said.tax_number)
    if said.tax_reason_code:
        rules.tax_reason_code(said.tax_reason_code)
    if said.registration_number:
        rules.registration_number(said.registration_number)
    if said.bank_code:
        rules.bank_code(said.bank_code)
    for account, of_bank in ((said.bank_account, False), (said.correspondent_account, True)):
        if account:
            if not said.bank_code:
                raise Refused("bank_code_missing")
            rules.bank_account(account, said.bank_code, of_bank=of_bank)
    return said if any(value for _, value in said) else None
