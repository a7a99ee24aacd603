"""The chain of hashes: any tampering shows, and is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.domain import (
    COST_FIELDS,
    Fact,
    Head,
    Sealed,
    Verification,
    hash_of,
    mentioned,
    mentions,
    sealed,
    tail,
    without,
)
from shared.ids import new_id

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

type Links = list[tuple[Sealed, dict[str, Any]]]


def a_fact(**fields: Any) -> Fact:
    named: dict[str, Any] = {
        "event_id": new_id(),
        "event": "evt.orders.order_created.v1",
        "at": NOW,
        "recorded_at": NOW,
        "actor": "admin",
        "actor_role": "administrator",
        "station": "station-1",
        "order_id": None,
        "correlation_id": new_id(),
        "causation_id": None,
        "changes": (),
        "body": {"number": "A-000001", "note": "Ёж\u0000"},
    }
    return Fact(**{**named, **fields})


def a_chain(length: int) -> Links:
    head, links = Head(), []
    for _ in range(length):
        link = sealed(a_fact(), head)
        head = Head(link.seq, link.hash)
        links.append((link, copy_of(link)))
    return links


def copy_of(link: Sealed) -> dict[str, Any]:
    return {name: link.fact[name] for name in ("event_id", "event", "actor", "order_id")}


def faults(links: Links, anchor: Head | None = None) -> list[tuple[int, str]]:
    verification = Verification()
    verification.walk(links)
    hashes = {link.seq: link.hash for link, _ in links}
    verification.compare(anchor, hashes.get(anchor.seq) if anchor else None)
    return [(fault.seq, fault.fault) for fault in verification.faults]


def head_of(links: Links) -> Head:
    return Head(links[-1][0].seq, links[-1][0].hash)


def changed_content(links: Links) -> Links:
    link, copy = links[4]
    tampered = replace(link, content=link.content.replace("A-000001", "A-000002"))
    return [*links[:4], (tampered, copy), *links[5:]]


def changed_copy(links: Links) -> Links:
    link, copy = links[4]
    return [*links[:4], (link, {**copy, "actor": "nobody"}), *links[5:]]


def changed_and_rehashed(links: Links) -> Links:
    link, copy = links[4]
    content = link.content.replace("A-000001", "A-000002")
    tampered = replace(link, content=content, hash=hash_of(link.previous_hash, content))
    return [*links[:4], (tampered, copy), *links[5:]]


def removed(links: Links) -> Links:
    return [*links[:4], *links[5:]]


def swapped(links: Links) -> Links:
    (a, a_copy), (b, b_copy) = links[4], links[5]
    return [
        *links[:4],
        (replace(b, seq=a.seq), b_copy),
        (replace(a, seq=b.seq), a_copy),
        *links[6:],
    ]


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (changed_content, [(5, "changed")]),
        (changed_copy, [(5, "changed")]),
        # Its successor does not follow what stands there now.
        (changed_and_rehashed, [(6, "reordered")]),
        (removed, [(5, "removed")]),
        (swapped, [(5, "reordered"), (6, "reordered"), (7, "reordered")]),
    ],
)
def test_tampering_is_named(tamper: Callable[[Links], Links], named: list[tuple[int, str]]) -> None:
    assert faults(tamper(a_chain(10))) == named


def test_a_cut_end_shows_against_the_noted_head() -> None:
    links = a_chain(10)
    assert faults(links[:8]) == []
    assert faults(links[:8], head_of(links)) == [(9, "truncated"), (10, "truncated")]


def test_a_chain_rewritten_to_its_end_shows_against_the_noted_head() -> None:
    links = a_chain(10)
    assert faults(a_chain(10), head_of(links)) == [(10, "changed")]


@given(length=st.integers(0, 30))
def test_an_untouched_chain_is_intact(length: int) -> None:
    links = a_chain(length)
    assert faults(links, head_of(links) if links else None) == []


@given(st.lists(st.uuids(), max_size=5))
def test_a_content_mentions_each_id_that_stands_in_it(ids: list[UUID]) -> None:
    fact = a_fact(body={"lines": [{"id": str(one), "said": f"of {one}, twice"} for one in ids]})
    content = sealed(fact, Head()).content
    named = {*ids, fact.event_id, fact.correlation_id}
    assert mentioned(content) == named
    assert mentions(content) == b"".join(sorted({tail(one) for one in named}))


def test_costs_are_left_out_at_any_depth() -> None:
    body = {
        "total": "100.00",
        "cost": "60.00",
        "lines": [{"price": "1", "unit_cost": "2"}, {"field": "pay_percent", "old": 1, "new": 2}],
    }
    assert without(COST_FIELDS, body) == {"total": "100.00", "lines": [{"price": "1"}]}
