"""``python -m deploy.dependencies audit|sbom``: what is known against the packages of
``requirements.lock``, and the list of them (CycloneDX) for whoever runs them.

The database of advisories is on the net. Where it cannot be reached nothing is known, which is
said aloud and fails nothing: a build must also work on a machine without one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
LOCK = PROJECT / "requirements.lock"
SBOM = PROJECT / "build" / "sbom.json"
ANSWER_WITHIN_S = 5
ALL_WITHIN_S = 120


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the advisories say. ``unknown``: packages that could not be asked about."""

    known: int
    unknown: int
    advisories: tuple[str, ...]

    @property
    def failed(self) -> bool:
        return bool(self.advisories)

    def words(self) -> str:
        lines = [f"  {advisory}" for advisory in self.advisories]
        if self.advisories:
            lines.insert(0, f"audit-deps: {len(self.advisories)} advisories:")
        elif self.known:
            lines = [f"audit-deps: nothing is known against {self.known} locked packages"]
        if self.unknown:
            lines += [
                "!" * 78,
                f"audit-deps: {self.unknown} PACKAGES WERE NOT AUDITED: the database of advisories",
                "could not be reached, or does not know them. `make audit-deps` asks again.",
                "!" * 78,
            ]
        return "\n".join(lines)


def audit() -> int:
    verdict = judged(_asked(), locked())
    print(verdict.words(), file=sys.stderr)
    return 1 if verdict.failed else 0


def judged(answer: dict[str, Any], versions: dict[str, str]) -> Verdict:
    """``answer``: pip-audit's JSON; an empty one when it could say nothing."""
    told = {
        each["name"].lower(): each
        for each in answer.get("dependencies", ())
        if "skip_reason" not in each
    }
    advisories = tuple(
        f"{each['name']} {each['version']}: {advisory['id']}"
        f" (mended in {', '.join(advisory['fix_versions']) or 'no version yet'})"
        for each in told.values()
        for advisory in each["vulns"]
    )
    known = versions.keys() & told.keys()
    return Verdict(len(known), len(versions) - len(known), advisories)


def locked() -> dict[str, str]:
    """Names and versions of the lock."""
    pinned = (line.partition("==") for line in LOCK.read_text().splitlines() if "==" in line)
    return {
        name.strip().lower(): version.split()[0]
        for name, _, version in pinned
        if not name.lstrip().startswith(("#", "--"))
    }


def _asked() -> dict[str, Any]:
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--no-deps"]
    command += ["--disable-pip", "--format", "json", "--progress-spinner", "off"]
    command += ["--timeout", str(ANSWER_WITHIN_S)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=ALL_WITHIN_S, check=False)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    except (subprocess.TimeoutExpired, ValueError):
        return {}


def sbom(to: Path = SBOM) -> int:
    to.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCK)]
    command += ["--pyproject", str(PROJECT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--output-reproducible", "--output-format", "JSON", "--output-file", str(to)]
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        print(f"sbom: {len(locked())} packages in {to}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit({"audit": audit, "sbom": sbom}[sys.argv[1]]())
