"""Which log lines belong to what somebody looks for: an order's way, a request, a service."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

import pydantic_core

from shared.log_lines import Line, LogFile, by_time

LEVELS = ("debug", "info", "warning", "error", "critical")
# Cyrillic letters that look like Latin ones: an order number is often typed as it looks.
_LOOK_ALIKES = str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX")


def _field(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb'"' + name + rb'"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)"')


_ORDER = _field(b"order")
_NUMBER = _field(b"number")
_CORRELATION = _field(b"correlation_id")
_SERVICE = _field(b"service")
_LEVEL = _field(b"level")


class OrderWay:
    """Everything that was said about one order: lines that name it, and lines of the requests
    that they belong to (the one that created it could not name it yet)."""

    def __init__(self, wanted: str) -> None:
        """``wanted``: an order number, its running part alone, or an order id."""
        self.ids: set[str] = set()
        self._requests: set[str] = set()
        self._number = _folded(wanted)
        self._digits = _running_part(self._number).encode()
        with contextlib.suppress(ValueError):
            self.ids.add(str(UUID(wanted)))

    def learn_id(self, raw: bytes) -> None:
        """Resolves the number by a line that carries it."""
        if self._digits not in raw or not (number := _value(_NUMBER, raw)):
            return
        if (order := _value(_ORDER, raw)) and self._is_wanted(number):
            self.ids.add(order)

    def learn_request(self, raw: bytes) -> None:
        """Notes the request that a line of the order belongs to."""
        if not any(order.encode() in raw for order in self.ids):
            return
        if _value(_ORDER, raw) in self.ids and (request := _value(_CORRELATION, raw)):
            self._requests.add(request)

    def has(self, raw: bytes) -> bool:
        if order := _value(_ORDER, raw):
            # One request may move several orders (a receipt fills back-orders of many).
            return order in self.ids
        return _value(_CORRELATION, raw) in self._requests

    def _is_wanted(self, number: str) -> bool:
        number = _folded(number)
        if self._number.isdigit():
            return _running_part(number).encode() == self._digits
        return number == self._number


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looks for. Everything that is given must be true of a line."""

    way: OrderWay | None = None
    correlation: str | None = None
    services: Container[str] = ()
    level: str | None = None
    since: str | None = None
    """As ``Line.at``."""

    @property
    def is_narrow(self) -> bool:
        return bool(self.way or self.correlation or self.since)

    def history(self, files: Sequence[LogFile]) -> Iterator[Line]:
        """What files hold of it, by time. For an order they are read up to three times, so that
        nothing but ids is kept in memory."""
        if self.way:
            if not self.way.ids:
                for raw in _all(files):
                    self.way.learn_id(raw)
            for raw in _all(files):
                self.way.learn_request(raw)
        return by_time(filter(self._has, file.lines(self._is_related)) for file in files)

    def finds(self, line: Line) -> bool:
        """Whether a line that just comes belongs to it; the order's way is learned from it."""
        if self.way:
            self.way.learn_id(line.raw)
            self.way.learn_request(line.raw)
        return self._is_related(line.raw) and self._has(line)

    def _is_related(self, raw: bytes) -> bool:
        if self.way and not self.way.has(raw):
            return False
        return not self.correlation or _value(_CORRELATION, raw) == self.correlation

    def _has(self, line: Line) -> bool:
        if self.since and line.at < self.since:
            return False
        if self.services and (_value(_SERVICE, line.raw) or line.source) not in self.services:
            return False
        return not self.level or rank(_value(_LEVEL, line.raw)) >= rank(self.level)


def _all(files: Sequence[LogFile]) -> Iterator[bytes]:
    return chain.from_iterable(file.raw_lines() for file in files)


def rank(level: str | None) -> int:
    """How serious. A line that is no log line is a warning: nobody meant to write it."""
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("warning")


def _folded(number: str) -> str:
    return number.strip().upper().translate(_LOOK_ALIKES)


def _running_part(number: str) -> str:
    """``123`` of ``A-000123``."""
    return number[len(number.rstrip("0123456789")) :].lstrip("0")


def _value(pattern: re.Pattern[bytes], raw: bytes) -> str | None:
    match = pattern.search(raw)
    if match is None:
        return None
    if b"\\" in match[1]:
        with contextlib.suppress(ValueError):
            value: str = pydantic_core.from_json(b'"' + match[1] + b'"')
            return value
    return match[1].decode(errors="replace")
