"""``/docs`` and ``/docs/events``: the contracts, readable in a browser.

Everything that the pages load is our own or vendored; nothing comes from another host, and the
content security policy holds the pages to it: no inline script or style, and no eval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import BaseRoute, Route

from services.gateway.pages.assets import STATIC_URL

# Beside the packages, in a checkout as in an installation: ``docs`` is packed with them.
DOCUMENTS = Path(__file__).parents[2] / "docs" / "asyncapi"
VENDOR_URL = f"{STATIC_URL}/vendor"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "font-src 'self' data:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def docs_routes() -> Sequence[BaseRoute]:
    """The pages, and the documents that they show."""
    return (
        Route("/docs", _api_page),
        Route("/docs/events", _events_page),
        Route("/docs/events/{service}.json", _document),
        Route("/docs/events/{service}", _service_page),
    )


async def _api_page(_: Request) -> HTMLResponse:
    return page(
        "Pitlane: HTTP API",
        '<div id="document"></div>',
        styles=(f"{VENDOR_URL}/swagger-ui-dist/swagger-ui.css",),
        scripts=(
            f"{VENDOR_URL}/swagger-ui-dist/swagger-ui-bundle.js",
            f"{STATIC_URL}/docs/api.js",
        ),
    )


async def _service_page(request: Request) -> HTMLResponse:
    service = _documented(request).stem
    return page(
        f"Pitlane: messages of {service}",
        f'<div id="document" data-document="/docs/events/{escape(service)}.json"></div>',
        styles=(f"{VENDOR_URL}/asyncapi-react-component/default.min.css",),
        scripts=(
            f"{STATIC_URL}/docs/no-eval.js",
            f"{VENDOR_URL}/asyncapi-react-component/without-parser.js",
            f"{STATIC_URL}/docs/events.js",
        ),
    )


async def _document(request: Request) -> FileResponse:
    return FileResponse(_documented(request), media_type="application/json")


def _events_page(_: Request) -> HTMLResponse:
    """Which services there are, and which event goes from whom to whom."""
    services = list(_services())
    return page("Pitlane: messages", _services_table(services) + _events_table(services))


def _documented(request: Request) -> Path:
    """The document of the service that the path names, of those that there are."""
    for path in DOCUMENTS.glob("*.json"):
        if path.stem == request.path_params["service"]:
            return path
    raise HTTPException(404)


@dataclass(frozen=True, slots=True)
class _Service:
    """What the overview says of one service: subjects, by the document's own tags."""

    name: str
    subjects: dict[str, list[str]]

    def of(self, tag: str) -> list[str]:
        return self.subjects.get(tag, [])


def _services() -> Iterator[_Service]:
    for path in sorted(DOCUMENTS.glob("*.json")):
        document: dict[str, Any] = json.loads(path.read_bytes())
        subjects: dict[str, list[str]] = {}
        for name, operation in document["operations"].items():
            subject = document["channels"][name]["address"]
            subjects.setdefault(operation["tags"][0]["name"], []).append(subject)
        yield _Service(path.stem, subjects)


_COUNTED = ("Commands", "Questions", "Events consumed", "Events published")


def _services_table(services: Sequence[_Service]) -> str:
    rows = [
        [
            _link(service),
            *(str(len(service.of(tag))) for tag in _COUNTED),
        ]
        for service in services
    ]
    return "<h2>Services</h2>" + _table(("Service", *_COUNTED), rows)


def _events_table(services: Sequence[_Service]) -> str:
    rows = [
        [
            f"<code>{escape(subject)}</code>",
            _link(producer),
            ", ".join(_link(service) for service in services if _consumes(service, subject)),
        ]
        for producer in services
        for subject in producer.of("Events published")
    ]
    return "<h2>Events</h2>" + _table(("Event", "Published by", "Consumed by"), rows)


def _consumes(service: _Service, subject: str) -> bool:
    return any(
        pattern == subject or (pattern.endswith(".>") and subject.startswith(pattern[:-1]))
        for pattern in service.of("Events consumed")
    )


def _link(service: _Service) -> str:
    return f'<a href="/docs/events/{escape(service.name)}">{escape(service.name)}</a>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """``rows`` are HTML already."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def page(
    title: str,
    content: str,
    *,
    language: str = "en",
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
    policy: str = POLICY,
) -> HTMLResponse:
    """``content`` is HTML; ``styles`` and ``scripts`` are addresses of our own files."""
    links = "".join(
        f'<link rel="stylesheet" href="{href}">'
        for href in (*styles, f"{STATIC_URL}/docs/docs.css")
    )
    sources = "".join(f'<script defer src="{src}"></script>' for src in scripts)
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{escape(title)}</title>{links}{sources}</head>'
        '<body><nav><strong>Pitlane</strong> <a href="/docs">HTTP API</a> '
        '<a href="/docs/events">Messages</a> '
        f'<a href="/docs/formulas">Formulas</a></nav><main>{content}</main></body></html>',
        headers={"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff"},
    )
