"""What every account means in the reports of money: one table each, so that no two reports can
take the same posting for different things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from services.finance.domain.ledger import (
    MONEY_ACCOUNTS,
    PAYROLL_CATEGORY,
    ZERO,
    Account,
    Posting,
)


class Figure(StrEnum):
    """What a posting to an account of profit is in every report."""

    WORKS = "works"
    GOODS = "goods"
    MATERIALS = "materials"
    VAT = "vat"
    """Within what the client pays, and not the station's."""
    COST = "cost"
    PAY = "pay"
    """What orders earn the station's people."""
    PAYROLL = "payroll"
    """Salaries, bonuses and fines, which belong to no order."""
    BONUSES = "bonuses"
    EXPENSES = "expenses"
    OTHER_INCOME = "other_income"


FIGURES: Mapping[Account, Figure] = {
    Account.REVENUE_SERVICES: Figure.WORKS,
    Account.REVENUE_PRODUCTS: Figure.GOODS,
    Account.REVENUE_MATERIALS: Figure.MATERIALS,
    Account.VAT_OUTPUT: Figure.VAT,
    Account.COST_OF_GOODS: Figure.COST,
    Account.LABOR_PAY: Figure.PAY,
    Account.BONUS_EXPENSE: Figure.BONUSES,
    Account.EXPENSE: Figure.EXPENSES,
    Account.PURCHASES: Figure.EXPENSES,
    Account.OTHER_INCOME: Figure.OTHER_INCOME,
}
CHARGED = (Figure.WORKS, Figure.GOODS, Figure.MATERIALS, Figure.VAT)
"""What clients are charged."""
EARNED = frozenset({*CHARGED, Figure.OTHER_INCOME})
"""Grow by what is credited; the other figures by what is debited."""
OF_MARGIN = (
    Figure.WORKS,
    Figure.GOODS,
    Figure.MATERIALS,
    Figure.VAT,
    Figure.COST,
    Figure.PAY,
)

MONEY = frozenset({*MONEY_ACCOUNTS.values(), Account.CASH_IN_TRANSIT})


class Flow(StrEnum):
    """Why money came or went."""

    PAYMENTS = "payments"
    DEPOSITS = "deposits"
    OTHER_IN = "other_in"
    REFUNDS = "refunds"
    SUPPLIERS = "suppliers"
    PAYROLL = "payroll"
    EXPENSES = "expenses"
    OTHER_OUT = "other_out"
    TRANSFERS = "transfers"
    """Between the station's own accounts: in above zero, out below."""


FLOWS: Mapping[Account, tuple[Flow, Flow]] = {
    Account.RECEIVABLE: (Flow.PAYMENTS, Flow.REFUNDS),
    Account.DEPOSITS: (Flow.DEPOSITS, Flow.REFUNDS),
    Account.PAYABLES: (Flow.SUPPLIERS, Flow.SUPPLIERS),
    Account.PAYROLL_PAYABLE: (Flow.PAYROLL, Flow.PAYROLL),
    Account.EXPENSE: (Flow.EXPENSES, Flow.EXPENSES),
}
"""By the account on the other side of the money: as it comes, as it goes. What of the same name
comes back lowers what went."""
FLOWS_IN = (Flow.PAYMENTS, Flow.DEPOSITS, Flow.OTHER_IN)
FLOWS_OUT = (Flow.REFUNDS, Flow.SUPPLIERS, Flow.PAYROLL, Flow.EXPENSES, Flow.OTHER_OUT)

BALANCES = frozenset(
    {
        Account.RECEIVABLE,
        Account.DEPOSITS,
        Account.INVENTORY,
        Account.PAYABLES,
        Account.PAYROLL_PAYABLE,
        Account.BONUSES,
        Account.VAT_INPUT,
        Account.VAT_ADVANCES,
        Account.VAT_ADVANCES_DUE,
        Account.OWNER,
        Account.TRANSFERS,
    }
)
"""What is neither money nor profit: who owes whom, and what lies there."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """What postings from one account to another come to, in one stretch of time and category."""

    debit: Account
    credit: Account
    category: str
    amount: Decimal
    day: date | None = None
    """The first of the stretch; none: before the period."""


def figures_of(postings: Iterable[Posting | Turnover]) -> dict[Figure, Decimal]:
    """What they come to, figure by figure; nought is left out."""
    sums: dict[Figure, Decimal] = {}
    for posting in postings:
        for account, debited in ((posting.debit, 1), (posting.credit, -1)):
            if figure := _figure_of(account, posting.category):
                sign = -debited if figure in EARNED else debited
                sums[figure] = sums.get(figure, ZERO) + sign * posting.amount
    return {figure: amount for figure, amount in sums.items() if amount}


def _figure_of(account: Account, category: str | None) -> Figure | None:
    if account is Account.LABOR_PAY and category == PAYROLL_CATEGORY:
        return Figure.PAYROLL
    return FIGURES.get(account)


def categories_of(turnovers: Iterable[Turnover]) -> dict[str, Decimal]:
    """The expenses among them, by category."""
    sums: dict[str, Decimal] = {}
    for turnover in turnovers:
        if amount := figures_of((turnover,)).get(Figure.EXPENSES):
            sums[turnover.category] = sums.get(turnover.category, ZERO) + amount
    return {category: amount for category, amount in sorted(sums.items()) if amount}


@dataclass(slots=True)
class MoneyAccount:
    """What happened to one account of money; ``opening + in - out + transfers = closing``."""

    opening: Decimal = ZERO
    flows: dict[Flow, Decimal] = field(default_factory=dict)
    categories: dict[str, Decimal] = field(default_factory=dict)

    def sum_of(self, *flows: Flow) -> Decimal:
        return sum((self.flows.get(flow, ZERO) for flow in flows), ZERO)

    @property
    def closing(self) -> Decimal:
        came = self.sum_of(*FLOWS_IN, Flow.TRANSFERS)
        return self.opening + came - self.sum_of(*FLOWS_OUT)


def cash_flow(turnovers: Iterable[Turnover]) -> dict[Account, MoneyAccount]:
    """Every account of money, whatever happened to it."""
    accounts = {account: MoneyAccount() for account in sorted(MONEY)}
    for turnover in turnovers:
        for own, other, came in (
            (turnover.debit, turnover.credit, True),
            (turnover.credit, turnover.debit, False),
        ):
            if own in accounts:
                _move(accounts[own], other, came, turnover)
    return accounts


def _move(account: MoneyAccount, other: Account, came: bool, turnover: Turnover) -> None:
    signed = turnover.amount if came else -turnover.amount
    if turnover.day is None:
        account.opening += signed
        return
    flow = flow_of(other, came)
    amount = -signed if flow in FLOWS_OUT else signed
    account.flows[flow] = account.flows.get(flow, ZERO) + amount
    if flow is Flow.EXPENSES:
        known = account.categories.get(turnover.category, ZERO)
        account.categories[turnover.category] = known + amount


def flow_of(other: Account, came: bool) -> Flow:
    """Why money came from an account, or went there."""
    if other in MONEY:
        return Flow.TRANSFERS
    coming, going = FLOWS.get(other, (Flow.OTHER_IN, Flow.OTHER_OUT))
    return coming if came else going
