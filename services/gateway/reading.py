"""From an HTTP request to the message that it stands for.

A message's fields are found where the route's pattern puts them: those that the path names in
the path, ``expected_revision`` in ``If-Match``, and the rest in the body of a command or in the
query of a question (in its body, where it has too much to ask). Nothing else is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from services.gateway.call import Call
from services.gateway.problems import field_invalid, invalid, unknown_fields
from shared.contracts.base import Message, Question
from shared.refusals import Refused

REVISION = "expected_revision"
PERIOD_ENDS = {"start": "from", "end": "to"}
_HTTP_NAMES = {**PERIOD_ENDS, REVISION: "If-Match"}
_FIELDS = {asked: name for name, asked in PERIOD_ENDS.items()}
_NOTHING: frozenset[str] = frozenset()

_PATH_FIELD = re.compile(r"{(\w+)}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_YEARS = range(1900, 2201)
"""What a station can have to do with; beyond lie dates that clocks cannot hold."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Where one message's fields stand in a request."""

    message: type[Message]
    in_path: frozenset[str]
    in_body: frozenset[str]
    in_query: Mapping[str, str]
    """By the name in the query, the message's own name of it (``from`` is ``start``)."""
    has_period: bool
    has_revision: bool
    asks_in_body: bool

    @classmethod
    def of(cls, message: type[Message], path: str, *, asks_in_body: bool = False) -> Reading:
        in_path = frozenset(_PATH_FIELD.findall(path))
        rest = [name for name in message.model_fields if name not in in_path]
        asks = issubclass(message, Question) and not asks_in_body
        has_period = "period" in rest
        names = [name for name in rest if name not in {REVISION, "period"}]
        queried = {PERIOD_ENDS.get(name, name): name for name in names} if asks else {}
        if has_period:
            queried |= {"from": "start", "to": "end"}
        return cls(
            message=message,
            in_path=in_path,
            in_body=_NOTHING if asks else frozenset(names),
            in_query=queried,
            has_period=has_period,
            has_revision=REVISION in rest,
            asks_in_body=asks_in_body,
        )

    async def read(self, call: Call, beside: frozenset[str] = _NOTHING) -> Message:
        """The message. ``beside``: query fields that are the route's own business.

        Raises ``request_invalid`` with every field that is wrong, and ``period_invalid``.
        """
        values = self._queried(call.query(self.in_query.keys() | beside))
        if self.asks_in_body or not issubclass(self.message, Question):
            body = await call.json()
            elsewhere = {*self.in_path, REVISION, *(PERIOD_ENDS if self.asks_in_body else ())}
            if out_of_place := [name for name in body if name in elsewhere]:
                raise unknown_fields(out_of_place)
            if self.asks_in_body:
                body = {_FIELDS.get(name, name): value for name, value in body.items()}
            values |= body
        if issubclass(self.message, Question):
            zone = call.gateway.settings.zone
            self._set_period(values, zone)
        values |= call.path_params
        if self.has_revision and (revision := call.expected_revision()) is not None:
            values[REVISION] = revision
        return parsed(self.message, values)

    def question(
        self, query: Mapping[str, str], in_path: Mapping[str, str], zone: ZoneInfo
    ) -> Message:
        """What an address with that query asks. Raises as ``read``."""
        values = self._queried(query)
        self._set_period(values, zone)
        return parsed(self.message, {**values, **in_path})

    def _queried(self, query: Mapping[str, str]) -> dict[str, Any]:
        return {name: query[asked] for asked, name in self.in_query.items() if asked in query}

    def _set_period(self, values: dict[str, Any], zone: ZoneInfo) -> None:
        if "at" in self.in_query and values.get("at") is not None:
            values["at"] = instant("at", values["at"], zone)
        ends = {
            name: instant(PERIOD_ENDS[name], values.pop(name), zone)
            for name in PERIOD_ENDS
            if values.get(name) is not None
        }
        if len(ends) == 2 and ends["start"] > ends["end"]:
            raise Refused("period_invalid")
        if self.has_period and ends:
            values["period"] = ends
        else:
            values |= ends


def parsed[ModelT: BaseModel](
    model: type[ModelT], values: dict[str, Any], names: Mapping[str, str] = _HTTP_NAMES
) -> ModelT:
    """Raises ``request_invalid``, field by field; ``names``: of fields called otherwise there."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid(error, names) from None


def instant(name: str, value: object, zone: ZoneInfo) -> datetime:
    """An RFC 3339 instant, or the midnight with which a plain date begins at the station."""
    try:
        if not isinstance(value, str):
            raise ValueError
        if _DATE.fullmatch(value):
            moment = datetime.combine(date.fromisoformat(value), time(), zone)
        elif _INSTANT.fullmatch(value := _plus_restored(value)):
            moment = datetime.fromisoformat(value.upper())
        else:
            raise ValueError
        if moment.year not in _YEARS:
            raise ValueError
        return moment.astimezone(UTC)
    except ValueError:
        raise field_invalid(name, "not_an_instant") from None


def _plus_restored(value: str) -> str:
    """In a query a plus sign that nobody escaped has become a space."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", value) if len(value) > 19 else value
