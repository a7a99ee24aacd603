"""Valid requests for every address that changes something, on things that are there.

Bodies are the document's own examples. What they and the path name is what was made last; where an
address makes such things, a new one is made first, so that every command finds its thing as it was
born.
"""

from __future__ import annotations

import asyncio
import re
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from tests.gateway.support import API, a_key
from tests.gateway.test_pictures import a_photo

ENDPOINTS = [endpoint for area in AREAS for endpoint in area.endpoints]
KEYED = [endpoint for endpoint in ENDPOINTS if endpoint.keyed and endpoint.message]
FILES = [endpoint for endpoint in ENDPOINTS if endpoint.keyed and endpoint.takes_file]
MAKERS = {
    # The shortest last, so that it wins.
    endpoint.path.rsplit("/", 1)[-1]: endpoint
    for endpoint in sorted(KEYED, key=lambda endpoint: -len(endpoint.path))
    if endpoint.method == "POST" and endpoint.status in {201, 202}
}
"""By what it is a collection of, the address that makes one more."""
MAKERS["lines"] = next(each for each in KEYED if each.path == "/orders/{order_id}/services")
THERE = (
    "/sections/{section_id}/posts/{post_id}",
    "/employees/{employee_id}",
    "/clients/{client_id}/vehicles/{vehicle_id}",
    "/services/{service_id}",
    "/warehouses/{other_warehouse_id}",
    "/warehouses/{warehouse_id}/cells/{cell_id}",
    "/suppliers/{supplier_id}",
    "/products/{product_id}",
    "/receipts/{receipt_id}",
    "/packages/{package_id}",
    "/cash-boxes/{cash_box_id}",
    "/orders/{order_id}/lines/{line_id}",
    "/bookings/{booking_id}",
)
ALSO_CALLED = {
    "customer_id": "client_id",
    "payer_id": "client_id",
    "other_id": "client_id",
    "mechanic_id": "employee_id",
    "technician_id": "employee_id",
    "product_responsible_id": "employee_id",
    "from_warehouse_id": "warehouse_id",
    "service_line_id": "line_id",
    "to_warehouse_id": "other_warehouse_id",
    "lines": "line_id",
    "booking_ids": "booking_id",
}
UNIQUE = {"name", "short_name", "login", "code", "number", "barcode", "oem"}
"""Fields of which there are no two alike."""
TRIES = 50
COME_AGAIN = {"busy", "service_unavailable"}
PLATE_SIGNS = "АВЕКМНОРСТУХ"
A_TABLE = "ФИО,Телефон\nСидоров Пётр,8 916 555-00-{:02}\n"


@dataclass(frozen=True)
class Ready:
    """A request as it can be sent, and a second body that is valid too."""

    endpoint: Endpoint
    path: str
    content: dict[str, Any]
    """As httpx takes it: ``json`` or ``content`` and ``headers``."""
    otherwise: dict[str, Any]

    async def send(
        self, client: httpx.AsyncClient, key: str, *, otherwise: bool = False
    ) -> httpx.Response:
        said = self.otherwise if otherwise else self.content
        headers = {**said.get("headers", {}), "Idempotency-Key": key}
        for _ in range(TRIES):
            answer = await client.request(
                self.endpoint.method, self.path, **{**said, "headers": headers}
            )
            # What takes long is done for a few at once; the others come again.
            if answer.status_code != 503 or answer.json()["code"] not in COME_AGAIN:
                break
            await asyncio.sleep(0.1)
        return answer


class Maker:
    """Makes what a request needs, as somebody who may."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.there: dict[str, str] = {"form": "invoice"}
        """By the names that addresses have for them, ids of what ``fit_out`` made."""
        self._numbers = count(1)

    async def fit_out(self) -> None:
        """What every request may name, and none changes: those find a newer one."""
        for path in THERE:
            await self._make_for(path, self.there)

    async def everything(self) -> None:
        """One of each kind that addresses name and make, and a file of each."""
        await self.fit_out()
        for endpoint in ENDPOINTS:
            missing = [step for step in _steps(endpoint.path) if step[0] not in self.there]
            if missing and missing[-1][1] in MAKERS:
                made = dict(self.there)
                await self._make_for(endpoint.path, made)
                self.there = {**made, **self.there}
        for endpoint in FILES:
            content, _ = self._files(endpoint)
            content["headers"] = {**content["headers"], **a_key()}
            brought = await self._client.post(API + _named(endpoint.path, self.there), **content)
            self.there["photo_id" if endpoint.path.endswith("photos") else "import_id"] = _id_in(
                brought.json()
            )

    async def ready(self, endpoint: Endpoint) -> Ready:
        """The request of an address, after all that it names was made."""
        newest = dict(self.there)
        await self._make_for(endpoint.path, newest)
        path = API + _named(endpoint.path, newest)
        if endpoint.takes_file:
            return Ready(endpoint, path, *self._files(endpoint))
        body = self._body(endpoint, newest)
        otherwise = {**deepcopy(body), **self._another_word(body)}
        return Ready(endpoint, path, {"json": body}, {"json": otherwise})

    def _body(self, endpoint: Endpoint, newest: dict[str, str]) -> dict[str, Any]:
        assert endpoint.message
        example = deepcopy(BODIES.get(endpoint.message.__name__, {}))
        self._fit(example, newest)
        return example

    async def _make_for(self, path: str, newest: dict[str, str]) -> None:
        """A new thing for each that the path names, where an address makes them."""
        for name, collection in _steps(path):
            maker = MAKERS.get(collection)
            if maker is None:
                continue
            answer = await self._client.post(
                API + _named(maker.path, newest),
                json=self._body(maker, newest),
                headers=a_key(),
            )
            if answer.is_success:
                made = answer.json()
                newest[name] = _id_in(made["services"][-1] if name == "line_id" else made)

    def _fit(self, value: Any, newest: dict[str, str]) -> None:
        if isinstance(value, list):
            for inner in value:
                self._fit(inner, newest)
        if not isinstance(value, dict):
            return
        for name, inner in value.items():
            one = ALSO_CALLED.get(str(name), str(name))
            if isinstance(inner, str) and name.endswith("_id"):
                value[name] = newest.get(one, inner)
            elif isinstance(inner, str) and name in UNIQUE:
                value[name] = self._unique(name, inner)
            elif isinstance(inner, list) and inner and isinstance(inner[0], str) and one in newest:
                value[name] = [newest[one]]
            else:
                self._fit(inner, newest)
        if "plate" in value:
            number = next(self._numbers)
            value["plate"] = f"А{number % 1000:03}{PLATE_SIGNS[number // 1000]}С77"

    def _unique(self, name: str, example: str) -> str:
        number = next(self._numbers)
        if name in {"barcode", "code"} and example.isdigit():
            return _ean13(4_000_000_000_00 + number)
        return f"{example[:24]}{number}" if name != "code" else f"{example[:10]}{number}"

    def _another_word(self, body: dict[str, Any]) -> dict[str, Any]:
        """One text or number of the example, changed; else a field more."""
        for name, value in body.items():
            if name in {"name", "reason", "comment", "text", "last_name", "customer_reason"}:
                return {name: f"{value} (иначе)"}
            if name == "amount":
                return {name: "1.00"}
        return {"nothing_of_this_name": 1} if not body else _without_one(body)

    def _files(self, endpoint: Endpoint) -> tuple[dict[str, Any], dict[str, Any]]:
        if "image/jpeg" in endpoint.takes_file:
            kind = {"headers": {"Content-Type": "image/jpeg"}}
            return {"content": a_photo(), **kind}, {"content": a_photo((300, 200)), **kind}
        kind = {"headers": {"Content-Type": "text/csv"}}
        first, second = (A_TABLE.format(next(self._numbers)).encode() for _ in range(2))
        return {"content": first, **kind}, {"content": second, **kind}


def _named(path: str, newest: dict[str, str]) -> str:
    nobody = "019ab0c6-0000-7000-8000-000000000000"
    return re.sub(r"{(\w+)}", lambda found: newest.get(found[1]) or nobody, path)


def _id_in(made: dict[str, Any]) -> str:
    """Of what was made; it may lie one deeper, beside a secret that is told once."""
    if "id" in made:
        return str(made["id"])
    within = (value["id"] for value in made.values() if isinstance(value, dict) and "id" in value)
    return next(within, "")


def _steps(path: str) -> list[tuple[str, str]]:
    """``/a/{a_id}/b/{b_id}`` as ``[("a_id", "a"), ("b_id", "b")]``."""
    return [(name, collection) for collection, name in re.findall(r"([\w-]+)/{(\w+)}", path)]


def _without_one(body: dict[str, Any]) -> dict[str, Any]:
    name, value = next(iter(body.items()))
    return {name: None if value is not None else "0"}


def _ean13(twelve: int) -> str:
    digits = f"{twelve:012}"
    odd, even = (sum(map(int, digits[start::2])) for start in (0, 1))
    return f"{digits}{-(odd + 3 * even) % 10}"
