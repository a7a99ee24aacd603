"""Tags, visits, and the segments that go by them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from services.clients.store.tables_segments import visits
from shared.contracts.base import Event, Page
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import SaidConsents
from shared.contracts.finance import OrderSettled, SettlementReversed
from shared.contracts.orders import ListSections, SectionView
from shared.contracts.segments import (
    ChangeSegment,
    CreateSegment,
    GetSegment,
    ListSegments,
    RemoveSegment,
    SegmentClients,
    SegmentConditions,
    SegmentSaved,
)
from shared.contracts.tags import (
    ChangeTag,
    ClientTagged,
    CreateTag,
    GetClientTags,
    GetVehicleTags,
    ListTags,
    RemoveTag,
    TagClient,
    TagVehicle,
    UntagClient,
    UntagVehicle,
)
from shared.contracts.visits import ClientVisits, GetClientVisits
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.clients.test_handlers import published
from tests.gateway.support import FakeServices
from tests.support.broker import TestNats
from tests.support.day import Station

NOW = datetime.now(UTC).replace(microsecond=0)
SECTION, OTHER_SECTION = new_id(), new_id()


def settled(client_id: UUID, order_id: UUID | None = None, **fields: Any) -> OrderSettled:
    return OrderSettled(
        **{
            "order_id": order_id or new_id(),
            "number": "A-000001",
            "completion": 1,
            "client_id": client_id,
            "revenue": Decimal(1000),
            "cost": Decimal(0),
            "pay": Decimal(0),
            "margin": Decimal(1000),
            "deposits_applied": Decimal(0),
            "section_id": SECTION,
            "completed_at": NOW,
            **fields,
        }
    )


def undone(event: OrderSettled, *, named: bool = True) -> SettlementReversed:
    return SettlementReversed(
        order_id=event.order_id,
        completion=event.completion,
        revenue=event.revenue,
        client_id=event.client_id if named else None,
    )


async def hear(station: Station, *events: Event) -> None:
    for event in events:
        await station.publish(event, "finance")
    await station.settle_down()


async def came(station: Station, client_id: UUID) -> tuple[int, Decimal]:
    shown = await station.ask(GetClientVisits(client_id=client_id))
    return shown.visits, shown.revenue


# --- tags --------------------------------------------------------------------------------------


async def test_tags_are_made_set_renamed_and_removed(station: Station) -> None:
    client = await station.a_client()
    car = await station.a_vehicle(client.id)
    vip = await station.send(CreateTag(name="VIP", colour="#D32F2F"))
    fleet = await station.send(CreateTag(name="Автопарк"))
    assert (vip.colour, fleet.colour) == ("#d32f2f", "#9e9e9e")
    with pytest.raises(Refused, match="name_taken"):
        await station.send(CreateTag(name="vip"))
    with pytest.raises(Refused, match="name_taken"):
        await station.send(ChangeTag(tag_id=fleet.id, name="vip"))

    await station.send(TagClient(client_id=client.id, tag_id=fleet.id))
    both = await station.send(TagClient(client_id=client.id, tag_id=vip.id))
    assert both == await station.send(TagClient(client_id=client.id, tag_id=vip.id))
    assert [tag.name for tag in both.items] == ["VIP", "Автопарк"]
    assert (await station.send(TagVehicle(vehicle_id=car.id, tag_id=vip.id))).items == (vip,)
    renamed = await station.send(ChangeTag(tag_id=vip.id, name="Важный", expected_revision=1))
    assert (await station.ask(GetVehicleTags(vehicle_id=car.id))).items == (renamed,)
    with pytest.raises(Refused, match="revision_conflict"):
        await station.send(ChangeTag(tag_id=vip.id, name="VIP", expected_revision=1))

    await station.send(UntagVehicle(vehicle_id=car.id, tag_id=vip.id))
    assert (await station.ask(GetVehicleTags(vehicle_id=car.id))).items == ()
    await station.send(UntagClient(client_id=client.id, tag_id=fleet.id))
    await station.send(RemoveTag(tag_id=vip.id))
    assert (await station.ask(GetClientTags(client_id=client.id))).items == ()
    assert (await station.ask(ListTags())).items == (fleet,)
    with pytest.raises(Refused, match="tag_not_found"):
        await station.send(TagClient(client_id=client.id, tag_id=vip.id))
    told = await published(station, ClientTagged)
    assert [(event.changes[0].old, event.changes[0].new) for event in told] == [
        (None, "Автопарк"),
        (None, "VIP"),
        ("Автопарк", None),
    ]


async def test_tags_are_listed_in_pages_by_name(station: Station) -> None:
    for name in ("в", "А", "б"):
        await station.send(CreateTag(name=name))
    page = await station.ask(ListTags(limit=2))
    rest = await station.ask(ListTags(limit=2, cursor=page.next))
    assert [tag.name for tag in (*page.items, *rest.items)] == ["А", "б", "в"]
    assert rest.next is None


async def test_a_merged_clients_tags_and_visits_are_the_survivors(station: Station) -> None:
    client, other = await station.a_client(), await station.a_client()
    tags = [await station.send(CreateTag(name=name)) for name in ("a", "b")]
    await station.send(TagClient(client_id=client.id, tag_id=tags[0].id))
    for tag in tags:
        await station.send(TagClient(client_id=other.id, tag_id=tag.id))
    first, second = settled(client.id), settled(other.id, revenue=Decimal("500.50"))
    await hear(station, first, second)
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    assert (await station.ask(GetClientTags(client_id=other.id))).items == tuple(tags)
    assert await came(station, other.id) == (2, Decimal("1500.50"))
    # Late news name the other one still, whoever tells them.
    await hear(station, settled(other.id), undone(second), undone(first, named=False))
    assert await came(station, client.id) == (1, Decimal(1000))


# --- visits ------------------------------------------------------------------------------------


async def test_visits_are_counted_once_and_reversals_take_them_back(station: Station) -> None:
    client = await station.a_client()
    assert await station.ask(GetClientVisits(client_id=client.id)) == ClientVisits(
        visits=0, revenue=Decimal(0), first_visit=None, last_visit=None, last_section_id=None
    )
    first = settled(client.id, completed_at=NOW - timedelta(days=30))
    last = settled(client.id, revenue=Decimal("2500.50"), section_id=OTHER_SECTION)
    await hear(station, last, first, last, first)
    assert await station.ask(GetClientVisits(client_id=client.id)) == ClientVisits(
        visits=2,
        revenue=Decimal("3500.50"),
        first_visit=NOW - timedelta(days=30),
        last_visit=NOW,
        last_section_id=OTHER_SECTION,
    )
    again = settled(client.id, last.order_id, completion=2, revenue=Decimal(2000))
    await hear(station, undone(last), undone(last), again)
    assert await came(station, client.id) == (2, Decimal(3000))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_whatever_order_the_news_come_in_the_count_is_right(
    station: Station, order: tuple[int, ...]
) -> None:
    client = await station.a_client()
    first = settled(client.id)
    second = settled(client.id, first.order_id, completion=2, revenue=Decimal(700))
    news = [first, undone(first, named=order[0] == 0), second]
    await hear(station, *(news[index] for index in order))
    assert await came(station, client.id) == (1, Decimal(700))


async def test_news_of_clients_who_are_being_merged_are_not_lost(station: Station) -> None:
    client = await station.a_client()
    others = [await station.a_client() for _ in range(5)]
    news = [settled(other.id) for other in others for _ in range(4)]
    await asyncio.gather(
        *(station.publish(event, "finance") for event in news),
        *(station.send(MergeClients(client_id=client.id, other_id=other.id)) for other in others),
    )
    await station.settle_down()
    assert await came(station, client.id) == (20, Decimal(20_000))


async def test_a_settlement_told_before_it_had_a_section_counts(station: Station) -> None:
    client = await station.a_client()
    await hear(station, settled(client.id, section_id=None, completed_at=None))
    assert await came(station, client.id) == (1, Decimal(1000))


# --- segments ----------------------------------------------------------------------------------


@pytest.fixture
async def people(station: Station) -> dict[str, UUID]:
    """A regular with a new Lada, a lost one with an old Kia, a newcomer, and a company."""
    regular = await station.a_client(comment="regular", consents=SaidConsents(sms=True))
    lost = await station.a_client(last_name="Петров", consents=SaidConsents(marketing=True))
    newcomer = await station.a_client(last_name="Сидоров")
    company = await station.a_client(kind="company", company_name="Вектор")
    await station.a_vehicle(regular.id, year=NOW.year - 2)
    await station.a_vehicle(lost.id, vendor="Kia", model="Rio", year=NOW.year - 12)
    await hear(
        station,
        settled(regular.id, completed_at=NOW - timedelta(days=200)),
        settled(regular.id, completed_at=NOW - timedelta(days=20), revenue=Decimal(9000)),
        settled(regular.id, completed_at=NOW - timedelta(days=2), section_id=OTHER_SECTION),
        settled(lost.id, completed_at=NOW - timedelta(days=400)),
        settled(company.id, completed_at=NOW - timedelta(days=25), revenue=Decimal(50_000)),
        undone(gone := settled(newcomer.id)),
        gone,
    )
    return {
        "regular": regular.id,
        "lost": lost.id,
        "newcomer": newcomer.id,
        "company": company.id,
    }


@pytest.fixture
async def sections(nats_server: TestNats) -> AsyncIterator[None]:
    """Orders says which there are."""
    orders = FakeServices(nats_server)
    known = SectionView(id=OTHER_SECTION, name="Кузовной", station_id=new_id(), revision=1)
    orders.replies[ListSections.subject] = Page(items=(known,))
    await orders.start("orders")
    yield
    await orders.stop()


CONDITIONS: list[tuple[dict[str, Any], set[str]]] = [
    ({"visits_from": 3}, {"regular"}),
    ({"visits_to": 0}, {"newcomer"}),
    ({"visits_from": 1, "visits_to": 1}, {"lost", "company"}),
    ({"revenue_from": "11000"}, {"regular", "company"}),
    ({"revenue_to": "1000"}, {"lost", "newcomer"}),
    ({"last_days": 30}, {"regular", "company"}),
    ({"last_days": 30, "visits_from": 2}, {"regular"}),
    ({"last_days": 30, "revenue_from": "10000.01"}, {"company"}),
    ({"last_days": 30, "visits_to": 1}, {"lost", "newcomer", "company"}),
    ({"last_days": 300, "visits_from": 0}, {"regular", "lost", "newcomer", "company"}),
    ({"period_to": (NOW - timedelta(days=300)).date()}, {"lost"}),
    ({"period_from": (NOW - timedelta(days=10)).date()}, {"regular"}),
    ({"section_id": OTHER_SECTION}, {"regular"}),
    ({"section_id": OTHER_SECTION, "visits_to": 0}, {"lost", "newcomer", "company"}),
    ({"last_visit_before_days": 180}, {"lost"}),
    ({"last_visit_within_days": 10}, {"regular"}),
    ({"last_visit_before_days": 10, "last_visit_within_days": 100}, {"company"}),
    ({"car_vendor": "lada"}, {"regular"}),
    ({"car_vendor": "KIA", "car_model": "vesta"}, set()),
    ({"car_age_from": 10}, {"lost"}),
    ({"car_age_to": 2}, {"regular"}),
    ({"consents": ("sms",)}, {"regular"}),
    ({"consents": ("sms", "marketing")}, set()),
    ({"kind": "company"}, {"company"}),
    ({"kind": "person", "visits_from": 1, "car_age_from": 1}, {"regular", "lost"}),
]


@pytest.mark.usefixtures("sections")
async def test_each_condition_finds_those_who_fit(
    station: Station, people: dict[str, UUID]
) -> None:
    for number, (fields, expected) in enumerate(CONDITIONS):
        segment = await station.send(
            CreateSegment(name=str(number), conditions=SegmentConditions(**fields))
        )
        page = await station.ask(SegmentClients(segment_id=segment.id))
        found = {client.client_id for client in page.items}
        assert found == {people[name] for name in expected}, fields
        shown = await station.ask(GetSegment(segment_id=segment.id))
        assert (shown.clients, shown.conditions) == (len(expected), segment.conditions)


async def test_tags_of_clients_and_of_their_cars_count(
    station: Station, people: dict[str, UUID]
) -> None:
    tag = await station.send(CreateTag(name="VIP"))
    car = await station.a_vehicle(people["newcomer"], plate="В777ВВ99")
    await station.send(TagVehicle(vehicle_id=car.id, tag_id=tag.id))
    await station.send(TagClient(client_id=people["lost"], tag_id=tag.id))
    have = await station.send(
        CreateSegment(name="have", conditions=SegmentConditions(tag_ids=(tag.id,)))
    )
    lack = await station.send(
        CreateSegment(name="lack", conditions=SegmentConditions(without_tag_ids=(tag.id,)))
    )
    with pytest.raises(Refused, match="tag_in_segment"):
        await station.send(RemoveTag(tag_id=tag.id))
    first = await station.ask(SegmentClients(segment_id=have.id, limit=1))
    rest = await station.ask(SegmentClients(segment_id=have.id, limit=1, cursor=first.next))
    assert [row.name for row in (*first.items, *rest.items)] == ["Сидоров Иван", "Петров Иван"]
    assert rest.next is None
    assert (await station.ask(GetSegment(segment_id=lack.id))).clients == 2

    for segment in (have, lack):
        await station.send(RemoveSegment(segment_id=segment.id))
    await station.send(RemoveTag(tag_id=tag.id))
    assert (await station.ask(ListSegments())).items == ()


async def test_a_row_shows_what_came_of_all_visits(
    station: Station, people: dict[str, UUID]
) -> None:
    segment = await station.send(CreateSegment(name="a", conditions=SegmentConditions(last_days=5)))
    (row,) = (await station.ask(SegmentClients(segment_id=segment.id))).items
    assert (row.name, row.phone, row.visits, row.revenue, row.last_section_id) == (
        "Иванов Иван",
        "+79161234567",
        3,
        Decimal(11_000),
        OTHER_SECTION,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"visits_from": 2, "visits_to": 1},
        {"car_age_from": 5, "car_age_to": 3},
        {"last_days": 5, "period_from": "2026-01-01"},
        {"period_from": "2026-02-01", "period_to": "2026-01-01"},
        {"period_from": "0001-01-01"},
        {"period_to": "9999-12-31"},
    ],
)
async def test_conditions_that_cannot_be_are_refused(
    station: Station, fields: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match="conditions_invalid"):
        await station.send(CreateSegment(name="a", conditions=SegmentConditions(**fields)))


@pytest.mark.usefixtures("sections")
async def test_segments_are_edited_and_guarded(station: Station) -> None:
    regulars = SegmentConditions(visits_from=3)
    elsewhere = SegmentConditions(section_id=new_id())
    segment = await station.send(CreateSegment(name="Постоянные", conditions=regulars))
    edited = await station.send(
        ChangeSegment(
            segment_id=segment.id,
            expected_revision=1,
            conditions=SegmentConditions(visits_from=5),
        )
    )
    assert (edited.name, edited.conditions.visits_from, edited.revision) == ("Постоянные", 5, 2)
    assert await station.send(ChangeSegment(segment_id=segment.id, name="Постоянные")) == edited
    assert len(await published(station, SegmentSaved)) == 2
    refusals: list[tuple[Callable[[], Any], str]] = [
        (lambda: CreateSegment(name="ПОСТОЯННЫЕ", conditions=regulars), "name_taken"),
        (lambda: ChangeSegment(segment_id=segment.id, expected_revision=1), "revision_conflict"),
        (lambda: CreateSegment(name="b", conditions=elsewhere), "section_not_found"),
        (lambda: ChangeSegment(segment_id=segment.id, conditions=elsewhere), "section_not_found"),
        (lambda: ChangeSegment(segment_id=new_id(), name="x"), "segment_not_found"),
        (
            lambda: CreateSegment(name="x", conditions=SegmentConditions(tag_ids=(new_id(),))),
            "tag_not_found",
        ),
    ]
    for command, code in refusals:
        with pytest.raises(Refused, match=code):
            await station.send(command())
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(
            SegmentClients(segment_id=segment.id), actor=Actor("pyotr", "technician", new_id())
        )


async def test_a_visit_that_stands_is_known_in_full(station: Station) -> None:
    """The table itself refuses one of which something is missing."""
    async with station.running["clients"].engine.connect() as connection:
        with pytest.raises(sa.exc.IntegrityError, match="visits_known"):
            await connection.execute(
                sa.insert(visits).values(order_id=new_id(), completion=1, reversed=False)
            )
