"""Table files on their way from a person to the service that takes their rows.

A file lies in a nameless temporary one, is read by a confined process (``sheets``), and its rows
go on in chunks. The person is answered before: ``GET`` of the import tells how far it is.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

import pydantic_core
import structlog
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from services.gateway.call import Call
from services.gateway.problems import unreadable
from services.gateway.sheets import CHUNK_BYTES, WALL_S
from shared.contracts.base import Command
from shared.contracts.imports import ImportView, UploadEndFields
from shared.refusals import Kind, Refused

log = structlog.get_logger(__name__)

MAX_FILE_BYTES = 30 * 1024 * 1024
MAX_FIELDS = 10
AT_ONCE = 2
"""Files that are read at the same time; each has a process with its own memory."""
MAX_WAITING = 8
RETRY_S = 2.0
RETRIES = 30
"""While the service that takes the rows is away."""


@dataclass(frozen=True, slots=True)
class Received:
    """A file that has come whole. ``name`` is only ever shown, never opened."""

    file: IO[bytes]
    name: str
    digest: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Destination:
    """The messages by which a service takes the rows of a file."""

    rows: type[Command[Any]]
    end: type[Command[Any]]


async def brought(
    call: Call,
    key: str,
    file: Received,
    begin: Command[ImportView],
    to: Destination,
) -> tuple[ImportView, bytes]:
    """Opens an import and its answer as it came; the rows follow in the background. The same file
    once more is answered with the import that it has, and read only if that waits for its rows."""
    try:
        body = begin.model_dump_json(exclude_unset=True).encode()
        reply = await call.send(type(begin).subject, body, key=key)
        view = ImportView.model_validate_json(reply)
    except BaseException:
        file.file.close()
        raise
    if view.state == "uploading":
        call.gateway.uploads.read(call, file, view.id, to)
    else:
        file.file.close()
    return view, reply


async def received(call: Call, query: Mapping[str, str]) -> Received:
    """The file of a request: the one of a form, or the body itself. Fields stand in the form or in
    the query. Raises ``body_too_large``, ``content_type_unsupported``, ``import_file_missing``."""
    kind = (call.header(b"content-type") or "").partition(";")[0].strip().lower()
    fields = dict(query)
    if kind == "multipart/form-data":
        file, name, said = await _of_form(call)
        fields |= said
    elif kind.endswith("json") or kind == "application/x-www-form-urlencoded":
        raise Refused("content_type_unsupported")
    else:
        file, name = await _of_body(call), ""
    digest = await asyncio.to_thread(_digest, file)
    return Received(file, _shown(fields.pop("file_name", "") or name), digest, fields)


async def _of_form(call: Call) -> tuple[IO[bytes], str, dict[str, str]]:
    headers = Headers(raw=list(call.headers.items()))
    parser = MultiPartParser(
        headers,
        call.stream(MAX_FILE_BYTES + 64 * 1024),
        max_files=1,
        max_fields=MAX_FIELDS,
        max_part_size=64 * 1024,
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise unreadable("form_broken", why=error.message) from None
    except KeyError:
        raise unreadable("form_without_boundary") from None
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if not files or not files[0].size:
        raise Refused("import_file_missing")
    if (files[0].size or 0) > MAX_FILE_BYTES:
        raise Refused("body_too_large", limit=MAX_FILE_BYTES)
    said = {name: value for name, value in form.multi_items() if isinstance(value, str) and value}
    spooled = files[0].file
    spooled.rollover()  # type: ignore[attr-defined]
    return spooled, files[0].filename or "", said


async def _of_body(call: Call) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever reads it
    async for part in call.stream(MAX_FILE_BYTES):
        file.write(part)
    if not file.tell():
        file.close()
        raise Refused("import_file_missing")
    return file


def _digest(file: IO[bytes]) -> str:
    file.flush()
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _shown(name: str) -> str:
    """The last part of whatever the sender calls it, without what cannot be seen."""
    plain = "".join(
        sign for sign in name.replace("\\", "/").rsplit("/", 1)[-1] if sign.isprintable()
    )
    return plain.strip()[:200] or "table"


class Uploads:
    """The files that are being read; they end with the gateway, and are brought again."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def refuse_if_busy(self) -> None:
        """Raises ``busy``."""
        if len(self._tasks) >= MAX_WAITING:
            raise Refused("busy", service="gateway")

    def read(self, call: Call, file: Received, import_id: UUID, to: Destination) -> None:
        """From here on in the background; the file is closed at its end."""
        task = asyncio.create_task(self._read(call, file, import_id, to), name="upload")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, call: Call, file: Received, import_id: UUID, to: Destination) -> None:
        try:
            async with self._turns:
                failure = await _sent_on(call, file, import_id, to)
            end = UploadEndFields(
                import_id=import_id,
                failure=failure.code if failure else None,
                particulars=failure.params if failure else {},
            )
            await _send(call, to.end, end.model_dump_json().encode())
        except Refused as refusal:
            # Cancelled, or ended by another upload of the same file; else it is found abandoned.
            log.warning("upload_ended", id=str(import_id), code=refusal.code)
        except Exception:
            log.exception("upload_failed", id=str(import_id))
        finally:
            file.file.close()


async def _sent_on(call: Call, file: Received, import_id: UUID, to: Destination) -> Refused | None:
    """Hands each chunk on as it is read; gives what the file is refused for."""
    os.lseek(file.file.fileno(), 0, os.SEEK_SET)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.gateway.sheets",
        stdin=file.file.fileno(),
        stdout=PIPE,
        stderr=DEVNULL,
        # Nothing of our own environment: it holds passwords.
        env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
        start_new_session=True,
        limit=CHUNK_BYTES * 4,
    )
    assert process.stdout
    begin = b'{"import_id":"%s","first_row":' % str(import_id).encode()
    try:
        async with asyncio.timeout(WALL_S * 3):
            while line := (await process.stdout.readline()).rstrip(b"\n"):
                if line.startswith(b"="):
                    return None
                if line.startswith(b"!"):
                    code, _, particulars = line[1:].decode().partition("\t")
                    return Refused(code, **pydantic_core.from_json(particulars))
                first, _, rows = line.partition(b"\t")
                await _send(call, to.rows, begin + first + b',"rows":' + rows + b"}")
        # It was ended by the kernel for what it took.
        return Refused("import_file_too_heavy")
    except TimeoutError:
        return Refused("import_file_too_heavy")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _send(call: Call, message: type[Command[Any]], body: bytes) -> None:
    """As often as it takes, within reason: the same rows once more change nothing."""
    for attempt in range(RETRIES):
        try:
            await call.gateway.client.request(message.subject, body, call.envelope(message.subject))
            return
        except Refused as refusal:
            if refusal.reason.kind is not Kind.UNAVAILABLE or attempt == RETRIES - 1:
                raise
        await asyncio.sleep(RETRY_S)
