"""The object model of a client's statement: what a template of "Акт сверки" can name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts.statements import StatementPaper, StatementRow, StatementView
from shared.formulas.model import FOR_LOOP
from shared.formulas.model_things import CHOICE, PARTY, STATION, chosen, field
from shared.formulas.objects import Model, ObjectType, View
from shared.formulas.sample import SAMPLE

DOCUMENTS = {
    "order": ("Work order", "Заказ-наряд"),
    "order_reversal": ("Work order reopened", "Отмена расчёта по заказ-наряду"),
    "payment": ("Payment", "Оплата"),
    "refund": ("Refund", "Возврат оплаты"),
}
METHODS = {
    "cash": ("cash", "наличные"),
    "card": ("card", "карта"),
    "transfer": ("transfer", "перевод"),
    "bonus": ("bonuses", "бонусы"),
}

STATEMENT_LINE = ObjectType(
    "StatementLine",
    "Документ акта сверки",
    "Document of a statement",
    lambda line, _: line.number,
    (
        field("Date", "date", "Дата", "Date", "at"),
        field("Document", "Choice", "Что это за документ", "What it is",
              chosen("document", DOCUMENTS)),
        field("Number", "text", "Номер заказ-наряда", "Number of the work order", "number"),
        field("Method", "Choice", "Способ оплаты", "How it was paid", chosen("method", METHODS)),
        field("Payer", "text", "Плательщик, если это не клиент", "Who paid, if not the client",
              "payer"),
        field("Debit", "money", "Дебет: долг клиента вырос", "The client owes more", "debit"),
        field("Credit", "money", "Кредит: долг клиента уменьшился", "The client owes less",
              "credit"),
        field("Balance", "money", "Сальдо после документа", "Balance after it", "balance"),
        field("Comment", "text", "Примечание", "Note", "comment"),
    ),
)  # fmt: skip


def _last_day(paper: StatementPaper, view: View) -> datetime:
    """A period's end is not in it; without an end it goes up to now."""
    end = paper.statement.end
    return end - timedelta(microseconds=1) if end else view.at


STATEMENT = ObjectType(
    "Statement",
    "Акт сверки",
    "Statement",
    lambda paper, _: paper.number,
    (
        field("Station", "Station", "Автосервис", "Station", "station"),
        field("Customer", "Party", "Клиент", "Client", "client"),
        field("DateFrom", "date", "Начало периода; пусто — с первого документа",
              "Beginning of the period; empty: from the first document", "statement.start"),
        field("DateTo", "date", "Последний день периода", "Last day of the period", _last_day),
        field("Opening", "money", "Сальдо на начало: больше нуля — долг клиента",
              "Opening balance; above zero: owed by the client", "statement.opening"),
        field("Debit", "money", "Обороты по дебету", "Sum of debits", "statement.debit"),
        field("Credit", "money", "Обороты по кредиту", "Sum of credits", "statement.credit"),
        field("Closing", "money", "Сальдо на конец", "Closing balance", "statement.closing"),
        field("Lines", "[StatementLine]", "Документы", "Documents", "statement.items"),
    ),
)  # fmt: skip

STATEMENT_MODEL = Model(
    STATEMENT,
    {kind.name: kind for kind in (STATEMENT, STATEMENT_LINE, PARTY, STATION, CHOICE, FOR_LOOP)},
)


def _row(day: int, document: str, balance: str, **fields: Any) -> StatementRow:
    return StatementRow.model_validate(
        {
            "at": datetime(2026, 3, day, 9, tzinfo=UTC),
            "document": document,
            "entry_id": UUID(int=day),
            "order_id": None,
            "number": SAMPLE.number,
            "method": None,
            "payer_id": None,
            "payer": None,
            "debit": None,
            "credit": None,
            "balance": balance,
            "comment": None,
            **fields,
        }
    )


STATEMENT_SAMPLE = StatementPaper(
    station=SAMPLE.station,
    client=SAMPLE.customer,
    statement=StatementView(
        items=(
            _row(3, "payment", "-5000.00", credit="5000.00", method="card"),
            _row(5, "order", "7536.00", debit="12536.00"),
            _row(
                9, "payment", "0.00", credit="7536.00", method="transfer", payer=SAMPLE.payer.name
            ),
        ),
        client_id=UUID(int=11),
        client=SAMPLE.customer.name,
        start=datetime(2026, 2, 28, 21, tzinfo=UTC),
        end=datetime(2026, 3, 31, 21, tzinfo=UTC),
        opening=Decimal("0.00"),
        debit=Decimal("12536.00"),
        credit=Decimal("12536.00"),
        closing=Decimal("0.00"),
    ),
)
"""With which templates are tried before they are saved."""
