"""A station of its own to attack, and what an attack may have left behind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.commands.audit import chain
from deploy.commands.reach import reach
from deploy.local.data_folder import DataFolder
from shared.settings import SERVICES
from tests.support.runner import Runner
from tests.support.waiting import eventually


class Attacked:
    """``pitlane up --demo`` in a folder, with its processes as they were at the start."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.url = runner.url
        self._pids = self._pids_now()
        self._memory = self.memory_mb()

    async def harm_done(self) -> list[str]:
        """Processes that died, events that could not be handled, a journal that is not whole,
        lines in logs that only a fault of ours writes."""
        harm = []
        if (now := self._pids_now()) != self._pids:
            harm.append(f"processes died: {self._pids} became {now}")
        # As an operator does: whoever attacked may have ended all sessions.
        state = await chain(reach(self._runner.data_dir))
        if not state.intact:
            harm.append(f"the journal is not whole: {state.faults}")
        harm += [f"a fault in the logs: {line}" for line in self.faults_logged()]
        return harm

    def faults_logged(self) -> Iterator[str]:
        for file in sorted((self._runner.data_dir / "logs").glob("*.jsonl")):
            for line in file.read_text(errors="replace").splitlines():
                if '"level":"error"' in line.replace(" ", ""):
                    yield f"{file.stem}: {line[:2000]}"

    def memory_mb(self) -> dict[str, float]:
        """What each process of the station itself holds (resident, not shared with others)."""
        return {name: private_mb(pid) for name, pid in self._pids_now().items()}

    def _pids_now(self) -> dict[str, int]:
        return {name: self._runner.pid_of(name) for name in SERVICES}


def private_mb(pid: int) -> float:
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = sum(
        int(line.split()[1]) for line in told.splitlines() if line.startswith("Private_")
    )
    return kilobytes / 1024


@asynccontextmanager
async def attacked(data_dir: Path) -> AsyncIterator[Attacked]:
    """With the demo's users, and none of its data."""
    folder = DataFolder(data_dir)
    folder.open()
    folder.mark_done("demo")
    folder.close()
    runner = Runner(data_dir, "--demo")
    try:
        await runner.start()
        await eventually(runner.all_ready, timeout_s=60)
        yield Attacked(runner)
    finally:
        await runner.close()
