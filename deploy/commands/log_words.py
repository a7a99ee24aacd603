"""A log line in words: when, where, what, who, how it ended, and the details that matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import pydantic_core
import typer

from shared.log_lines import Line
from shared.settings import SERVICES

_TOLD = frozenset(
    {"at", "level", "service", "station", "event", "message", "message_id", "correlation_id",
     "actor", "order", "number", "logger", "logger_name", "exception", "stack", "stack_info",
     "command", "question", "method", "route", "path", "status", "ms"}
)  # fmt: skip
"""Fields that have a place of their own on the line, or that help only programs."""
_OUTCOMES = frozenset({"handled", "refused", "duplicate", "failed"})
_INDENT = " " * 14
_LEVEL_COLOURS = {"debug": None, "info": None, "warning": "yellow"}
_SERVICE_COLOURS = ("green", "cyan", "blue", "magenta", "yellow", "bright_blue", "bright_green")
# What moves the cursor, rewrites the screen or turns the direction of text has no place in a
# line that somebody else may have written.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Words:
    """Renders lines one after the other; a new day gets a line of its own."""

    def __init__(self, zone: tzinfo, *, coloured: bool, one_order: bool) -> None:
        """``one_order``: all lines are about one order, which need not be named again."""
        self._zone = zone
        self._one_order = one_order
        self._style: Callable[..., str] = typer.style if coloured else _unstyled
        self._day: date | None = None

    def of(self, line: Line) -> str:
        """The line for people, with its end."""
        said = _said(line)
        moment = _moment(line.at, self._zone)
        text = self._new_day(moment)
        clock = moment.strftime("%H:%M:%S.%f")[:-3] if moment else " " * 12
        if said is None:
            plain = clean(line.raw.decode(errors="replace"))
            return f"{text}{self._style(f'{clock}  {line.source:<10}  {plain}', dim=True)}\n"
        service = clean(str(said.get("service", line.source)))
        level = str(said.get("level", "info"))
        what = self._style(f"{_what(said):<38}", fg=_LEVEL_COLOURS.get(level, "red"))
        details = self._details(said)
        who = clean(str(said.get("actor", "")))
        head = (
            f"{self._style(clock, dim=True)}  {self._style(f'{service:<10}', fg=_colour(service))}"
            f"  {what}  {who:<12}  {'  '.join(details)}"
        )
        return text + head.rstrip() + "\n" + self._below(said)

    def _new_day(self, moment: datetime | None) -> str:
        if moment is None or moment.date() == self._day:
            return ""
        self._day = moment.date()
        return self._style(f"--- {self._day:%d.%m.%Y} ---", bold=True) + "\n"

    def _details(self, said: dict[str, Any]) -> list[str]:
        details = []
        if "ms" in said:
            details.append(f"{said['ms']} ms")
        for name, value in said.items():
            if name not in _TOLD and value not in (None, "", [], {}) and not _is_long(value):
                details.append(f"{name}={_short(value)}")
        if not self._one_order and (order := said.get("number") or said.get("order")):
            details.append(f"order={order}")
        if said.get("level") not in ("debug", "info") and "correlation_id" in said:
            details.append(f"correlation={said['correlation_id']}")
        return [clean(detail) for detail in details]

    def _below(self, said: dict[str, Any]) -> str:
        """What takes several lines: errors, with where they come from."""
        blocks = [
            f"{name}: {value}"
            for name, value in said.items()
            if name not in _TOLD and _is_long(value)
        ]
        blocks += [str(said[name]) for name in ("exception", "stack") if said.get(name)]
        return "".join(
            self._style(_INDENT + clean(line), fg="red") + "\n"
            for block in blocks
            for line in block.rstrip().splitlines()
        )


def clean(text: str) -> str:
    """On one line, and without what would act on a terminal instead of being shown."""
    return _CONTROL.sub("�", text.replace("\t", " "))


def _said(line: Line) -> dict[str, Any] | None:
    if not line.is_json:
        return None
    try:
        said: Any = pydantic_core.from_json(line.raw)
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _what(said: dict[str, Any]) -> str:
    """``request_parts handled``, ``on orders.parts_requested refused``,
    ``POST /orders/{id}/parts 202``."""
    event = str(said.get("event", ""))
    if "status" in said and "method" in said:
        route = str(said.get("route") or said.get("path") or "")
        return clean(f"{said['method']} {route.removeprefix('/api/v1')} {said['status']}")
    words = event.replace("_", " ") if re.fullmatch(r"[a-z0-9_]+", event) else event
    subject = said.get("message") or said.get("command") or said.get("question")
    message = _message(str(subject or ""))
    if not message:
        return clean(words)
    return clean(f"{message} {words}" if event in _OUTCOMES else f"{message}: {words}")


def _message(subject: str) -> str:
    """A subject without what every subject has."""
    parts = subject.split(".")
    if len(parts) != 4:
        return subject
    kind, service, name, _ = parts
    return f"on {service}.{name}" if kind == "evt" else name


def _moment(at: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime.fromisoformat(at).replace(tzinfo=UTC).astimezone(zone)
    except (ValueError, OverflowError):
        return None


def _is_long(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value.strip()


def _short(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    return pydantic_core.to_json(value, fallback=str).decode()


def _colour(service: str) -> str | None:
    return _SERVICE_COLOURS[SERVICES.index(service)] if service in SERVICES else None


def _unstyled(text: str, **_: Any) -> str:
    return text
