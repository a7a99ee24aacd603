"""What a station pays for parts, and what it earns, is in no answer, export or print for roles that
may not see it: every address is asked, on a station where a day's work was done."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]
import pypdf
import pytest

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES
from services.gateway.routes import AREAS
from services.gateway.routes.events import EVENT_STREAM
from shared.contracts.formulas import TryFormula
from shared.permissions import OWNER, ROLES, TECHNICIAN, may, may_see_cost
from shared.settings import SERVICES
from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_pictures import a_photo
from tests.gateway.test_working_day import (
    Person,
    fit_out,
    receive_client,
    sign_in,
    work,
    write_down_works_and_parts,
)
from tests.support.ids import Ids, plain
from tests.support.waiting import eventually

COST = "531.37"
FIGURES = {
    COST: "of one",
    "2125.48": "of the four that were sold",
    "5313.7": "of the receipt",
    "3188.22": "of the six that are left",
    "2074.52": "the order's margin: 4600 less the cost and the pay of 400",
    "2474.52": "the same before the pay",
    "1474.52": "the parts' margin",
}
COST_FIELDS = re.compile(r"(^|_)(cost|margin|markup|profit|purchase_price|pay_percent)(_|$)")
NOT_OF_PARTS = {
    # The price of a norm-hour, in the words of the domain.
    "labor_cost",
    # The sum of what the system suggested for the client.
    "estimation_cost",
    # What one earned oneself by a rule that goes by the margin.
    "margin_pay",
}
WHAT_SUPPLIERS_ARE_OWED = {"/supplier-balances", "/suppliers/{supplier_id}/statement"}
"""Whoever pays suppliers must see it: sums of documents, of no product."""
ASKED = [
    endpoint
    for area in AREAS
    for endpoint in area.endpoints
    if endpoint.message
    and (endpoint.method == "GET" or endpoint.asks_in_body)
    and EVENT_STREAM not in endpoint.media_types
]
BLIND = [role for role in ROLES if not may_see_cost(role)]
FORMATS = {"text/csv": "csv", "application/pdf": "pdf", "text/html": "html"}


def figures_in(response: httpx.Response) -> set[str]:
    said = text_of(response).replace(",", ".").replace("\xa0", "").replace("\u202f", "")
    numbers = set(re.findall(r"\d+\.\d+", said.replace(" ", "")))
    plain = {number.rstrip("0").rstrip(".") for number in numbers}
    return FIGURES.keys() & (plain | numbers)


def text_of(response: httpx.Response) -> str:
    media_type = response.headers.get("content-type", "")
    if media_type.startswith("application/pdf"):
        return "\n".join(
            page.extract_text() for page in pypdf.PdfReader(BytesIO(response.content)).pages
        )
    if "spreadsheet" in media_type:
        rows = openpyxl.load_workbook(BytesIO(response.content)).active.iter_rows(values_only=True)
        return "\n".join(str(cell) for row in rows for cell in row)
    return response.text


def costs_in(value: Any, where: str = "") -> Iterator[str]:
    """Fields that name a cost and have something in them."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if COST_FIELDS.search(name) and name not in NOT_OF_PARTS and inner is not None:
                yield f"{where}.{name} = {inner}"
            yield from costs_in(inner, f"{where}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from costs_in(inner, f"{where}[]")


class Watch:
    """Reads whatever somebody is answered."""

    def __init__(self, person: Person) -> None:
        self.found: list[str] = []
        self.answers = 0
        person.client.event_hooks = {"response": [self._read]}

    async def _read(self, response: httpx.Response) -> None:
        await response.aread()
        self.answers += 1
        where = f"{response.request.method} {response.request.url}"
        self.found += [f"{where}: {figure}" for figure in figures_in(response)]
        if "json" in response.headers.get("content-type", ""):
            self.found += [f"{where}: {cost}" for cost in costs_in(response.json())]


async def a_days_work(whole: TestGateway) -> tuple[dict[str, Person], dict[str, Watch]]:
    """A car comes, is repaired and paid for; those who may not see costs are watched."""
    people = {role: await sign_in(whole, role) for role in ROLES}
    watches = {role: Watch(people[role]) for role in BLIND}
    station = await fit_out(people["administrator"], people["storekeeper"], COST)
    client, car = await receive_client(people["administrator"])
    advisor, technician, cashier = people["advisor"], people["technician"], people["cashier"]
    await people["storekeeper"].post(f"/products/{station['oil']}/own-barcode", {})
    goods = [{"product_id": station["oil"], "quantity": "4"}]
    works = [{"service_id": station["work"]}]
    await people["administrator"].post(
        "/packages", {"name": "ТО-1", "services": works, "goods": goods}
    )
    order = await advisor.post(
        "/orders",
        {
            "client_id": client,
            "vehicle_id": car,
            "section_id": station["section"],
            "employee_id": station["mechanic"],
        },
    )
    path = f"/orders/{order['id']}"
    await write_down_works_and_parts(path, station, people)
    photo = await technician.client.post(
        f"{API}{path}/photos", content=a_photo(), headers={**a_key(), "Content-Type": "image/jpeg"}
    )
    assert photo.status_code == 201, photo.text
    await work(path, order["id"], technician)
    await technician.post(f"{path}/status", {"to": "done"}, 200)

    async def settled() -> bool:
        return "settled" in (await people["owner"].get(path))["flags"]

    await eventually(settled)
    await cashier.post(
        "/payments",
        {
            "order_id": order["id"],
            "customer_id": client,
            "payer_id": client,
            "amount": "4600.00",
            "method": "card",
        },
    )

    async def told() -> bool:
        timeline = (await people["owner"].get(f"{path}/timeline?limit=200"))["items"]
        return "evt.finance.order_paid.v1" in {entry["event"] for entry in timeline}

    await eventually(told)
    return people, watches


async def ask(person: Person, endpoint: Endpoint, ids: Ids) -> list[httpx.Response]:
    answers = []
    for path in ids.paths(endpoint.path):
        for media_type in endpoint.media_types:
            headers = {} if media_type == "application/json" else {"Accept": media_type}
            for body in bodies(endpoint, ids):
                answers.append(
                    await person.client.request(
                        endpoint.method, API + path, json=body, headers=headers
                    )
                )
    return answers


def bodies(endpoint: Endpoint, ids: Ids) -> list[Any]:
    if endpoint.message is TryFormula:
        return [
            {"text": text, "order_id": order_id}
            for text in ("CostTotal", "Margin", "TotalMoney - CostTotal", "TotalMoney")
            for order_id in sorted(ids.known["order_id"])
        ]
    return [BODIES[endpoint.message.__name__] if endpoint.asks_in_body else None]  # type: ignore[union-attr]


async def seen_by_the_owner(owner: Person, ids: Ids) -> set[str]:
    seen = set()
    for endpoint in ASKED:
        if not may(OWNER, endpoint.message):  # type: ignore[arg-type]
            continue
        for answer in await ask(owner, endpoint, ids):
            if answer.is_success:
                seen |= figures_in(answer)
                if "json" in answer.headers["content-type"]:
                    ids.learn(plain(endpoint.path), answer.json())
    return seen


@pytest.mark.timeout(300)
async def test_no_answer_export_or_print_tells_a_cost_to_who_may_not_see_it(
    whole: TestGateway,
) -> None:
    people, watches = await a_days_work(whole)
    ids = Ids()
    # The second time with the ids that the first has brought. The owner sees every figure: they
    # are there to be found.
    await seen_by_the_owner(people[OWNER], ids)
    assert await seen_by_the_owner(people[OWNER], ids) == FIGURES.keys()

    asked = defaultdict(set)
    for role in BLIND:
        for endpoint in ASKED:
            if may(role, endpoint.message):  # type: ignore[arg-type]
                before = list(watches[role].found)
                for answer in await ask(people[role], endpoint, ids):
                    if answer.is_success:
                        asked[role].add(endpoint.path)
                if endpoint.path in WHAT_SUPPLIERS_ARE_OWED:
                    watches[role].found = before
    assert [found for watch in watches.values() for found in watch.found] == []
    assert len(SERVICES) < len(asked[TECHNICIAN])
    unasked = {
        endpoint.path
        for endpoint in ASKED
        if may(TECHNICIAN, endpoint.message) and endpoint.path not in asked[TECHNICIAN]  # type: ignore[arg-type]
    }
    assert unasked == set()
