"""What ``pitlane reconcile`` and the check of a backup say of a difference, and of what is done
about it, in either language."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from deploy.commands.rule_words import OF_BOOKS, OF_COPIES, OF_COUNTERS, OF_STOCK, SAID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.contracts.audit import ChainFault
    from shared.contracts.reconciliation import (
        Difference,
        IssueCostTold,
        OrderRead,
        StockTakeOver,
    )

WORDS = {**OF_STOCK, **OF_BOOKS, **OF_COUNTERS, **OF_COPIES}
"""By the rule's name; those of ``SAID`` are words already."""
MOST_PLACES = 3
"""Of a quantity; what a division left behind them is only zeros."""
IDS = (
    "order_id", "client_id", "vehicle_id", "product_id", "warehouse_id", "line_id", "document_id",
    "supplier_id", "key",
)  # fmt: skip


def line_of(difference: Difference, language: str = "en") -> str:
    """``R-000017: settled amount = total: expected 340.00, found 300.00``; then the ids."""
    about = difference.number or _said(_owner_of(difference), language)
    ids = " ".join(f"{name}={value}" for name in IDS if (value := getattr(difference, name)))
    expected, found = (
        _said(_figure(figure), language) for figure in (difference.expected, difference.actual)
    )
    told = f"{about}: {words_of(difference, language)}: "
    told += (
        f"ожидалось {expected}, найдено {found}"
        if language == "ru"
        else f"expected {expected}, found {found}"
    )
    return f"{told} ({ids})" if ids else told


def fault_line(fault: ChainFault, language: str = "en") -> str:
    """``journal: record 50: changed``."""
    place = f"журнал: запись {fault.seq}" if language == "ru" else f"journal: record {fault.seq}"
    return f"{place}: {_said(fault.fault, language)}"


def not_counted(language: str = "en") -> str:
    """What is not looked at while clients fetches visits from before it counted them."""
    if language == "ru":
        return "визиты до начала их учёта ещё переносятся: нет ли пропавших, не проверено"
    return (
        "visits from before they were counted are still being fetched: whether one is missing "
        "was not looked at"
    )


def all_of(number: int, language: str = "en", *, counted: bool = True) -> str:
    """``2 differences``. ``counted``: nothing was left out."""
    if language == "ru":
        if number:
            return f"расхождений: {number}"
        return "всё сходится" if counted else "остальное сходится"
    if number:
        return "1 difference" if number == 1 else f"{number} differences"
    return "everything agrees" if counted else "everything else agrees"


def posted(done: StockTakeOver, language: str = "en") -> str:
    """``posted to stock_take_over: 0.01 (entry …)``."""
    if language == "ru":
        return f"проведено на {done.category}: {done.amount} (проводка {done.entry_id})"
    return f"posted to {done.category}: {done.amount} (entry {done.entry_id})"


def no_money(amount: Decimal, language: str = "en") -> str:
    """Why a difference finer than a kopeck is not taken over."""
    if language == "ru":
        return f"{amount} — не денежная сумма: ничего не проведено"
    return f"{amount} is no amount of money: nothing is posted"


def told_again(told: IssueCostTold | OrderRead, language: str = "en") -> str:
    """What the books have heard now of an order, or it and they of its parts."""
    from shared.contracts.reconciliation import OrderRead

    if isinstance(told, OrderRead):
        return _read_again(told, language)
    if language == "ru":
        return f"сообщено, сколько стоили запчасти: ещё {told.amount}"
    return f"told what its parts cost: {told.amount} more"


def _read_again(told: OrderRead, language: str) -> str:
    if language == "ru":
        return "книгам сообщено: заказ " + ("отменён" if told.cancelled else "не отменён")
    return f"the books have been told that it is {'' if told.cancelled else 'not '}cancelled"


def on_their_way(behind: Iterable[str], language: str = "en") -> str:
    """Why nothing is told again while these services may still hear it."""
    services = ", ".join(behind)
    if language == "ru":
        return (
            f"новости, возможно, ещё в пути ({services}): повторно ничего не сообщается. "
            "Повторите, когда в `pitlane status` будет пусто под unsent, waiting, in work и dead"
        )
    return (
        f"news may be on their way ({services}): nothing is told again. "
        "Try again when `pitlane status` shows nothing unsent, waiting, in work or dead"
    )


def words_of(difference: Difference, language: str = "en") -> str:
    """A report's sum is named by its table and column."""
    if difference.key is not None:
        sums = (
            "сумма отчёта = то, чего она сумма"
            if language == "ru"
            else "sum of a report = what it is a sum of"
        )
        return f"{sums}, {difference.what}"
    if words := WORDS.get(difference.what):
        return words.ru if language == "ru" else words.en
    return _said(difference.what, language)


def _said(words: str, language: str) -> str:
    return SAID.get(words, words) if language == "ru" else words


def _owner_of(difference: Difference) -> str:
    """Whose it is, where no number of an order says so."""
    if difference.what in OF_COPIES:
        return difference.what.partition("_")[0]
    if difference.order_id:
        return "order"
    if difference.client_id:
        return "client"
    if difference.supplier_id:
        return "supplier"
    return "stock" if difference.product_id else "station"


def _figure(told: str) -> str:
    with suppress(InvalidOperation):
        figure = Decimal(told)
        places = -int(figure.as_tuple().exponent)
        if places > MOST_PLACES:
            return told.rstrip("0") if figure.normalize() != round(figure, 2) else f"{figure:.2f}"
    return told
