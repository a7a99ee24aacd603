"""What one look at a station finds, what is wrong with it, and how it is shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import compress
from typing import Literal

from nats.js.api import ConsumerInfo, StreamInfo
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from deploy.commands.log_words import clean
from shared.contracts.operations import ServiceState

ALMOST_FULL = 0.8
MANY_WAITING = 1000
REBUILD = "run `pitlane events rebuild`"


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """One service, and what it says of itself; or why it says nothing."""

    name: str
    state: ServiceState | str
    consumer: ConsumerInfo | None = None
    pid: int | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """NATS or PostgreSQL, or who keeps them running."""

    name: str
    pid: int
    is_there: bool
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A station at one moment."""

    station: str
    at: datetime
    services: tuple[ServiceSeen, ...]
    servers: tuple[ServerSeen, ...]
    stream: StreamInfo | None
    nats_problem: str | None = None
    """Why nothing is known of the stream and its consumers."""
    expected_consumers: frozenset[str] = frozenset()
    long_work: tuple[str, ...] = ()
    """What operators' commands are at, a line each; and when the last good backup was made."""

    def problems(self) -> list[str]:
        """What somebody must look after; nothing when all is well."""
        return [
            *([self.nats_problem] if self.nats_problem else []),
            *(problem for service in self.services for problem in _of_service(service)),
            *_of_servers(self.servers),
            *([] if self.nats_problem else _of_stream(self)),
        ]

    def behind(self, names: Collection[str]) -> list[str]:
        """Those of these services that have news to tell or to hear, or that do not say."""
        return [seen.name for seen in self.services if seen.name in names and _is_behind(seen)]


def _is_behind(seen: ServiceSeen) -> bool:
    if isinstance(seen.state, str):
        return True
    heard = seen.consumer
    waiting = heard and ((heard.num_pending or 0) + (heard.num_ack_pending or 0))
    return bool(seen.state.relay_pending or seen.state.dead_letters or waiting)


def _of_service(seen: ServiceSeen) -> Iterator[str]:
    if isinstance(seen.state, str):
        yield f"{seen.name}: {seen.state}"
        return
    for problem in seen.state.problems:
        yield f"{seen.name}: {problem}"
    if seen.state.dead_letters:
        count = seen.state.dead_letters
        yield f"{seen.name}: {count} dead letters, see `pitlane dead-letters list`"


def _of_servers(servers: tuple[ServerSeen, ...]) -> Iterator[str]:
    for server in servers:
        if not server.is_there:
            yield f"{server.name}: process {server.pid} is gone"


def _of_stream(picture: Picture) -> Iterator[str]:
    if picture.stream is None:
        yield f"the stream is missing: {REBUILD}"
        return
    name, state = picture.stream.config.name, picture.stream.state
    for seen in picture.services:
        if seen.consumer is None:
            if seen.name in picture.expected_consumers:
                yield f"{seen.name}: its consumer is missing, run `pitlane topology apply`"
            continue
        acknowledged = (seen.consumer.ack_floor and seen.consumer.ack_floor.stream_seq) or 0
        if acknowledged > state.last_seq:
            yield (
                f"{name} was wiped or cut: it ends at {state.last_seq}, and {seen.name} has "
                f"acknowledged {acknowledged}; restart NATS and {REBUILD}"
            )
    missing = state.last_seq - state.first_seq + 1 - state.messages
    if missing > 0:
        yield f"{name} has lost {missing} events: {REBUILD}"
    limit = picture.stream.config.max_bytes or -1
    if limit > 0 and state.bytes > ALMOST_FULL * limit:
        yield f"{name} is {100 * state.bytes // limit} % full: when it is full, events wait"


# --- the table ---------------------------------------------------------------------------------


_COLUMNS: tuple[tuple[str, Literal["left", "right"], Literal["always", "wide"]], ...] = (
    ("Service", "left", "always"),
    ("State", "left", "always"),
    ("Version", "left", "wide"),
    ("Up since", "left", "wide"),
    ("Unsent", "right", "always"),
    ("Lag", "right", "always"),
    ("Dead", "right", "always"),
    ("Waiting", "right", "always"),
    ("In work", "right", "always"),
    ("Again", "right", "always"),
    ("Process", "right", "wide"),
    ("Memory", "right", "always"),
)
WIDE = 115


def shown(picture: Picture, zone: tzinfo, width: int) -> RenderableType:
    """``width``: columns of the terminal; a narrow one is shown less."""
    fitting = [width >= WIDE or when == "always" for _, _, when in _COLUMNS]
    title = f"{picture.station}, {picture.at.astimezone(zone):%d.%m.%Y %H:%M:%S}"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading, justify, _ in compress(_COLUMNS, fitting):
        table.add_column(heading, justify=justify, no_wrap=True)
    for seen in picture.services:
        table.add_row(*compress(_row(seen, zone), fitting))
    for server in picture.servers:
        table.add_row(
            *compress(_server_row(server), fitting), style="dim" if server.is_there else "red"
        )
    lines = Text("\n".join(clean(line) for line in picture.long_work))
    parts = [lines] if picture.long_work else []
    return Group(table, _stream_line(picture), *parts, _verdict(picture.problems()))


def _row(seen: ServiceSeen, zone: tzinfo) -> list[str]:
    state, consumer = seen.state, seen.consumer
    if isinstance(state, str):
        said = ["[red]down[/]", "", "", "", "", ""]
    else:
        said = [
            "[green]ready[/]" if state.ready else "[red]not ready[/]",
            escape(clean(state.version)),
            f"{state.started_at.astimezone(zone):%d.%m. %H:%M:%S}",
            str(state.relay_pending),
            f"{state.relay_lag_s:.1f} s",
            _noticed(state.dead_letters, bad_from=1),
        ]
    heard = ["-", "-", "-"]
    if consumer:
        heard = [
            _noticed(consumer.num_pending or 0, bad_from=MANY_WAITING),
            str(consumer.num_ack_pending or 0),
            str(consumer.num_redelivered or 0),
        ]
    return [seen.name, *said, *heard, str(seen.pid or ""), _size(seen.memory_bytes)]


def _server_row(server: ServerSeen) -> list[str]:
    state = "runs" if server.is_there else "gone"
    return [server.name, state, *[""] * 8, str(server.pid), _size(server.memory_bytes)]


def _noticed(count: int, *, bad_from: int) -> str:
    return f"[red]{count}[/]" if count >= bad_from else str(count)


def _stream_line(picture: Picture) -> Text:
    if picture.stream is None:
        return Text("")
    state, config = picture.stream.state, picture.stream.config
    limit = f" of {_size(config.max_bytes)}" if (config.max_bytes or 0) > 0 else ""
    return Text(
        f"{config.name}: {state.messages} events, {_size(state.bytes)}{limit}, "
        f"sequences {state.first_seq} to {state.last_seq}"
    )


def _verdict(problems: list[str]) -> Text:
    if not problems:
        return Text("all is well", style="green")
    return Text("\n".join(clean(f"! {problem}") for problem in problems), style="red")


def _size(count: int | None) -> str:
    if count is None:
        return ""
    return f"{count / 1024**3:.1f} GB" if count >= 1024**3 else f"{count / 1024**2:.1f} MB"
