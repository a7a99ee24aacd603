"""A person asks to be forgotten: nobody can tell who it was, and all sums still stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from services.clients.store import importing
from shared.contracts.approvals import AnswerWork, EstimateLink, QuoteWorks, ShowEstimate
from shared.contracts.audit import OrderTimeline, VerifyChain
from shared.contracts.client_data import EraseClient, GetPersonalData
from shared.contracts.client_imports import (
    AddClientImportRows,
    BeginClientImport,
    EndClientImportUpload,
    ListClientImportProblems,
)
from shared.contracts.client_links import LinkClient
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import (
    ChangeClient,
    ChangeVehicle,
    ClientChanged,
    ClientView,
    FindClients,
    GetClient,
    GetVehicle,
    SaidConsents,
    VehicleChanged,
    VehicleView,
)
from shared.contracts.finance import GetBalance, RefundPayment, TakePayment
from shared.contracts.messages import ListMessages, SendMessage
from shared.contracts.orders import (
    AddComment,
    AddService,
    CreateOrder,
    FindOrders,
    ListComments,
    OrderView,
)
from shared.contracts.tags import CreateTag, TagClient, TagVehicle
from shared.contracts.work_order import GetWorkOrder
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.support.day import BUSINESS, Station
from tests.support.persons import rows_naming
from tests.support.waiting import eventually

AT_HOME = Actor("client link 1", "client")
REASON = "Заявление от 23.11.2026"
VIN = "XTAIO0990Y2766389"
PERSONAL = ("Хрюндель", "79165557788", "hr@example.org", "У123РЕ77", "Секрет", "Аристарх")


async def a_person(station: Station) -> tuple[ClientView, VehicleView]:
    client = await station.a_client(
        last_name="Хрюндель",
        first_name="Аристарх",
        phones=("+79165557788",),
        email="hr@example.org",
        comment="Секрет",
        consents=SaidConsents(sms=True),
    )
    car = await station.a_vehicle(client.id, plate="У123РЕ77", vin="XTA210990Y2766389")
    return client, car


async def a_done_order(
    station: Station,
    client: ClientView,
    car: VehicleView,
    recommendation: str = "Хрюндель просил напомнить о колодках",
) -> OrderView:
    order = await station.an_order(
        client_id=client.id,
        vehicle_id=car.id,
        driver="Хрюндель П.",
        comment="Секрет",
        customer_reason="Секрет: стук справа",
        recommendation=recommendation,
    )
    await station.send(
        AddService(
            order_id=order.id,
            name="Замена масла",
            initial_price=Decimal(1000),
            comment="Хрюндель ждёт",
        )
    )
    await station.send(QuoteWorks(order_id=order.id))
    (work,) = (await station.order(order.id)).services
    await station.send(AnswerWork(order_id=order.id, line_id=work.id, to="approved", how="phone"))
    await station.send(AddComment(order_id=order.id, text="Звонил Хрюндель, +79165557788"))
    await station.send(AddComment(order_id=order.id, text="Масло заменил, течи нет"))
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    await station.settle_down()
    return order


async def pay(station: Station, order: OrderView) -> None:
    await station.send(
        TakePayment(
            order_id=order.id,
            customer_id=order.client_id,
            amount=Decimal(1000),
            method="cash",
            comment="Секрет",
        )
    )
    await station.settle_down()


async def rows_with_person(station: Station) -> list[tuple[str, str, str]]:
    engines = {service: station.running[service].engine for service in BUSINESS}
    return await rows_naming(engines, PERSONAL)


async def test_nothing_names_the_person_any_more_and_the_books_stand(station: Station) -> None:
    client, car = await a_person(station)
    order = await a_done_order(station, client, car)
    await pay(station, order)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    waiting = await station.send(
        SendMessage(client_id=client.id, channel="sms", text="Аристарх, ждём вас", send_at=tomorrow)
    )
    with pytest.raises(Refused):
        await station.send(ChangeClient(client_id=client.id, phones=("Хрюндель",)))
    before = await station.ask(GetWorkOrder(order_id=order.id))

    erased = await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()

    assert erased.name == f"Erased client {client.id.hex[-6:].upper()}"
    assert sorted(await rows_with_person(station)) == []
    card = await station.ask(GetClient(client_id=client.id))
    assert (card.name, card.phones, card.erased_at) == (erased.name, (), erased.erased_at)
    assert (await station.ask(GetVehicle(vehicle_id=car.id))).plate is None
    for query in ("5557788", "Хрюндель", "У123РЕ77"):
        assert (await station.ask(FindClients(q=query))).items == ()
    # The order is the same but for who it was.
    shown = await station.ask(GetWorkOrder(order_id=order.id))
    assert (shown.customer.name, shown.customer.phones) == (erased.name, ())
    assert shown.vehicle is not None
    assert shown.vehicle.name == "Lada Vesta XTA210990Y2766389"
    assert (shown.driver, shown.comment) == (None, None)
    assert (shown.customer_reason, shown.recommendation) == (None, None)
    (work,) = before.services
    approval = work.approval.model_copy(update={"by": erased.name})
    unnamed = work.model_copy(update={"approval": approval, "comment": None})
    assert shown.services == (unnamed,)
    assert shown.total == before.total
    # As whoever reads it on a page, in either language, would look for it.
    for name in (erased.name, f"обезличенный клиент {erased.name.split()[-1].lower()}"):
        assert [each.id for each in (await station.ask(FindClients(q=name))).items] == [client.id]
        assert [each.id for each in (await station.ask(FindOrders(q=name))).items] == [order.id]
    (found,) = (await station.ask(FindOrders(client_id=client.id))).items
    assert (found.client_name, found.vehicle_name) == (erased.name, shown.vehicle.name)
    comments = (await station.ask(ListComments(order_id=order.id))).items
    assert [comment.text for comment in comments] == [erased.name, "Масло заменил, течи нет"]
    (message,) = (await station.ask(ListMessages(client_id=client.id))).items
    assert (message.id, message.state) == (waiting.id, "cancelled")
    # The journal is whole, and shows nobody.
    assert (await station.ask(VerifyChain())).intact
    for said in (
        await station.records(),
        (await station.ask(OrderTimeline(order_id=order.id, limit=200))).items,
    ):
        told = " ".join(record.model_dump_json() for record in said)
        assert [word for word in PERSONAL if word in told] == []


async def test_what_the_station_says_of_the_car_stays_with_it(station: Station) -> None:
    client, car = await a_person(station)
    order = await a_done_order(station, client, car, recommendation="Колодки через 5 000 км")
    await pay(station, order)
    await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()
    shown = await station.ask(GetWorkOrder(order_id=order.id))
    assert (shown.customer_reason, shown.recommendation) == (None, "Колодки через 5 000 км")


async def test_what_lists_said_and_nobody_could_read_is_forgotten_too(station: Station) -> None:
    """Whose a cell is nobody knows: all of them go with whoever is forgotten, or with time."""
    client, _ = await a_person(station)
    rows = (("Фамилия", "Телефон", "VIN"), ("Хрюндель", "7916555", VIN))
    job = await station.send(BeginClientImport(file_name="list.csv", digest="0" * 64))
    await station.send(AddClientImportRows(import_id=job.id, first_row=1, rows=rows))
    await station.send(EndClientImportUpload(import_id=job.id))

    async def cells_are(wanted: list[tuple[str, str, str]]) -> bool:
        found = await station.ask(ListClientImportProblems(import_id=job.id))
        assert [(each.field, each.value, each.reason_ru) for each in found.items] == wanted
        return True

    fault = "букв I, O и Q в нём не бывает, это 1 и 0"
    advice = "В VIN 17 знаков, в номере кузова от 5 до 16; если номер не разобрать, оставьте поле"
    said = [
        ("phone", "7916555", "7916555 — не номер телефона"),
        ("vin", VIN, f"{VIN} — не VIN: {fault} (I, O). {advice} пустым"),
    ]
    await eventually(lambda: cells_are(said))
    await station.send(EraseClient(client_id=client.id, reason=REASON))
    gone = [
        ("phone", "…", "… — не номер телефона"),
        ("vin", "…", f"… — не VIN: {fault} (…). {advice} пустым"),
    ]
    await eventually(lambda: cells_are(gone))


async def test_what_lists_said_and_nobody_could_read_goes_with_time(station: Station) -> None:
    engine = station.running["clients"].engine
    for days, value in ((29, "7916555"), (31, "…")):
        async with engine.begin() as connection:
            import_id = new_id()
            await connection.execute(_AN_IMPORT, {"id": import_id, "days": days})
            await connection.execute(_A_CELL, {"id": import_id})
            await importing.sweep(connection, datetime.now(UTC))
            found = await connection.execute(
                text("SELECT value, particulars FROM import_problems WHERE import_id = :id"),
                {"id": import_id},
            )
            assert [tuple(row) for row in found] == [(value, {"phone": value, "low": "1"})]


_AN_IMPORT = text(
    "INSERT INTO imports (id, kind, state, file_name, digest, live, wanted, columns, header_row,"
    " rows_read, rows_checked, rows_good, rows_bad, checked_to, particulars, tries, actor,"
    " created_at, updated_at, revision) VALUES (:id, 'clients', 'applied', 'list.csv', '0', false,"
    " '{}', '{}', 1, 1, 1, 0, 1, 2, '{}', 0, 'owner', now(), now() - make_interval(days => :days),"
    " 1)"
)
_A_CELL = text(
    "INSERT INTO import_problems (import_id, row, field, header, value, code, particulars) VALUES"
    """ (:id, 2, 'phone', 'Телефон', '7916555', 'phone_invalid',
    '{"phone": "7916555", "low": "1"}')"""
)


async def test_the_clients_link_opens_nothing_any_more(station: Station) -> None:
    client, car = await a_person(station)
    order = await station.an_order(client_id=client.id, vehicle_id=car.id)
    await station.send(
        AddService(order_id=order.id, name="Замена масла", initial_price=Decimal(1000))
    )
    await station.send(QuoteWorks(order_id=order.id))
    path = (await station.ask(EstimateLink(order_id=order.id))).path
    shown = ShowEstimate(token=path.removeprefix("/e/"))
    (job,) = (await station.ask(shown, actor=AT_HOME)).jobs
    await station.send(
        AnswerWork(order_id=order.id, line_id=job.line_id, to="approved", how="phone")
    )
    await station.move(order.id, "in_progress")
    await station.move(order.id, "done")
    await station.settle_down()
    await pay(station, order)
    assert (await station.ask(shown, actor=AT_HOME)).number == order.number
    await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()
    with pytest.raises(Refused, match="estimate_link_invalid"):
        await station.ask(shown, actor=AT_HOME)


async def test_comments_forget_what_an_old_copy_says_of_the_person(station: Station) -> None:
    """A copy of before it had all of the card; whoever has the card knows nobody any more."""
    client, car = await a_person(station)
    order = await a_done_order(station, client, car)
    await pay(station, order)
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(text("UPDATE clients SET complete = false"))

    erased = await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()

    comments = (await station.ask(ListComments(order_id=order.id))).items
    assert [comment.text for comment in comments] == [erased.name, "Масло заменил, течи нет"]
    assert [row for row in await rows_with_person(station) if row[0] == "orders"] == []


async def test_orders_keep_the_name_of_a_car_that_was_sold_on_though_their_copy_is_old(
    station: Station,
) -> None:
    client, car = await a_person(station)
    order = await a_done_order(station, client, car)
    await pay(station, order)
    buyer = await station.a_client(last_name="Покупатель", phones=("+79160000001",))
    await station.send(ChangeVehicle(vehicle_id=car.id, client_id=buyer.id))
    await station.settle_down()
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(
            text(
                "UPDATE vehicles SET complete = false, vendor = NULL, model = NULL, plate = NULL,"
                " vin = NULL"
            )
        )

    await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()

    shown = await station.order(order.id)
    assert shown.vehicle_name == f"{car.vendor} {car.model} {car.vin}"


async def test_late_news_do_not_bring_the_person_back(station: Station) -> None:
    client, car = await a_person(station)
    await station.settle_down()
    await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()

    await station.publish(ClientChanged(client=client), "clients")
    await station.publish(VehicleChanged(vehicle=car), "clients")
    await station.settle_down()

    # Their own event is in the stream and the journal; nothing has been taken from it.
    assert await rows_with_person(station) == []
    section = await station.a_section()
    employee = await station.an_employee(section.id)
    for command in (
        ChangeClient(client_id=client.id, last_name="Хрюндель"),
        CreateOrder(client_id=client.id, section_id=section.id, employee_id=employee.id),
        EraseClient(client_id=client.id, reason=REASON),
    ):
        with pytest.raises(Refused, match="client_erased"):
            await station.send(command)


async def test_a_person_is_not_forgotten_while_something_is_to_be_settled(
    station: Station,
) -> None:
    client, car = await a_person(station)
    order = await station.an_order(client_id=client.id, vehicle_id=car.id)
    with pytest.raises(Refused) as refused:
        await station.send(EraseClient(client_id=client.id, reason=REASON))
    assert (refused.value.code, refused.value.params) == (
        "client_has_open_orders",
        {"numbers": order.number},
    )
    await station.move(order.id, "cancelled")
    done = await a_done_order(station, client, car)
    with pytest.raises(Refused) as refused:
        await station.send(EraseClient(client_id=client.id, reason=REASON))
    assert refused.value.params == {"debt": "1000.00", "deposit": "0.00"}
    await pay(station, done)
    ahead = await station.send(TakePayment(customer_id=client.id, amount=Decimal(5), method="cash"))
    with pytest.raises(Refused) as refused:
        await station.send(EraseClient(client_id=client.id, reason=REASON))
    assert refused.value.params == {"debt": "0.00", "deposit": "5.00"}
    assert (await station.ask(GetClient(client_id=client.id))).name == client.name
    await station.send(RefundPayment(payment_id=ahead.id))
    await station.send(EraseClient(client_id=client.id, reason=REASON))
    assert (await station.ask(GetBalance(client_id=client.id))).owes == 0
    with pytest.raises(Refused, match="forbidden"):
        await station.send(
            EraseClient(client_id=client.id, reason=REASON),
            actor=Actor("anna", "advisor", new_id()),
        )


async def test_cards_that_were_merged_go_with_the_client(station: Station) -> None:
    other, car = await a_person(station)
    client = await station.a_client(last_name="Хрюндель", phones=())
    order = await a_done_order(station, other, car)
    await pay(station, order)
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    await station.settle_down()
    await station.send(EraseClient(client_id=client.id, reason=REASON))
    await station.settle_down()
    assert await rows_with_person(station) == []
    records = await station.records(event="evt.clients.client_merged.v1")
    assert [word for word in PERSONAL if word in records[0].model_dump_json()] == []


async def test_what_is_known_of_a_person_is_given_out(station: Station) -> None:
    client, car = await a_person(station)
    order = await a_done_order(station, client, car)
    await pay(station, order)
    vip = await station.send(CreateTag(name="VIP", colour="#aa0000"))
    old = await station.send(CreateTag(name="Старая машина", colour="#00aa00"))
    await station.send(TagClient(client_id=client.id, tag_id=vip.id))
    await station.send(TagVehicle(vehicle_id=car.id, tag_id=old.id))
    wife = await station.a_client(last_name="Сидорова", phones=())
    link = await station.send(LinkClient(client_id=wife.id, role="family", other_id=client.id))
    data = await station.ask(GetPersonalData(client_id=client.id))
    assert {tag.name for tag in data.tags} == {"VIP", "Старая машина"}
    assert data.links == (link,)
    assert (data.client.name, data.client.vehicles[0].plate) == (client.name, car.plate)
    assert [(each.order.id, len(each.comments)) for each in data.orders] == [(order.id, 2)]
    assert [payment.amount for payment in data.payments] == [Decimal(1000)]
    assert data.balance.owes == data.bonuses.balance == 0
    assert [record.event for record in data.journal] == ["evt.clients.client_created.v1"]
