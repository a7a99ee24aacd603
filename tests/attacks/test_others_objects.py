"""What another station keeps is nobody's here: every place where a request can name a thing by its
id, with a thing of another station in it, asked by every role that gets so far (who does not, is
seen to in tests/gateway/test_permissions.py and test_second_wall.py).

Each station has databases of its own, so its services cannot read or change what another one has.
What is tried is that each address says so: it refuses as it refuses what there never was, and
nothing here changes, or begins to name what is not here.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.documents.domain import messages
from services.gateway.examples import BODIES
from services.gateway.pages import MODULES
from services.gateway.pages.routing import Page
from shared.contracts.photos import AddPhoto
from shared.permissions import may
from shared.roles import OWNER, ROLES
from tests.attacks.foreign import NOBODY, Place, body_for, called, fitted, places, put
from tests.attacks.making import ENDPOINTS, Maker
from tests.gateway.support import API, TestGateway, a_key, running_whole
from tests.gateway.test_pictures import a_photo
from tests.support.broker import running_nats
from tests.support.waiting import eventually

PAGES = [page for module in MODULES for page in module.PAGES if not page.public]
OF_EVERYBODY = {
    "form": "each station prints the same forms, by their names",
    "language": "a word",
    "name": "of a report: a word",
    "of": "which of a page's fields is meant: a word",
    "service": "of the machines: a word",
    "event_id": "of a dead letter: a new one for each event, asked with its service's name",
    "code": "a barcode is its maker's: the same goods have it everywhere",
    "order_type_id": "the types that there are from the start have the same ids everywhere",
}
"""What addresses name that is not one station's own, and why."""
NOT_MADE = {
    "ids": "works that a client declined by a link",
    "entry_id": "what was paid out",
    "offer_id": "a row of a price list",
    "session_id": "seen to in test_others_own.py",
    "job_id": "seen to in test_others_own.py",
    "station_id": "made of the station's name; asked for below",
}
"""Ids that nobody has given stand in for these."""
OTHERWISE = {
    "GET page /clients/{client_id}/merge": "leads to the card, which is not there",
    "POST /load/carry-over body booking_ids.0": "says of each booking that it is not there",
    "GET /orders/{order_id}/timeline path order_id": "attempts at it are in our journal too",
}
"""What is not refused, and why that is right."""
FILTERS = 200
"""A list is asked for those of one station, section, client, …: there are none."""
REFUSED_FIRST = {
    "absence_of_whom",
    "deposit_exceeded",
    "employee_unlinked",
    "message_text_missing",
    "nothing_to_order",
    "order_of_other_client",
    "purchase_order_step",
    "shift_closed",
    "work_of_others",
}
"""What else is wrong with such a request, and is told before what it names is looked for, or
instead: of a shift, that it is not the open one, and of a client, that the order is not theirs."""


@dataclass(frozen=True)
class Abroad:
    """The other station, after it has closed: ids and secrets of what was made there."""

    things: dict[str, str]
    session: str
    program: str
    link: str


async def abroad(folder: Path, database: Callable[[str], str]) -> Abroad:
    async with (
        running_nats(folder) as server,
        running_whole(server, database, station="station-2") as other,
    ):
        session = await other.token("owner")
        owner = other.client({"Authorization": f"Bearer {session}"})
        maker = Maker(owner)
        await maker.everything()
        order = f"{API}/orders/{maker.there['order_id']}"
        lines = {"lines": [maker.there["line_id"]]}
        quoted = await owner.post(f"{order}/quote", json=lines, headers=a_key())
        assert quoted.is_success, quoted.text
        link = (await owner.get(f"{order}/estimate-link")).json()["path"]
        program = await owner.post(f"{API}/tokens", json=BODIES["CreateToken"], headers=a_key())
        return Abroad(maker.there, session, program.json()["token"], link)


class Here:
    """Our station: its people, and what they have."""

    def __init__(self, whole: TestGateway) -> None:
        self.whole = whole
        self.people: dict[str, httpx.AsyncClient] = {}
        self.browsers: dict[str, httpx.AsyncClient] = {}
        self.own: dict[str, str] = {}

    async def fit_out(self) -> None:
        for role in ROLES:
            token = await self.whole.token(role)
            cookie = {"Cookie": f"pitlane={token}", "Sec-Fetch-Site": "same-origin"}
            self.people[role] = self.whole.client({"Authorization": f"Bearer {token}"})
            self.browsers[role] = self.whole.client({**cookie, "Accept": "text/html"})
        maker = Maker(self.people[OWNER])
        await maker.everything()
        self.own = maker.there
        await eventually(self._all_files_are_read)
        await self.whole.settle_down()
        await eventually(self._all_messages_have_arrived)
        await eventually(self._nothing_goes_on)

    async def _all_files_are_read(self) -> bool:
        lists = ("/clients/imports", "/price-lists/imports")
        listed = [(await self.people[OWNER].get(API + path)).json()["items"] for path in lists]
        return not {"uploading", "checking"} & {each["state"] for one in listed for each in one}

    async def _all_messages_have_arrived(self) -> bool:
        async with self.whole.behind["documents"].engine.connect() as connection:
            return not (await connection.execute(ON_THEIR_WAY)).scalar_one()

    async def _nothing_goes_on(self) -> bool:
        """Messages that were made are sent, and what came late is taken over."""
        before = await self.contents()
        await asyncio.sleep(QUIET_S)
        return await self.contents() == before

    async def asked(self, role: str, place: Place, foreign: dict[str, str]) -> httpx.Response:
        endpoint, thing = place.endpoint, called(place.name, foreign)
        named = {**self.own, **({place.name: thing} if place.where == "path" else {})}
        path = re.sub(r"{(\w+)}", lambda found: called(found[1], named), endpoint.path)
        said: dict[str, Any] = {"headers": a_key()}
        if place.where == "query":
            said["params"] = {place.name: thing}
        if endpoint.takes_file:
            said["content"] = a_photo()
            said["headers"] |= {"Content-Type": "image/jpeg"}
        elif endpoint.method != "GET":
            said["json"] = fitted(body_for(place), self.own)
            if place.where == "body":
                put(said["json"], place.steps, thing)
        return await self.people[role].request(endpoint.method, API + path, **said)

    async def contents(self) -> dict[str, Any]:
        """A sum of all that each service keeps, table by table."""
        found = {}
        for name, running in {**self.whole.behind, "gateway": self.whole.service}.items():
            async with running.engine.connect() as connection:
                for table in (await connection.execute(TABLES)).scalars().all():
                    if table not in TRACES:
                        summed = await connection.execute(text(SUM.format(table)))
                        found[f"{name}.{table}"] = tuple(summed.one())
        return found


TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
SUM = 'SELECT count(*), sum(hashtextextended(t::text, 0)) FROM "{}" t'
TRACES = {
    *("inbox", "outbox", "replies", "records", "heads"),
    *("sessions", "idempotency_keys", "sign_in_failures"),
    *("unpublished", "unfolded", "order_changes", "last_moves", "past_visits"),
    *("order_sums", "stock_sums", "sales_sums", "ledger_sums"),
}
"""Where an attempt is written down, where it is known when somebody was last seen, and what is
published, added up and taken over of the rest by and by."""
QUIET_S = 1.5
ON_THEIR_WAY = text("SELECT count(*) FROM messages WHERE waits_for = 'delivery'")


@pytest.fixture
def messages_arrive_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they have is looked at without a delay."""
    monkeypatch.setattr(messages, "LOOK_DELAYS", (timedelta(0),) * len(messages.LOOK_DELAYS))


def to_ask(role: str) -> Iterator[Place]:
    """The owner tries every place, others the first one of each address that lets them through."""
    for endpoint in ENDPOINTS:
        message = endpoint.message or (AddPhoto if endpoint.takes_file else None)
        if message is None or may(role, message):
            found = [place for place in places(endpoint) if place.name not in OF_EVERYBODY]
            yield from found if role == OWNER else found[:1]


def wrong_with(place: Place, answer: httpx.Response) -> str | None:
    """What such an answer may not be; null: it is as it should be."""
    if answer.status_code == 404 or str(place) in OTHERWISE:
        return None
    if place.where == "query" and answer.status_code == FILTERS:
        return None
    # Some values only the office says; a technician names no one else.
    if answer.status_code == 403 or answer.json().get("code") in REFUSED_FIRST:
        return None
    return f"{place}: {answer.status_code} {answer.text[:200]}"


def test_every_place_has_a_thing_to_stand_in_it() -> None:
    """A new address either names what ``Maker`` makes, or says here why it does not."""
    names = {place.name for endpoint in ENDPOINTS for place in places(endpoint)}
    names |= {name for page in PAGES for name in re.findall(r"{(\w+)}", page.path)}
    assert not OF_EVERYBODY.keys() & NOT_MADE.keys()
    assert OF_EVERYBODY.keys() - {"order_type_id"} <= names
    assert NOT_MADE.keys() <= names


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("messages_arrive_at_once")
async def test_no_address_and_no_page_knows_a_thing_of_another_station(
    whole: TestGateway, tmp_path_factory: pytest.TempPathFactory, database: Callable[[str], str]
) -> None:
    other = await abroad(tmp_path_factory.mktemp("other"), database)
    here = Here(whole)
    await here.fit_out()
    names = {place.name for endpoint in ENDPOINTS for place in places(endpoint)}
    unknown = {name for name in names if called(name, other.things) == NOBODY}
    assert unknown - OF_EVERYBODY.keys() == NOT_MADE.keys()
    before = await here.contents()

    wrong = []
    for role in ROLES:
        for place in to_ask(role):
            answer = await here.asked(role, place, other.things)
            if fault := wrong_with(place, answer):
                wrong.append(f"{role}: {fault}")
    for role in ROLES:
        for page in PAGES:
            name = f"{page.method} page {page.path}"
            fault = await shown_wrongly(here, role, page, other.things)
            if fault and name not in OTHERWISE:
                wrong.append(f"{role}: {name}: {fault}")
    wrong += await let_in_with_secrets_of(other, whole)
    assert not wrong, "\n".join(wrong)
    after = await here.contents()
    assert {name for name in before if before[name] != after[name]} == set()


async def shown_wrongly(here: Here, role: str, page: Page, foreign: dict[str, str]) -> str | None:
    """Forms are sent with what the API's example of their message says."""
    names = set(re.findall(r"{(\w+)}", page.path)) - OF_EVERYBODY.keys()
    if not names:
        return None
    path = re.sub(r"{(\w+)}", lambda found: called(found[1], foreign), page.path)
    said: dict[str, Any] = {}
    if page.method == "POST":
        example = fitted(BODIES.get(getattr(page.needs, "__name__", ""), {}), here.own)
        said["data"] = {name: str(value) for name, value in example.items()}
    answer = await here.browsers[role].request(page.method, path, **said)
    if page.needs is not None and not may(role, page.needs):
        return None if answer.status_code == 403 else f"let through: {answer.status_code}"
    refused = answer.status_code in {403, 404, 409, 415, 422}
    return None if refused else f"{answer.status_code} {answer.headers.get('location')}"


async def let_in_with_secrets_of(other: Abroad, whole: TestGateway) -> list[str]:
    """A session, a program's token and a client's link are good at their own station only."""
    wrong = []
    for token in (other.session, other.program):
        stranger = whole.client({"Authorization": f"Bearer {token}"})
        browser = whole.client({"Cookie": f"pitlane={token}"})
        for path in ("/session", "/orders", "/events", "/reports/cash-flow", "/jobs"):
            for one in (stranger, browser):
                answer = await one.get(API + path)
                wrong += [] if answer.status_code == 401 else [f"{path}: {answer.status_code}"]
    photo = f"/photos/{other.things['photo_id']}"
    for below in ("", "/act", photo, f"{photo}/small"):
        answer = await whole.anyone.get(f"{other.link}{below}")
        wrong += [] if answer.status_code in {404, 429} else [f"{below}: {answer.status_code}"]
    return wrong
