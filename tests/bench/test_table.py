"""What the benchmarks write: rounded, held against the right number, and in its place."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench.percentiles import percentile
from tests.bench.picture import Point, picture
from tests.bench.processes import Snapshot, memory_mb, own_cpu_s
from tests.bench.table import Row, markdown, write_readme


def test_ratio_is_of_the_floor_or_goal_beside_it() -> None:
    row = Row("audited new total, p50", 21.04, "ms", 11.5, "floor", within=2)
    assert row.cells() == (
        "audited new total, p50", "21.0 ms", "goal ≤ 2 × floor 11.5 ms", "1.83", "yes"
    )  # fmt: skip
    assert Row("first start", 7.0, "s").cells() == ("first start", "7 s", "", "", "")


@pytest.mark.parametrize(
    ("value", "beside_is", "met"),
    [
        (10.0, "goal ≤", True), (10.1, "goal ≤", False), (9.9, "goal ≥", False),
        (10.0, "goal ≥", True), (9.0, "goal", False), (10.0, "floor", None),
    ],
)  # fmt: skip
def test_each_goal_says_whether_it_is_met(value: float, beside_is: str, met: bool | None) -> None:
    assert Row("flows", value, "/s", 10.0, beside_is).met is met


def test_table_replaces_only_what_stands_between_the_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("above\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nbelow\n")
    table = markdown([Row("pipelines", 1500, "/s", 1500, "goal ≥")])
    write_readme(table, readme)
    text = readme.read_text()
    assert text.startswith("above\n<!-- bench:begin -->\n| What |")
    assert "| pipelines | 1,500 /s | goal ≥ 1,500 /s | 1.00 | yes |" in text
    assert text.endswith("<!-- bench:end -->\nbelow\n")
    assert "old" not in text


def test_readme_without_the_markers_stays_as_it_is(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("only this\n")
    with pytest.raises(ValueError, match="bench:begin"):
        write_readme("table", readme)
    assert readme.read_text() == "only this\n"


@pytest.mark.parametrize(("percent", "value"), [(50, 5), (90, 9), (99, 10), (100, 10), (1, 1)])
def test_percentile_is_a_value_that_was_measured(percent: int, value: int) -> None:
    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent) == value


def test_our_own_process_tree_has_used_cpu_and_memory() -> None:
    snapshot = Snapshot()
    assert snapshot.cpu_s(os.getpid()) > 0
    assert own_cpu_s() > 0
    assert memory_mb(os.getpid()) > 10
    assert Snapshot().cpu_s(2**22 + 1) == 0


def test_picture_shows_each_load_as_often_as_it_has_figures() -> None:
    points = [Point(1, 8, 110, 150), Point(8, 44, 170, 260), Point(32, 52, 600, 900)]
    root = ElementTree.fromstring(picture(points))
    names = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    clients = ("1 client", "8 clients", "32 clients")
    assert names == [f"{who}, {what}" for what in ("p50", "p99") for who in clients]
    slow = list(root.iter("{http://www.w3.org/2000/svg}polyline"))[1]
    # A hundred flows a second and a thousand milliseconds are the ends of the scales.
    assert (slow.get("points") or "").split()[0] == "119.6,303.5"
