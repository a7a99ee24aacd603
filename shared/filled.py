"""What stands in the gaps of a text that was made of a template."""

from __future__ import annotations

import re
from functools import cache
from string import Formatter


def filled_with(template: str, said: str) -> dict[str, str] | None:
    """By the names of the gaps, each as short as can be; None where the text is not of that
    template."""
    found = _pattern(template).fullmatch(said)
    return found.groupdict() if found else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    pattern, seen = "", set[str]()
    for words, gap, _, _ in Formatter().parse(template):
        pattern += re.escape(words)
        if gap:
            pattern += f"(?P={gap})" if gap in seen else f"(?P<{gap}>.*?)"
            seen.add(gap)
    # What somebody typed may have lines.
    return re.compile(pattern, re.DOTALL)
