"""What people do with money besides taking it: shifts, whole bills, expenses, bonuses by rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.finance.store.sums import fold
from shared.contracts.bonus_rules import ChangeBonusRule, ChangeBonusSettings, CreateBonusRule
from shared.contracts.bonuses import ExpireBonuses
from shared.contracts.expenses import (
    ChangeExpenseCategory,
    ChangeRecurringExpense,
    CreateExpenseCategory,
    CreateRecurringExpense,
    ListExpenses,
    ListUpcomingExpenses,
    PostRecurringExpenses,
    ReverseExpense,
    SkipRecurringExpense,
)
from shared.contracts.finance import RecordExpense
from shared.contracts.payment_documents import OrderShare, PaymentPart, TakePaymentDocument
from shared.contracts.till import (
    ChangeCashBox,
    ChangeTillSettings,
    CloseShift,
    CreateCashBox,
    ListCashBoxes,
    ListShifts,
    MoveCash,
    OpenShift,
)
from tests.flows.histories.counter import Till
from tests.flows.histories.holds import money_holds
from tests.flows.histories.visits import Visits
from tests.support.histories import action

EARNED: tuple[dict[str, Any], ...] = (
    {"amount": "TotalMoney * 0.05", "days_to_live": 2},
    {"amount": "GroupTotal * 0.1", "condition": "TotalMoney > 300", "cap_per_order": "30"},
    {"amount": "first(Products).Total * 0.01", "cap_per_month": "20"},
    {"amount": "7.77", "exclusive": True, "priority": 200, "days_to_live": 1},
)
"""By who pays; the third cannot be reckoned of an order without parts."""
MONEY = ("cash", "card", "transfer")
BY_BONUSES = Decimal("0.2")
"""Of a bill."""


class Cashier(Visits):
    """Orders are paid to the last kopeck, and what they earned goes with them."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.bonus_rules: list[UUID] = []
        self.share = 30
        self.since = self.business.clock.now(UTC)

    @action(8)
    async def a_bill_is_paid(self) -> None:
        """All that is due, with bonuses among it or without."""
        order_id, payer = self.recent(self.orders), self.one_of(self.clients)
        if order_id is None or not (due := await self.due(order_id)):
            return
        bonuses = (due * BY_BONUSES).quantize(Decimal("0.01")) if self.chance(0.3) else Decimal(0)
        methods = self.random.sample(MONEY, 2)
        half = ((due - bonuses) / 2).quantize(Decimal("0.01"))
        sums = {"bonus": bonuses, methods[0]: half, methods[1]: due - bonuses - half}
        parts = tuple(
            PaymentPart.model_validate({"method": method, "amount": amount})
            for method, amount in sums.items()
            if amount
        )
        share = OrderShare(order_id=order_id, amount=due)
        await self._paid_together(TakePaymentDocument(payer_id=payer, orders=(share,), parts=parts))

    @action(4)
    async def several_bills_are_paid(self) -> None:
        """Done or not, of one client or of two."""
        ids = sorted({*self.random.sample(self.orders, min(2, len(self.orders)))})
        if not ids:
            return
        shares = tuple(OrderShare(order_id=each, amount=self.money()) for each in ids)
        total = sum((share.amount for share in shares), Decimal(0))
        parts = (PaymentPart(method="card", amount=total),)
        payer = self.one_of(self.clients)
        customer = self.one_of((None, payer))
        await self._paid_together(
            TakePaymentDocument(customer_id=customer, payer_id=payer, orders=shares, parts=parts)
        )

    @action(2)
    async def bonuses_have_rules(self) -> None:
        rule_id = self.recent(self.bonus_rules)
        if rule_id is None or self.chance(0.6):
            earned = self.one_of(EARNED)
            name = f"Правило {len(self.bonus_rules)}"
            made = CreateBonusRule.model_validate({"name": name, **earned})
            self.bonus_rules.append(await self.made(made))
        else:
            await self.send(
                ChangeBonusRule(
                    rule_id=rule_id,
                    active=self.chance(0.7),
                    days_to_live=self.one_of((None, 1, 30)),
                    priority=self.random.randint(0, 300),
                )
            )

    @action(1)
    async def bonuses_pay_more(self) -> None:
        """Never less: payments that were taken stay as they are."""
        self.share = min(100, self.share + 10)
        await self.send(ChangeBonusSettings(max_share_percent=Decimal(self.share)))

    @action(2)
    async def bonuses_expire(self) -> None:
        await self.send(ExpireBonuses())

    @action(4)
    async def days_pass(self) -> None:
        self.business.clock.ahead += timedelta(days=self.one_of((1, 1, 2, 9)))

    @action(3)
    async def reports_take_in(self) -> None:
        """What finance does in the background, to the end or not."""
        finance = self.business.members["finance"]
        async with finance.engine.begin() as connection:
            await fold(connection, finance.settings.zone, self.random.randint(1, 30))

    async def differences(self) -> list[str]:
        wrong = await super().differences()
        await money_holds(self.business, self.since)
        return wrong

    async def _paid_together(self, command: TakePaymentDocument) -> None:
        if document := await self.send(command):
            self.payments += (payment.id for payment in document.payments)


class Drawer(Till):
    """Cash lies in boxes, and is counted."""

    @action(3)
    async def a_shift_begins(self) -> None:
        boxes = (await self.business.ask(ListCashBoxes())).items
        await self.send(OpenShift(cash_box_id=self.one_of(boxes).id, counted=self.money()))

    @action(3)
    async def a_shift_ends(self) -> None:
        shifts = (await self.business.ask(ListShifts())).items
        if is_open := [shift.id for shift in shifts if not shift.closed_at]:
            await self.send(CloseShift(shift_id=self.one_of(is_open), counted=self.money()))

    @action(3)
    async def cash_moves(self) -> None:
        move = {
            "cash_box_id": self.one_of((await self.business.ask(ListCashBoxes())).items).id,
            "amount": self.money(),
            "direction": self.one_of(("in", "in", "out")),
            "party": self.one_of(("bank", "owner", "cash_box")),
        }
        await self.send(MoveCash.model_validate(move))

    @action(1)
    async def boxes_change(self) -> None:
        boxes = (await self.business.ask(ListCashBoxes())).items
        if len(boxes) < 3:
            await self.send(CreateCashBox(name=f"Касса {len(boxes)}"))
        else:
            box = self.one_of(boxes)
            await self.send(ChangeCashBox(cash_box_id=box.id, active=self.chance(0.7)))
        await self.send(ChangeTillSettings(shift_required=self.chance(0.2)))


class Spender(Till):
    """Money is spent, once or again and again."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.categories: list[UUID] = []
        self.recurring: list[UUID] = []

    @action(3)
    async def money_is_spent(self) -> None:
        category = self.recent(self.categories)
        spent = {
            "amount": self.money(),
            "method": self.one_of(MONEY),
            "order_id": self.one_of((None, self.recent(self.orders))),
            "supplier_id": self.one_of((None, self.supplier)),
            **({"category_id": category} if category else {"category": "Чай"}),
        }
        await self.send(RecordExpense.model_validate(spent))

    @action(2)
    async def an_expense_was_none(self) -> None:
        if expenses := (await self.business.ask(ListExpenses())).items:
            await self.send(ReverseExpense(expense_id=self.one_of(expenses).id))

    @action(1)
    async def categories_change(self) -> None:
        category = self.recent(self.categories)
        if category is None or self.chance(0.5):
            name = f"Статья {len(self.categories)}"
            self.categories.append(await self.made(CreateExpenseCategory(name=name, kind="rent")))
        else:
            name, active = f"Статья {category}", self.chance(0.8)
            await self.send(ChangeExpenseCategory(category_id=category, name=name, active=active))

    @action(2)
    async def something_is_due_again_and_again(self) -> None:
        row = self.recent(self.recurring)
        fields: dict[str, Any] = {
            "amount": self.money(),
            "method": self.one_of(MONEY),
            "every": self.one_of(("week", "month")),
            "day": self.random.randint(1, 7),
        }
        if row is None or self.chance(0.5):
            starts = self.business.clock.now(self.zone).date() - timedelta(days=9)
            row_of = {"name": "Аренда", "category": "Аренда", "starts_on": starts, **fields}
            created = await self.send(CreateRecurringExpense.model_validate(row_of))
            if created:
                self.recurring.append(created.id)
        else:
            paused = self.chance(0.2)
            changed = {"recurring_id": row, "paused": paused, **fields}
            await self.send(ChangeRecurringExpense.model_validate(changed))

    @action(2)
    async def what_is_due_is_posted(self) -> None:
        await self.send(PostRecurringExpenses())

    @action(1)
    async def one_time_falls_out(self) -> None:
        if upcoming := (await self.business.ask(ListUpcomingExpenses())).items:
            next_one = self.one_of(upcoming)
            skip = {"recurring_id": next_one.recurring_id, "due_on": next_one.due_on}
            await self.send(SkipRecurringExpense.model_validate(skip))
