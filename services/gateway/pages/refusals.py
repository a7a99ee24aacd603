"""A no in the words of pages: things and fields by their names, sums as people write them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from services.gateway.pages.field_names import with_fields_named
from services.gateway.pages.names import orders_named, products_named
from services.gateway.pages.rendering import LOCALES, figure
from services.gateway.pages.request import PageRequest, if_there
from shared.contracts.orders import ListEmployees
from shared.refusals import Refused

# fmt: off
_FIGURES = frozenset({
    "available", "balance", "banknotes", "booked", "cash", "cost", "counted", "debt", "deposit",
    "due", "high", "issued", "left", "limit", "low", "missing", "orders", "over", "owes", "parts",
    "percent", "quantity", "settled", "short", "tendered", "there", "total", "worth",
})
# fmt: on
_DECIMAL = re.compile(r"-?\d+\.\d+")
"""Sums and quantities among the particulars of a no. Others look like them: of part numbers and
names nothing may be changed."""


# fmt: off
_FIELDS = {
    "bank_account_invalid": "requisites.bank_account", "bank_code_invalid": "requisites.bank_code",
    "barcode_taken": "barcode", "login_taken": "login", "name_taken": "name",
    "phone_invalid": "phones", "plate_invalid": "plate",
    "registration_number_invalid": "requisites.registration_number",
    "tax_number_invalid": "requisites.tax_number",
    "tax_reason_code_invalid": "requisites.tax_reason_code", "vin_invalid": "vin",
}
# fmt: on


def field_of(refusal: Refused) -> str:
    """The field of a form that the no is about, where it is about one: beside it, it is told."""
    return _FIELDS.get(refusal.code, "")


def in_words(refusal: Refused, language: str) -> str:
    shown = {
        name: figure(value, LOCALES[language])
        if name in _FIGURES and _DECIMAL.fullmatch(value)
        else value
        for name, value in refusal.params.items()
    }
    return Refused(refusal.code, **with_fields_named(shown, language)).words(language)


async def with_names(request: PageRequest, refusal: Refused) -> Refused:
    """With names instead of ids, which people know nothing of; where a service that knows them is
    away, as it is. Raises what such a service refuses."""
    if refusal.code not in NAMED:
        return refusal
    key, naming = NAMED[refusal.code]
    id = UUID(refusal.params[key])
    names = await if_there(naming(request, id)) or {}
    return Refused(refusal.code, **{**refusal.params, key: names.get(id, str(id))})


async def _product(request: PageRequest, id: UUID) -> Mapping[UUID, str]:
    products = await products_named(request, [id])
    return {id: f"«{product.name}»" for id, product in products.items()}


async def _order(request: PageRequest, id: UUID) -> Mapping[UUID, str]:
    return {id: order.number for id, order in (await orders_named(request, [id])).items()}


async def _employee(request: PageRequest, _: UUID) -> Mapping[UUID, str]:
    page = await request.services.ask(ListEmployees(limit=200))
    return {employee.id: employee.name for employee in page.items}


type _Naming = Callable[[PageRequest, UUID], Awaitable[Mapping[UUID, str]]]

NAMED: Mapping[str, tuple[str, _Naming]] = {
    "stock_lacking": ("id", _product),
    "cost_missing": ("id", _product),
    "count_moved": ("id", _product),
    "product_not_ordered": ("id", _product),
    "prepayment_missing": ("order_id", _order),
    "payout_exceeds_balance": ("employee_id", _employee),
}
"""By the refusal's code: which of its particulars is an id, and of what."""
