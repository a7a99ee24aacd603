"""Whatever anybody types: a value or a ``FormulaError``, soon, and nothing else."""

from __future__ import annotations

import gc
import string
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.formulas import SAMPLE, FormulaError
from shared.formulas.functions import FUNCTIONS
from shared.formulas.markup import TAGS
from tests.formulas.trying import rendered, value

SOON_S = 1.0
"""Far more than the tens of milliseconds that it takes: the machine may be busy."""


@pytest.fixture(scope="module", autouse=True)
def _what_others_left_is_not_collected() -> None:
    """A collection that looks through a whole run's memory takes longer than any of these."""
    gc.collect()
    gc.freeze()


LARGE = SAMPLE.model_copy(
    update={
        "services": SAMPLE.services * 70,
        "products": SAMPLE.products * 100,
        "materials": SAMPLE.materials * 70,
    }
)


def told(text: str) -> str:
    """What a formula comes to on a large order, or the code of what is wrong with it."""
    started = process_time()
    try:
        said = repr(value(text, order=LARGE))
    except FormulaError as error:
        said = error.code
    assert process_time() - started < SOON_S
    return said


def template_told(text: str, *, html: bool = False) -> str:
    started = process_time()
    try:
        said = rendered(text, order=LARGE, html=html)
    except FormulaError as error:
        said = error.code
    assert process_time() - started < SOON_S
    return said


ESCAPES = [
    "().__class__",
    "Customer.__class__.__mro__[1].__subclasses__()",
    "Customer.source",
    "Customer.view.order",
    "Services.__len__",
    "Number.format(Customer)",
    "'{0.__class__}'.format(Customer)",
    "Number.upper()",
    "[].append(1)",
    "__import__('os').system('id')",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "getattr(Customer, 'Name')",
    "globals()",
    "print(1)",
    "f'{Customer.__class__}'",
    "lambda: 1",
    "(lambda: 1)()",
    "[x for x in Services]",
    "{x for x in Services}",
    "{1: 2}",
    "(x := 1)",
    "(yield)",
    "await Customer",
    "Services[0:2]",
    "Services[::]",
    "*Services",
    "1 if 1",
    "b'a'",
    "...",
    "1j",
    "a = 1",
    "import os",
    "1; 2",
    "Customer is Customer",
    "~1",
    "1 << 9",
    "1 | 2",
    "1 // 2",
    "2 @ 2",
    "max.__self__",
    "sum(Services, item.__class__)",
    "filter(Services, lambda x: x)",
    "\x00",
    "Number\x00",
    "\ud800",
    "\u202e1",
]


@pytest.mark.parametrize("text", ESCAPES)
def test_no_formula_reaches_beyond_the_model(text: str) -> None:
    with pytest.raises(FormulaError):
        value(text)


HEAVY = [
    "9**9**9",
    "9 ** 99999999",
    "*".join(["999999999"] * 60),
    "/".join(["1", *["0.00000001"] * 50]),
    "9" * 1000,
    "0." + "1" * 900,
    "'a' * 999999999",
    "[1] * 999999999",
    "(" * 499 + "1" + ")" * 499,
    "[" * 300 + "]" * 300,
    "-" * 999 + "1",
    "not " * 240 + "1",
    "+".join(["1"] * 500),
    "1 if 1 else " * 80 + "1",
    "a" + ".a" * 499,
    "Services" + "[0]" * 300,
    "f(" * 300,
    "'" + "x" * 998,
    "\\" * 1000,
    "x" * 1000,
    "x" * 1_000_000,
    "sum(Services, " * 15 + "1" + ")" * 15,
    "sum(Services, sum(Products, sum(Materials, 1)))",
    "join(Services, join(Services, join(Services, Name)))",
    "sum(Services, length(in_words(CustomerTotal)))",
    "count(Services, Materials == Materials)",
    "count(Products, count(Products, item == item) > 0)",
    "replace(" * 8 + "'" + "a" * 99 + "'" + ", 'a', 'aaaaaaaaaaaaaaaaaaaa')" * 8,
    "join([" + ",".join(["Services"] * 40) + "], 1)",
    "text([" + ",".join(["Services"] * 60) + "])",
    "date(now(), '" + "y" * 49 + "')",
    "substring(Number, -999999999999)",
    "round(1, 999999)",
    "add_days(now(), 999999999999)",
    "in_words(999999999999999999)",
    "Services[999999999999999999]",
]


@pytest.mark.parametrize("text", HEAVY, ids=[text[:30] for text in HEAVY])
def test_no_formula_takes_long_or_much(text: str) -> None:
    assert len(told(text)) < 100_000


TEMPLATE_ESCAPES = [
    "{{ Customer.__class__ }}",
    "{{ Customer.source }}",
    "{{ Customer.view }}",
    "{{ Customer['__class__'] }}",
    "{{ Services.__len__ }}",
    "{{ Number.upper }}",
    "{{ forloop.it }}",
    "{% for l in Services %}{{ forloop.it }}{{ forloop.item }}{% endfor %}",
    "{% assign key = '__class__' %}{{ Customer[key] }}",
    "{% include '/etc/passwd' %}",
    "{% render 'x' %}",
    "{% layout 'x' %}",
    "{% liquid assign x = 1 %}",
    "{% tablerow i in (1..9) %}{% endtablerow %}",
    "{% increment x %}",
    "{% cycle 1, 2 %}",
    "{{ Number | map: 'x' }}",
    "{{ Number | safe }}",
    "{{ Number | url_decode }}",
    "{{ Services | map: '__class__' }}",
    "{{ Services | sum: '__class__' }}",
    "{{ Number | upper: x: 1 }}",
    "{% calc x = __import__('os') %}",
    "{% calc __x = 1 %}{{ __x.__class__ }}",
]


@pytest.mark.parametrize("text", TEMPLATE_ESCAPES)
def test_no_template_reaches_beyond_the_model(text: str) -> None:
    with pytest.raises(FormulaError):
        rendered(text)


TEMPLATE_HEAVY = [
    "{% for i in (1..1000000000) %}x{% endfor %}",
    "{% for i in (1..1000000000) reversed %}x{% endfor %}",
    "{% assign r = (1..1000000000) %}{% for i in r %}x{% endfor %}",
    "{% assign r = (1..1000000000) %}{{ r }}",
    "{% assign r = (1..1000000000) %}{{ r | join }}",
    "{{ (1..1000000000) | sum }}",
    "{% for i in (1..99999999999999999999999) %}{% endfor %}",
    "{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}",
    "{% for i in (1..1000) %}" * 30 + "{% endfor %}" * 30,
    "{% for i in (1..1000) %}" + "{{ Number | upper }}" * 500 + "{% endfor %}",
    "{% for i in (1..1000) %}" + "{% if 1 == 1 %}{% endif %}" * 500 + "{% endfor %}",
    "{% for i in (1..1000) %}{{ Services | sum: 'sum(Products, 1)' }}{% endfor %}",
    "{% for i in (1..1000) %}{% calc x = sum(Services, sum(Products, 1)) %}{% endfor %}",
    "{% for i in (1..1000) %}" + "x" * 60_000 + "{% endfor %}",
    "{% for i in (1..1000) %}{% capture a %}" + "x" * 49_000 + "{% endcapture %}{% endfor %}",
    "{% for i in (1..1000) %}{% capture a %}{{ a }}{{ a }}x{% endcapture %}{{ a }}{% endfor %}",
    "{% assign a = 'xxxxxxxx' %}" + "{% assign a = a | plus: a %}" * 40,
    "".join(
        f"{{% capture a{i} %}}{{{{ Services | join: 'Name' }}}}{{% endcapture %}}"
        for i in range(300)
    ),
    "".join(f"{{% assign a{i} = 1 %}}" for i in range(1900)),
    "{{ Number }}" * 1_990,
    "{{ Number }}" * 3_000,
    "{% if true %}" * 200 + "{% endif %}" * 200,
    "{% raw %}" * 1_900,
    "{% comment %}" * 1_900,
    "{{" * 40_000,
    "{%" * 40_000,
    "{{ a" + " " * 90_000,
    "{{ a" + " " * 90_000 + "}}",
    ("{{ Number" + " " * 900 + "}}") * 100,
    "{%-" + " " * 500 + "-%}",
    "{{ " + "(" * 1_000 + " }}",
    "{{ " + "a[" * 500 + " }}",
    "{{ Services" + "[0]" * 350 + " }}",
    "{% if Number" + " and Number" * 95 + " %}{% endif %}",
    "{% if 1" + " == 1" * 200 + " %}{% endif %}",
    "{{ Number" + " | upper" * 130 + " }}",
    "{% calc x = " + "(" * 480 + "1" + ")" * 480 + " %}",
    ("{% calc x = " + "1+" * 77 + "1 %}") * 300,
    ("{% calc x = " + "length(Number)+" * 60 + "1 %}") * 100,
    "{{ Services | count: 'count(Services, count(Services, true) > 0) > 0' }}",
    "{% for i in Services limit: -1 %}{% endfor %}",
    "{% for i in Services offset: -1 %}{% endfor %}",
    "{% for i in Services limit: 'x' %}{% endfor %}",
    "{% break %}",
    "{{ 1" + "0" * 900 + " }}",
    "{{ 0." + "1" * 900 + " }}",
    "x" * 100_001,
]


@pytest.mark.parametrize("text", TEMPLATE_HEAVY, ids=[text[:40] for text in TEMPLATE_HEAVY])
def test_no_template_takes_long_or_much(text: str) -> None:
    assert len(template_told(text).encode()) <= 50_000
    template_told(text, html=True)


# --- chance -------------------------------------------------------------------------------------

WORDS = [
    *FUNCTIONS,
    *("Services", "Products", "Materials", "Customer", "Vehicle", "Name", "TotalMoney", "State"),
    *("CustomerTotal", "Discount", "Phones", "DateTimeIn", "item", "null", "true", "0", "1"),
    *("'а'", '""', "+", "-", "*", "/", "%", "**", "==", "!=", "<", ">=", "and", "or", "not"),
    *("in", "2.5", "if", "else", "(", ")", "[", "]", ",", ".", "\n", " ", "for", ":", "#"),
    *("lambda", "__class__"),
]
MARKUP = [
    *WORDS,
    *("{{", "}}", "{%", "%}", "{{ Number }}", "|", "(1..9)", "x", "=", "limit:", "reversed"),
    *sorted(TAGS),
    "{% for x in Services %}",
    "{% endfor %}",
    "{% if ",
    "{% endif %}",
    "{% calc x = ",
]
often = settings(max_examples=1_500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@often
@given(st.text(max_size=200))
def test_any_text_as_a_formula(text: str) -> None:
    told(text)


@often
@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_words_of_formulas_in_any_order(text: str) -> None:
    told(text)


@often
@given(st.text(alphabet=string.printable + "{}%|", max_size=300))
def test_any_text_as_a_template(text: str) -> None:
    template_told(text)
    template_told("{{ " + text + " }}")
    template_told("{% " + text + " %}")


@often
@given(st.lists(st.sampled_from(MARKUP), max_size=40).map(" ".join))
def test_words_of_templates_in_any_order(text: str) -> None:
    template_told(text, html=True)


@often
@given(
    st.recursive(
        st.sampled_from(["TotalMoney", "Discount", "Number", "Services", "1", "null", "'x'", "0"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "%", "==", "<", "and"]), inner)
            .map(lambda parts: f"({' '.join(parts)})"),
            st.tuples(st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, max_size=3))
            .map(lambda call: f"{call[0]}({', '.join(call[1])})"),
            st.tuples(inner, inner, inner).map(lambda p: f"({p[0]} if {p[1]} else {p[2]})"),
            inner.map(lambda part: f"{part}[0]"),
            inner.map(lambda part: f"sum(Services, {part})"),
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_well_formed_formulas_of_any_kind(text: str) -> None:
    told(text)
