"""States of orders and of what is on them as people see them: a word, an icon, a colour."""

from __future__ import annotations

from typing import NamedTuple

from services.gateway.pages.words import N_


class Look(NamedTuple):
    """A state as people see it: a word, an icon, and a colour (a class of ``app.css``)."""

    word: str
    icon: str
    tone: str = ""


STATES = {
    "draft": Look(N_("Draft"), "file-text", "muted"),
    "new": Look(N_("New order"), "clipboard-list", "info"),
    "in_progress": Look(N_("In progress"), "tool", "warn"),
    "done": Look(N_("Done"), "circle-check", "good"),
    "cancelled": Look(N_("Cancelled"), "circle-x", "muted"),
}
FLAGS = {
    "waiting_for_parts": Look(N_("Waits for parts"), "package", "warn"),
    "waiting_for_approval": Look(N_("Waits for the client's answer"), "help-circle", "warn"),
    "waiting_for_payment": Look(N_("Not paid"), "cash", "overdue"),
    "settled": Look(N_("In the books"), "checks", "good"),
}
APPROVALS = {
    "unasked": Look(N_("Not asked"), "circle", "muted"),
    "quoted": Look(N_("Asked, no answer yet"), "help-circle", "warn"),
    "approved": Look(N_("Agreed"), "circle-check", "good"),
    "declined": Look(N_("Declined"), "circle-x", "overdue"),
}
WAYS = {"in_person": N_("in person"), "phone": N_("by phone"), "link": N_("by link")}
PARTS = {
    "requested": Look(N_("Requested"), "hourglass", "muted"),
    "reserved": Look(N_("Set aside"), "circle-check", "good"),
    "short": Look(N_("Short"), "alert-triangle", "overdue"),
    "issued": Look(N_("Issued"), "package-export", "good"),
    "released": Look(N_("Not wanted"), "circle-x", "muted"),
}
PROGRESS = {
    "planned": Look(N_("Planned"), "circle", "muted"),
    "started": Look(N_("Being done"), "player-play", "warn"),
    "finished": Look(N_("Finished"), "check", "good"),
}
MESSAGES = {
    "scheduled": Look(N_("Will be sent later"), "clock", "muted"),
    "queued": Look(N_("Is about to be sent"), "hourglass", "muted"),
    "sending": Look(N_("Is being sent"), "send", "muted"),
    "sent": Look(N_("Sent"), "check", "good"),
    "delivered": Look(N_("Delivered"), "checks", "good"),
    "failed": Look(N_("Not delivered"), "alert-triangle", "overdue"),
    "undetermined": Look(N_("Perhaps not sent"), "help-circle", "warn"),
    "skipped": Look(N_("Not sent: a rule forbids it"), "circle-x", "muted"),
    "cancelled": Look(N_("Called off"), "circle-x", "muted"),
}
PRICE_STEPS = {
    "suggested": N_("Suggested by the catalogue"),
    "initial_price": N_("Price quoted"),
    "discount_percent": N_("Discount, percent"),
    "fixed_discount": N_("Discount per unit, roubles"),
    "quantity": N_("Quantity"),
    "labor_hours": N_("Norm-hours"),
    "labor_rate": N_("Price of a norm-hour"),
    "warehouse_price": N_("Price at the warehouse's answer"),
}
