"""What formulas compute, how they treat what is not there, and what they say of mistakes."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest

from shared.contracts.work_order import WorkOrder
from shared.formulas import (
    ORDER_MODEL,
    SAMPLE,
    Extra,
    FormulaError,
    check_formula,
    check_template,
)
from tests.formulas.trying import refused, value


def bare() -> WorkOrder:
    """An order of which nothing is known that may be unknown."""
    nobody = dict.fromkeys(
        ("driver", "vehicle", "post", "mechanic", "examiner", "responsible", "date_time_in",
         "date_time_out", "haul_distance", "comment", "cost_total", "pay_total", "margin")
    )  # fmt: skip
    empty = {"services": (), "products": (), "materials": (), "declined": ()}
    return SAMPLE.model_copy(update={**nobody, **empty})


# --- exact --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.1 + 0.2", "0.3"),
        ("0.1 * 3 == 0.3", "True"),
        ("1.10 * 1.10", "1.21"),
        ("TotalMoney * 0.05", "626.8"),
        ("(100 * 3) + (20 * 2)", "340"),
        ("0.33333 * 600.01", "200.0013333"),
        ("9999999999.99 * 0.0001", "999999.999999"),
        ("999999999999999999 + 0.00000000000000000001", "999999999999999999.00000000000000000001"),
        ("10 / 4", "2.5"),
        ("1 / 3 * 3", "0.9999999999999999999900000000000000000000"),
        ("7 % 3", "1"),
        ("-7 % 3", "-1"),
        ("-(-5) + +2", "7"),
        (".5 + 1", "1.5"),
        ("2 + 3 * 4 - 1", "13"),
        ("round(2.345, 2)", "2.35"),
        ("round(-2.345, 2)", "-2.35"),
        ("round(0.5)", "1"),
        ("round(1234, -2)", "1200"),
        ("floor(-1.5)", "-2"),
        ("ceil(1.0000001)", "2"),
        ("abs(-12.30)", "12.30"),
        ("sum([0.1, 0.2, 0.3])", "0.6"),
        ("min(3, 1, 2)", "1"),
        ("max(Paid, 0)", "5000"),
        ("min(Services, CustomerTotal)", "340"),
    ],
)
def test_numbers_are_exact_decimals(text: str, expected: str) -> None:
    found = value(text)
    if expected == "True":
        assert found is True
    else:
        assert type(found) is Decimal
        assert found == Decimal(expected)


# --- conditions, texts, lists -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"да" if TotalMoney > 1000 else "нет"', "да"),
        ('when(Due > 0, "к оплате", "оплачено")', "к оплате"),
        ("when(false, 1)", None),
        ("1 < 2 <= 2 < 3", True),
        ("not VisibleToCustomer", False),
        ("TotalMoney > 100 and Due > 0 or 1 / 0 > 1", True),
        ('State == "done"', True),
        ('State == "Выполнен" and State == "Done"', True),
        ('"done" == State', True),
        ('State.Code in ["done", "cancelled"]', True),
        ('State in ["new"]', False),
        ('"стук" in CustomerReason', True),
        ('"стук" not in CustomerReason', False),
        ('Customer == "Смирнова Ольга Викторовна"', True),
        ("Mechanic == Services[0].Mechanic", True),
        ("Mechanic == Services[2].Mechanic", False),
        ("Mechanic != Customer", True),
        ("true == 1", False),
        ('"1" == 1', False),
        ("DateTimeIn < DateTimeOut", True),
        ('"а" < "б"', True),
        ('"№ " + Number + " на " + 3', "№ А-000123 на 3"),
        ('"Итого " + TotalMoney', "Итого 12536,00"),
        ('Customer + ", " + Vehicle.Plate', "Смирнова Ольга Викторовна, О555ТО77"),
        ("Services[-1].Name", "Замена передних тормозных колодок"),
        ("[1, 2, 3][1]", Decimal(2)),
        ('join(Products, Product.OEM, " / ")', "154FAA / P85020"),
        ('join(Customer.Phones, "; ")', "+79165550102; +74955550304"),
        ("join(Products)", "Масло моторное 5W-30, Колодки тормозные передние"),
        ('count(filter(Products, Product.ProductGroup.Name == "Масла"))', Decimal(1)),
        ("first(Services, CustomerTotal > 2000).Name", "Замена передних тормозных колодок"),
        ("last(Services).Quantity", Decimal(1)),
        ("count(Customer.Phones, starts_with(item, '+7495'))", Decimal(1)),
        ("sum(Services, sum(Materials, CustomerTotal))", Decimal("136.00")),
        # A line's own name wins over the order's; the order's is there where the line has none.
        ("count(Services, Mechanic.LastName == 'Лебедев')", Decimal(1)),
        ("count(Services, CustomerTotal > Paid / 10)", Decimal(2)),
        ('sum(Services, count(Materials, Service == "Затяжка колёсных гаек"))', Decimal(1)),
        ("  Number\n", "А-000123"),
        ("TotalMoney\n  - Paid  # осталось\n", Decimal("7536.00")),
        ('"a" "b"', "ab"),
        ("null", None),
    ],
)
def test_conditions_texts_and_lists(text: str, expected: object) -> None:
    assert value(text) == expected


def test_only_what_is_needed_is_computed() -> None:
    assert value("0 if Paid > 0 else 1 / 0") == 0
    assert value("when(Paid > 0, 0, 1 / 0)") == 0
    assert value("coalesce(Paid, 1 / 0)") == 5000
    assert value("Paid < 0 and 1 / 0 > 0") is False


# --- what is not there --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Driver.Name", None),
        ("Vehicle.Vendor.Name", None),
        ("Vendor.Name", None),
        ("Services[0].Service.Name", None),
        ("Services[99].CustomerTotal", None),
        ("Customer.Phones[7]", None),
        ("Customer.CompanyName", None),
        ("HaulDistance + 100", None),
        ("HaulDistance * 2 - 1", None),
        ("-HaulDistance", None),
        ("round(HaulDistance)", None),
        ("money(CostTotal)", None),
        ("in_words(Margin)", None),
        ('date(DateTimeIn, "dd.MM.yyyy")', None),
        ("days_between(DateTimeIn, DateTimeOut)", None),
        ("days_between(CreatedDate, DateTimeOut)", None),
        ("upper(Vehicle.Plate)", None),
        ("HaulDistance > 5", False),
        ("HaulDistance <= 5", False),
        ("HaulDistance == null", True),
        ("HaulDistance != null", False),
        ("null == null", True),
        ("null > null", False),
        ("sum(Services, CustomerTotal)", Decimal(0)),
        ("count(Services)", Decimal(0)),
        ("min(Services, CustomerTotal)", None),
        ("first(Services).Name", None),
        ("join(Services, Name)", ""),
        ("filter(Services, Discount > 0)", []),
        ('coalesce(Driver.Name, Customer.CompanyName, "—")', "—"),
        ('"Пробег: " + HaulDistance', "Пробег: "),
        ('contains(Comment, "а")', False),
        ('"а" in Comment', False),
        ("length(Comment)", None),
        ("sum([1, null, 2])", Decimal(3)),
        ("max([1, null, 2])", Decimal(2)),
        ("when(HaulDistance, 1, 2)", Decimal(2)),
        ("not Driver", True),
    ],
)
def test_what_is_missing_is_null_and_breaks_nothing(text: str, expected: object) -> None:
    found = value(text, order=bare())
    assert found == expected
    assert type(found) is type(expected)


def test_every_name_of_the_model_may_be_missing() -> None:
    for kind in ("Services[0]", "Products[0]", "Materials[0]", "Driver", "Vehicle", "Post"):
        place = kind.removesuffix("[0]")
        of = ORDER_MODEL.root.by_name[place].type
        for name in ORDER_MODEL.fields_of(of.item or of):
            assert value(f"{kind}.{name}", order=bare()) in (None, [])


# --- mistakes, with their place -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "name", "nearest"),
    [
        ("Servces[0].Name", "unknown_name", 1, 1, "Servces", "Services"),
        ("totalmoney", "unknown_name", 1, 1, "totalmoney", "TotalMoney"),
        ("TotalMoney +\n  TotalMony", "unknown_name", 2, 3, "TotalMony", "TotalMoney"),
        ('"Ж" + Custmer', "unknown_name", 1, 7, "Custmer", "Customer"),
        ("Customer.Nme", "unknown_field", 1, 10, "Nme", "Name"),
        ("Vehicle.Vendor.Nam", "unknown_field", 1, 16, "Nam", "Name"),
        ("Products[0].Product.Oem", "unknown_field", 1, 21, "Oem", "OEM"),
        ("sum(Services, CustomrTotal)", "unknown_name", 1, 15, "CustomrTotal", "CustomerTotal"),
        ("sum(Services, TotlMoney)", "unknown_name", 1, 15, "TotlMoney", "TotalMoney"),
        ("smu(Services, 1)", "unknown_function", 1, 1, "smu", "sum"),
        ("coalesce(Vehicle, Number).Plat", "unknown_field", 1, 1, "Plat", "Plate"),
        ("Number + xyzzy", "unknown_name", 1, 10, "xyzzy", None),
        ("Services.CustomerTotal", "list_has_no_fields", 1, 10, "CustomerTotal", None),
        ("Number.Name", "value_has_no_fields", 1, 8, "Name", None),
        ("money", "function_needs_call", 1, 1, "money", None),
        ("2 ** 8", "not_allowed", 1, 1, "**", None),
        ("1 if 2 is 2 else 3", "not_allowed", 1, 6, "is", None),
        ("1e3", "bad_number", 1, 1, "1e3", None),
        ("1 + 0x10", "bad_number", 1, 5, "0x10", None),
        ("round()", "wrong_arguments", 1, 1, "round(x, [digits])", None),
        ("sum(Services, x=1)", "wrong_arguments", 1, 1, "sum(items, [expression])", None),
        ("Number * 2", "number_expected", 1, 1, None, None),
        ("2 * (1 + VisibleToCustomer)", "number_expected", 1, 10, None, None),
        ("sum(Services, Name)", "number_expected", 1, 15, None, None),
        ("sum(TotalMoney)", "list_expected", 1, 5, None, None),
        ("Number[0]", "list_expected", 1, 1, None, None),
        ("Services + 1", "single_value_expected", 1, 1, None, None),
        ("upper(Services)", "single_value_expected", 1, 7, None, None),
        ("date(Number)", "date_expected", 1, 6, None, None),
        ("TotalMoney > Number", "not_comparable", 1, 14, None, None),
        ("Services > 1", "not_comparable", 1, 12, None, None),
        ("Services[1.5]", "whole_number_expected", 1, 1, None, None),
        ("1 / 0", "division_by_zero", 1, 1, None, None),
        ("2 + Paid % (Paid - Paid)", "division_by_zero", 1, 5, None, None),
        ("sum(Services,\n  1 / (Discount - Discount))", "division_by_zero", 2, 3, None, None),
        ('date(CreatedDate, "%d.%m")', "bad_date_format", 1, 1, None, None),
        ("add_days(CreatedDate, 99999)", "date_out_of_range", 1, 1, None, None),
        ("999999999999 * 999999999999", "number_too_large", 1, 1, None, None),
        ("", "empty", 1, 1, None, None),
        (" \n ", "empty", 1, 1, None, None),
        ("# note", "empty", 1, 1, None, None),
        ("1 +", "syntax", 1, 4, None, None),
        ("1) + (2", "syntax", 1, 1, None, None),
        ("Сумма заказа", "syntax", 1, 1, None, None),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(
    text: str, code: str, line: int, column: int, name: str | None, nearest: str | None
) -> None:
    error = refused(text)
    assert (error.code, error.line, error.column, error.name, error.nearest) == (
        code,
        line,
        column,
        name,
        nearest,
    )


def test_a_mistake_is_told_in_both_languages() -> None:
    error = refused("TotalMony")
    assert error.words("en") == "There is no name TotalMony here; did you mean TotalMoney?"
    assert error.words("ru") == "Здесь нет имени TotalMony; возможно, имелось в виду TotalMoney"


def test_a_mistake_becomes_a_refusal_with_all_its_particulars() -> None:
    refusal = refused("1 +\nTotalMony").refused("condition")
    assert refusal.code == "formula_invalid"
    assert refusal.params == {
        "field": "condition",
        "error": "unknown_name",
        "problem_en": "There is no name TotalMony here; did you mean TotalMoney?",
        "problem_ru": "Здесь нет имени TotalMony; возможно, имелось в виду TotalMoney",
        "line": "2",
        "column": "1",
        "name": "TotalMony",
        "nearest": "TotalMoney",
    }
    assert refusal.words("ru") == (
        "condition, строка 2, позиция 1: "
        "Здесь нет имени TotalMony; возможно, имелось в виду TotalMoney"
    )


# --- saved only if it evaluates -----------------------------------------------------------------

type Wanted = Literal["number", "condition", "text", "any"]


@pytest.mark.parametrize(
    ("text", "wants"),
    [
        ("TotalMoney * 0.05", "number"),
        ("1 if Paid > 0 else Due", "number"),
        ("null", "number"),
        ("Driver.Discount", "number"),
        ("TotalMoney > 1000", "condition"),
        ("VisibleToCustomer and not Driver", "condition"),
        ("Customer", "text"),
        ("TotalMoney", "text"),
        ("coalesce(Driver, Number)", "text"),
        ("Services", "any"),
    ],
)
def test_a_formula_of_the_wanted_kind_may_be_saved(text: str, wants: Wanted) -> None:
    assert check_formula(text, wants=wants).text == text


@pytest.mark.parametrize(
    ("text", "wants", "code"),
    [
        ("Number", "number", "wanted_number"),
        ("Paid > 0", "number", "wanted_number"),
        ("coalesce(Number, Paid)", "number", "wanted_number"),
        ("Services", "number", "wanted_number"),
        ("Paid", "condition", "wanted_condition"),
        ("Number", "condition", "wanted_condition"),
        ("Services", "text", "wanted_text"),
        ("1 / (Paid - 5000)", "number", "division_by_zero"),
        ("TotalMony", "any", "unknown_name"),
    ],
)
def test_a_formula_that_gives_something_else_is_not_saved(
    text: str, wants: Wanted, code: str
) -> None:
    with pytest.raises(FormulaError) as caught:
        check_formula(text, wants=wants)
    assert caught.value.code == code
    assert caught.value.line == 1


def test_a_form_may_have_names_of_its_own() -> None:
    model = ORDER_MODEL.extended(
        {
            "Link": Extra(type="text", ru="Ссылка", en="Link", sample="https://example.com/e/1"),
            "Share": Extra(type="number", ru="Доля", en="Share", sample=Decimal("0.5")),
        }
    )
    extra = {"Link": "https://example.com/e/7", "Share": Decimal("0.1")}
    assert value('"См. " + Link', model=model, extra=extra) == "См. https://example.com/e/7"
    assert value("TotalMoney * Share", model=model, extra=extra) == Decimal("1253.60")
    assert value("Link", model=model) is None
    assert refused("Lnk", model=model).nearest == "Link"
    assert refused("Link").code == "unknown_name"
    check_formula("Share * 2", wants="number", model=model)
    check_template("{{ Link }}", model=model)
