"""The small HTTP server of every service: ``/health/live``, ``/health/ready``, ``/metrics``."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import serving
from shared.refusals import Refused
from shared.settings import ServiceSettings

if TYPE_CHECKING:
    from shared.service import Running

log = structlog.get_logger(__name__)

type RunningContext = Callable[[ServiceSettings], AbstractAsyncContextManager[Running]]


def serve(settings: ServiceSettings, running: RunningContext) -> None:
    """Runs the service and its health pages until it is told to stop."""
    inherited = settings.health_fd
    app = health_app(settings, running)
    try:
        serving.serve(
            without_trace(app),
            settings.health_host,
            settings.health_port,
            listening=None if inherited is None else socket.socket(fileno=inherited),
        )
    except SystemExit:
        # uvicorn's last word is that nothing started: whoever started us tells people ours.
        if refused := getattr(app.state, "refused", None):
            log.error(refused.words())
        raise


def health_app(settings: ServiceSettings, running: RunningContext) -> Starlette:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with running(settings) as service:
                app.state.service = service
                yield
        except Refused as refused:
            app.state.refused = refused
            raise

    return Starlette(lifespan=lifespan, routes=health_routes())


def without_trace(app: Starlette) -> ASGIApp:
    """Of a start that was refused the reason is told, and not the way there through our code, which
    the framework would put before it."""

    async def started(scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            failed = message["type"] == "lifespan.startup.failed"
            if failed and getattr(app.state, "refused", None):
                message = {**message, "message": ""}
            await send(message)

        await app(scope, receive, tell if scope["type"] == "lifespan" else send)

    return started


def health_routes() -> list[Route]:
    """The same three pages for every process; they look at ``app.state.service``."""
    return [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
    ]


async def live(_: Request) -> Response:
    """The process answers; nothing is said of what it needs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """200 when database, migrations, broker and relay are well; else 503 with the problems."""
    state = await request.app.state.service.state()
    return JSONResponse(state.model_dump(mode="json"), status_code=200 if state.ready else 503)


async def metrics(request: Request) -> Response:
    await request.app.state.service.state()  # brings the gauges up to date
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
