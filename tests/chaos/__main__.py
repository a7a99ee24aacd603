"""``python -m tests.chaos``: a campaign of seeded faults against a real station.

Exit code 1 when anything was lost, doubled or left undone; then the seed, the faults and the
findings are printed, and the station's folder is kept.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos.campaign import Campaign, Outcome, Plan
from tests.chaos.faults import WEIGHTS

SHOWN = 40


def main() -> None:
    plan, into = _asked()
    folder = Path(tempfile.mkdtemp(prefix="pitlane-chaos-"))
    outcome = asyncio.run(Campaign(plan, folder).run(lambda line: print(line, flush=True)))
    _tell(outcome)
    if into:
        into.write_text(json.dumps(_as_json(outcome), indent=2, default=str))
    if outcome.findings:
        print(f"\nthe station's folder is {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    told = {name: getattr(outcome, name) for name in outcome.__slots__}
    faults = [{**asdict(fault), "done": done} for fault, done in outcome.faults]
    return {**told, "plan": asdict(outcome.plan), "faults": faults}


def _asked() -> tuple[Plan, Path | None]:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=100, help="how many in all")
    parser.add_argument("--only", default="", help=f"kinds, with commas: {', '.join(WEIGHTS)}")
    parser.add_argument("--minutes", type=float, help="no episode begins after them")
    parser.add_argument("--people", type=int, default=4, help="clients at work")
    parser.add_argument("--episode", type=int, default=1, help="the first one: to replay one")
    parser.add_argument("--json", type=Path, help="where to write what came of it")
    given = parser.parse_args()
    only = tuple(filter(None, given.only.split(",")))
    if unknown := set(only) - set(WEIGHTS):
        parser.error(f"there is no fault {', '.join(sorted(unknown))}")
    plan = Plan(given.seed, given.faults, only, given.minutes, given.people, given.episode)
    return plan, given.json


def _tell(outcome: Outcome) -> None:
    print(f"\n{'fault':<26}{'done':>6}{'found nobody':>14}")
    for name in sorted({*outcome.done, *outcome.missed}):
        print(f"{name:<26}{outcome.done[name]:>6}{outcome.missed[name]:>14}")
    print(
        f"\nseed {outcome.plan.seed}: {outcome.done.total()} faults in {outcome.episodes} episodes,"
        f" {outcome.orders} orders, {outcome.acknowledged} answers, {outcome.refused} refusals,"
        f" {outcome.sent_again} requests sent again, {outcome.events} events,"
        f" {outcome.took_s:.0f} s: {len(outcome.findings)} findings"
    )
    if outcome.findings:
        print(f"\nepisode {outcome.fatal_episode}, its faults:")
        for fault, came in outcome.faults:
            print(f"  {fault}{'' if came else '  (found nobody)'}")
        print("findings:")
        for finding in outcome.findings[:SHOWN]:
            print(f"  {finding}")


if __name__ == "__main__":
    main()
