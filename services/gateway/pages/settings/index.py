"""The index of the settings: a card for each page, to those who may look at it."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import show
from services.gateway.pages.settings import lists, marks, rates
from services.gateway.pages.settings.catalogue import Catalogue
from services.gateway.pages.settings.sheet import Sheet
from services.gateway.pages.words import N_
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Card:
    """A page of the settings as the index shows it."""

    path: str
    title: str
    about: str
    icon: str
    needs: str
    """The message that one may send who is shown it."""


def card(page: Catalogue | Sheet) -> Card:
    message = page.makes if isinstance(page, Catalogue) else page.changes
    return Card(page.path, page.title, page.about, page.icon, message.__name__)


GROUPS = (
    (
        N_("The station"),
        (
            card(rates.STATION),
            card(lists.SECTIONS),
            card(lists.POSTS),
            card(lists.EMPLOYEES),
            Card(
                "/load/calendar",
                N_("Working hours"),
                N_("When the station works, its holidays, and who is away."),
                "calendar-event",
                "SetWorkingHours",
            ),
            Card(
                "/users",
                N_("Users"),
                N_("Who signs in, and with which role."),
                "key",
                "ChangeSection",
            ),
        ),
    ),
    (
        N_("Works and prices"),
        (
            card(lists.WORKS),
            Card(
                "/settings/packages",
                N_("Packages"),
                N_("Works and goods that are sold together, at a price or discount of their own."),
                "packages",
                "CreatePackage",
            ),
            card(rates.PRICES),
            card(lists.ORDER_TYPES),
            card(rates.VAT),
        ),
    ),
    (
        N_("Goods"),
        (
            card(rates.MARKUPS),
            card(lists.WAREHOUSES),
            card(lists.CELLS),
            card(lists.UNITS),
            Card(
                "/stock/suppliers",
                N_("Suppliers"),
                N_("Whom goods are bought from, and what they are owed."),
                "truck-delivery",
                "CreateSupplier",
            ),
        ),
    ),
    (
        N_("Money"),
        (
            card(lists.PAY_RULES),
            Card(
                "/till/shifts",
                N_("Cash boxes"),
                N_("Boxes, and whether cash needs an open shift."),
                "cash-register",
                "CreateCashBox",
            ),
            Card(
                "/money",
                N_("Expense categories"),
                N_("What money is spent on, and what comes again every month."),
                "wallet",
                "CreateExpenseCategory",
            ),
        ),
    ),
    (
        N_("Clients"),
        (
            card(marks.TAGS),
            card(marks.SEGMENTS),
            Card(
                "/settings/bonus-rules",
                N_("Bonus rules"),
                N_("What paid orders earn their clients, tried out before it counts."),
                "gift",
                "CreateBonusRule",
            ),
            card(rates.BONUS_SHARE),
        ),
    ),
    (
        N_("Texts and papers"),
        (
            Card(
                "/settings/forms",
                N_("Print forms"),
                N_("Logo, and the templates of papers with their preview."),
                "printer",
                "SaveFormTemplate",
            ),
            Card(
                "/settings/messages",
                N_("Message templates"),
                N_("What clients are told by SMS and e-mail, and when."),
                "messages",
                "CreateMessageTemplate",
            ),
            Card(
                "/docs/formulas",
                N_("Formula reference"),
                N_("Every name and function that formulas and templates know."),
                "math-function",
                "CreateBonusRule",
            ),
        ),
    ),
)


async def index(request: PageRequest) -> Response:
    groups = [
        (title, [card for card in cards if request.may(card.needs)]) for title, cards in GROUPS
    ]
    groups = [(title, cards) for title, cards in groups if cards]
    if not groups:
        raise Refused("forbidden")
    return request.page("settings/index.html", groups=groups)


PAGES = (show("/settings", index),)
