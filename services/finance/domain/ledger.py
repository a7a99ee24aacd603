"""The double-entry ledger: what an entry is, the chart of accounts, how an entry is undone.

A posting (проводка) names the account that is debited, the account that is credited and one
amount, so that an entry balances by construction: there is no way to write one side alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

from shared.contracts.finance import MoneyMethod, PaymentMethod

ZERO = Decimal("0.00")
_KOPECK = Decimal("0.01")


class Account(StrEnum):
    """The chart of accounts."""

    CASH = "cash"
    """Касса. Active: banknotes in the cash box."""
    CARD = "card"
    """Эквайринг. Active: paid by card, on its way from the acquirer."""
    BANK = "bank"
    """Расчётный счёт. Active: transfers."""
    RECEIVABLE = "receivable"
    """Задолженность клиентов. Active: what clients owe for settled orders."""
    DEPOSITS = "deposits"
    """Авансы клиентов. Passive: money of clients that no settled order has taken yet."""
    INVENTORY = "inventory"
    """Запасы. Active: parts in the warehouses, at cost."""
    PAYABLES = "payables"
    """Расчёты с поставщиками. Passive: what the station owes for goods received; what is paid to a
    supplier in advance stands here too, as less than nothing."""
    REVENUE_SERVICES = "revenue.services"
    """Выручка от работ, without the materials that their price carries."""
    REVENUE_PRODUCTS = "revenue.products"
    """Выручка от запчастей (goods that the client sees)."""
    REVENUE_MATERIALS = "revenue.materials"
    """Выручка от материалов: charged within the price of the works that carry them."""
    VAT_OUTPUT = "vat.output"
    """НДС с продаж. Passive: what sale prices contain for the state."""
    VAT_INPUT = "vat.input"
    """НДС входящий, принятый к вычету. Active: what suppliers charged of it."""
    VAT_ADVANCES = "vat.advances"
    """НДС с авансов (76.АВ). Active: what comes back of the state's share of deposits when they
    have paid for something, or are given back."""
    VAT_ADVANCES_DUE = "vat.advances.due"
    """НДС с авансов к уплате (68). Passive: the state's share of
    deposits. No revenue yet, so it is none of ``vat.output``."""
    COST_OF_GOODS = "cost.goods"
    """Себестоимость запчастей и материалов. Expense."""
    LABOR_PAY = "pay.labor"
    """Начисленная оплата труда. Expense."""
    PAYROLL_PAYABLE = "payroll.payable"
    """Расчёты с персоналом. Passive: pay accrued and not yet paid out."""
    BONUSES = "bonuses"
    """Бонусы клиентов. Passive: what clients may still spend; may be overdrawn, see ``purse``."""
    BONUS_EXPENSE = "expense.bonuses"
    """Расходы на бонусы: an accrual costs at once, what expires comes back. Expense."""
    TRANSFERS = "transfers"
    """Переносы между клиентами: what goes from a merged client to the one that remains passes
    through it. Nothing is ever left on it."""
    PURCHASES = "expense.purchases"
    """Потери при возврате поставщикам: what goods cost and their supplier does not give back, such
    as their delivery. Expense."""
    EXPENSE = "expense"
    """Прочие расходы; the posting's category tells which. Expense."""
    CASH_IN_TRANSIT = "cash.transit"
    """Переводы в пути. Active: cash that has left one box and not come to another."""
    OWNER = "owner"
    """Расчёты с учредителем. Passive: cash that the owner has brought, less what was taken."""
    OTHER_INCOME = "income.other"
    """Прочие доходы; the posting's category tells which. Income."""


MONEY_ACCOUNTS: Mapping[MoneyMethod, Account] = {
    "cash": Account.CASH,
    "card": Account.CARD,
    "transfer": Account.BANK,
}
PAYMENT_ACCOUNTS: Mapping[PaymentMethod, Account] = {
    "cash": Account.CASH,
    "card": Account.CARD,
    "transfer": Account.BANK,
    "bonus": Account.BONUSES,
}
"""What is debited when a client pays. Bonuses are no money: only a liability becomes less."""
REVENUE = (Account.REVENUE_SERVICES, Account.REVENUE_PRODUCTS, Account.REVENUE_MATERIALS)
CHARGED = (*REVENUE, Account.VAT_OUTPUT)
"""What an order's total goes to: income is the price that a client pays, with its VAT."""
EXPENSES = (
    Account.COST_OF_GOODS,
    Account.LABOR_PAY,
    Account.BONUS_EXPENSE,
    Account.PURCHASES,
    Account.EXPENSE,
)

ORDERS_CATEGORY = "orders"
COST_CATEGORY = "cost_of_goods"
PAY_CATEGORY = "pay"
"""What orders earn their people: a part of orders' margins."""
PAYROLL_CATEGORY = "payroll"
"""Salaries, bonuses and fines, which belong to no order."""
BONUS_CATEGORY = "bonuses"
SHORTAGE_CATEGORY = "cash_shortage"
SURPLUS_CATEGORY = "cash_surplus"
PURCHASES_CATEGORY = "purchases"
WRITE_OFF_CATEGORY = "write_off"
COUNT_CATEGORY = "count_difference"
TAKE_OVER_CATEGORY = "stock_take_over"
VAT_CATEGORY = "vat"
BOOKS_CATEGORIES = (
    COST_CATEGORY,
    PAY_CATEGORY,
    PAYROLL_CATEGORY,
    BONUS_CATEGORY,
    SHORTAGE_CATEGORY,
    PURCHASES_CATEGORY,
    WRITE_OFF_CATEGORY,
    COUNT_CATEGORY,
    TAKE_OVER_CATEGORY,
    VAT_CATEGORY,
)
"""Categories of expenses that only the books themselves write: a report must not mix others in."""


class EntryKind(StrEnum):
    """Why an entry was written."""

    SETTLEMENT = "settlement"
    SETTLEMENT_REVERSAL = "settlement_reversal"
    DEPOSITS_APPLIED = "deposits_applied"
    DEPOSITS_RESTORED = "deposits_restored"
    PAYMENT = "payment"
    REFUND = "refund"
    EXPENSE = "expense"
    RECEIPT = "receipt"
    COST_CORRECTION = "cost_correction"
    WRITE_OFF = "write_off"
    WRITE_OFF_REVERSAL = "write_off_reversal"
    COUNT = "count"
    STOCK_TAKE_OVER = "stock_take_over"
    SUPPLIER_RETURN = "supplier_return"
    SUPPLIER_PAYMENT = "supplier_payment"
    SUPPLIER_REFUND = "supplier_refund"
    BONUS_ACCRUAL = "bonus_accrual"
    BONUS_REVERSAL = "bonus_reversal"
    BONUS_GRANT = "bonus_grant"
    BONUS_WRITE_OFF = "bonus_write_off"
    BONUS_EXPIRY = "bonus_expiry"
    PAY_ACCRUAL = "pay_accrual"
    """What an order earns its people."""
    PAY_ADJUSTMENT = "pay_adjustment"
    SALARY = "salary"
    PAYOUT = "payout"
    PAY_REVERSAL = "pay_reversal"
    CASH_OPENING = "cash_opening"
    CASH_IN = "cash_in"
    CASH_OUT = "cash_out"
    CASH_SHORTAGE = "cash_shortage"
    CASH_SURPLUS = "cash_surplus"
    EXPENSE_STORNO = "expense_storno"
    CLIENT_MERGE = "client_merge"
    ADVANCE_VAT = "advance_vat"
    """The VAT of deposits follows what is held."""


SETTLEMENT_KINDS = (EntryKind.SETTLEMENT, EntryKind.SETTLEMENT_REVERSAL)
INCOME_KINDS = (*SETTLEMENT_KINDS, EntryKind.CASH_SURPLUS)
"""One income record each; a reversal's amount is negative."""
EXPENSE_KINDS = (
    EntryKind.EXPENSE,
    EntryKind.EXPENSE_STORNO,
    EntryKind.CASH_SHORTAGE,
    EntryKind.WRITE_OFF,
    EntryKind.WRITE_OFF_REVERSAL,
    EntryKind.COUNT,
    EntryKind.STOCK_TAKE_OVER,
    EntryKind.SUPPLIER_RETURN,
)
"""One expense record each; the amount of a storno, or of what is put back or found, is negative.
A return at cost loses nothing, and is none."""
RECORD_KINDS = (*INCOME_KINDS, *EXPENSE_KINDS)


@dataclass(frozen=True, slots=True)
class Posting:
    """``amount`` roubles go on the debit of one account and on the credit of another.

    ``payment_id``: the payment whose money it is, where a client's money moves.
    ``category``: of income and expenses. ``rule_id``: the bonus rule that it goes back to.
    ``employee_id``: whose pay it is.
    ``supplier_id``: who is owed more or less by it.
    """

    debit: Account
    credit: Account
    amount: Decimal
    client_id: UUID | None = None
    order_id: UUID | None = None
    payment_id: UUID | None = None
    category: str | None = None
    rule_id: UUID | None = None
    employee_id: UUID | None = None
    supplier_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.amount <= 0 or self.debit == self.credit:
            raise ValueError(f"not a posting: {self.debit} to {self.credit}, {self.amount}")

    def swapped(self) -> Posting:
        return replace(self, debit=self.credit, credit=self.debit)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who writes an entry, when and where: ``shift_id``, if money moves at a cash box."""

    at: datetime
    station_id: UUID
    actor: str
    shift_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of the ledger; never changed once it is written.

    ``at`` is the accounting time: reports go by it. ``reverses`` names the entry that this one
    undoes; there is at most one such.
    """

    id: UUID
    kind: EntryKind
    stamp: Stamp
    postings: tuple[Posting, ...]
    order_id: UUID | None = None
    client_id: UUID | None = None
    document_id: UUID | None = None
    reverses: UUID | None = None
    comment: str | None = None
    section_id: UUID | None = None
    """Whose doing it is; none: the whole station's."""

    def of_client(self, client_id: UUID) -> Entry:
        """The entry as if it had named this client, who the other was merged into since."""
        return replace(
            self,
            client_id=client_id,
            postings=tuple(
                replace(posting, client_id=posting.client_id and client_id)
                for posting in self.postings
            ),
        )

    def reversed(self, entry_id: UUID, kind: EntryKind, stamp: Stamp, comment: str | None) -> Entry:
        """The entry that undoes this one: every posting with its sides swapped."""
        return replace(
            self,
            id=entry_id,
            kind=kind,
            stamp=stamp,
            postings=tuple(posting.swapped() for posting in self.postings),
            reverses=self.id,
            comment=comment,
        )


@dataclass(frozen=True, slots=True)
class ClientAccount:
    """What a client owes and what the station holds of the client's; neither is negative.
    ``bonuses`` are not money, and may be overdrawn.

    Always the sum of the postings that name the client.
    """

    client_id: UUID
    receivable: Decimal = ZERO
    deposits: Decimal = ZERO
    bonuses: Decimal = ZERO
    merged_into: UUID | None = None
    """Another name of that client's, who has all that was on it."""

    @property
    def owes(self) -> Decimal:
        """Negative: the station holds the client's money."""
        return self.receivable - self.deposits

    def after(self, posting: Posting) -> ClientAccount:
        """The account with one more posting of this client's on it."""
        return replace(
            self,
            receivable=self.receivable + _debited(posting, Account.RECEIVABLE),
            deposits=self.deposits - _debited(posting, Account.DEPOSITS),
            bonuses=self.bonuses - _debited(posting, Account.BONUSES),
        )


def post(
    debit: Account, credit: Account, amount: Decimal, category: str | None = None
) -> tuple[Posting, ...]:
    """One posting, or none: what comes to nothing is not written."""
    return (Posting(debit, credit, amount, category=category),) if amount else ()


def kopecks(amount: Decimal) -> Decimal:
    """Rounded half up to a hundredth."""
    return amount.quantize(_KOPECK, ROUND_HALF_UP)


def _debited(posting: Posting, account: Account) -> Decimal:
    return posting.amount * ((posting.debit == account) - (posting.credit == account))
