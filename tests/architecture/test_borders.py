"""Who may import whom, and who may commit, publish, look at the clock, or count in floats."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

import pytest

from deploy.snapshots import messages
from shared.contracts.base import Command, Question
from shared.service import service_named
from tests.architecture.sources import Source, calls, caught, holds, imports, python

EDGE = frozenset({"app", "handlers", "store", "migrations"})
"""The roles within a service that are not pure."""
OUTER = {
    "finance": {"tables", "queries", "providers"},
    "documents": {"tables", "queries", "providers", "rendering"},
    "audit": {"anchor"},
}
"""Modules that belong to a service's store, and speak SQL or NATS as it does."""
SERVICES_WITH_RULES = ("clients", "orders", "inventory", *OUTER)
"""The gateway has no business rules of its own, and so no pure core."""


def is_pure(source: Source) -> bool:
    return (
        source.service in SERVICES_WITH_RULES
        and source.role not in EDGE
        and source.role not in OUTER.get(source.service, ())
    )


# --- imports -----------------------------------------------------------------------------------


def no_foreign_service(source: Source) -> Iterator[str]:
    """Services talk by messages; nothing shared knows a service."""
    for node, name in imports(source):
        package = name.split(".")
        if package[0] == "services" and package[1:2] != [source.service]:
            yield source.at(node, f"imports {name}")


def test_services_import_no_other_service_and_shared_imports_none() -> None:
    holds(no_foreign_service, python("services", "shared"))


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("services/orders/store.py", "from services.finance import store", ["services.finance"]),
        ("services/orders/store.py", "import services.finance.domain", ["services.finance"]),
        ("services/orders/store.py", "from services import finance", ["services.finance"]),
        ("services/orders/store.py", "from ..finance import domain", ["services.finance"]),
        ("services/orders/store.py", "from services.orders.domain import Order", []),
        ("services/orders/handlers/work.py", "from ..store import load", []),
        ("shared/service.py", "from services.orders.app import service", ["services.orders"]),
    ],
)
def test_import_of_another_service_is_caught(path: str, text: str, expected: list[str]) -> None:
    found = caught(no_foreign_service, path, text)
    assert len(found) == len(expected)
    assert all(f"imports {name}" in one for one, name in zip(found, expected, strict=True))


LATER = {"domain": {"store", "handlers", "app"}, "store": {"handlers", "app"}, "handlers": {"app"}}
"""app → handlers → store → domain, and never back."""


def no_import_backwards(source: Source) -> Iterator[str]:
    if source.service in SERVICES_WITH_RULES:
        outer = OUTER.get(source.service, set())
        role = "domain" if is_pure(source) else source.role
        if source.role in outer:
            role = "store"
        forbidden = LATER.get(role, set())
        if role == "domain":
            forbidden = forbidden | outer
        for node, name in imports(source):
            package = name.split(".")
            if package[:2] == ["services", source.service] and package[2] in forbidden:
                yield source.at(node, f"imports {name}")


def test_a_service_imports_inwards_only() -> None:
    holds(no_import_backwards, python("services"))


def test_import_backwards_is_caught() -> None:
    rule = no_import_backwards
    assert caught(rule, "services/orders/views.py", "from services.orders.store import x")
    assert caught(rule, "services/finance/search.py", "from services.finance.tables import x")
    assert caught(rule, "services/finance/tables.py", "from services.finance.handlers import x")
    assert caught(rule, "services/orders/handlers/work.py", "from services.orders.app import x")
    assert not caught(rule, "services/orders/handlers/work.py", "import services.orders.store")


ALLOWED_IN_CONTRACTS = frozenset({*sys.stdlib_module_names, "pydantic"})


def only_pydantic(source: Source) -> Iterator[str]:
    """Anyone can read a contract without the rest of the system."""
    for node, name in imports(source):
        if name.split(".")[0] not in ALLOWED_IN_CONTRACTS and not name.startswith(
            "shared.contracts"
        ):
            yield source.at(node, f"imports {name}")


def test_contracts_import_pydantic_and_the_standard_library_only() -> None:
    sources = [each for each in python("shared") if each.path.startswith("shared/contracts/")]
    holds(only_pydantic, sources)


def test_contract_that_needs_more_is_caught() -> None:
    assert caught(only_pydantic, "shared/contracts/x.py", "from shared.ids import new_id")
    assert caught(only_pydantic, "shared/contracts/x.py", "import sqlalchemy")
    assert not caught(only_pydantic, "shared/contracts/x.py", "from pydantic import Field")


# --- the pure core -----------------------------------------------------------------------------

IMPURE = frozenset(
    {
        "alembic", "asyncio", "asyncpg", "fastapi", "faststream", "httpx", "nats", "os", "random",
        "secrets", "sqlalchemy", "starlette", "structlog", "time",
    }
)  # fmt: skip
KIT = ("shared.database", "shared.handlers", "shared.messaging", "shared.service")
CLOCK = re.compile(r"\.(now|utcnow|today)$|^(time|monotonic|perf_counter)$|^time\.")
RANDOM_ID = re.compile(r"(^|\.)(uuid[1-8]|new_id)$")


def is_clean(source: Source) -> Iterator[str]:
    """Rules take values and return a decision."""
    for node, name in imports(source):
        if name.split(".")[0] in IMPURE or name.startswith(KIT):
            yield source.at(node, f"imports {name}")
    for call, name in calls(source):
        if CLOCK.search(name) or RANDOM_ID.search(name):
            yield source.at(call, f"calls {name}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef):
            yield source.at(node, f"{node.name} waits for something")


def test_rules_know_no_database_broker_clock_or_chance() -> None:
    holds(is_clean, [each for each in python("services") if is_pure(each)])


@pytest.mark.parametrize("service", SERVICES_WITH_RULES)
def test_every_service_has_a_pure_core(service: str) -> None:
    pure = {each.role for each in python("services") if each.service == service and is_pure(each)}
    assert "domain" in pure


@pytest.mark.parametrize(
    "text",
    [
        "from sqlalchemy import select",
        "import nats.aio.client",
        "from shared.messaging.outbox import write",
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "from datetime import date\nx = date.today()",
        "import uuid\nx = uuid.uuid4()",
        "from uuid import uuid7\nx = uuid7()",
        "x = work.new_id()",
        "async def decide(): ...",
    ],
)
def test_impure_rule_is_caught(text: str) -> None:
    assert caught(is_clean, "services/orders/pricing.py", text)


def test_pure_rule_passes() -> None:
    text = "from uuid import UUID\nfrom datetime import datetime\nx = UUID(int=1)\ny = order.now"
    assert not caught(is_clean, "services/orders/pricing.py", text)


def test_a_module_is_pure_unless_it_is_known_not_to_be() -> None:
    assert is_pure(Source("services/orders/something_new.py", ""))
    assert is_pure(Source("services/orders/domain/lines.py", ""))
    assert not is_pure(Source("services/orders/store/rows.py", ""))
    assert not is_pure(Source("services/finance/tables.py", ""))
    assert not is_pure(Source("services/gateway/edge.py", ""))


def asks_no_clock(source: Source) -> Iterator[str]:
    """What is now, and what is new, a handler is told by its ``work``, which it may hand on."""
    for node, name in imports(source):
        if RANDOM_ID.search(name):
            yield source.at(node, f"imports {name}")
    for call, name in calls(source):
        if CLOCK.search(name) or (RANDOM_ID.search(name) and name.startswith("uuid.")):
            yield source.at(call, f"calls {name}")


def test_handlers_and_stores_ask_their_work_for_time_and_ids() -> None:
    sources = [
        each
        for each in python("services")
        if each.service in SERVICES_WITH_RULES and each.role not in {"app", "migrations"}
    ]
    holds(asks_no_clock, sources)


def test_handler_with_a_clock_of_its_own_is_caught() -> None:
    path = "services/orders/handlers/work.py"
    assert caught(asks_no_clock, path, "x = datetime.now(UTC)")
    assert caught(asks_no_clock, path, "from shared.ids import new_id")
    assert caught(asks_no_clock, path, "import uuid\nx = uuid.uuid4()")
    assert not caught(asks_no_clock, path, "x = work.new_id()\ny = work.now")


# --- the edges ---------------------------------------------------------------------------------

COMMITS = {
    "shared/operations.py": "a dead letter is decided past the lane, with its event",
    "shared/service.py": "prepares a service before its first message",
    "shared/database.py": "migrations",
    "services/gateway/journal.py": "the gateway's one transaction: its tables and its events",
    "services/gateway/failures.py": "counts failed sign-ins, and links that do not work",
    "services/gateway/users.py": "makes the first users before the first request",
    "services/gateway/pruning.py": "drops what has expired",
}
"""Who commits besides shared/messaging, and why it may."""


def commits_nothing(source: Source) -> Iterator[str]:
    """One message, one transaction, opened and committed by one piece of shared code."""
    if source.path in COMMITS or source.path.startswith("shared/messaging/"):
        return
    for call, name in calls(source):
        if name.split(".")[-1] in {"commit", "begin", "rollback"}:
            yield source.at(call, f"calls {name}")


def test_only_the_kit_commits() -> None:
    holds(commits_nothing, python("services", "shared"))


def test_a_commit_elsewhere_is_caught() -> None:
    path = "services/orders/handlers/work.py"
    assert caught(commits_nothing, path, "await store.connection.commit()")
    assert caught(commits_nothing, path, "async def f():\n  async with engine.begin() as c: ...")


PUBLISHES = {
    "shared/messaging/outbox.py": "the relay: events",
    "shared/messaging/consumer.py": "asks the stream for more",
    "shared/messaging/admission.py": "says once what it may say, in words nobody acts upon",
    "shared/messaging/client.py": "commands and questions, which are answered",
    "shared/messaging/answers.py": "what the relay and the client say, and what comes back",
    "shared/messaging/requests.py": "the replies to commands and questions",
    "services/audit/anchor.py": "keeps the chain's head outside the database",
}
"""Who talks to the broker, and what about."""
OUTBOXES = frozenset({"work", "entry"})
"""What a handler, or the gateway, publishes through."""
PUBLISHING = frozenset({"publish", "publish_async", "Answers"})
REQUEST = re.compile(r"(^|[._])(nc|broker|connection|nats)\.request$")


def publishes_nothing(source: Source) -> Iterator[str]:
    """An event that is not in the outbox is lost with the next crash."""
    if source.path in PUBLISHES:
        return
    for call, name in calls(source):
        receiver, _, verb = name.rpartition(".")
        publishes = verb in PUBLISHING and receiver not in OUTBOXES
        if publishes or REQUEST.search(name):
            yield source.at(call, f"calls {name}")


def test_only_the_outbox_publishes() -> None:
    holds(publishes_nothing, python("services", "shared"))


def test_a_publish_past_the_outbox_is_caught() -> None:
    path = "services/orders/handlers/work.py"
    for text in (
        "js.publish(s, b)",
        "self._nc.publish(s)",
        "broker.publish(m)",
        "nc.request(s)",
        "Answers(nc)",
    ):
        assert caught(publishes_nothing, path, text)
    assert not caught(publishes_nothing, path, "work.publish(event)\nbook.request(line)")


@pytest.mark.parametrize("path", [*COMMITS, *PUBLISHES])
def test_every_exception_is_still_needed(path: str) -> None:
    (source,) = [each for each in python("services", "shared") if each.path == path]
    verbs = {"publish", "Answers", "request", "commit", "begin"}
    assert any(name.split(".")[-1] in verbs for _, name in calls(source))


@pytest.mark.parametrize("service", SERVICES_WITH_RULES)
def test_service_says_in_its_table_whom_it_asks_what(service: str) -> None:
    """The broker lets it ask what the table names: a question that is missing there would time
    out, and one that nobody asks any more is a door that stays open."""
    asked = {
        name.rpartition(".")[2]
        for source in python("services")
        if source.service == service
        for _, name in calls(source)
    }
    of_others = {
        each.__name__
        for each in messages()
        if issubclass(each, Question | Command)
        and each.subject.split(".")[1] not in {service, "{service}"}
    }
    assert {each.__name__ for each in service_named(service).handlers.asks} == asked & of_others


# --- money -------------------------------------------------------------------------------------

SECONDS = re.compile(r"_s$")
"""Durations may be floats; their names end in their unit."""


def counts_exactly(source: Source) -> Iterator[str]:
    """Money and quantities are ``Decimal``; a float is wrong by a kopeck sooner or later."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Call(func=ast.Name("float")):
                yield source.at(node, "calls float()")
            case ast.AnnAssign(target=ast.Name(name), annotation=annotation):
                if _is_float(annotation) and not SECONDS.search(name):
                    yield source.at(node, f"{name} is a float")
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                if _is_float(annotation) and not SECONDS.search(name):
                    yield source.at(node, f"{name} is a float")
            case ast.FunctionDef(name=name, returns=ast.expr() as returns) if _is_float(returns):
                yield source.at(node, f"{name} returns a float")
            case ast.Constant(value=float()) if is_pure(source):
                yield source.at(node, f"{node.value!r} is a float")
            case ast.Attribute(attr="Float" | "REAL" | "Double" | "DOUBLE_PRECISION"):
                yield source.at(node, f"{node.attr} is a float")
    for node, name in imports(source):
        if name.split(".")[-1] in {"Float", "REAL", "Double", "DOUBLE_PRECISION"}:
            yield source.at(node, f"imports {name}")


def _is_float(annotation: ast.expr) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "float" for part in ast.walk(annotation))


def test_money_is_never_a_float() -> None:
    sources = [
        each
        for each in python("services", "shared")
        if each.service in SERVICES_WITH_RULES or each.path.startswith("shared/contracts/")
    ]
    holds(counts_exactly, sources)


@pytest.mark.parametrize(
    "text",
    [
        "x = float(total)",
        "total: float = 0",
        "total: float | None = None",
        "def total(order) -> float: ...",
        "def pay(share: float): ...",
        "x = total * 0.05",
        "from sqlalchemy import Float",
        "import sqlalchemy as sa\nx = sa.Float()",
    ],
)
def test_float_is_caught(text: str) -> None:
    assert caught(counts_exactly, "services/orders/pricing.py", text)


def test_decimal_and_seconds_pass() -> None:
    text = 'x = Decimal("0.05")\ntimeout_s: float = 3\ndef f(wait_s: float): ...'
    assert not caught(counts_exactly, "services/orders/pricing.py", text)
