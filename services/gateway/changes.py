"""What changed, for screens that are open: a topic and an id, never the data itself.

Events are taken from the broker as they fly by, without a consumer of their own: a screen that
missed some is told to look again, and nothing depends on a hint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import pydantic_core
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.messaging.subscriptions import subscribed

log = structlog.get_logger(__name__)

MAX_WAITING = 256
"""Hints that a slow screen may have before it; beyond that it is told to refresh instead."""

type Hint = tuple[str, str]
"""Topic and id."""

REFRESH: Hint = ("refresh", "")

_TOPIC_OF_SUBJECT = {
    "evt.clients.client_created.v1": "client",
    "evt.clients.client_changed.v1": "client",
    "evt.clients.client_erased.v1": "client",
    "evt.clients.contract_saved.v1": "contract",
    "evt.clients.client_merged.v1": "client",
    "evt.clients.duplicate_dismissed.v1": "client",
    "evt.clients.client_linked.v1": "client",
    "evt.clients.client_unlinked.v1": "client",
    "evt.clients.client_tagged.v1": "client",
    "evt.clients.vehicle_tagged.v1": "vehicle",
    "evt.clients.tag_saved.v1": "reference",
    "evt.clients.tag_removed.v1": "reference",
    "evt.clients.segment_saved.v1": "reference",
    "evt.clients.segment_removed.v1": "reference",
    "evt.clients.vehicle_added.v1": "vehicle",
    "evt.clients.vehicle_changed.v1": "vehicle",
    "evt.clients.import_moved.v1": "import",
    "evt.orders.reference_saved.v1": "reference",
    "evt.orders.order_type_saved.v1": "reference",
    "evt.orders.package_saved.v1": "reference",
    "evt.orders.price_rules_saved.v1": "reference",
    "evt.orders.station_saved.v1": "reference",
    "evt.orders.variant_saved.v1": "reference",
    "evt.orders.variant_removed.v1": "reference",
    "evt.orders.declined_works_dismissed.v1": "vehicle",
    "evt.orders.booking_made.v1": "load",
    "evt.orders.booking_moved.v1": "load",
    "evt.orders.booking_removed.v1": "load",
    "evt.orders.calendar_saved.v1": "load",
    "evt.inventory.place_saved.v1": "reference",
    "evt.inventory.unit_saved.v1": "reference",
    "evt.inventory.markup_rules_saved.v1": "reference",
    "evt.inventory.cell_saved.v1": "reference",
    "evt.inventory.home_cell_set.v1": "product",
    "evt.inventory.product_saved.v1": "product",
    "evt.inventory.transfer_sent.v1": "transfer",
    "evt.inventory.transfer_received.v1": "transfer",
    "evt.inventory.transfer_cancelled.v1": "transfer",
    "evt.inventory.stock_written_off.v1": "write_off",
    "evt.inventory.write_off_cancelled.v1": "write_off",
    "evt.inventory.count_started.v1": "count",
    "evt.inventory.product_counted.v1": "count",
    "evt.inventory.count_posted.v1": "count",
    "evt.inventory.count_cancelled.v1": "count",
    "evt.inventory.stock_corrected.v1": "count",
    "evt.inventory.part_numbers_saved.v1": "product",
    "evt.inventory.barcodes_saved.v1": "product",
    "evt.inventory.import_moved.v1": "import",
    "evt.finance.payment_taken.v1": "payment",
    "evt.finance.payment_refunded.v1": "payment",
    "evt.finance.bonus_spent.v1": "payment",
    "evt.finance.bonus_returned.v1": "payment",
    "evt.finance.vat_rates_saved.v1": "reference",
    "evt.finance.bonus_rule_saved.v1": "reference",
    "evt.finance.bonus_settings_saved.v1": "reference",
    "evt.finance.bonus_adjusted.v1": "client",
    "evt.finance.bonus_expired.v1": "client",
    "evt.finance.expense_recorded.v1": "expense",
    "evt.finance.pay_rule_saved.v1": "reference",
    "evt.finance.pay_recorded.v1": "payroll",
    "evt.finance.payroll_closed.v1": "payroll",
    "evt.finance.payroll_reopened.v1": "payroll",
    "evt.finance.pay_accrued.v1": "payroll",
    "evt.finance.pay_taken_back.v1": "payroll",
    "evt.finance.cash_box_saved.v1": "reference",
    "evt.finance.till_settings_saved.v1": "reference",
    "evt.finance.shift_opened.v1": "shift",
    "evt.finance.shift_closed.v1": "shift",
    "evt.finance.cash_moved.v1": "shift",
    "evt.finance.deposit_moved.v1": "payment",
    "evt.finance.fiscal_receipt_moved.v1": "fiscal_receipt",
    "evt.finance.expense_category_saved.v1": "reference",
    "evt.finance.expense_reversed.v1": "expense",
    "evt.finance.recurring_expense_saved.v1": "reference",
    "evt.inventory.purchase_order_saved.v1": "purchase_order",
    "evt.inventory.prepayment_set.v1": "order",
    "evt.finance.supplier_paid.v1": "supplier",
    "evt.finance.supplier_refunded.v1": "supplier",
    "evt.documents.form_look_changed.v1": "form",
    "evt.documents.form_template_saved.v1": "form",
    "evt.documents.message_template_saved.v1": "reference",
    "evt.documents.message_scheduled.v1": "message",
    "evt.documents.message_queued.v1": "message",
    "evt.documents.message_sent.v1": "message",
    "evt.documents.message_delivered.v1": "message",
    "evt.documents.message_failed.v1": "message",
    "evt.documents.message_undetermined.v1": "message",
    "evt.documents.message_skipped.v1": "message",
    "evt.documents.message_cancelled.v1": "message",
}
_ABOUT_STOCK = frozenset(
    f"evt.inventory.{fact}.v1"
    for fact in (
        "stock_received",
        "stock_sent_back",
        "parts_reserved",
        "parts_unavailable",
        "reservation_released",
        "parts_issued",
        "parts_returned",
        "issue_cost_corrected",
        "issued_part_written_off",
    )
)
# Attempts that changed nothing, what only operators look at, and what a service tells itself.
_SILENT = ("evt.gateway.", "evt.audit.", "evt.inventory.repricing_due.")
_SILENT_FACTS = ("command_refused.v1", "dead_letter_decided.v1", "stock_taken_over.v1")


def hints(subject: str, headers: Mapping[str, str], body: bytes) -> Iterator[Hint]:
    """What an event tells screens: the thing it is about, and its order if it has one."""
    if subject.startswith(_SILENT) or subject.endswith(_SILENT_FACTS):
        return
    if subject in _ABOUT_STOCK:
        yield from (("stock", product_id) for product_id in _products(body))
    elif topic := _TOPIC_OF_SUBJECT.get(subject):
        yield topic, headers["ce-subject"]
    if order_id := headers.get("orderid"):
        yield "order", order_id


class Screen:
    """One connected client and the hints it has not been sent yet, each once, oldest first."""

    def __init__(self, user_id: UUID | None = None) -> None:
        self.user_id = user_id
        self._waiting: dict[Hint, None] = {}
        self._arrived = asyncio.Event()

    def add(self, hint: Hint) -> None:
        if len(self._waiting) >= MAX_WAITING and hint not in self._waiting:
            self._waiting = {REFRESH: None}
        elif REFRESH not in self._waiting:
            self._waiting[hint] = None
        self._arrived.set()

    def wake(self) -> None:
        """Whoever waits need not wait any longer."""
        self._arrived.set()

    async def take(self, timeout_s: float) -> list[Hint]:
        """What has come; after ``timeout_s`` without anything, nothing."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), timeout_s)
        hints, self._waiting = list(self._waiting), {}
        self._arrived.clear()
        return hints


class Changes:
    """Listens while somebody is connected, and hands every screen each hint."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._screens: set[Screen] = set()
        self._subscription: Subscription | None = None
        self._turning = asyncio.Lock()

    @property
    def screens(self) -> int:
        return len(self._screens)

    async def open(self, user_id: UUID | None = None) -> Screen:
        screen = Screen(user_id)
        self._screens.add(screen)
        await self._listen_or_not()
        return screen

    async def close(self, screen: Screen) -> None:
        self._screens.discard(screen)
        await self._listen_or_not()

    def tell(self, hint: Hint, to: UUID | None = None) -> None:
        """What the gateway knows by itself; ``to``: on the screens of one user only."""
        for screen in self._screens:
            if to is None or screen.user_id == to:
                screen.add(hint)

    async def _listen_or_not(self) -> None:
        """An event costs nothing here while no screen is open."""
        async with self._turning:
            if self._screens and self._subscription is None:
                self._subscription = await self._connection.subscribe("evt.>", cb=self._on_event)
                # So that nothing is missed that happens after the screen was told it is open.
                await subscribed(self._connection)
            elif not self._screens and self._subscription is not None:
                subscription, self._subscription = self._subscription, None
                with suppress(Exception):
                    await subscription.unsubscribe()

    async def _on_event(self, message: Msg) -> None:
        try:
            for hint in hints(message.subject, message.headers or {}, message.data):
                for screen in self._screens:
                    screen.add(hint)
        except (KeyError, ValueError, TypeError) as error:
            log.warning("hint_failed", subject=message.subject, error=repr(error))


def _products(body: bytes) -> Iterator[str]:
    event: dict[str, Any] = pydantic_core.from_json(body)
    document = event.get("receipt") or event.get("returned") or event
    lines = document.get("lines", ())
    yield from dict.fromkeys(line["product_id"] for line in lines)
