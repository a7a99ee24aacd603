"""A cashier's shift: opened with a count, closed with a count, and reported.

The cash of a box is the sum of its shifts' postings to ``cash``: what is counted at a shift's ends
and differs from that sum is posted there and then, so that the books never know of other cash
than the drawer has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.finance.domain.ledger import (
    MONEY_ACCOUNTS,
    SHORTAGE_CATEGORY,
    SURPLUS_CATEGORY,
    ZERO,
    Account,
    Entry,
    EntryKind,
    Stamp,
    kopecks,
    post,
)
from shared.contracts.base import MAX_MONEY
from shared.contracts.finance import MoneyMethod
from shared.contracts.till import (
    Banknotes,
    CashDocumentView,
    CashParty,
    CloseShift,
    MethodSum,
    MoveCash,
    ShiftReport,
    ShiftView,
)
from shared.refusals import Refused

PARTIES: dict[CashParty, Account] = {
    "bank": Account.BANK,
    "owner": Account.OWNER,
    "cash_box": Account.CASH_IN_TRANSIT,
}
MOST_CASH = Decimal("1000000000.00")
"""No drawer holds more: two tons of the largest banknotes are a slip of the keyboard."""
MUCH_CASH = Decimal("1000000.00")
"""What less than this is paid at once is not looked at: thousands of such payments in one shift
still come to what an amount can be."""
COUNTING = (EntryKind.CASH_OPENING, EntryKind.CASH_SHORTAGE, EntryKind.CASH_SURPLUS)
"""What is posted because of a count: it is no movement of the shift."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift is open until it has been counted; then its report is frozen."""

    id: UUID
    cash_box_id: UUID
    number: int
    opened_at: datetime
    opened_by: str
    opening: Decimal
    opening_difference: Decimal
    closed_at: datetime | None = None
    closed_by: str | None = None
    counted: Decimal | None = None
    difference: Decimal | None = None
    report: ShiftReport | None = None

    def view[ViewT: ShiftView](self, expected: Decimal, shown: type[ViewT]) -> ViewT:
        return shown(
            id=self.id,
            cash_box_id=self.cash_box_id,
            number=self.number,
            opened_at=self.opened_at,
            opened_by=self.opened_by,
            opening=self.opening,
            opening_difference=self.opening_difference,
            closed_at=self.closed_at,
            closed_by=self.closed_by,
            expected=expected,
            counted=self.counted,
            difference=self.difference,
        )


@dataclass(frozen=True, slots=True)
class Movement:
    """What one entry of a shift does to one account of money; above zero: it came."""

    entry_id: UUID
    kind: EntryKind
    method: MoneyMethod
    amount: Decimal


def movements_of(entries: Iterable[Entry]) -> Iterable[Movement]:
    for entry in entries:
        for method, account in MONEY_ACCOUNTS.items():
            touching = [one for one in entry.postings if account in (one.debit, one.credit)]
            if touching:
                amount = sum((_signed(one.debit, account, one.amount) for one in touching), ZERO)
                yield Movement(entry.id, entry.kind, method, amount)


def cash_moved(movements: Iterable[Movement]) -> Decimal:
    """By how much the cash differs from what was counted at the opening."""
    return sum(
        (one.amount for one in movements if one.method == "cash" and one.kind not in COUNTING), ZERO
    )


def cash_coming(entries: Iterable[Entry]) -> dict[UUID, Decimal]:
    """By the shift, how much cash these bring into its drawer."""
    coming: dict[UUID, Decimal] = defaultdict(lambda: ZERO)
    for entry in entries:
        if entry.stamp.shift_id and entry.kind not in COUNTING:
            coming[entry.stamp.shift_id] += cash_moved(movements_of([entry]))
    return coming


def ensure_room(box: str, total: Decimal, most: Decimal = MOST_CASH) -> None:
    """Refused: ``cash_too_much``."""
    if total > most:
        raise Refused("cash_too_much", name=box, total=total, limit=most)


# --- opening ------------------------------------------------------------------------------------


def open_shift(
    shift_id: UUID,
    cash_box_id: UUID,
    counted: Decimal,
    last: Shift | None,
    loose: Decimal,
    stamp: Stamp,
    ids: Iterator[UUID],
) -> tuple[Shift, tuple[Entry, ...]]:
    """The shift, and the entries that bring the books to what was counted.

    ``last``: the box's last shift. ``loose``: cash that the books know of outside of all shifts.
    """
    carried = (last.counted if last else None) or ZERO
    difference = kopecks(counted) - carried
    shift = Shift(
        id=shift_id,
        cash_box_id=cash_box_id,
        number=last.number + 1 if last else 1,
        opened_at=stamp.at,
        opened_by=stamp.actor,
        opening=kopecks(counted),
        opening_difference=difference,
    )
    here = replace(stamp, shift_id=shift_id)
    # Of the difference, what was taken or given while no shift was open.
    known = max(min(difference, loose), ZERO) + min(max(difference, loose), ZERO)
    entries = [
        *_into_the_drawer(known, Account.CASH_IN_TRANSIT, here, ids),
        *_into_the_drawer(-known, Account.CASH_IN_TRANSIT, stamp, ids),
    ]
    rest = difference - known
    if last is None:
        entries += _into_the_drawer(rest, Account.OWNER, here, ids)
    else:
        entries += _difference(rest, here, ids)
    return shift, tuple(entries)


# --- closing ------------------------------------------------------------------------------------


def counted_in(command: CloseShift, box: str) -> Decimal:
    """Refused: ``count_missing``, ``count_differs``, ``cash_too_much``."""
    total = kopecks(sum((notes.value * notes.pieces for notes in command.banknotes), ZERO))
    if not command.banknotes:
        if command.counted is None:
            raise Refused("count_missing")
        total = kopecks(command.counted)
    elif command.counted not in (None, total):
        raise Refused("count_differs", counted=command.counted, banknotes=total)
    ensure_room(box, total)
    return total


def close_shift(
    shift: Shift,
    box: str,
    movements: Sequence[Movement],
    counted: Decimal,
    banknotes: tuple[Banknotes, ...],
    stamp: Stamp,
    ids: Iterator[UUID],
) -> tuple[Shift, tuple[Entry, ...]]:
    """The closed shift with its Z report, and the entry that posts the difference. Refused:
    ``cash_too_much``, where the books know of more than a report can say."""
    expected = shift.opening + cash_moved(movements)
    ensure_room(box, expected, MAX_MONEY)
    difference = counted - expected
    entries = _difference(difference, replace(stamp, shift_id=shift.id), ids)
    closed = replace(
        shift,
        closed_at=stamp.at,
        closed_by=stamp.actor,
        counted=counted,
        difference=difference,
    )
    everything = [*movements, *movements_of(entries)]
    report = report_of(ShiftReport, closed, box, everything, stamp.at, banknotes)
    return replace(closed, report=report), entries


def report_of[ReportT: ShiftReport](
    shown: type[ReportT],
    shift: Shift,
    box: str,
    movements: Sequence[Movement],
    at: datetime,
    banknotes: tuple[Banknotes, ...] = (),
) -> ReportT:
    """What has come and gone, by kind and method."""
    moved = cash_moved(movements)
    return shown(
        kind="z" if shift.closed_at else "x",
        shift_id=shift.id,
        cash_box_id=shift.cash_box_id,
        cash_box=box,
        number=shift.number,
        at=shift.closed_at or at,
        opened_at=shift.opened_at,
        opened_by=shift.opened_by,
        closed_by=shift.closed_by,
        receipts=by_method(movements, EntryKind.PAYMENT),
        refunds=by_method(movements, EntryKind.REFUND, sign=-1),
        expenses=by_method(movements, EntryKind.EXPENSE, EntryKind.EXPENSE_STORNO, sign=-1),
        suppliers=by_method(
            movements, EntryKind.SUPPLIER_PAYMENT, EntryKind.SUPPLIER_REFUND, sign=-1
        ),
        payroll=by_method(movements, EntryKind.PAYOUT, EntryKind.PAY_REVERSAL, sign=-1),
        cash_in=_cash_of(movements, EntryKind.CASH_IN),
        cash_out=-_cash_of(movements, EntryKind.CASH_OUT),
        opening=shift.opening,
        opening_difference=shift.opening_difference,
        movements=moved,
        expected=shift.opening + moved,
        counted=shift.counted,
        difference=shift.difference,
        banknotes=banknotes,
        documents=len({one.entry_id for one in movements if one.kind not in COUNTING}),
    )


def by_method(
    movements: Iterable[Movement], *kinds: EntryKind, sign: int = 1
) -> tuple[MethodSum, ...]:
    """What came by entries of these kinds; with ``sign`` -1, what went."""
    wanted = [one for one in movements if one.kind in kinds]
    return tuple(
        MethodSum(
            method=method,
            amount=sign * sum((one.amount for one in wanted if one.method == method), ZERO),
            documents=len({one.entry_id for one in wanted if one.method == method}),
        )
        for method in MONEY_ACCOUNTS
        if any(one.method == method for one in wanted)
    )


# --- cash in and out ----------------------------------------------------------------------------


def move_cash(command: MoveCash, expected: Decimal, stamp: Stamp, entry_id: UUID) -> Entry:
    """``expected``: what the drawer has. Refused: ``not_enough_cash``."""
    party, amount = PARTIES[command.party], kopecks(command.amount)
    if command.direction == "in":
        kind, postings = EntryKind.CASH_IN, post(Account.CASH, party, amount)
    else:
        ensure_enough(expected, amount)
        kind, postings = EntryKind.CASH_OUT, post(party, Account.CASH, amount)
    return Entry(entry_id, kind, stamp, postings, comment=command.comment)


def ensure_enough(expected: Decimal, amount: Decimal) -> None:
    """A drawer cannot give more than it has. Refused: ``not_enough_cash``."""
    if amount > expected:
        raise Refused("not_enough_cash", left=expected)


def cash_document(entry: Entry, cash_box_id: UUID) -> CashDocumentView:
    """An entry of cash in or out, as it is shown."""
    (posting,) = entry.postings
    assert entry.stamp.shift_id is not None
    comes = posting.debit is Account.CASH
    other = posting.credit if comes else posting.debit
    return CashDocumentView(
        id=entry.id,
        at=entry.stamp.at,
        direction="in" if comes else "out",
        party=next(party for party, account in PARTIES.items() if account is other),
        amount=posting.amount,
        cash_box_id=cash_box_id,
        shift_id=entry.stamp.shift_id,
        comment=entry.comment,
        actor=entry.stamp.actor,
    )


# --- entries ------------------------------------------------------------------------------------


def _into_the_drawer(
    amount: Decimal, source: Account, stamp: Stamp, ids: Iterator[UUID]
) -> tuple[Entry, ...]:
    """Below zero: out of it."""
    postings = (
        post(Account.CASH, source, amount) if amount > 0 else post(source, Account.CASH, -amount)
    )
    return (Entry(next(ids), EntryKind.CASH_OPENING, stamp, postings),) if postings else ()


def _difference(difference: Decimal, stamp: Stamp, ids: Iterator[UUID]) -> tuple[Entry, ...]:
    if difference > 0:
        kind = EntryKind.CASH_SURPLUS
        postings = post(Account.CASH, Account.OTHER_INCOME, difference, SURPLUS_CATEGORY)
    else:
        kind = EntryKind.CASH_SHORTAGE
        postings = post(Account.EXPENSE, Account.CASH, -difference, SHORTAGE_CATEGORY)
    return (Entry(next(ids), kind, stamp, postings),) if postings else ()


def _cash_of(movements: Iterable[Movement], kind: EntryKind) -> Decimal:
    return sum((one.amount for one in movements if one.kind is kind and one.method == "cash"), ZERO)


def _signed(debit: Account, account: Account, amount: Decimal) -> Decimal:
    return amount if debit == account else -amount
