"""What a cash register is: it prints a receipt, and answers the number that it has given it.

``register`` answers or raises. What it raises decides whether the receipt is sent again, so it
must be right: ``Passing`` only when the register surely has not taken it.
"""

from __future__ import annotations

from typing import Protocol

from shared.contracts.fiscal import FiscalReceiptView


class Passing(Exception):
    """Surely not taken, and worth another try: not connected, out of paper."""


class Permanent(Exception):
    """Surely not taken, and no other try would be: a line that it does not accept."""


class Unclear(Exception):
    """It may have been taken: the answer was lost."""


class Register(Protocol):
    """Sales, refunds and corrections with their lines; a shift's beginning and end."""

    name: str
    knows_ids: bool
    """It takes a receipt whose id it has seen for the same one, and answers its number."""

    async def register(self, receipt: FiscalReceiptView) -> int:
        """The number of the receipt. Raises ``Passing``, ``Permanent`` or ``Unclear``."""
        ...
