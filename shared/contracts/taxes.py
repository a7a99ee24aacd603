"""VAT of a station: its dated rates and what came of them. Owned by ``services/finance``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from shared.contracts.base import (
    Command,
    Event,
    Name,
    Page,
    Percent,
    Period,
    Question,
    Revision,
    View,
)
from shared.contracts.finance import MoneySum

VatRegime = Literal["none", "vat"]
"""``none``: the station sells without VAT, whatever rates it has noted."""
VatLine = Literal["output", "advances", "advances_back", "input", "to_pay"]


class VatRate(View):
    """One rate, from the beginning of a business day until the next one begins."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    since: Annotated[date, Field(alias="from", ge=date(1992, 1, 1), lt=date(2200, 1, 1))]
    percent: Percent | None
    """Of the price without VAT; null: from this day on the station sells without VAT. Zero is a
    rate, too (an export)."""
    label: Name | None = None
    """What people call it."""


class VatRatesView(View):
    station_id: UUID
    regime: VatRegime
    rates: tuple[VatRate, ...]
    """The earliest first. Before the first one the station sold without VAT."""
    revision: Revision
    updated_at: datetime | None
    """Null: nobody has set it yet."""

    @property
    def counting(self) -> tuple[VatRate, ...]:
        """The rates that prices contain: none without VAT."""
        return self.rates if self.regime == "vat" else ()


class GetVatRates(Question[VatRatesView]):
    """Of this station."""

    subject: ClassVar[str] = "ask.finance.vat_rates.v1"


class SetVatRates(Command[VatRatesView]):
    """Replaces regime and rates. Settlements keep the rate that they were made with; orders that
    are done afterwards take the one of their own business day.

    Refused: ``vat_rates_missing`` (``vat`` without a rate), ``vat_rates_same_day``,
    ``vat_rate_not_fiscal`` (the station has a cash register, when this is saved, and it has
    no code for what is to be sold at),
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.finance.set_vat_rates.v1"

    regime: VatRegime
    rates: Annotated[tuple[VatRate, ...], Field(max_length=100)] = ()
    expected_revision: Revision | None = None


class VatRatesSaved(Event):
    """Producer: finance. Consumers: orders (papers name the rate), audit."""

    subject: ClassVar[str] = "evt.finance.vat_rates_saved.v1"

    vat: VatRatesView

    def aggregate_id(self) -> UUID:
        return self.vat.station_id


class VatReportRow(View):
    """``output``: charged to clients; ``advances``: within what clients paid before anything was
    sold; ``advances_back``: of that, what orders have taken or clients got back; each of them one
    row per rate. ``input``: paid to suppliers and deductible. ``to_pay``: ``output + advances -
    advances_back - input``, negative when the state owes it."""

    line: VatLine
    percent: Percent | None
    """Null: sold without VAT, or not told by rate."""
    base: MoneySum | None
    """Of ``output``: the price without VAT. Of advances: the money, with its VAT."""
    vat: MoneySum


class VatReport(Question[Page[VatReportRow]]):
    """VAT of a period, by accounting time. What is reversed counts negatively, at the rate of its
    sale; advances count at the rate of the day on which they came."""

    subject: ClassVar[str] = "ask.finance.vat_report.v1"

    period: Period = Period()
    station_id: UUID | None = None
