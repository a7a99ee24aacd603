"""The station's VAT: its settings, and the report that is read from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, case, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.ledger import INCOME_KINDS, REVENUE, Account, EntryKind
from services.finance.store.books import Books, Load
from services.finance.store.filters import equal, in_period
from services.finance.store.loads import Wanted
from services.finance.store.schema import entries, payments, postings, settlements
from services.finance.store.tables_vat import vat_settings
from shared.contracts.taxes import VatRatesView, VatReport
from shared.reading import Rows

_SETTINGS = select(vat_settings)


class VatBooks(Books):
    """The books, and the station's VAT: settings are read once per transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._vat: dict[UUID, VatRatesView] = {}
        self._knows_vat = False

    def _guarded(self, wanted: Wanted) -> list[Load]:
        return [*super()._guarded(wanted), *([self._vat_load()] if wanted.vat else ())]

    def _vat_load(self) -> Load:
        """Of all stations: they are few."""
        self._knows_vat = True
        return Load(self._found_vat, [(_SETTINGS, {})])

    def _found_vat(self, found: Rows) -> None:
        for row in found:
            self._vat[row.station_id] = VatRatesView.model_validate(row, from_attributes=True)

    async def vat(self, station_id: UUID) -> VatRatesView:
        """As the station has it; without VAT as long as nobody has set it."""
        if not self._knows_vat:
            await self._load(self._vat_load())
        return self._vat.get(station_id) or VatRatesView(
            station_id=station_id, regime="none", rates=(), revision=1, updated_at=None
        )

    async def vat_locked(self, station_id: UUID) -> VatRatesView:
        """As it is now, until the transaction ends: to be changed."""
        nothing = {"station_id": station_id, "regime": "none", "rates": [], "revision": 1}
        await self.connection.execute(
            insert(vat_settings).values(**nothing).on_conflict_do_nothing()
        )
        own = _SETTINGS.where(vat_settings.c.station_id == station_id)
        await self.connection.execute(own.with_for_update())
        self._knows_vat = False
        return await self.vat(station_id)

    async def save_vat(self, vat: VatRatesView) -> None:
        self._vat[vat.station_id] = vat
        row = vat.model_dump(mode="json", include={"rates"}) | {
            "regime": vat.regime, "revision": vat.revision, "updated_at": vat.updated_at
        }  # fmt: skip
        await self.connection.execute(
            update(vat_settings).where(vat_settings.c.station_id == vat.station_id).values(**row)
        )

    async def output_vat(self, asked: VatReport) -> Sequence[Row[Any]]:
        """``percent, base, vat`` of what was settled and reversed, by rate. A reversal has the rate
        of the settlement that it undoes."""
        settled_by = func.coalesce(entries.c.reverses, entries.c.id)
        percent = settlements.c.vat_percent
        statement = (
            select(
                percent.label("percent"),
                func.sum(_credited(*REVENUE)).label("base"),
                func.sum(_credited(Account.VAT_OUTPUT)).label("vat"),
            )
            .select_from(entries)
            .join(settlements, settlements.c.entry_id == settled_by)
            .join(
                postings,
                and_(
                    postings.c.entry_id == entries.c.id,
                    or_(postings.c.debit.in_(_SALES), postings.c.credit.in_(_SALES)),
                ),
            )
            .where(entries.c.kind.in_(INCOME_KINDS), *_asked(asked))
            .group_by(percent)
            .order_by(percent.desc().nulls_last())
        )
        return list(await self.connection.execute(statement))

    async def advance_vat(self, asked: VatReport) -> Sequence[Row[Any]]:
        """``told_as, percent, base, vat`` of deposits that came and that were taken or given back,
        by the rate of the day on which they came."""
        came = postings.c.debit == Account.VAT_ADVANCES
        told_as = case((came, "advances"), else_="advances_back").label("told_as")
        percent = payments.c.vat_percent
        # What it follows moved the deposit itself.
        moved = postings.alias("moved")
        statement = (
            select(
                told_as,
                percent.label("percent"),
                func.sum(moved.c.amount).label("base"),
                func.sum(postings.c.amount).label("vat"),
            )
            .select_from(entries)
            .join(postings, postings.c.entry_id == entries.c.id)
            .join(payments, payments.c.id == postings.c.payment_id)
            .join(
                moved,
                and_(
                    moved.c.entry_id == entries.c.document_id,
                    moved.c.payment_id == postings.c.payment_id,
                    or_(moved.c.debit == Account.DEPOSITS, moved.c.credit == Account.DEPOSITS),
                ),
            )
            .where(entries.c.kind == EntryKind.ADVANCE_VAT, *_asked(asked))
            .group_by(text("told_as"), percent)
            .order_by(text("told_as"), percent.desc())
        )
        return list(await self.connection.execute(statement))

    async def input_vat(self, asked: VatReport) -> Decimal:
        """What receipts and their corrections have put on the account of deductible VAT."""
        statement = (
            select(func.coalesce(-func.sum(_credited(Account.VAT_INPUT)), 0))
            .select_from(entries.join(postings, postings.c.entry_id == entries.c.id))
            .where(
                or_(postings.c.debit == Account.VAT_INPUT, postings.c.credit == Account.VAT_INPUT),
                *_asked(asked),
            )
        )
        return Decimal((await self.connection.execute(statement)).scalar_one())


_SALES = (*REVENUE, Account.VAT_OUTPUT)


def _credited(*some: Account) -> Any:
    """What a posting adds to passive accounts."""
    return case(
        (postings.c.credit.in_(some), postings.c.amount),
        (postings.c.debit.in_(some), -postings.c.amount),
        else_=0,
    )


def _asked(asked: VatReport) -> Sequence[Any]:
    return [
        *equal(entries.c.station_id, asked.station_id),
        *in_period(entries.c.at, asked.period),
    ]
