"""One order's way through the logs of all services, and everything else that is read there."""

import asyncio
import json
import signal
import sys
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.commands.log_words import Words
from deploy.local.log_files import LogFile as LogFileOfRunner
from shared.log_lines import as_line, open_with_older
from shared.log_selection import OrderWay, Search
from shared.settings import StationSettings
from tests.deploy.operating import pitlane
from tests.support.waiting import PATIENCE_S

ORDER = "0195aaaa-0000-7000-8000-000000000001"
OTHER_ORDER = "0195aaaa-0000-7000-8000-000000000002"
CREATING = "0195bbbb-0000-7000-8000-000000000001"
REQUESTING = "0195bbbb-0000-7000-8000-000000000002"
RECEIVING = "0195bbbb-0000-7000-8000-000000000003"


def json_lines() -> st.SearchStrategy[bytes]:
    """Objects of whatever, under the names that mean something."""
    names = st.sampled_from(
        ["at", "level", "service", "event", "message", "actor", "order", "number", "error",
         "exception", "status", "method", "route", "ms", "correlation_id", "x"]
    )  # fmt: skip
    values = st.text() | st.integers() | st.none() | st.floats() | st.lists(st.text())
    said = st.dictionaries(names, values)
    return said.map(lambda each: json.dumps({"at": "2026-03-02T07:00:00Z", **each}).encode())


class Logs:
    """A folder of log files, written as the services and the runner write them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "logs"
        self.folder.mkdir()

    def write(self, file: str, at: str, event: str = "handled", **more: Any) -> None:
        """``file``: ``orders`` or, for a rotated one, ``orders.jsonl.1``; ``at``: a time of
        2 March 2026, UTC."""
        path = self.folder / (file if "." in file else f"{file}.jsonl")
        line = {
            "at": f"2026-03-02T{at}Z",
            "level": more.pop("level", "info"),
            "service": path.name.partition(".")[0],
            "station": "station-1",
            "event": event,
            **more,
        }
        self.append(path.name, json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def append(self, file: str, raw: bytes) -> None:
        with (self.folder / file).open("ab") as opened:
            opened.write(raw)

    def show(self, *arguments: str) -> list[str]:
        outcome = pitlane("logs", "--data-dir", str(self.data_dir), *arguments)
        assert outcome.exit_code == 0, outcome
        return outcome.stdout.splitlines()


@pytest.fixture
def logs(tmp_path: Path) -> Logs:
    return Logs(tmp_path)


@pytest.fixture
def day(logs: Logs) -> Logs:
    """An order is created, parts are asked for, a stock receipt fills it and another one."""
    creating = {"correlation_id": CREATING, "actor": "маша"}
    requesting = {"correlation_id": REQUESTING, "actor": "misha"}
    receiving = {"correlation_id": RECEIVING, "actor": "lena"}
    of_order = {"order": ORDER, "number": "A-000123"}
    logs.write("orders", "07:00:00.110000", message="cmd.orders.create_order.v1", **creating)
    logs.write(
        "gateway", "07:00:00.120000", "request", status=201, ms=18.42, method="POST",
        route="/api/v1/orders", path="/api/v1/orders", **creating,
    )  # fmt: skip
    logs.write(
        "audit", "07:00:00.130000", message="evt.orders.order_created.v1", **creating, **of_order
    )
    logs.write(
        "orders", "07:01:00.000000", message="cmd.orders.request_parts.v1", order=ORDER,
        **requesting,
    )  # fmt: skip
    logs.write(
        "inventory", "07:01:00.007000", message="evt.orders.parts_requested.v1", **requesting,
        **of_order,
    )  # fmt: skip
    logs.write(
        "inventory", "09:30:00.000000", message="cmd.inventory.receive_stock.v1", **receiving
    )
    for order in (ORDER, OTHER_ORDER):
        logs.write(
            "orders", "09:30:00.020000", message="evt.inventory.parts_reserved.v1", order=order,
            **receiving,
        )  # fmt: skip
    logs.write(
        "orders", "22:15:00.000000", "refused", message="cmd.orders.move_order.v1", order=ORDER,
        correlation_id="0195bbbb-0000-7000-8000-000000000004", actor="misha",
        code="illegal_step", detail="An order cannot go from new to done",
    )  # fmt: skip
    logs.write("orders", "07:02:00.000000", "started", version="0.1.0")
    return logs


WAY = """\
--- 02.03.2026 ---
10:00:00.110  orders      create_order handled                    маша
10:00:00.120  gateway     POST /orders 201                        маша          18.42 ms
10:00:00.130  audit       on orders.order_created handled         маша
10:01:00.000  orders      request_parts handled                   misha
10:01:00.007  inventory   on orders.parts_requested handled       misha
12:30:00.000  inventory   receive_stock handled                   lena
12:30:00.020  orders      on inventory.parts_reserved handled     lena
--- 03.03.2026 ---
01:15:00.000  orders      move_order refused                      misha         code=illegal_step  \
detail=An order cannot go from new to done
""".splitlines()


@pytest.mark.parametrize("wanted", ["A-000123", "a-000123", "А-000123", "123", ORDER])
def test_an_order_is_followed_through_all_services_from_the_request_that_created_it(
    day: Logs, wanted: str
) -> None:
    assert day.show("--order", wanted) == WAY


def test_another_order_of_the_same_request_is_left_out(day: Logs) -> None:
    assert all(OTHER_ORDER not in line for line in day.show("--order", ORDER, "--raw"))


def test_an_order_that_nobody_names_is_told(day: Logs) -> None:
    outcome = pitlane("logs", "--data-dir", str(day.data_dir), "--order", "A-000124")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == "no line names order A-000124\n"


def test_a_request_is_followed_by_its_correlation_id(day: Logs) -> None:
    assert day.show("--correlation", REQUESTING) == [
        "--- 02.03.2026 ---",
        "10:01:00.000  orders      request_parts handled                   misha"
        f"         order={ORDER}",
        "10:01:00.007  inventory   on orders.parts_requested handled       misha"
        "         order=A-000123",
    ]


def test_lines_are_chosen_by_service_and_by_how_serious_they_are(day: Logs) -> None:
    day.write("finance", "08:00:00.000000", "event_parked", level="error", error="KeyError('x')")
    day.write("orders", "08:00:01.000000", "publish_failed", level="warning", events=3)
    assert [line.split()[1] for line in day.show("--level", "warning")[1:]] == ["finance", "orders"]
    (line,) = day.show("--level", "warning", "--service", "finance", "--service", "clients")[1:]
    assert line.split() == ["11:00:00.000", "finance", "event", "parked", "error=KeyError('x')"]


@pytest.mark.parametrize(
    ("since", "first"),
    [
        ("2026-03-02T12:00", "12:30:00.000"),  # on the station's clock
        ("2026-03-02T09:30:00.01Z", "12:30:00.020"),
        ("2026-03-03", "01:15:00.000"),
    ],
)
def test_lines_are_chosen_by_time(day: Logs, since: str, first: str) -> None:
    assert day.show("--since", since)[1].split()[0] == first


def test_lines_of_the_last_while(logs: Logs) -> None:
    for minutes in (3, 90):
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        logs.append("orders.jsonl", json.dumps({"at": at.isoformat(), "ago": minutes}).encode())
        logs.append("orders.jsonl", b"\n")
    assert [json.loads(line)["ago"] for line in logs.show("--since", "1h", "--raw")] == [3]
    assert len(logs.show("--since", "1h31m", "--raw")) == 2
    assert len(logs.show("--since", "2d", "--raw")) == 2


@pytest.mark.parametrize("since", ["", "yesterday", "25:00", "99999999999d", "2026-13-01"])
def test_a_time_that_is_none_is_refused(day: Logs, since: str) -> None:
    outcome = pitlane("logs", "--data-dir", str(day.data_dir), "--since", since)
    assert outcome.exit_code == 2
    assert "neither a duration nor a time" in outcome.stderr


# --- what else files hold ------------------------------------------------------------------------


def test_rotated_files_are_read_too(logs: Logs) -> None:
    logs.write("orders", "07:03:00.000000", "third")
    logs.write("orders.jsonl.1", "07:02:00.000000", "second")
    logs.write("orders.jsonl.2", "07:01:00.000000", "first")
    logs.write("finance", "07:02:30.000000", "between")
    assert [line.split()[2] for line in logs.show()[1:]] == ["first", "second", "between", "third"]


def test_lines_that_a_process_wrote_out_of_order_are_put_in_order(logs: Logs) -> None:
    for second in (2, 1, 3):
        logs.write("orders", f"07:00:0{second}.000000", f"number_{second}")
    assert [line.split()[-1] for line in logs.show()[1:]] == ["1", "2", "3"]


def test_an_error_is_shown_with_where_it_comes_from(logs: Logs) -> None:
    logs.write(
        "orders", "07:00:00.000000", "command_failed", level="error",
        command="cmd.orders.request_parts.v1", correlation_id=CREATING, actor="misha",
        exception='Traceback (most recent call last):\n  File "x.py", line 7\nValueError: no',
    )  # fmt: skip
    assert logs.show() == [
        "--- 02.03.2026 ---",
        "10:00:00.000  orders      request_parts: command failed           misha         "
        f"correlation={CREATING}",
        "              Traceback (most recent call last):",
        '                File "x.py", line 7',
        "              ValueError: no",
    ]


def test_broken_lines_stop_nothing_and_are_shown_as_they_are(day: Logs) -> None:
    whole = day.show()
    day.append("clients.jsonl", b'{"at":"2026-03-02T07:00:00.5Z","level":"in')
    day.append("finance.jsonl", b"\xff\xfe\x00\n\n[1]\nnull\n" + b"{" * 5000 + b"\n")
    assert day.show("--order", ORDER) == WAY
    shown = day.show()
    assert set(whole) < set(shown)
    assert any('clients     {"at":"2026-03-02T07:00:00.5Z","level":"in' in line for line in shown)


def test_nothing_that_somebody_wrote_acts_on_the_terminal(logs: Logs) -> None:
    evil = "\x1b[2J\x1b]0;title\x07\r\u202e\u2028"
    logs.write(
        "orders", "07:00:00.000000", "refused", actor=evil, message=evil, service=evil,
        detail=evil, exception=f"{evil}\n{evil}", reason=f"a\n{evil}", method=evil, status=evil,
    )  # fmt: skip
    logs.append("orders.jsonl", evil.encode() + b"\n")
    text = "\n".join(logs.show())
    assert not set(evil) - set("[2J]0;title") & set(text)


def test_nobody_forges_a_line_by_a_line_break_in_a_name(logs: Logs) -> None:
    forged = "misha\n10:00:00.000  finance    paid"
    logs.write("orders", "07:00:00.000000", forged, actor=forged, message=forged, number=forged)
    assert len(logs.show()) == 2


def test_raw_is_what_was_written(day: Logs) -> None:
    raw = day.show("--order", ORDER, "--raw")
    written = (day.folder / "gateway.jsonl").read_text().splitlines()
    assert raw[1] == written[0]
    assert [json.loads(line)["at"] for line in raw] == sorted(json.loads(x)["at"] for x in raw)


def test_only_the_given_files_are_read(day: Logs) -> None:
    files = [str(day.folder / f"{name}.jsonl") for name in ("audit", "gateway")]
    assert [line.split()[1] for line in day.show(*files)[1:]] == ["gateway", "audit"]


def test_a_file_that_is_not_there_is_told(day: Logs) -> None:
    outcome = pitlane("logs", "nowhere.jsonl")
    assert (outcome.exit_code, outcome.stderr) == (
        1,
        "pitlane: nowhere.jsonl: No such file or directory\n",
    )


def test_a_folder_without_logs_is_told(tmp_path: Path) -> None:
    outcome = pitlane("logs", "--data-dir", str(tmp_path))
    assert outcome.exit_code == 1
    assert outcome.stderr == f"pitlane: there are no logs in {tmp_path / 'logs'}\n"


def test_what_containers_say_is_read_from_the_standard_input(day: Logs) -> None:
    piped = b"".join(
        f"{file.stem}-1  | ".encode() + line + b"\n"
        for file in sorted(day.folder.glob("*.jsonl"))
        for line in file.read_bytes().splitlines()
    )
    outcome = pitlane("logs", "--order", "A-000123", "-", typed=piped)
    assert outcome.stdout.splitlines() == WAY
    assert pitlane("logs", "-", "other.jsonl").exit_code == 2


def test_only_ids_are_kept_in_memory(logs: Logs) -> None:
    with (logs.folder / "orders.jsonl").open("wb") as file:
        for number in range(20_000):
            line = {
                "at": f"2026-03-02T07:{number // 1000:02}:00.{number % 1000:06}Z",
                "service": "orders",
                "event": "handled",
                "order": ORDER if number % 1000 == 0 else OTHER_ORDER,
                "number": "A-000001" if number % 1000 == 0 else "A-000002",
                "correlation_id": CREATING if number % 1000 == 0 else REQUESTING,
                "padding": "x" * 500,
            }
            file.write(json.dumps(line).encode() + b"\n")
    size = (logs.folder / "orders.jsonl").stat().st_size
    shown = []
    with ExitStack() as stack:
        files = open_with_older(logs.folder / "orders.jsonl", stack)
        tracemalloc.start()
        for found in Search(way=OrderWay("A-000001")).history(files):
            shown.append(found.at)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert len(shown) == 20
    assert peak < size / 20


@given(st.binary(max_size=200) | json_lines())
def test_any_line_finds_words(raw: bytes) -> None:
    for coloured in (False, True):
        words = Words(StationSettings().zone, coloured=coloured, one_order=False)
        assert words.of(as_line(raw, "orders")).endswith("\n")


def test_colours_are_for_terminals(day: Logs) -> None:
    words = Words(StationSettings().zone, coloured=True, one_order=False)
    raw = (day.folder / "orders.jsonl").read_bytes().splitlines()[0]
    assert "\x1b[" in words.of(as_line(raw, "orders"))
    assert "\x1b" not in "".join(day.show())


# --- as it is written ----------------------------------------------------------------------------


@asynccontextmanager
async def following(logs: Logs, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """``pitlane logs --follow`` as a process, ended as with Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "deploy.cli", "logs", "--follow", "--raw"),
        *("--data-dir", str(logs.data_dir), *arguments),
        stdout=asyncio.subprocess.PIPE,
        # A test run in the background of a shell ignores Ctrl-C, and its children with it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def next_event(process: asyncio.subprocess.Process) -> str:
    assert process.stdout
    async with asyncio.timeout(PATIENCE_S):
        event: str = json.loads(await process.stdout.readline())["event"]
    return event


async def test_followed_lines_come_once_each_and_by_the_order_that_is_looked_for(
    logs: Logs,
) -> None:
    logs.write("orders", "07:00:00.000000", "before", order=ORDER, number="A-000123")
    logs.write("orders", "07:00:01.000000", "not_mine", order=OTHER_ORDER, number="A-000124")
    logs.append("orders.jsonl", b'{"at":"2026-03-02T07:00:02Z","event":"half')
    async with following(logs, "--order", "A-000123") as process:
        assert await next_event(process) == "before"
        logs.append("orders.jsonl", f'_written","order":"{ORDER}"}}\n'.encode())
        assert await next_event(process) == "half_written"
        logs.write("orders", "07:00:03.000000", "not_mine", order=OTHER_ORDER)
        logs.write("orders", "07:00:04.000000", "mine", order=ORDER, correlation_id=REQUESTING)
        assert await next_event(process) == "mine"
        # A service that speaks for the first time, of a request that is known by now.
        logs.write("gateway", "07:00:05.000000", "request", correlation_id=REQUESTING)
        assert await next_event(process) == "request"


async def test_following_goes_on_across_rotations_even_if_several_were_missed(logs: Logs) -> None:
    file = LogFileOfRunner(logs.folder / "orders.jsonl", max_bytes=600, kept=5)
    written = iter(range(1000))

    def write(lines: int) -> list[str]:
        names = [f"line_{next(written)}" for _ in range(lines)]
        for name in names:
            file.write(json.dumps({"at": "2026-03-02T07:00:00Z", "event": name}).encode())
        return names

    expected = write(3)
    async with following(logs) as process:
        assert [await next_event(process) for _ in expected] == expected
        for lines in (15, 15, 15):
            expected = write(lines)
            assert [await next_event(process) for _ in expected] == expected
        process.send_signal(signal.SIGSTOP)
        expected = write(40)  # four files on
        process.send_signal(signal.SIGCONT)
        assert [await next_event(process) for _ in expected] == expected
    assert (logs.folder / "orders.jsonl.5").exists()


async def test_a_file_that_was_cut_is_followed_from_its_beginning(logs: Logs) -> None:
    logs.write("orders", "07:00:00.000000", "first_with_a_long_name")
    async with following(logs) as process:
        assert await next_event(process) == "first_with_a_long_name"
        (logs.folder / "orders.jsonl").write_bytes(b"")
        # Shorter than what was there, or the cut could not be seen.
        logs.append("orders.jsonl", b'{"at":"2026-03-02T07:00:01Z","event":"cut"}\n')
        assert await next_event(process) == "cut"
