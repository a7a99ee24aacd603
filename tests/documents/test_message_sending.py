"""A message goes out once, whenever the process dies, and none is lost without a word."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from services.documents.domain.messages import LEASE, RETRY_DELAYS, Abilities
from services.documents.providers.base import Fate, Passing, Permanent, Unclear
from tests.documents.messages_at_work import AtWork, Killed
from tests.support.waiting import eventually


async def test_message_by_hand_is_sent_and_arrives(at_work: AtWork) -> None:
    at_work.carrier.fates = [Fate("under_way"), Fate("delivered")]
    message = await at_work.a_message(text="Ждём вас")
    assert (message.state, message.recipient) == ("queued", "+79165550102")

    await at_work.rounds()
    sent = await at_work.message(message.id)
    assert (sent.state, sent.provider, sent.provider_id) == ("sent", "fake", "p-1")
    at_work.later(minutes=1)
    await at_work.rounds()
    at_work.later(minutes=5)
    await at_work.rounds()

    assert (await at_work.message(message.id)).state == "delivered"
    assert [letter.text for letter in at_work.carrier.taken] == ["Ждём вас"]
    assert at_work.carrier.taken[0].id == message.id


async def test_killed_before_the_claim_is_committed_it_is_sent_by_the_next_start(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await at_work.a_message()
    with monkeypatch.context() as patch:
        patch.setattr("services.documents.handlers.sending.save", _dies)
        with pytest.raises(Killed):
            await at_work.rounds(1)
    assert (await at_work.message(message.id)).state == "queued"
    assert at_work.carrier.calls == 0

    await at_work.rounds()
    assert len(at_work.carrier.taken) == 1


async def test_killed_after_the_claim_and_before_the_call_it_is_not_sent_by_itself(
    at_work: AtWork,
) -> None:
    """The provider cannot be asked by our id: a person decides, and nothing is doubled."""
    message = await _killed(at_work, before=Killed())

    await at_work.rounds()
    assert (await at_work.message(message)).state == "sending"
    at_work.later(minutes=6)
    await at_work.rounds()

    lost = await at_work.message(message)
    assert (lost.state, lost.reason, lost.next_at) == ("undetermined", "no_answer", None)
    at_work.later(days=30)
    await at_work.rounds()
    assert at_work.carrier.taken == []


async def test_killed_after_the_call_and_before_its_end_is_written_it_is_not_sent_again(
    at_work: AtWork,
) -> None:
    message = await _killed(at_work, after=Killed())
    at_work.later(minutes=6)
    await at_work.rounds()
    at_work.later(days=1)
    await at_work.rounds()

    assert (await at_work.message(message)).state == "undetermined"
    assert len(at_work.carrier.taken) == 1


async def test_provider_that_knows_our_ids_tells_after_a_kill_that_it_has_the_message(
    at_work: AtWork,
) -> None:
    at_work.carrier.abilities = Abilities(tracks="own_id")
    at_work.carrier.fates = [Fate("under_way"), Fate("delivered")]
    message = await _killed(at_work, after=Killed())
    at_work.later(minutes=6)
    await at_work.rounds()
    at_work.later(minutes=1)
    await at_work.rounds()
    assert (await at_work.message(message)).state == "sent"

    at_work.later(minutes=1)
    await at_work.rounds()
    assert (await at_work.message(message)).state == "delivered"
    assert len(at_work.carrier.taken) == 1


async def test_provider_that_knows_our_ids_and_never_heard_of_it_is_sent_it_again(
    at_work: AtWork,
) -> None:
    at_work.carrier.abilities = Abilities(tracks="own_id")
    at_work.carrier.fates = [Fate("unknown")] * 3
    message = await _killed(at_work, before=Killed())
    at_work.later(minutes=6)
    await at_work.rounds()
    for _ in range(3):
        assert (await at_work.message(message)).state == "undetermined"
        at_work.later(minutes=11)
        await at_work.rounds(1)
    at_work.later(minutes=1)
    await at_work.rounds()

    assert (await at_work.message(message)).state == "sent"
    assert len(at_work.carrier.taken) == 1


async def test_provider_that_drops_what_it_knows_is_simply_sent_it_again(at_work: AtWork) -> None:
    at_work.carrier.abilities = Abilities(dedupes=True)
    message = await _killed(at_work, after=Killed())
    at_work.later(minutes=6)
    await at_work.rounds()
    at_work.later(minutes=1)
    await at_work.rounds()

    assert (await at_work.message(message)).state == "sent"
    assert {letter.id for letter in at_work.carrier.taken} == {message}


async def test_message_that_surely_was_not_taken_is_tried_again_ever_later(
    at_work: AtWork,
) -> None:
    at_work.carrier.before = Passing("HTTP 503")
    message = await at_work.a_message()
    await at_work.rounds()
    first = await at_work.message(message.id)
    assert (first.state, first.attempts, first.waits_for) == ("queued", 1, "retry")
    assert first.detail == "HTTP 503"
    assert first.next_at == at_work.now + RETRY_DELAYS[0]

    at_work.later(seconds=11)
    await at_work.rounds()
    assert (await at_work.message(message.id)).next_at == at_work.now + RETRY_DELAYS[1]
    at_work.carrier.before = None
    at_work.later(minutes=2)
    await at_work.rounds()
    sent = await at_work.message(message.id)
    assert (sent.state, sent.attempts) == ("sent", 3)


async def test_message_that_nobody_takes_for_a_day_has_failed(at_work: AtWork) -> None:
    at_work.carrier.before = Passing("ConnectError")
    message = await at_work.a_message()
    for _ in range(len(RETRY_DELAYS) + 1):
        await at_work.rounds(1)
        at_work.later(hours=13)
    failed = await at_work.message(message.id)
    assert (failed.state, failed.reason) == ("failed", "provider_unreachable")
    assert at_work.carrier.calls == len(RETRY_DELAYS) + 1


async def test_message_that_the_provider_refuses_has_failed_at_once(at_work: AtWork) -> None:
    at_work.carrier.before = Permanent("202 неверный номер")
    message = await at_work.a_message()
    await at_work.rounds()
    failed = await at_work.message(message.id)
    assert (failed.state, failed.detail) == ("failed", "202 неверный номер")
    assert at_work.carrier.calls == 1


@pytest.mark.parametrize("trouble", [Unclear("ReadTimeout"), RuntimeError("a bug of ours")])
async def test_answer_that_is_lost_is_never_taken_for_a_refusal(
    at_work: AtWork, trouble: Exception
) -> None:
    at_work.carrier.after = trouble
    message = await at_work.a_message()
    await at_work.rounds()
    at_work.later(days=3)
    await at_work.rounds()
    assert (await at_work.message(message.id)).state == "undetermined"
    assert len(at_work.carrier.taken) == 1


async def test_two_senders_at_once_send_it_once(at_work: AtWork) -> None:
    messages = [(await at_work.a_message(text=f"№ {number}")).id for number in range(3)]
    one, other = at_work.sender(), at_work.sender()
    for _ in range(3):
        await asyncio.gather(one.round(), other.round())
    assert sorted(letter.id for letter in at_work.carrier.taken) == sorted(messages)


async def test_end_that_comes_after_the_lease_is_still_written(at_work: AtWork) -> None:
    """Frozen for longer than a claim lasts, and then the answer comes after all."""

    async def frozen() -> None:
        at_work.later(minutes=6)
        await at_work.sender().round()

    at_work.carrier.during = frozen
    message = await at_work.a_message()
    await at_work.sender().round()
    assert (await at_work.message(message.id)).state == "sent"
    assert len(at_work.carrier.taken) == 1


async def test_end_of_a_call_that_was_given_up_does_not_end_the_next_one(
    at_work: AtWork,
) -> None:
    """The first call was frozen for an hour, and tells that it was none while the second one is
    under way: it must not be tried a third time for that."""
    at_work.carrier.abilities = Abilities(tracks="own_id")
    second_is_out, first_has_ended = asyncio.Event(), asyncio.Event()
    calls: list[int] = []

    async def interleaved() -> None:
        calls.append(len(calls) + 1)
        if calls[-1] == 1:
            await second_is_out.wait()
            raise Passing("frozen")
        second_is_out.set()
        await first_has_ended.wait()

    at_work.carrier.during = interleaved
    message = await at_work.a_message()
    first = asyncio.create_task(at_work.sender().round())
    await eventually(lambda: _is(bool(calls)))
    for _ in range(5):
        at_work.later(minutes=11)
        second = asyncio.create_task(at_work.sender().round())
        is_out = asyncio.create_task(second_is_out.wait())
        await asyncio.wait({second, is_out}, return_when=asyncio.FIRST_COMPLETED)
        if second_is_out.is_set():
            break
        is_out.cancel()
    await first
    assert (await at_work.message(message.id)).state == "sending", "it is the second one's"
    first_has_ended.set()
    await second
    sent = await at_work.message(message.id)
    assert (sent.state, sent.attempts, len(calls)) == ("sent", 2, 2)


async def test_database_that_is_away_when_the_answer_comes_is_waited_for(
    at_work: AtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = at_work.sender()
    write, failures = sender._write_end, [ConnectionError("away"), ConnectionError("away")]

    async def unsteady(*arguments: object) -> None:
        if failures:
            raise failures.pop()
        await write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(sender, "_write_end", unsteady)
    monkeypatch.setattr("services.documents.handlers.sending.RECORD_PAUSE_S", 0.01)
    message = await at_work.a_message()
    await sender.round()
    assert (await at_work.message(message.id)).state == "sent"


async def test_sender_that_is_told_to_stop_ends_its_call_first(at_work: AtWork) -> None:
    called, goes_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        called.set()
        await goes_on.wait()

    at_work.carrier.during = slow
    message = await at_work.a_message()
    running = asyncio.create_task(at_work.sender().run())
    await called.wait()
    running.cancel()
    await asyncio.sleep(0.05)
    goes_on.set()
    await asyncio.gather(running, return_exceptions=True)
    assert (await at_work.message(message.id)).state == "sent"


async def test_lease_outlives_every_call() -> None:
    from services.documents.providers import MessageSettings

    longest_s = MessageSettings.model_fields["timeout_s"].metadata[1].le
    assert timedelta(seconds=3 * longest_s) < LEASE


async def _killed(at_work: AtWork, **how: Killed) -> UUID:
    """A message whose sender dies at that point of its call; then the process starts anew."""
    message = await at_work.a_message()
    for point, death in how.items():
        setattr(at_work.carrier, point, death)
    with pytest.raises(Killed):
        await at_work.rounds(1)
    for point in how:
        setattr(at_work.carrier, point, None)
    return message.id


async def _is(so: bool) -> bool:
    return so


async def _dies(*_: object) -> None:
    raise Killed
