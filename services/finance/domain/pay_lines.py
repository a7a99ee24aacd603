"""Why an employee's balance has moved: what stands beside each posting of somebody's pay."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.finance.domain.ledger import Account, Entry, EntryKind, Posting
from shared.contracts.payroll import PayEntryView, PayKind, PayoutMethod

PAYOUT_ACCOUNTS: dict[PayoutMethod, Account] = {"cash": Account.CASH, "transfer": Account.BANK}
EARNING = (EntryKind.PAY_ACCRUAL, EntryKind.SALARY)
"""By work and by time: what a month's minimum is compared with."""


@dataclass(frozen=True, slots=True)
class PayLine:
    """Of the posting ``line`` of an entry. An entry that undoes it has the same postings, with
    their sides swapped, and none of these."""

    entry_id: UUID
    line: int
    kind: PayKind
    number: str | None = None
    line_id: UUID | None = None
    name: str | None = None
    base: Decimal | None = None
    value: Decimal | None = None
    share: Decimal | None = None
    rule_id: UUID | None = None


def owed_by(posting: Posting) -> Decimal:
    """What a posting of pay adds to what its employee is owed."""
    return posting.amount if posting.credit is Account.PAYROLL_PAYABLE else -posting.amount


def method_of(entry: Entry) -> PayoutMethod | None:
    """By which money was paid out, or came back; none: no money moved."""
    moved = {account for one in entry.postings for account in (one.debit, one.credit)}
    return next((method for method, account in PAYOUT_ACCOUNTS.items() if account in moved), None)


def is_earning(entry: Entry) -> bool:
    undone = entry.kind is EntryKind.PAY_REVERSAL and entry.order_id is not None
    return entry.kind in EARNING or undone


def pay_entry(entry: Entry, why: PayLine) -> PayEntryView:
    """A posting as the employee is shown it; of an entry that undoes another, with its sign."""
    posting = entry.postings[why.line]
    if posting.employee_id is None:
        raise ValueError(f"posting {why.line} of entry {entry.id} is nobody's pay")
    return PayEntryView(
        id=entry.id,
        at=entry.stamp.at,
        kind=why.kind,
        employee_id=posting.employee_id,
        amount=owed_by(posting),
        order_id=entry.order_id,
        number=why.number,
        line_id=why.line_id,
        name=why.name,
        base=why.base,
        value=why.value,
        share=why.share,
        rule_id=why.rule_id,
        method=method_of(entry),
        reverses=entry.reverses,
        comment=entry.comment,
        actor=entry.stamp.actor,
    )
