"""Fiscal receipts where people look after them: on the page of a payment, and of a shift."""

from __future__ import annotations

import asyncio
from typing import Literal, get_args
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act
from shared.contracts.fiscal import (
    FiscalReceiptView,
    ListFiscalReceipts,
    LookUpFiscalReceipt,
    RetryFiscalReceipt,
)

MANY = 200
Waiting = Literal["undetermined", "failed", "queued"]
"""States of receipts that the register has not confirmed."""


async def receipts_of(request: PageRequest, document_id: UUID) -> tuple[FiscalReceiptView, ...]:
    """About a payment, payments taken together, or a shift; for those who may see to them."""
    if not request.may("ListFiscalReceipts"):
        return ()
    return (await request.ask(ListFiscalReceipts(document_id=document_id))).items


async def receipts_of_shift(request: PageRequest, shift_id: UUID) -> list[FiscalReceiptView]:
    """Of its beginning and end; and what of the rest the register has not confirmed. Of a sale that
    has failed with all that is about it, as it may have been told by a correction since."""
    if not request.may("ListFiscalReceipts"):
        return []
    own, *rest = await asyncio.gather(
        receipts_of(request, shift_id), *(_in_state(request, shift_id, state) for state in _STATES)
    )
    known = {receipt.id: receipt for part in (own, *rest) for receipt in part}
    failed = {
        receipt.document_id
        for receipt in known.values()
        if (receipt.kind, receipt.state) == ("sale", "failed")
    }
    for about in await asyncio.gather(*(receipts_of(request, each) for each in failed)):
        known |= {receipt.id: receipt for receipt in about}
    return sorted(known.values(), key=lambda receipt: receipt.id)


_STATES: tuple[Waiting, ...] = get_args(Waiting)


async def _in_state(
    request: PageRequest, shift_id: UUID, state: Waiting
) -> tuple[FiscalReceiptView, ...]:
    asked = ListFiscalReceipts(shift_id=shift_id, state=state, limit=MANY)
    return (await request.ask(asked)).items


async def retry(request: PageRequest) -> Response:
    await request.send(RetryFiscalReceipt(receipt_id=request.id("receipt_id")))
    return request.go(_page_of(request), said=request._("The receipt is sent once more"))


async def look_up(request: PageRequest) -> Response:
    receipt_id = request.id("receipt_id")
    await request.send(request.form.message(LookUpFiscalReceipt, receipt_id=receipt_id))
    return request.go(_page_of(request), said=request._("Noted"))


def _page_of(request: PageRequest) -> str:
    """Where the receipt was shown: its address begins with that page's."""
    return request.call.path.rpartition("/receipts/")[0]


PAGES = tuple(
    page
    for where in ("/till/payments/{document_id}", "/till/shifts/{document_id}")
    for page in (
        act(where + "/receipts/{receipt_id}", look_up, needs=LookUpFiscalReceipt),
        act(where + "/receipts/{receipt_id}/retry", retry, needs=RetryFiscalReceipt),
    )
)
