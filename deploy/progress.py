"""How far long work is, told to whoever shows it: a terminal, a page, or nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    """Work goes in steps, one after the other: ``begin``, any number of ``advance``, ``end``."""

    def begin(self, what: str, total: int | None) -> None:
        """A step of ``total`` parts, or of nobody knows how many."""

    def advance(self, done: int) -> None:
        """So many parts of the step are done by now, counted from its beginning."""

    def end(self, note: str) -> None:
        """The step is done; ``note`` says in a few words what came of it."""


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """On standard error, beside what a command answers; nothing where that is no terminal."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Silent()
        return
    progress = TerminalProgress(console)
    try:
        yield progress
    finally:
        progress.close()


class Silent:
    """For whoever does not want to know."""

    def begin(self, what: str, total: int | None) -> None: ...
    def advance(self, done: int) -> None: ...
    def end(self, note: str) -> None: ...


class TerminalProgress:
    """A bar while a step goes on, and one line with its note and its seconds when it is done.
    Where there is no terminal, the lines alone."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._what = ""
        self._started = 0.0
        self._bars: Bars | None = None

    def begin(self, what: str, total: int | None) -> None:
        self.close()
        self._what, self._started = what, time.monotonic()
        if self._console.is_terminal:
            self._bars = Bars(
                TextColumn("  {task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )
            self._bars.add_task(escape(what), total=total)
            self._bars.start()

    def advance(self, done: int) -> None:
        if self._bars:
            self._bars.update(self._bars.task_ids[0], completed=done)

    def end(self, note: str) -> None:
        self.close()
        told = f"{self._what}: {note}" if note else self._what
        seconds = time.monotonic() - self._started
        self._console.print(f"  [green]✓[/] {escape(told)} [dim]{seconds:.1f} s[/]")

    def close(self) -> None:
        """Takes the bar away, also after a step that failed."""
        if self._bars:
            self._bars.stop()
            self._bars = None
