"""``/docs/formulas``: everything that a formula can say, readable in a browser, with or without
JavaScript, in Russian and English.

Whoever is signed in sees an order's values, as his role sees them; everybody else the committed
reference, whose order is a made-up one.
"""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from services.gateway.call import Call
from services.gateway.docs_pages import POLICY, page
from services.gateway.pages.assets import STATIC_URL
from shared.contracts.base import Page, Question
from shared.contracts.formulas import (
    FormulaField,
    FormulaFunction,
    FormulaObject,
    FormulaReference,
    GetFormulaReference,
    Language,
)
from shared.contracts.orders import FindOrders, OrderSummary
from shared.nobody import in_language
from shared.refusals import Refused

REFERENCE = Path(__file__).parents[2] / "docs" / "formulas.json"
_POLICY = POLICY.replace("form-action 'none'", "form-action 'self'")
MAX_NUMBER_CHARS = 40
FOUND_AT_MOST = 20

type Words = dict[str, str]


async def formulas_page(request: Request) -> Response:
    """``?lang=ru|en&order=NUMBER``; the language is otherwise what the browser prefers."""
    call = Call.of(request.scope)
    call.found("/docs/formulas", {})
    said = request.query_params.get("lang", "")
    language: Language = "ru" if (said or call.language) == "ru" else "en"
    number = request.query_params.get("order", "").strip()[:MAX_NUMBER_CHARS]
    reference, notice = await _reference(call, number, language)
    words = _WORDS[language]
    response = page(
        words["title"],
        _content(reference, notice, number, words),
        language=language,
        styles=(f"{STATIC_URL}/docs/formulas.css",),
        scripts=(f"{STATIC_URL}/docs/formulas.js",),
        policy=_POLICY,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept-Language, Cookie"
    return response


async def _reference(call: Call, number: str, language: Language) -> tuple[FormulaReference, str]:
    """What is shown, and what has to be said about it."""
    words = _WORDS[language]
    try:
        await call.allowed(GetFormulaReference)
    except Refused:
        return _committed(language), words["sign_in"]
    try:
        order_id = await _order(call, number) if number else None
        question = GetFormulaReference(order_id=order_id, language=language)
        reply = in_language(await _asked(call, question), language)
        reference = FormulaReference.model_validate_json(reply)
    except Refused as refusal:
        return _committed(language), refusal.words(language)
    notice = words["not_found"].format(number=number) if number and order_id is None else ""
    return reference, notice


async def _order(call: Call, number: str) -> UUID | None:
    """The order of that number, whatever the case of its letters."""
    found = Page[OrderSummary].model_validate_json(
        await _asked(call, FindOrders(q=number, limit=FOUND_AT_MOST))
    )
    wanted = number.casefold()
    return next((item.id for item in found.items if item.number.casefold() == wanted), None)


async def _asked(call: Call, question: Question[Any]) -> bytes:
    await call.allowed(type(question))
    return await call.send(question.subject, question.model_dump_json().encode())


@cache
def _committed(language: Language) -> FormulaReference:
    return FormulaReference.model_validate(json.loads(REFERENCE.read_bytes())[language])


# --- HTML ---------------------------------------------------------------------------------------


def _content(reference: FormulaReference, notice: str, number: str, words: Words) -> str:
    whose = "of_order" if reference.order_id else "of_sample"
    return "".join(
        (
            f'<div class="formulas"><header><h1>{words["title"]}</h1>',
            _languages(reference.language, number),
            f'<p class="lead">{words["lead"]}</p></header>',
            f'<p class="notice" role="status">{escape(notice)}</p>' if notice else "",
            _sign_in(words) if notice == words["sign_in"] else "",
            _chooser(reference.language, number, words),
            f"<p>{words[whose].format(number=escape(reference.order_number))}</p>",
            _trial(reference, words),
            _contents(reference, words),
            *(_object(item, words) for item in reference.objects),
            _functions(reference.functions, words),
            f'<p class="nothing" hidden>{words["nothing"]}</p></div>',
        )
    )


def _languages(language: Language, number: str) -> str:
    links = []
    for code, name in (("ru", "Русский"), ("en", "English")):
        query = urlencode({"lang": code, **({"order": number} if number else {})})
        current = ' aria-current="true"' if code == language else ""
        links.append(f'<a href="?{escape(query)}" lang="{code}"{current}>{name}</a>')
    return f'<p class="languages">{" ".join(links)}</p>'


def _chooser(language: Language, number: str, words: Words) -> str:
    return (
        '<form class="chooser" method="get" action="/docs/formulas">'
        f'<input type="hidden" name="lang" value="{language}">'
        f'<label>{words["order"]} <input name="order" value="{escape(number)}" '
        f'maxlength="{MAX_NUMBER_CHARS}" placeholder="A-000123" autocomplete="off"></label> '
        f"<button>{words['show']}</button></form>"
        f'<label class="search" hidden>{words["search"]} <input type="search" id="search"></label>'
    )


def _sign_in(words: Words) -> str:
    """Only with JavaScript: the script shows it, and takes the session's cookie."""
    return (
        f'<form class="sign-in" data-failed="{words["failed"]}" hidden>'
        f'<label>{words["login"]} <input name="login" autocomplete="username" required></label> '
        f'<label>{words["password"]} <input name="password" type="password" '
        f'autocomplete="current-password" required></label> '
        f"<button>{words['enter']}</button> <output></output></form>"
    )


def _trial(reference: FormulaReference, words: Words) -> str:
    """Only with JavaScript: the script shows it."""
    return (
        f'<form class="trial" data-language="{reference.language}" '
        f'data-order="{reference.order_id or ""}" data-failed="{words["failed"]}" hidden>'
        f'<label for="trial">{words["try"]}</label>'
        '<textarea id="trial" rows="2" spellcheck="false">sum(Services, CustomerTotal)</textarea>'
        f'<p><label><input type="radio" name="kind" value="formula" checked> {words["formula"]}'
        f'</label> <label><input type="radio" name="kind" value="template"> {words["template"]}'
        f"</label> <button>{words['compute']}</button></p>"
        '<output for="trial"></output></form>'
    )


def _contents(reference: FormulaReference, words: Words) -> str:
    links = [f'<a href="#{item.name}">{escape(item.label)}</a>' for item in reference.objects]
    links.append(f'<a href="#functions">{words["functions"]}</a>')
    return f'<nav class="contents" aria-label="{words["contents"]}">{" ".join(links)}</nav>'


def _object(item: FormulaObject, words: Words) -> str:
    places = ", ".join(f"<code>{escape(place)}</code>" for place in item.places)
    where = f'<p class="places">{words["places"]}: {places}</p>' if places else ""
    heads = (words["name"], words["meaning"], words["kind"], words["hidden"], words["value"])
    rows = "".join(_field(field, heads, words) for field in item.fields)
    return (
        f'<section id="{item.name}"><h2>{escape(item.label)} <code>{item.name}</code></h2>{where}'
        f'<table class="fields">{_head(heads)}<tbody>{rows}</tbody></table></section>'
    )


def _field(field: FormulaField, heads: tuple[str, ...], words: Words) -> str:
    names = "".join(f" <code>{escape(alias)}</code>" for alias in field.aliases)
    also = f'<span class="also">{words["also"]}{names}</span>' if names else ""
    if field.is_hidden:
        value = f'<span class="quiet">{words["is_hidden"]}</span>'
    else:
        value = escape(field.value or "—")
    cells = (
        f"<code>{escape(field.name)}</code>{also}",
        escape(field.label),
        _kind(field, words),
        escape(field.hidden_from or ""),
        value,
    )
    return _row(heads, cells)


def _kind(field: FormulaField, words: Words) -> str:
    """``list PartLine``, with a link to what is in it; of plain values, the word."""
    kind = words[f"kind_{field.kind}"]
    if field.of is None:
        return kind
    plain = words.get(f"kind_{field.of}")
    return f"{kind}: {plain}" if plain else f'{kind} <a href="#{field.of}">{field.of}</a>'


def _functions(functions: tuple[FormulaFunction, ...], words: Words) -> str:
    heads = (words["function"], words["meaning"], words["example"], words["result"])
    rows = "".join(
        _row(
            heads,
            (
                f"<code>{escape(item.signature)}</code>"
                + (f'<span class="also">{words["only_filter"]}</span>' if item.only_filter else ""),
                escape(item.label),
                f"<code>{escape(item.example)}</code>",
                escape(item.value or "—"),
            ),
        )
        for item in functions
    )
    return (
        f'<section id="functions"><h2>{words["functions"]}</h2>'
        f"<p>{words['filters']}</p><table>{_head(heads)}<tbody>{rows}</tbody></table></section>"
    )


def _head(heads: tuple[str, ...]) -> str:
    return f"<thead><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr></thead>"


def _row(heads: tuple[str, ...], cells: tuple[str, ...]) -> str:
    """On a phone a row is a card, and each cell says what it is."""
    inside = "".join(
        f'<td data-head="{escape(head)}">{cell}</td>'
        for head, cell in zip(heads, cells, strict=True)
    )
    return f"<tr>{inside}</tr>"


_WORDS: dict[str, Words] = {
    "ru": {
        "title": "Формулы и шаблоны",
        "lead": "Любое имя из таблиц можно написать в формуле "
        "(<code>TotalMoney * 0.05</code>) и в шаблоне "
        "(<code>{{ Customer.Name }}</code>, "
        "<code>{% calc бонус = TotalMoney * 0.05 %}</code>). Чего нет, то пусто: "
        "<code>Driver.Name</code> без водителя ничего не печатает и ничего не ломает.",
        "sign_in": "Войдите в систему, чтобы увидеть значения своего заказ-наряда.",
        "login": "Имя",
        "password": "Пароль",
        "enter": "Войти",
        "not_found": "Заказ-наряд {number} не найден: показан образец.",
        "of_sample": "Значения — для образца, заказ-наряда {number}.",
        "of_order": "Значения — для заказ-наряда {number}, как их видит ваша должность.",
        "order": "Номер заказ-наряда",
        "show": "Показать",
        "search": "Поиск",
        "try": "Попробовать",
        "formula": "формула",
        "template": "шаблон",
        "compute": "Вычислить",
        "failed": "Не получилось",
        "contents": "Содержание",
        "places": "Где есть",
        "name": "Имя",
        "also": "или",
        "meaning": "Что это",
        "kind": "Вид",
        "hidden": "Кто не видит",
        "value": "Значение",
        "is_hidden": "скрыто от вас",
        "function": "Функция",
        "functions": "Функции",
        "filters": "В шаблоне та же функция пишется после черты: "
        "<code>{{ TotalMoney | money }}</code>, "
        "<code>{{ DateTimeIn | date: \"dd.MM.yyyy\" }}</code>, "
        "<code>{{ Services | sum: \"CustomerTotal\" }}</code>.",
        "example": "Пример",
        "result": "Результат",
        "only_filter": "только в шаблонах",
        "nothing": "Ничего не нашлось.",
        "kind_number": "число",
        "kind_money": "деньги",
        "kind_text": "текст",
        "kind_date": "дата",
        "kind_condition": "да или нет",
        "kind_object": "объект",
        "kind_list": "список",
    },
    "en": {
        "title": "Formulas and templates",
        "lead": "Any name of the tables can be said in a formula "
        "(<code>TotalMoney * 0.05</code>) and in a template "
        "(<code>{{ Customer.Name }}</code>, "
        "<code>{% calc bonus = TotalMoney * 0.05 %}</code>). What is not there is empty: "
        "<code>Driver.Name</code> without a driver prints nothing and breaks nothing.",
        "sign_in": "Sign in to see the values of an order of yours.",
        "login": "Login",
        "password": "Password",
        "enter": "Sign in",
        "not_found": "There is no order {number}: the sample is shown.",
        "of_sample": "The values are those of a sample, order {number}.",
        "of_order": "The values are those of order {number}, as your role sees them.",
        "order": "Order number",
        "show": "Show",
        "search": "Search",
        "try": "Try it",
        "formula": "formula",
        "template": "template",
        "compute": "Compute",
        "failed": "That did not work",
        "contents": "Contents",
        "places": "Found at",
        "name": "Name",
        "also": "or",
        "meaning": "What it is",
        "kind": "Kind",
        "hidden": "Hidden from",
        "value": "Value",
        "is_hidden": "hidden from you",
        "function": "Function",
        "functions": "Functions",
        "filters": "In a template the same function stands after a bar: "
        "<code>{{ TotalMoney | money }}</code>, "
        "<code>{{ DateTimeIn | date: \"dd.MM.yyyy\" }}</code>, "
        "<code>{{ Services | sum: \"CustomerTotal\" }}</code>.",
        "example": "Example",
        "result": "Result",
        "only_filter": "in templates only",
        "nothing": "Nothing found.",
        "kind_number": "number",
        "kind_money": "money",
        "kind_text": "text",
        "kind_date": "date",
        "kind_condition": "yes or no",
        "kind_object": "object",
        "kind_list": "list",
    },
}  # fmt: skip
