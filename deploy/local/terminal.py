"""What whoever started the station sees of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.status import Status

COLOURS = {"warning": "yellow", "error": "red", "critical": "red"}
NOT_SHOWN = {"at", "level", "service", "station", "event", "exception", "actor", "role"}
"""Of a log line, at the terminal; the files have everything."""


class Terminal:
    """Progress of the start, then troubles as they come."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._steps: list[str] = []
        self._status: Status | None = None
        self.quiet = False
        """While stopping, services complain of each other: nobody needs to read that."""

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Something that takes a moment; several may go on at once."""
        started = time.monotonic()
        self._steps.append(what)
        self._show_steps()
        try:
            yield
            self._console.print(
                f"  [green]✓[/] {escape(what)} [dim]{time.monotonic() - started:.1f} s[/]"
            )
        finally:
            self._steps.remove(what)
            self._show_steps()

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[str, int, int], None]]:
        """Work that can be counted. Yields what is to be told: the part, done, of how many."""
        if self._console.is_terminal:
            columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn())
            with Progress(*columns, console=self._console, transient=True) as progress:
                bar = progress.add_task(what, total=None)

                def show(part: str, done: int, total: int) -> None:
                    text = f"{what}: {part}"
                    progress.update(bar, description=text, completed=done, total=total)

                yield show
        else:
            told = set[str]()

            def tell(part: str, _: int, total: int) -> None:
                if part not in told:
                    told.add(part)
                    self._console.print(f"  {escape(what)}: {escape(part)} ({total})")

            yield tell
        self._console.print(f"  [green]✓[/] {escape(what)}")

    def trouble(self, line: Mapping[str, Any]) -> None:
        """One log line of a process that needs attention."""
        if self.quiet:
            return
        level = str(line.get("level", "error"))
        more = " ".join(
            f"{name}={_short(value)}" for name, value in line.items() if name not in NOT_SHOWN
        )
        self._console.print(
            f"[dim]{_clock(line.get('at'))}[/] [{COLOURS.get(level, 'red')}]{level}[/] "
            f"[bold]{escape(str(line.get('service', '')))}[/] "
            f"{escape(_short(line.get('event', '')))} [dim]{escape(more)}[/]",
            soft_wrap=True,
        )

    def say(self, text: str) -> None:
        self._console.print(escape(text), soft_wrap=True)

    def announce(self, title: str, lines: Mapping[str, str]) -> None:
        width = max(map(len, lines), default=0)
        text = "\n".join(
            f"[dim]{escape(name.ljust(width))}[/]  {escape(value)}" for name, value in lines.items()
        )
        self._console.print(Panel(text, title=escape(title), expand=False, border_style="green"))

    def _show_steps(self) -> None:
        if not self._console.is_terminal:
            return
        if not self._steps:
            if self._status:
                self._status.stop()
                self._status = None
            return
        text = escape(", ".join(self._steps)) + " …"
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)


def _short(value: Any, limit: int = 200) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _clock(at: Any) -> str:
    try:
        return f"{datetime.fromisoformat(str(at)).astimezone():%H:%M:%S}"
    except ValueError:
        return ""
