"""What is generated from the code and committed: ``python -m deploy.documents write|check``.

The OpenAPI document of the gateway, the AsyncAPI document of every service, the reference of
formulas, the state diagrams in the services' READMEs, and the snapshots of all messages. ``write``
makes them anew; ``check`` tells what differs, and changes nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.snapshots import SNAPSHOTS, file_of, losses, messages, snapshot
from shared.asyncapi import asyncapi_document
from shared.contracts.formulas import Language
from shared.formulas import ORDER_MODEL, SAMPLE, SAMPLE_TIME
from shared.formulas.reference import reference
from shared.roles import OWNER
from shared.service import service_named
from shared.settings import SERVICES

ROOT = Path(__file__).parents[1]
ASYNCAPI = ROOT / "docs" / "asyncapi"
OPENAPI = ROOT / "docs" / "openapi.json"
FORMULAS = ROOT / "docs" / "formulas.json"
STATES_BEGIN, STATES_END = "<!-- states:begin -->", "<!-- states:end -->"
LANGUAGES: tuple[Language, ...] = ("ru", "en")
DIFF_LINES = 12
"""How much of a difference ``check`` shows."""


def main(arguments: list[str]) -> int:
    """0: nothing differs (any more); 1: something does, or cannot be written; 2: misused."""
    if arguments == ["check"]:
        return _check()
    if arguments == ["write"]:
        return _write()
    print("usage: python -m deploy.documents write|check", file=sys.stderr)
    return 2


def documents() -> Iterator[tuple[Path, str]]:
    """Every generated file and the text that belongs into it."""
    for name in SERVICES:
        yield ASYNCAPI / f"{name}.json", _json(asyncapi_document(service_named(name).handlers))
    yield OPENAPI, _json(import_module("services.gateway.app").openapi_document())
    yield FORMULAS, _json(formulas_document())
    yield from _readmes()
    yield from snapshots()


def formulas_document() -> dict[str, Any]:
    """All that formulas can name and call, by language, with the sample order's values."""
    return {
        language: reference(
            ORDER_MODEL, SAMPLE, viewer=OWNER, at=SAMPLE_TIME, language=language
        ).model_dump(mode="json")
        for language in LANGUAGES
    }


def snapshots() -> Iterator[tuple[Path, str]]:
    for message in messages():
        yield file_of(message.subject), _json(snapshot(message))  # type: ignore[attr-defined]


def leftovers(generated: Mapping[Path, str]) -> list[Path]:
    """Files of something that is no more."""
    return sorted(
        path
        for folder in (ASYNCAPI, SNAPSHOTS)
        for path in folder.glob("*.json")
        if path not in generated
    )


def broken_events() -> Iterator[str]:
    """What the code would take from readers of the events as they are in the snapshots."""
    known = {file_of(message.subject): message for message in messages()}  # type: ignore[attr-defined]
    for path in sorted(SNAPSHOTS.glob("evt.*.json")):
        if path not in known:
            yield f"{path.stem} is removed"
            continue
        for loss in losses(json.loads(path.read_bytes()), snapshot(known[path])):
            yield f"{path.stem}: {loss}"


def state_diagram(transitions: Mapping[tuple[str, str], str]) -> str:
    """A transition table (from, to: what it means) as Mermaid. States that no step leaves are
    ends; the table's order is kept."""
    states = list(dict.fromkeys(state for step in transitions for state in step))
    left = {old for old, _ in transitions}
    lines = [
        "```mermaid",
        "stateDiagram-v2",
        *(f"    {old} --> {new}: {meaning}" for (old, new), meaning in transitions.items()),
        *(f"    {state} --> [*]" for state in states if state not in left),
        "```",
    ]
    return "\n".join(lines)


def _readmes() -> Iterator[tuple[Path, str]]:
    """The READMEs that have a place for the diagram of their service's transition table."""
    for readme in sorted(ROOT.glob("services/*/README.md")):
        text = readme.read_text()
        if STATES_BEGIN not in text:
            continue
        transitions = import_module(f"services.{readme.parent.name}.domain").TRANSITIONS
        before, _, rest = text.partition(STATES_BEGIN)
        _, end, after = rest.partition(STATES_END)
        diagram = f"\n{state_diagram(transitions)}\n"
        yield readme, f"{before}{STATES_BEGIN}{diagram}{end}{after}"


def _write() -> int:
    generated = dict(documents())
    if broken := list(broken_events()):
        print(
            "These events would lose what their readers know. Give the new shape a subject of "
            "its own (.v2 beside .v1):",
            *broken,
            sep="\n  ",
            file=sys.stderr,
        )
        return 1
    for path, text in generated.items():
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
    for path in leftovers(generated):
        path.unlink()
        print(f"removed {path.relative_to(ROOT)}")
    return 0


def _check() -> int:
    generated = dict(documents())
    found = 0
    for path, text in generated.items():
        committed = path.read_text() if path.exists() else ""
        if committed != text:
            found += 1
            print(f"{path.relative_to(ROOT)} is not what the code says:", file=sys.stderr)
            difference = unified_diff(
                committed.splitlines(),
                text.splitlines(),
                "committed",
                "generated",
                n=1,
                lineterm="",
            )
            for _, line in zip(range(DIFF_LINES), difference, strict=False):
                print(f"  {line}", file=sys.stderr)
    for path in leftovers(generated):
        found += 1
        print(f"{path.relative_to(ROOT)} is of something that is no more", file=sys.stderr)
    if found:
        print("renew them: python -m deploy.documents write", file=sys.stderr)
    return 1 if found else 0


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
