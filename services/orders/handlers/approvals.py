"""The client is asked about works, and answers: at the counter, or by the estimate's link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from services.orders import domain
from services.orders.domain import Decision
from services.orders.domain.approval import Said
from services.orders.domain.estimate import Link, Sender, ensure_seen, estimate_view, renewed
from services.orders.domain.order import Order
from services.orders.handlers.bookings import freed_of_lines
from services.orders.handlers.costs import shown
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import stations
from shared.contracts.approvals import (
    Answer,
    AnswerEstimate,
    AnswerWork,
    AnswerWorks,
    EstimateLink,
    EstimateLinkRevoked,
    EstimateLinkView,
    EstimateView,
    LinkedOrder,
    OrderOfLink,
    QuoteWorks,
    RevokeEstimateLink,
    ShowEstimate,
)
from shared.contracts.base import Done
from shared.contracts.link_secret import LinkSecretReplaced, ReplacedLinks, ReplaceLinkSecret
from shared.contracts.orders import OrderView
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision


@handlers.command(QuoteWorks)
async def quote_works(command: QuoteWorks, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    lasts = timedelta(days=work.settings.estimate_link_days)
    link = renewed(await store.links.of(order.id), order.id, work.new_id(), work.now, lasts)
    decision = domain.quote(order, command.lines, link, work.now)
    store.links.save(link)
    store.save(decision.order, work)
    work.publish(*decision.events)
    return await shown(decision.order, store, work)


@handlers.command(AnswerWork)
async def answer_work(command: AnswerWork, store: OrdersStore, work: Work) -> OrderView:
    return await _answered(command, {command.line_id: command.to}, store, work)


@handlers.command(AnswerWorks)
async def answer_works(command: AnswerWorks, store: OrdersStore, work: Work) -> OrderView:
    answers = {each.line_id: each.to for each in command.answers}
    return await _answered(command, answers, store, work)


async def _answered(
    command: AnswerWork | AnswerWorks,
    answers: Mapping[UUID, Answer],
    store: OrdersStore,
    work: Work,
) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    said = Said(by=command.by or order.client_name, how=command.how)
    decision = domain.answer(order, answers, said, work.now)
    await _take(order, decision, store, work)
    return await shown(decision.order, store, work)


async def _take(order: Order, decision: Decision, store: OrdersStore, work: Work) -> None:
    """What is declined is not worked on: its time on posts is for others."""
    declined = {line.id for line in decision.order.services if line.is_declined} - {
        line.id for line in order.services if line.is_declined
    }
    store.save(decision.order, work)
    freed_posts = await freed_of_lines(decision.order, declined, "work_declined", store, work)
    work.publish(*decision.events, *freed_posts)


# --- the link ------------------------------------------------------------------------------------


@handlers.question(EstimateLink)
async def estimate_link(question: EstimateLink, store: OrdersStore, work: Work) -> EstimateLinkView:
    order = await store.shown(question.order_id)
    link = await store.links.of(order.id)
    if link is None or not link.works(work.now):
        raise Refused("estimate_link_not_found")
    path = await store.links.path(link)
    public = work.settings.public_url
    return EstimateLinkView(
        path=path, url=public + path if public else None, expires_at=link.expires_at
    )


@handlers.command(RevokeEstimateLink)
async def revoke_estimate_link(command: RevokeEstimateLink, store: OrdersStore, work: Work) -> Done:
    order = await store.order(command.order_id)
    link = await store.links.of(order.id)
    if link is None:
        raise Refused("estimate_link_not_found")
    store.links.save(link.revoked(work.now))
    work.publish(EstimateLinkRevoked(**domain.naming(order), link_id=link.id))
    return Done()


@handlers.command(ReplaceLinkSecret)
async def replace_link_secret(
    command: ReplaceLinkSecret, store: OrdersStore, work: Work
) -> ReplacedLinks:
    links = await store.links.replace_secret(work.now)
    work.publish(LinkSecretReplaced(replacement_id=work.new_id(), links=links))
    return ReplacedLinks(links=links)


@handlers.question(ShowEstimate)
async def show_estimate(question: ShowEstimate, store: OrdersStore, work: Work) -> EstimateView:
    link = await store.links.behind(question.token, work.now)
    return await _shown(await store.shown(link.order_id), link, store, work)


@handlers.question(OrderOfLink)
async def order_of_link(question: OrderOfLink, store: OrdersStore, work: Work) -> LinkedOrder:
    link = await store.links.behind(question.token, work.now)
    order = await store.shown(link.order_id)
    _ensure_visible(order)
    return LinkedOrder(order_id=order.id, status=order.status)


@handlers.command(AnswerEstimate)
async def answer_estimate(command: AnswerEstimate, store: OrdersStore, work: Work) -> EstimateView:
    link = await store.links.behind(command.token, work.now)
    order = await store.order(link.order_id)
    shown = await _shown(order, link, store, work)
    states = {job.line_id: job.state for job in shown.jobs}
    if all(states.get(line_id) == command.to for line_id in command.lines):
        # A second tap, or a post that was sent again: it has been heard.
        return shown
    ensure_seen(shown, command.version, command.lines)
    said = Said(by=order.client_name, how="link")
    decision = domain.answer(order, dict.fromkeys(command.lines, command.to), said, work.now)
    await _take(order, decision, store, work)
    return await _shown(decision.order, link, store, work)


def _ensure_visible(order: Order) -> None:
    if not order.header.visible_to_customer:
        raise Refused("estimate_link_invalid")


async def _shown(order: Order, link: Link, store: OrdersStore, work: Work) -> EstimateView:
    _ensure_visible(order)
    station = (await store.places.many(stations, {order.station_id}))[order.station_id]
    return estimate_view(order, link, Sender(station.name, station.phone), work.now)
