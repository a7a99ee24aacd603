"""What the journal says of a record: in words, without names of fields and without ids."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from string import Formatter
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from deploy.documents import ROOT
from services.documents.handlers.sending import GONE
from services.gateway import field_words
from services.gateway.examples import BODIES
from services.gateway.pages.audit_facts import Facts, facts_of, in_language
from services.gateway.pages.refusals import in_words
from services.gateway.pages.words import MESSAGE_REASONS
from services.gateway.problems import field_invalid, invalid
from shared.contracts.audit import AuditRecord
from shared.contracts.base import Event
from shared.contracts.works import CreatePackage
from shared.formulas.errors import WORDS, FormulaError
from shared.ids import new_id
from shared.messaging.server import error_list
from shared.refusals import REASONS, Refused
from tests.contracts.catalogue import EVENTS, subject_of
from tests.contracts.test_examples import example_of

SECTION, PERSON, NOBODY = (str(new_id()) for _ in range(3))
KNOWN = {SECTION: "Слесарный", PERSON: "Петров Пётр", "new": "Новый", "in_progress": "В работе"}


def said(body: dict[str, Any], *changes: tuple[str, Any, Any]) -> Facts:
    record = AuditRecord.model_validate(
        {
            "seq": 1,
            "event_id": new_id(),
            "event": "evt.orders.order_changed.v1",
            "at": datetime(2026, 11, 27, tzinfo=UTC),
            "actor": "advisor",
            "actor_role": "advisor",
            "station": "station-1",
            "order_id": None,
            "correlation_id": None,
            "changes": [{"field": field, "old": old, "new": new} for field, old, new in changes],
            "body": body,
            "hash": "0",
        }
    )
    return facts_of(record, KNOWN)


def test_of_a_booking_the_post_and_the_time_are_told_once() -> None:
    made = {"booking_id": NOBODY, "post_id": SECTION, "start": "2026-11-27T07:00:00Z"}
    assert said(made).about == ("Слесарный", datetime(2026, 11, 27, 7, tzinfo=UTC))
    moved = ("start", "2026-11-27T06:00:00Z", made["start"])
    assert said(made, moved).about == ("Слесарный",)


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_every_event_can_be_told(event: type[Event]) -> None:
    said(json.loads(example_of(event)))


@pytest.mark.parametrize("command", sorted(BODIES))
def test_every_command_that_was_refused_can_be_told(command: str) -> None:
    """What was tried is told as it was sent."""
    refused = Refused("order_not_found", id="A-7")
    assert said(
        {
            "code": refused.code,
            "detail": refused.words(),
            "command": command,
            "attempt": {"order_id": NOBODY, **BODIES[command]},
        }
    )


def test_lines_that_a_refused_command_names_by_their_ids_are_told_by_their_names() -> None:
    assert said({"attempt": {"lines": [SECTION, NOBODY]}}).about == ("Слесарный",)


def test_edits_are_told_by_the_names_of_things() -> None:
    facts = said(
        {"order_id": NOBODY},
        ("employee_id", None, PERSON),
        ("section_id", NOBODY, SECTION),
        ("quantity", "1.000", "2.000"),
        ("phones", ["+79160000000"], ["+79160000000", "+79161111111;ext=5"]),
        ("revision", 1, 2),
    )
    assert facts.changes == (
        ("Assigned to", None, "Петров Пётр"),
        ("Section", None, "Слесарный"),
        ("Quantity", Decimal("1.000"), Decimal("2.000")),
        ("Phones", "+7 916 000-00-00", "+7 916 000-00-00, +7 916 111-11-11 ext. 5"),
    )


def test_a_step_and_what_it_was_about_are_told_once() -> None:
    body = {"old_status": "new", "status": "in_progress", "name": "Замена масла", "by": NOBODY}
    assert said(body) == Facts(("Замена масла",), (("State", "Новый", "В работе"),))


def test_a_refusal_is_told_in_the_language_of_who_reads() -> None:
    refused = Refused("order_not_found", id="A-7")
    body = {"code": refused.code, "detail": refused.words("en"), "command": "MoveOrder"}
    assert in_language(body, "en", {}) is body
    assert in_language(body, "ru", {})["detail"] == refused.words("ru")
    assert "A-7" in refused.words("ru")
    for code in REASONS:
        told = {"code": code, "detail": Refused(code).words("en")}
        assert in_language(told, "ru", {})["detail"] == Refused(code).words("ru"), code
    vin = Refused("vin_invalid", vin="XTA2", fault="it is too short", signs=4)
    short = in_language({"code": vin.code, "detail": vin.words("en")}, "ru", {})
    assert short["detail"] == vin.words("ru")
    unknown = {"code": "of_a_newer_service", "detail": "Something"}
    assert in_language(unknown, "ru", {}) is unknown


@pytest.mark.parametrize("code", REASONS)
def test_a_refusal_that_was_recorded_with_ids_and_lines_is_told_with_names(code: str) -> None:
    gaps = {name for _, name, _, _ in Formatter().parse(REASONS[code].en) if name} - {"errors"}
    for said, name in ((str(new_id()), "Свеча"), ("две\nстроки", "две\nстроки")):
        recorded = Refused(code, **dict.fromkeys(gaps, said)).words("en")
        for language in ("ru", "en"):
            told = in_language({"code": code, "detail": recorded}, language, {said: name})
            assert told["detail"] == Refused(code, **dict.fromkeys(gaps, name)).words(language)


def test_why_a_message_was_not_sent_has_words_in_both_languages() -> None:
    reasons = set(GONE)
    for path in (ROOT / "services" / "documents").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Call(
                    func=ast.Name(name) | ast.Attribute(attr=name), args=[_, why, *_]
                ) if name in {"skipped", "cancelled", "refused"}:
                    reasons |= _texts(why)
                case ast.keyword(arg="reason", value=why) if path.name == "messages.py":
                    reasons |= _texts(why)
                case ast.FunctionDef(name="hindrance"):
                    reasons |= {
                        text
                        for each in ast.walk(node)
                        if isinstance(each, ast.Return) and each.value
                        for text in _texts(each.value)
                    }
    assert reasons == MESSAGE_REASONS.keys()
    for reason in reasons:
        body = {"message_id": NOBODY, "reason": reason}
        english, russian = (in_language(body, each, {})["reason"] for each in ("en", "ru"))
        assert english == MESSAGE_REASONS[reason]
        assert re.fullmatch(r"[А-Яа-яёSM ,]+", russian), russian
    typed = {"message_id": NOBODY, "reason": "of a newer service"}
    assert in_language(typed, "ru", {}) == typed


def _texts(node: ast.expr) -> set[str]:
    return {
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    }


def test_why_a_template_could_not_be_filled_in_is_told_in_the_language_of_who_reads() -> None:
    error = FormulaError("unknown_name", name="TotalMony", nearest="TotalMoney")
    body = {"reason": "template_failed", "detail": error.words()}
    for language in ("en", "ru"):
        told = in_language(body, language, {})
        assert told["reason"] is None
        assert error.words(language) in told["detail"]
    assert in_language(body, "ru", {})["detail"].startswith("Шаблон нельзя заполнить")
    typed = {"reason": "template_failed"}
    assert in_language(typed, "ru", {}) is typed


def test_fields_that_were_wrong_are_called_as_people_call_them() -> None:
    wrong = {"name": "", "services": ({"service_id": new_id(), "quantity": "-1"},), "colour": "x"}
    with pytest.raises(ValidationError) as refused:
        CreatePackage.model_validate(wrong)
    by_service = Refused("request_invalid", errors=error_list(refused.value))
    at_the_door = invalid(refused.value, {})
    for refusal in (by_service, at_the_door):
        body = {"code": refusal.code, "detail": refusal.words()}
        detail = in_language(body, "ru", {})["detail"]
        for said in (
            "Запрос составлен неверно: ",
            "Название: не короче 1 символов",
            "Количество: должно быть больше 0",
            "Цвет: такого поля нет",
        ):
            assert said in detail
        assert "Name: String should have" in in_language(body, "en", {})["detail"]


@pytest.mark.parametrize("code", field_words.OWN)
def test_what_the_gateway_says_of_a_field_is_read_in_russian_from_the_journal(code: str) -> None:
    about = {"names": "json, csv", "most": "9", "text": "Масло; 5W-30 (4 л)", "why": "Missing"}
    refusal = field_invalid("ids", code, **about)
    told = in_language({"code": refusal.code, "detail": refusal.words()}, "ru", {})["detail"]
    assert told == refusal.words("ru")


def test_what_the_gateway_says_of_a_field_has_words_and_is_said_somewhere() -> None:
    folder = ROOT / "services" / "gateway"
    said = {
        code
        for path in folder.rglob("*.py")
        for code in _codes_of_fields(ast.parse(path.read_text()))
    }
    assert said == set(field_words.OWN)


def _codes_of_fields(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case (
                ast.Call(func=ast.Name("unreadable"), args=[code])
                | ast.Call(func=ast.Name("field_invalid"), args=[_, code])
            ):
                named = [code] if isinstance(code, ast.Constant) else ast.walk(code)
                yield from (
                    each.value
                    for each in named
                    if isinstance(each, ast.Constant) and each.value in field_words.OWN
                )


def _no(value: str) -> str:
    raise ValueError(value)


@pytest.mark.parametrize(
    ("model", "value", "russian"),
    [
        (date, "2026-13-01", "должна быть дата ГГГГ-ММ-ДД"),
        (Literal["a", "b"], "c", "должно быть одно из: 'a' or 'b'"),
        (Annotated[str, AfterValidator(_no)], "x", "недопустимое значение"),
    ],
)
def test_each_error_of_the_validator_is_read_as_itself(
    model: Any, value: str, russian: str
) -> None:
    with pytest.raises(ValidationError) as wrong:
        TypeAdapter(model).validate_python(value)
    refusal = invalid(wrong.value, {})
    assert refusal.errors[0].message_ru == russian
    detail = in_language({"code": refusal.code, "detail": refusal.words()}, "ru", {})["detail"]
    assert detail == refusal.words("ru")


@pytest.mark.parametrize("code", WORDS)
@pytest.mark.parametrize("nearest", [None, "TotalMoney"])
def test_what_is_wrong_with_a_formula_is_read_in_russian(code: str, nearest: str | None) -> None:
    wrong = FormulaError(code, line=2, column=7, name="TotalMony", nearest=nearest, limit=9)
    refusal = wrong.refused("condition")
    told = in_language({"code": refusal.code, "detail": refusal.words()}, "ru", {})["detail"]
    assert told == in_words(refusal, "ru")
    assert "«Только если», строка 2, позиция 7: " in told
