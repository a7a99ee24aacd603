"""One request is one trace, through HTTP and NATS and every service that it set in motion."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.util._once import Once

from shared import telemetry
from tests.support.day import Station

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collector(ThreadingHTTPServer):
    """What receives OTLP over HTTP; keeps every span's name and trace id."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.spans: list[tuple[str, str]] = []


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        assert isinstance(self.server, Collector)
        self.server.spans += [
            (span.name, span.trace_id.hex())
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr(telemetry, "_tracer", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", None)
    monkeypatch.setattr(trace, "_TRACER_PROVIDER_SET_ONCE", Once())
    server = Collector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_parts_request_is_one_trace_from_counter_to_audit(
    station: Station, collector: Collector
) -> None:
    warehouse = await station.a_warehouse()
    product = await station.a_product()
    await station.receive(warehouse.id, product.id, "5")
    order = await station.an_order()
    await station.settle_down()
    settings = station.settings("orders")
    settings.otlp_url = f"http://127.0.0.1:{collector.server_port}"
    telemetry.configure_traces(settings, "orders")

    await station.request(order.id, product.id, "1", traceparent=PARENT)
    await station.settle_down()
    telemetry.flush_traces()

    told = {name for name, trace_id in collector.spans if trace_id == PARENT.split("-")[1]}
    assert told >= {
        "cmd.orders.request_parts.v1",
        "evt.orders.parts_requested.v1",
        "evt.inventory.parts_reserved.v1",
        "evt.orders.order_repriced.v1",
    }
