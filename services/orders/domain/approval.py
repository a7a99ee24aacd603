"""What the client said of a work, and every step that it may take: one table, values in and out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.contracts.orders import ApprovalState, ApprovalWay

ApprovalStep = Literal["quote", "approve", "decline", "change"]
Closed = Literal["taken", "dismissed"]

APPROVAL_STEPS: dict[tuple[ApprovalState, ApprovalStep], ApprovalState] = {
    # The client is told what it costs, and asked.
    ("unasked", "quote"): "quoted",
    ("quoted", "quote"): "quoted",
    ("approved", "quote"): "quoted",
    ("declined", "quote"): "quoted",
    # The client wants it; at the counter that needs no quote before.
    ("unasked", "approve"): "approved",
    ("quoted", "approve"): "approved",
    ("approved", "approve"): "approved",
    ("declined", "approve"): "approved",
    # The client does not want it.
    ("unasked", "decline"): "declined",
    ("quoted", "decline"): "declined",
    ("approved", "decline"): "declined",
    ("declined", "decline"): "declined",
    # It costs the client something else now: what was said no longer counts. A declined work
    # costs nothing, before and after.
    ("unasked", "change"): "unasked",
    ("quoted", "change"): "unasked",
    ("approved", "change"): "unasked",
    ("declined", "change"): "declined",
}
"""What becomes of an approval by each step; every pair is here."""


@dataclass(frozen=True, slots=True)
class Approval:
    """``by``, ``how`` and ``at`` are of the answer that stands. ``asked_at``: when the client was
    last told a price; null: never. ``closed``: declined, and not offered on the car any more."""

    state: ApprovalState = "unasked"
    by: str | None = None
    how: ApprovalWay | None = None
    at: datetime | None = None
    asked_at: datetime | None = None
    closed: Closed | None = None

    @property
    def waits(self) -> bool:
        """The client was asked, and no answer stands. What nobody asked about was agreed on in
        person, as a counter does."""
        return self.state == "quoted" or (self.state == "unasked" and self.asked_at is not None)

    @property
    def offered_again(self) -> bool:
        """Declined, and still waiting on the car for another visit."""
        return self.state == "declined" and self.closed is None


NOT_ASKED = Approval()


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: who gave it, and how."""

    by: str
    how: ApprovalWay


def quoted(approval: Approval, now: datetime) -> Approval:
    return Approval(state=APPROVAL_STEPS[approval.state, "quote"], asked_at=now)


def answered(
    approval: Approval, step: Literal["approve", "decline"], said: Said, now: datetime
) -> Approval:
    """The same answer once more leaves the first one, with its time, as it is."""
    state = APPROVAL_STEPS[approval.state, step]
    if state == approval.state:
        return approval
    return Approval(
        state=state, by=said.by, how=said.how, at=now, asked_at=approval.asked_at or now
    )


def changed(approval: Approval) -> Approval:
    state = APPROVAL_STEPS[approval.state, "change"]
    if state == approval.state:
        return approval
    return Approval(state=state, asked_at=approval.asked_at)


def closed(approval: Approval, why: Closed) -> Approval:
    return replace(approval, closed=why)
