"""How fast a station is there again, and what it takes while nobody wants anything."""

from __future__ import annotations

import asyncio
import time
from statistics import median

from shared.messaging.outbox import STREAM
from tests.bench.station import BenchStation
from tests.bench.table import Row

START_GOAL_S, IDLE_CPU_GOAL_PERCENT, MEMORY_GOAL_MB = 5, 2, 900


async def events_of(station: BenchStation) -> int:
    async with station.broker("ops") as connection:
        messages: int = (await connection.jetstream().stream_info(STREAM)).state.messages
        return messages


async def measure(station: BenchStation, starts: int, idle_s: float) -> list[Row]:
    """The station runs before and after."""
    taken = []
    for _ in range(starts):
        await station.stop()
        await station.start()
        taken.append(station.start_s)
    at_start, began = sum(station.cpu_by_part().values()), time.monotonic()
    await station.compared()
    compared_s = time.monotonic() - began
    cpu, began = station.cpu_by_part(), time.monotonic()
    await asyncio.sleep(idle_s)
    took_s = time.monotonic() - began
    after = station.cpu_by_part()
    used = {part: (after[part] - before) / took_s * 100 for part, before in cpu.items()}
    split = ", ".join(f"{part} {percent:.1f}" for part, percent in used.items())
    return [
        Row("start on existing data", median(taken), "s", START_GOAL_S, "goal ≤"),
        Row(
            f"CPU from there until {await events_of(station):,} events are compared once",
            sum(cpu.values()) - at_start,
            "s",
            detail=f"after {compared_s:.0f} s",
        ),
        Row(
            "idle CPU",
            sum(used.values()),
            "% of a core",
            IDLE_CPU_GOAL_PERCENT,
            "goal ≤",
            detail=split,
        ),
        Row(
            "memory", station.memory_mb(), "MB", MEMORY_GOAL_MB, "goal ≤", "after all of the above"
        ),
    ]
