"""Whatever a text says: a client learns nothing of materials, and nobody of cost who may not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from shared.formulas import ORDER_MODEL, SAMPLE
from shared.formulas.objects import VIEWERS, Hidden
from shared.roles import CLIENT, ROLES, SERVICE, may_see_cost
from tests.formulas.trying import rendered, value

D = Decimal
COST = [role for role in (*ROLES, SERVICE) if role == SERVICE or may_see_cost(role)]
NO_COST = sorted(VIEWERS - set(COST))


def paths_to(hidden: Hidden, depth: int = 4) -> Iterator[str]:
    """Every way to a field of that secrecy, by the model itself: through the first item of lists,
    by names and aliases."""
    level = [("", ORDER_MODEL.root)]
    for _ in range(depth):
        below = []
        for place, kind in level:
            for name, item in kind.by_name.items():
                path = f"{place}.{name}".lstrip(".")
                if item.hidden is hidden:
                    yield path
                inner = item.type.item or item.type
                if inner.kind == "object":
                    index = "[0]" if item.type.item else ""
                    below.append((path + index, ORDER_MODEL.objects[inner.name]))
        level = below


@pytest.mark.parametrize("path", sorted(set(paths_to(Hidden.COST))))
def test_cost_margin_and_pay_are_null_for_whom_they_do_not_concern(path: str) -> None:
    for viewer in NO_COST:
        assert value(path, viewer=viewer) is None
        assert rendered("{{ " + path + " }}", viewer=viewer) == ""


@pytest.mark.parametrize(
    "path",
    ["CostTotal", "Margin", "PayTotal", "Products[0].Cost", "Services[0].Materials[0].Cost"],
)
def test_who_may_see_cost_sees_it(path: str) -> None:
    assert COST == ["administrator", "storekeeper", "owner", "service"]
    for viewer in COST:
        assert value(path, viewer=viewer) > 0


@pytest.mark.parametrize("path", sorted(set(paths_to(Hidden.CLIENT))))
def test_a_client_sees_nothing_of_the_house(path: str) -> None:
    assert value(path, viewer=CLIENT) in (None, [])
    assert rendered("{{ " + path + " }}", viewer=CLIENT) == ""


@pytest.mark.parametrize(
    "path",
    ["EstimationCost", "MaterialsTotal", "Materials", "Services[0].Materials", "Customer.Comment"],
)
def test_the_house_sees_it(path: str) -> None:
    assert value(path, viewer="technician")


@pytest.mark.parametrize(
    "text",
    [
        "count(Materials)",
        "count(filter(Materials, true))",
        "sum(Materials, CustomerTotal)",
        "sum(Services, count(Materials))",
        "sum(Services, sum(Materials, CustomerTotal))",
        "count(Services, Materials != [])",
        "count(Services, length(Materials) > 0)",
        "length(text(Materials))",
        "count([Materials[0], Services[0].Materials[0]], item != null)",
    ],
)
def test_a_client_cannot_count_what_he_may_not_see(text: str) -> None:
    assert value(text, viewer="owner") != 0
    assert value(text, viewer=CLIENT) == 0


def test_a_client_cannot_filter_by_cost() -> None:
    assert value("count(Products, Cost > 0)", viewer="owner") == 2
    assert value("count(Products, Cost > 0)", viewer="technician") == 0
    assert value("count(Products, Cost == null)", viewer=CLIENT) == 2
    assert value("sum(Products, Cost)", viewer=CLIENT) == 0
    assert value("max(Products, Cost)", viewer="technician") is None
    assert value("first(Products, Cost > 1000)", viewer="technician") is None


STEPS = ["EstimationCost", "InitialPrice", "FixedDiscount", "CustomEstimationCost", "WorkTotal",
         "Total", "LaborTime", "LaborCost"]  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_on_a_work_with_materials_no_step_lets_a_client_subtract(step: str) -> None:
    norm_hours = {"labor_time": D("1"), "labor_cost": D("1400.00")}
    lines = (SAMPLE.services[0].model_copy(update=norm_hours), *SAMPLE.services[1:])
    order = SAMPLE.model_copy(update={"services": lines})
    assert value(f"Services[0].{step}", order=order, viewer="technician") is not None
    assert value(f"Services[0].{step}", order=order, viewer=CLIENT) is None
    assert value(f"Services[1].{step}", order=order, viewer=CLIENT) is None
    # The work without materials shows how its price came about.
    assert value(f"Services[2].{step}", order=order, viewer=CLIENT) is not None


def test_a_declined_work_with_materials_hides_its_steps_too() -> None:
    line = SAMPLE.declined[0].model_copy(update={"customer_total": D("1900.00")})
    order = SAMPLE.model_copy(update={"declined": (line,)})
    assert value("DeclinedServices[0].InitialPrice", order=order, viewer=CLIENT) is None
    assert value("DeclinedServices[0].CustomerTotal", order=order, viewer=CLIENT) == D("1900.00")


def test_a_clients_totals_add_up_without_showing_materials() -> None:
    assert value("ServicesTotal", viewer=CLIENT) == D("3936.00")
    assert value("sum(Services, CustomerTotal) == ServicesTotal", viewer=CLIENT)
    assert value("ServicesTotal + ProductsTotal == TotalMoney", viewer=CLIENT)
    assert value("MaterialsTotal", viewer=CLIENT) is None
    assert value("EstimationCost", viewer=CLIENT) is None
    assert value("ServicesTotal", viewer="technician") == D("3800.00")


def test_no_number_a_client_can_read_differs_when_only_materials_do() -> None:
    """The same prices for the client, made of other works and materials: he cannot tell."""
    dearer = SAMPLE.services[0].model_copy(
        update={
            "initial_price": D("1500.00"),
            "custom_estimation_cost": D("1310.00"),
            "total": D("1310.00"),
            "estimation_cost": D("1400.00"),
            "fixed_discount": D("40.00"),
        }
    )
    gloves = SAMPLE.materials[1].model_copy(update={"total": D("130.00"), "cost": D("90.00")})
    other = SAMPLE.model_copy(
        update={
            "services": (dearer, *SAMPLE.services[1:]),
            "materials": (SAMPLE.materials[0], gloves, SAMPLE.materials[2]),
            "services_total": D("3710.00"),
            "materials_total": D("226.00"),
            "estimation_cost": D("12700.00"),
            "cost_total": D("6027.40"),
            "margin": D("4988.60"),
        }
    )
    every = [path for hidden in Hidden for path in paths_to(hidden, depth=3)]
    assert len(every) > 300
    for path in every:
        assert value(path, order=other, viewer=CLIENT) == value(path, viewer=CLIENT), path


def test_a_template_cannot_print_what_its_reader_may_not_see() -> None:
    text = (
        "{{ CostTotal }}{{ Margin | money }}{{ PayTotal | in_words }}"
        "{% for line in Materials %}{{ line.Product.Name }}{% endfor %}"
        "{% for line in Services %}{{ line.Materials | join: 'Product.Name' }}{% endfor %}"
        "{% assign all = Materials %}{{ all.size }}{% calc sum = sum(Materials, Cost) %}{{ sum }}"
    )
    assert rendered(text, viewer=CLIENT) == "00"
    assert "Перчатки" in rendered(text, viewer="owner")


def test_an_unknown_viewer_sees_nothing_at_all() -> None:
    with pytest.raises(ValueError, match="neither a role nor the client"):
        value("Number", viewer="root")
