"""The till during one transaction: cash boxes, and shifts beside the books that their money is in.

Shifts are locked after clients' accounts. Boxes and shifts are written at once, not at the flush:
entries name them, and they are few.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, union_all, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.cash_boxes import CashBox, Tills
from services.finance.domain.ledger import MONEY_ACCOUNTS, ZERO, Account, EntryKind
from services.finance.domain.payment import Payment
from services.finance.domain.payment_documents import PaymentDocument
from services.finance.domain.shifts import Movement, Shift, cash_moved, movements_of
from services.finance.store.books import Books, Load
from services.finance.store.loads import Wanted
from services.finance.store.schema import entries, payments, postings
from services.finance.store.tables_till import cash_boxes, payment_documents, shifts, till_settings
from shared.contracts.till import ShiftReport, TillSettingsView
from shared.reading import Rows

_BOXES = select(cash_boxes).order_by(cash_boxes.c.created_at, cash_boxes.c.id)
_OPEN_SHIFTS = (
    select(shifts)
    .where(shifts.c.closed_at.is_(None))
    .order_by(shifts.c.id)
    .with_for_update(read=True)
)
_SETTINGS = select(till_settings)
_METHODS = {account: method for method, account in MONEY_ACCOUNTS.items()}
_SIDES = union_all(
    select(postings.c.entry_id, postings.c.debit.label("account"), postings.c.amount),
    select(postings.c.entry_id, postings.c.credit, -postings.c.amount),
).subquery("side")
MOVED_ACCOUNT = _SIDES.c.account


class TillBooks(Books):
    """The books, and where their money is taken."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._tills: Tills | None = None

    def _guarded(self, wanted: Wanted) -> list[Load]:
        return [*super()._guarded(wanted), *([self._tills_load()] if wanted.at_till else ())]

    def _tills_load(self) -> Load:
        return Load(self._found_tills, [(_SETTINGS, {}), (_BOXES, {}), (_OPEN_SHIFTS, {})])

    def _found_tills(self, settings: Rows, boxes: Rows, open_shifts: Rows) -> None:
        self._tills = Tills(
            settings[0].shift_required,
            {box.id: box for box in map(box_of, boxes)},
            {shift.cash_box_id: shift for shift in map(shift_of, open_shifts)},
        )

    # --- what handlers ask for ---

    async def tills(self) -> Tills:
        """Until the transaction ends nobody closes the shifts that are open now."""
        if self._tills is None:
            await self._load(self._tills_load())
        assert self._tills
        return self._tills

    async def till_settings(self, *, lock: bool = False) -> TillSettingsView:
        row = (
            await self.connection.execute(_SETTINGS.with_for_update() if lock else _SETTINGS)
        ).one()
        return TillSettingsView.model_validate(row, from_attributes=True)

    async def lock_box(self, cash_box_id: UUID) -> CashBox | None:
        """To be changed, or to open a shift at it."""
        row = await self._one(
            select(cash_boxes).where(cash_boxes.c.id == cash_box_id).with_for_update()
        )
        return box_of(row) if row else None

    async def lock_shift(self, shift_id: UUID) -> Shift | None:
        """For it alone: to close it, or to give cash of it."""
        row = await self._one(select(shifts).where(shifts.c.id == shift_id).with_for_update())
        return shift_of(row) if row else None

    async def last_shift(self, cash_box_id: UUID) -> Shift | None:
        row = await self._one(
            select(shifts)
            .where(shifts.c.cash_box_id == cash_box_id)
            .order_by(shifts.c.number.desc())
            .limit(1)
        )
        return shift_of(row) if row else None

    async def movements(self, shift_id: UUID) -> list[Movement]:
        """All money that has moved in a shift, with what this transaction has not written yet."""
        found = await self.connection.execute(movements_in(shift_id))
        written = [movement_of(row) for row in found]
        new = [entry for entry in self._entries.new() if entry.stamp.shift_id == shift_id]
        return [*written, *movements_of(new)]

    async def expected_cash(self, shift: Shift) -> Decimal:
        return shift.opening + cash_moved(await self.movements(shift.id))

    async def loose_cash(self) -> Decimal:
        """Cash that the books know of outside of all shifts."""
        total = (
            select(func.coalesce(func.sum(_SIDES.c.amount), 0))
            .join(entries, entries.c.id == _SIDES.c.entry_id)
            .where(_SIDES.c.account == Account.CASH, entries.c.shift_id.is_(None))
        )
        written = Decimal((await self.connection.execute(total)).scalar_one())
        new = [entry for entry in self._entries.new() if entry.stamp.shift_id is None]
        return written + sum(
            (moved.amount for moved in movements_of(new) if moved.method == "cash"), ZERO
        )

    async def document_payments(self, document_id: UUID) -> list[Payment]:
        """Payments that were taken together, locked."""
        found = await self.connection.execute(
            select(payments.c.id).where(payments.c.document_id == document_id)
        )
        some = [await self.payment(payment_id) for payment_id in sorted(found.scalars())]
        return [payment for payment in some if payment]

    # --- what they save ---

    async def add_document(self, document: PaymentDocument) -> None:
        await self.connection.execute(insert(payment_documents).values(**asdict(document)))

    async def save_box(self, box: CashBox) -> None:
        row = {**asdict(box), "methods": list(box.methods)}
        statement = insert(cash_boxes).values(**row)
        await self.connection.execute(
            statement.on_conflict_do_update(index_elements=["id"], set_=row)
        )
        self._tills = None

    async def save_till_settings(self, settings: TillSettingsView) -> None:
        await self.connection.execute(update(till_settings).values(**settings.model_dump()))
        self._tills = None

    async def add_shift(self, shift: Shift) -> None:
        """Fails when the box has got an open one meanwhile."""
        await self.connection.execute(insert(shifts).values(**_shift_row(shift)))
        tills = await self.tills()
        self._tills = replace(tills, shifts={**tills.shifts, shift.cash_box_id: shift})

    async def close_shift(self, shift: Shift) -> None:
        await self.connection.execute(
            update(shifts).where(shifts.c.id == shift.id).values(**_shift_row(shift))
        )
        tills = await self.tills()
        still_open = {box: one for box, one in tills.shifts.items() if one.id != shift.id}
        self._tills = replace(tills, shifts=still_open)

    async def _one(self, statement: Any) -> Row[Any] | None:
        row: Row[Any] | None = (await self.connection.execute(statement)).one_or_none()
        return row


def money_moved() -> Select[Any]:
    """Entries with ``account`` and ``amount``: a row per posting to an account of money."""
    return (
        select(entries, _SIDES.c.account, _SIDES.c.amount)
        .join(_SIDES, _SIDES.c.entry_id == entries.c.id)
        .where(_SIDES.c.account.in_(_METHODS))
    )


def movements_in(*shift_ids: UUID) -> Select[Any]:
    return money_moved().where(entries.c.shift_id.in_(shift_ids))


def movement_of(row: Row[Any]) -> Movement:
    return Movement(row.id, EntryKind(row.kind), _METHODS[Account(row.account)], row.amount)


def box_of(row: Row[Any]) -> CashBox:
    values = {field.name: row._mapping[field.name] for field in fields(CashBox)}
    return CashBox(**{**values, "methods": tuple(values["methods"])})


def shift_of(row: Row[Any]) -> Shift:
    values = {field.name: row._mapping[field.name] for field in fields(Shift)}
    report = values["report"] and ShiftReport.model_validate(values["report"])
    return Shift(**{**values, "report": report})


def _shift_row(shift: Shift) -> dict[str, Any]:
    values = {field.name: getattr(shift, field.name) for field in fields(Shift)}
    report = shift.report and shift.report.model_dump(mode="json")
    return {**values, "report": report}
