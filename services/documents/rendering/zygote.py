"""The process that renderers are born of: it has read everything they need, and waits.

A new interpreter takes most of a second to be ready, a fork some milliseconds. The service hands
over one socket per job; a fork reads the job from it, confines itself, answers, and is gone, so
that no job ever sees anything of another. It knows none of the service's secrets: its
environment is empty, and it has no connection but the one to the service.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys

from services.documents.rendering import press
from services.documents.rendering.confinement import confine
from services.documents.rendering.jobs import CONFINED, JOBS, LENGTH_BYTES

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serves the control socket whose descriptor is the first argument, until it is closed. The
    second is how long a job may take by the clock."""
    control = socket.socket(fileno=int(sys.argv[1]))
    silence = os.open(os.devnull, os.O_WRONLY)
    press.warm_up()
    # Children need not be waited for: the kernel buries them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        if os.fork() == 0:
            control.close()
            # The engine complains of every flaw in a template; it is nobody's log.
            os.dup2(silence, sys.stderr.fileno())
            try:
                _do(socket.socket(fileno=descriptors[0]), int(sys.argv[2]))
            finally:
                os._exit(0)
        os.close(descriptors[0])


def _do(connection: socket.socket, wall_s: int) -> None:
    _end_with_the_parent()
    job = JOBS.validate_json(_received(connection))
    press.open_for(job)
    confine(wall_s)
    connection.sendall(CONFINED)
    connection.sendall(press.answer(job))


def _end_with_the_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _received(connection: socket.socket) -> bytes:
    length = int.from_bytes(_exactly(connection, LENGTH_BYTES), "big")
    return _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    part = bytearray()
    while len(part) < length:
        more = connection.recv(length - len(part))
        if not more:
            raise EOFError
        part += more
    return bytes(part)


if __name__ == "__main__":
    main()
    # At once: the engine's own farewell is not needed, and not always a quiet one.
    os._exit(0)
