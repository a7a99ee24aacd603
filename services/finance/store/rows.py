"""How the aggregates stand in the tables, and the statements that write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ARRAY, ColumnElement, Row, Uuid, any_, bindparam
from sqlalchemy.dialects.postgresql import insert

from services.finance.domain.bonus_lots import Accrual, Lot
from services.finance.domain.bonus_rules import BonusRule
from services.finance.domain.earning import Labor
from services.finance.domain.ledger import Account, ClientAccount, Entry, EntryKind, Posting, Stamp
from services.finance.domain.lines import IssuedLine, SoldLine
from services.finance.domain.payment import Order, Payment
from services.finance.domain.settlement import Completed, Settlement, State
from services.finance.domain.vat import Vat
from services.finance.store.schema import (
    accounts,
    applications,
    bonus_accruals,
    bonus_lots,
    bonus_rules,
    bonus_spends,
    entries,
    orders,
    payments,
    postings,
    settlements,
)
from shared.database import saving
from shared.packing import pack, unpack
from shared.writing import Pending, Rows, inserting, inserting_missing, merging, removing

_LABOR: TypeAdapter[Labor | None] = TypeAdapter(Labor | None)


@dataclass(frozen=True, slots=True)
class Parts:
    """Of payments, the amounts that stand in a table of their own: a row of payment, key, amount
    each. Only what has changed is written."""

    saved: Rows
    gone: Rows
    of: Callable[[Payment], Mapping[UUID, Decimal]]

    def put(self, pending: Pending, before: Payment | None, now: Payment) -> None:
        old, new = self.of(before) if before else {}, self.of(now)
        pending.add(self.gone, ((now.id, key) for key in old.keys() - new.keys()))
        pending.add(
            self.saved, ((now.id, key, new[key]) for key in new if new[key] != old.get(key))
        )


def any_of(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """``column = ANY(:name)``: one prepared statement for any number of ids."""
    return column == any_(bindparam(name, type_=ARRAY(Uuid)))


SAVED_ORDERS = merging(orders, "cancelled", newer="cancelled")
"""Of one that is known, also of one that another process has heard of meanwhile, only that it was
cancelled is news."""
NEW_ENTRIES = inserting(entries)
NEW_POSTINGS = inserting(postings)
OPENED_ACCOUNTS = inserting_missing(accounts, "client_id", "receivable", "deposits")
NEW_ACCOUNTS = inserting(accounts)
SAVED_ACCOUNTS = merging(accounts)
NEW_SETTLEMENTS = inserting(settlements)
SAVED_SETTLEMENTS = merging(settlements)
NEW_PAYMENTS = inserting(payments)
SAVED_PAYMENTS = merging(payments)
APPLICATIONS = Parts(merging(applications, "amount"), removing(applications), attrgetter("applied"))
SPENDS = Parts(merging(bonus_spends, "amount"), removing(bonus_spends), attrgetter("lots"))
INSERT_RULE = insert(bonus_rules)
UPDATE_RULE = saving(bonus_rules)
NEW_LOTS = inserting(bonus_lots)
SAVED_LOTS = merging(bonus_lots)
NEW_ACCRUALS = inserting(bonus_accruals)
_SOLD = TypeAdapter(tuple[SoldLine, ...])
_ISSUED = TypeAdapter(tuple[IssuedLine, ...])


def order_row(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "number": order.number,
        "client_id": order.client_id,
        "cancelled": order.cancelled,
    }


def account_row(account: ClientAccount) -> dict[str, Any]:
    return {
        "client_id": account.client_id,
        "receivable": account.receivable,
        "deposits": account.deposits,
        "bonuses": account.bonuses,
        "merged_into": account.merged_into,
    }


def account_of(row: Row[Any]) -> ClientAccount:
    return ClientAccount(row.client_id, row.receivable, row.deposits, row.bonuses, row.merged_into)


def entry_row(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "at": entry.stamp.at,
        "station_id": entry.stamp.station_id,
        "actor": entry.stamp.actor,
        "order_id": entry.order_id,
        "client_id": entry.client_id,
        "document_id": entry.document_id,
        "reverses": entry.reverses,
        "comment": entry.comment,
        "shift_id": entry.stamp.shift_id,
        "section_id": entry.section_id,
    }


def posting_rows(entry: Entry) -> Iterable[dict[str, Any]]:
    for line, posting in enumerate(entry.postings):
        yield {
            "entry_id": entry.id,
            "line": line,
            "debit": posting.debit,
            "credit": posting.credit,
            "amount": posting.amount,
            "client_id": posting.client_id,
            "order_id": posting.order_id,
            "payment_id": posting.payment_id,
            "category": posting.category,
            "rule_id": posting.rule_id,
            "employee_id": posting.employee_id,
            "supplier_id": posting.supplier_id,
        }


def entry_of(row: Row[Any], lines: Iterable[Row[Any]]) -> Entry:
    """An entry from its own row and those of its postings, in order."""
    return Entry(
        row.id,
        EntryKind(row.kind),
        Stamp(row.at, row.station_id, row.actor, row.shift_id),
        tuple(
            Posting(
                Account(line.debit),
                Account(line.credit),
                line.amount,
                line.client_id,
                line.order_id,
                line.payment_id,
                line.category,
                line.rule_id,
                line.employee_id,
                line.supplier_id,
            )
            for line in lines
        ),
        row.order_id,
        row.client_id,
        row.document_id,
        row.reverses,
        row.comment,
        row.section_id,
    )


def settlement_row(settlement: Settlement) -> dict[str, Any]:
    order = settlement.completed
    waits = settlement.state in (State.AWAITING_PARTS, State.AWAITING_ORDER)
    return {
        "order_id": settlement.order_id,
        "completion": settlement.completion,
        "state": settlement.state,
        "number": order and order.number,
        "station_id": order and order.station_id,
        "section_id": order and order.section_id,
        "client_id": order and order.client_id,
        "completed_at": order and order.completed_at,
        "revenue": order and order.revenue,
        "products": order and order.products,
        "materials": order and order.materials,
        "pay": order and order.pay,
        "vat_percent": order and order.vat.percent,
        "vat_services": order and order.vat.services,
        "vat_products": order and order.vat.products,
        "vat_materials": order and order.vat.materials,
        "labor": _packed(_LABOR, order.labor) if order and order.labor else None,
        "cost": settlement.cost,
        "paid": settlement.paid,
        "entry_id": settlement.entry_id,
        "bonuses": settlement.bonuses,
        "corrected": settlement.corrected,
        "pay_entry_id": settlement.pay_entry_id,
        "sold_lines": _packed(_SOLD, order.lines) if order and waits else None,
        "issued_lines": _packed(_ISSUED, settlement.issued) if waits else None,
        "order_type": order and order.order_type,
        "word": settlement.word,
    }


def _packed(kind: TypeAdapter[Any], value: Any) -> bytes:
    return pack(kind.dump_json(value))


def settlement_of(row: Row[Any]) -> Settlement:
    completed = (
        Completed(
            row.number,
            row.station_id,
            row.section_id,
            row.client_id,
            row.completed_at,
            row.revenue,
            row.products,
            row.materials,
            row.pay,
            labor=_LABOR.validate_json(unpack(row.labor or b"null")),
            vat=Vat(row.vat_percent, row.vat_services, row.vat_products, row.vat_materials),
            lines=_SOLD.validate_json(unpack(row.sold_lines or b"[]")),
            order_type=row.order_type,
        )
        if row.number is not None
        else None
    )
    return Settlement(
        row.order_id,
        row.completion,
        State(row.state),
        completed,
        row.cost,
        row.paid,
        row.entry_id,
        row.bonuses,
        row.corrected,
        row.pay_entry_id,
        _ISSUED.validate_json(unpack(row.issued_lines or b"[]")),
        row.word,
    )


def payment_row(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "at": payment.at,
        "order_id": payment.order_id,
        "customer_id": payment.customer_id,
        "payer_id": payment.payer_id,
        "amount": payment.amount,
        "method": payment.method,
        "comment": payment.comment,
        "actor": payment.actor,
        "refunded": payment.refunded,
        "held": payment.held,
        "reserved_for": payment.reserved_for,
        "shift_id": payment.shift_id,
        "cash_box_id": payment.cash_box_id,
        "document_id": payment.document_id,
        "tendered": payment.tendered,
        "vat_percent": payment.vat_percent,
    }


def payment_of(row: Row[Any], applied: dict[UUID, Decimal], lots: dict[UUID, Decimal]) -> Payment:
    return Payment(
        row.id,
        row.at,
        row.order_id,
        row.customer_id,
        row.payer_id,
        row.amount,
        row.method,
        row.comment,
        row.actor,
        row.refunded,
        applied,
        row.reserved_for,
        lots,
        row.shift_id,
        row.cash_box_id,
        row.document_id,
        row.tendered,
        row.vat_percent,
    )


def rule_row(rule: BonusRule) -> dict[str, Any]:
    row = asdict(rule)
    return {**row, **{name: list(row[name]) for name in ("service_groups", "product_groups")}}


def rule_of(row: Row[Any]) -> BonusRule:
    values = {field.name: row._mapping[field.name] for field in fields(BonusRule)}
    for name in ("service_groups", "product_groups"):
        values[name] = tuple(values[name])
    return BonusRule(**values)


def lot_of(row: Row[Any]) -> Lot:
    return Lot(**{field.name: row._mapping[field.name] for field in fields(Lot)})


def accrual_of(row: Row[Any]) -> Accrual:
    return Accrual(**{field.name: row._mapping[field.name] for field in fields(Accrual)})
