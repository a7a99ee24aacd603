"""Every no, as HTTP says it: RFC 9457 problem details with a stable code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pydantic_core
from pydantic import ValidationError
from pydantic_core._pydantic_core import list_all_errors
from starlette.responses import Response

from shared.refusals import Kind, Refused

MEDIA_TYPE = "application/problem+json"
MAX_ERRORS = 20
MAX_FIELD_CHARS = 100
RETRY_AFTER_S = 2
"""When a service that does not answer may be asked again."""

_STATUS_OF_KIND = {
    Kind.INVALID: 422,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.PRECONDITION: 412,
    Kind.UNAVAILABLE: 503,
    Kind.INTERNAL: 500,
}
# Where HTTP has a more exact word than the kind.
_STATUS_OF_CODE = {
    "idempotency_key_missing": 400,
    "idempotency_key_invalid": 400,
    "sign_in_required": 401,
    "sign_in_failed": 401,
    "totp_required": 401,
    "totp_invalid": 401,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "request_unreadable": 400,
    "body_too_slow": 408,
    "body_too_large": 413,
    "content_type_unsupported": 415,
    "head_too_large": 431,
    "sign_in_throttled": 429,
    "link_throttled": 429,
    "too_many_screens": 429,
}
_TITLES = {
    400: ("Bad request", "Неверный запрос"),
    401: ("Sign-in needed", "Нужен вход"),
    403: ("Forbidden", "Запрещено"),
    404: ("Not found", "Не найдено"),
    405: ("Method not allowed", "Метод не поддерживается"),
    406: ("Not acceptable", "Такого представления нет"),
    408: ("Request too slow", "Запрос идёт слишком долго"),
    409: ("Conflict", "Противоречит состоянию"),
    412: ("Changed meanwhile", "Данные изменились"),
    413: ("Body too large", "Слишком большое тело"),
    415: ("Unsupported media type", "Неподдерживаемый тип данных"),
    422: ("Invalid request", "Недопустимые данные"),
    429: ("Too many attempts", "Слишком много попыток"),
    431: ("Headers too large", "Слишком большие заголовки"),
    500: ("Internal error", "Внутренняя ошибка"),
    503: ("Unavailable for now", "Временно недоступно"),
}
STATUSES = tuple(_TITLES)


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; never what was sent, for that may be a secret."""

    field: str
    message_en: str
    message_ru: str

    def message(self, language: str) -> str:
        return self.message_ru if language == "ru" else self.message_en


class RequestInvalid(Refused):
    """The request itself is wrong, field by field. ``status`` is 400 for what cannot be read."""

    def __init__(self, errors: Sequence[FieldError], status: int = 422) -> None:
        super().__init__("request_invalid")
        self.errors = tuple(errors[:MAX_ERRORS])
        self.status = status

    def words(self, language: str = "en") -> str:
        said = "; ".join(f"{error.field}: {error.message(language)}" for error in self.errors)
        template = self.reason.ru if language == "ru" else self.reason.en
        return template.format(errors=said)


def unreadable(message_en: str, message_ru: str) -> RequestInvalid:
    """The body cannot even be read."""
    return RequestInvalid([FieldError("body", message_en, message_ru)], status=400)


def field_invalid(field: str, message_en: str, message_ru: str) -> RequestInvalid:
    return RequestInvalid([FieldError(field, message_en, message_ru)])


def unknown_fields(fields: Sequence[str]) -> RequestInvalid:
    words = "Extra inputs are not permitted", _RUSSIAN["extra_forbidden"]
    return RequestInvalid([FieldError(_printable(field), *words) for field in fields])


def invalid(error: ValidationError, names: Mapping[str, str]) -> RequestInvalid:
    """A model's errors; ``names`` gives the HTTP names of fields that are called otherwise."""
    items = error.errors(include_url=False, include_input=False)
    within = {item["loc"][:depth] for item in items for depth in range(len(item["loc"]))}
    # A list whose items are wrong is also called too short; that would only mislead.
    return RequestInvalid(
        [_field_error(item, names) for item in items if item["loc"] not in within]
    )


def status_of(refusal: Refused) -> int:
    if isinstance(refusal, RequestInvalid):
        return refusal.status
    return _STATUS_OF_CODE.get(refusal.code) or _STATUS_OF_KIND[refusal.reason.kind]


def problem(refusal: Refused, *, path: str, correlation_id: UUID, language: str) -> Response:
    """The answer that a refusal comes to."""
    status = status_of(refusal)
    body: dict[str, Any] = {
        "type": f"urn:pitlane:problem:{refusal.code}",
        "title": _TITLES[status][language == "ru"],
        "status": status,
        "detail": refusal.words(language),
        "code": refusal.code,
        "instance": quote(path),
        "correlation_id": correlation_id,
    }
    if errors := errors_of(refusal, language):
        body["errors"] = errors
    elif refusal.params:
        body["params"] = refusal.params
    return Response(
        pydantic_core.to_json(body),
        status,
        {"Content-Language": language, **headers_of(refusal, status)},
        MEDIA_TYPE,
    )


def headers_of(refusal: Refused, status: int) -> dict[str, str]:
    """What HTTP wants beside some statuses."""
    if status == 401:
        return {"WWW-Authenticate": 'Bearer realm="pitlane"'}
    if status == 405:
        return {"Allow": refusal.params["allowed"]}
    if status == 429:
        return {"Retry-After": refusal.params["seconds"]}
    if status == 503:
        return {"Retry-After": str(RETRY_AFTER_S)}
    return {}


def errors_of(refusal: Refused, language: str) -> list[dict[str, str]]:
    """Which fields are wrong, and how; nothing where it is not about fields."""
    if refusal.code != "request_invalid":
        return []
    if isinstance(refusal, RequestInvalid):
        return [
            {"field": error.field, "message": error.message(language)} for error in refusal.errors
        ]
    # A service's own list is words already: "field: what is wrong; field: …".
    said = (item.partition(": ") for item in refusal.params.get("errors", "").split("; "))
    return [{"field": field, "message": message} for field, _, message in said if message]


def _field_error(item: Any, names: Mapping[str, str]) -> FieldError:
    first, *rest = item["loc"] or ("body",)
    field = ".".join(map(str, [names.get(str(first), first), *rest]))
    russian = _RUSSIAN.get(item["type"], "недопустимое значение")
    return FieldError(_printable(field), item["msg"], russian.format_map(item.get("ctx", {})))


def as_told(errors: str) -> list[tuple[str, str]]:
    """Fields and what is wrong with them, of a list as the journal keeps it, in Russian; in English
    what the validator has not said."""
    told = (item.partition(": ") for item in errors.split("; "))
    return [(field, _in_russian(message)) for field, _, message in told]


def _in_russian(message: str) -> str:
    for kind, pattern in _patterns().items():
        if found := pattern.fullmatch(message):
            return _RUSSIAN[kind].format_map(found.groupdict())
    return message


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """The validator's English, by the types of its errors."""
    return {
        about["type"]: re.compile(
            re.sub(r"\\{(\w+)\\}", r"(?P<\1>.*)", re.escape(about["message_template_python"]))
        )
        for about in list_all_errors()
        if about["type"] in _RUSSIAN
    }


def _printable(field: str) -> str:
    """An unknown field's name is whatever the sender liked."""
    return "".join(sign if sign.isprintable() else "?" for sign in field[:MAX_FIELD_CHARS])


# The validator's own words are English; these say the same, by its error types.
_RUSSIAN = {
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
    "timezone_aware": "нужен часовой пояс",
    "tuple_type": "должен быть список",
    "too_short": "не меньше {min_length} элементов",
    "too_long": "не больше {max_length} элементов",
    "model_type": "должен быть объект",
    "model_attributes_type": "должен быть объект",
    "dict_type": "должен быть объект",
}
