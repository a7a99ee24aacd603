"""Photos on their way from a camera to the service that keeps them."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from base64 import b64encode
from contextlib import suppress
from typing import IO, Any
from uuid import UUID

import pydantic_core

from services.gateway.call import Call
from services.gateway.pictures import WALL_S
from services.gateway.reading import parsed
from services.gateway.uploads import Received
from shared.contracts.photos import AddPhoto
from shared.refusals import Refused

FIELDS = frozenset({"file_name", "line_id", "caption", "visible_to_client"})
_AT_ONCE = 2
_MAX_WAITING = 8


class Darkroom:
    """Where photos are redrawn: a few at once, a few waiting."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def redrawn(self, file: IO[bytes]) -> dict[str, Any]:
        """The fields of the command that a picture says. Raises ``photo_invalid``, ``busy``."""
        if self._waiting >= _MAX_WAITING:
            raise Refused("busy", service="gateway")
        self._waiting += 1
        try:
            async with self._turns:
                said = await _said(file)
        finally:
            self._waiting -= 1
        head, _, pictures = said.partition(b"\n")
        if not head.startswith(b"{"):
            # Refused, or ended by the kernel for what it took.
            raise Refused("photo_invalid")
        fields: dict[str, Any] = pydantic_core.from_json(head)
        length = fields["content"]
        return {
            **fields,
            "content": b64encode(pictures[:length]),
            "small": b64encode(pictures[length:]),
        }


async def photo_command(call: Call, file: Received, order_id: UUID) -> AddPhoto:
    """The command that an upload stands for. Raises ``photo_invalid``, ``busy``."""
    with file.file:
        picture = await call.gateway.darkroom.redrawn(file.file)
    fields = {name: value for name, value in file.fields.items() if name in FIELDS}
    return parsed(AddPhoto, {**fields, **picture, "order_id": order_id})


async def _said(file: IO[bytes]) -> bytes:
    os.lseek(file.fileno(), 0, os.SEEK_SET)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway.pictures",
        stdin=file.fileno(),
        stdout=PIPE,
        stderr=DEVNULL,
        # Nothing of our own environment: it holds passwords.
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(WALL_S * 2):
            said, _ = await process.communicate()
            return said
    except TimeoutError:
        return b""
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
