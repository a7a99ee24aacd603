"""What is committed speaks of the project alone, and leads nobody to a package registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, VENDORED, tracked

HERE = Path(__file__)
REGISTRIES = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|npmjs\.com|npmmirror|yarnpkg\.com"
    r"|deb\.debian\.org|crates\.io|--(extra-)?index-url|index_url\s*="
)
FOREIGN_WORDS = re.compile(
    r"\b(AI|LLM|GPT|ChatGPT|Claude|Anthropic|OpenAI|Copilot|sub-?agent)\b"
    r"|\bworkplace\b|\b[Ii]ssues? #?\d+\b|\(#\d+\)|/issues/\d+"
    r"|(?<![\w.])/(work|root|home)/\w"
)
BINARY = frozenset({".png", ".ico", ".woff2", ".gz", ".pdf", ".jpg"})


def texts() -> Iterator[tuple[str, str]]:
    """Every committed text file that is not this one, and its path."""
    for path in tracked():
        if path != HERE and path.suffix not in BINARY:
            yield path.relative_to(ROOT).as_posix(), path.read_text(errors="replace")


def found_in(pattern: re.Pattern[str], text: str) -> list[tuple[int, str]]:
    return [
        (number, found[0])
        for number, line in enumerate(text.splitlines(), 1)
        for found in pattern.finditer(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    named = [
        f"{path}:{number}: {words}"
        for path, text in texts()
        for number, words in found_in(REGISTRIES, text)
    ]
    assert named == []


def test_files_speak_of_the_project_alone() -> None:
    named = [
        f"{path}:{number}: {words}"
        for path, text in texts()
        if not path.startswith(VENDORED)
        for number, words in found_in(FOREIGN_WORDS, text)
    ]
    assert named == []


@pytest.mark.parametrize(
    "text",
    [
        "see https://pypi.org/project/nats-py",
        "resolved https://registry.npmjs.org/x.tgz",
        "pip install --index-url https://example.org nats",
    ],
)
def test_registry_is_caught(text: str) -> None:
    assert found_in(REGISTRIES, text)


@pytest.mark.parametrize(
    "text",
    ["as issue 12 wants", "written by AI", "cd /work/main", "fix (#7)", "in /root/x", "/home/me"],
)
def test_foreign_word_is_caught(text: str) -> None:
    assert found_in(FOREIGN_WORDS, text)


@pytest.mark.parametrize(
    "text",
    [
        "the parts they issue",
        "handlers/work/x",
        "PAID",
        "https://x.org/home/a",
        "/workload",
        "(#a)",
    ],
)
def test_harmless_word_passes(text: str) -> None:
    assert not found_in(FOREIGN_WORDS, text)
    assert not found_in(REGISTRIES, text)


def test_texts_are_found() -> None:
    paths = {path for path, _ in texts()}
    assert {"pyproject.toml", "requirements.lock", "shared/contracts/orders.py"} <= paths
