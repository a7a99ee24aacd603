"""Faults in what brings messages, and sees to it that each has its effect once."""

from __future__ import annotations

from tests.chaos.mutations.mutation import BEFOREHAND, DIRECTED, Mutation, swapped

DELIVERY = "tests/shared/test_delivery.py::"
CRASHED_COMMAND = f"{DELIVERY}test_a_command_survives_a_crash"
CRASHED_EVENT = f"{DIRECTED}test_an_event_survives_a_crash_and_counts_once"
FAILS_AT_FIRST = (
    f"{DIRECTED}test_an_event_that_fails_at_first_is_handled_and_its_failures_forgotten"
)
FAILS_ALONE = f"{DIRECTED}test_one_that_fails_in_a_batch_takes_nobody_with_it"
TWICE_IN_A_BATCH = f"{DIRECTED}test_an_event_twice_in_one_batch_counts_once"
EVERY_EVENT = f"{DIRECTED}test_every_event_of_one_kind_arrives"
FULL_STREAM = f"{DIRECTED}test_what_a_full_stream_refuses_waits_in_the_outbox"
NOTED_LATE = (
    "tests/deploy/test_stream_watch.py"
    "::test_what_is_lost_before_it_is_noted_waits_for_no_second_comparison"
)
REPEATED = "tests/shared/test_repeated_in_batches.py"
FORGOTTEN = f"{DIRECTED}test_only_what_was_published_is_forgotten_and_the_inbox_forgets_nothing"
FOLLOWS = "tests/finance/test_erasure.py::test_the_till_goes_on_while_a_person_is_forgotten"
IN_BATCHES = "tests/shared/test_refused_in_batches.py::"
CONSUMER = "shared/messaging/consumer.py"
LANE = "shared/messaging/lane.py"
INBOX = "shared/messaging/inbox.py"
OUTBOX = "shared/messaging/outbox.py"
DEAD_LETTERS = "shared/messaging/dead_letters.py"
HOUSEKEEPING = "shared/messaging/housekeeping.py"

DELIVERING = (
    # --- the consumer ----------------------------------------------------------------------------
    swapped(
        "ack before commit",
        CONSUMER,
        "            await self._lane.submit(job)\n",
        "            await message.ack()\n            await self._lane.submit(job)\n",
        f"{CRASHED_EVENT}[before_commit]",
    ),
    swapped(
        "no ack at all",
        CONSUMER,
        "        await message.ack()\n",
        "",
        EVERY_EVENT,
    ),
    swapped(
        "a duplicate is a failure",
        CONSUMER,
        "        except Duplicate:\n            pass\n",
        "",
        TWICE_IN_A_BATCH,
    ),
    swapped(
        "a failure is acknowledged",
        CONSUMER,
        "            await self._failed(message, job, error)\n            return\n",
        "            pass\n",
        FAILS_AT_FIRST,
    ),
    swapped(
        "nack swallowed",
        CONSUMER,
        "            await message.nak(delay=delay)\n",
        "",
        FAILS_AT_FIRST,
    ),
    swapped(
        "retries stop after the first",
        CONSUMER,
        "        if attempts <= len(RETRY_DELAYS_S):\n",
        "        if attempts <= 1:\n",
        FAILS_AT_FIRST,
    ),
    swapped(
        "an outage is a failure",
        CONSUMER,
        "        if is_outage(error):\n",
        "        if False:\n",
        f"{DIRECTED}test_an_outage_of_somebody_else_is_no_failure_of_the_event",
    ),
    swapped(
        "parked without term",
        CONSUMER,
        '            log.error("event_parked", attempts=attempts, error=error)\n'
        "            await message.term()\n",
        '            log.error("event_parked", attempts=attempts, error=error)\n',
        FAILS_ALONE,
    ),
    swapped(
        "term without parking",
        CONSUMER,
        "            await self._dead_letters.park(job.envelope.id)\n",
        "",
        FAILS_ALONE,
    ),
    swapped(
        "what is no event is dropped",
        CONSUMER,
        "            await self._dead_letters.park_invalid(\n"
        "                message.subject, dict(message.headers or {}), message.data, reason\n"
        "            )\n",
        "            pass\n",
        f"{DELIVERY}test_what_is_no_event_is_parked_at_once",
    ),
    swapped(
        "an event under another name is believed",
        CONSUMER,
        "    if envelope.type != subject:\n",
        "    if False:\n",
        f"{DELIVERY}test_an_event_under_another_name_is_not_believed",
    ),
    swapped(
        "the pull is not asked anew after a silence",
        CONSUMER,
        "                self._asked = 0\n                continue\n",
        "                continue\n",
        f"{DELIVERY}test_events_wait_in_the_outbox_while_the_broker_is_away",
    ),
    swapped(
        "who is refused asks again at once",
        CONSUMER,
        '            self._refused = status not in {"404", "408"}\n',
        "",
        f"{DIRECTED}test_who_is_refused_events_does_not_ask_without_pause",
    ),
    swapped(
        "failures are not forgotten",
        CONSUMER,
        "                await self._dead_letters.forget(job.envelope.id)\n",
        "                pass\n",
        FAILS_AT_FIRST,
    ),
    swapped(
        "events are known by their subject",
        CONSUMER,
        "    envelope = Envelope.from_headers(headers)\n",
        "    from shared.ids import id_of\n\n"
        '    envelope = Envelope.from_headers({**headers, "ce-id": str(id_of(subject))})\n',
        EVERY_EVENT,
    ),
    # --- the lane --------------------------------------------------------------------------------
    swapped(
        "the inbox is not asked",
        LANE,
        "                    job.envelope.id not in fresh or job.envelope.id in batch.handled\n",
        "                    False\n",
        TWICE_IN_A_BATCH,
    ),
    swapped(
        "twice in one batch is fresh twice",
        LANE,
        "                    job.envelope.id not in fresh or job.envelope.id in batch.handled\n",
        "                    job.envelope.id not in fresh\n",
        f"{DIRECTED}test_an_event_twice_in_one_transaction_counts_once",
    ),
    swapped(
        "inbox not written",
        LANE,
        "                inbox.put(store.pending, batch.handled)\n",
        "                pass\n",
        f"{CRASHED_EVENT}[before_ack]",
    ),
    swapped(
        "inbox written before the effect",
        LANE,
        "                repeated = False\n",
        "                repeated = False\n"
        "                async with self._beside.begin() as hasty:\n"
        "                    await inbox.remember(hasty, fresh)\n",
        FAILS_AT_FIRST,
    ),
    swapped(
        "publish before commit",
        LANE,
        "            outbox.put(store.pending, batch.outgoing)\n",
        "            outbox.put(store.pending, batch.outgoing)\n"
        "            self._relay.hand_over(batch.outgoing)\n"
        "            await asyncio.sleep(0.3)\n",
        f"{CRASHED_COMMAND}[before_commit]",
    ),
    swapped(
        "outbox row not written",
        LANE,
        "            outbox.put(store.pending, batch.outgoing)\n",
        "",
        f"{CRASHED_COMMAND}[after_commit]",
    ),
    swapped(
        "outbox written after the commit",
        LANE,
        "            outbox.put(store.pending, batch.outgoing)\n"
        "            inbox.put_replies(store.pending, batch.answered)\n"
        "            await store.pending.send_last(connection)\n",
        "            inbox.put_replies(store.pending, batch.answered)\n"
        "            await store.pending.send_last(connection)\n"
        "        self._relay.hand_over([])\n"
        "        async with self._beside.begin() as late:\n"
        "            await outbox.write(late, batch.outgoing)\n",
        f"{CRASHED_COMMAND}[after_commit]",
    ),
    swapped(
        "no idempotency claim",
        LANE,
        "            inbox.put_replies(store.pending, batch.answered)\n",
        "",
        f"{DIRECTED}test_a_key_is_honoured_only_for_what_it_was_given_for",
    ),
    swapped(
        "key claimed outside the transaction",
        LANE,
        "            inbox.put_replies(store.pending, batch.answered)\n"
        "            await store.pending.send_last(connection)\n"
        "        store.committed()\n"
        "        self._careful = repeated\n"
        "        self._relay.hand_over(batch.outgoing)\n",
        "            await store.pending.send_last(connection)\n"
        "        store.committed()\n"
        "        self._careful = repeated\n"
        "        self._relay.hand_over(batch.outgoing)\n"
        "        async with self._beside.begin() as late:\n"
        "            claims = type(store.pending)()\n"
        "            inbox.put_replies(claims, batch.answered)\n"
        "            await claims.send(late)\n",
        f"{CRASHED_COMMAND}[after_commit]",
    ),
    swapped(
        "a repetition that is refused now is a refusal",
        LANE,
        "            if key and key not in stored:\n",
        "            if False:\n",
        REPEATED,
    ),
    swapped(
        "what conflicts is not looked up when it is alone",
        LANE,
        "                await self._together([job], careful=True)\n",
        "                await self._together([job], careful=False)\n",
        REPEATED,
    ),
    swapped(
        "one bad message fails its whole batch",
        LANE,
        "            await self._one_by_one(jobs, error)\n",
        "            for job in jobs:\n                await self._give_up(job, error)\n",
        FAILS_ALONE,
    ),
    swapped(
        "a failed batch is taken for done",
        LANE,
        "            await self._one_by_one(jobs, error)\n",
        '            for job in jobs:\n                _end(job, b"")\n',
        FAILS_ALONE,
    ),
    swapped(
        "each looks for a database that is away",
        LANE,
        "            if failed and is_outage(failed) and (why := await away(self.engine)):\n",
        "            if failed and (why := None):\n",
        f"{DELIVERY}test_while_a_database_is_away_one_looks_for_all_who_wait",
    ),
    swapped(
        "no rollback of a refused command that had written",
        LANE,
        "            if work.published or noted or self._changes(store) != untouched:\n",
        "            if noted:\n",
        "tests/shared/test_refused_in_batches.py",
    ),
    swapped(
        "what looks into the tables finds nothing of its batch there",
        LANE,
        "            await store.write()\n",
        "            pass\n",
        f"{IN_BATCHES}test_one_that_is_refused_by_what_others_did_in_its_batch_costs_them_nothing",
    ),
    swapped(
        "what no message can carry is done",
        LANE,
        "        if any(len(body) > room for body in bodies):\n",
        "        if False:\n",
        f"{IN_BATCHES}test_what_no_message_can_carry_is_not_done_and_the_others_are",
    ),
    swapped(
        "what asks first is noted as handled",
        LANE,
        "            batch.ends.append((job, end))\n            if isinstance",
        "            batch.handled.add(job.envelope.id)\n"
        "            batch.ends.append((job, end))\n            if isinstance",
        f"{BEFOREHAND}test_an_event_that_comes_twice_while_others_are_asked_is_handled_once_and_not_before",
    ),
    swapped(
        "the lane waits for others",
        LANE,
        "            in_lane=True,\n",
        "",
        f"{BEFOREHAND}test_the_till_goes_on_while_nobody_says_who_works_here",
    ),
    swapped(
        "what was handled and is refused now is a failure",
        LANE,
        "                end = Duplicate()  # it was done before, which is why it is refused now\n",
        "                pass\n",
        f"{BEFOREHAND}test_an_event_that_was_handled_and_is_refused_now_is_a_duplicate",
    ),
    swapped(
        "what gives way is not tried again",
        LANE,
        "                if left and is_passing(error):\n",
        "                if False:\n",
        f"{DIRECTED}test_a_database_that_gives_way_once_is_no_failure",
        f"{DIRECTED}test_two_processes_that_are_asked_the_same_at_once_do_it_once",
    ),
    swapped(
        "a key fits any request",
        INBOX,
        "        if fingerprint != self.fingerprint:\n",
        "        if False:\n",
        f"{DIRECTED}test_a_key_is_honoured_only_for_what_it_was_given_for",
    ),
    # --- the outbox ------------------------------------------------------------------------------
    swapped(
        "marked before the ack",
        OUTBOX,
        "        return [result for result in results if isinstance(result, UUID)]\n",
        "        return [event.event_id for event in events]\n",
        FULL_STREAM,
    ),
    swapped(
        "published without waiting for the ack",
        OUTBOX,
        "        answers = await self._answers.to_all(map(_as_asked, events), PUBLISH_TIMEOUT_S)\n"
        "        results = [_taken(*each) for each in zip(events, answers, strict=True)]\n",
        "        for subject, body, headers in map(_as_asked, events):\n"
        "            await self._answers._connection.publish(subject, body, headers=headers)\n"
        "        results: list[UUID | Exception] = [event.event_id for event in events]\n",
        FULL_STREAM,
    ),
    swapped(
        "what an earlier run of the broker acknowledged is noted",
        OUTBOX,
        "        if run is None or self._run() != run:\n",
        "        if False:\n",
        NOTED_LATE,
    ),
    swapped(
        "NATS knows events by their subject",
        OUTBOX,
        'headers["Nats-Msg-Id"] = str(event.event_id)\n',
        'headers["Nats-Msg-Id"] = event.subject\n',
        EVERY_EVENT,
    ),
    swapped(
        "no sweep",
        OUTBOX,
        "                while await self._sweep(age):\n                    pass\n",
        "                pass\n",
        f"{CRASHED_COMMAND}[after_commit]",
    ),
    swapped(
        "swept, marked, and never published",
        OUTBOX,
        "            published = await self._publish([Outgoing(*row) for row in rows])\n",
        "            published = [row.event_id for row in rows]\n",
        f"{CRASHED_COMMAND}[after_commit]",
    ),
    Mutation(
        "the sweep passes over what is committed late",
        OUTBOX,
        (
            (
                "                    .where(_is_left(age))",
                "                    .where(_is_left(age))\n"
                '                    .where(outbox.c.seq > getattr(self, "_swept", 0))',
            ),
            (
                "            await _mark_published(connection, published)\n        log.info",
                "            await _mark_published(connection, published)\n"
                "            self._swept = (await connection.execute(select(func.max(outbox.c.seq))"
                ".where(outbox.c.event_id.not_in(select(unpublished.c.event_id)))))"
                ".scalar_one()\n"
                "        log.info",
            ),
        ),
        (f"{DIRECTED}test_an_event_that_is_committed_late_is_not_passed_over",),
    ),
    swapped(
        "the sweep believes the clock",
        OUTBOX,
        "~unpublished.c.created_at.between(func.now() - age, func.now())",
        "unpublished.c.created_at <= func.now() - age",
        f"{DIRECTED}test_an_event_of_before_the_clock_was_put_back_is_swept",
    ),
    # --- what follows from an event --------------------------------------------------------------
    swapped(
        "what follows from an event is forgotten when it fails",
        LANE,
        "        except Duplicate:\n            await self._afterwards.follow(job)\n",
        "        except Duplicate:\n",
        FOLLOWS,
    ),
    swapped(
        "what follows from an event is done with each copy of it",
        "shared/messaging/afterwards.py",
        "[by_mark[mark] for mark in await inbox.remember(connection, by_mark)]",
        "list(by_mark.values())",
        FOLLOWS,
    ),
    # --- dead letters, and what is forgotten -----------------------------------------------------
    swapped(
        "failures are not counted",
        DEAD_LETTERS,
        '                "attempts": dead_letters.c.attempts + 1,\n',
        '                "attempts": dead_letters.c.attempts,\n',
        FAILS_ALONE,
    ),
    swapped(
        "a requeued letter is not handled",
        "shared/operations.py",
        "            await self._running.lane.submit(\n"
        "                event_job(self._events, letter.subject, letter.headers, body)\n"
        "            )\n",
        "            event_job(self._events, letter.subject, letter.headers, body)\n",
        f"{DELIVERY}test_a_dead_letter_is_requeued_or_dropped_by_decision",
    ),
    swapped(
        "what was never published is forgotten",
        HOUSEKEEPING,
        '("outbox", "event_id", "created_at", outbox_keep_days, _PUBLISHED)',
        '("outbox", "event_id", "created_at", outbox_keep_days, "true")',
        FORGOTTEN,
    ),
    swapped(
        "the inbox forgets as soon as the outbox",
        HOUSEKEEPING,
        '            ("replies", "key",',
        '            ("inbox", "event_id", "handled_at", outbox_keep_days, "true"),\n'
        '            ("replies", "key",',
        FORGOTTEN,
    ),
)
