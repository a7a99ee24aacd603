"""Whose files are on their way in, as far as pages have asked: the services that take them know,
and are not asked for each page."""

from __future__ import annotations

from time import monotonic
from uuid import UUID

OLD_S = 15.0
"""A going import tells of itself more often, to whoever looks."""


class Imports:
    """By user and page of imports, how many were going when it was last told. Of a service that is
    away, what it told before."""

    def __init__(self) -> None:
        self._going: dict[UUID, dict[str, tuple[int, float]]] = {}

    def know(self, user_id: UUID, page: str, going: int) -> None:
        known = self._going.setdefault(user_id, {})
        known.pop(page, None)
        if going:
            known[page] = going, monotonic()
        if not known:
            del self._going[user_id]

    def going(self, user_id: UUID) -> int:
        return sum(going for going, _ in self._going.get(user_id, {}).values())

    def is_old(self, user_id: UUID) -> bool:
        """Some were going, and it is a while since: they may have ended unseen."""
        known = self._going.get(user_id, {}).values()
        return any(monotonic() - at > OLD_S for _, at in known)
