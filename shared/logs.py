"""One JSON object per line on stdout: what ``pitlane logs`` and any log collector reads."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from time import monotonic
from typing import Any

import pydantic_core
import structlog
from sqlalchemy.exc import DBAPIError

from shared.settings import StationSettings
from shared.telemetry import add_message


def configure_logs(settings: StationSettings, service: str) -> None:
    """Every line carries service and station; a message's handler adds order, actor and ids."""

    def add_process(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {
            "at": line.pop("timestamp"),
            "level": line.pop("level"),
            "service": service,
            "station": settings.station,
            "event": line.pop("event"),
            **line,
        }

    common: list[Any] = [
        add_message,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    render: list[Any] = [add_process, structlog.processors.JSONRenderer(serializer=_to_json)]
    structlog.configure(
        processors=common + render,
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    # What libraries log through the standard library takes the same form.
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    # uvicorn tells six times of a start and an end that we tell of ourselves.
    for chatty in ("uvicorn.access", "uvicorn.error", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class Seldom:
    """Tells of what may happen with every request once in a while, and how often it was not told:
    each request has a line of its own besides."""

    def __init__(self, every_s: float = 5.0) -> None:
        self._every_s = every_s
        self._told_at: float | None = None
        self._untold = 0

    def __call__(self, tell: Callable[..., Any], event: str, **about: Any) -> None:
        now = monotonic()
        if self._told_at is not None and now - self._told_at < self._every_s:
            self._untold += 1
            return
        if self._untold:
            about["untold"] = self._untold
        self._told_at, self._untold = now, 0
        tell(event, **about)


def in_words(error: BaseException) -> str:
    """An error in one line: what it is called, and what it says. Of a database it is PostgreSQL's
    own, without the values that PostgreSQL adds on further lines."""
    if isinstance(error, DBAPIError) and error.orig:
        error = error.orig.__cause__ or error.orig
    if isinstance(error, TimeoutError) and not str(error):
        return "TimeoutError: no answer in time"
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}".removesuffix(": ")


def _to_json(line: Any, **_: Any) -> str:
    return pydantic_core.to_json(line, fallback=_shown).decode()


def _shown(value: Any) -> str:
    return in_words(value) if isinstance(value, BaseException) else str(value)
