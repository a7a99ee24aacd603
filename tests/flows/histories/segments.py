"""Clients by what they have in common, and the tags that tell it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.clients.domain.segments import bounds_of
from services.clients.store.tables import clients, vehicles
from services.clients.store.tables_segments import client_tags, vehicle_tags
from shared.contracts.base import Command
from shared.contracts.segments import (
    ChangeSegment,
    CreateSegment,
    ListSegments,
    RemoveSegment,
    SegmentClients,
    SegmentConditions,
)
from shared.contracts.tags import (
    ChangeTag,
    CreateTag,
    RemoveTag,
    TagClient,
    TagVehicle,
    UntagClient,
    UntagVehicle,
)
from shared.contracts.visits import ListSettlements, PastSettlement
from tests.finance.at_work import rows_of
from tests.flows.histories.cards import Cards
from tests.support.histories import action

BY_VISITS = frozenset({"visits_from", "visits_to", "revenue_from", "revenue_to"})


class Segments(Cards):
    """In the end each has whom its conditions mean, by what finance says of every visit."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.segments: list[UUID] = []
        self.tags: list[UUID] = []
        self.names_of_segments = 0

    @action(2)
    async def a_segment_is_thought_of(self) -> None:
        segment_id = self.recent(self.segments)
        asked = SegmentConditions.model_validate(self._conditions())
        if segment_id and self.chance(0.5):
            if self.chance(0.3):
                await self.send(RemoveSegment(segment_id=segment_id))
            await self.send(ChangeSegment(segment_id=segment_id, conditions=asked))
            return
        self.names_of_segments += 1
        made = await self.send(
            CreateSegment(name=f"Сегмент {self.names_of_segments}", conditions=asked)
        )
        if made:
            self.segments.append(made.id)

    @action(3)
    async def somebody_is_marked(self) -> None:
        if not self.tags or self.chance(0.3):
            self.tags.append(await self.made(CreateTag(name=f"Метка {self.random.random()}")))
        tag_id, client_id = self.one_of(self.tags), self.one_of(self.clients)
        vehicle_id = self.one_of(self.vehicles)
        marks: tuple[Command[Any], ...] = (
            TagClient(client_id=client_id, tag_id=tag_id),
            TagClient(client_id=client_id, tag_id=tag_id),
            UntagClient(client_id=client_id, tag_id=tag_id),
            TagVehicle(vehicle_id=vehicle_id, tag_id=tag_id),
            UntagVehicle(vehicle_id=vehicle_id, tag_id=tag_id),
            ChangeTag(tag_id=tag_id, name=f"Метка {self.random.random()}"),
        )
        await self.send(self.one_of(marks))
        if self.chance(0.1):
            await self.send(RemoveTag(tag_id=tag_id))

    def _conditions(self) -> dict[str, Any]:
        tags = self.tags[-1:]
        said: tuple[dict[str, Any], ...] = (
            {"visits_from": self.random.randint(1, 2)},
            {"visits_to": self.random.randint(0, 2)},
            {"revenue_from": self.money()},
            {"revenue_to": self.money()},
            {"section_id": self.section},
            {"section_id": self.section, "revenue_to": self.money()},
            {"last_days": self.random.randint(1, 9)},
            {"last_days": self.random.randint(1, 9), "visits_from": 2},
            {"last_visit_before_days": self.random.randint(1, 9)},
            {"last_visit_within_days": self.random.randint(1, 9), "consents": ("sms",)},
            {"car_vendor": "LADA", "without_tag_ids": tags},
            {"tag_ids": tags, "kind": "person"},
        )
        return self.one_of(said)

    async def differences(self) -> list[str]:
        wrong = await super().differences()
        engine = self.business.members["clients"].engine
        cards = {card.id: card for card in await rows_of(engine, clients)}
        cars = await rows_of(engine, vehicles)
        marked = {(row.client_id, row.tag_id) for row in await rows_of(engine, client_tags)}
        owners = {car.id: car.client_id for car in cars}
        for row in await rows_of(engine, vehicle_tags):
            marked.add((owners[row.vehicle_id], row.tag_id))
        visits = await self._visits(cards)
        for segment in (await self.business.ask(ListSegments(limit=200))).items:
            page = await self.business.ask(SegmentClients(segment_id=segment.id, limit=10_000))
            vendors = {car.client_id for car in cars if car.vendor == "Lada"}
            meant = {
                card.id
                for card in cards.values()
                if card.merged_into is None and card.erased_at is None
                if self._fits(segment.conditions, card, visits.get(card.id, []), marked, vendors)
            }
            if (found := {each.client_id for each in page.items}) != meant:
                wrong.append(f"{segment.conditions} has {found}, not {meant}")
        return wrong

    async def _visits(self, cards: dict[UUID, Any]) -> dict[UUID, list[PastSettlement]]:
        """By whoever the client is called now."""
        visits: dict[UUID, list[PastSettlement]] = {}
        cursor = None
        while True:
            page = await self.business.ask(ListSettlements(cursor=cursor))
            for one in page.items:
                client_id = one.client_id
                while cards[client_id].merged_into:
                    client_id = cards[client_id].merged_into
                if not one.reversed:
                    visits.setdefault(client_id, []).append(one)
            if (cursor := page.next) is None:
                return visits

    def _fits(
        self,
        asked: SegmentConditions,
        card: Any,
        visits: list[PastSettlement],
        marked: set[tuple[UUID, UUID]],
        lada: set[UUID],
    ) -> bool:
        bounds = bounds_of(asked, self.business.clock.now(UTC), self.zone)
        last = max((visit.completed_at for visit in visits), default=None)
        counted = [
            visit
            for visit in visits
            if bounds.since is None or visit.completed_at >= bounds.since
            if asked.section_id in (None, visit.section_id)
        ]
        revenue = sum((visit.revenue for visit in counted), Decimal(0))
        named = asked.model_dump(exclude_none=True).keys()
        return all(
            (
                not (named & {"section_id", "last_days"}) or named & BY_VISITS or counted,
                not asked.visits_from or len(counted) >= asked.visits_from,
                asked.visits_to is None or len(counted) <= asked.visits_to,
                not asked.revenue_from or (counted and revenue >= asked.revenue_from),
                asked.revenue_to is None or revenue <= asked.revenue_to,
                not bounds.last_visit_before or (last and last < bounds.last_visit_before),
                not bounds.last_visit_since or (last and last >= bounds.last_visit_since),
                all(card.consents.get(kind, {}).get("given") for kind in asked.consents),
                asked.car_vendor is None or card.id in lada,
                all((card.id, tag_id) in marked for tag_id in asked.tag_ids),
                not any((card.id, tag_id) in marked for tag_id in asked.without_tag_ids),
                asked.kind in (None, card.kind),
            )
        )
