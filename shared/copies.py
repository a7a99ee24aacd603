"""How a thing is told to whoever compares copies with their owner's word: by both the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2s
from typing import Any
from uuid import UUID

from shared.contracts.copies import CopiedKind, Told

LONGEST = 60
NOTHING = "null"
PERSONAL: Mapping[CopiedKind, frozenset[str]] = {
    "client": frozenset(
        {
            "name", "last_name", "first_name", "middle_name", "company_name", "phones", "email",
            "comment", "requisites", "consents",
        }
    ),
    "vehicle": frozenset({"name", "plate", "vin"}),
}  # fmt: skip
"""What nobody needs to read who only compares: it may stand in a terminal, and in logs."""


def told(kind: CopiedKind, row_id: UUID, revision: int | None, fields: Mapping[str, Any]) -> Told:
    """Long words, and those that say who somebody is, as digests."""
    hidden = PERSONAL.get(kind, frozenset())
    return Told(
        id=row_id,
        revision=revision,
        fields={name: _told(plain(value), name in hidden) for name, value in fields.items()},
    )


def plain(value: Any) -> str:
    """What is equal is the same text: numbers without zeros at their end, JSON by its keys."""
    match value:
        case str():
            return value
        case None:
            return NOTHING
        case Decimal():
            return f"{value.normalize():f}"
        case datetime():
            return value.astimezone(UTC).isoformat()
        case bool() | list() | tuple() | dict():
            return json.dumps(value, ensure_ascii=False, sort_keys=True, default=plain)
    return str(value)


def _told(word: str, hidden: bool) -> str:
    if word == NOTHING or not (hidden or len(word) > LONGEST):
        return word
    return f"#{blake2s(word.encode(), digest_size=4).hexdigest()}"
