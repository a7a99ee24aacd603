"""Events of an order, their fields and their values, as people call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from services.gateway.pages.orders import looks
from services.gateway.pages.orders.looks import Look
from services.gateway.pages.words import METHODS, N_
from shared.contracts.base import Change
from shared.promises import was_missed

EVENTS = {
    "evt.orders.order_created.v1": Look(N_("The order was opened"), "plus"),
    "evt.orders.order_changed.v1": Look(N_("The header was edited"), "pencil"),
    "evt.orders.order_moved.v1": Look(N_("State changed"), "arrow-right"),
    "evt.orders.order_completed.v1": Look(N_("The order was done"), "circle-check", "good"),
    "evt.orders.order_reopened.v1": Look(N_("The order was reopened"), "lock-open", "warn"),
    "evt.orders.order_cancelled.v1": Look(N_("The order was called off"), "circle-x", "overdue"),
    "evt.orders.order_repriced.v1": Look(N_("The total changed"), "math-function"),
    "evt.orders.service_added.v1": Look(N_("Work added"), "tool"),
    "evt.orders.package_added.v1": Look(N_("Package added"), "gift"),
    "evt.orders.line_changed.v1": Look(N_("Line edited"), "pencil"),
    "evt.orders.line_removed.v1": Look(N_("Line taken off"), "trash"),
    "evt.orders.parts_requested.v1": Look(N_("Parts requested"), "package"),
    "evt.orders.parts_released.v1": Look(N_("Parts no longer wanted"), "package"),
    "evt.orders.news_taken.v1": Look(N_("Reflected in the order"), "refresh"),
    "evt.orders.comment_added.v1": Look(N_("Comment"), "message"),
    "evt.orders.estimate_quoted.v1": Look(N_("The client was asked"), "help-circle"),
    "evt.orders.estimate_link_revoked.v1": Look(N_("The client's link was revoked"), "link"),
    "evt.orders.work_approved.v1": Look(N_("The client agreed"), "circle-check", "good"),
    "evt.orders.work_declined.v1": Look(N_("The client declined"), "circle-x", "overdue"),
    "evt.orders.approval_reset.v1": Look(N_("To be asked again: the price changed"), "refresh"),
    "evt.orders.declined_works_taken.v1": Look(N_("Earlier declined works taken"), "history"),
    "evt.orders.booking_made.v1": Look(N_("Post booked"), "calendar-plus"),
    "evt.orders.booking_moved.v1": Look(N_("Booking moved"), "calendar-event"),
    "evt.orders.booking_removed.v1": Look(N_("Booking removed"), "calendar"),
    "evt.orders.command_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
    "evt.inventory.parts_reserved.v1": Look(N_("Parts reserved"), "circle-check", "good"),
    "evt.inventory.parts_unavailable.v1": Look(N_("Parts are short"), "alert-triangle", "overdue"),
    "evt.inventory.reservation_released.v1": Look(N_("Reservation released"), "package"),
    "evt.inventory.parts_issued.v1": Look(N_("Parts issued"), "package-export"),
    "evt.inventory.parts_returned.v1": Look(N_("Parts came back"), "truck-return"),
    "evt.inventory.issued_part_written_off.v1": Look(N_("Issued part written off"), "trash"),
    "evt.inventory.issue_cost_corrected.v1": Look(N_("Cost of issued parts corrected"), "coin"),
    "evt.inventory.prepayment_set.v1": Look(N_("Prepayment asked for"), "wallet"),
    "evt.inventory.command_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
    "evt.finance.payment_taken.v1": Look(N_("Payment taken"), "cash", "good"),
    "evt.finance.payment_refunded.v1": Look(N_("Payment given back"), "receipt-refund", "warn"),
    "evt.finance.deposit_moved.v1": Look(N_("Deposit moved"), "arrows-exchange"),
    "evt.finance.bonus_spent.v1": Look(N_("Paid with bonuses"), "gift"),
    "evt.finance.bonus_returned.v1": Look(N_("Bonuses given back"), "gift"),
    "evt.finance.bonus_accrued.v1": Look(N_("Bonuses earned"), "gift"),
    "evt.finance.bonus_reversed.v1": Look(N_("Bonuses taken back"), "gift"),
    "evt.finance.order_settled.v1": Look(N_("Entered in the books"), "checks"),
    "evt.finance.settlement_reversed.v1": Look(N_("Taken out of the books"), "arrow-back-up"),
    "evt.finance.order_paid.v1": Look(N_("Fully paid"), "circle-check", "good"),
    "evt.finance.order_unpaid.v1": Look(N_("No longer fully paid"), "alert-circle", "warn"),
    "evt.finance.order_due_changed.v1": Look(N_("Another sum is due"), "cash"),
    "evt.finance.pay_accrued.v1": Look(N_("Pay accrued"), "coin"),
    "evt.finance.pay_taken_back.v1": Look(N_("Pay taken back"), "coin"),
    "evt.finance.expense_recorded.v1": Look(N_("Expense recorded"), "receipt"),
    "evt.finance.expense_reversed.v1": Look(N_("Expense taken back"), "receipt-refund"),
    "evt.finance.command_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
    "evt.documents.message_scheduled.v1": Look(N_("Message to be sent later"), "clock"),
    "evt.documents.message_queued.v1": Look(N_("Message to the client"), "mail"),
    "evt.documents.message_sent.v1": Look(N_("Message sent"), "send"),
    "evt.documents.message_delivered.v1": Look(N_("Message delivered"), "checks", "good"),
    "evt.documents.message_failed.v1": Look(
        N_("Message not delivered"), "alert-triangle", "overdue"
    ),
    "evt.documents.message_undetermined.v1": Look(N_("Message perhaps not sent"), "help-circle"),
    "evt.documents.message_skipped.v1": Look(N_("Message not sent: a rule forbids it"), "circle-x"),
    "evt.documents.message_cancelled.v1": Look(N_("Message called off"), "circle-x"),
    "evt.documents.command_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
    "evt.clients.command_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
    "evt.orders.clock_started.v1": Look(N_("Work on it began"), "player-play"),
    "evt.orders.clock_stopped.v1": Look(N_("Work on it stopped"), "player-stop"),
    "evt.documents.photo_added.v1": Look(N_("Photo added"), "camera"),
    "evt.documents.photo_changed.v1": Look(N_("Photo edited"), "camera"),
    "evt.documents.photo_removed.v1": Look(N_("Photo removed"), "camera"),
    "evt.gateway.command_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
    "evt.gateway.request_refused.v1": Look(N_("Refused"), "hand-stop", "overdue"),
}
"""Of each event that belongs to an order: what happened."""
FIELDS = {
    "status": N_("State"),
    "type": N_("Type"),
    "vehicle_name": N_("Car"),
    "section_id": N_("Section"),
    "employee_id": N_("Assigned to"),
    "post_id": N_("Post"),
    "payer_id": N_("Payer"),
    "driver": N_("Driver"),
    "driver_id": N_("Driver"),
    "customer_reason": N_("Reason of the visit"),
    "recommendation": N_("Recommendation"),
    "comment": N_("Note"),
    "mileage_km": N_("Mileage, km"),
    "visible_to_customer": N_("The client sees it"),
    "vehicle_in_at": N_("Car taken in"),
    "vehicle_out_at": N_("Car given back"),
    "assignment_at": N_("Accounting date"),
    "mechanic_id": N_("Mechanic"),
    "responsible_id": N_("Responsible"),
    "product_responsible_id": N_("Responsible for parts"),
    "examiner_id": N_("Received by"),
    "quantity": N_("Quantity"),
    "entered_quantity": N_("Quantity"),
    "initial": N_("Price quoted"),
    "discount_percent": N_("Discount, percent"),
    "fixed_discount": N_("Discount per unit, roubles"),
    "estimation_minutes": N_("Minutes planned"),
    "labor_hours": N_("Norm-hours"),
    "labor_rate": N_("Price of a norm-hour"),
    "progress": N_("Progress"),
    "start": N_("Begins at"),
    "end": N_("Ends at"),
    "technician_id": N_("Mechanic"),
}
"""Fields that edits name; what is not here is the system's own business."""
CODES = {
    code: look.word
    for table in (looks.STATES, looks.APPROVALS, looks.PROGRESS)
    for code, look in table.items()
} | METHODS
_SUMS = ("amount", "price", "total", "due", "required")


def about(body: Mapping[str, Any], known: Mapping[str, str]) -> Iterator[str | Decimal | datetime]:
    """What it happened to, when it is to be, and for how much: names, moments and sums."""
    for name in ("comment", "line", "record", "payment"):
        if isinstance(inner := body.get(name), Mapping):
            yield from about(inner, known)
    for name in ("name", "text", "reason", "detail", "by"):
        if isinstance(said := body.get(name), str):
            yield said
    lines = body.get("lines")
    for line in lines if isinstance(lines, list) else ():
        # Of a command that was refused they may be ids alone.
        told = line if isinstance(line, Mapping) else {"line_id": line}
        if said := told.get("name") or known.get(str(told.get("line_id"))):
            yield said
    if "booking_id" in body:
        if post := known.get(str(body.get("post_id"))):
            yield post
        if start := _moment(str(body.get("start"))):
            yield start
    for name in _SUMS:
        if (sum_ := _decimal(body.get(name))) is not None:
            yield sum_


def field_name(change: Change, at: datetime, done_at: datetime | None) -> str:
    """Of an edit ``at`` that time. A time to come at which a car is given back is what is promised;
    so is one that had passed before the work was ``done_at``."""
    if change.field != "vehicle_out_at":
        return FIELDS[change.field]
    old, new = (_moment(str(said)) for said in (change.old, change.new))
    if new is None or new > at:
        return N_("Car promised back")
    if old and (old > at or was_missed(old, done_at)):
        return N_("Car given back (was promised before)")
    return FIELDS[change.field]


def steps(body: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """What an event says itself of before and after: field, old, new."""
    if "old_status" in body:
        yield N_("State"), body["old_status"], body["status"]
    if "old_total" in body:
        yield N_("Total"), body["old_total"], body["total"]
    if "old_price" in body:
        yield N_("Price"), body["old_price"], body["price"]


def value(said: Any, known: Mapping[str, str]) -> Any:
    """A name for an id, a number for a number, a moment for a moment; anything else as it is."""
    if not isinstance(said, str):
        return said
    if name := known.get(said):
        return name
    number = _decimal(said)
    return (_moment(said) or said) if number is None else number


def _moment(said: str) -> datetime | None:
    if len(said) < len("2026-11-27T10:00Z"):
        return None
    try:
        moment = datetime.fromisoformat(said)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _decimal(said: Any) -> Decimal | None:
    try:
        return Decimal(said) if isinstance(said, str) else None
    except InvalidOperation:
        return None
