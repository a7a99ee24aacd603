"""``python -m tests.chaos.mutants [NAME…] [--unproven]``: each mutation on a copy of the code, and
the tests that must find it.

First the tests are run on the code as it is, unless that is known: a test that fails anyway finds
nothing. Exit code 1: a mutant survived, 2: nothing was proven (the text of a mutation has gone, or
the code as it is fails).
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

from tests.chaos.mutations import MUTATIONS, Mutation
from tests.conftest import CLUSTER
from tests.support.cluster import shared_cluster

ROOT = Path(__file__).parents[2]
COPIED = ("services", "shared", "deploy", "tests", "docs", "pyproject.toml")
FAILED = 1
"""pytest's word for tests that ran and failed; any other is an accident."""


KILLED, TIMED_OUT = "killed", "timed out"
REASON_CHARS = 90
_REASON = re.compile(r"^(?:FAILED|ERROR) \S+(?: - (.*))?$", re.MULTILINE)


class Stale(Exception):
    """The code that a mutation is about is not there any more."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names; default: all")
    parser.add_argument("--unproven", action="store_true", help="not on the code as it is, first")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at once")
    given = parser.parse_args()
    chosen = [each for each in MUTATIONS if _is_meant(each, given.names)]
    _ensure_fresh(chosen)
    with tempfile.TemporaryDirectory(prefix="pitlane-mutants-") as name:
        folder = Path(name)
        copies: Queue[Path] = Queue()
        for number in range(given.jobs):
            copies.put(_copied(folder / f"code-{number}"))
        with shared_cluster(folder / "cluster"):
            # Wide enough for what a test found to stand in one line.
            environment = {**os.environ, CLUSTER: str(folder / "cluster"), "COLUMNS": "240"}
            if not given.unproven:
                _prove(copies.queue[0], chosen, environment)
            with ThreadPoolExecutor(given.jobs) as pool:
                ends = list(pool.map(lambda each: _end_of(copies, each, environment), chosen))
    sys.exit(0 if _told(chosen, ends) else 1)


def _told(chosen: Sequence[Mutation], ends: Sequence[str]) -> bool:
    """Whether all are dead, and the names of those that are not, or may not be."""
    killed = sum(end in (KILLED, TIMED_OUT) for end in ends)
    print(f"\n{killed} of {len(chosen)} killed", flush=True)
    for mutation, end in zip(chosen, ends, strict=True):
        if end != KILLED:
            print(f"{end}: {mutation.name} ({mutation.file}; {', '.join(mutation.checks)})")
    if TIMED_OUT in ends:
        print("What timed out on a busy machine may be alive: run these again on a quiet one.")
    return killed == len(chosen)


def _ensure_fresh(chosen: Sequence[Mutation]) -> None:
    """All that has to be written anew is named at once."""
    stale = []
    for mutation in chosen:
        try:
            mutated(ROOT, mutation)
        except Stale as error:
            stale.append(str(error))
    if stale:
        print(f"{len(stale)} of {len(chosen)} mutations are about code that has changed:")
        print("\n".join(stale))
        sys.exit(2)


def _is_meant(mutation: Mutation, names: Sequence[str]) -> bool:
    return not names or any(name in mutation.name for name in names)


def _copied(copy: Path) -> Path:
    copy.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name)
        else:
            shutil.copy2(source, copy / name)
    return copy


def _prove(copy: Path, chosen: Sequence[Mutation], environment: dict[str, str]) -> None:
    checks = sorted({check for mutation in chosen for check in mutation.checks})
    code, took_s, said = _run(copy, checks, environment)
    print(
        f"{'the code as it is':<64} {'passes' if not code else 'FAILS':<9}{took_s:6.1f} s",
        flush=True,
    )
    if code:
        print(said)
        sys.exit(2)


def _end_of(copies: Queue[Path], mutation: Mutation, environment: dict[str, str]) -> str:
    copy = copies.get()
    with _in_place(copy, mutation):
        code, took_s, said = _run(copy, mutation.checks, environment)
    copies.put(copy)
    reason = _reason(said) if code == FAILED else ""
    end = {0: "SURVIVED", FAILED: KILLED}.get(code, f"pytest: {code}")
    if reason.startswith("Failed: Timeout"):
        end = TIMED_OUT
    print(f"{mutation.name:<64} {end:<9}{took_s:6.1f} s  {reason}".rstrip(), flush=True)
    if code not in (0, FAILED):
        print(said)
    return end


def _run(copy: Path, checks: Sequence[str], environment: dict[str, str]) -> tuple[int, float, str]:
    began = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-q", "-n", "0"),
            *("-p", "no:cacheprovider", "--timeout", "120"),
            *checks,
        ],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, time.monotonic() - began, done.stdout[-4000:] + done.stderr[-1000:]


def _reason(said: str) -> str:
    """What the test found: a time-out, on a busy machine, may have found nothing."""
    found = _REASON.search(said)
    return (found[1] or "")[:REASON_CHARS] if found else ""


@contextmanager
def _in_place(copy: Path, mutation: Mutation) -> Iterator[None]:
    file = copy / mutation.file
    before = file.read_text()
    file.write_text(mutated(copy, mutation))
    # Python looks at seconds and sizes to see whether its compiled copy is stale.
    shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)
    try:
        yield
    finally:
        file.write_text(before)
        shutil.rmtree(file.parent / "__pycache__", ignore_errors=True)


def mutated(root: Path, mutation: Mutation) -> str:
    """The file's text with the mutation. Raises ``Stale``."""
    text = (root / mutation.file).read_text()
    for old, new in mutation.swaps:
        if text.count(old) != 1:
            raise Stale(
                f"{mutation.name}: stands {text.count(old)} times in {mutation.file}: {old}"
            )
        text = text.replace(old, new)
    compile(text, mutation.file, "exec")
    return text


if __name__ == "__main__":
    main()
