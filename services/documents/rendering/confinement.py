"""What a process that renders may still do: compute, for a while, in some memory.

It cannot open a file or a connection, for it may have no more descriptors than it holds; it
cannot write a file or start a process. The limits are the kernel's: also code that hangs, or
was made to do what it should not, is held to them.
"""

from __future__ import annotations

import resource
import signal
from pathlib import Path

CPU_S = 3
"""What is heavy is known by this: it is the same on every machine and beside whatever else."""
MEMORY_BYTES = 320 * 1024 * 1024
"""On top of what the process was born with."""
STACK_BYTES = 4 * 1024 * 1024
"""The engine calls itself for what is nested: how deep that goes does not depend on the machine."""
_PAGE_BYTES = resource.getpagesize()


def confine(wall_s: int) -> None:
    """For the calling process, for good. ``wall_s``: by the clock, for what hangs."""
    born_with = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE_BYTES
    # Nobody handles these signals here: the kernel ends the process, wherever it hangs.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_AS, born_with + MEMORY_BYTES),
        (resource.RLIMIT_STACK, STACK_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))
