"""One JSON object per line on stdout: what ``pitlane logs`` and any log collector reads."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import pydantic_core
import structlog

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
    for chatty in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _to_json(line: Any, **_: Any) -> str:
    return pydantic_core.to_json(line, fallback=str).decode()
