"""What finance's README says is what finance does."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from services.finance.app import service
from services.finance.domain.ledger import Account, ClientAccount, Entry
from services.finance.domain.pay_rules import Rulebook
from services.finance.domain.payroll import accrue, take_back
from services.finance.domain.settlement import Completed, Issued, State, learn
from services.finance.domain.settling import reverse, settle
from services.finance.domain.till import take_payment
from shared.ids import id_of, new_id
from tests.finance.builders import CASHIER, NOON, money, order_completed, payment, work

README = (Path(__file__).parents[2] / "services" / "finance" / "README.md").read_text()


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    rows = re.findall(r"^\|(.+)\|$", section(title), re.MULTILINE)[2:]
    return [[cell.strip().strip("`") for cell in row.split("|")] for row in rows]


def test_the_chart_of_accounts_is_complete() -> None:
    assert [row[0] for row in table("Chart of accounts")] == list(Account)


def test_every_message_is_named() -> None:
    handlers = service.handlers
    for title, subjects in (
        ("Messages in", [*handlers.events, *handlers.commands, *handlers.questions]),
        ("Messages out", [event.subject for event in handlers.publishes]),
    ):
        named = section(title)
        missing = [each for each in subjects if f"{each.split('.')[2]}`" not in named]
        assert missing == []


def test_the_example_is_what_the_ledger_gets() -> None:
    order, client = id_of("order"), id_of("client")
    event = order_completed(
        order,
        client,
        services=(work("600", "40"), work("400", "25")),
        products="500",
        materials="40",
    )
    account = ClientAccount(client)
    deposit = payment("300", client, order, reserved_for=order)
    before = take_payment(deposit, [], account, [], CASHIER, new_id())
    (waiting,) = learn([], order, 1, Completed.of(event))
    (ready,) = learn([waiting], order, 1, Issued(money("310")))
    earning, pay = accrue(ready, Rulebook(), NOON, CASHIER, new_id())
    settled = settle(earning, before.payments, CASHIER, new_id(), new_id())
    rest = payment("1300", client, order, method="card")
    after = take_payment(rest, settled.settlements, account, [], CASHIER, new_id())
    undone = reverse(
        replace(after.settlements[0], state=State.REVERSED),
        settled.entries[0],
        [*settled.payments, *after.payments],
        CASHIER,
        new_id(),
        new_id(),
        None,
    )

    back = take_back(earning, pay.entries[0], NOON, CASHIER, new_id(), None)

    entries = [
        *before.entries, *settled.entries, *pay.entries, *after.entries, *undone.entries,
        *back.entries,
    ]  # fmt: skip
    assert table("One order in the ledger") == [row for entry in entries for row in lines(entry)]


def lines(entry: Entry) -> list[list[str]]:
    """As the README shows an entry: its kind stands in its first line only."""
    return [
        ["" if number else entry.kind, posting.debit, posting.credit, str(posting.amount)]
        for number, posting in enumerate(entry.postings)
    ]
