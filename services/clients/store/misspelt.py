"""What a misspelt name may have meant: the words of all names that are nearest to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import ARRAY, Text, bindparam, column, func, select, text, true
from sqlalchemy.ext.asyncio import AsyncConnection

from services.clients.domain.search import LENGTH_SLACK, closest
from services.clients.store.tables import name_words

SIMILARITY = 0.19
"""Of the three-letter pieces of a misspelt word and the right one together, what share is common:
two letters swapped in the middle of five leave a fifth."""
CANDIDATES = 300

_THRESHOLD = text(f"SET pg_trgm.word_similarity_threshold = {SIMILARITY}")
_typed = (
    func.unnest(bindparam("typed", type_=ARRAY(Text)))
    .table_valued(column("typed", Text))
    .render_derived()
)
_known = (
    select(name_words.c.word)
    .where(
        _typed.c.typed.op("<%")(name_words.c.word),
        func.length(name_words.c.word).between(
            func.length(_typed.c.typed) - LENGTH_SLACK, func.length(_typed.c.typed) + LENGTH_SLACK
        ),
    )
    # Hardly anybody slips at the first letter.
    .order_by(
        (func.left(name_words.c.word, 1) == func.left(_typed.c.typed, 1)).desc(),
        func.similarity(name_words.c.word, _typed.c.typed).desc(),
        name_words.c.word,
    )
    .limit(CANDIDATES)
    .lateral("known")
)
_CANDIDATES = select(_typed.c.typed, _known.c.word).select_from(_typed.join(_known, true()))


async def alternatives_of(
    connection: AsyncConnection, words: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Known words that these may be misspellings of."""
    if not words:
        return {}
    # It stays for the connection's life, and no other statement looks at it.
    await connection.execute(_THRESHOLD)
    candidates: dict[str, list[str]] = defaultdict(list)
    for row in await connection.execute(_CANDIDATES, {"typed": list(words)}):
        candidates[row.typed].append(row.word)
    found = {word: closest(word, known) for word, known in candidates.items()}
    return {word: similar for word, similar in found.items() if similar}
