"""What a line that was typed into the search may be the beginning of."""

from __future__ import annotations

import re

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.IGNORECASE)


def looks_like(typed: str) -> dict[str, str]:
    """Fields of a new client or car: a phone, a VIN, a plate, or a name."""
    typed = " ".join(typed.split())
    letters = sum(sign.isalpha() for sign in typed)
    digits = sum(sign.isdigit() for sign in typed)
    if _VIN.fullmatch(typed.replace(" ", "")):
        return {"vin": typed.replace(" ", "").upper()}
    if not letters and digits >= 5:
        return {"phones": typed}
    if digits:
        return {"plate": typed.upper()}
    last_name, _, first_name = typed.partition(" ")
    return {"last_name": last_name.capitalize(), "first_name": first_name.title()}
