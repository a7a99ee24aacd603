"""Faults in what services do with messages, and in what keeps the stream whole."""

from __future__ import annotations

from tests.chaos.mutations.mutation import BEFOREHAND, DIRECTED, swapped

PAGINATION = "shared/pagination.py"
SETTLEMENT = "services/finance/domain/settlement.py"

DOING = (
    # --- questions, and where their lists go on --------------------------------------------------
    swapped(
        "reports take every connection",
        "shared/messaging/server.py",
        "        if not route.report:\n",
        "        if True:\n",
        "tests/shared/test_long_reports.py"
        "::test_reports_as_many_as_there_are_connections_hold_up_no_short_question",
    ),
    swapped(
        "a report that is done keeps its turn",
        "shared/messaging/server.py",
        "            self._reports.release()\n",
        "            pass\n",
        "tests/shared/test_long_reports.py"
        "::test_reports_as_many_as_there_are_connections_hold_up_no_short_question",
    ),
    swapped(
        "a cursor may hold what no column can",
        PAGINATION,
        "    if not _comparable(keys):\n",
        "    if False:\n",
        "tests/shared/test_cursors.py::test_key_that_no_column_can_hold_is_refused",
    ),
    swapped(
        "a page begins with the last of the page before",
        PAGINATION,
        "        statement = statement.where(key > after)\n",
        "        statement = statement.where(key >= after)\n",
        "tests/inventory/test_handlers.py"
        "::test_warehouses_are_listed_oldest_first_and_have_names_of_their_own",
    ),
    swapped(
        "newest first, a page begins with the last of the page before",
        PAGINATION,
        "        statement = statement.where(key < before)\n",
        "        statement = statement.where(key <= before)\n",
        "tests/documents/test_messages_by_hand.py"
        "::test_messages_are_found_by_order_client_and_state_page_by_page",
    ),
    # --- services --------------------------------------------------------------------------------
    swapped(
        "an old copy overwrites a newer one",
        "services/orders/store/copies.py",
        "            table.c.revision < statement.excluded.revision,\n",
        "            table.c.revision != statement.excluded.revision,\n",
        f"{DIRECTED}test_late_news_of_a_client_does_not_set_its_copy_back",
    ),
    swapped(
        "a payment notes its order before it asks for its client",
        "services/finance/handlers/payments.py",
        "(command.customer_id, payer_id), store, work)\n",
        "(), store, work)\n",
        f"{BEFOREHAND}test_a_payment_asks_for_its_order_and_client_before_it_notes_either",
    ),
    swapped(
        "a correction of a later completion proves that the earlier one was reopened",
        SETTLEMENT,
        "known.completion > completion and known.state is not State.UNKNOWN",
        "known.completion > completion",
        "tests/finance/test_settlement.py"
        "::test_a_correction_tells_nothing_of_what_it_has_overtaken",
    ),
    swapped(
        "an earlier completion's news counts after a later one's",
        SETTLEMENT,
        "    if any(known.completion > completion and",
        "    if False and any(known.completion > completion and",
        "tests/finance/test_settlement.py::test_news_of_an_earlier_completion_changes_nothing",
    ),
    swapped(
        "a reversal has the reason of another reopening",
        "services/finance/handlers/orders.py",
        "reason if settlement.completion == completion else None",
        "reason",
        "tests/finance/test_orders_are_settled.py"
        "::test_a_reversal_has_the_reason_of_its_own_reopening_or_none",
    ),
    swapped(
        "the chain's end is believed though another process has moved it",
        "services/audit/store.py",
        "_ends.pop(self.connection.engine, None)",
        "_ends.get(self.connection.engine)",
        "tests/audit/test_batches.py::test_two_processes_make_one_chain",
    ),
    swapped(
        "a reopened order does not hear that what was short has come",
        "services/inventory/domain/book.py",
        "{shortage.line_id: None for shortage in short}",
        "dict.fromkeys(missing)",
        "tests/flows/test_below_zero.py"
        "::test_an_order_is_done_with_what_comes_later_and_costs_what_that_cost",
    ),
    # --- the stream ------------------------------------------------------------------------------
    swapped(
        "a rebuild puts nothing back",
        "deploy/commands/event_replay.py",
        "            if not stream.has(row.event_id):\n",
        "            if False:\n",
        "tests/deploy/test_events.py::test_lost_store_loses_no_event_and_doubles_none",
    ),
    swapped(
        "what was acknowledged and never handled is not put back",
        "deploy/commands/event_acknowledgements.py",
        "                self.unheard.add(event.id)\n",
        "                pass\n",
        "tests/deploy/test_events.py"
        "::test_event_that_was_acknowledged_and_never_handled_is_put_back",
    ),
    swapped(
        "what a service does not know of is put back whenever it was",
        "deploy/commands/event_acknowledgements.py",
        "            elif subject in self._heard:\n",
        "            else:\n",
        "tests/deploy/test_events.py"
        "::test_only_what_is_neither_handled_nor_parked_nor_to_come_was_never_heard",
    ),
    swapped(
        "a consumer's place that cannot be true is read",
        "deploy/local/nats.py",
        "[*with_incredible_places(self.folder)]",
        "()",
        "tests/deploy/test_servers.py::test_event_that_would_be_owed_for_years_is_given_at_once",
    ),
    swapped(
        "a rebuild gives new ids",
        "deploy/commands/event_replay.py",
        "with_sum(event.subject, event.headers, event.body)\n",
        'with_sum(event.subject, {**event.headers, "ce-id": str(UUID(int=event.event_id.int ^ 1))},'
        " event.body)\n",
        "tests/deploy/test_events.py::test_lost_store_loses_no_event_and_doubles_none",
    ),
    swapped(
        "a new stream begins at one",
        "deploy/topology.py",
        "    return time.time_ns() // 1_000_000\n",
        "    return 1\n",
        "tests/deploy/test_events.py",
    ),
)
