"""The board: every order that somebody still has to do something about, as cards in lanes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import Response

from services.gateway.pages.home import BOARD
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.board import BoardCard, GetBoard, Lane
from shared.contracts.orders import (
    EmployeeView,
    ListEmployees,
    ListSections,
    MoveOrder,
    OrderStatus,
)

STATUS_OF_LANE: dict[Lane, OrderStatus | None] = {
    "new": "new",
    "in_progress": "in_progress",
    "waiting_for_approval": None,
    "waiting_for_parts": None,
    "ready": None,
    "to_pay": "done",
}
"""In the order in which they are shown. What a card is moved to where it is put into a lane; None:
into that one it comes by itself."""
STEPS: dict[OrderStatus, OrderStatus] = {
    "draft": "new",
    "new": "in_progress",
    "in_progress": "done",
    "done": "in_progress",
}
"""What a card's own button does."""
FACES = 8
"""Colours that a person's initials may have."""
MOST_NAMES = 200
_NEVER = datetime.max.replace(tzinfo=UTC)


async def board(request: PageRequest) -> Response:
    question = request.reads(GetBoard)
    cards, sections, people = await asyncio.gather(
        request.ask(question),
        request.ask(ListSections(limit=MOST_NAMES)),
        request.ask(ListEmployees(limit=MOST_NAMES)),
    )
    lanes = in_lanes(cards.items)
    first = next((lane for lane, there in lanes.items() if there), "new")
    return request.page(
        "board/board.html",
        lanes=lanes,
        lane=request.query.get("lane") if request.query.get("lane") in lanes else first,
        next=cards.next,
        now=datetime.now(UTC),
        names=names(request),
        why=why(request),
        status_of=STATUS_OF_LANE,
        step_of=STEPS,
        initials=initials,
        face=lambda person: person.id.int % FACES,
        sections=[(section.id, section.name) for section in sections.items],
        people=[(person.id, person.name) for person in _active(people.items)],
        question=question,
        filters=_filters(request),
    )


async def move(request: PageRequest) -> Response:
    """``move`` is the order, the status that it goes to, and the revision that was seen. One form
    has all cards: each move that it is sent for is one of its own."""
    order_id, _, rest = request.form.get("move").partition(":")
    to, _, revision = rest.partition(":")
    seen = revision or None
    command = request.form.message(MoveOrder, order_id=order_id, to=to, expected_revision=seen)
    step = f"{command.order_id}-{command.to}-{command.expected_revision}"
    order = await request.send(command, step)
    words = {
        "new": request._("%(number)s is an order now", number=order.number),
        "in_progress": request._("%(number)s is in progress", number=order.number),
        "done": request._("%(number)s is done", number=order.number),
    }
    query = urlencode(_filters(request))
    return request.go(f"{BOARD}?{query}" if query else BOARD, said=words.get(order.status))


def in_lanes(cards: Iterable[BoardCard]) -> dict[Lane, list[BoardCard]]:
    """Every lane, with what is due first above; what was never promised comes after that."""
    lanes: dict[Lane, list[BoardCard]] = {lane: [] for lane in STATUS_OF_LANE}
    for card in cards:
        lanes[card.lane].append(card)
    for there in lanes.values():
        there.sort(key=lambda card: (card.due_at or _NEVER, card.created_at, card.id))
    return lanes


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split()[:2]).upper()


def names(request: PageRequest) -> dict[Lane, str]:
    return {
        "new": request._("New orders"),
        "in_progress": request._("In progress"),
        "waiting_for_approval": request._("Waiting for approval"),
        "waiting_for_parts": request._("Waiting for parts"),
        "ready": request._("Ready to hand over"),
        "to_pay": request._("To pay"),
    }


def why(request: PageRequest) -> dict[Lane, str]:
    """How a card comes to stand in a lane: told where it is put there, and stays elsewhere."""
    return {
        "new": request._("Orders stand here until their work begins."),
        "in_progress": request._("It is in progress already."),
        "waiting_for_approval": request._(
            "Orders stand here by themselves while a client has not answered a quote."
        ),
        "waiting_for_parts": request._(
            "Orders stand here by themselves while the warehouse has not got all their parts."
        ),
        "ready": request._("Orders stand here by themselves when all their works are finished."),
        "to_pay": request._("Orders stand here until they are paid."),
    }


def _active(people: Iterable[EmployeeView]) -> list[EmployeeView]:
    return sorted((each for each in people if each.active), key=lambda each: each.name)


def _filters(request: PageRequest) -> dict[str, str]:
    """What the address says, and a link within the board keeps."""
    known = ("section_id", "employee_id", "own", "q", "lane")
    return {name: value for name, value in request.query.items() if name in known}


PAGES = (
    show(BOARD, board, needs=GetBoard),
    act(f"{BOARD}/moves", move, needs=MoveOrder),
)
