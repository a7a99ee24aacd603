"""asyncpg, as every engine here uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import asyncpg

FIRST_OF_ITS_OWN = 16_384
"""Types with smaller numbers are PostgreSQL's, and the same in every database."""


def is_ending(error: BaseException) -> bool:
    """Whether the driver says this between PostgreSQL's last word, that it ends the connection, and
    the end of it: a moment later the connection is closed."""
    return isinstance(error, asyncpg.InternalClientError) and "cannot switch to state" in str(error)


class DriverConnection(asyncpg.Connection):
    """What the driver must know of PostgreSQL's own types, arrays of ids and the like, it asks
    once in a process, and not on every connection in the midst of somebody's request: the answer
    costs the database tens of milliseconds, half of what a client's whole visit does otherwise."""

    _known: dict[int, tuple[list[Any], Any]] = {}
    """By the type's number, the answer in which it was."""

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float) -> Any:
        wanted = list(typeoids)
        if not all(number in self._known for number in wanted):
            answer = await super()._introspect_types(wanted, timeout)  # type: ignore[misc]
            if max(wanted) >= FIRST_OF_ITS_OWN:
                return answer
            self._known.update(dict.fromkeys(wanted, answer))
        answers = [self._known[number] for number in wanted]
        # Of the statement that asked the driver only wants to know that it had a name.
        return [record for records, _ in answers for record in records], answers[0][1]
