"""The gateway, wired: ``pitlane gateway``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import pydantic_core
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Lifespan

from services.gateway.addresses import Addresses
from services.gateway.api import http_routes
from services.gateway.changes import Changes
from services.gateway.docs_pages import docs_routes
from services.gateway.door import Door, allow_connections
from services.gateway.edge import Edge
from services.gateway.exports.sheets import JSON
from services.gateway.formulas_page import formulas_page
from services.gateway.handlers import handlers
from services.gateway.jobs.imports import Imports
from services.gateway.jobs.worker import Jobs
from services.gateway.journal import Journal
from services.gateway.keys import Keys
from services.gateway.openapi import openapi_document
from services.gateway.pages import page_routes
from services.gateway.pages.assets import asset_routes
from services.gateway.pages.estimate import estimate_routes
from services.gateway.pages.routing import present
from services.gateway.photos import Darkroom
from services.gateway.proofs import Proofs
from services.gateway.provider import Provider
from services.gateway.pruning import Pruning
from services.gateway.routes import AREAS
from services.gateway.seats import Seats
from services.gateway.second_factor import SecondFactor
from services.gateway.sessions import Sessions
from services.gateway.uploads import Uploads
from shared import serving
from shared.health import health_routes
from shared.logs import configure_logs
from shared.messaging.client import ServiceClient
from shared.service import Running, Service
from shared.settings import ServiceSettings
from shared.stopping import WORK_S, within
from shared.telemetry import configure_traces, flush_traces

service = Service("gateway", handlers)


def run() -> None:
    """Serves until SIGTERM or SIGINT; configuration comes from the environment."""
    settings = ServiceSettings.load("gateway")
    configure_logs(settings, "gateway")
    configure_traces(settings, "gateway")
    allow_connections()
    serving.serve(create_app(settings), settings.http_host, settings.http_port, SERVED)
    flush_traces()


SERVED: dict[str, Any] = {
    **serving.OPTIONS,
    "http": Door,
    "ws": "none",
    "server_header": False,
    "backlog": 1024,
    "timeout_keep_alive": 75,
}


class Application(FastAPI):
    """All addresses behind the edge. It is the framework's application because all that stands
    behind it is built on the framework: its types of routes, its exceptions, how it reads forms,
    and the tools that make the documents. The layers that the framework would put around them do
    again, for every request, what the edge does; its documents and pages would load theirs from
    elsewhere, and its traces would tell the secrets that stand in addresses."""

    def __init__(self, routes: Sequence[BaseRoute], lifespan: Lifespan[Application]) -> None:
        super().__init__(
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            telemetry={"tracing": False, "metrics": False, "logs": False},
        )
        self.addresses = Addresses(routes, lifespan)

    def build_middleware_stack(self) -> ASGIApp:
        return Edge(self.addresses, present)


def create_app(settings: ServiceSettings) -> Application:
    """The application; its lifespan is that of the running service."""
    if settings.gateway_key is None:
        raise SystemExit("PITLANE_GATEWAY_KEY is not set")

    @asynccontextmanager
    async def lifespan(app: Application) -> AsyncIterator[None]:
        async with service.running(settings) as running:
            app.state.service = running
            app.state.gateway = gateway = Gateway.of(running)
            own = AsyncExitStack()
            own.push_async_callback(gateway.uploads.stop)
            await own.enter_async_context(Pruning(running.engine))
            await own.enter_async_context(gateway.jobs)
            try:
                yield
            finally:
                await within(WORK_S, own.aclose())
                gateway.keys.stop()

    return Application(all_routes(), lifespan)


def all_routes() -> list[BaseRoute]:
    """Where two match, the first answers."""
    return [
        *http_routes(AREAS),
        *health_routes(),
        *docs_routes(),
        Route("/docs/formulas", formulas_page),
        *estimate_routes(),
        Route("/openapi.json", _document),
        *asset_routes(),
        *page_routes(),
    ]


@dataclass(frozen=True, slots=True)
class Gateway:
    """What the routes work with, as long as the service runs."""

    settings: ServiceSettings
    source: str
    client: ServiceClient
    engine: AsyncEngine
    journal: Journal
    sessions: Sessions
    second_factor: SecondFactor
    provider: Provider
    keys: Keys
    changes: Changes
    seats: Seats
    uploads: Uploads
    darkroom: Darkroom
    jobs: Jobs
    imports: Imports

    @classmethod
    def of(cls, running: Running) -> Gateway:
        settings, engine = running.settings, running.engine
        source = settings.source("gateway")
        journal = Journal(running, source)
        proofs = Proofs(engine, settings)
        changes = Changes(running.connection)
        return cls(
            settings=settings,
            source=source,
            client=running.client,
            engine=engine,
            journal=journal,
            sessions=Sessions(engine, journal, proofs, settings),
            second_factor=SecondFactor(engine, journal, proofs, settings),
            provider=Provider(settings),
            keys=Keys(settings.database_url),
            changes=changes,
            seats=Seats(),
            uploads=Uploads(),
            darkroom=Darkroom(),
            jobs=Jobs(running, journal, changes),
            imports=Imports(),
        )


async def _document(_: Request) -> Response:
    return Response(_document_as_json(), media_type=JSON)


@cache
def _document_as_json() -> bytes:
    """Made once: it takes half a second, and strangers may ask for it."""
    return pydantic_core.to_json(openapi_document())
