"""What people with a role may write and bring, at its worst, through every door of the API that
takes formulas, templates or tables. Each is refused or done soon, and everybody works on. The
engines themselves are tried in tests/formulas, the reader of tables in tests/gateway."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]
import pytest

from services.gateway.examples import BODIES
from tests.attacks.test_hostile_photos import MOST_BYTES, SVG, told, works_on
from tests.formulas.test_hostile import ESCAPES, HEAVY, TEMPLATE_ESCAPES, TEMPLATE_HEAVY
from tests.gateway.importing import Bringer
from tests.gateway.support import API, TestGateway, a_key
from tests.support.tables import csv_file, repacked, xlsx_file

type Door = tuple[str, str, Callable[[str], dict[str, Any]]]
"""Method, address, and the body with the text in it."""

FORMULAS: tuple[Door, ...] = (
    ("POST", "/formulas/try", lambda text: {"text": text}),
    ("POST", "/bonus-rules", lambda text: {**BODIES["CreateBonusRule"], "condition": text}),
    ("POST", "/bonus-rules", lambda text: {**BODIES["CreateBonusRule"], "amount": text}),
    ("POST", "/bonus-rules/dry-run", lambda text: {**BODIES["TryBonusRule"], "amount": text}),
    ("PUT", "/load/settings", lambda text: {"caption": text}),
    ("PUT", "/load/settings", lambda text: {"colour": text}),
    (
        "POST",
        "/message-templates",
        lambda text: {**BODIES["CreateMessageTemplate"], "condition": text},
    ),
)
TEMPLATES: tuple[Door, ...] = (
    ("POST", "/formulas/try", lambda text: {"text": text, "kind": "template"}),
    ("POST", "/forms/preview", lambda text: {"form": "invoice", "template": text}),
    ("PUT", "/forms/invoice/template", lambda text: {"language": "ru", "template": text}),
    (
        "POST",
        "/message-templates",
        lambda text: {**BODIES["CreateMessageTemplate"], "ru": {"text": text}},
    ),
)
SLOWEST = TEMPLATE_HEAVY[::6]
"""Through the door, where each is stopped by the same limits; all of them in tests/formulas."""


@pytest.mark.timeout(300)
async def test_no_formula_or_template_takes_long_or_reaches_beyond(whole: TestGateway) -> None:
    office = await whole.signed_in("owner")
    taken = []
    for texts, doors in ((ESCAPES, FORMULAS), (TEMPLATE_ESCAPES, TEMPLATES)):
        for method, path, body in doors:
            for text in texts:
                answer = await told(office, path, body(text), method)
                if answer.status_code not in {400, 422}:
                    taken.append((path, text, answer.status_code))
    assert taken == []
    for texts, doors in ((HEAVY, FORMULAS[:3]), (SLOWEST, TEMPLATES[:3])):
        for method, path, body in doors:
            for text in texts:
                await told(office, path, body(text), method)
    await works_on(whole, office)


# --- tables -------------------------------------------------------------------------------------

HEADER = ("Фамилия", "Телефон", "Email")
FORMULA_CELLS = ("=cmd|'/C calc'!A0", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)")
NAMES = ("../../../etc/cron.d/x.csv", "..\\..\\x.xlsx", "/etc/passwd", "x\x00.csv", "=1+1.csv")
SHEET = "xl/worksheets/sheet1.xml"
DECLARED = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
KINDS = ("text/csv", "application/octet-stream", "text/csv", "application/octet-stream")


def no_tables() -> dict[str, bytes]:
    good = xlsx_file([HEADER, ("Иванов", "+79165550100", "")])
    return {
        "a zip bomb": repacked(good, SHEET, lambda _: b"<x>" + b" " * 150_000_000),
        "entities": repacked(good, SHEET, lambda part: DECLARED + part[55:]),
        "a picture": SVG,
        "cut off": good[:-200],
    }


async def test_a_table_breaks_nothing_and_its_formulas_are_nobodys(whole: TestGateway) -> None:
    office = await Bringer.of(whole, "/clients/imports", "owner")
    # Believed is the content, whatever it says it is.
    for kind, (what, content) in zip(KINDS, no_tables().items(), strict=True):
        headers = {**a_key(), "Content-Type": kind}
        answer = await office.client.post(API + office.lists, content=content, headers=headers)
        assert answer.status_code in {202, 400, 415, 422}, (what, answer.text)
        if answer.status_code == 202:
            shown = await office.when(answer.json()["id"], "ready", "failed", timeout_s=60)
            assert shown["state"] == "failed" or shown["rows_good"] == 0, (what, shown)
    for nth, name in enumerate(NAMES):
        table = csv_file([HEADER, (f"Файлов{nth}", f"+7916555020{nth}", "")])
        brought = {"file": (name, table, "text/csv")}
        answer = await office.client.post(API + office.lists, files=brought, headers=a_key())
        assert answer.status_code == 202, (name, answer.text)
        assert "/" not in answer.json()["file_name"], name
    rows = [(name, f"+7916555010{n}", "") for n, name in enumerate(FORMULA_CELLS)]
    assert (await office.applied(csv_file([HEADER, *rows])))["state"] == "applied"
    conditions = {"name": "Все", "conditions": {"visits_to": 0}}
    segment = await office.post("/segments", conditions)
    await _nothing_is_a_formula(office.client, f"{API}/segments/{segment['id']}/clients")
    await works_on(whole, office.client)


async def _nothing_is_a_formula(client: httpx.AsyncClient, path: str) -> None:
    """What came in as a formula goes out as text."""
    table = (await client.get(path, params={"format": "csv"})).content.decode("utf-8-sig")
    book = (await client.get(path, params={"format": "xlsx"})).content
    assert len(table) < MOST_BYTES
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(book)).active for cell in row]
    for name in FORMULA_CELLS:
        assert f"'{name}" in table
        assert f"\n{name}" not in table
        assert f",{name}" not in table
        assert name in {str(cell.value).removeprefix("'") for cell in cells}
    assert {cell.data_type for cell in cells} <= {"s", "n", "d", "inlineStr"}
