"""What a line that was typed into the search may be the beginning of."""

from __future__ import annotations

import re

from shared.phones import looks_like_phone

_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}", re.IGNORECASE)


def looks_like(typed: str) -> dict[str, str]:
    """Fields of a new client or car: a phone, a VIN, a plate, or a name."""
    typed = " ".join(typed.split())
    if _VIN.fullmatch(typed.replace(" ", "")):
        return {"vin": typed.replace(" ", "").upper()}
    if looks_like_phone(typed):
        return {"phones": typed}
    if any(sign.isdigit() for sign in typed):
        return {"plate": typed.upper()}
    last_name, _, first_name = typed.partition(" ")
    return {"last_name": last_name.capitalize(), "first_name": first_name.title()}
