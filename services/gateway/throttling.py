"""How long to wait after failed sign-ins, and after links that do not work: growing, and never for
ever.

A hard lock-out would let anyone lock anyone out; a delay that grows makes guessing hopeless all
the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_network
from math import ceil

FORGOTTEN_AFTER = timedelta(hours=1)
"""Without another failure the count starts anew."""
MAX_ADDRESS_CHARS = 64
"""Of what a proxy says in the place of an address."""


@dataclass(frozen=True, slots=True)
class Rule:
    """So many failures are free; each further one doubles the wait, up to the longest."""

    free: int
    longest_s: int

    def wait_s(self, failures: int) -> int:
        doublings = min(failures - self.free, 30)
        return 0 if doublings < 1 else min(2 ** (doublings - 1), self.longest_s)


# A person mistypes a few times at one place. One address that tries many logins guesses; so do
# many addresses that try one login, but there the owner of the login must still get in.
RULES = {
    "place": Rule(free=4, longest_s=900),
    "address": Rule(free=100, longest_s=60),
    "login": Rule(free=60, longest_s=30),
    # Whoever tries a second factor's codes knows the password: that is hardly ever the owner.
    "code": Rule(free=5, longest_s=900),
    # Links cannot be guessed; whoever tries all the same need not be answered at once.
    "link": Rule(free=20, longest_s=60),
}


@dataclass(frozen=True, slots=True)
class Failures:
    """What is known of one subject: ``place:…``, ``address:…``, ``login:…``, ``code:…`` or
    ``link:…``."""

    subject: str
    failures: int
    last_failed_at: datetime

    @property
    def blocked_until(self) -> datetime:
        rule = RULES[self.subject.partition(":")[0]]
        return self.last_failed_at + timedelta(seconds=rule.wait_s(self.failures))


def subjects(login_key: str, address: str) -> list[str]:
    """What a failed attempt counts against."""
    return [f"address:{whence(address)}", f"login:{login_key}", place(login_key, address)]


def is_of_login(failures: Failures) -> bool:
    """Wherever they came from."""
    return failures.subject.startswith("login:")


def place(login_key: str, address: str) -> str:
    """A login at an address: where a person mistypes."""
    return f"place:{login_key}@{whence(address)}"


def link(address: str) -> str:
    """Whoever tries links."""
    return f"link:{whence(address)}"


def whence(address: str) -> str:
    """An address as failures count against it: whoever has one of IPv6 has 2⁶⁴ of them."""
    try:
        number = IPv6Address(address)
    except ValueError:
        return address[:MAX_ADDRESS_CHARS]
    return str(number.ipv4_mapped or ip_network((number, 64), strict=False))


def seconds_to_wait(known: Iterable[Failures], now: datetime) -> int:
    """Nought when the next attempt may be made at once."""
    waits = (
        (failures.blocked_until - now).total_seconds()
        for failures in known
        if now - failures.last_failed_at < FORGOTTEN_AFTER
    )
    return max((ceil(wait) for wait in waits if wait > 0), default=0)
