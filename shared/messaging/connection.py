"""How a process reaches NATS. All of it stands in one URL:

``nats://127.0.0.1:4222?nkey=/etc/pitlane/orders.nk`` signs in with the key that lies in a file;
``tls://nats.example:4222?nkey=…&ca=/etc/pitlane/ca.pem`` does so over TLS, and believes no server
that this authority has not signed (without ``ca``: that the system does not know). TLS comes before
the first word (nats-server's ``handshake_first``): nobody between can talk a client out of it.
``nats://user:password@…`` signs in with a password.

Beyond this machine nothing is said in the clear, unless ``tls=no`` stands in the URL.
"""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from nats.aio.client import Client

INBOXES = "_INBOX_"


def inbox(user: str) -> str:
    """Where answers come to: each user's own, so that nobody reads another's."""
    return f"{INBOXES}{user}"


@dataclass(frozen=True, slots=True)
class NatsAddress:
    """One user's way to the server."""

    server: str
    """As nats-py takes it; with the password, if there is one."""
    key: Path | None = None
    """The file of the user's private key (an NKEY seed)."""
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises ``ValueError`` with words for an operator."""
        parts = urlsplit(url)
        given = parse_qs(parts.query, strict_parsing=bool(parts.query))
        if unknown := given.keys() - {"nkey", "ca", "tls"}:
            raise ValueError(f"a NATS address says nothing of {', '.join(sorted(unknown))}")
        key, ca, tls = (given.get(name, [None])[-1] for name in ("nkey", "ca", "tls"))
        encrypted = parts.scheme == "tls" or ca is not None
        if not encrypted and tls != "no" and not is_loopback(parts.hostname or ""):
            raise ValueError(
                f"NATS at {parts.hostname} is on another machine and the address asks for no TLS: "
                "tls://…?ca=FILE, or tls=no where the network itself is guarded"
            )
        if key is not None and not Path(key).is_file():
            raise ValueError(f"there is no NATS key in {key}")
        server = urlunsplit(parts._replace(query="", fragment=""))
        try:
            context = ssl.create_default_context(cafile=ca) if encrypted else None
        except OSError as error:
            raise ValueError(f"there is no certificate in {ca}: {error}") from error
        return cls(server, Path(key) if key else None, context)

    def options(self, user: str) -> dict[str, Any]:
        """For ``nats.connect``, with ``user``'s own inbox."""
        return {
            "servers": self.server,
            "inbox_prefix": inbox(user).encode(),
            **({"nkeys_seed": str(self.key)} if self.key else {}),
            **({"tls": self.tls, "tls_handshake_first": True} if self.tls else {}),
        }


def nats_url(host: str, port: int | None, *, key: Path, ca: Path | None = None) -> str:
    """The URL of a user whose private key lies in ``key``."""
    query = {"nkey": str(key)} | ({"ca": str(ca)} if ca else {})
    return f"{'tls' if ca else 'nats'}://{host}:{port}?{urlencode(query)}"


def is_loopback(host: str) -> bool:
    """Whether what is said to this host never leaves the machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def leave(connection: Client) -> None:
    """Ends a connection that finds its way back by itself; also while its server is away."""
    if connection.is_reconnecting:
        # nats-py still writes what it kept for the server, into a socket that it has closed, and
        # fails: TypeError from asyncio's loop, RuntimeError from uvloop's. There is nobody to read.
        connection._pending.clear()
        connection._pending_data_size = 0
    with suppress(ConnectionError):  # it went while we took leave
        await connection.close()
