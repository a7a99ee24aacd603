"""What is committed speaks of the project alone, and leads nobody to a package registry."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

import pytest

from tests.architecture.sources import ROOT, VENDORED, tracked

# Written so that this file does not find itself: it is read like every other.
REGISTRIES = re.compile(
    r"py[p]i\.org|pythonh[o]sted|n[p]mjs|n[p]mmirror|y[a]rnpkg|deb\.d[e]bian\.org|cr[a]tes\.io"
    r"|--(extra-)?i[n]dex-url|i[n]dex_url\s*="
)
FOREIGN_WORDS = re.compile(
    r"\b(A[I]|L[L]Ms?)\b|\bwork[p]lace\b"
    r"|\b[Ii]ss[u]es? #?\d+\b|\(#\d+\)|/issues/\d+"
    r"|(?<![\w.])/(work|root|home)/\w"
)
BINARY = frozenset({".png", ".ico", ".ttf", ".woff2", ".gz", ".pdf", ".jpg"})


def texts() -> Iterator[tuple[str, str]]:
    """Every committed text file, and its path."""
    for path in tracked():
        if path.suffix not in BINARY:
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
    "parts",
    [
        ("see https://py", "pi.org/project/nats-py"),
        ("resolved https://registry.n", "pmjs.org/x.tgz"),
        ("pip install --in", "dex-url https://example.org nats"),
    ],
)
def test_registry_is_caught(parts: tuple[str, str]) -> None:
    assert found_in(REGISTRIES, "".join(parts))


@pytest.mark.parametrize(
    "parts",
    [
        ("as iss", "ue 12 wants"),
        ("made by A", "I"),
        ("cd /wo", "rk/main"),
        ("a fix (", "#7)"),
        ("in /ro", "ot/x"),
        ("/ho", "me/me"),
    ],
)
def test_foreign_word_is_caught(parts: tuple[str, str]) -> None:
    assert found_in(FOREIGN_WORDS, "".join(parts))


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


@pytest.mark.parametrize("folder", ["data", "data-backups", "data.replaced-20261129T000000Z"])
def test_what_opens_every_door_of_a_station_is_not_committed(folder: str) -> None:
    """The station's folder, that of its backups, and what a restore moved aside, beside it."""
    ignored = ["git", "check-ignore", "--quiet", f"{folder}/secrets.json"]
    assert subprocess.run(ignored, cwd=ROOT, check=False).returncode == 0
