"""What the whole business flow costs the databases: statements and log do not depend on load, so
that a test can hold them. ``make bench`` shows them beside the goals."""

from __future__ import annotations

from decimal import Decimal

import asyncpg

from shared.contracts.finance import TakePayment
from shared.contracts.orders import AddService, ChangeLine, CreateOrder
from tests.support.day import Station

STATEMENTS, WAL_KB = 128, 100
"""Of the services' databases, the gateway's apart; a flow alone is the dearest. A tenth above what
is measured on a busy machine (116 and 88): it has more transactions, each of fewer events."""
FLOWS = 3
_CREATE = "CREATE EXTENSION pg_stat_statements"
# A transaction's own words are no statements; nor is the test's looking whether all is done, nor
# what a driver asks of a new connection's types. What looks or folds every few seconds, flow or no
# flow, is not the flow's: there is the more of it, the slower the machine.
_COUNTS = r"""
    SELECT sum(calls) AS statements, sum(wal_bytes) / 1024 AS wal_kb
    FROM pg_stat_statements AS statement JOIN pg_database ON pg_database.oid = statement.dbid
    WHERE datname = ANY($1) AND query !~* '^(BEGIN|COMMIT|ROLLBACK|SET|START)'
        AND query !~ '^SELECT (count|EXISTS).*\sFROM unpublished'
        AND query !~ 'pg_(catalog\.)?type|set_config'
        AND query !~ '^INSERT INTO (\w+_sums|last_moves|counters) \([^)]*\)\s+(SELECT|WITH) '
        AND query !~ '^DELETE FROM unfolded'
        AND query !~ '^WITH taken AS|pg_try_advisory'
        AND query !~ '^SELECT records\.(seq, records\.)?hash FROM records '
        AND query !~ 'FROM (imports|outbox JOIN unpublished|messages WHERE messages.wake)'
"""


async def test_a_flow_costs_no_more_statements_and_log_than_it_did(
    station: Station, bare_database: str
) -> None:
    names = [running.engine.url.database for running in station.running.values()]
    section = await station.a_section()
    technician = await station.an_employee(section.id)
    product = await station.a_product()
    await station.receive((await station.a_warehouse()).id, product.id, "1000")

    async def flow() -> None:
        client = await station.a_client()
        car = await station.a_vehicle(client.id)
        order = await station.send(
            CreateOrder(
                client_id=client.id,
                vehicle_id=car.id,
                section_id=section.id,
                employee_id=technician.id,
            )
        )
        for name in ("Диагностика", "Замена масла"):
            order = await station.send(
                AddService(order_id=order.id, name=name, initial_price=Decimal(1500))
            )
        for _ in range(2):
            await station.request(order.id, product.id, "1")
        line = order.services[0]
        await station.send(
            ChangeLine(order_id=order.id, line_id=line.id, initial_price=Decimal(1200))
        )
        await station.move(order.id, "in_progress")
        await station.settle_down()  # looks at the stream alone
        done = await station.move(order.id, "done")
        await station.send(
            TakePayment(order_id=order.id, customer_id=client.id, amount=done.total, method="card")
        )
        await station.settle_down()

    database = await asyncpg.connect(bare_database)
    try:
        await database.execute(_CREATE)
        await flow()  # statements are prepared after it
        before = await database.fetchrow(_COUNTS, names)
        for _ in range(FLOWS):
            await flow()
        after = await database.fetchrow(_COUNTS, names)
    finally:
        await database.close()

    assert before is not None
    assert after is not None
    cost = {name: (after[name] - before[name]) / FLOWS for name in ("statements", "wal_kb")}
    assert cost["statements"] <= STATEMENTS, cost
    assert cost["wal_kb"] <= WAL_KB, cost
