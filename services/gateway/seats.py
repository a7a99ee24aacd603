"""Whose screens listen for changes. One user's never take the places of all others. The newest
stay: in front of them somebody sits, and many an older one has gone without a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import anyio

from shared.refusals import Refused

MOST_OF_ONE = 20
"""Screens of one user: a dozen windows of browsers that cannot share one, and some telephones."""
BACK_AFTER_S = 60
"""Whoever has given a place up may ask for one again then."""


class Seat:
    """A place among those who listen. ``over``: it is to be left."""

    def __init__(self, sign_in: str) -> None:
        self.sign_in = sign_in
        self.over = anyio.Event()
        self.given_up = False

    def give_up(self) -> None:
        self.given_up = True
        self.over.set()


class Seats:
    """Of one gateway."""

    def __init__(self) -> None:
        self._taken: dict[UUID, list[Seat]] = {}

    @contextmanager
    def taken(self, user_id: UUID, sign_in: str) -> Iterator[Seat]:
        """One more for that user, as long as the context lasts; where there are enough, an older
        one is given up for it. ``sign_in``: the session or token by which it came. Raises
        ``too_many_screens`` while as many that were given up have not been left."""
        own = self._taken.setdefault(user_id, [])
        if len(own) >= 2 * MOST_OF_ONE:
            raise Refused("too_many_screens", limit=MOST_OF_ONE, seconds=BACK_AFTER_S)
        seat = Seat(sign_in)
        own.append(seat)
        try:
            staying = [each for each in own if not each.given_up]
            if len(staying) > MOST_OF_ONE:
                _first_to_go(staying).give_up()
            yield seat
        finally:
            own.remove(seat)
            if not own:
                del self._taken[user_id]


def _first_to_go(seats: Sequence[Seat]) -> Seat:
    """The oldest of the sign-in that has most: a program that opens one after the other takes
    them from itself, and not from its owner's screens."""
    by_sign_in = Counter(seat.sign_in for seat in seats)
    most = max(by_sign_in.values())
    return next(seat for seat in seats if by_sign_in[seat.sign_in] == most)
