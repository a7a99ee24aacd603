"""``pitlane logs``: what the station's services said, merged by time and readable."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deploy.commands.options import DEFAULT_DATA_DIR, DataDir

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from shared.log_lines import Line, LogFile
    from shared.log_selection import Search

Level = Literal["debug", "info", "warning", "error", "critical"]
type Show = Callable[[Line], None]

STDIN = Path("-")
LOOK_INTERVAL_S = 0.25
LAST_LINES = 20
"""So many come first when ``--follow`` looks for nothing in particular."""


def logs(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Read these instead of DATA/logs; - is the standard input."),
    ] = None,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    order: Annotated[
        str | None, typer.Option(help="One order's way: its number (A-000123) or its id.")
    ] = None,
    correlation: Annotated[
        str | None, typer.Option(help="Everything that one request set in motion.")
    ] = None,
    service: Annotated[
        list[str] | None, typer.Option(help="Of this service; may be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="1h30m, 90s, 2d; or 10:30, 2026-03-02, 2026-03-02T10:30.")
    ] = None,
    level: Annotated[Level | None, typer.Option(help="This serious, or more.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written from now on.")
    ] = False,
    raw: Annotated[bool, typer.Option("--raw", help="The JSON as it was written.")] = False,
) -> None:
    """Prints what the services said, oldest first.

    With --order, an order's way through all services: every line that
    names the order, and the requests that these lines belong to.
    """
    from datetime import UTC, datetime

    from shared.log_selection import OrderWay, Search
    from shared.settings import StationSettings

    zone = StationSettings().zone
    search = Search(
        way=OrderWay(order) if order is not None else None,
        correlation=correlation,
        services=frozenset(service or ()),
        level=level,
        since=_moment(since, datetime.now(UTC), zone) if since is not None else None,
    )
    show = _printer(zone, raw=raw, one_order=order is not None)
    try:
        if files and STDIN in files:
            if len(files) > 1:
                raise typer.BadParameter("- stands alone")
            found = _follow_stdin(search, show) if follow else _show_stdin(search, show)
        else:
            found = _show_files(files, data_dir / "logs", search, show, follow=follow)
    except KeyboardInterrupt:  # the way to end --follow
        return
    if order and not found and not follow:
        typer.echo(f"no line names order {order}", err=True)
        raise typer.Exit(1)


# --- files -------------------------------------------------------------------------------------


def _show_files(
    files: list[Path] | None, folder: Path, search: Search, show: Show, *, follow: bool
) -> int:
    """Shows what the files have, and with ``follow`` what comes; answers how many lines."""
    with ExitStack() as stack:
        opened = {path: _opened(path, stack, older=not files) for path in files or _in(folder)}
        if follow:
            for youngest, *_ in opened.values():
                youngest.leave_out_unfinished()
        history = search.history([file for some in opened.values() for file in some])
        if follow and not search.is_narrow:
            from collections import deque

            history = iter(deque(history, maxlen=LAST_LINES))
        found = 0
        for line in history:
            found += 1
            show(line)
        if follow:
            _follow(opened, None if files else folder, search, show)
        return found


def _follow(
    opened: dict[Path, list[LogFile]], folder: Path | None, search: Search, show: Show
) -> None:
    """Until Ctrl-C. A file that appears in ``folder`` meanwhile is followed too."""
    import time

    from shared.log_lines import Tail

    tails = {path: Tail(path, files[0]) for path, files in opened.items()}
    while True:
        if folder:
            for path in _in(folder):
                if path not in tails:
                    tails[path] = Tail(path)
        news = [line for tail in tails.values() for line in tail.lines()]
        for line in sorted(news, key=lambda line: line.at):
            if search.finds(line):
                show(line)
        time.sleep(LOOK_INTERVAL_S)


def _opened(path: Path, stack: ExitStack, *, older: bool) -> list[LogFile]:
    from deploy.local.processes import CannotStart
    from shared.log_lines import open_with_older

    try:
        return open_with_older(path, stack, older=older)
    except OSError as error:
        raise CannotStart(f"{path}: {error.strerror}") from error


def _in(folder: Path) -> list[Path]:
    from deploy.local.processes import CannotStart

    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise CannotStart(f"there are no logs in {folder}")
    return files


# --- standard input ----------------------------------------------------------------------------


def _show_stdin(search: Search, show: Show) -> int:
    """An order is looked for more than once, and what comes through a pipe passes only once."""
    import shutil
    import sys
    import tempfile

    from shared.log_lines import LogFile

    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        found = 0
        for line in search.history([LogFile(spool, "-")]):
            found += 1
            show(line)
        return found


def _follow_stdin(search: Search, show: Show) -> int:
    import sys

    from shared.log_lines import LONGEST_LINE, as_line

    found, at = 0, ""
    while raw := sys.stdin.buffer.readline(LONGEST_LINE):
        line = as_line(raw, "-", at)
        at = line.at
        if search.finds(line):
            found += 1
            show(line)
    return found


# --- words -------------------------------------------------------------------------------------


def _printer(zone: tzinfo, *, raw: bool, one_order: bool) -> Show:
    import os
    import sys

    from deploy.commands.log_words import Words

    if raw:
        return lambda line: typer.echo(line.raw)
    coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    words = Words(zone, coloured=coloured, one_order=one_order)
    return lambda line: typer.echo(words.of(line), nl=False)


def _moment(text: str, now: datetime, zone: tzinfo) -> str:
    """How long ago, or when on the station's clock; as log lines are sorted by."""
    import re
    from datetime import UTC, datetime, time, timedelta

    parts = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    try:
        if text and parts:
            days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
            moment = now - timedelta(days, seconds, minutes=minutes, hours=hours)
        elif re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?", text):
            today = now.astimezone(zone).date()
            moment = datetime.combine(today, time.fromisoformat(text.zfill(5)), zone)
        else:
            moment = datetime.fromisoformat(text)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"--since {text}: neither a duration nor a time") from error
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()
