"""What stands in a line of a log."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.database import engine_for
from shared.logs import Seldom, in_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (KeyError("x"), "KeyError: 'x'"),
        (TimeoutError(), "TimeoutError: no answer in time"),
        (TimeoutError("of NATS"), "TimeoutError: of NATS"),
        (asyncio.CancelledError(), "CancelledError"),
        (ConnectionRefusedError(111, "Refused"), "ConnectionRefusedError: [Errno 111] Refused"),
        (ValueError("one\ntwo"), "ValueError: one"),
    ],
)
def test_error_is_one_line(error: BaseException, words: str) -> None:
    assert in_words(error) == words


async def test_error_of_a_database_is_what_postgresql_says_without_values(
    bare_database: str,
) -> None:
    engine = engine_for(bare_database)
    failing = "INSERT INTO people VALUES (1, 'Смирнова'), (1, 'Орлов')"
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TEMP TABLE people (id int PRIMARY KEY, name text)"))
        with pytest.raises(DBAPIError) as failed:
            await connection.execute(text(failing))
    await engine.dispose()
    assert in_words(failed.value) == (
        'UniqueViolationError: duplicate key value violates unique constraint "people_pkey"'
    )


_SAYING = """
import structlog
from shared.logs import configure_logs
from shared.settings import StationSettings
configure_logs(StationSettings(), "orders")
structlog.get_logger("tests").warning("fold_failed", error=TimeoutError())
"""


def test_line_tells_of_an_error_in_words() -> None:
    said = subprocess.run([sys.executable, "-c", _SAYING], capture_output=True, check=True)
    line = json.loads(said.stdout)
    assert (line["event"], line["error"]) == ("fold_failed", "TimeoutError: no answer in time")


def test_what_repeats_itself_is_told_once_in_a_while() -> None:
    told: list[tuple[str, dict[str, object]]] = []

    def tell(event: str, **about: object) -> None:
        told.append((event, about))

    seldom = Seldom(every_s=3600)
    for number in range(3):
        seldom(tell, "down", number=number)
    assert told == [("down", {"number": 0})]
    at_once = Seldom(every_s=0)
    at_once(tell, "up")
    at_once(tell, "up")
    assert told[1:] == [("up", {}), ("up", {})]
