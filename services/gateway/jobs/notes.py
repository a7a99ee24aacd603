"""What operators' commands say came of their work: by code, so that each reads it in their own
language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NOTES = {
    "backup_good": (
        "{path}: {size} MB, checked: it can be restored",
        "{path}: {size} МБ, проверена: восстановить можно",
    ),
    "backup_bad": (
        "{path}: {size} MB; it can be restored, and is NOT GOOD",
        "{path}: {size} МБ; восстановить можно, но в ней ОШИБКИ",
    ),
    "backup_unchecked": ("{path}: {size} MB, not checked", "{path}: {size} МБ, не проверена"),
    "restored": ("as of {moment}", "на {moment}"),
    "put_back": ("{count} put back", "возвращено событий: {count}"),
    "summed_anew": (
        "sums of {service}: {count} summed anew",
        "суммы {service}: пересчитано {count}",
    ),
}
"""In English and in Russian."""
CODE = "note"
"""Among a job's particulars: which of them its note is."""


def note_of(code: str, **values: Any) -> tuple[str, dict[str, str]]:
    """The note in English, and the particulars by which it is known in other languages."""
    particulars = {CODE: code, **{name: str(value) for name, value in values.items()}}
    return NOTES[code][0].format_map(particulars), particulars


def in_russian(note: str, particulars: Mapping[str, str]) -> str:
    """As it was said, where it was said in a command's own words: of what went wrong."""
    code = particulars.get(CODE)
    return NOTES[code][1].format_map(particulars) if code in NOTES else note
