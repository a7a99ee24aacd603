"""What postings mean in the reports, how an entry is shared out over lines, and classes A, B, C."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.domain.abc import Place, Sold, xyz
from services.finance.domain.ledger import (
    PAY_CATEGORY,
    PAYROLL_CATEGORY,
    Account,
    Entry,
    EntryKind,
    Posting,
)
from services.finance.domain.lines import Doer, IssuedLine, SoldLine
from services.finance.domain.pay_lines import PayLine
from services.finance.domain.period_reports import (
    BALANCES,
    FIGURES,
    FLOWS,
    MONEY,
    OF_MARGIN,
    Figure,
    Flow,
    Turnover,
    cash_flow,
    figures_of,
    flow_of,
)
from services.finance.domain.sales import Sale, sales_of, undone
from services.finance.domain.settlement import Completed, Settlement, State
from shared.ids import id_of, new_id
from tests.finance.builders import CASHIER, NOON, SECTION, STATION, money

WORK, OTHER_WORK, PART, GOODS = (id_of(name) for name in ("work", "other", "part", "goods"))


def settled(*postings: Posting, lines: tuple[SoldLine, ...], costs: dict[UUID, str]) -> Any:
    entry = Entry(
        new_id(), EntryKind.SETTLEMENT, CASHIER, postings, order_id=new_id(), section_id=SECTION
    )
    zero = Decimal("0.00")
    completed = Completed("A-1", STATION, SECTION, new_id(), NOON, zero, zero, zero, lines=lines)
    issued = tuple(IssuedLine(line, money(cost)) for line, cost in costs.items())
    settlement = Settlement(new_id(), 1, State.SETTLED, completed, entry_id=entry.id, issued=issued)
    return entry, sales_of(entry, settlement)


def line(line_id: UUID, kind: Any, total: str, **fields: Any) -> SoldLine:
    return SoldLine(line_id, kind, money(total), **fields)


def amounts(sale: Sale) -> dict[str, str]:
    found = {figure.value: getattr(sale, figure.value) for figure in OF_MARGIN}
    return {name: str(amount) for name, amount in found.items() if amount}


def test_every_account_is_of_one_kind() -> None:
    kinds = (frozenset(FIGURES), MONEY, BALANCES)

    assert [account for account in Account if sum(account in some for some in kinds) != 1] == []
    assert set(FLOWS) <= BALANCES | set(FIGURES)


def test_a_part_belongs_to_its_work_and_goods_of_no_work_to_nobody() -> None:
    mechanic, service = new_id(), new_id()
    lines = (
        line(
            WORK,
            "service",
            "600",
            name="ТО",
            service_id=service,
            doers=(Doer(mechanic, Decimal(100)),),
        ),
        line(PART, "material", "40", service_line_id=WORK, product_id=new_id()),
        line(GOODS, "product", "500", product_id=new_id(), quantity=Decimal(2)),
    )

    entry, sales = settled(
        Posting(Account.RECEIVABLE, Account.REVENUE_SERVICES, money(600)),
        Posting(Account.RECEIVABLE, Account.REVENUE_MATERIALS, money(40)),
        Posting(Account.RECEIVABLE, Account.REVENUE_PRODUCTS, money(500)),
        Posting(Account.COST_OF_GOODS, Account.INVENTORY, money(310)),
        Posting(Account.LABOR_PAY, Account.PAYROLL_PAYABLE, money(240)),
        lines=lines[:1] + lines[1:],
        costs={PART: "10", GOODS: "300"},
    )

    assert [amounts(sale) for sale in sales] == [
        {"works": "600.00"},
        {"materials": "40.00", "cost": "10.00"},
        {"goods": "500.00", "cost": "300.00"},
        # Nobody's share: pay is an entry of its own.
        {"pay": "240.00"},
    ]
    of_work, of_part, of_goods, of_nobody = sales
    assert (of_work.service_id, of_work.employee_id, of_work.jobs) == (service, mechanic, 1)
    assert (of_part.service_id, of_part.employee_id, of_part.jobs) == (service, mechanic, 0)
    assert (of_goods.service_id, of_goods.employee_id, of_goods.quantity) == (None, None, 2)
    assert [sale.orders for sale in sales] == [1, 0, 0, 0]
    assert of_nobody.product_id is None
    reversal = entry.reversed(new_id(), EntryKind.SETTLEMENT_REVERSAL, CASHIER, None)
    assert sum(sale.works for sale in (*sales, *undone(sales, reversal))) == 0
    assert [sale.orders for sale in undone(sales, reversal)] == [-1, 0, 0, 0]


def test_those_who_share_a_work_share_what_it_earned_and_each_has_the_own_pay() -> None:
    first, second, service = new_id(), new_id(), new_id()
    doers = (Doer(first, Decimal(60)), Doer(second, Decimal(40)))
    lines = (
        line(WORK, "service", "100.01", name="ТО", service_id=service, doers=doers),
        line(PART, "material", "10", service_line_id=WORK, product_id=new_id()),
    )
    entry, sales = settled(
        Posting(Account.RECEIVABLE, Account.REVENUE_SERVICES, money("100.01")),
        Posting(Account.RECEIVABLE, Account.REVENUE_MATERIALS, money(10)),
        lines=lines,
        costs={},
    )

    assert [(sale.employee_id, amounts(sale), sale.jobs) for sale in sales] == [
        (first, {"works": "60.01"}, 1),
        (second, {"works": "40.00"}, 0),
        (first, {"materials": "6.00"}, 0),
        (second, {"materials": "4.00"}, 0),
    ]
    accrued = Entry(
        new_id(),
        EntryKind.PAY_ACCRUAL,
        CASHIER,
        tuple(
            Posting(
                Account.LABOR_PAY,
                Account.PAYROLL_PAYABLE,
                money(amount),
                category=PAY_CATEGORY,
                employee_id=whose,
            )
            for whose, amount in ((first, 30), (second, 20), (second, 5))
        ),
    )
    whys = (
        PayLine(accrued.id, 0, "labor_percent", line_id=WORK),
        PayLine(accrued.id, 1, "labor_percent", line_id=WORK),
        PayLine(accrued.id, 2, "per_order"),
    )
    settlement = Settlement(
        new_id(),
        1,
        State.SETTLED,
        Completed(
            "A-1", STATION, SECTION, new_id(), NOON, money(0), money(0), money(0), lines=lines
        ),
        entry_id=entry.id,
        pay_entry_id=accrued.id,
    )

    paid = sales_of(accrued, settlement, whys)

    assert [(sale.employee_id, sale.service_id, str(sale.pay)) for sale in paid] == [
        (first, service, "30.00"),
        (second, service, "20.00"),
        (second, None, "5.00"),
    ]
    assert [sale.orders for sale in paid] == [0, 0, 0]


def test_a_reversal_takes_off_the_cost_that_was_corrected_since() -> None:
    cost = Posting(Account.COST_OF_GOODS, Account.INVENTORY, money(10))
    entry, sales = settled(cost, lines=(line(GOODS, "product", "0"),), costs={GOODS: "10"})
    reversal = entry.reversed(new_id(), EntryKind.SETTLEMENT_REVERSAL, CASHIER, None)
    corrected = Posting(Account.INVENTORY, Account.COST_OF_GOODS, money(3))

    found = undone(sales, replace(reversal, postings=(*reversal.postings, corrected)))

    assert [(str(sale.cost), sale.orders) for sale in found] == [("-10.00", -1), ("-3.00", 0)]


def test_salaries_are_no_part_of_any_margin() -> None:
    salary = Posting(
        Account.LABOR_PAY, Account.PAYROLL_PAYABLE, money(500), category=PAYROLL_CATEGORY
    )

    assert sales_of(Entry(new_id(), EntryKind.SALARY, CASHIER, (salary,))) == ()
    assert figures_of((salary,)) == {Figure.PAYROLL: 500}


@settings(deadline=None)
@given(
    posted=st.dictionaries(
        st.sampled_from([account for account, figure in FIGURES.items() if figure in OF_MARGIN]),
        st.decimals("0.01", "99999", places=2),
    ),
    totals=st.lists(
        st.tuples(
            st.sampled_from(["service", "product", "material"]),
            st.decimals("0", "9999", places=2),
            st.decimals("0", "9999", places=2),
        ),
        max_size=6,
    ),
)
def test_sales_come_to_what_was_posted_whatever_the_lines_say(
    posted: dict[Account, Decimal], totals: list[tuple[str, Decimal, Decimal]]
) -> None:
    lines = tuple(
        SoldLine(new_id(), kind, total)  # type: ignore[arg-type]
        for kind, total, _ in totals
    )
    costs = {each.line_id: str(cost) for each, (_, _, cost) in zip(lines, totals, strict=True)}
    postings = tuple(
        Posting(account, Account.PAYABLES, amount) for account, amount in posted.items()
    )

    _, sales = settled(*postings, lines=lines, costs=costs)

    for figure in OF_MARGIN:
        total = sum(getattr(sale, figure.value) for sale in sales)
        assert total == figures_of(postings).get(figure, 0)


def test_an_entry_that_settles_nothing_and_costs_something_is_in_the_sales_too() -> None:
    correction = Posting(Account.COST_OF_GOODS, Account.INVENTORY, money(7))
    entry = Entry(new_id(), EntryKind.RECEIPT, CASHIER, (correction,))

    (sale,) = sales_of(entry, None)

    assert (amounts(sale), sale.orders) == ({"cost": "7.00"}, 0)
    paid = Posting(Account.CASH, Account.RECEIVABLE, money(7))
    assert sales_of(replace(entry, postings=(paid,)), None) == ()


def test_money_that_comes_back_lowers_what_went() -> None:
    day = NOON.date()
    spent = Turnover(Account.EXPENSE, Account.CASH, "Аренда", money(100), day)
    flows = cash_flow(
        [
            Turnover(Account.CASH, Account.RECEIVABLE, "", money(500)),
            Turnover(Account.CASH, Account.RECEIVABLE, "", money(300), day),
            Turnover(Account.DEPOSITS, Account.CASH, "", money(50), day),
            Turnover(Account.BANK, Account.CASH, "", money(20), day),
            spent,
            replace(spent, debit=spent.credit, credit=spent.debit, amount=money(30)),
        ]
    )

    cash = flows[Account.CASH]
    assert (cash.opening, cash.closing) == (money(500), money(660))
    assert cash.flows == {
        Flow.PAYMENTS: 300,
        Flow.REFUNDS: 50,
        Flow.TRANSFERS: -20,
        Flow.EXPENSES: 70,
    }
    assert cash.categories == {"Аренда": 70}
    assert flows[Account.BANK].closing == 20
    assert flow_of(Account.INVENTORY, True) is Flow.OTHER_IN


def classes(places: list[Place]) -> str:
    return "".join(place.abc(Decimal(80), Decimal(95)) for place in places)


def test_the_greatest_is_always_a_and_what_brings_nothing_is_c() -> None:
    values, before = ("90", "6", "4", "0", "-3"), ("0", "90", "96", "100", "100")
    places = [
        Place(Decimal(value), Decimal(greater), Decimal(100))
        for value, greater in zip(values, before, strict=True)
    ]

    assert classes(places) == "ABCCC"
    assert [str(place.share) for place in places] == ["90.00", "6.00", "4.00", "0.00", "0.00"]
    assert [str(place.cumulative) for place in places] == [
        "90.00",
        "96.00",
        "100.00",
        "100.00",
        "100.00",
    ]
    nothing = Place(Decimal(0), Decimal(0), Decimal(0))
    assert classes([nothing]) == "C"
    assert nothing.share == nothing.cumulative == 0


def sold(quantity: str, squares: str = "1") -> Sold:
    return Sold(Decimal(quantity), Decimal(squares))


def test_an_even_seller_is_x_and_one_that_sold_once_is_z() -> None:
    even = sold("12", "12").variation(12)
    once = sold("12", "144").variation(12)

    assert (str(even), xyz(even)) == ("0.00", "X")
    assert (str(once), xyz(once)) == ("331.66", "Z")
    assert (sold("0").variation(3), xyz(None)) == (None, None)
    assert sold("1").variation(1) is None
