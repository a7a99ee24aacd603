"""A fiscal receipt and what may happen to it. Pure: values in, new receipt out.

A receipt is made with the money it is about. It is claimed before the register is called and its
end written after; its id is the same at every attempt, so that a register that knows ids prints it
once whatever happens in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from services.finance.domain.ledger import ZERO
from services.finance.domain.payment import Payment
from services.finance.domain.vat import VAT_CODES, as_said, without_code
from shared.contracts.finance import FiscalState, MoneyMethod, PaymentMethod
from shared.contracts.fiscal import (
    FiscalKind,
    FiscalLine,
    FiscalReceiptView,
    FiscalTender,
    VatCode,
)
from shared.refusals import Refused

type Step = Literal[
    "claim", "accept", "put_off", "refuse", "lose", "hold", "retry", "find", "miss"
]  # fmt: skip

TRANSITIONS: Mapping[tuple[FiscalState, Step], FiscalState] = {
    ("queued", "claim"): "sending",
    ("sending", "accept"): "sent",
    ("sending", "put_off"): "queued",
    ("sending", "refuse"): "failed",
    ("sending", "lose"): "undetermined",
    ("queued", "hold"): "failed",
    ("failed", "retry"): "queued",
    ("undetermined", "retry"): "queued",
    ("undetermined", "find"): "sent",
    ("undetermined", "miss"): "failed",
}
"""Every step that a receipt may take; all others are refused, or come too late."""

RETRY_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 3600))
"""After the first, second, … attempt that surely was none, or may be repeated. One more, and people
have to see to it."""
SALE_NOT_PRINTED = "sale_not_printed"
"""Of a refund that is not printed as long as what it gives back has failed."""
REPLACED = "replaced"
"""Of a refund that follows a correction under another id."""
RATE_UNKNOWN = "vat_rate_not_fiscal"
"""Of a receipt with a VAT rate that no register has a code for."""
LEASE = timedelta(seconds=30)
"""How long a claim is believed; a call ends before. Whoever has not written its end is dead."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the money: for an order, or for none. ``is_whole``: it pays all of that order.
    ``vat_percent``: at which the order was settled; of money that came before, on its day. None:
    without VAT."""

    amount: Decimal
    order_id: UUID | None = None
    number: str | None = None
    is_settled: bool = False
    is_whole: bool = False
    vat_percent: Decimal | None = None

    @property
    def vat(self) -> VatCode:
        """A rate without a code is only ever taken back as it was sold: an older version printed
        such sales as ones without VAT."""
        return "none" if self.vat_percent is None else VAT_CODES.get(self.vat_percent, "none")

    @property
    def is_calculated(self) -> bool:
        """Nothing is sold for it yet: the VAT is a share of the sum itself."""
        return not self.is_settled and self.vat not in ("none", "vat0")


@dataclass(frozen=True, slots=True)
class FiscalReceipt:
    """``lines`` are written when it is first sent, and stay. ``wake_at``: when there is something
    to do for it. ``perhaps_printed``: an attempt had no clear end, and nothing has told since."""

    id: UUID
    kind: FiscalKind
    state: FiscalState
    document_id: UUID
    shift_id: UUID | None
    cash_box_id: UUID | None
    cashier: str
    total: Decimal
    tenders: tuple[FiscalTender, ...]
    shares: tuple[Share, ...]
    created_at: datetime
    wake_at: datetime | None
    lines: tuple[FiscalLine, ...] = ()
    reason: str | None = None
    number: int | None = None
    attempts: int = 0
    detail: str | None = None
    sent_at: datetime | None = None
    perhaps_printed: bool = False
    revision: int = 1

    @property
    def offset(self) -> Decimal:
        """What no tender pays was paid before."""
        return self.total - sum((tender.amount for tender in self.tenders), ZERO)

    @property
    def has_codes(self) -> bool:
        """Of all its rates."""
        return not without_code(share.vat_percent for share in self.shares)

    def view(self) -> FiscalReceiptView:
        return FiscalReceiptView(
            **{
                name: getattr(self, name)
                for name in FiscalReceiptView.model_fields
                if name != "next_at"
            },
            next_at=self.wake_at,
        )


# --- what it is about ---------------------------------------------------------------------------


def tenders_of(amounts: Iterable[tuple[PaymentMethod, Decimal]]) -> tuple[FiscalTender, ...]:
    """Of money: bonuses are told by no receipt."""
    sums: dict[MoneyMethod, Decimal] = {}
    for method, amount in amounts:
        assert method != "bonus"
        sums[method] = sums.get(method, ZERO) + amount
    return tuple(FiscalTender(method=method, amount=sum_) for method, sum_ in sums.items() if sum_)


def moved(before: Payment | None, after: Payment) -> dict[UUID | None, Decimal]:
    """By order, how much of a payment has come to it since (or gone from it, below zero); under no
    order what is held."""
    orders = {*after.applied, *(before.applied if before else ())}
    shares: dict[UUID | None, Decimal] = {
        order_id: after.on(order_id) - (before.on(order_id) if before else ZERO)
        for order_id in sorted(orders)
    }
    shares[None] = after.held - (before.held if before else ZERO)
    return {order_id: share for order_id, share in shares.items() if share}


def offset_by(receipts: Iterable[FiscalReceipt]) -> Decimal:
    """How much of advances they have turned into what was sold, and not back."""
    return sum(
        (-receipt.offset if receipt.kind == "refund" else receipt.offset for receipt in receipts),
        ZERO,
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What the register hears of taken money: ``receipt`` is its sale, or the correction that
    stands for it; ``since``: the id of the first of them, and ids are in the order of time.

    All that follows counts with it even when it has failed, since it is told in the end, by itself
    or by a correction; only refunds wait for it (``held``)."""

    receipt: FiscalReceipt
    since: UUID

    @property
    def has_failed(self) -> bool:
        return self.receipt.state == "failed"

    def sold_for(self, order_id: UUID, settled_by: UUID) -> Decimal:
        """How much it says that the money paid what an order had sold already, by the settlement
        of that entry; nothing of what was there before."""
        if self.since < settled_by:
            return ZERO
        return sum(
            (
                share.amount
                for share in self.receipt.shares
                if share.order_id == order_id and share.is_settled
            ),
            ZERO,
        )


def told_by(receipts: Sequence[FiscalReceipt]) -> Told | None:
    """``receipts``: the sale and the correction of a document, as far as there are any."""
    taken = sorted(
        (one for one in receipts if one.kind in ("sale", "correction")), key=lambda one: one.id
    )
    return Told(taken[-1], taken[0].id) if taken else None


def takes_back_sold(refund: FiscalReceipt, printed: Iterable[FiscalReceipt]) -> bool:
    """Whether an older version sold what it takes back at rates without a code. ``printed``: of the
    same document or orders; money is taken back of a sale for money, an offset of an offset."""
    rates = {
        share.vat_percent
        for receipt in printed
        if bool(receipt.tenders) == bool(refund.tenders)
        for share in receipt.shares
    }
    return rates.issuperset(without_code(share.vat_percent for share in refund.shares))


def sells_anew(sale: FiscalReceipt, about: Iterable[FiscalReceipt]) -> bool:
    """Whether it sells as an advance what was taken back of a settled order in the same step: one
    is not printed without the other. ``about``: the same document."""
    return any(
        one.kind == "refund" and one.id < sale.id and one.state in ("sent", "undetermined")
        for one in about
    )


def told_advance(percent: Decimal | None, receipts: Iterable[FiscalReceipt]) -> Decimal | None:
    """The percent at which the receipts of taken money sold an advance, the last word counting;
    ``percent``, where they sold none, or that too."""
    told = [
        share.vat_percent
        for receipt in receipts
        if receipt.kind in ("sale", "correction")
        for share in receipt.shares
        if not share.is_settled
    ]
    return percent if percent in told or not told else told[-1]


# --- its way ------------------------------------------------------------------------------------


def claimed(receipt: FiscalReceipt, now: datetime) -> FiscalReceipt:
    """To be committed before the register is called: from here on it may be printed."""
    return _after(receipt, "claim", attempts=receipt.attempts + 1, wake_at=now + LEASE)


def accepted(receipt: FiscalReceipt, number: int, now: datetime) -> FiscalReceipt:
    return _printed(receipt, "accept", number, now)


def put_off(receipt: FiscalReceipt, detail: str, now: datetime) -> FiscalReceipt:
    """This attempt surely was none, or may be repeated: tried again, but not for ever."""
    if receipt.attempts > len(RETRY_DELAYS):
        step: Step = "lose" if receipt.perhaps_printed else "refuse"
        return _after(receipt, step, wake_at=None, detail=detail)
    delay = RETRY_DELAYS[receipt.attempts - 1]
    return _after(receipt, "put_off", wake_at=now + delay, detail=detail)


def refused(receipt: FiscalReceipt, detail: str) -> FiscalReceipt:
    """A register that knows ids would have answered its number, had it printed it before."""
    return _after(receipt, "refuse", wake_at=None, detail=detail, perhaps_printed=False)


def unclear(
    receipt: FiscalReceipt, detail: str, now: datetime, *, knows_ids: bool
) -> FiscalReceipt:
    """It may have been printed. Sent again only to a register that knows it by its id."""
    lost = replace(receipt, perhaps_printed=True)
    if knows_ids:
        return put_off(lost, detail, now)
    return _after(lost, "lose", wake_at=None, detail=detail)


def waiting(receipt: FiscalReceipt, detail: str, until: datetime) -> FiscalReceipt:
    """Its lines cannot be asked for now."""
    return replace(receipt, wake_at=until, detail=detail, revision=receipt.revision + 1)


def held(refund: FiscalReceipt) -> FiscalReceipt:
    """Until what it gives back is printed."""
    return _after(refund, "hold", wake_at=None, detail=SALE_NOT_PRINTED)


def unprintable(receipt: FiscalReceipt) -> FiscalReceipt:
    """Nobody prints it at another rate than that at which the money was taken."""
    return _after(receipt, "hold", wake_at=None, detail=RATE_UNKNOWN)


def standing_for(
    sale: FiscalReceipt, correction_id: UUID, cashier: str, reason: str, now: datetime
) -> FiscalReceipt:
    """The correction that says what a sale would have said."""
    return _anew(
        sale,
        correction_id,
        now,
        kind="correction",
        shift_id=None,
        cash_box_id=None,
        cashier=cashier,
        reason=reason,
    )


def following(refund: FiscalReceipt, new_id: UUID, now: datetime) -> tuple[FiscalReceipt, ...]:
    """A refund that was not printed, to be printed after a correction: as it stays, and anew."""
    stays = replace(refund, detail=REPLACED, revision=refund.revision + 1)
    return stays, _anew(refund, new_id, now)


def _anew(receipt: FiscalReceipt, new_id: UUID, now: datetime, **changes: Any) -> FiscalReceipt:
    return replace(
        receipt,
        id=new_id,
        state="queued",
        created_at=now,
        wake_at=now,
        number=None,
        attempts=0,
        detail=None,
        sent_at=None,
        perhaps_printed=False,
        revision=1,
        **changes,
    )


def ensure_retriable(receipt: FiscalReceipt, told: Told | None) -> None:
    """``told``: of the document that it is about. Refused: ``fiscal_receipt_exists`` (something
    else tells it), ``fiscal_sale_not_printed``."""
    if told is None:
        return
    if receipt.detail == REPLACED or (receipt.kind == "sale" and receipt.id != told.receipt.id):
        raise Refused("fiscal_receipt_exists")
    if told.has_failed and told.receipt.id < receipt.id:
        raise Refused("fiscal_sale_not_printed")


def ensure_correctable(told: Told | None, refunds: Sequence[FiscalReceipt], *, left: bool) -> None:
    """``refunds``: the receipts of what was given back; ``left``: something was not. Refused:
    ``fiscal_receipt_exists`` (the money is told already), ``fiscal_receipt_undetermined`` (perhaps
    it is), ``correction_not_fiscal`` (it would say what could not be printed),
    ``nothing_to_correct``."""
    if told and told.receipt.kind == "sale" and told.receipt.state == "undetermined":
        raise Refused("fiscal_receipt_undetermined")
    if told and (told.receipt.kind == "correction" or told.receipt.state != "failed"):
        raise Refused("fiscal_receipt_exists")
    if told:
        ensure_has_codes(told.receipt)
    if not left and all(refund.state == "failed" for refund in refunds):
        raise Refused("nothing_to_correct")


def ensure_has_codes(receipt: FiscalReceipt) -> None:
    """Of a correction, or what it stands for. Refused: ``correction_not_fiscal``."""
    if lacking := without_code(share.vat_percent for share in receipt.shares):
        raise Refused("correction_not_fiscal", percent=as_said(lacking))


def retried(receipt: FiscalReceipt, now: datetime) -> FiscalReceipt:
    """By a person. Refused: ``fiscal_receipt_under_way``."""
    if (receipt.state, "retry") not in TRANSITIONS:
        raise Refused("fiscal_receipt_under_way", state=receipt.state)
    return _after(receipt, "retry", wake_at=now, attempts=0)


def looked_up(receipt: FiscalReceipt, number: int | None, now: datetime) -> FiscalReceipt:
    """By a person, who has looked at the register: under which number it has it; none: it was not
    printed. Refused: ``fiscal_receipt_known``."""
    if receipt.state != "undetermined":
        raise Refused("fiscal_receipt_known", state=receipt.state)
    if number is None:
        return _after(receipt, "miss", perhaps_printed=False)
    return _printed(receipt, "find", number, now)


def _printed(receipt: FiscalReceipt, step: Step, number: int, now: datetime) -> FiscalReceipt:
    return _after(
        receipt,
        step,
        number=number,
        sent_at=now,
        wake_at=None,
        detail=None,
        perhaps_printed=False,
    )


def _after(receipt: FiscalReceipt, step: Step, **changes: Any) -> FiscalReceipt:
    if (receipt.state, step) not in TRANSITIONS:
        raise ValueError(f"a receipt cannot {step} when it is {receipt.state}")
    state = TRANSITIONS[receipt.state, step]
    return replace(receipt, state=state, revision=receipt.revision + 1, **changes)


def total_of(shares: Sequence[Share]) -> Decimal:
    return sum((share.amount for share in shares), ZERO)
