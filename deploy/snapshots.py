"""The JSON Schema of every message, as it was when somebody last agreed to it.

One file per subject, committed. What a message looks like cannot change without its file, and an
event may only gain optional fields: old ones lie in streams and outboxes for months, and are read
by whoever has not been updated yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from pydantic import TypeAdapter

import shared.contracts
from shared.contracts.audit import AnyEvent
from shared.contracts.base import Command, Event, Message, Question, reply_type

SNAPSHOTS = Path(__file__).parents[1] / "tests" / "contracts" / "snapshots"
WORDS = frozenset({"title", "description"})
"""Of a schema: they are for people, and may change."""


def messages() -> list[type[Message]]:
    """Every command, question and event of the contracts, by subject."""
    found: dict[str, type[Message]] = {}
    for module_info in iter_modules(shared.contracts.__path__):
        module = import_module(f"shared.contracts.{module_info.name}")
        for thing in vars(module).values():
            if (
                isinstance(thing, type)
                and issubclass(thing, Command | Question | Event)
                and "subject" in vars(thing)
                and thing is not AnyEvent  # a reader's word for whatever there is
            ):
                other = found.setdefault(thing.subject, thing)
                if other is not thing:
                    raise ValueError(f"{other.__name__} and {thing.__name__} share a subject")
    return [found[subject] for subject in sorted(found)]


def snapshot(message: type[Message]) -> dict[str, Any]:
    """What a message and its reply look like, without words for people."""
    shape: dict[str, Any] = {
        "message": message.__name__,
        "payload": _without_words(TypeAdapter(message).json_schema(mode="validation")),
    }
    if not issubclass(message, Event):
        reply = TypeAdapter(reply_type(message)).json_schema(mode="serialization")
        shape["reply"] = _without_words(reply)
    return shape


def file_of(subject: str) -> Path:
    return SNAPSHOTS / f"{subject.replace('{service}', 'every')}.json"


def losses(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What a reader of the old event would miss or trip over in the new one: nothing, when the
    change only adds optional fields. Both are snapshots."""
    return _Comparison(old["payload"], new["payload"]).of(old["payload"], new["payload"], "")


class _Comparison:
    """Of two JSON Schemas, keyword by keyword; each pair of named types once."""

    def __init__(self, old_root: Mapping[str, Any], new_root: Mapping[str, Any]) -> None:
        self._old_root = old_root
        self._new_root = new_root
        self._compared: set[tuple[str, str]] = set()

    def of(self, old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
        if "$ref" in old and "$ref" in new:
            pair = (old["$ref"], new["$ref"])
            if pair in self._compared:
                return
            self._compared.add(pair)
        old, new = _followed(old, self._old_root), _followed(new, self._new_root)
        yield from self._fields(old, new, where)
        for keyword in sorted((old.keys() | new.keys()) - {"properties", "required", "$defs"}):
            yield from self._values(old.get(keyword), new.get(keyword), where, keyword)

    def _fields(self, old: Mapping[str, Any], new: Mapping[str, Any], where: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name in after:
                yield from self.of(schema, after[name], f"{where}{name}.")
            else:
                yield f"{where}{name} is removed"
        for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
            yield f"{where}{name} is required now"

    def _values(self, old: Any, new: Any, where: str, keyword: str) -> Iterator[str]:
        if isinstance(old, dict) and isinstance(new, dict) and keyword != "default":
            yield from self.of(old, new, where)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for old_item, new_item in zip(old, new, strict=True):
                yield from self._values(old_item, new_item, where, keyword)
        elif old != new:
            yield f"{where.rstrip('.') or 'it'} has {keyword} {new!r}, and had {old!r}"


def _followed(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def _without_words(schema: Any, *, names: bool = False) -> Any:
    """``names``: the keys are names of fields or types, not words of JSON Schema."""
    if isinstance(schema, list):
        return [_without_words(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_words(value, names=not names and key in {"properties", "$defs"})
        for key, value in schema.items()
        if names or key not in WORDS
    }
