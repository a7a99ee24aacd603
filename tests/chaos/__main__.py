"""``python -m tests.chaos``: a campaign of seeded faults against a real station.

Exit code 1 when anything was lost, doubled or left undone; then the seed, the faults and the
findings are printed, and the station's folder is kept. Many campaigns, beside each other or in
turn, each with a seed of its own, are one: ``--sum`` adds up what their ``--json`` files tell.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos.campaign import PEOPLE, Campaign, Outcome, Plan
from tests.chaos.crash_points import POINTS
from tests.chaos.faults import WEIGHTS

SHOWN = 40


def main() -> None:
    given = _asked()
    if given.sum:
        _sum([json.loads(file.read_text()) for file in given.sum])
        return
    folder = Path(tempfile.mkdtemp(prefix="pitlane-chaos-"))
    campaign = Campaign(_plan(given), folder)

    def tell(line: str) -> None:
        print(line, flush=True)
        if given.json:
            given.json.write_text(json.dumps(_as_json(campaign.outcome), indent=2, default=str))

    outcome = asyncio.run(campaign.run(tell))
    _tell(outcome)
    if outcome.findings:
        print(f"\nthe station's folder is {folder}")
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


def _as_json(outcome: Outcome) -> dict[str, Any]:
    told = {name: getattr(outcome, name) for name in outcome.__slots__}
    faults = [{**asdict(fault), "done": done} for fault, done in outcome.faults]
    return {**told, "plan": asdict(outcome.plan), "faults": faults}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=100, help="how many in all")
    parser.add_argument("--only", default="", help=f"kinds, with commas: {', '.join(WEIGHTS)}")
    parser.add_argument("--minutes", type=float, help="no episode begins after them")
    parser.add_argument("--people", type=int, default=PEOPLE, help="clients at work")
    parser.add_argument("--episode", type=int, default=1, help="the first one: to replay one")
    parser.add_argument("--json", type=Path, help="where to write what came of it so far")
    parser.add_argument("--sum", type=Path, nargs="+", help="such files: adds up, does nothing")
    given = parser.parse_args()
    given.only = tuple(filter(None, given.only.split(",")))
    if unknown := set(given.only) - set(WEIGHTS):
        parser.error(f"there is no fault {', '.join(sorted(unknown))}")
    return given


def _plan(given: argparse.Namespace) -> Plan:
    return Plan(given.seed, given.faults, given.only, given.minutes, given.people, given.episode)


SUMMED = ("episodes", "orders", "acknowledged", "refused", "sent_again", "events", "took_s")


def _sum(told: list[dict[str, Any]]) -> None:
    done, missed = (sum((Counter(each[name]) for each in told), Counter()) for name in MET)
    _table(done, missed)
    totals = {name: round(sum(each[name] for each in told)) for name in SUMMED}
    wrong = [each for each in told if each["findings"]]
    print(f"\n{done.total()} faults in {len(told)} campaigns: {totals}")
    print(f"the fewest of a crash point: {min(done[f'crash {point}'] for point in POINTS)}")
    print(f"campaigns with findings, by seed: {[each['plan']['seed'] for each in wrong]}")


MET = ("done", "missed")


def _table(done: Counter[str], missed: Counter[str]) -> None:
    print(f"\n{'fault':<26}{'done':>6}{'found nobody':>14}")
    for name in sorted({*done, *missed}):
        print(f"{name:<26}{done[name]:>6}{missed[name]:>14}")


def _tell(outcome: Outcome) -> None:
    _table(outcome.done, outcome.missed)
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
