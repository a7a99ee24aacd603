"""Metrics, traces, and the log context of one message."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Gauge, Histogram

from shared.messaging.envelope import Envelope
from shared.settings import StationSettings, pitlane_version
from shared.stopping import TRACES_S

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

BATCH_SIZE = Histogram(
    "pitlane_batch_messages",
    "Commands and events that shared one transaction",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128),
)
HANDLER_SECONDS = Histogram(
    "pitlane_handler_seconds", "Time in one handler, without the commit", ["message"], buckets=_FAST
)
HANDLED = Counter("pitlane_messages_total", "Messages by how they ended", ["message", "outcome"])
RELAY_PENDING = Gauge("pitlane_relay_pending_events", "Events committed and not yet published")
RELAY_LAG_SECONDS = Gauge("pitlane_relay_lag_seconds", "Age of the oldest unpublished event")
DEAD_LETTERS = Gauge("pitlane_dead_letters", "Events that wait for an operator")
HTTP_SECONDS = Histogram(
    "pitlane_http_request_seconds",
    "Time of an HTTP request",
    ["method", "route", "status"],
    buckets=_FAST,
)

_tracer: Tracer | None = None


def configure_traces(settings: StationSettings, service: str) -> None:
    """Sends traces to ``PITLANE_OTLP_URL``; without it nothing is even imported."""
    global _tracer
    if not settings.otlp_url:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create(
            {
                "service.name": f"pitlane-{service}",
                "service.version": pitlane_version(),
                "service.namespace": settings.station,
            }
        )
    )
    endpoint = settings.otlp_url.rstrip("/")
    if not endpoint.endswith("/v1/traces"):
        endpoint += "/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("pitlane")


def flush_traces() -> None:
    if _tracer is not None:
        from opentelemetry import trace

        # Who takes them may be away: nobody waits for that.
        end = trace.get_tracer_provider().shutdown  # type: ignore[attr-defined]
        flushing = threading.Thread(target=end, name="traces", daemon=True)
        flushing.start()
        flushing.join(TRACES_S)


def span(
    name: str, traceparent: str | None, **attributes: Any
) -> AbstractContextManager[str | None]:
    """A span below ``traceparent``; gives the traceparent of what happens inside."""
    if _tracer is None:
        return nullcontext(traceparent)
    return _span(_tracer, name, traceparent, attributes)


@contextmanager
def _span(
    tracer: Tracer, name: str, traceparent: str | None, attributes: Mapping[str, Any]
) -> Iterator[str | None]:
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    propagator = TraceContextTextMapPropagator()
    parent = propagator.extract({"traceparent": traceparent} if traceparent else {})
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=SpanKind.CONSUMER if name.startswith(("evt.", "cmd.", "ask.")) else SpanKind.SERVER,
        attributes={key: str(value) for key, value in attributes.items() if value is not None},
    ):
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        yield carrier.get("traceparent")


_handled: ContextVar[Envelope | None] = ContextVar("handled", default=None)


@contextmanager
def handling(envelope: Envelope) -> Iterator[Envelope]:
    """Around one handler: as ``on_behalf_of``, and its time."""
    started = perf_counter()
    with on_behalf_of(envelope) as caused_by:
        yield caused_by
    _seconds_in(envelope.type).observe(perf_counter() - started)


@contextmanager
def on_behalf_of(envelope: Envelope) -> Iterator[Envelope]:
    """Around what is done for a message: log context and span. Gives the envelope that its events
    and questions are caused by."""
    before = _handled.set(envelope)
    try:
        if _tracer is None:
            yield envelope
        else:
            with span(
                envelope.type,
                envelope.traceparent,
                actor=envelope.actor.login,
                order=envelope.order_id,
                correlation_id=envelope.correlation_id,
            ) as traceparent:
                yield replace(envelope, traceparent=traceparent)
    finally:
        _handled.reset(before)


def add_message(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A line that is written within a handler says of which message: a step of every log."""
    envelope = _handled.get()
    return line if envelope is None else {**log_context(envelope), **line}


def count_handled(message: str, outcome: str) -> None:
    """``outcome``: handled, refused, failed or duplicate."""
    _ended(message, outcome).inc()


# A metric looks its labels up with a lock and a check of their names.
@cache
def _seconds_in(message: str) -> Histogram:
    return HANDLER_SECONDS.labels(message)


@cache
def _ended(message: str, outcome: str) -> Counter:
    return HANDLED.labels(message, outcome)


def log_context(envelope: Envelope) -> dict[str, str]:
    """What every log line about a message says."""
    context = {
        "message": envelope.type,
        "message_id": str(envelope.id),
        "correlation_id": str(envelope.correlation_id),
        "actor": envelope.actor.login,
    }
    if envelope.order_id:
        context["order"] = str(envelope.order_id)
    return context
