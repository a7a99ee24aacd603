"""What the station reckons by: its requisites, VAT, rounding of prices, markups of goods, and how
much of an order bonuses may pay."""

from __future__ import annotations

from services.gateway.pages import words
from services.gateway.pages.settings.catalogue import Entry, said_words
from services.gateway.pages.settings.sheet import Sheet, pages_of
from services.gateway.pages.words import N_
from shared.contracts.bonus_rules import ChangeBonusSettings, GetBonusSettings
from shared.contracts.inventory import GetMarkupRules, SetMarkupRules
from shared.contracts.orders import ChangeStation, ListStations
from shared.contracts.taxes import GetVatRates, SetVatRates
from shared.contracts.works import ChangePriceRules, GetPriceRules

_MODE = said_words(words.ROUNDING)

STATION = Sheet(
    path="/settings/station",
    title=N_("Station"),
    about=N_("What stands on its papers: legal name, tax number, address, bank."),
    icon="building-store",
    asks=ListStations,
    changes=ChangeStation,
    finds=lambda answer: answer.items[0],
    id_field="station_id",
    entries=(
        Entry(name="legal_name", label=N_("Legal name")),
        Entry(name="tax_number", label=N_("Tax number"), hint=N_("10 or 12 digits")),
        Entry(name="tax_reason_code", label=N_("Tax registration reason code")),
        Entry(name="address", label=N_("Address")),
        Entry(name="phone", label=N_("Phone")),
        Entry(name="email", label=N_("E-mail")),
        Entry(name="website", label=N_("Website")),
        Entry(name="bank_details", label=N_("Bank details"), kind="words"),
    ),
)
PRICES = Sheet(
    path="/settings/prices",
    title=N_("Rounding of prices"),
    about=N_("How prices that come of norm-hours and discounts are rounded."),
    icon="adjustments",
    asks=GetPriceRules,
    changes=ChangePriceRules,
    entries=(
        Entry(name="step", label=N_("To a multiple of, roubles"), kind="number", required=True),
        Entry(name="mode", label=N_("Rounding"), kind="choice", source=_MODE, required=True),
    ),
)
MARKUPS = Sheet(
    path="/settings/markups",
    title=N_("Markups"),
    about=N_(
        "What is put on the cost of goods. The bands of a group and manufacturer begin at zero and "
        "follow one another without a gap; the last has no end."
    ),
    icon="percentage",
    asks=GetMarkupRules,
    changes=SetMarkupRules,
    rows="rules",
    row_entries=(
        Entry(name="group", label=N_("Group")),
        Entry(name="vendor", label=N_("Manufacturer")),
        Entry(name="cost_from", label=N_("Cost from"), kind="number"),
        Entry(name="cost_to", label=N_("Cost below"), kind="number"),
        Entry(name="percent", label=N_("Percent"), kind="number"),
        Entry(name="fixed", label=N_("Or roubles"), kind="number"),
        Entry(name="step", label=N_("Multiple of"), kind="number"),
        Entry(name="mode", label=N_("Rounding"), kind="choice", source=_MODE),
    ),
)
VAT = Sheet(
    path="/settings/vat",
    title=N_("VAT"),
    about=N_("Rates by day. What was settled keeps the rate that it was settled with."),
    icon="receipt-2",
    asks=GetVatRates,
    changes=SetVatRates,
    entries=(
        Entry(
            name="regime",
            label=N_("The station sells"),
            kind="choice",
            source=said_words(words.VAT_REGIMES),
            required=True,
        ),
    ),
    rows="rates",
    row_entries=(
        Entry(name="since", label=N_("From day"), kind="date"),
        Entry(name="percent", label=N_("Percent; empty: without VAT"), kind="number"),
        Entry(name="label", label=N_("Called")),
    ),
)
BONUS_SHARE = Sheet(
    path="/settings/bonus-share",
    title=N_("Paying with bonuses"),
    about=N_("How much of an order a client may pay with bonuses."),
    icon="coin",
    asks=GetBonusSettings,
    changes=ChangeBonusSettings,
    entries=(
        Entry(
            name="max_share_percent",
            label=N_("At most, percent of the order"),
            kind="number",
            required=True,
        ),
    ),
)

SHEETS = (STATION, PRICES, MARKUPS, VAT, BONUS_SHARE)
PAGES = tuple(page for sheet in SHEETS for page in pages_of(sheet))
