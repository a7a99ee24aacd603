"""What a record of the journal says, in words: of the event's fields those that people have names
for, without ids. The whole event stands beside it as it was recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.gateway.field_words import as_told
from services.gateway.pages import words
from services.gateway.pages.orders import events
from services.gateway.pages.rendering import translations
from services.gateway.pages.words import N_
from shared.contracts.audit import AuditRecord
from shared.refusals import REASONS, Refused

FIELDS = {
    "active": N_("Active"),
    "address": N_("Address"),
    "amount": N_("Amount"),
    "barcode": N_("Barcode"),
    "caption": N_("Caption"),
    "cash_box_id": N_("Cash box"),
    "category_id": N_("Category"),
    "colour": N_("Colour"),
    "company_name": N_("Company name"),
    "counted": N_("Counted"),
    "credit_limit": N_("Credit limit"),
    "day": N_("Day"),
    "email": N_("E-mail"),
    "ends_on": N_("Until"),
    "engine": N_("Engine"),
    "expected_on": N_("Expected on"),
    "first_name": N_("First name"),
    "group": N_("Group"),
    "initial": N_("Price quoted"),
    "initial_price": N_("Price quoted"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "last_name": N_("Last name"),
    "legal_name": N_("Legal name"),
    "login": N_("Login"),
    "max_share_percent": N_("Share of a bill, percent"),
    "measure": N_("Unit"),
    "method": N_("Method"),
    "methods": N_("Methods"),
    "middle_name": N_("Middle name"),
    "min_stock": N_("Minimum stock"),
    "model": N_("Model"),
    "name": N_("Name"),
    "name_en": N_("Name in English"),
    "no_discount": N_("Without discounts"),
    "note": N_("Note"),
    "number": N_("Number"),
    "oem": N_("OEM number"),
    "paused": N_("Paused"),
    "pay_percent": N_("Pay, percent"),
    "payment_days": N_("Days to pay"),
    "phone": N_("Phone"),
    "phones": N_("Phones"),
    "plate": N_("Plate"),
    "price": N_("Price"),
    "priority": N_("Priority"),
    "products_discount_percent": N_("Discount on parts, percent"),
    "reason": N_("Reason"),
    "role": N_("Role"),
    "services_discount_percent": N_("Discount on works, percent"),
    "shift_required": N_("Only with an open shift"),
    "signed_on": N_("Signed on"),
    "stations": N_("Stations"),
    "supplier_id": N_("Supplier"),
    "tax_number": N_("Tax number"),
    "valid_from": N_("From"),
    "valid_to": N_("Until"),
    "value": N_("Value"),
    "vendor": N_("Make"),
    "vin": N_("VIN"),
    "visible_to_client": N_("The client sees it"),
    "warehouse_id": N_("Warehouse"),
    "warranty_days": N_("Warranty, days"),
    "warranty_km": N_("Warranty, km"),
    "website": N_("Website"),
    "week": N_("Working hours"),
    "year": N_("Year"),
    "year_from": N_("From year"),
    "year_to": N_("Until year"),
} | events.FIELDS
"""Fields that edits name; what is not here is the system's own business."""
_CODES = (
    words.CLIENT_KINDS,
    words.EXPENSE_KINDS,
    words.PAY_RULE_KINDS,
    words.PAY_KINDS,
    words.COSTING,
    words.CHANNELS,
    words.ROLES,
    events.CODES,
)
"""Of two tables that have a code, the later one is right: it is met more often."""


@dataclass(frozen=True, slots=True)
class Facts:
    """``about``: names, texts, sums. ``changes``: the field's name, old and new."""

    about: tuple[Any, ...]
    changes: tuple[tuple[str, Any, Any], ...]


def known_words(translated: Callable[[str], str]) -> dict[str, str]:
    """What codes of records are called."""
    return {code: translated(word) for table in _CODES for code, word in table.items()}


def facts_of(record: AuditRecord, known: Mapping[str, str], language: str = "en") -> Facts:
    """``known``: what ids and codes are called."""
    changes = tuple(_changes(record, known))
    whole = in_language(record.body, language)
    inner = (each for each in whole.values() if isinstance(each, Mapping))
    about = dict.fromkeys(said for body in (whole, *inner) for said in events.about(body, known))
    # A sum that has changed is told with what it was.
    return Facts(
        tuple(
            said for said in about if not (_is_id(said) or (changes and isinstance(said, Decimal)))
        ),
        changes,
    )


def in_language(body: Mapping[str, Any], language: str) -> Mapping[str, Any]:
    """What a refusal said, as it is said in that language: events have it in English."""
    reason = REASONS.get(str(body.get("code")))
    if language == "en" or reason is None:
        return body
    pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(reason.en))
    found = re.fullmatch(pattern, str(body.get("detail")))
    if found is None:
        return body
    params = found.groupdict()
    if "errors" in params:
        translated = translations(language).ugettext
        params["errors"] = "; ".join(
            f"{translated(_field_name(field))}: {message}" if message else field
            for field, message in as_told(params["errors"])
        )
    return {**body, "detail": Refused(str(body["code"]), **params).words(language)}


def _field_name(field: str) -> str:
    """Of ``lines.0.quantity`` the quantity; what has no name stays as it is."""
    return FIELDS.get(field.rpartition(".")[2], field)


def _changes(record: AuditRecord, known: Mapping[str, str]) -> Iterator[tuple[str, Any, Any]]:
    edits = [
        (FIELDS[change.field], change.old, change.new)
        for change in record.changes
        if change.field in FIELDS
    ]
    for name, *values in (*events.steps(record.body), *edits):
        old, new = (_said(value, known) for value in values)
        if old != new:
            yield name, old, new


def _said(value: Any, known: Mapping[str, str]) -> Any:
    """A list of words as one text; of what has no name, nothing."""
    if isinstance(value, list):
        named = (_said(each, known) for each in value)
        return ", ".join(f"{each}" for each in named if each is not None) or None
    if isinstance(value, dict) or (_is_id(value) and value not in known):
        return None
    # A phone or a tax number is no number to reckon with: sums and quantities have a point.
    if isinstance(value, str) and not {".", "T"} & set(value):
        return known.get(value, value)
    return events.value(value, known)


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
