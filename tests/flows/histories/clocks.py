"""Clocks that go wrong: no service may believe another one's, or that its own never steps back."""

from __future__ import annotations

from datetime import timedelta

from tests.flows.histories.station import SERVICES, Station
from tests.support.histories import action

WRONG_BY = (-900, -40, -1, 0, 0, 0, 40)
"""Minutes."""


class Clocks(Station):
    """In the end all show the same."""

    @action(2)
    async def a_clock_steps(self) -> None:
        service, minutes = self.one_of(SERVICES), self.one_of(WRONG_BY)
        self.business.clock.wrong[service] = timedelta(minutes=minutes)

    async def differences(self) -> list[str]:
        self.business.clock.wrong.clear()
        return await super().differences()
