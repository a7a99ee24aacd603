"""The four kinds of message, and the field types that all of them share.

A *command* asks a service to change something, a *question* asks it for data; both are answered
at once over NATS request/reply. An *event* says what has happened and is kept in JetStream.
A *view* is what an answer or the HTTP API shows.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

MAX_MONEY = Decimal("9999999999.99")
MAX_QUANTITY = Decimal("999999.999")

Money = Annotated[Decimal, Field(ge=0, le=MAX_MONEY, decimal_places=2)]
"""Roubles and kopecks, never negative. In JSON a string: ``"340.00"``."""
SignedMoney = Annotated[Decimal, Field(ge=-MAX_MONEY, le=MAX_MONEY, decimal_places=2)]
"""Money that may be owed either way: balances, margins, reversals."""
PositiveMoney = Annotated[Decimal, Field(gt=0, le=MAX_MONEY, decimal_places=2)]
Quantity = Annotated[Decimal, Field(gt=0, le=MAX_QUANTITY, decimal_places=3)]
"""Of a part or a work, in the product's main unit; more than nothing, to a thousandth."""
StockQuantity = Annotated[Decimal, Field(ge=0, le=MAX_QUANTITY * 1000, decimal_places=3)]
SignedQuantity = Annotated[
    Decimal, Field(ge=-MAX_QUANTITY * 1000, le=MAX_QUANTITY * 1000, decimal_places=3)
]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2)]
PriceStep = Annotated[Decimal, Field(ge=Decimal("0.01"), le=1000, decimal_places=2)]
"""Roubles that a computed price is a multiple of."""
RoundingMode = Literal["half_up", "half_even", "up", "down"]
"""To the nearest multiple (a half goes up, or to the even one), or always to the next one away
from zero, or towards it."""
MAX_MINUTES = 100_000
Minutes = Annotated[int, Field(ge=0, le=MAX_MINUTES)]
WarrantyDays = Annotated[int, Field(ge=0, le=36_500)]
Hours = Annotated[Decimal, Field(ge=0, le=10_000, decimal_places=5)]
"""Norm-hours; never rounded, five decimals are what norm books print."""
# NUL cannot be stored by PostgreSQL, and control characters have no place in a name.
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$"
    ),
]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")
]
SearchText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")
]
Limit = Annotated[int, Field(ge=1, le=200)]
ReportLimit = Annotated[int, Field(ge=1, le=5000)]
"""Rows of a report in one answer; whoever takes all of it away asks for page after page."""
Cursor = Annotated[str, StringConstraints(max_length=500)]
Revision = Annotated[int, Field(ge=1, le=2**31 - 1)]
Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
]
"""With its offset from UTC. The bounds keep it inside what every time zone, and every driver on
the way, can reckon with."""
FIRST_DAY, LAST_DAY = date(1900, 1, 2), date(2199, 12, 30)
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
"""Of the station's calendar, as somebody names it: in every time zone it begins and ends within
what an ``Instant`` can be. What was kept before it had bounds is told as a ``date``."""


class Message(BaseModel):
    """A value on the wire: frozen, compared by content."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    """What opens a door. It goes to the service that is asked, and nowhere else: not into the
    audit of a refused attempt, nor into a log."""


class Command[ReplyT](Message):
    """Asks one service to change something; answered by a ``ReplyT`` or a refusal."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    subject: ClassVar[str]


class Question[ReplyT](Message):
    """Asks one service for data; changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    subject: ClassVar[str]


class View(Message):
    """What an answer shows. Readers ignore fields that they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Change(View):
    """One field of one thing, before and after; both as they would stand in JSON."""

    field: str
    old: Any = None
    new: Any = None


class Event(Message):
    """A fact, in the past tense. Published by its owner's outbox only.

    Contracts grow by adding optional fields; anything else is a new ``.v2`` beside ``.v1``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
    subject: ClassVar[str]

    changes: tuple[Change, ...] = ()
    """What an edit changed, old and new, for the audit. Empty where the fact says it all."""

    def aggregate_id(self) -> UUID:
        """The thing that the fact is about: CloudEvents' ``subject``."""
        raise NotImplementedError

    def order(self) -> UUID | None:
        """The order that the fact belongs to, if any: timelines and logs are found by it."""
        return getattr(self, "order_id", None)


class CommandRefused(Event):
    """A command was refused or failed, and nothing changed. Consumer: audit.

    Every service publishes its own sub-class, under its own subject.
    """

    command_id: UUID
    command: str
    code: str
    detail: str
    order_id: UUID | None = None
    attempt: dict[str, Any] = {}

    def aggregate_id(self) -> UUID:
        return self.order_id or self.command_id


class Page[ItemT](View):
    """A part of a list: the items, and the cursor of the next part (null at the end)."""

    items: tuple[ItemT, ...]
    next: str | None = None


class Done(View):
    """The answer of a command that has nothing to show."""


class Period(View):
    """Half open: ``start <= at < end``. Null is unbounded."""

    start: Instant | None = None
    end: Instant | None = None


def reply_type(message_type: type[BaseModel]) -> Any:
    """The ``ReplyT`` of a command or question class."""
    for base in message_type.__mro__:
        metadata = getattr(base, "__pydantic_generic_metadata__", None)
        if metadata and metadata["origin"] in (Command, Question):
            return metadata["args"][0]
        for original in getattr(base, "__orig_bases__", ()):
            if getattr(original, "__origin__", None) in (Command, Question):
                return get_args(original)[0]
    raise TypeError(f"{message_type.__name__} does not say what it is answered with")
