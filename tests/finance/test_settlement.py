"""The life of a settlement: every state with every fact, and facts in any order."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, pairwise, permutations, product

import pytest

from services.finance.domain.settlement import (
    TRANSITIONS,
    Completed,
    Fact,
    Issued,
    News,
    Reopened,
    Settlement,
    State,
    last_words,
    learn,
    standing,
    told_of_payment,
)
from shared.contracts.base import Event
from shared.contracts.finance import OrderDueChanged, OrderPaid, OrderUnpaid
from shared.ids import id_of
from tests.finance.builders import NOON, money, order_completed, work

ORDER = id_of("order")
CLIENT = id_of("client")
DONE = Completed.of(order_completed(ORDER, CLIENT, services=(work("1000", "40"),)))
NEWS: dict[Fact, News] = {
    Fact.COMPLETED: DONE,
    Fact.ISSUED: Issued(money("300")),
    Fact.REOPENED: Reopened(),
}


def heard(*facts: tuple[int, Fact]) -> list[Settlement]:
    """An order's settlements after these facts of its completions, in this order."""
    history: dict[int, Settlement] = {}
    for completion, fact in facts:
        for changed in learn(list(history.values()), ORDER, completion, NEWS[fact]):
            history[changed.completion] = changed
    return list(history.values())


def states(*facts: tuple[int, Fact]) -> dict[int, State]:
    return {settlement.completion: settlement.state for settlement in heard(*facts)}


@pytest.mark.parametrize(("state", "fact"), list(product(State, Fact)))
def test_every_state_takes_every_fact_as_the_table_says(state: State, fact: Fact) -> None:
    known = Settlement(ORDER, 1, state)

    changed = learn([known], ORDER, 1, NEWS[fact])

    wanted = [new for (old, new), by in TRANSITIONS.items() if (old, by) == (state, fact)]
    assert [settlement.state for settlement in changed] == wanted


def test_a_completion_is_settled_whichever_of_its_two_facts_comes_first() -> None:
    for facts in permutations([(1, Fact.COMPLETED), (1, Fact.ISSUED)]):
        (settlement,) = heard(*facts)
        assert settlement == Settlement(ORDER, 1, State.SETTLED, DONE, money("300"))


def test_an_order_reopened_before_it_is_known_to_be_done_is_never_settled() -> None:
    for facts in permutations([(1, fact) for fact in Fact]):
        if facts[-1][1] is not Fact.REOPENED:
            assert states(*facts) == {1: State.VOID}


def test_news_of_a_later_completion_undoes_what_stands() -> None:
    settled = [(1, Fact.COMPLETED), (1, Fact.ISSUED)]
    for fact in Fact:
        assert states(*settled, (2, fact))[1] is State.REVERSED


def test_news_of_an_earlier_completion_changes_nothing() -> None:
    late = [(1, fact) for fact in Fact]
    assert states((2, Fact.COMPLETED), *late) == {2: State.AWAITING_PARTS}


def test_a_correction_tells_nothing_of_what_it_has_overtaken() -> None:
    """It is of the second completion, and the first one is still to be heard as reopened."""
    settled = heard((1, Fact.COMPLETED), (1, Fact.ISSUED))

    changed = learn([*settled, Settlement(ORDER, 2, cost=money("5"))], ORDER, 1, Reopened())

    assert [(known.completion, known.state) for known in changed] == [(1, State.REVERSED)]


def test_two_rounds_end_with_the_second_settlement_in_whatever_order_they_are_heard() -> None:
    rounds = [
        (1, Fact.COMPLETED),
        (1, Fact.ISSUED),
        (1, Fact.REOPENED),
        (2, Fact.COMPLETED),
        (2, Fact.ISSUED),
    ]
    for facts in permutations(rounds):
        stands = standing(heard(*facts))
        assert stands is not None
        assert stands.completion == 2


def test_the_undone_settlement_is_named_before_the_one_that_replaces_it() -> None:
    history = [
        Settlement(ORDER, 1, State.SETTLED, DONE, money("300")),
        Settlement(ORDER, 2, State.AWAITING_PARTS, DONE),
    ]

    changed = learn(history, ORDER, 2, Issued(money("300")))

    assert [(known.completion, known.state) for known in changed] == [
        (1, State.REVERSED),
        (2, State.SETTLED),
    ]


def test_parts_of_the_revenue_add_up_to_the_total_whether_or_not_works_include_materials() -> None:
    apart = order_completed(ORDER, CLIENT, services=(work("300"),), products="500", materials="40")
    within = apart.model_copy(update={"services_total": money("340")})
    for event in (apart, within):
        done = Completed.of(event)
        assert (done.services, done.products, done.materials) == (
            money("300"),
            money("500"),
            money("40"),
        )
        assert done.revenue == money("840")


def test_an_order_whose_parts_exceed_its_total_is_not_taken_into_the_books() -> None:
    event = order_completed(ORDER, CLIENT, products="500", total=money("400"))
    with pytest.raises(ValueError, match="more than its total"):
        Completed.of(event)


@pytest.mark.parametrize(
    ("dues", "said"),
    [
        ("1000 700 400", [(OrderDueChanged, "400")]),
        ("1000 700 0", [(OrderPaid, None)]),
        ("0 300 1000", [(OrderUnpaid, "1000")]),
        ("0 300 0", [(OrderPaid, None)]),
        ("1000 700", [(OrderDueChanged, "700")]),
        ("1000 1000", []),
    ],
)
def test_of_what_is_due_a_moment_says_one_word(
    dues: str, said: list[tuple[type[Event], str | None]]
) -> None:
    (settled,) = heard((1, Fact.COMPLETED), (1, Fact.ISSUED))
    steps = [settled.covered(settled.order.revenue - money(due)) for due in dues.split()]
    other = replace(settled, order_id=id_of("other"))
    strange = told_of_payment(other, other.covered(money("1")), NOON)

    told = [told_of_payment(old, new, NOON) for old, new in pairwise(steps)]
    first, *words = last_words([*strange, *chain(*told)])

    assert (first,) == strange
    assert [(type(word), getattr(word, "due", None)) for word in words] == [
        (kind, due and money(due)) for kind, due in said
    ]
