"""One table for people, one file for programs, and the part of the README that shows both."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """``beside`` is the floor or the goal that the value is held against, in the same unit."""

    what: str
    value: float
    unit: str
    beside: float | None = None
    beside_is: str = ""
    """``floor``, ``goal ≤``, ``goal ≥`` and so on."""
    note: str = ""
    """A few words."""
    detail: str = ""
    """What the value consists of; not in the table."""
    within: float | None = None
    """Of a floor: how many times it the value may be."""

    @property
    def ratio(self) -> float | None:
        return self.value / self.beside if self.beside else None

    @property
    def met(self) -> bool | None:
        """Whether the goal stands; none where there is no goal."""
        match self.beside_is, self.beside:
            case "goal ≤", float() | int() as goal:
                return self.value <= goal
            case "goal ≥", float() | int() as goal:
                return self.value >= goal
            case "goal", float() | int() as goal:
                return self.value == goal
        return None if self.within is None or self.ratio is None else self.ratio <= self.within

    def cells(self) -> tuple[str, str, str, str, str]:
        beside = f"{self.beside_is} {_number(self.beside, self.unit)}" if self.beside else ""
        if self.within:
            beside = f"goal ≤ {self.within:g} × {beside}"
        what = f"{self.what} ({self.note})" if self.note else self.what
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        met = {True: "yes", False: "no", None: ""}[self.met]
        return what, _number(self.value, self.unit), beside or self.beside_is, ratio, met


COLUMNS = ("What", "Measured", "Floor or goal", "Ratio", "Met")


def shares(cpu_s: Mapping[str, float], own_cpu_s: float, count: int) -> str:
    """Of the CPU milliseconds of one of ``count``, by part of the station; and our own."""
    parts = [f"{part} {used / count * 1000:.2f} ms" for part, used in cpu_s.items()]
    return f"{', '.join(parts)}; beside it the load {own_cpu_s / count * 1000:.2f} ms"


def show(rows: Sequence[Row], console: Console) -> None:
    table = Table(*COLUMNS[:1], title="Pitlane, measured", caption=machine())
    for column in COLUMNS[1:]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*row.cells())
    console.print(table)
    for row in rows:
        if row.detail:
            console.print(f"[dim]{row.what}: {row.detail}[/]", soft_wrap=True)


def markdown(rows: Iterable[Row]) -> str:
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---:|---:|---:|:---:|"]
    lines += ["| " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join((*lines, "", machine()))


def write_json(rows: Sequence[Row], file: Path, **more: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {**more, "rows": [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]}
    file.write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_readme(table: str, file: Path) -> None:
    """Replaces what stands between the two markers. Raises ``ValueError`` where there are none."""
    text = file.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{file} has no {BEGIN} … {END}")
    file.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", encoding="utf-8")


def machine() -> str:
    """Where and when this was measured, in one line."""
    cores = len(os.sched_getaffinity(0))
    today = datetime.now(UTC).date().isoformat()
    return (
        f"{today}, {cores} cores of a {_processor()}, Linux {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}; fsync on, JetStream `sync_interval: always`."
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2].strip()
    return platform.machine()


def _number(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()
