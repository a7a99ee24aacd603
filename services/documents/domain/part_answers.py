"""Whether what an order waited for has come: told from what the warehouse says of its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.inventory import StockAnswer


@dataclass(frozen=True, slots=True)
class PartAnswer:
    """The newest that is known of a line; ``answer`` counts up. ``no_arrival``: the line wants
    nothing any more, or its parts came back; what was short before it has not come with it."""

    answer: int
    short: bool
    no_arrival: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an answer of the warehouse comes to."""

    news: Mapping[UUID, PartAnswer]
    arrived: tuple[UUID, int] | None = None
    """The line, and its answer, with which the last thing waited for came. It names the arrival:
    told once more, or the other way round, it is still the same."""


def heard(known: Mapping[UUID, PartAnswer], lines: Sequence[StockAnswer]) -> Arrival:
    """A line that was short and is not any more has come, in whatever order that was told. When
    with it nothing of the order is short, all has."""
    news: dict[UUID, PartAnswer] = {}
    came: list[tuple[UUID, int]] = []
    for line in lines:
        before, said = known.get(line.line_id), PartAnswer(line.answer, line.short > 0)
        if before is None:
            news[line.line_id] = said
            continue
        newer, older = (said, before) if said.answer > before.answer else (before, said)
        if newer is said:
            news[line.line_id] = said
        came_with_it = not (newer.short or newer.no_arrival)
        if older.short and came_with_it and older.answer != newer.answer:
            came.append((line.line_id, newer.answer))
    if came and not any(answer.short for answer in {**known, **news}.values()):
        return Arrival(news, max(came))
    return Arrival(news)


def noted(
    known: Mapping[UUID, PartAnswer], lines: Sequence[StockAnswer]
) -> Mapping[UUID, PartAnswer]:
    """What is new of lines that want nothing any more, or whose parts came back with their
    reopened order: nobody waits for them, and that is no arrival."""
    return {
        line.line_id: PartAnswer(line.answer, short=False, no_arrival=True)
        for line in lines
        if line.line_id not in known or known[line.line_id].answer < line.answer
    }
