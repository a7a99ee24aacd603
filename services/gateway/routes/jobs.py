"""Work that takes long: asked for, looked at, given up, and what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from uuid import UUID

from sqlalchemy import select
from starlette.responses import FileResponse, Response

from services.gateway.api import Area, Endpoint, get, post, shown
from services.gateway.call import Call
from services.gateway.jobs.tables import file_name, media_type_of, table_at
from services.gateway.store import jobs
from shared.contracts.jobs import BeginExport, CancelJob, GetJob, ListJobs
from shared.messaging.inbox import fingerprint
from shared.refusals import Refused


async def begin_export(call: Call, endpoint: Endpoint) -> Response:
    """As any command; its language is the request's where the body names none."""
    person = await call.allowed(BeginExport)
    key = call.idempotency_key()
    assert endpoint.reading
    command = cast(BeginExport, await endpoint.reading.read(call))
    if command.language is None:
        command = command.model_copy(update={"language": call.language})
    body = command.model_dump_json(exclude_unset=True).encode()
    await call.gateway.keys.claim(person.user_id, key, fingerprint(command.subject, body))
    reply = await call.send(command.subject, body, key=f"{person.user_id}:{key}")
    return shown(call, endpoint, reply)


async def take_file(call: Call, _: Endpoint) -> Response:
    """Only to who may ask for the report now, and in the role whose costs and pay it shows."""
    call.query(frozenset())
    person = await call.allowed(GetJob)
    try:
        job_id = UUID(call.path_params["job_id"])
    except ValueError:
        raise Refused("job_not_found", id="—") from None
    async with call.gateway.engine.connect() as connection:
        found = await connection.execute(
            select(jobs).where(jobs.c.id == job_id, jobs.c.user_id == person.user_id)
        )
        job = found.one_or_none()
    if job is None:
        raise Refused("job_not_found", id=job_id)
    table_at(job.address, person.role, person.scopes, call.gateway.settings.zone)
    if person.role != job.role:
        raise Refused("forbidden")
    path = call.gateway.jobs.files.path(job.file_id) if job.file_id else None
    if path is None or not path.exists():
        raise Refused("job_has_no_file", id=job_id)
    return FileResponse(
        path,
        media_type=media_type_of(job.format),
        filename=file_name(job.address, job.format),
        headers={"Cache-Control": "private, no-store", "Content-Language": job.language},
    )


AREA = Area(
    "jobs",
    "Work that takes long: tables of any length, and how far operators' commands are",
    (
        replace(
            post(
                "/jobs/exports",
                BeginExport,
                "Have a report made as a table",
                status=202,
                location="/jobs/{id}",
            ),
            answer=begin_export,
        ),
        get("/jobs", ListJobs, "One's own long work, newest first"),
        get("/jobs/{job_id}", GetJob, "How far it is"),
        post("/jobs/{job_id}/cancel", CancelJob, "Give an export up", status=200),
        Endpoint(
            method="GET",
            path="/jobs/{job_id}/file",
            summary="What came of it",
            description=(
                "One's own, for seven days, and only as long as one may ask for the report in the "
                "same role. Parts of it can be asked for (`Range`)."
            ),
            answer=take_file,
            media_types=("application/octet-stream",),
        ),
    ),
)
