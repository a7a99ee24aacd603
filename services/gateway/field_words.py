"""What is wrong with a field, in two languages: as the validator says it, whose words are English,
and as the gateway and its pages say it themselves. The journal keeps what was said in English; it
is found again here for whoever reads Russian."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic_core._pydantic_core import list_all_errors

from shared.filled import filled_with

_OTHERWISE = "недопустимое значение"
"""Of an error of the validator that has no words here."""
# By the types of its errors.
_OF_VALIDATOR = {
    "missing": "обязательное поле",
    "extra_forbidden": "такого поля нет",
    "none_required": "здесь может быть только null",
    "string_type": "должна быть строка",
    "string_too_short": "не короче {min_length} символов",
    "string_too_long": "не длиннее {max_length} символов",
    "string_pattern_mismatch": "недопустимые символы или вид",
    "uuid_type": "должен быть идентификатор UUID",
    "uuid_parsing": "должен быть идентификатор UUID",
    "uuid_version": "должен быть идентификатор UUID",
    "int_type": "должно быть целое число",
    "int_parsing": "должно быть целое число",
    "int_parsing_size": "слишком большое число",
    "int_from_float": "должно быть целое число",
    "bool_type": "должно быть true или false",
    "bool_parsing": "должно быть true или false",
    "decimal_type": "должно быть десятичное число",
    "decimal_parsing": "должно быть десятичное число",
    "decimal_max_digits": "не больше {max_digits} цифр",
    "decimal_max_places": "не больше {decimal_places} знаков после запятой",
    "decimal_whole_digits": "не больше {whole_digits} цифр до запятой",
    "finite_number": "должно быть конечное число",
    "greater_than": "должно быть больше {gt}",
    "greater_than_equal": "должно быть не меньше {ge}",
    "less_than": "должно быть меньше {lt}",
    "less_than_equal": "должно быть не больше {le}",
    "literal_error": "должно быть одно из: {expected}",
    "datetime_type": "должны быть дата и время RFC 3339",
    "datetime_parsing": "должны быть дата и время RFC 3339",
    "datetime_from_date_parsing": "должны быть дата и время RFC 3339",
    "date_type": "должна быть дата",
    "date_parsing": "должна быть дата ГГГГ-ММ-ДД",
    "date_from_datetime_parsing": "должна быть дата ГГГГ-ММ-ДД",
    "date_from_datetime_inexact": "должна быть дата без времени",
    "timezone_aware": "нужен часовой пояс",
    "tuple_type": "должен быть список",
    "too_short": "не меньше {min_length} элементов",
    "too_long": "не больше {max_length} элементов",
    "model_type": "должен быть объект",
    "model_attributes_type": "должен быть объект",
    "dict_type": "должен быть объект",
}
OWN = {
    # of requests
    "not_json": ("It is not valid JSON", "это не JSON"),
    "not_an_object": ("It should be a JSON object", "должен быть объект JSON"),
    "not_a_form": ("It is not a form", "это не форма"),
    "form_broken": ("The form is broken: {why}", "форма составлена неверно: {why}"),
    "form_without_boundary": ("The form has no boundary", "у формы нет разделителя"),
    "too_many_fields": ("Too many fields", "слишком много полей"),
    "field_twice": ("A field is given twice", "поле указано дважды"),
    "field_and_group": ("It is both a field and a group", "поле и группа сразу"),
    "not_a_revision": (
        'Input should be a revision as ETag gave it: "3"',
        'должна быть версия, какой её дал ETag: "3"',
    ),
    "not_one_of": ("Input should be one of {names}", "должно быть одно из: {names}"),
    "not_an_id": ("Input should be an id", "должен быть id"),
    "not_an_instant": (
        "Input should be an RFC 3339 instant or a date",
        "должен быть момент по RFC 3339 или дата",
    ),
    # of amounts and times as people type them
    "not_an_amount": ("It is not an amount", "это не сумма"),
    "amount_beyond": ("At most {most}", "не больше {most}"),
    "not_kopecks": ("No more than 2 decimal places", "не больше 2 знаков после запятой"),
    "not_a_moment": ("It is not a date and time", "это не дата и время"),
    "not_a_date": ("It is not a date", "это не дата"),
    "date_too_far": ("It is too far away", "слишком далеко"),
    # of what a page wants to know
    "nobody_ticked": ("Nobody is ticked", "никто не отмечен"),
    "nothing_paid": ("Say how much is paid, and how", "укажите, сколько платят и чем"),
    "shared_with_nobody": ("Say with whom the work is shared", "укажите, с кем делят работу"),
    "shares_wrong": (
        "The shares leave something to everybody, and come to 100",
        "доли у каждого больше нуля, вместе — 100",
    ),
    "hours_half": ("Say both when it opens and when it closes", "укажите и начало, и конец"),
    "hours_without_choice": (
        "Hours were typed, but the station's are chosen: choose a week of their own",
        "часы введены, но выбраны часы станции: выберите свой график",
    ),
    "owner_missing": ("choose the new owner", "выберите нового владельца"),
    "client_missing": ("choose a client, or a new one", "выберите клиента или нового"),
    "not_the_name": ("this is not the name", "это не то имя"),
    "not_the_same_password": (
        "It is not the same as the new password",
        "не совпадает с новым паролем",
    ),
    "cells_empty": ("Nothing lies in such cells", "в таких ячейках ничего нет"),
    "nothing_named": ("Say what it is about", "укажите хотя бы один товар"),
    "nothing_counted": ("Say how many of something", "укажите хотя бы одно количество"),
    "products_several": (
        "Several products are called so: {text}",
        "так называются несколько товаров: {text}",
    ),
    "product_unknown": ("No such product: {text}", "нет такого товара: {text}"),
}

_GAP = re.compile(r"{\w+}")


def of_validator(kind: str, about: Mapping[str, Any]) -> str:
    """In Russian, an error of that type. ``about``: what it says it with."""
    return _OF_VALIDATOR.get(kind, _OTHERWISE).format_map(about)


def own(code: str, **about: Any) -> tuple[str, str]:
    """In English and in Russian, what the gateway says itself."""
    english, russian = OWN[code]
    return english.format(**about), russian.format(**about)


def as_told(errors: str, language: str) -> list[tuple[str, str]]:
    """Fields and what is wrong with them, of a list as the journal keeps it; in English too what
    nobody here has said."""
    told = (item.partition(": ") for item in errors.split("; "))
    return [
        (field, _in_russian(message) if language == "ru" else message) for field, _, message in told
    ]


def _in_russian(message: str) -> str:
    for english, russian in _said():
        if (gaps := filled_with(english, message)) is not None:
            return russian.format_map(gaps)
    return message


@cache
def _said() -> list[tuple[str, str]]:
    """Whatever is said in English, and its Russian: what says most first, since some of what the
    validator says could be nearly anything."""
    said = [*OWN.values()]
    for about in list_all_errors():
        russian = _OF_VALIDATOR.get(about["type"], _OTHERWISE)
        said.append((about["message_template_python"], russian))
    said.sort(key=lambda pair: (-len(_GAP.sub("", pair[0])), pair[1] == _OTHERWISE))
    return said
