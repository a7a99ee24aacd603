"""Every code that is used has words, and every code with words is used."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

from deploy.documents import ROOT
from services.clients.domain.importing import FIELDS as CLIENT_FIELDS
from services.documents.domain.forms import FORMS
from services.gateway.pages.audit_facts import in_language
from services.gateway.pages.clients import words as of_clients
from services.gateway.pages.field_names import OF_FIELDS, field_name
from services.gateway.pages.orders import looks
from services.gateway.pages.refusals import NAMED, in_words
from services.gateway.pages.rendering import translations
from services.gateway.pages.words import FISCAL_STATES, METHODS, ROLES
from services.inventory.domain.offers import CROSS_FIELDS, PRICE_LIST_FIELDS
from shared import codes
from shared.codes import CALLED, CODED, ORDER_STATES
from shared.contracts.base import Command
from shared.contracts.finance import FiscalState, PaymentMethod, RecordExpense
from shared.contracts.imports import ImportState
from shared.contracts.load import BookingState
from shared.contracts.messages import MessageState, SendMessage
from shared.contracts.orders import OrderStatus, PartState, Role
from shared.contracts.pay_rules import CreatePayRule
from shared.contracts.purchase_orders import PurchaseState
from shared.formulas.model_things import STATES
from shared.refusals import REASONS, Refused
from shared.settings import SERVICES

SOURCES = [
    path
    for folder in ("services", "shared")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.name != "refusals.py"
]


def codes_in(source: str) -> Iterator[tuple[str, int]]:
    """Codes with the line: of ``Refused("code", …)``, and every other constant that is a code (a
    table or a choice may hand it over). A code that is put together, ``f"{kind}_not_found"``,
    stands for all that it may become."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=function, args=[ast.Constant(str(code)), *_]):
                if _name(function) in {"Refused", "refused"}:
                    yield code, node.lineno
            case ast.Call(func=function, args=[ast.JoinedStr(parts), *_]):
                if _name(function) in {"Refused", "refused"}:
                    pattern = "".join(
                        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_]+"
                        for part in parts
                    )
                    for code in REASONS:
                        if re.fullmatch(pattern, code):
                            yield code, node.lineno
            case ast.Constant(str(code)) if code in REASONS:
                yield code, node.lineno


def test_every_code_in_use_has_words() -> None:
    unknown = [
        f"{path.relative_to(ROOT)}:{line}: {code}"
        for path in SOURCES
        for code, line in codes_in(path.read_text())
        if code not in REASONS
    ]
    assert unknown == []


def test_every_code_with_words_is_used() -> None:
    used = {code for path in SOURCES for code, _ in codes_in(path.read_text())}
    assert REASONS.keys() - used == set()


def test_a_code_without_words_would_be_found() -> None:
    source = 'def f():\n    raise Refused("no_such_code", id=1)\n'
    assert list(codes_in(source)) == [("no_such_code", 2)]


def test_a_code_that_is_put_together_stands_for_all_that_it_may_become() -> None:
    codes = {code for code, _ in codes_in('raise Refused(f"{kind}_taken", id=1)')}
    assert codes == {code for code in REASONS if code.endswith("_taken")}
    assert codes >= {"name_taken", "login_taken", "barcode_taken"}


@pytest.mark.parametrize("code", REASONS)
def test_both_languages_say_the_same_particulars(code: str) -> None:
    reason = REASONS[code]
    assert _placeholders(reason.en) == _placeholders(reason.ru)
    assert reason.en != reason.ru


@pytest.mark.parametrize("code", REASONS)
def test_words_with_all_particulars_leave_no_gap(code: str) -> None:
    params = dict.fromkeys(_placeholders(REASONS[code].en), "…")
    for language in ("en", "ru"):
        words = Refused(code, **params).words(language)
        assert words
        assert "{" not in words


def test_particulars_of_a_text_are_found() -> None:
    assert _placeholders("{vendor} {oem} is known, {vendor}") == {"vendor", "oem"}


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(name) | ast.Attribute(_, "Refused" as name):
            # A method ``refused`` is another's: ``error.refused(field)`` of formulas.
            return name
    return ""


def test_sources_are_found() -> None:
    assert Path(ROOT / "shared" / "pagination.py") in SOURCES


def test_states_of_orders_are_called_in_refusals_as_on_papers() -> None:
    assert {code: f"«{russian}»" for code, (_, russian) in STATES.items()} == ORDER_STATES
    closed = Refused("order_closed", status="in_progress")
    assert closed.words("ru") == "Заказ-наряд в состоянии «В работе», изменить его нельзя"
    assert closed.words() == "The order is in_progress and cannot be edited"


@pytest.mark.parametrize(
    ("kind", "called"),
    [
        (OrderStatus, codes.ORDER_STATES),
        (PartState, codes.PART_STATES),
        (PurchaseState, codes.PURCHASE_STATES),
        (ImportState, codes.IMPORT_STATES),
        (MessageState, codes.MESSAGE_STATES),
        (BookingState, codes.BOOKING_STATES),
        (FiscalState, codes.FISCAL_STATES),
        (Role, codes.ROLES),
        (PaymentMethod, codes.METHODS),
    ],
)
def test_no_code_is_left_in_a_russian_refusal(kind: Any, called: dict[str, str]) -> None:
    assert called.keys() == set(get_args(kind))
    for code in (code for code, words in CALLED.items() if words is called):
        (key, *_) = _placeholders(REASONS[code].ru) & CODED
        for state in called:
            said = f"Свеча ({state})" if key == "lines" else state
            assert state not in Refused(code, **{key: said}).words("ru")
            assert said in Refused(code, **{key: said}).words()


def test_refusals_call_things_as_pages_do() -> None:
    russian = translations("ru").ugettext
    for called, shown in (
        (codes.IMPORT_STATES, of_clients.IMPORT_STATES),
        (codes.MESSAGE_STATES, {code: look.word for code, look in looks.MESSAGES.items()}),
        (codes.FISCAL_STATES, FISCAL_STATES),
        (codes.ROLES, ROLES),
        (codes.METHODS, METHODS),
    ):
        assert called == {code: f"«{russian(word)}»" for code, word in shown.items()}
    parts = {code: russian(look.word).lower() for code, look in looks.PARTS.items()}
    assert parts == codes.PART_STATES


def test_forms_are_called_in_refusals_as_on_papers() -> None:
    assert {form.code: f"«{form.name_ru}»" for form in FORMS.values()} == codes.FORMS
    refused = Refused("form_version_not_found", form="invoice", revision=3)
    assert refused.words("ru") == "У формы «Счёт» нет версии 3"


def test_a_day_of_the_week_is_no_number_in_a_russian_refusal() -> None:
    wrong = {"opens": "18:00", "closes": "09:00"}
    assert Refused("hours_invalid", day="1", **wrong).words("ru").startswith("Понедельник: ")
    assert Refused("hours_invalid", day="2026-12-31", **wrong).words("ru").startswith("2026-12-31")


# fmt: off
PLAIN = frozenset({
    "actual", "address", "allowed", "at", "available", "balance", "banknotes", "barcode", "booked",
    "cash", "category", "closes", "colour", "column", "cost", "counted", "days", "debt", "deposit",
    "due", "end", "expected", "group", "high", "issued", "left", "limit", "line", "login",
    "longest", "low", "missing", "most", "name", "next", "number", "numbers", "oem", "offered",
    "opens", "order", "orders", "over", "owes", "parts", "percent", "phone", "plate", "position",
    "post", "product", "quantity", "revision", "row", "rows", "seconds", "segment", "settled",
    "short", "since", "start", "technician", "tendered", "there", "total", "unit", "until", "url",
    "value", "vendor", "vin", "who", "worth",
})
"""Particulars that are what people call things or typed themselves, numbers, sums, days."""
AS_THEY_ARE = {
    ("work_not_approved", "lines"): "names of works",
    ("message_template_failed", "problem"): "in both languages",
    ("formula_invalid", "problem"): "in both languages",
    ("request_invalid", "errors"): "fields with words of their own",
    ("vin_invalid", "signs"): "characters, or how many there are",
    ("still_failing", "why"): "for operators",
    ("dead_letter_decided", "id"): "for operators, who named it so",
    ("scope_missing", "scope"): "for programs, whose scopes are called so",
    ("station_forbidden", "station"): "stations are called by their codes",
}
# fmt: on


@pytest.mark.parametrize("code", REASONS)
def test_nobody_is_told_a_key_or_an_id_of_what_has_a_name(code: str) -> None:
    """A new particular is put where it belongs: ``shared/codes.py``, ``pages/field_names.py``,
    ``pages/refusals.py``, or one of the tables here."""
    for name in _placeholders(REASONS[code].en):
        is_code = name in CODED and code in CALLED
        # What is not there has no name.
        is_nothing = name in ("id", "day") and (code.endswith("_not_found") or name == "day")
        is_named = name in OF_FIELDS or NAMED.get(code, ("",))[0] == name
        known = is_code or is_nothing or is_named or name in PLAIN
        assert known or (code, name) in AS_THEY_ARE, name


def test_every_field_that_can_be_wrong_has_a_name() -> None:
    commands: list[Any] = [RecordExpense, SendMessage, CreatePayRule]
    commands += (
        each for each in _below(Command) if each.__name__.startswith(("Change", "Move", "Set"))
    )
    keys = {
        name
        for command in commands
        for name, about in command.model_fields.items()
        if not about.is_required() and name != "expected_revision"
    }
    keys |= {field.name for field in (*PRICE_LIST_FIELDS, *CROSS_FIELDS, *CLIENT_FIELDS)}
    assert {key for key in keys if field_name(key, "en") == key} == set()
    for key, english in ((key, field_name(key, "en")) for key in keys):
        assert field_name(key, "ru") != english or english in ("E-mail", "VIN"), key


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


@pytest.mark.parametrize(
    ("refusal", "english", "russian"),
    [
        (
            Refused("import_columns_missing", columns="cross_number, price"),
            "No column fills “Analogue's number”, “Price”: say which",
            "Нет столбца для «Номер аналога», «Цена»: укажите какой",
        ),
        (
            Refused("field_required", field="client_id"),
            "“Client” cannot be empty",
            "Поле «Клиент» нельзя очистить",
        ),
    ],
)
def test_pages_call_fields_by_their_names(refusal: Refused, english: str, russian: str) -> None:
    assert in_words(refusal, "en") == english
    assert in_words(refusal, "ru") == russian
    # And so does the journal, which has it as programs are told.
    for language, words in (("en", english), ("ru", russian)):
        told = {"code": refusal.code, "detail": refusal.words()}
        assert in_language(told, language, {})["detail"] == words


def test_services_are_called_in_refusals_by_what_they_are_for() -> None:
    assert codes.SERVICES.keys() == set(SERVICES)
    busy = Refused("busy", service="inventory")
    assert busy.words("ru") == "Служба склада перегружена; повторите тот же запрос"
    assert busy.words() == "inventory is busy; send the same request again"
