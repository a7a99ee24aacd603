"""VAT of the station: its rates, and what a period comes to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.vat import as_said, in_force_from, rates_of, without_code
from services.finance.handlers.table import check_period, handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.taxes import (
    GetVatRates,
    SetVatRates,
    VatLine,
    VatRatesSaved,
    VatRatesView,
    VatReport,
    VatReportRow,
)
from shared.edits import edited
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision
from shared.settings import ServiceSettings


@handlers.question(GetVatRates)
async def get_vat_rates(_: GetVatRates, store: FinanceStore, work: Work) -> VatRatesView:
    return await store.vat(work.settings.station_id)


@handlers.command(SetVatRates)
async def set_vat_rates(command: SetVatRates, store: FinanceStore, work: Work) -> VatRatesView:
    vat = await store.vat_locked(work.settings.station_id)
    ensure_revision(command.expected_revision, vat.revision)
    rates = rates_of(command)
    changed, changes = edited(vat, {"regime": command.regime, "rates": rates}, work.now)
    if changes:
        if lacking := not_printable(changed, work.settings, work.now):
            raise Refused("vat_rate_not_fiscal", percent=lacking)
        await store.save_vat(changed)
        work.publish(VatRatesSaved(vat=changed, changes=changes))
    return changed


def not_printable(vat: VatRatesView, settings: ServiceSettings, now: datetime) -> str:
    """The percents that something is to be sold at and the station's cash register has no code
    for, as people are told them; nothing where all is well."""
    if settings.fiscal_adapter == "none" or vat.regime != "vat":
        return ""
    rates = in_force_from(now.astimezone(settings.zone).date(), vat.rates)
    return as_said(without_code(rate.percent for rate in rates))


@handlers.question(VatReport, report=True)
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
