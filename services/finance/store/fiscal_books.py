"""Fiscal receipts in and out of the database."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.dialects.postgresql import insert

from services.finance.domain.fiscal import FiscalReceipt, Share, Told, told_by
from services.finance.domain.ledger import EntryKind
from services.finance.store.books import Books
from services.finance.store.schema import entries
from services.finance.store.tables_fiscal import fiscal_receipts
from shared.contracts.fiscal import FiscalLine, FiscalTender, ListFiscalReceipts
from shared.database import saving
from shared.pagination import newest_first

_SAVE = saving(fiscal_receipts)
_RECEIPTS = select(fiscal_receipts).order_by(fiscal_receipts.c.id)
_OF_DEPOSITS = (EntryKind.DEPOSITS_APPLIED, EntryKind.DEPOSITS_RESTORED)


class FiscalBooks(Books):
    """Receipts are written at once: one transaction has few."""

    async def add_receipt(self, receipt: FiscalReceipt) -> None:
        await self.connection.execute(insert(fiscal_receipts), _row(receipt))

    async def save_receipt(self, receipt: FiscalReceipt) -> None:
        await self.connection.execute(_SAVE, _row(receipt))

    async def receipt(self, receipt_id: UUID, *, lock: bool = False) -> FiscalReceipt | None:
        statement = select(fiscal_receipts).where(fiscal_receipts.c.id == receipt_id)
        return await self._one_receipt(statement.with_for_update() if lock else statement)

    async def receipt_about(self, document_id: UUID, kind: str) -> FiscalReceipt | None:
        """The sale or the correction of a payment."""
        return await self._one_receipt(
            select(fiscal_receipts).where(
                fiscal_receipts.c.document_id == document_id, fiscal_receipts.c.kind == kind
            )
        )

    async def told_of(
        self, document_id: UUID, lock: Literal["to_read", "to_change"] | None = None
    ) -> Told | None:
        """What the register hears of taken money. ``lock``: it stays as it is until the
        transaction ends; whoever changes it takes its refunds along, so that none is missed."""
        statement = _RECEIPTS.where(
            fiscal_receipts.c.document_id == document_id,
            fiscal_receipts.c.kind.in_(("sale", "correction")),
        )
        if lock:
            statement = statement.with_for_update(read=lock == "to_read")
        return told_by(await self._receipts(statement))

    async def refunds_after(self, receipt: FiscalReceipt) -> list[FiscalReceipt]:
        """Of what a receipt tells, the oldest first, locked."""
        return await self._receipts(
            _RECEIPTS.where(
                fiscal_receipts.c.document_id == receipt.document_id,
                fiscal_receipts.c.kind == "refund",
                fiscal_receipts.c.id > receipt.id,
            ).with_for_update()
        )

    async def printed_before(self, refund: FiscalReceipt) -> list[FiscalReceipt]:
        """What has sold the money or the orders of a refund: reads all receipts, for the few that
        need it."""
        columns = fiscal_receipts.c
        orders = {
            (str(share.order_id), share.is_settled) for share in refund.shares if share.order_id
        }
        return await self._receipts(
            _RECEIPTS.where(
                columns.kind.in_(("sale", "correction")),
                columns.state.in_(("sent", "undetermined")),
                columns.id < refund.id,
                or_(
                    columns.document_id == refund.document_id,
                    *(
                        columns.shares.contains([{"order_id": order, "is_settled": settled}])
                        for order, settled in orders
                    ),
                ),
            )
        )

    async def receipts_about(self, document_ids: Collection[UUID]) -> list[FiscalReceipt]:
        """All of them, the oldest first."""
        about = fiscal_receipts.c.document_id.in_(document_ids)
        return await self._receipts(_RECEIPTS.where(about))

    async def deposits_moved(self, order_id: UUID) -> list[UUID]:
        """The entries by which an order took deposits, and by which they were given back."""
        written = await self.connection.scalars(
            select(entries.c.id).where(
                entries.c.order_id == order_id, entries.c.kind.in_(_OF_DEPOSITS)
            )
        )
        new = (
            entry.id
            for entry in self._entries.new()
            if entry.order_id == order_id and entry.kind in _OF_DEPOSITS
        )
        return [*written, *new]

    async def next_receipt(self, *, lock: bool = False) -> FiscalReceipt | None:
        """The oldest that is not at its end: a register prints one after the other."""
        statement = (
            select(fiscal_receipts)
            .where(fiscal_receipts.c.state.in_(("queued", "sending")))
            .order_by(fiscal_receipts.c.id)
            .limit(1)
        )
        return await self._one_receipt(statement.with_for_update() if lock else statement)

    async def receipt_rows(self, asked: ListFiscalReceipts) -> list[FiscalReceipt]:
        """One more than a page, newest first."""
        columns = fiscal_receipts.c
        statement = select(fiscal_receipts)
        for name in ("state", "kind", "document_id", "shift_id"):
            if (value := getattr(asked, name)) is not None:
                statement = statement.where(columns[name] == value)
        statement = newest_first(statement, columns.id, asked.cursor, asked.limit)
        found = await self.connection.execute(statement)
        return [_receipt_of(row) for row in found]

    async def _receipts(self, statement: Select[Any]) -> list[FiscalReceipt]:
        return [_receipt_of(row) for row in await self.connection.execute(statement)]

    async def _one_receipt(self, statement: Select[Any]) -> FiscalReceipt | None:
        row = (await self.connection.execute(statement)).one_or_none()
        return _receipt_of(row) if row else None


def _row(receipt: FiscalReceipt) -> dict[str, Any]:
    row = {field.name: getattr(receipt, field.name) for field in fields(FiscalReceipt)}
    for name in ("tenders", "lines"):
        row[name] = [one.model_dump(mode="json") for one in row[name]]
    row["shares"] = [asdict(share) for share in receipt.shares]
    return row


def _receipt_of(row: Row[Any]) -> FiscalReceipt:
    values = {field.name: row._mapping[field.name] for field in fields(FiscalReceipt)}
    values["tenders"] = tuple(FiscalTender.model_validate(one) for one in values["tenders"])
    values["lines"] = tuple(FiscalLine.model_validate(one) for one in values["lines"])
    values["shares"] = tuple(_share_of(one) for one in values["shares"])
    return FiscalReceipt(**values)


def _share_of(stored: dict[str, Any]) -> Share:
    order_id, percent = stored["order_id"], stored.get("vat_percent")
    return Share(
        **{
            **stored,
            "amount": Decimal(stored["amount"]),
            "order_id": UUID(order_id) if order_id else None,
            "vat_percent": None if percent is None else Decimal(percent),
        }
    )
