"""Rates of VAT as they are here, and copies of clients' things, for whoever compares copies with
what their owners say."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.store.schema import accounts
from services.finance.store.tables_vat import vat_settings
from services.finance.store.terms import client_contracts
from shared.contracts.copies import ListToldByFinance, Told
from shared.contracts.taxes import VatRatesView
from shared.copies import told
from shared.pagination import by_id

_TABLES = {
    "vat": (vat_settings, vat_settings.c.station_id),
    "client": (accounts, accounts.c.client_id),
    "contract": (client_contracts, client_contracts.c.id),
}
_TERMS = ("client_id", "payment_days", "valid_from", "valid_to")


async def told_by_finance(connection: AsyncConnection, asked: ListToldByFinance) -> list[Told]:
    """One more than a page, by id."""
    table, key = _TABLES[asked.kind]
    statement = by_id(select(table), key, asked.cursor, asked.limit, only=asked.ids)
    match asked.kind:
        case "vat":
            # Once they were set: the first revision tells only that nobody has.
            rows = await connection.execute(statement.where(vat_settings.c.revision > 1))
            return [_rates(VatRatesView.model_validate(row, from_attributes=True)) for row in rows]
        case "client":
            rows = await connection.execute(statement)
            return [
                told("client", row.client_id, None, {"survivor": row.merged_into}) for row in rows
            ]
        case "contract":
            rows = await connection.execute(statement)
            return [
                told(
                    "contract", row.id, row.revision, {name: getattr(row, name) for name in _TERMS}
                )
                for row in rows
            ]


def _rates(vat: VatRatesView) -> Told:
    rates = [rate.model_dump() for rate in vat.counting]
    return told("vat", vat.station_id, vat.revision, {"rates": rates})
