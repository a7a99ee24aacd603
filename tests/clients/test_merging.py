"""Two cards of one client: what remains, what is led on, and which cards look alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.databases import EXTENSIONS
from services.clients.domain.merging import merged, stricter
from services.clients.store.tables import clients
from shared.contracts.client_merge import (
    ClientMerged,
    DismissDuplicate,
    FindDuplicates,
    MergeClients,
)
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    Consent,
    Consents,
    FindClients,
    GetClient,
    ListVehicles,
    SaidConsents,
    VehicleChanged,
)
from shared.database import engine_for, migrate
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.clients.builders import LATER, NOW, OTHER_CLIENT_ID, a_client
from tests.clients.test_handlers import facts_of, published
from tests.support.day import Station

YES, NO, NEVER = Consent(given=True, at=NOW, by="a"), Consent(at=LATER, by="b"), Consent()


# --- what remains ------------------------------------------------------------------------------


def test_phones_notes_and_missing_names_come_over_and_the_rest_stays() -> None:
    client = a_client(comment="Звонить вечером", discount_percent=None)
    other = a_client(
        id=OTHER_CLIENT_ID,
        last_name="Ивановъ",
        middle_name="Петрович",
        phones=("+79161234567", "+74951234567"),
        email="ivan@example.org",
        comment="Не звонить",
        discount_percent=5,
    )
    both = merged(client, other, 1, LATER)
    assert both.client == replace(
        client,
        middle_name="Петрович",
        phones=("+79161234567", "+74951234567"),
        email="ivan@example.org",
        comment="Звонить вечером\nНе звонить",
        revision=2,
        updated_at=LATER,
    )
    assert both.other == replace(other, merged_into=client.id, revision=2, updated_at=LATER)
    assert [change.field for change in both.changes] == [
        "middle_name",
        "phones",
        "email",
        "comment",
    ]


@pytest.mark.parametrize(
    ("one", "other", "stands"),
    [(YES, NO, NO), (NO, YES, NO), (YES, NEVER, NEVER), (YES, YES, YES), (NEVER, NO, NO)],
)
def test_of_each_consent_the_stricter_stands(one: Consent, other: Consent, stands: Consent) -> None:
    assert stricter(Consents(sms=one), Consents(sms=other)) == Consents(sms=stands)


_CONSENT = st.sampled_from((YES, NO, NEVER))
_CONSENTS = st.builds(Consents, sms=_CONSENT, email=_CONSENT, marketing=_CONSENT)


@given(_CONSENTS, _CONSENTS)
def test_nobody_is_written_to_who_did_not_agree_on_both_cards(
    one: Consents, other: Consents
) -> None:
    for name, stands in stricter(one, other):
        assert stands.given == (getattr(one, name).given and getattr(other, name).given)


def test_a_card_cannot_hold_more_phones_than_there_is_room_for() -> None:
    phones = [f"+7916{number:07}" for number in range(21)]
    client = a_client(phones=tuple(phones[:20]))
    with pytest.raises(Refused, match="phones_too_many"):
        merged(client, a_client(id=OTHER_CLIENT_ID, phones=(phones[20],)), None, NOW)


# --- the service -------------------------------------------------------------------------------


async def test_the_merged_card_is_answered_by_the_one_that_remains(station: Station) -> None:
    client = await station.a_client(consents=SaidConsents(sms=True))
    other = await station.a_client(last_name="Иваноff", phones=("+74951234567",))
    car = await station.a_vehicle(other.id)

    shown = await station.send(MergeClients(client_id=client.id, other_id=other.id))

    assert (shown.id, shown.revision, shown.merged_into) == (client.id, 2, None)
    assert shown.phones == ("+79161234567", "+74951234567")
    assert shown.consents.sms.given is False
    assert [each.id for each in shown.vehicles] == [car.id]
    led_on = await station.ask(GetClient(client_id=other.id))
    assert (led_on.id, led_on.merged_into) == (client.id, client.id)
    assert led_on == shown.model_copy(update={"merged_into": client.id})
    cars = await station.ask(ListVehicles(client_id=other.id))
    assert [(each.id, each.client_id, each.revision) for each in cars.items] == [
        (car.id, client.id, 2)
    ]
    owners = [fact for fact in await facts_of(station, car.id) if fact[0] == "owner"]
    assert owners == [("owner", str(other.id), False), ("owner", str(client.id), True)]
    (event,) = await published(station, ClientMerged)
    assert (event.client.id, event.merged.id, event.merged.merged_into) == (
        client.id,
        other.id,
        client.id,
    )
    assert event.merged.name == other.name
    assert len(await published(station, VehicleChanged)) == 1


async def test_the_client_is_found_once_by_either_phone(station: Station) -> None:
    client = await station.a_client()
    other = await station.a_client(last_name="Другова", phones=("+74951234567",))
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    for query in ("4951234567", "9161234567", "Иванов", ""):
        found = await station.ask(FindClients(q=query))
        assert [each.id for each in found.items] == [client.id], query
    assert (await station.ask(FindClients(q="Другова"))).items == ()


async def test_nothing_is_done_to_a_merged_card_any_more(station: Station) -> None:
    client, other, third = [await station.a_client() for _ in range(3)]
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    for command in (
        ChangeClient(client_id=other.id, comment="Ещё"),
        AddVehicle(client_id=other.id, plate="А111АА77"),
        MergeClients(client_id=third.id, other_id=other.id),
        MergeClients(client_id=other.id, other_id=third.id),
    ):
        with pytest.raises(Refused) as refused:
            await station.send(command)
        assert refused.value.code == "client_merged"
        assert refused.value.params["client_id"] == str(client.id)
    with pytest.raises(Refused, match="merge_with_itself"):
        await station.send(MergeClients(client_id=client.id, other_id=client.id))
    with pytest.raises(Refused, match="revision_conflict"):
        await station.send(
            MergeClients(client_id=client.id, other_id=third.id, expected_revision=1)
        )


async def test_a_client_who_was_merged_twice_is_still_led_on(station: Station) -> None:
    first, second, third = [await station.a_client() for _ in range(3)]
    await station.send(MergeClients(client_id=second.id, other_id=first.id))
    await station.send(MergeClients(client_id=third.id, other_id=second.id))
    assert (await station.ask(GetClient(client_id=first.id))).id == third.id


async def test_two_people_merge_the_same_two_cards_crosswise_and_one_of_them_is_refused(
    station: Station,
) -> None:
    one, other = await station.a_client(), await station.a_client()
    ends = await asyncio.gather(
        station.send(MergeClients(client_id=one.id, other_id=other.id)),
        station.send(MergeClients(client_id=other.id, other_id=one.id)),
        return_exceptions=True,
    )
    (refusal,) = [end for end in ends if isinstance(end, Refused)]
    assert refusal.code == "client_merged"


# --- what looks alike --------------------------------------------------------------------------


async def pairs(station: Station) -> list[tuple[str, str, tuple[str, ...]]]:
    page = await station.ask(FindDuplicates())
    return [(str(each.one.comment), str(each.other.comment), each.reasons) for each in page.items]


async def test_cards_with_something_in_common_are_shown_until_somebody_decides(
    station: Station,
) -> None:
    one = await station.a_client(comment="a", email="i@example.org")
    other = await station.a_client(comment="b", last_name="Ивановский")
    await station.a_client(comment="c", phones=("+74950000000",), email="I@example.org")
    await station.a_client(comment="d", phones=())
    assert sorted(await pairs(station)) == [
        ("a", "b", ("phone",)),
        ("a", "c", ("email",)),
        ("a", "d", ("name",)),
        ("c", "d", ("name",)),
    ]
    of_one = (await station.ask(FindDuplicates(client_id=other.id))).items
    assert [(each.one.id, each.other.id) for each in of_one] == [(one.id, other.id)]

    await station.send(DismissDuplicate(one_id=other.id, other_id=one.id))
    await station.send(ChangeClient(client_id=other.id, first_name="Игорь"))
    await station.send(ChangeClient(client_id=one.id, email=None))
    assert sorted(await pairs(station)) == [("a", "d", ("name",)), ("c", "d", ("name",))]
    with pytest.raises(Refused, match="duplicate_not_found"):
        await station.send(DismissDuplicate(one_id=one.id, other_id=new_id()))


async def test_cars_of_two_cards_with_one_plate_make_them_alike(station: Station) -> None:
    one = await station.a_client(comment="a")
    other = await station.a_client(comment="b", phones=("+74951234567",))
    await station.a_vehicle(one.id, plate="А 123 ВС 77")
    await station.a_vehicle(other.id, plate="a123bc77")
    assert await pairs(station) == [("a", "b", ("plate",))]
    await station.send(MergeClients(client_id=one.id, other_id=other.id))
    assert await pairs(station) == []


async def test_a_technician_does_not_merge_clients(station: Station) -> None:
    one, other = await station.a_client(), await station.a_client()
    with pytest.raises(Refused, match="forbidden"):
        await station.send(
            MergeClients(client_id=one.id, other_id=other.id),
            actor=Actor("pyotr", "technician", new_id()),
        )


async def test_cards_from_before_are_compared_when_the_database_grows(
    bare_database: str,
) -> None:
    url = bare_database
    engine = engine_for(url)
    async with engine.begin() as connection:
        for extension in EXTENSIONS:
            await connection.execute(sa.text(f"CREATE EXTENSION {extension}"))
    await asyncio.to_thread(migrate, "clients", url, "0004")
    columns = "id, kind, last_name, phones, revision, created_at, updated_at, name_key, phone_key"
    async with engine.begin() as connection:
        for number, phone in enumerate(("+79161234567", "+79161234567", "+74951234567")):
            await connection.execute(
                sa.text(
                    f"INSERT INTO clients ({columns}) VALUES (:id, 'person', 'Иванов',"
                    " ARRAY[:phone], 1, now(), now(), ' иванов ', :key)"
                ),
                {"id": new_id(), "phone": phone, "key": f" {phone[1:]} {number}"},
            )
    await asyncio.to_thread(migrate, "clients", url)
    async with engine.connect() as connection:
        found = await connection.execute(sa.text("SELECT reasons FROM duplicates"))
        assert [row.reasons for row in found] == [["phone"]]
        unmerged = sa.select(sa.func.count()).where(clients.c.merged_into.is_(None))
        assert await connection.scalar(unmerged) == 3
    await engine.dispose()
