"""Every no, as HTTP says it: RFC 9457 problem details with a stable code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pydantic_core
from pydantic import ValidationError
from starlette.responses import Response

from services.gateway import field_words
from services.gateway.field_words import of_validator
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


def unreadable(code: str, **about: Any) -> RequestInvalid:
    """The body cannot even be read. ``code``: of ``field_words``, as below."""
    return RequestInvalid([FieldError("body", *field_words.own(code, **about))], status=400)


def field_invalid(field: str, code: str, **about: Any) -> RequestInvalid:
    return RequestInvalid([FieldError(field, *field_words.own(code, **about))])


def unknown_fields(fields: Sequence[str]) -> RequestInvalid:
    words = "Extra inputs are not permitted", of_validator("extra_forbidden", {})
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
    russian = of_validator(item["type"], item.get("ctx", {}))
    return FieldError(_printable(field), item["msg"], russian)


def _printable(field: str) -> str:
    """An unknown field's name is whatever the sender liked."""
    return "".join(sign if sign.isprintable() else "?" for sign in field[:MAX_FIELD_CHARS])
