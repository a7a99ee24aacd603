"""VAT of the station: its rates, and what a period comes to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from services.finance.domain.fiscal import VAT_CODES
from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.vat import in_force_from, rates_of
from services.finance.handlers.table import check_period, handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.taxes import (
    GetVatRates,
    SetVatRates,
    VatLine,
    VatRate,
    VatRatesSaved,
    VatRatesView,
    VatReport,
    VatReportRow,
)
from shared.edits import edited
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision


@handlers.question(GetVatRates)
async def get_vat_rates(_: GetVatRates, store: FinanceStore, work: Work) -> VatRatesView:
    return await store.vat(work.settings.station_id)


@handlers.command(SetVatRates)
async def set_vat_rates(command: SetVatRates, store: FinanceStore, work: Work) -> VatRatesView:
    vat = await store.vat_locked(work.settings.station_id)
    ensure_revision(command.expected_revision, vat.revision)
    rates = rates_of(command)
    if work.settings.fiscal_adapter != "none" and command.regime == "vat":
        today = work.now.astimezone(work.settings.zone).date()
        _ensure_printable([rate for rate in in_force_from(today, rates) if rate not in vat.rates])
    changed, changes = edited(vat, {"regime": command.regime, "rates": rates}, work.now)
    if changes:
        await store.save_vat(changed)
        work.publish(VatRatesSaved(vat=changed, changes=changes))
    return changed


def _ensure_printable(new: Collection[VatRate]) -> None:
    """A register would print what it has no code for as sold without VAT."""
    for rate in new:
        if rate.percent is not None and rate.percent not in VAT_CODES:
            raise Refused("vat_rate_not_fiscal", percent=rate.percent)


@handlers.question(VatReport)
async def vat_report(question: VatReport, store: FinanceStore, work: Work) -> Page[VatReportRow]:
    check_period(question.period.start, question.period.end)
    sold = [_by_rate("output", row) for row in await store.output_vat(question)]
    advances = [_by_rate(row.told_as, row) for row in await store.advance_vat(question)]
    deductible = kopecks(await store.input_vat(question))
    charged = sum((row.vat for row in (*sold, *advances) if row.line != "advances_back"), ZERO)
    back = sum((row.vat for row in advances if row.line == "advances_back"), ZERO)
    return Page(
        items=(
            *sold,
            *advances,
            VatReportRow(line="input", percent=None, base=None, vat=deductible),
            VatReportRow(line="to_pay", percent=None, base=None, vat=charged - back - deductible),
        )
    )


def _by_rate(line: VatLine, row: Any) -> VatReportRow:
    return VatReportRow(
        line=line, percent=row.percent, base=kopecks(row.base), vat=kopecks(row.vat)
    )
