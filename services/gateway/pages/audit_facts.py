"""What a record of the journal says, in words: of the event's fields those that people have names
for, without ids. The whole event stands beside it as it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.gateway.field_words import as_told
from services.gateway.pages import words
from services.gateway.pages.field_names import FIELDS, field_name, with_fields_named
from services.gateway.pages.orders import events
from services.gateway.pages.rendering import translations
from shared.contracts.audit import AuditRecord
from shared.filled import filled_with
from shared.formulas.errors import in_russian
from shared.phones import is_phone, phone_shown
from shared.refusals import REASONS, Refused

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


TEMPLATE_FAILED = "template_failed"
"""Why a message was skipped, with a detail of its own."""


@dataclass(frozen=True, slots=True)
class Facts:
    """``about``: names, texts, moments, sums. ``changes``: the field's name, old and new."""

    about: tuple[Any, ...]
    changes: tuple[tuple[str, Any, Any], ...]


def known_words(translated: Callable[[str], str]) -> dict[str, str]:
    """What codes of records are called."""
    return {code: translated(word) for table in _CODES for code, word in table.items()}


def facts_of(record: AuditRecord, known: Mapping[str, str], language: str = "en") -> Facts:
    """``known``: what ids and codes are called."""
    changes = tuple(_changes(record, known, language))
    whole = in_language(record.body, language, known)
    inner = (each for each in whole.values() if isinstance(each, Mapping))
    about = dict.fromkeys(said for body in (whole, *inner) for said in events.about(body, known))
    # A sum or a time that has changed is told with what it was.
    changing = (Decimal, datetime) if changes else ()
    told = (said for said in about if not (_is_id(said) or isinstance(said, changing)))
    return Facts(tuple(told), changes)


def in_language(
    body: Mapping[str, Any], language: str, known: Mapping[str, str]
) -> Mapping[str, Any]:
    """What a refusal said, as pages say it in that language: events have it in English, and call
    fields by their keys and things by their ids. Likewise why a message was not sent."""
    if body.get("reason") == TEMPLATE_FAILED and (failed := body.get("detail")):
        return {**body, "reason": None, "detail": template_failed(str(failed), language)}
    if "message_id" in body:
        return {**body, "reason": not_sent(body.get("reason"), language)}
    reason = REASONS.get(str(body.get("code")))
    if reason is None:
        return body
    gaps = filled_with(reason.en, str(body.get("detail")))
    if gaps is None:
        return body
    named = {
        name: known[said] if _is_id(said) and said in known else said for name, said in gaps.items()
    }
    params = with_fields_named(named, language)
    if "errors" in params:
        params["errors"] = "; ".join(
            f"{field_name(field, language)}: {message}" if message else field
            for field, message in as_told(params["errors"], language)
        )
    if language == "ru" and "problem" in params:
        params["problem"] = in_russian(params["problem"])
    if language == "en" and params == gaps:
        return body
    return {**body, "detail": Refused(str(body["code"]), **params).words(language)}


def not_sent(reason: str | None, language: str) -> str | None:
    """Why a message was not."""
    known = words.MESSAGE_REASONS.get(reason or "")
    return translations(language).ugettext(known) if known else reason


def template_failed(detail: str, language: str) -> str:
    """Why a message was not sent, of which ``detail`` says in English what is wrong."""
    problem = {"problem_en": detail, "problem_ru": in_russian(detail)}
    return Refused("message_template_failed", **problem).words(language)


def _changes(
    record: AuditRecord, known: Mapping[str, str], language: str
) -> Iterator[tuple[str, Any, Any]]:
    edits = [
        (FIELDS[change.field], change.old, change.new)
        for change in record.changes
        if change.field in FIELDS
    ]
    for name, *values in (*events.steps(record.body), *edits):
        old, new = (_said(value, known, language) for value in values)
        if old != new:
            yield name, old, new


def _said(value: Any, known: Mapping[str, str], language: str) -> Any:
    """A list of words as one text; of what has no name, nothing."""
    if isinstance(value, list):
        named = (_said(each, known, language) for each in value)
        return ", ".join(f"{each}" for each in named if each is not None) or None
    if isinstance(value, dict) or (_is_id(value) and value not in known):
        return None
    if isinstance(value, str) and is_phone(value):
        return phone_shown(value, language)
    # A tax number is no number to reckon with: sums and quantities have a point.
    if isinstance(value, str) and not {".", "T"} & set(value):
        return known.get(value, value)
    return events.value(value, known)


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False
