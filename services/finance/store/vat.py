"""The station's VAT: its settings, and the report that is read from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
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
_NOTHING: ColumnElement[Any] = literal(Decimal(0))


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
        by the rate of the day on which they came. VAT follows what is held, so that a small deposit
        may move without any."""
        moves = union_all(
            _advances(
                postings.c.credit == Account.DEPOSITS,
                postings.c.debit == Account.DEPOSITS,
                asked,
                base=postings.c.amount,
            ),
            _advances(
                postings.c.debit == Account.VAT_ADVANCES,
                postings.c.credit == Account.VAT_ADVANCES,
                asked,
                vat=postings.c.amount,
            ),
        ).subquery("moves")
        statement = (
            select(
                moves.c.told_as,
                moves.c.percent,
                func.sum(moves.c.base).label("base"),
                func.sum(moves.c.vat).label("vat"),
            )
            .group_by(moves.c.told_as, moves.c.percent)
            .order_by(moves.c.told_as, moves.c.percent.desc())
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


def _advances(
    came: ColumnElement[bool],
    went: ColumnElement[bool],
    asked: VatReport,
    *,
    base: ColumnElement[Any] = _NOTHING,
    vat: ColumnElement[Any] = _NOTHING,
) -> Select[Any]:
    """Postings of payments that contained VAT when they came."""
    return (
        select(
            case((came, "advances"), else_="advances_back").label("told_as"),
            payments.c.vat_percent.label("percent"),
            base.label("base"),
            vat.label("vat"),
        )
        .select_from(entries)
        .join(postings, postings.c.entry_id == entries.c.id)
        .join(payments, payments.c.id == postings.c.payment_id)
        .where(
            payments.c.vat_percent > 0,
            or_(came, went),
            # It hands deposits over from name to name: none of them came or went.
            entries.c.kind != EntryKind.CLIENT_MERGE,
            *_asked(asked),
        )
    )


def _asked(asked: VatReport) -> Sequence[Any]:
    return [
        *equal(entries.c.station_id, asked.station_id),
        *in_period(entries.c.at, asked.period),
    ]
