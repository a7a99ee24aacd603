"""What a process may take that reads a stranger's file."""

from __future__ import annotations

import resource
import signal
from pathlib import Path


def confine(*, cpu_s: int, wall_s: float, memory_bytes: int) -> None:
    """From here on this process may compute for a while, in some memory, and neither write a file
    nor start anything. ``memory_bytes``: on top of what it was born with."""
    born_with = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    for limit, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, born_with + memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (most, most))
