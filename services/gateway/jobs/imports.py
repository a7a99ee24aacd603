"""Whose files are on their way in, as far as pages have asked: the services that take them know,
and are not asked for each page."""

from __future__ import annotations

from time import monotonic
from uuid import UUID

OLD_S = 15.0
"""A going import tells of itself more often, to whoever looks."""


class Imports:
    """By user, how many were going when it was last asked."""

    def __init__(self) -> None:
        self._going: dict[UUID, tuple[int, float]] = {}

    def know(self, user_id: UUID, going: int) -> None:
        self._going.pop(user_id, None)
        if going:
            self._going[user_id] = going, monotonic()

    def going(self, user_id: UUID) -> int:
        return self._going.get(user_id, (0, 0.0))[0]

    def is_old(self, user_id: UUID) -> bool:
        """Some were going, and it is a while since: they may have ended unseen."""
        known = self._going.get(user_id)
        return known is not None and monotonic() - known[1] > OLD_S
