"""What every edit has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from shared.contracts.base import Change, View


def named_fields(command: BaseModel, identity: str) -> dict[str, Any]:
    """What the command says something about; a null among it clears."""
    named = command.model_fields_set - {identity, "expected_revision"}
    return {name: getattr(command, name) for name in named}


def changes_between(old: View, new: View, fields: Mapping[str, Any]) -> tuple[Change, ...]:
    """The edited fields whose value is another one now, in the order of the card."""
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return tuple(
        Change(field=name, old=before[name], new=after[name])
        for name in before
        if name in fields and before[name] != after[name]
    )
