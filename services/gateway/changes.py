"""What changed, for screens that are open: a topic and an id, never the data itself.

Events are taken from the broker as they fly by, without a consumer of their own. Each hint has a
number, and the latest are kept: a page says how far things had come when it began to be made, and
its screen is told what it missed since then. Who missed more than is kept looks at all anew, and
nothing else depends on a hint.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import UUID

import nats.errors
import pydantic_core
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.messaging.subscriptions import subscribed

log = structlog.get_logger(__name__)

MAX_WAITING = 256
"""Hints that a slow screen may have before it; beyond that it is told to refresh instead."""
KEPT = 2_000
"""Hints that are kept for pages which are still on their way to their screens."""
MAX_DIGITS = 18
"""Of a hint's number; a longer one is nobody's."""
PLACE_WITHIN_S = 1.0
"""How long a page waits to be told of changes; without it, it is a page all the same."""
LINGER_S = 300.0
"""How long events are listened to after somebody last looked at a page."""

type Hint = tuple[str, str]
"""Topic and id."""
type Change = tuple[int, Hint]
"""A hint with its number: later ones have greater ones."""

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
_SILENT = (
    "evt.gateway.",
    "evt.audit.",
    "evt.inventory.repricing_due.",
    "evt.orders.link_secret_replaced.",
)
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
    """One connected client and the changes it has not been sent yet: each hint once, by when it
    was last true."""

    def __init__(self, user_id: UUID | None = None) -> None:
        self.user_id = user_id
        self._waiting: dict[Hint, int] = {}
        self._arrived = asyncio.Event()

    def add(self, change: Change) -> None:
        number, hint = change
        if REFRESH in self._waiting:
            hint = REFRESH
        elif len(self._waiting) >= MAX_WAITING and hint not in self._waiting:
            self._waiting, hint = {}, REFRESH
        self._waiting.pop(hint, None)
        self._waiting[hint] = number
        self._arrived.set()

    def wake(self) -> None:
        """Whoever waits need not wait any longer."""
        self._arrived.set()

    async def take(self, timeout_s: float) -> list[Change]:
        """What has come; after ``timeout_s`` without anything, nothing."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), timeout_s)
        changes = [(number, hint) for hint, number in self._waiting.items()]
        self._waiting = {}
        self._arrived.clear()
        return changes


class Changes:
    """Listens while somebody looks at pages, and hands every screen each hint.

    A place among the changes is said as ``<epoch>-<number>``: numbers count within the life of
    this process, which the epoch names.
    """

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._known_since = 0
        """All changes after this number are kept."""
        self._kept: deque[tuple[Change, UUID | None]] = deque()
        """With the user that they are for; None: everybody."""
        self._screens: set[Screen] = set()
        self._subscription: Subscription | None = None
        self._reconnects = 0
        self._looked_at = 0.0
        self._turning = asyncio.Lock()
        self._beginning: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    @property
    def screens(self) -> int:
        return len(self._screens)

    @property
    def listens(self) -> bool:
        return self._subscription is not None

    async def place(self) -> str:
        """How far things have come: whatever is asked for after this, shows it. Nothing is said
        while the broker is away."""
        self._looked_at = monotonic()
        if self._subscription is None:
            try:
                async with asyncio.timeout(PLACE_WITHIN_S):
                    await self._begun()
            except (nats.errors.Error, TimeoutError):
                return ""
        self.notice_gap()
        return self.called(self._number)

    def called(self, number: int) -> str:
        return f"{self._epoch}-{number}"

    async def open(self, after: str | None = None, user_id: UUID | None = None) -> Screen:
        """A screen that is told all that changed after that place, and from now on. Raises what
        the broker's client raises while it is away."""
        await self._begun()
        screen = Screen(user_id)
        for change in self._since(after, user_id) if after else ():
            screen.add(change)
        self._screens.add(screen)
        return screen

    def close(self, screen: Screen) -> None:
        self._screens.discard(screen)
        self._looked_at = monotonic()

    def tell(self, hint: Hint, to: UUID | None = None) -> None:
        """What the gateway knows by itself; ``to``: on the screens of one user only."""
        self._hear(hint, to)

    def notice_gap(self) -> None:
        """What happened while the connection was away, nobody heard: all is looked at anew."""
        reconnects = self._connection.stats["reconnects"]
        if reconnects != self._reconnects:
            self._reconnects = reconnects
            self._forget()
            self._hear(REFRESH)

    def _since(self, place: str, user_id: UUID | None) -> list[Change]:
        epoch, _, said = place.partition("-")
        number = int(said) if said.isdecimal() and len(said) <= MAX_DIGITS else -1
        if epoch != self._epoch or not self._known_since <= number <= self._number:
            return [(self._number, REFRESH)]
        return [change for change, to in self._kept if change[0] > number and to in (None, user_id)]

    async def _begun(self) -> None:
        """Returns when events are listened to. Whoever does not wait for it ends it for nobody:
        the broker's client is deaf after an answer to a question that was given up."""
        if self._subscription is None:
            if self._beginning is None or self._beginning.done():
                self._beginning = asyncio.create_task(self._listen(), name="changes-beginning")
            await asyncio.shield(self._beginning)

    async def _listen(self) -> None:
        async with self._turning:
            if self._subscription is not None:
                return
            if not self._connection.is_connected:
                raise nats.errors.ConnectionReconnectingError
            self._forget()
            self._reconnects = self._connection.stats["reconnects"]
            subscription = await self._connection.subscribe("evt.>", cb=self._on_event)
            # So that nothing is missed that happens after the screen was told it is open.
            try:
                await subscribed(self._connection)
            except BaseException:
                with suppress(Exception):
                    await subscription.unsubscribe()
                raise
            self._subscription = subscription

    async def _listen_no_more(self) -> None:
        """An event costs nothing here while nobody looks at pages: programs alone do not."""
        async with self._turning:
            if self._deserted and self._subscription is not None:
                subscription, self._subscription = self._subscription, None
                with suppress(Exception):
                    await subscription.unsubscribe()

    @property
    def _deserted(self) -> bool:
        return not self._screens and monotonic() - self._looked_at > LINGER_S

    async def _on_event(self, message: Msg) -> None:
        if self._deserted:
            self._ending = asyncio.create_task(self._listen_no_more(), name="changes-ending")
            return
        self.notice_gap()
        try:
            for hint in hints(message.subject, message.headers or {}, message.data):
                self._hear(hint)
        except (KeyError, ValueError, TypeError) as error:
            log.warning("hint_failed", subject=message.subject, error=error)

    def _hear(self, hint: Hint, to: UUID | None = None) -> None:
        self._number += 1
        change = (self._number, hint)
        self._kept.append((change, to))
        if len(self._kept) > KEPT:
            (self._known_since, _), _ = self._kept.popleft()
        for screen in self._screens:
            if to in (None, screen.user_id):
                screen.add(change)

    def _forget(self) -> None:
        """Whoever looked before now may have missed something that nobody heard."""
        self._kept.clear()
        self._number += 1
        self._known_since = self._number


def _products(body: bytes) -> Iterator[str]:
    event: dict[str, Any] = pydantic_core.from_json(body)
    document = event.get("receipt") or event.get("returned") or event
    lines = document.get("lines", ())
    yield from dict.fromkeys(line["product_id"] for line in lines)
