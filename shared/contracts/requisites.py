"""What stands of a company on papers: owned by ``services/clients``, printed by documents."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from shared.contracts.base import Name, View

Code = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=40, pattern=r"^[^\x00-\x1f]*$")
]


class Requisites(View):
    """Whatever of it is named must be right: numbers are checked by their own check digits."""

    tax_number: Code | None = None
    """ИНН: 10 digits, of an entrepreneur 12."""
    tax_reason_code: Code | None = None
    """КПП."""
    registration_number: Code | None = None
    """ОГРН: 13 digits, of an entrepreneur 15."""
    legal_address: Name | None = None
    bank_name: Name | None = None
    bank_code: Code | None = None
    """БИК: what the check digits of both accounts go by."""
    bank_account: Code | None = None
    """Расчётный счёт."""
    correspondent_account: Code | None = None

    @property
    def bank_details(self) -> str | None:
        """In one line, as papers have it."""
        parts = (
            ("р/с {}", self.bank_account),
            ("в {}", self.bank_name),
            ("к/с {}", self.correspondent_account),
            ("БИК {}", self.bank_code),
        )
        return ", ".join(words.format(said) for words, said in parts if said) or None
