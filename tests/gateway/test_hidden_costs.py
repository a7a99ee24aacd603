"""What a station pays for parts and people, and what it earns, is in no answer, export, print or
page for roles that may not see it: every address is asked, on a station that has something of
everything to answer with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import openpyxl  # type: ignore[import-untyped]
import pypdf
import pytest

from services.gateway.api import Endpoint
from services.gateway.examples import BODIES
from services.gateway.pages import MODULES
from services.gateway.pages.reports import ENDPOINTS
from services.gateway.pages.routing import Page
from services.gateway.routes import AREAS
from services.gateway.routes.events import EVENT_STREAM
from shared.contracts.formulas import TryFormula
from shared.permissions import may
from shared.roles import OWNER, ROLES, TECHNICIAN, may_see_cost
from tests.gateway.furnishing import furnish
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
    COST: "of one, and of the one that is left",
    "2125.48": "of the four that were sold",
    "5313.7": "of the receipt",
    "2101.42": "the order's margin: 4600 less the cost and the pay",
    "2474.52": "the same before the pay",
    "1474.52": "the parts' margin",
}
PAY_PERCENT = "37.31"
PAY = {PAY_PERCENT: "of the work, which cost 1000", "373.1": "of the order"}
"""The technician's own; nobody else's who is not of the office."""
COST_FIELDS = re.compile(r"(^|_)(cost|margin|markup|profit|purchase_price|pay_percent)(_|$)")
NOT_OF_PARTS = {
    # The price of a norm-hour, in the words of the domain.
    "labor_cost",
    # The sum of what the system suggested for the client.
    "estimation_cost",
    # What one earned oneself by a rule that goes by the margin.
    "margin_pay",
}
WHAT_SUPPLIERS_ARE_OWED = ("/supplier-balances", "/suppliers/[^/]+/statement")
"""Whoever pays suppliers must see it: sums of documents, of no product."""
AN_ORDERS_PAY_IN_SUM = r"station.test/orders/[^/]+: 373.1$"
"""It goes with the cost, to who may see that."""
ASKED = [
    endpoint
    for area in AREAS
    for endpoint in area.endpoints
    if endpoint.message
    and (endpoint.method == "GET" or endpoint.asks_in_body)
    and EVENT_STREAM not in endpoint.media_types
]
PAGES = [
    page for module in MODULES for page in module.PAGES if page.method == "GET" and not page.public
]
WATCHED = ("advisor", "technician", "storekeeper", "cashier")
"""Everybody who is not of the office."""
NOTHING_TO_SAY = {
    "/": "leads on to the role's own first page",
    "/till/pay": "leads on to the order, or to the till",
    "/clients/{client_id}/merge": "leads on to the choice of the other card",
    "/settings": "nothing there for a technician and a cashier",
    "/reports": "nothing there for a technician",
    "/reports/{name}": "nothing there for a technician",
}
"""Addresses that may have no answer of their own for a role that gets through, and why."""
JSON_ALONE = ("application/json",)
SAID = {
    "/orders/{order_id}/parts/new": "?product_id={product_id}",
    "/message-templates/preview": "?template_id={message_template_id}",
}
"""What an address has to be asked with."""


def figures_in(response: httpx.Response, figures: dict[str, str] = FIGURES) -> set[str]:
    said = text_of(response).replace(",", ".").replace("\xa0", "").replace("\u202f", "")
    numbers = set(re.findall(r"\d+\.\d+", said.replace(" ", "")))
    plain = {number.rstrip("0").rstrip(".") for number in numbers}
    return figures.keys() & (plain | numbers)


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


def says_something(response: httpx.Response) -> bool:
    """Not refused, and no empty list or table."""
    if response.status_code != 200:
        return False
    media_type = response.headers["content-type"]
    if "json" in media_type:
        said = response.json()
        return bool(said.get("items", True) if isinstance(said, dict) else said)
    return "csv" not in media_type or len(response.text.splitlines()) > 1


class Watch:
    """Reads whatever somebody is answered."""

    def __init__(self, person: Person, role: str) -> None:
        self.found: list[str] = []
        self._figures = ({} if may_see_cost(role) else FIGURES) | (
            {} if role == TECHNICIAN else PAY
        )
        self._reads_fields = not may_see_cost(role)
        person.client.event_hooks = {"response": [self._read]}

    async def _read(self, response: httpx.Response) -> None:
        await response.aread()
        where = f"{response.request.method} {response.request.url}"
        self.found += [f"{where}: {figure}" for figure in figures_in(response, self._figures)]
        if self._reads_fields and "json" in response.headers.get("content-type", ""):
            self.found += [f"{where}: {cost}" for cost in costs_in(response.json())]


type Day = tuple[dict[str, Person], dict[str, Watch], dict[str, str]]


async def a_days_work(whole: TestGateway) -> Day:
    """A car comes, is repaired and paid for; those who may not see costs are watched. With the ids
    of what was worked with."""
    people = {role: await sign_in(whole, role) for role in ROLES}
    watches = {role: Watch(people[role], role) for role in WATCHED}
    station = await fit_out(people["administrator"], people["storekeeper"], COST)
    employee = f"/employees/{station['mechanic']}"
    await people["administrator"].patch(employee, {"pay_percent": PAY_PERCENT})
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
    return people, watches, {**station, "client": client, "car": car, "order": order["id"]}


async def ask(person: Person, endpoint: Endpoint, ids: Ids) -> list[httpx.Response]:
    """In every form that it has; those that are costly to make, of one thing only."""
    answers = []
    media_types = endpoint.media_types
    for path in ids.paths(endpoint.path + SAID.get(endpoint.path, "")):
        said = False
        for media_type in media_types:
            headers = {} if media_type == "application/json" else {"Accept": media_type}
            for body in bodies(endpoint, ids):
                answer = await person.client.request(
                    endpoint.method, API + path, json=body, headers=headers
                )
                said = said or says_something(answer)
                answers.append(answer)
        media_types = media_types[:1] if said else media_types
    return answers


async def look(person: Person, page: Page, ids: Ids) -> list[httpx.Response]:
    paths = ids.paths(page.path + SAID.get(page.path, ""))
    return [await person.client.get(path) for path in paths]


def bodies(endpoint: Endpoint, ids: Ids) -> list[Any]:
    if endpoint.message is TryFormula:
        return [
            {"text": text, "order_id": order_id}
            for text in ("CostTotal", "Margin", "TotalMoney - CostTotal", "TotalMoney")
            for order_id in sorted(ids.known["order_id"])
        ]
    return [BODIES[endpoint.message.__name__] if endpoint.asks_in_body else None]  # type: ignore[union-attr]


async def seen_by_the_owner(owner: Person, ids: Ids) -> set[str]:
    """The figures in all that can be asked for as JSON, whose ids are learned."""
    seen = set()
    for endpoint in ASKED:
        if may(OWNER, endpoint.message):  # type: ignore[arg-type]
            for answer in await ask(owner, replace(endpoint, media_types=JSON_ALONE), ids):
                if answer.is_success and "json" in answer.headers["content-type"]:
                    seen |= figures_in(answer, FIGURES | PAY)
                    ids.learn(plain(endpoint.path), answer.json())
    return seen


async def unanswered(role: str, person: Person, ids: Ids) -> list[tuple[str, str]]:
    """Every address and page that lets the role through is asked; those that said nothing."""
    silent = []
    for endpoint in ASKED:
        if may(role, endpoint.message):  # type: ignore[arg-type]
            answers = await ask(person, endpoint, ids)
            if not any(map(says_something, answers)):
                silent.append((role, endpoint.path))
    for page in PAGES:
        if page.needs is None or may(role, page.needs):
            answers = await look(person, page, ids)
            if not any(map(says_something, answers)):
                silent.append((role, page.path))
    return silent


async def nobody_carries_costs_off_the_shelves(people: dict[str, Person]) -> None:
    """The list of what lies where has columns for costs: there is something in them for those who
    may see it, and nothing for others, who have every row besides."""
    for table_format in ("csv", "xlsx"):
        path = f"{API}/stock/shelves?format={table_format}"
        said = {role: await person.client.get(path) for role, person in people.items()}
        for role, answer in said.items():
            assert says_something(answer), role
            assert (COST in figures_in(answer)) == may_see_cost(role), role
            rows = text_of(answer).splitlines()
            assert len(rows) == len(text_of(said[OWNER]).splitlines()), role


def of_role(role: str, ids: Ids, day: dict[str, str]) -> Ids:
    """With what is only one's own, and what addresses call otherwise than answers do."""
    own = Ids()
    own.known.update({name: set(known) for name, known in ids.known.items()})
    own.known["employee_id"] = {day[f"employee of {role}"], day["mechanic"]}
    own.known["document_id"] = {day["document"]}
    own.known["other_id"] = {day["debtor"]}
    own.known["receipt_id"] |= ids.known["fiscal_receipt_id"]
    own.known["job_id"] = {day[f"job of {role}"]}
    return own


@pytest.fixture
def cash_register(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """So that there are fiscal receipts."""
    monkeypatch.setenv("PITLANE_FISCAL_ADAPTER", "file")
    monkeypatch.setenv("PITLANE_FISCAL_FOLDER", str(tmp_path))


@pytest.mark.timeout(300)
@pytest.mark.usefixtures("cash_register")
async def test_nothing_tells_a_cost_a_margin_or_pay_to_who_may_not_see_it(
    whole: TestGateway,
) -> None:
    people, watches, day = await a_days_work(whole)
    await furnish(people, day, COST)
    await whole.settle_down()
    ids = Ids()
    ids.known["name"] = set(ENDPOINTS)
    ids.known["language"] = {"ru"}
    # The second time with the ids that the first has brought. The owner sees every figure: they
    # are there to be found.
    for _ in range(2):
        seen = await seen_by_the_owner(people[OWNER], ids)
    assert seen == FIGURES.keys() | PAY.keys()

    silent = []
    for role in WATCHED:
        silent += await unanswered(role, people[role], of_role(role, ids, day))
        file = await people[role].file(f"/jobs/{day[f'job of {role}']}/file")
        assert says_something(file), role
    assert {path for _, path in silent} == NOTHING_TO_SAY.keys(), silent
    await nobody_carries_costs_off_the_shelves(people)
    for role, watch in watches.items():
        fine = [*WHAT_SUPPLIERS_ARE_OWED, *([AN_ORDERS_PAY_IN_SUM] if may_see_cost(role) else [])]
        found = [each for each in watch.found if not any(re.search(that, each) for that in fine)]
        assert found == [], role
