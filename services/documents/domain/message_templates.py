"""Texts of messages: what a template must be to be saved, and what it says of an order.

Every text is evaluated as the client sees the order: what a template asks for, cost and materials
are not in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from shared.contracts.base import Change
from shared.contracts.clients import Language
from shared.contracts.messages import (
    ChangeMessageTemplate,
    Channel,
    Delay,
    MessageTemplateFields,
    MessageTemplateView,
    MessageText,
)
from shared.contracts.work_order import WorkOrder
from shared.edits import edited, ensure_filled, named_fields
from shared.formulas import (
    ORDER_MODEL,
    Extra,
    FormulaError,
    Model,
    check_formula,
    check_template,
    compile_formula,
    compile_template,
)
from shared.refusals import Refused, ensure_revision

VIEWER = "client"
LINK = "Link"
_LINK = re.compile(rf"\b{LINK}\b")
_NEVER_EMPTY = ("name", "fact", "channel", "kind", "urgent", "delay", "active")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What goes to the client."""

    language: Language
    email_subject: str | None
    text: str


@cache
def message_model() -> Model:
    """The work order, and what only messages have."""
    return ORDER_MODEL.extended(
        {
            LINK: Extra(
                type="text",
                ru="Ссылка на смету для клиента",
                en="Link to the client's estimate",
                sample="https://example.com/e/AbCd",
            )
        }
    )


# --- saved only if it works --------------------------------------------------------------------


def checked(fields: MessageTemplateFields) -> None:
    """Raises ``Refused``: ``message_text_missing``, ``subject_missing``, ``subject_of_sms``,
    ``delay_missing``, ``delay_of_by_hand``, ``urgent_marketing``, ``formula_invalid``."""
    if fields.ru is None and fields.en is None:
        raise Refused("message_text_missing")
    if fields.urgent and fields.kind == "marketing":
        raise Refused("urgent_marketing")
    if fields.fact == "by_hand" and fields.delay != Delay():
        raise Refused("delay_of_by_hand")
    if fields.fact in ("next_visit", "work_declined") and fields.delay == Delay():
        raise Refused("delay_missing")
    check_condition(fields.condition)
    for language in ("ru", "en"):
        if text := getattr(fields, language):
            check_text(text, fields.channel, language)


def check_condition(condition: str | None) -> None:
    """Raises ``Refused("formula_invalid")``."""
    if condition:
        try:
            check_formula(condition, wants="condition", model=message_model())
        except FormulaError as error:
            raise error.refused("condition") from error


def check_text(text: MessageText, channel: Channel, language: str) -> None:
    """Raises ``Refused``: ``formula_invalid``, ``subject_missing``, ``subject_of_sms``."""
    if channel == "email" and text.subject is None:
        raise Refused("subject_missing")
    if channel == "sms" and text.subject is not None:
        raise Refused("subject_of_sms")
    for field, words in (("subject", text.subject), ("text", text.text)):
        if words:
            try:
                check_template(words, model=message_model())
            except FormulaError as error:
                raise error.refused(f"{language}.{field}") from error


def changed(
    template: MessageTemplateView, command: ChangeMessageTemplate, now: datetime
) -> tuple[MessageTemplateView, tuple[Change, ...]]:
    """The template after an edit, and what that changed. Raises ``Refused``: as ``checked``,
    ``field_required``, ``revision_conflict``."""
    ensure_revision(command.expected_revision, template.revision)
    fields = named_fields(command, "template_id")
    ensure_filled(fields, _NEVER_EMPTY)
    new, changes = edited(template, fields, now)
    checked(new)
    return new, changes


# --- what it says ------------------------------------------------------------------------------


def wants_link(*texts: str | None) -> bool:
    """Whether a link has to be asked for."""
    return any(text and _LINK.search(text) for text in texts)


def text_in(
    template: MessageTemplateFields, wanted: Language
) -> tuple[Language, MessageText] | None:
    """The client's language, or the one that there is."""
    other: Language = "en" if wanted == "ru" else "ru"
    for language in (wanted, other):
        text: MessageText | None = getattr(template, language)
        if text:
            return language, text
    return None


def fits(condition: str | None, order: WorkOrder, at: datetime) -> bool:
    """Raises ``FormulaError``; a condition that comes to nothing is not met."""
    if not condition:
        return True
    formula = compile_formula(condition, model=message_model())
    return bool(formula.evaluate(order, viewer=VIEWER, at=at, extra={LINK: None}))


def rendered(
    text: MessageText, language: Language, order: WorkOrder, at: datetime, link: str | None
) -> Rendered:
    """Raises ``FormulaError``. A subject is one line, whatever stands in the order."""

    def words(source: str) -> str:
        template = compile_template(source, model=message_model())
        return template.render(
            order, viewer=VIEWER, at=at, language=language, extra={LINK: link}
        ).strip()

    subject = " ".join(words(text.subject).split()) if text.subject else None
    return Rendered(language, subject, words(text.text))
