"""Same shape everywhere, nothing too long to read, nothing left half done."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings import SERVICES
from tests.architecture.sources import (
    ROOT,
    Source,
    calls,
    caught,
    holds,
    imports,
    python,
)

# --- files of a service ------------------------------------------------------------------------

EVERY_SERVICE = (
    "README.md",
    "__init__.py",
    "app.py",
    "migrations/env.py",
    "migrations/script.py.mako",
    "store",
)
WITH_RULES = (*EVERY_SERVICE, "domain", "handlers")
"""Without a suffix: a module or a package of that name."""


def missing_files(folder: Path, expected: tuple[str, ...]) -> list[str]:
    names = (
        name
        for name in expected
        if not (folder / name).is_file()
        and not (folder / f"{name}.py").is_file()
        and not (folder / name / "__init__.py").is_file()
    )
    first_migration = list(folder.glob("migrations/versions/0001_*.py"))
    return [*names, *([] if first_migration else ["migrations/versions/0001_*.py"])]


@pytest.mark.parametrize("service", SERVICES)
def test_who_knows_one_service_knows_all(service: str) -> None:
    expected = EVERY_SERVICE if service == "gateway" else WITH_RULES
    assert missing_files(ROOT / "services" / service, expected) == []


def test_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "__init__.py").touch()
    (tmp_path / "app.py").touch()
    assert missing_files(tmp_path, ("app.py", "store", "domain")) == [
        "domain",
        "migrations/versions/0001_*.py",
    ]


# --- length ------------------------------------------------------------------------------------

FILE_LINES, FUNCTION_LINES = 400, 60
TEST_FILE_LINES, TEST_LINES = 600, 100
"""A test tells a story from its beginning to its end."""
LONG_FILES = {
    "shared/contracts/orders.py": "declarations, one message after the other; looked up, not read",
    "shared/contracts/inventory.py": "declarations, as in orders",
    "shared/contracts/load.py": "declarations, as in orders",
    "shared/contracts/finance.py": "declarations, as in orders",
    "shared/permissions.py": "the one table of who may send what, a row for each message",
    "services/gateway/examples.py": "an example for every message, one after the other",
    "shared/refusals.py": "a table of every way to say no; looked up, not read",
}
LONG_FUNCTIONS = {
    "versions/0001_": "the first migration lists a service's tables, one after the other",
}
"""What may be longer, and why. A function's key is a part of its file's path."""


def is_not_too_long(source: Source) -> Iterator[str]:
    is_test = source.parts[0] == "tests"
    file_lines = TEST_FILE_LINES if is_test else FILE_LINES
    function_lines = TEST_LINES if is_test else FUNCTION_LINES
    lines = source.text.count("\n")
    if lines > file_lines and source.path not in LONG_FILES:
        yield f"{source.path}: {lines} lines"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            is_listed = any(part in source.path for part in LONG_FUNCTIONS)
            if length > function_lines and not is_listed:
                yield source.at(node, f"{node.name} has {length} lines")


def test_files_and_functions_are_short_enough_to_read() -> None:
    holds(is_not_too_long, python("services", "shared", "deploy", "tests"))


def test_long_file_and_long_function_are_caught() -> None:
    assert caught(is_not_too_long, "shared/x.py", "\n" * 401) == ["401 lines"]
    function = "def f():\n" + "    x = 1\n" * 60
    assert caught(is_not_too_long, "shared/x.py", function) == ["f has 61 lines"]
    assert not caught(is_not_too_long, "shared/x.py", "\n" * 400 + "def f(): ...")


@pytest.mark.parametrize("path", LONG_FILES)
def test_every_long_file_is_still_long(path: str) -> None:
    assert (ROOT / path).read_text().count("\n") > FILE_LINES


# --- words -------------------------------------------------------------------------------------


def is_documented(source: Source) -> Iterator[str]:
    """Public modules and classes say what they are. Of a view its fields say it."""
    if not ast.get_docstring(source.tree) and source.parts[-1] not in {"env"}:
        yield f"{source.path}: the module has no docstring"
    if source.path.startswith("shared/contracts/"):
        return
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            is_view = any(ast.unparse(base).endswith("View") for base in node.bases)
            if not is_view and not ast.get_docstring(node):
                yield source.at(node, f"{node.name} has no docstring")


def test_public_modules_and_classes_say_what_they_are() -> None:
    holds(is_documented, python("services", "shared", "deploy"))


def test_missing_docstring_is_caught() -> None:
    text = '"""Words."""\nclass Public: ...\nclass _Private: ...\nclass Said:\n    """It is."""'
    assert caught(is_documented, "shared/x.py", text) == ["Public has no docstring"]
    assert caught(is_documented, "shared/x.py", "x = 1") == ["the module has no docstring"]


def events_are_documented(source: Source) -> Iterator[str]:
    """An event says who tells it and who listens."""
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef) and not ast.get_docstring(node):
            bases = map(ast.unparse, node.bases)
            if any(base.endswith("Event") or base == "CommandRefused" for base in bases):
                yield source.at(node, f"{node.name} has no docstring")


def test_every_event_has_a_docstring() -> None:
    sources = [each for each in python("shared") if each.path.startswith("shared/contracts/")]
    holds(events_are_documented, sources)
    assert caught(events_are_documented, "shared/contracts/x.py", "class A(OrderEvent): ...")


def does_not_print(source: Source) -> Iterator[str]:
    for call, name in calls(source):
        if name in {"print", "pprint", "sys.stdout.write", "sys.stderr.write"}:
            yield source.at(call, f"calls {name}")
    for node, name in imports(source):
        if name.split(".")[0] in {"pdb", "pprint"}:
            yield source.at(node, f"imports {name}")


def test_services_log_and_do_not_print() -> None:
    holds(does_not_print, python("services", "shared"))


def test_print_is_caught() -> None:
    assert caught(does_not_print, "shared/x.py", 'print("hello")') == ["calls print"]
    assert not caught(does_not_print, "shared/x.py", 'log.info("hello")')


LEFT_OVER = re.compile(
    r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b"
)


def is_finished(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := LEFT_OVER.search(line):
            yield f"{source.path}:{number}: {found[0]}"


def test_nothing_is_left_to_do() -> None:
    holds(is_finished, python("services", "shared", "deploy", "tests"))


def test_left_over_note_is_caught() -> None:
    note = "# TO" + "DO: later"
    assert caught(is_finished, "shared/x.py", note) == ["TO" + "DO"]
    assert not caught(is_finished, "shared/x.py", "# Mastodon")


def has_no_empty_hands(source: Source) -> Iterator[str]:
    """A function that only says that it is not there yet; abstract ones are for sub-classes."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            if len(body) == 1 and isinstance(body[0], ast.Pass):
                yield source.at(node, f"{node.name} does nothing")


def test_no_function_is_a_stub() -> None:
    holds(has_no_empty_hands, python("services", "shared", "deploy"))
    assert caught(has_no_empty_hands, "shared/x.py", "def f():\n    pass") == ["f does nothing"]
