"""A formula's text, read by Python's parser, and where its parts stand. Nothing of it runs."""

from __future__ import annotations

import ast
import warnings

from shared.formulas.errors import FormulaError

MAX_CHARS = 1_000
MAX_NODES = 300
MAX_DEPTH = 80


class Source:
    """A text with its syntax tree. Raises ``FormulaError`` where it cannot be read."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_CHARS:
            raise FormulaError("too_long", line=1, column=1, limit=MAX_CHARS)
        if not text.strip():
            raise FormulaError("empty", line=1, column=1)
        # In parentheses, so that a formula may be laid out over several lines.
        enclosed = f"({text}\n)"
        self._lines = enclosed.split("\n")
        self.tree = _read(text, enclosed)

    def place(self, node: ast.expr) -> tuple[int, int]:
        """Line and column, in characters, from 1."""
        return self._characters(node.lineno, node.col_offset)

    def name_place(self, node: ast.Attribute) -> tuple[int, int]:
        """Of the name after the point."""
        line, column = self._characters(node.end_lineno or 1, node.end_col_offset or 0)
        return line, max(column - len(node.attr), 1)

    def said(self, node: ast.expr) -> str:
        """A part as it is written."""
        line = self._lines[node.lineno - 1].encode()
        return line[node.col_offset : node.end_col_offset].decode(errors="replace")

    def _characters(self, line: int, offset_bytes: int) -> tuple[int, int]:
        before = self._lines[line - 1].encode()[:offset_bytes].decode(errors="replace")
        return line, max(len(before) + (0 if line == 1 else 1), 1)


def _read(text: str, enclosed: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(enclosed, mode="eval").body
    except SyntaxError as error:
        raise _syntax_error(text, error) from None
    except (ValueError, MemoryError, RecursionError):
        raise FormulaError("syntax", line=1, column=1) from None
    if isinstance(body, ast.Tuple) and not body.elts:
        raise FormulaError("empty", line=1, column=1)
    if body.col_offset == 0 and not isinstance(body, ast.Tuple | ast.GeneratorExp):
        # The text itself closed the parenthesis that was put before it.
        raise FormulaError("syntax", line=1, column=1)
    _measure(body)
    return body


def _syntax_error(text: str, error: SyntaxError) -> FormulaError:
    lines = text.split("\n")
    line, column = error.lineno or 1, error.offset or 1
    if line > len(lines):  # at the parenthesis that was put behind it: something is missing
        line, column = len(lines), len(lines[-1]) + 1
    elif line == 1:
        column -= 1  # the parenthesis before it
    return FormulaError("syntax", line=line, column=max(column, 1))


def _measure(body: ast.expr) -> None:
    """Counts parts and depth without recursion."""
    nodes = 0
    level: list[ast.AST] = [body]
    depth = 0
    while level:
        nodes += len(level)
        depth += 1
        if nodes > MAX_NODES:
            raise FormulaError("too_many_parts", line=1, column=1, limit=MAX_NODES)
        if depth > MAX_DEPTH:
            raise FormulaError("too_deep", line=1, column=1)
        level = [
            child
            for node in level
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.expr)
        ]


OPERATOR_SIGNS = {
    "Pow": "**",
    "FloorDiv": "//",
    "MatMult": "@",
    "LShift": "<<",
    "RShift": ">>",
    "BitOr": "|",
    "BitAnd": "&",
    "BitXor": "^",
}


def kind_words(node: ast.expr) -> str:
    """How a part that no formula may have is called in the error: as it is written."""
    return {
        "Lambda": "lambda",
        "JoinedStr": 'f"…"',
        "NamedExpr": ":=",
        "Starred": "*",
        "Tuple": "(a, b)",
        "Dict": "{…}",
        "Set": "{…}",
        "ListComp": "[… for …]",
        "SetComp": "{… for …}",
        "DictComp": "{… for …}",
        "GeneratorExp": "for",
        "Slice": "[a:b]",
        "Attribute": ".…()",
    }.get(type(node).__name__, type(node).__name__.lower())
