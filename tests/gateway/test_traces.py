"""What the gateway tells a collector of traces: one span per request, and no secret."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared import telemetry
from tests.gateway.support import TestGateway


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    told = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(told))
    # A library that traces of its own accord would find this one.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("pitlane"))
    yield told
    provider.shutdown()


async def test_the_secret_of_a_clients_link_is_told_to_no_trace(
    gateway: TestGateway, spans: InMemorySpanExporter
) -> None:
    token = secrets.token_urlsafe(32)
    await gateway.anyone.get(f"/e/{token}")
    (span,) = [span for span in spans.get_finished_spans() if span.name == "HTTP GET"]
    assert span.attributes is not None
    assert span.attributes["path"] == "/e/…"
    assert not [span.name for span in spans.get_finished_spans() if token in span.to_json()]


async def test_a_request_is_one_span(gateway: TestGateway, spans: InMemorySpanExporter) -> None:
    await gateway.anyone.get("/api/v1/orders")
    assert [span.name for span in spans.get_finished_spans()] == ["HTTP GET"]
