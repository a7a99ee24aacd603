"""Templates: the same names, functions and masking, in Liquid; mistakes found before rendering."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from shared.formulas import ORDER_MODEL, SAMPLE, Extra, FormulaError, compile_template
from tests.formulas.trying import rendered, template_refused

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Заказ {{ Number }} готов", "Заказ А-000123 готов"),
        ("{{ TotalMoney | money }}", f"12{NBSP}536,00{NBSP}₽"),
        ("{{ TotalMoney | times: 0.05 }}", "626,80"),
        ("{{ TotalMoney | times: 0.1 | round: 0 | plus: 1 }}", "1255,00"),
        ("{{ 0.1 | plus: 0.2 }}", "0,3"),
        ("{{ 10 | divided_by: 4 }} {{ 7 | modulo: 3 }} {{ 1 | minus: 2 }}", "2,5 1 -1"),
        ("{{ Number | plus: '/1' }}", "А-000123/1"),
        ("{{ Driver.Phones.first }} {{ Customer.Phones.last }}", "+79035550506 +74955550304"),
        ("{{ Services.size }} {{ Number.size }}", "3 8"),
        ("{{ Services[0].Materials[1].Product.Name }}", "Ветошь"),
        ("{{ Services[9].Name }}-{{ Driver.Email }}-", "--"),
        ("{{ Services | sum: 'CustomerTotal' }}", "3936,00"),
        ("{{ Services | count: 'Discount > 0' }}", "2"),
        ("{{ Products | join: 'Product.OEM', ' / ' }}", "154FAA / P85020"),
        ("{{ Customer.Phones | join: '; ' }}", "+79165550102; +74955550304"),
        ("{% assign big = Services | filter: 'CustomerTotal > 1000' %}{{ big.size }}", "2"),
        ("{% assign it = Services | first %}{{ it.Name }}", "Замена масла и масляного фильтра"),
        ("{{ Paid | max: 10000 }}", "10000"),
        ("{{ DateTimeIn | date: 'd MMMM y' }}", "5 марта 2026"),
        ("{{ Driver.Email | coalesce: 'нет' }}", "нет"),
        ("{% if State == 'done' %}да{% else %}нет{% endif %}", "да"),
        ("{% if Due > 0.5 and Driver %}да{% endif %}", "да"),
        ("{% if Driver.Email %}да{% elsif Paid == 5000 %}иначе{% endif %}", "иначе"),
        ("{% unless Driver.Email %}нет{% endunless %}", "нет"),
        ("{% if CustomerReason contains 'стук' %}да{% endif %}", "да"),
        ("{% case State %}{% when 'new' %}1{% when 'done' %}2{% else %}3{% endcase %}", "2"),
        ("{% for p in Customer.Phones %}{{ forloop.index }}{% endfor %}", "12"),
        ("{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "321"),
        ("{% for l in Services limit: 1 offset: 1 %}{{ l.Quantity }}{% endfor %}", "3"),
        ("{% for m in DeclinedServices[0].Materials %}{% else %}пусто{% endfor %}", "пусто"),
        ("{% for l in Services %}{% if forloop.last %}{{ l.Name.size }}{% endif %}{% endfor %}",
         "33"),
        ("{% for l in Services %}{% break %}{% endfor %}x", "x"),
        ("{% for a in (1..2) %}{% for b in (1..2) %}{{ forloop.parentloop.index }}{% endfor %}"
         "{% endfor %}", "1122"),
        ("{% capture who %}{{ Customer.LastName }}!{% endcapture %}{{ who | upper }}", "СМИРНОВА!"),
        ("{% calc bonus = TotalMoney * 0.05 %}{{ bonus | round: 0 }}", "627,00"),
        ("{% calc same = TotalMoney == Paid + Due %}{{ same }}", "да"),
        ("{% for l in Services %}{% calc x = l.CustomerTotal * forloop.index %}{{ x }} "
         "{% endfor %}",
         "1496,00 680,00 6300,00 "),
        ("{% assign who = Payer %}{% calc name = who.Name %}{{ name }}", "ООО «Альфа-Логистик»"),
        ("{% calc big = filter(Services, CustomerTotal > 1000) %}"
         "{% for l in big %}{{ l.Quantity }}{% endfor %}", "11"),
        ("{% calc итог =\n  TotalMoney -\n  Paid %}{{ итог }}", "7536,00"),
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
        ("{{- Number -}}  x", "А-000123x"),
        ("{% raw %}{{ x }}{% endraw %}{% comment %}{{ y }}{% endcomment %}{% # z %}!", "{{ x }}!"),
        ("{{ Services }}", "Замена масла и масляного фильтра, Затяжка колёсных гаек, "
         "Замена передних тормозных колодок"),
        ("{{ null }}{{ true }} { { } } 100%", "да { { } } 100%"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_template_comes_to(text: str, expected: str) -> None:
    assert rendered(text) == expected


def test_a_page_escapes_every_value_but_not_the_authors_own_words() -> None:
    order = SAMPLE.model_copy(update={"comment": '<script>alert("1")</script>'})
    text = '<b class="x">{{ Comment }}</b>{% calc c = Comment %}{{ c | upper }}'
    assert rendered(text, order=order, html=True) == (
        '<b class="x">&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;</b>'
        "&lt;SCRIPT&gt;ALERT(&#34;1&#34;)&lt;/SCRIPT&gt;"
    )
    captured = "{% capture c %}<i>{{ Comment }}</i>{% endcapture %}{{ c }}"
    assert rendered(captured, order=order, html=True).startswith("<i>&lt;script&gt;")
    assert rendered("{{ Comment }}", order=order) == order.comment


def test_only_who_renders_can_put_markup_into_a_page() -> None:
    model = ORDER_MODEL.extended(
        {"Picture": Extra(type="text", ru="Картинка", en="Picture", sample="")}
    )
    text = "{{ Picture }}"
    ours = {"Picture": Markup("<img>")}
    assert rendered(text, model=model, extra=ours, html=True) == "<img>"
    theirs = {"Picture": "<img>"}
    assert rendered(text, model=model, extra=theirs, html=True) == "&lt;img&gt;"


@pytest.mark.parametrize(
    ("text", "code", "line", "column", "name", "nearest"),
    [
        ("{{ Custmer.Name }}", "unknown_name", 1, 4, "Custmer", "Customer"),
        ("a\n  {{ Customer.Nme }}", "unknown_field", 2, 15, "Nme", "Name"),
        ("{% for line in Services %}{{ line.CustomerTotl }}{% endfor %}",
         "unknown_field", 1, 35, "CustomerTotl", "CustomerTotal"),
        ("{% for line in Services %}\n{% for part in line.Materials %}{{ part.Product.Oem }}"
         "{% endfor %}{% endfor %}", "unknown_field", 2, 49, "Oem", "OEM"),
        ("{% for line in Servces %}{% endfor %}", "unknown_name", 1, 16, "Servces", "Services"),
        ("{% for line in Services %}{% endfor %}{{ line.Name }}", "unknown_name", 1, 42, "line",
         None),
        ("{{ forloop.index }}", "unknown_name", 1, 4, "forloop", None),
        ("{% for l in Services %}{{ forloop.indx }}{% endfor %}",
         "unknown_field", 1, 35, "indx", "index"),
        ("{% if Stat == 'done' %}{% endif %}", "unknown_name", 1, 7, "Stat", "State"),
        ("{% if true %}{% elsif Pad > 0 %}{% endif %}", "unknown_name", 1, 23, "Pad", "Paid"),
        ("{% case Stat %}{% when 1 %}{% endcase %}", "unknown_name", 1, 9, "Stat", "State"),
        ("{% case State %}{% when Numbr %}{% endcase %}", "unknown_name", 1, 25, "Numbr", "Number"),
        ("{% assign x = Customer %}{{ x.Nme }}", "unknown_field", 1, 31, "Nme", "Name"),
        ("{{ Number | plus: Pad }}", "unknown_name", 1, 19, "Pad", "Paid"),
        ("{{ Number | uper }}", "unknown_function", 1, 13, "uper", "upper"),
        ("{{ Number | upper: 1 }}", "wrong_arguments", 1, 13, "upper(s)", None),
        ("{{ Services | sum: 'CustomrTotal' }}", "unknown_name", 1, 21, "CustomrTotal",
         "CustomerTotal"),
        ("{{ Services | sum: Paid }}", "text_expected", 1, 15, None, None),
        ("{{ Number | sum: 'x' }}", "list_expected", 1, 13, None, None),
        ("{{ Services.Name }}", "list_has_no_fields", 1, 13, "Name", None),
        ("{{ Number.Name }}", "value_has_no_fields", 1, 11, "Name", None),
        ("{% for x in Customer %}{% endfor %}", "list_expected", 1, 13, None, None),
        ("{% calc x = TotalMony %}", "unknown_name", 1, 13, "TotalMony", "TotalMoney"),
        ("{% calc x =\n  1 +\n  TotalMony %}", "unknown_name", 3, 3, "TotalMony", "TotalMoney"),
        ("{% calc x = %}", "calc_syntax", 1, 4, None, None),
        ("{% calc x == 1 %}", "calc_syntax", 1, 4, None, None),
        ("{% calc x = 2 ** 3 %}", "not_allowed", 1, 13, "**", None),
        ("x\n{% calc x = 1 / (Paid - Paid) %}", "division_by_zero", 2, 13, None, None),
        ("{{ Paid | divided_by: 0 }}", "division_by_zero", 1, 11, None, None),
        ("{{ Number | times: 2 }}", "number_expected", 1, 13, None, None),
        ("{% if Number > 1 %}{% endif %}", "not_comparable", 1, 14, None, None),
        ("{{ Number", "not_closed", 1, 1, "{{", None),
        ("{% if true %}", "template_syntax", 1, 1, None, None),
        ("{% raw %}", "not_closed", 1, 1, "raw", None),
        ("{% fr x %}", "unknown_tag", 1, 4, "fr", "for"),
        ("{% include 'a' %}", "unknown_tag", 1, 4, "include", None),
        ("{{ }}", "template_syntax", 1, 1, None, None),
        ("{% %}", "template_syntax", 1, 4, None, None),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(
    text: str, code: str, line: int, column: int, name: str | None, nearest: str | None
) -> None:
    error = template_refused(text)
    assert (error.code, error.line, error.column, error.name, error.nearest) == (
        code,
        line,
        column,
        name,
        nearest,
    )


def test_a_name_that_does_not_exist_is_found_even_where_nothing_is_rendered() -> None:
    for text in (
        "{% if false %}{{ Custmer }}{% endif %}",
        "{% for m in DeclinedServices[0].Materials %}{{ m.Nme }}{% endfor %}",
        "{% capture x %}{{ Custmer }}{% endcapture %}",
    ):
        with pytest.raises(FormulaError):
            compile_template(text)


def test_a_template_is_understood_once_and_rendered_for_everyone() -> None:
    template = compile_template("{{ Margin }}|{{ Materials.size }}|{{ State }}")
    said = [
        template.render(SAMPLE, viewer=viewer, at=SAMPLE.created_at, language=language)
        for viewer, language in (("owner", "ru"), ("technician", "en"), ("client", "ru"))
    ]
    assert said == ["2807,02|3|Выполнен", "|3|Done", "|0|Выполнен"]
