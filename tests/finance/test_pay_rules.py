"""Which rule pays, and what an order earns its people to the kopeck."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.domain.decision import Decision
from services.finance.domain.earning import Earned, Labor, earned, split
from services.finance.domain.pay_rules import PayRule, Person, Rulebook, check
from services.finance.domain.payroll import accrue
from services.finance.domain.salaries import PayDay, day_part, ends_month, month_end
from services.finance.domain.settlement import Completed, Settlement, State
from shared.ids import id_of, new_id
from shared.refusals import Refused
from tests.finance.builders import CASHIER, NOON, money, order_completed
from tests.finance.pay_work import BODY_SHOP, IVANOV, PETROV, SIDOROV, earner, shared_work

DAY = date(2024, 3, 4)
ORDER = id_of("order")
shares = st.lists(st.integers(1, 10_000), min_size=1, max_size=6)


def a_rule(kind: str = "labor_percent", value: str = "10", **fields: Any) -> PayRule:
    return PayRule(
        **{
            "id": new_id(),
            "kind": kind,
            "value": Decimal(value),
            "employee_id": None,
            "role": None,
            "section_id": None,
            "service_group": None,
            "accrued": "month",
            "valid_from": None,
            "valid_to": None,
            "active": True,
            "comment": None,
            "revision": 1,
            "created_at": NOON,
            "updated_at": NOON,
            **fields,
        }
    )


def book(*rules: PayRule) -> Rulebook:
    return Rulebook.on(DAY, rules)


def pays(
    *rules: PayRule, works: tuple[Any, ...] = (), margin: str = "10000", **fields: Any
) -> list[tuple[UUID | None, str, str]]:
    event = order_completed(new_id(), new_id(), services=works, **fields)
    return [
        (one.employee_id, one.kind, str(one.amount))
        for one in earned(Labor.of(event), book(*rules), Decimal(margin))
    ]


def test_the_most_specific_rule_wins() -> None:
    who = Person(IVANOV, "technician", BODY_SHOP, Decimal(40))
    ladder: list[dict[str, Any]] = [
        {},
        {"service_group": "Покраска"},
        {"section_id": BODY_SHOP},
        {"section_id": BODY_SHOP, "service_group": "Покраска"},
        {"role": "technician"},
        {"role": "technician", "service_group": "Покраска"},
        {"role": "technician", "section_id": BODY_SHOP},
        {"employee_id": IVANOV},
        {"employee_id": IVANOV, "service_group": "покраска"},
    ]
    rules = [a_rule(value=str(number), **scope) for number, scope in enumerate(ladder, start=1)]

    assert Rulebook().for_work(who, "Покраска").value == Decimal(40)
    for known in range(1, len(rules) + 1):
        assert book(*rules[:known]).for_work(who, "Покраска").rule_id == rules[known - 1].id
    assert book(*rules).for_work(who, "Мойка").value == Decimal(8)
    assert book(*rules).for_work(Person(None), None).value == Decimal(1)


def test_kinds_that_pay_a_work_vie_for_it_and_others_do_not() -> None:
    hourly = a_rule("norm_hour", "500", employee_id=IVANOV)
    rules = book(a_rule("labor_percent", "40"), hourly, a_rule("salary", "30000"))

    assert rules.for_work(Person(IVANOV), None).kind == "norm_hour"
    assert rules.for_work(Person(PETROV), None).kind == "labor_percent"
    assert rules.terms("salary", Person(IVANOV))


def test_a_rule_counts_from_its_first_day_until_the_day_on_which_it_ends() -> None:
    rule = a_rule(valid_from=date(2024, 3, 1), valid_to=date(2024, 3, 5))
    days = (date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 4), date(2024, 3, 5))
    assert [rule.counts_on(day) for day in days] == [False, True, True, False]
    assert not replace(rule, active=False).counts_on(DAY)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"value": "100.01"}, "pay_rule_invalid"),
        ({"kind": "salary", "service_group": "Мойка"}, "pay_rule_invalid"),
        ({"valid_from": DAY, "valid_to": DAY}, "period_invalid"),
        ({"kind": "per_work"}, "pay_rule_overlaps"),
        ({"valid_from": DAY}, "pay_rule_overlaps"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(fields: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(a_rule(**fields), [a_rule()])
    assert refusal.value.code == code


def test_rules_that_follow_each_other_or_are_for_others_are_kept() -> None:
    old = a_rule(valid_to=DAY)
    for other in (
        a_rule(valid_from=DAY),
        a_rule(role="technician"),
        a_rule("salary"),
        a_rule(active=False),
        old,
    ):
        check(other, [old])


def test_materials_never_count_and_hours_and_works_are_multiplied() -> None:
    work = shared_work(
        "1000", earner(IVANOV), quantity=Decimal(2), labor_hours=Decimal("1.5"), group="Мотор"
    )
    for kind, value, pay in (
        ("labor_percent", "40", "400.00"),
        ("norm_hour", "300", "900.00"),
        ("per_work", "150.50", "301.00"),
    ):
        rule = a_rule(kind, value, service_group="мотор")
        assert pays(rule, works=(work,), materials="500") == [(IVANOV, kind, pay)]


def test_those_of_the_same_terms_share_what_one_alone_would_have_earned() -> None:
    work = shared_work(
        "100.01", earner(IVANOV, "33.33", "50"), earner(PETROV, "33.33", "50"),
        earner(SIDOROV, "33.34", "50"),
    )  # fmt: skip
    # 50.01 for one alone.
    assert [pay for *_, pay in pays(works=(work,))] == ["16.67", "16.67", "16.67"]
    uneven = shared_work("0.03", earner(IVANOV, "50", "100"), earner(PETROV, "50", "100"))
    assert [pay for *_, pay in pays(works=(uneven,))] == ["0.02", "0.01"]
    others = shared_work("1000", earner(IVANOV, "60", "40"), earner(PETROV, "40", "30"))
    assert [pay for *_, pay in pays(works=(others,))] == ["240.00", "120.00"]


@given(st.decimals("0.01", "100000", places=2), shares)
def test_no_kopeck_is_lost_whatever_the_shares(amount: Decimal, weights: list[int]) -> None:
    exact = [amount * weight / sum(weights) for weight in weights]
    parts = split(amount, [Decimal(weight) for weight in weights])

    assert sum(parts) == amount
    assert all(
        abs(part - wanted) < Decimal("0.01") for part, wanted in zip(parts, exact, strict=True)
    )


def test_orders_goods_and_margins_are_paid_to_those_who_answer() -> None:
    works = (
        shared_work("600", earner(IVANOV, percent="10")),
        shared_work("400", earner(IVANOV, percent="10")),
    )
    found = pays(
        a_rule("per_order", "50"),
        a_rule("goods_percent", "2", role="advisor"),
        a_rule("margin_percent", "10", employee_id=SIDOROV),
        works=works,
        products="500",
        margin="1000",
        responsible=earner(SIDOROV, role="advisor"),
    )
    # Of the margin of 1000 other pay takes 60 + 40 + 50 + 50 + 10.
    assert found == [
        (IVANOV, "labor_percent", "60.00"),
        (IVANOV, "labor_percent", "40.00"),
        (IVANOV, "per_order", "50.00"),
        (SIDOROV, "per_order", "50.00"),
        (SIDOROV, "goods_percent", "10.00"),
        (SIDOROV, "margin_percent", "79.00"),
    ]


def test_goods_have_their_own_responsible_and_a_loss_pays_nothing() -> None:
    found = pays(
        a_rule("goods_percent", "10"),
        a_rule("margin_percent", "50"),
        products="100",
        margin="5",
        responsible=earner(SIDOROV),
        product_responsible=earner(PETROV),
    )
    assert found == [(PETROV, "goods_percent", "10.00")]


def test_pay_is_never_more_than_the_books_hold() -> None:
    work = shared_work("1", earner(IVANOV), quantity=Decimal("999999"), labor_hours=Decimal(10_000))
    found = pays(a_rule("norm_hour", "10000000"), works=(work, work), margin="-100")
    assert found == [(IVANOV, "norm_hour", "9999999899.99")]


def test_what_was_told_before_people_were_named_is_paid_by_the_card() -> None:
    event = order_completed(new_id(), new_id(), services=(shared_work("10", earner(IVANOV)),))
    old = event.services[0].model_copy(update={"performers": (), "pay_percent": Decimal(40)})
    labor = Labor.of(event.model_copy(update={"services": (old,)}))
    (found,) = earned(labor, Rulebook(), Decimal(10))
    assert found == Earned(
        IVANOV, "labor_percent", money("4"), money("10"), Decimal(40), None, old.line_id,
        "Покраска", Decimal(100),
    )  # fmt: skip


@given(st.decimals(0, 1_000_000, places=2), st.integers(1, 12))
def test_the_days_of_a_month_come_to_all_of_it(value: Decimal, month: int) -> None:
    days = [date(2024, month, day) for day in range(1, 32) if _is_day(2024, month, day)]
    assert sum(day_part(value, day) for day in days) == value.quantize(Decimal("0.01"))
    assert [ends_month(day) for day in days] == [False] * (len(days) - 1) + [True]


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        return bool(date(year, month, day))
    except ValueError:
        return False


def test_a_month_is_filled_up_to_its_minimum_after_its_salary() -> None:
    rule_id = new_id()
    days = [
        PayDay(IVANOV, "minimum", DAY, money("1000"), rule_id, "month"),
        PayDay(IVANOV, "salary", DAY, money("300"), rule_id, "month"),
        PayDay(IVANOV, "salary", DAY, money("200"), rule_id, "day"),
    ]
    # 250 was earned in the month, the salary of each day with it.
    assert month_end(days, {IVANOV: money("250")}) == [
        (IVANOV, "salary", money("300"), rule_id),
        (IVANOV, "minimum", money("450"), rule_id),
    ]
    assert month_end(days, {IVANOV: money("700")}) == [(IVANOV, "salary", money("300"), rule_id)]


def test_what_was_heard_before_people_were_named_is_paid_as_it_was_told() -> None:
    """An order that was done before, and waits for its parts' cost still."""
    event = order_completed(ORDER, new_id(), services=(shared_work("100", earner(IVANOV)),))
    told = replace(Completed.of(event), labor=None, pay=money("40"))
    waiting = Settlement(ORDER, 1, State.SETTLED, told, money("0"))

    paid, decision = accrue(waiting, book(a_rule(value="99")), NOON, CASHIER, new_id())

    assert (paid.order.pay, paid.margin) == (money("40"), money("60"))
    (posting,) = decision.entries[0].postings
    assert (posting.amount, posting.employee_id, posting.order_id) == (money("40"), None, ORDER)


def test_an_order_that_earns_nobody_anything_has_no_entry() -> None:
    event = order_completed(ORDER, new_id(), services=(shared_work("100", earner(IVANOV)),))
    waiting = Settlement(ORDER, 1, State.SETTLED, Completed.of(event), money("0"))

    assert accrue(waiting, book(), NOON, CASHIER, new_id()) == (waiting, Decision())
