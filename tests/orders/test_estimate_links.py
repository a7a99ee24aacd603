"""The estimate's link: who has it, what it shows, and what can be answered by it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, text

from shared.contracts.approvals import (
    AnswerEstimate,
    EstimateLink,
    EstimateView,
    OrderOfLink,
    QuoteWorks,
    RevokeEstimateLink,
    ShowEstimate,
)
from shared.contracts.inventory import ProductSaved
from shared.contracts.link_secret import ReplaceLinkSecret
from shared.contracts.orders import (
    AddService,
    Approval,
    ChangeLine,
    ChangeOrder,
    MoveOrder,
    OrderView,
    PartRequest,
    RequestParts,
)
from shared.database import outbox as events
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.orders.test_handlers import a_new_order, a_product_view, told
from tests.support.day import ADMIN, Station

CLIENT = Actor("client link 1", "client")
SERVICE = Actor("documents", "service")
OPERATOR = Actor("root", "operator")


async def a_quoted_order(station: Station, *prices: str, **fields: Any) -> OrderView:
    order = await a_new_order(station, **fields)
    for price in prices or ("500",):
        order = await station.send(
            AddService(order_id=order.id, name=f"Работа за {price}", initial_price=Decimal(price))
        )
    return await station.send(QuoteWorks(order_id=order.id))


async def token_of(station: Station, order: OrderView) -> str:
    link = await station.ask(EstimateLink(order_id=order.id), actor=SERVICE)
    return link.path.removeprefix("/e/")


async def show(station: Station, token: str) -> EstimateView:
    return await station.ask(ShowEstimate(token=token), actor=CLIENT)


async def say(
    station: Station, token: str, seen: EstimateView, to: str, *jobs: int
) -> EstimateView:
    lines = [seen.jobs[place].line_id for place in jobs or range(len(seen.jobs))]
    command = AnswerEstimate(token=token, version=seen.version, lines=lines, to=to)
    return await station.send(command, actor=CLIENT)


async def outbox(station: Station) -> str:
    async with station.running["orders"].engine.connect() as connection:
        rows = await connection.execute(select(events.c.body))
        return "\n".join(body.decode() for body in rows.scalars())


# --- the link ----------------------------------------------------------------------------------


async def test_a_quote_makes_a_link_that_a_service_can_ask_for_at_any_time(
    station: Station,
) -> None:
    order = await a_quoted_order(station)
    first = await station.ask(EstimateLink(order_id=order.id), actor=SERVICE)
    again = await station.ask(EstimateLink(order_id=order.id))
    assert first == again
    assert first.url is None
    lasts = first.expires_at - datetime.now(UTC)
    assert timedelta(days=13, hours=23) < lasts <= timedelta(days=14)
    seen = await show(station, first.path.removeprefix("/e/"))
    assert (seen.number, seen.station, seen.total) == (order.number, "Pitlane", Decimal(500))


async def test_a_service_learns_whose_link_it_is_and_a_client_does_not(station: Station) -> None:
    order = await a_quoted_order(station)
    asked = OrderOfLink(token=await token_of(station, order))
    linked = await station.ask(asked, actor=SERVICE)
    assert (linked.order_id, linked.status) == (order.id, "new")
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(asked, actor=CLIENT)
    with pytest.raises(Refused, match="estimate_link_invalid"):
        await station.ask(OrderOfLink(token="x.y"), actor=SERVICE)


async def test_the_link_begins_with_the_stations_public_address(station: Station) -> None:
    order = await a_quoted_order(station)
    running = station.running["orders"].settings
    running.public_url = "https://station.example"
    link = await station.ask(EstimateLink(order_id=order.id))
    assert link.url == f"https://station.example{link.path}"


async def test_the_token_is_signed_with_128_bits_at_least_and_told_to_nobody(
    station: Station,
) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    signature = token.partition(".")[2]
    assert len(signature) * 6 >= 128
    with pytest.raises(Refused, match="estimate_changed"):
        await station.send(
            AnswerEstimate(token=token, version="0" * 32, lines=(new_id(),), to="approved"),
            actor=CLIENT,
        )
    told_of = await outbox(station)
    assert "estimate_changed" in told_of
    assert signature not in told_of


async def test_another_quote_renews_the_link_that_the_client_has(station: Station) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    await expire(station)
    with pytest.raises(Refused, match="estimate_link_invalid"):
        await show(station, token)
    with pytest.raises(Refused, match="estimate_link_not_found"):
        await token_of(station, order)
    await station.send(QuoteWorks(order_id=order.id))
    assert await token_of(station, order) == token
    assert (await show(station, token)).number == order.number


async def test_a_new_secret_makes_what_was_sent_worthless_and_keeps_the_links(
    station: Station,
) -> None:
    order, other = await a_quoted_order(station), await a_quoted_order(station)
    await station.send(RevokeEstimateLink(order_id=other.id))
    sent = await token_of(station, order)
    with pytest.raises(Refused, match="forbidden"):
        await station.send(ReplaceLinkSecret(), actor=ADMIN)
    assert (await show(station, sent)).number == order.number
    replaced = await station.send(ReplaceLinkSecret(), actor=OPERATOR)
    assert replaced.links == 1
    with pytest.raises(Refused, match="estimate_link_invalid"):
        await show(station, sent)
    again = await token_of(station, order)
    assert again.partition(".")[0] == sent.partition(".")[0]
    assert (await show(station, again)).number == order.number
    assert '"links":1' in await outbox(station)


async def test_a_revoked_link_stays_dead_and_the_next_quote_makes_another(
    station: Station,
) -> None:
    order = await a_quoted_order(station)
    dead = await token_of(station, order)
    await station.send(RevokeEstimateLink(order_id=order.id))
    with pytest.raises(Refused, match="estimate_link_not_found"):
        await station.send(RevokeEstimateLink(order_id=order.id))
    await station.send(QuoteWorks(order_id=order.id))
    alive = await token_of(station, order)
    assert alive != dead
    with pytest.raises(Refused, match="estimate_link_invalid"):
        await show(station, dead)
    assert (await show(station, alive)).number == order.number


async def test_a_token_that_was_tampered_with_opens_nothing(station: Station) -> None:
    mine = await token_of(station, await a_quoted_order(station))
    other = await token_of(station, await a_quoted_order(station))
    value, signature = mine.split(".")
    tampered = {
        f"{other.split('.')[0]}.{signature}",
        f"{value}.{other.split('.')[1]}",
        value,
        f"{value}.",
        f".{signature}",
        f"{mine}.{signature}",
        mine.upper(),
        *(
            mine[:place] + ("A" if mine[place] != "A" else "B") + mine[place + 1 :]
            for place in range(len(mine))
        ),
        *(
            mine[:-1] + last
            for last in "ABCDEFGHIJKLMNOPabcdefghijklmnop0123456789-_"
            if last != mine[-1]
        ),
    }
    for token in tampered:
        with pytest.raises(Refused, match="estimate_link_invalid"):
            await show(station, token)


async def test_nobody_but_the_client_answers_by_the_link_and_the_client_nothing_else(
    station: Station,
) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(ShowEstimate(token=token), actor=ADMIN)
    for attempt in (
        station.ask(EstimateLink(order_id=order.id), actor=CLIENT),
        station.send(QuoteWorks(order_id=order.id), actor=CLIENT),
        station.send(MoveOrder(order_id=order.id, to="cancelled"), actor=CLIENT),
    ):
        with pytest.raises(Refused, match="forbidden"):
            await attempt


# --- what it shows -----------------------------------------------------------------------------


async def test_the_client_sees_goods_and_discounts_but_no_material_and_no_cost(
    station: Station,
) -> None:
    order = await a_new_order(station)
    rag = a_product_view(name="Ветошь", price=Decimal("40.00"))
    pad = a_product_view(name="Колодки", price=Decimal("2000.00"))
    for product in (rag, pad):
        await told(station, ProductSaved(product=product, created=True), "inventory")
    order = await station.send(
        AddService(
            order_id=order.id,
            name="Замена колодок",
            initial_price=Decimal(1000),
            discount_percent=Decimal(10),
        )
    )
    work = order.services[0].id
    await station.send(
        RequestParts(
            order_id=order.id,
            lines=(
                PartRequest(
                    product_id=rag.id,
                    quantity=Decimal(2),
                    kind="material",
                    service_line_id=work,
                ),
                PartRequest(product_id=pad.id, quantity=Decimal(1), service_line_id=work),
            ),
        )
    )
    await station.send(AddService(order_id=order.id, name="Мойка", initial_price=Decimal(700)))
    await station.send(QuoteWorks(order_id=order.id, lines=(work,)))
    seen = await show(station, await token_of(station, order))
    (job,) = seen.jobs
    assert (job.work, job.discount, job.total) == (Decimal(980), Decimal(100), Decimal(2980))
    assert [(goods.name, goods.total) for goods in job.goods] == [("Колодки", Decimal(2000))]
    assert (seen.total, seen.approved_total, seen.discount) == (
        Decimal(2980),
        Decimal(0),
        Decimal(100),
    )
    said = seen.model_dump_json()
    assert "Ветошь" not in said
    assert "cost" not in said
    assert "Мойка" not in said


async def test_a_hidden_order_has_no_estimate(station: Station) -> None:
    order = await a_quoted_order(station, "0")
    token = await token_of(station, order)
    await station.send(ChangeOrder(order_id=order.id, visible_to_customer=False))
    with pytest.raises(Refused, match="estimate_link_invalid"):
        await show(station, token)


async def test_a_closed_order_is_shown_and_cannot_be_answered(station: Station) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    seen = await show(station, token)
    await station.move(order.id, "cancelled")
    assert not (await show(station, token)).open
    with pytest.raises(Refused, match="estimate_changed"):
        await say(station, token, seen, "approved")
    with pytest.raises(Refused, match="order_closed"):
        await say(station, token, await show(station, token), "approved")


# --- answers -----------------------------------------------------------------------------------


async def test_the_clients_answer_stands_with_name_way_and_time(station: Station) -> None:
    order = await a_quoted_order(station, "500", "300")
    token = await token_of(station, order)
    before = datetime.now(UTC)
    seen = await say(station, token, await show(station, token), "approved", 0)
    seen = await say(station, token, seen, "declined", 1)
    assert [job.state for job in seen.jobs] == ["approved", "declined"]
    assert (seen.approved_total, seen.total) == (Decimal(500), Decimal(800))
    changed = await station.order(order.id)
    assert changed.total == Decimal(500)
    for line, state in zip(changed.services, ("approved", "declined"), strict=True):
        at = line.approval.at
        assert at
        assert before <= at <= datetime.now(UTC)
        assert line.approval == Approval(state=state, by="Иванов Иван", how="link", at=at)


async def test_ten_taps_at_once_are_one_answer(station: Station) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    seen = await show(station, token)
    answers = await asyncio.gather(*(say(station, token, seen, "approved") for _ in range(10)))
    assert {answer.jobs[0].state for answer in answers} == {"approved"}
    assert (await outbox(station)).count('"how":"link"') == 1
    assert (await station.order(order.id)).revision == order.revision + 1


async def test_an_answer_to_an_estimate_that_has_changed_is_refused(station: Station) -> None:
    order = await a_quoted_order(station, "500", "300")
    token = await token_of(station, order)
    seen = await show(station, token)
    line_id = order.services[0].id
    await station.send(ChangeLine(order_id=order.id, line_id=line_id, initial_price=Decimal(900)))
    for job in (0, 1):
        with pytest.raises(Refused, match="estimate_changed"):
            await say(station, token, seen, "approved", job)
    now = await show(station, token)
    assert now.jobs[0].state == "unasked"
    assert now.total == Decimal(300)
    with pytest.raises(Refused, match="line_not_found"):
        await say(station, token, now, "approved", 0)
    await station.send(QuoteWorks(order_id=order.id))
    seen = await show(station, token)
    assert (await say(station, token, seen, "approved")).approved_total == Decimal(1200)


@pytest.mark.parametrize("attempt", range(5))
async def test_of_an_answer_and_a_new_price_at_once_the_client_agrees_only_to_what_was_seen(
    station: Station, attempt: int
) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    seen = await show(station, token)
    change = ChangeLine(order_id=order.id, line_id=order.services[0].id, initial_price=Decimal(900))
    async with asyncio.TaskGroup() as tasks:
        said = tasks.create_task(_outcome(say(station, token, seen, "approved")))
        tasks.create_task(station.send(change))
    # Whoever came first: at the new price there is no approval.
    line = (await station.order(order.id)).services[0]
    assert (line.price, line.approval.state) == (Decimal(900), "unasked")
    assert said.result() in (None, "estimate_changed")


async def _outcome(saying: Any) -> str | None:
    try:
        await saying
    except Refused as refusal:
        return refusal.code
    return None


async def test_news_that_the_client_does_not_see_spoils_no_answer(station: Station) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    seen = await show(station, token)
    await station.send(ChangeOrder(order_id=order.id, comment="Ждёт в зале"))
    await station.send(QuoteWorks(order_id=order.id))
    assert (await say(station, token, seen, "approved")).jobs[0].state == "approved"


async def test_a_work_that_has_begun_is_not_declined_by_the_link(station: Station) -> None:
    order = await a_quoted_order(station)
    token = await token_of(station, order)
    line_id = order.services[0].id
    await station.send(ChangeLine(order_id=order.id, line_id=line_id, progress="started"))
    seen = await show(station, token)
    assert not seen.jobs[0].may_decline
    with pytest.raises(Refused, match="work_under_way"):
        await say(station, token, seen, "declined")


async def expire(station: Station) -> None:
    async with station.running["orders"].engine.begin() as connection:
        await connection.execute(text("UPDATE estimate_links SET expires_at = now()"))
