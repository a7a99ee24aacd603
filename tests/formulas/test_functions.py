"""Each function; words, plural forms and dates as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from shared.formulas import SAMPLE, SAMPLE_TIME, compile_formula, compile_template
from shared.formulas.functions import FUNCTIONS
from shared.formulas.functions.table import Function
from tests.formulas.trying import value

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_the_example_of_each_function_comes_to_something(function: Function) -> None:
    assert function.name in function.example
    if function.only_filter:
        text = compile_template(function.example).render(SAMPLE, viewer="owner", at=SAMPLE_TIME)
    else:
        formula = compile_formula(function.example)
        text = formula.text_for(SAMPLE, viewer="owner", at=SAMPLE_TIME)
    assert text


@pytest.mark.parametrize(
    ("amount", "russian", "english"),
    [
        ("1200", "Одна тысяча двести рублей 00 копеек", "One thousand, two hundred roubles 00"),
        ("0", "Ноль рублей 00 копеек", "Zero roubles 00"),
        ("0.5", "Ноль рублей 50 копеек", "Zero roubles 50"),
        ("1.01", "Один рубль 01 копейка", "One rouble 01"),
        ("2.02", "Два рубля 02 копейки", "Two roubles 02"),
        ("11.11", "Одиннадцать рублей 11 копеек", "Eleven roubles 11"),
        ("21.21", "Двадцать один рубль 21 копейка", "Twenty-one roubles 21"),
        ("1001", "Одна тысяча один рубль 00 копеек", "One thousand and one roubles 00"),
        ("2002.05", "Две тысячи два рубля 05 копеек", "Two thousand and two roubles 05"),
        ("1000000", "Один миллион рублей 00 копеек", "One million roubles 00"),
        ("12536.999", "Двенадцать тысяч пятьсот тридцать семь рублей 00 копеек",
         "Twelve thousand, five hundred and thirty-seven roubles 00"),
        ("-5.5", "Минус пять рублей 50 копеек", "Minus five roubles 50"),
        ("9999999999.99", "Девять миллиардов девятьсот девяносто девять миллионов девятьсот "
         "девяносто девять тысяч девятьсот девяносто девять рублей 99 копеек",
         "Nine billion, nine hundred and ninety-nine million"),
    ],
)  # fmt: skip
def test_an_amount_in_words_has_its_kopecks_in_digits(
    amount: str, russian: str, english: str
) -> None:
    assert value(f"in_words({amount})") == russian
    assert value(f"in_words({amount})", language="en").startswith(english)


RUSSIAN = {
    "час": (1, 21, 31, 101, 121, 1001),
    "часа": (2, 3, 4, 22, 23, 24, 102, 1.5, 0.5),
    "часов": (0, 5, 6, 10, 11, 12, 13, 14, 15, 19, 20, 25, 100, 111, 112, 1011),
}


@pytest.mark.parametrize(
    ("count", "form"), [(count, form) for form, counts in RUSSIAN.items() for count in counts]
)
def test_russian_plural_forms(count: float, form: str) -> None:
    assert value(f'plural({count}, "час", "часа", "часов")') == form
    assert value(f'plural(-{count}, "час", "часа", "часов")') == form


@pytest.mark.parametrize(
    ("count", "form"), [(1, "hour"), (0, "hours"), (2, "hours"), (21, "hours")]
)
def test_english_plural_forms(count: int, form: str) -> None:
    assert value(f'plural({count}, "hour", "hours")', language="en") == form


@pytest.mark.parametrize(
    ("text", "russian", "english"),
    [
        ("money(TotalMoney)", f"12{NBSP}536,00{NBSP}₽", f"12,536.00{NBSP}₽"),
        ("money(0.005)", f"0,01{NBSP}₽", f"0.01{NBSP}₽"),
        ("money(-1234567.8)", f"-1{NBSP}234{NBSP}567,80{NBSP}₽", f"-1,234,567.80{NBSP}₽"),
        ("number(HaulDistance)", f"84{NBSP}215", "84,215"),
        ("number(1234.5, 2)", f"1{NBSP}234,50", "1,234.50"),
        ("number(0.5)", "1", "1"),
        ('date(DateTimeIn, "d MMMM y")', "5 марта 2026", "5 March 2026"),
        ('date(DateTimeIn, "dd.MM.yyyy HH:mm")', "05.03.2026 09:00", "05.03.2026 09:00"),
        ('date(DateTimeIn, "EEEE")', "четверг", "Thursday"),
        ("date(DateTimeIn)", "05.03.2026", "5 Mar 2026"),
        ("date(DateTimeIn, \"d MMMM y 'года'\")", "5 марта 2026 года", "5 March 2026 года"),
        ("text(TotalMoney)", "12536,00", "12536.00"),
        ("text(VisibleToCustomer)", "да", "yes"),
        ("text(Services[0].Discount)", "10", "10"),
        ("text(1.500)", "1,5", "1.5"),
    ],
)
def test_values_are_printed_as_each_language_writes_them(
    text: str, russian: str, english: str
) -> None:
    assert value(text) == russian
    assert value(text, language="en") == english


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('upper("аб")', "АБ"),
        ('lower("АБ")', "аб"),
        ('capital("аб Вг")', "Аб Вг"),
        ('capital("")', ""),
        ('trim("  а б ")', "а б"),
        ('replace("а-б-в", "-", "")', "абв"),
        ('replace("аб", "", "x")', "аб"),
        ('contains("абв", "бв")', True),
        ('contains(["а", "б"], "б")', True),
        ('starts_with("абв", "аб")', True),
        ('ends_with("абв", "аб")', False),
        ('length("абв")', Decimal(3)),
        ("length(Services)", Decimal(3)),
        ('substring("абвгд", 1)', "бвгд"),
        ('substring("абвгд", 1, 2)', "бв"),
        ('substring("абвгд", -2)', "гд"),
        ('substring("абв", -9, 2)', "аб"),
        ('substring("абв", 9)', ""),
        ("coalesce(null, \"\", 'x')", "x"),
        ("coalesce(null)", None),
    ],
)
def test_texts(text: str, expected: object) -> None:
    assert value(text) == expected


def test_days_are_counted_by_the_stations_calendar() -> None:
    late = datetime(2026, 3, 5, 21, 30, tzinfo=UTC)  # half past midnight of the 6th in Moscow
    assert value("days_between(DateTimeIn, today())", at=late) == 1
    assert value('date(now(), "dd.MM.yyyy HH:mm")', at=late) == "06.03.2026 00:30"
    assert value('date(today(), "dd.MM.yyyy HH:mm")', at=late) == "06.03.2026 00:00"
    assert value("days_between(today(), DateTimeIn)", at=late) == -1
    assert value('date(add_days(DateTimeOut, 30), "dd.MM.yyyy HH:mm")') == "04.04.2026 18:45"
    assert value('date(add_days(DateTimeOut, -5), "dd.MM.yyyy")') == "28.02.2026"


def test_a_day_stays_a_day_when_clocks_change() -> None:
    station = SAMPLE.station.model_copy(update={"time_zone": "Europe/Berlin"})
    berlin = SAMPLE.model_copy(update={"station": station})
    spring = datetime(2026, 3, 28, 11, 0, tzinfo=UTC)
    text = 'date(add_days(now(), 1), "dd.MM HH:mm")'
    assert value(text, order=berlin, at=spring) == "29.03 12:00"
