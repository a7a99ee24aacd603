"""Where the tags of a template are: read in one pass, whose time only grows with the text.

The engine's own lexer looks for tags by regular expressions that a hostile text can keep busy for
minutes (many opened tags, long runs of blanks), so it is given its tokens by this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from liquid.token import (
    TOKEN_CONTENT,
    TOKEN_EXPRESSION,
    TOKEN_OUTPUT,
    TOKEN_TAG,
    Token,
)

from shared.formulas.errors import FormulaError, nearest

MAX_TEMPLATE_CHARS = 100_000
MAX_TAGS = 2_000
MAX_TAG_CHARS = 1_100
"""A formula of the longest allowed, and the words around it."""
BLOCKS = ("if", "unless", "case", "for", "capture")
TAGS = frozenset(
    {
        *BLOCKS,
        *(f"end{name}" for name in BLOCKS),
        *("else", "elsif", "when", "break", "continue", "assign", "calc"),
        *("raw", "endraw", "comment", "endcomment"),
    }
)
_NAME = re.compile(r"#|\w+")
_OPENING = re.compile(r"\{[{%]")
_AFTER = {
    name: re.compile(rf"\{{%-?\s{{0,20}}{name}\s{{0,20}}(-?)%\}}")
    for name in ("endraw", "endcomment")
}


def place_of(source: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character of a template."""
    before = source[: max(index, 0)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def tokens(source: str) -> Iterator[Token]:
    """The template in parts, as the engine wants them. Raises ``FormulaError``."""
    if len(source) > MAX_TEMPLATE_CHARS:
        raise FormulaError("too_long", line=1, column=1, limit=MAX_TEMPLATE_CHARS)
    at, trimmed, tags = 0, False, 0
    while (opening := _OPENING.search(source, at)) is not None:
        start = opening.start()
        tags += 1
        if tags > MAX_TAGS:
            raise _error(source, start, "too_many_parts", limit=MAX_TAGS)
        trims_before = source.startswith("-", start + 2)
        yield from _content(source, at, start, trimmed, trims_before)
        inner, after = _inside(source, start, trims_before)
        trimmed = source[after - 3] == "-" and after - 3 >= inner
        body = source[inner : after - (3 if trimmed else 2)]
        at = after
        if source[start + 1] == "{":
            yield Token(TOKEN_OUTPUT, source[start:after], start, source)
            yield _expression(source, inner, body)
            continue
        name = _tag_name(source, inner, body)
        if name in ("raw", "comment"):
            end = _AFTER[f"end{name}"].search(source, after)
            if end is None:
                raise _error(source, start, "not_closed", name=name)
            if name == "raw":
                yield from _content(source, after, end.start(), False, False)
            at, trimmed = end.end(), bool(end[1])
        elif name != "#":
            yield from _tag(source, inner, body, name)
    yield from _content(source, at, len(source), trimmed, False)


def _inside(source: str, start: int, trims_before: bool) -> tuple[int, int]:
    """Where a tag's inside begins, and where the tag has ended."""
    inner = start + (3 if trims_before else 2)
    closing = "}}" if source[start + 1] == "{" else "%}"
    end = source.find(closing, inner, inner + MAX_TAG_CHARS)
    if end < 0:
        code = "not_closed" if closing not in source[inner:] else "too_long"
        raise _error(source, start, code, name=source[start : start + 2], limit=MAX_TAG_CHARS)
    return inner, end + 2


def _tag_name(source: str, inner: int, body: str) -> str:
    found = _NAME.match(body.lstrip())
    place = inner + len(body) - len(body.lstrip())
    if found is None:
        raise _error(source, place, "template_syntax")
    name = found[0]
    if name != "#" and (name not in TAGS or name in ("endraw", "endcomment")):
        error = _error(source, place, "unknown_tag", name=name[:60])
        error.nearest = nearest(name, TAGS)
        raise error
    return name


def _tag(source: str, inner: int, body: str, name: str) -> Iterator[Token]:
    place = inner + len(body) - len(body.lstrip())
    yield Token(TOKEN_TAG, name, place, source)
    rest = body.lstrip()[len(name) :]
    if rest.strip():
        yield _expression(source, place + len(name), rest)


def _expression(source: str, start: int, said: str) -> Token:
    return Token(TOKEN_EXPRESSION, said.strip(), start + len(said) - len(said.lstrip()), source)


def _content(
    source: str, start: int, end: int, trims_start: bool, trims_end: bool
) -> Iterator[Token]:
    said = source[start:end]
    said = said.lstrip() if trims_start else said
    said = said.rstrip() if trims_end else said
    if said:
        yield Token(TOKEN_CONTENT, said, start, source)


def _error(
    source: str, index: int, code: str, *, name: str | None = None, limit: int | None = None
) -> FormulaError:
    line, column = place_of(source, index)
    return FormulaError(code, line=line, column=column, name=name, limit=limit)
