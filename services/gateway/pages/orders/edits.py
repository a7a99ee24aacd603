"""What of a form is an edit: its fields say everything, and most of it is as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel


def edited[CommandT: BaseModel](
    said: CommandT, before: Mapping[str, Any], always: frozenset[str]
) -> CommandT:
    """The command with only those fields that are not as they were ``before``; those that are
    ``always`` said stay."""
    fields = {
        name: getattr(said, name)
        for name in said.model_fields_set
        if name in always or not _same(getattr(said, name), before.get(name))
    }
    return type(said).model_validate(fields)


def _same(said: Any, before: Any) -> bool:
    """Forms say times to the minute."""
    if isinstance(said, datetime) and isinstance(before, datetime):
        return abs((said - before).total_seconds()) < 60
    return bool(said == before)
