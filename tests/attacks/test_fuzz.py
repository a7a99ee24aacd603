"""A short run of ``make fuzz``: the same requests each time, to a gateway with all services behind
it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.attacks.fuzzing import NEW_PASSWORD, SIGNING_IN, Fuzzer
from tests.gateway.support import running_whole, served
from tests.support.broker import TestNats

SEED = 4
OPERATIONS = 80
EXAMPLES = 3
AT_LEAST = 12
"""So many of the operations are done, or nothing would be tried but refusals."""


@pytest.mark.timeout(300)
async def test_whatever_is_sent_gets_an_answer_that_the_document_knows(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    patient = running_whole(nats_server, database, command_timeout_s=60)
    async with patient as whole, served(whole) as (host, port):
        fuzzer = Fuzzer(f"http://{host}:{port}", seed=SEED)
        chosen = random.Random(SEED).sample(fuzzer.operations, OPERATIONS)
        await asyncio.to_thread(fuzzer.run, chosen, EXAMPLES)
    report = fuzzer.report
    assert not report.faults, "\n".join(str(fault) for fault in report.faults.values())
    assert report.requests > OPERATIONS
    assert len(report.successes) > AT_LEAST, report.successes


@pytest.mark.timeout(300)
async def test_it_goes_on_after_it_has_changed_its_own_password(
    nats_server: TestNats, database: Callable[[str], str]
) -> None:
    async with running_whole(nats_server, database) as whole, served(whole) as (host, port):
        fuzzer = Fuzzer(f"http://{host}:{port}", seed=SEED)
        chosen = [
            one
            for one in fuzzer.operations
            if (one.method, one.path) in {("post", NEW_PASSWORD), ("delete", SIGNING_IN)}
        ]
        for _ in range(2):  # signed out in the first, signed in again for the second
            await asyncio.to_thread(fuzzer.run, chosen, 6 * EXAMPLES)
    done = fuzzer.report.successes
    assert done[f"POST {NEW_PASSWORD}"], done
    assert done[f"DELETE {SIGNING_IN}"], done
