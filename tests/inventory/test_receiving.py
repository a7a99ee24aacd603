"""What a receipt comes to, to the kopeck: VAT, extra costs, lots, and what goes back of it. No
server needed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.costing import spread
from services.inventory.domain.receiving import (
    Price,
    Reckoned,
    Terms,
    priced,
    reckoned,
)
from services.inventory.domain.returning import credit, credited, wanted_back
from shared.contracts.inventory import (
    ExtraCost,
    ProductUnit,
    ProductView,
    ReceiptLine,
    ReceiptView,
    ReceivedLine,
    SupplierCharge,
)
from shared.contracts.purchasing import ReturnedLine
from shared.ids import new_id
from shared.refusals import Refused
from tests.inventory.builders import decimals

SUPPLIER, CARRIER = new_id(), new_id()
PLAIN = Terms(SUPPLIER, False, False, (), "by_value")
PRODUCT = ProductView(
    id=new_id(),
    name="Масло",
    oem=None,
    vendor=None,
    group=None,
    measure="л",
    price=Decimal(900),
    barcode=None,
    min_stock=None,
    comment=None,
    active=True,
    revision=1,
    units=(
        ProductUnit(name="литр", short_name="л", factor=Decimal(1)),
        ProductUnit(name="упаковка", short_name="упак", factor=Decimal(7)),
    ),
)


def a_line(quantity: str, cost: str, vat: str | None = None, measure: str | None = None) -> (
    tuple[ReceivedLine, ProductView]
):  # fmt: skip
    line = ReceivedLine(
        product_id=PRODUCT.id,
        quantity=Decimal(quantity),
        cost=Decimal(cost),
        vat_percent=Decimal(vat) if vat else None,
        measure=measure,
    )
    return line, PRODUCT


def owed(came: Reckoned) -> list[tuple[Decimal, Decimal]]:
    return [(charge.cost, charge.vat) for charge in came.charges]


# --- VAT -----------------------------------------------------------------------------------------


def test_vat_comes_on_top_or_is_in_the_price() -> None:
    assert priced(Decimal("100"), Decimal(20), includes_vat=False) == Price(*decimals(100, 20))
    assert priced(Decimal("120"), Decimal(20), includes_vat=True) == Price(*decimals(100, 20))
    assert priced(Decimal("100"), None, includes_vat=True) == Price(*decimals(100, 0))


def test_vat_to_be_deducted_is_no_cost() -> None:
    came = reckoned([a_line("2", "100", "20")], PLAIN)
    assert owed(came) == [decimals(200, 40)]
    assert came.total_cost == 200
    assert (came.net, came.vat) == decimals(200, 40)


def test_vat_in_cost_lies_in_stock() -> None:
    came = reckoned([a_line("2", "100", "20")], replace(PLAIN, vat_in_cost=True))
    assert owed(came) == [decimals(240, 0)]
    assert came.total_cost == 240
    assert came.purchases[0].unit_cost == 120


# --- extra costs ---------------------------------------------------------------------------------


def test_what_one_share_is_rounded_up_by_the_next_ones_have_less() -> None:
    assert spread(Decimal("1.00"), decimals(1, 1, 1)) == decimals("0.33", "0.34", "0.33")
    assert spread(Decimal("0.02"), decimals(1, 5, 1)) == decimals(0, "0.02", 0)


def test_extra_costs_are_spread_by_value_or_by_quantity() -> None:
    lines = [a_line("1", "300"), a_line("9", "100")]
    delivery = (ExtraCost(name="Доставка", amount=Decimal(100)),)
    by_value = reckoned(lines, replace(PLAIN, extra_costs=delivery))
    assert [line.extra_cost for line in by_value.lines] == list(decimals(25, 75))
    by_quantity = reckoned(lines, replace(PLAIN, extra_costs=delivery, extra_spread="by_quantity"))
    assert [line.extra_cost for line in by_quantity.lines] == list(decimals(10, 90))
    assert owed(by_value) == owed(by_quantity) == [decimals(1300, 0)]


def test_gifts_share_what_their_delivery_costs_by_quantity() -> None:
    delivery = (ExtraCost(name="Доставка", amount=Decimal(10)),)
    came = reckoned([a_line("1", "0"), a_line("4", "0")], replace(PLAIN, extra_costs=delivery))
    assert [line.stock_cost for line in came.lines] == list(decimals(2, 8))


def test_a_carrier_is_owed_for_the_delivery() -> None:
    delivery = ExtraCost(
        name="Доставка", amount=Decimal(60), vat_percent=Decimal(20), supplier_id=CARRIER
    )
    terms = replace(PLAIN, prices_include_vat=True, extra_costs=(delivery,))
    came = reckoned([a_line("1", "120", "20")], terms)
    assert came.charges == (
        SupplierCharge(supplier_id=SUPPLIER, cost=Decimal(100), vat=Decimal(20)),
        SupplierCharge(supplier_id=CARRIER, cost=Decimal(50), vat=Decimal(10)),
    )
    assert came.total_cost == 150


def test_more_than_the_books_can_hold_is_refused() -> None:
    for lines in (
        [a_line("1", "9999999999.99", "20")],
        [a_line("1", "9999999999.99"), a_line("1", "0.01")],
    ):
        with pytest.raises(Refused) as refused:
            reckoned(lines, PLAIN)
        assert refused.value.code == "amount_too_large"


_rates = st.sampled_from([None, Decimal(0), Decimal(5), Decimal(10), Decimal("18.5"), Decimal(20)])
_lines = st.builds(
    lambda quantity, cost, rate, measure: (
        ReceivedLine(
            product_id=PRODUCT.id, quantity=quantity, cost=cost, vat_percent=rate, measure=measure
        ),
        PRODUCT,
    ),
    st.decimals("0.001", "999", places=3),
    st.decimals("0", "99999", places=2),
    _rates,
    st.sampled_from([None, "упак"]),
)
_extras = st.builds(
    ExtraCost,
    name=st.just("Доставка"),
    amount=st.decimals("0.01", "9999", places=2),
    vat_percent=_rates,
    supplier_id=st.sampled_from([None, CARRIER]),
)
_terms = st.builds(
    Terms,
    supplier_id=st.just(SUPPLIER),
    prices_include_vat=st.booleans(),
    vat_in_cost=st.booleans(),
    extra_costs=st.lists(_extras, max_size=4).map(tuple),
    extra_spread=st.sampled_from(["by_value", "by_quantity"]),
)


@given(entered=st.lists(_lines, min_size=1, max_size=8), terms=_terms)
def test_nothing_is_lost_between_paper_stock_and_debts(
    entered: list[tuple[ReceivedLine, ProductView]], terms: Terms
) -> None:
    came = reckoned(entered, terms)
    for line, purchase in zip(came.lines, came.purchases, strict=True):
        assert purchase.total == line.stock_cost
        assert purchase.quantity == line.main_quantity
    cost = sum(charge.cost for charge in came.charges)
    vat = sum(charge.vat for charge in came.charges)
    extras = sum((extra.amount for extra in terms.extra_costs), Decimal(0))
    assert cost == came.total_cost
    assert vat == 0 or not terms.vat_in_cost
    if terms.prices_include_vat:
        goods = sum((line.total_with_vat or 0 for line in came.lines), Decimal(0))
        assert cost + vat == goods + extras
    elif not terms.vat_in_cost:
        assert cost == came.net + extras
    spread_costs = sum(line.extra_cost for line in came.lines)
    in_stock = came.net + came.vat if terms.vat_in_cost else came.net
    assert came.total_cost == in_stock + spread_costs


@given(
    amount=st.decimals("0", "99999", places=2),
    weights=st.lists(st.decimals("0", "9999", places=3), min_size=1, max_size=20).filter(any),
)
def test_shares_come_to_the_amount_and_are_nearly_in_proportion(
    amount: Decimal, weights: list[Decimal]
) -> None:
    shares = spread(amount, weights)
    assert sum(shares) == amount
    total = Fraction(sum(weights))
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(amount) * Fraction(weight) / total
        assert abs(Fraction(share) - exact) <= Fraction(1, 100)
        assert share == 0 or weight > 0


# --- returns -------------------------------------------------------------------------------------


@given(
    line=_lines,
    terms=_terms,
    cuts=st.lists(st.decimals("0", "1", places=3), max_size=5),
)
def test_what_goes_back_in_parts_is_credited_to_the_kopeck(
    line: tuple[ReceivedLine, ProductView], terms: Terms, cuts: list[Decimal]
) -> None:
    (received,) = reckoned([line], terms).lines
    whole = received.main_quantity
    assert whole
    marks = sorted({(whole * cut).quantize(Decimal("0.001")) for cut in cuts} | {whole})
    net = vat = before = Decimal(0)
    for mark in marks:
        if mark == before:
            continue
        part = credit(received.model_copy(update={"sent_back": before}), mark - before)
        assert part.net >= 0 <= part.vat
        net, vat, before = net + part.net, vat + part.vat, mark
    assert (net, vat) == (received.total_without_vat, received.vat)


def test_the_supplier_of_the_goods_is_owed_less_and_the_carrier_is_not() -> None:
    receipt = a_receipt(*reckoned([a_line("4", "100", "20")], PLAIN).lines)
    wanted = wanted_back(receipt, [ReturnedLine(position=1, quantity=Decimal(1))])
    assert wanted == {1: Decimal(1)}
    assert credited(receipt, {1: credit(receipt.lines[0], wanted[1])}) == (
        SupplierCharge(supplier_id=SUPPLIER, cost=Decimal(100), vat=Decimal(20)),
    )


@pytest.mark.parametrize(
    ("positions", "code"), [([2], "receipt_line_not_found"), ([1, 1], "return_line_twice")]
)
def test_a_line_that_is_not_there_or_named_twice_is_refused(
    positions: list[int], code: str
) -> None:
    receipt = a_receipt(*reckoned([a_line("4", "100")], PLAIN).lines)
    lines = [ReturnedLine(position=each, quantity=Decimal(1)) for each in positions]
    with pytest.raises(Refused) as refused:
        wanted_back(receipt, lines)
    assert refused.value.code == code


def a_receipt(*lines: ReceiptLine) -> ReceiptView:
    return ReceiptView(
        id=new_id(),
        number="A-000001",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        warehouse_id=new_id(),
        supplier_id=SUPPLIER,
        lines=lines,
        total_cost=Decimal(0),
    )
