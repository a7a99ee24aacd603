"""``pitlane reconcile``: do services agree on stock and money, and is the journal whole?"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.commands.reach import StationDir

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from deploy.alone import Alone
    from deploy.commands.reach import Operator, Reach
    from deploy.reconciliation import Comparison
    from shared.contracts.base import Question
    from shared.contracts.reconciliation import (
        Difference,
        ReadOrderAgain,
        StockTakeOver,
        TellIssueCost,
    )


NOTHING = Decimal(0)
TakeOver = Annotated[
    str | None,
    typer.Option(
        "--take-over",
        metavar="REASON",
        help="After an upgrade: if nothing differs but what the stock is worth and what its "
        "account says, the difference is posted to the expenses `stock_take_over`. Once.",
    ),
]


TellAgain = Annotated[
    str | None,
    typer.Option(
        "--tell-again",
        metavar="REASON",
        help="After an upgrade: what an older version did not tell orders and books is told to "
        "them: that an order was cancelled; what counts found of parts that it had been done "
        "without, once for an order.",
    ),
]


class Language(StrEnum):
    """In which it is told what differs, and what is done about it."""

    EN = "en"
    RU = "ru"


In = Annotated[Language, typer.Option("--language", help="In which all of this is told.")]


def reconcile(
    data_dir: StationDir = None,
    take_over: TakeOver = None,
    tell_again: TellAgain = None,
    language: In = Language.EN,
) -> None:
    """Compares orders, stock, books, copies and the journal; names each difference.

    What orders, inventory, finance and clients say of every order, what
    inventory and finance say of every receipt, what services keep of each
    other's things with what their owners say, each service's own books with
    themselves, and the journal's records with their chain. What
    differs is looked at again a few times, as news may be on its way. Of what
    says who somebody is, and of what is long, a digest is shown. Exit
    code 1 when something differs for good.
    """
    from deploy.commands.audit import chain
    from deploy.commands.difference_words import all_of, fault_line, line_of, not_counted
    from deploy.commands.reach import reach

    at = reach(data_dir)
    comparison = asyncio.run(_compared(at, take_over, tell_again, language))
    found = [line_of(each, language) for each in comparison.differences]
    found += [fault_line(fault, language) for fault in asyncio.run(chain(at)).faults]
    for line in found:
        typer.echo(line)
    if not comparison.counted:
        typer.echo(not_counted(language))
    typer.echo(all_of(len(found), language, counted=comparison.counted))
    if found:
        raise typer.Exit(1)


async def _compared(
    at: Reach, take_over: str | None, tell_again: str | None, language: Language
) -> Comparison:
    from deploy.commands.difference_words import no_money, posted
    from deploy.commands.reach import asking_a_database, connected
    from deploy.local.processes import CannotStart
    from deploy.reconciliation import OWN, compare
    from shared.contracts.reconciliation import STOCK_AGREES, TakeOverStock
    from shared.refusals import Refused

    async with connected(at) as operator, _databases(at) as databases:

        async def ask(question: Question[Any]) -> Any:
            if databases and question in OWN:
                with asking_a_database():
                    return await databases.ask(question)
            return await operator.send(question, type(question).subject.split(".")[1])

        try:
            comparison = await compare(ask)
            if tell_again is not None and comparison.differences:
                await _ensure_all_is_heard(at, language)
                if await _told(comparison.differences, tell_again, operator, language):
                    comparison = await compare(ask)
            found = comparison.differences
            if take_over is None or [each.what for each in found] != [STOCK_AGREES]:
                return comparison
            amount = Decimal(found[0].expected) - Decimal(found[0].actual)
            if amount != round(amount, 2):
                raise CannotStart(no_money(amount, language))
            command = TakeOverStock(amount=amount, reason=take_over)
            done: StockTakeOver = await operator.send(command, "finance")
            typer.echo(posted(done, language))
            return await compare(ask)
        except Refused as refused:
            raise CannotStart(refused.words(language)) from refused


@asynccontextmanager
async def _databases(at: Reach) -> AsyncIterator[Alone | None]:
    """For what services recount by themselves: the sums of years take longer than a service may
    take to answer. None where not all of them are known."""
    from deploy.alone import Alone, zone_of
    from deploy.commands.reach import asking_a_database
    from deploy.reconciliation import OWN
    from shared.database import engines_for_one_job

    services = {type(question).subject.split(".")[1] for question in OWN}
    if not services <= at.database_urls.keys():
        yield None
        return
    urls = {service: at.database_urls[service] for service in services}
    async with engines_for_one_job(urls) as engines:
        with asking_a_database():
            zone = await zone_of(at.station, engines["orders"])
        yield Alone(at.station, engines, zone) if zone else None


async def _ensure_all_is_heard(at: Reach, language: Language) -> None:
    """What is only late would be told twice, and counted twice."""
    from deploy.commands.difference_words import on_their_way
    from deploy.commands.status import look
    from deploy.local.processes import CannotStart

    if behind := (await look(at)).behind({"orders", "inventory", "finance"}):
        raise CannotStart(on_their_way(behind, language))


async def _told(
    found: Sequence[Difference], reason: str, operator: Operator, language: Language
) -> bool:
    """Whether there was anything to tell."""
    from deploy.commands.difference_words import told_again
    from shared.refusals import Refused

    numbers = {each.order_id: each.number for each in found}
    commands = _left_untold(found, reason)
    for command in commands:
        service = type(command).subject.split(".")[1]
        try:
            said = told_again(await operator.send(command, service), language)
        except Refused as refused:
            said = refused.words(language)
        typer.echo(f"{numbers[command.order_id]}: {said}")
    return bool(commands)


def _left_untold(found: Sequence[Difference], reason: str) -> list[ReadOrderAgain | TellIssueCost]:
    from shared.contracts.reconciliation import (
        CANCELLED_IN_BOOKS,
        COST_AGREES,
        ISSUED_AGREES,
        KNOWN_TO_BOOKS,
        ReadOrderAgain,
        TellIssueCost,
    )

    read = dict.fromkeys(
        each.order_id for each in found if each.what in (KNOWN_TO_BOOKS, CANCELLED_IN_BOOKS)
    )
    costs = {each.order_id: NOTHING for each in found if each.what == ISSUED_AGREES}
    for each in found:
        if each.what == COST_AGREES:
            costs[each.order_id] = Decimal(each.expected) - Decimal(each.actual)
    return [
        *(ReadOrderAgain(order_id=one) for one in read if one),
        *(
            TellIssueCost(order_id=one, amount=amount, reason=reason)
            for one, amount in costs.items()
            if one
        ),
    ]
