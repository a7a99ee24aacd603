"""The project's source files, parsed once, and how a rule names what breaks it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
VENDORED = "services/gateway/static/vendor/"


@dataclass(frozen=True)
class Source:
    """One Python file. ``path`` is relative to the project and has forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def parts(self) -> tuple[str, ...]:
        return Path(self.path).with_suffix("").parts

    @property
    def service(self) -> str | None:
        """Of which service it is a part."""
        is_of_a_service = self.parts[0] == "services" and len(self.parts) > 2
        return self.parts[1] if is_of_a_service else None

    @property
    def role(self) -> str:
        """Within its service: ``domain``, ``store``, … whether it is a module or a package."""
        return self.parts[2] if self.service else ""

    def at(self, node: ast.AST, what: str) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}: {what}"


type Rule = Callable[[Source], Iterator[str]]


def python(*folders: str) -> list[Source]:
    """The Python files under these folders."""
    return [source for source in _all_python() if source.parts[0] in folders]


def holds(rule: Rule, sources: list[Source]) -> None:
    """Fails with everything that breaks the rule, a line each."""
    assert sources, "no sources: the rule would hold of nothing"
    broken = [found for source in sources for found in rule(source)]
    assert not broken, "\n".join(("", *broken))


def caught(rule: Rule, path: str, text: str) -> list[str]:
    """What the rule says of a file that is made up."""
    return [found.partition(": ")[2] for found in rule(Source(path, text))]


def imports(source: Source) -> Iterator[tuple[ast.AST, str]]:
    """Every imported name in full: ``from a.b import c`` is ``a.b.c``."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(source.parts[: -node.level]) + "." if node.level else ""
            for alias in node.names:
                yield node, f"{package}{node.module or ''}.{alias.name}"


def calls(source: Source) -> Iterator[tuple[ast.Call, str]]:
    """Every call and the dotted name of what is called: ``self._engine.begin``."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


@cache
def tracked() -> list[Path]:
    """Every file that is, or is about to be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file()]


@cache
def _all_python() -> list[Source]:
    return [
        Source(path.relative_to(ROOT).as_posix(), path.read_text())
        for path in tracked()
        if path.suffix == ".py"
    ]
