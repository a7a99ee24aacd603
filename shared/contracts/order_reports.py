"""Checks of the reports of orders, and what orders are called: owned by ``services/orders``. The
reports themselves stand beside the orders, in ``orders``.

What a figure is, once and for both: an order counts under its accounting date and under the status
that it has now. ``created`` is all of them, ``total`` what the done ones come to, VAT included: the
revenue of the reports of money, for a period across whose borders nothing was done or reopened. A
work counts under who does it: ``labor_total`` is the works alone, without materials.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Page, Question, View
from shared.contracts.reconciliation import Difference


class CheckOrderReports(Question[Page[Difference]]):
    """Reckons every sum anew from the orders and lists the differences, at most a
    hundred; there should be none."""

    subject: ClassVar[str] = "ask.orders.check_reports.v1"


class OrderName(View):
    """What an order is called in lists of other services."""

    id: UUID
    number: str
    client_name: str
    vehicle_name: str | None


class OrderNames(View):
    orders: tuple[OrderName, ...]


class NameOrders(Question[OrderNames]):
    """Many at once; of what does not exist there is none."""

    subject: ClassVar[str] = "ask.orders.names.v1"

    order_ids: tuple[UUID, ...] = Field(max_length=500)
