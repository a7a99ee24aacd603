"""What the service asks of a confined process, and how the two speak: JSON, then bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Base64Bytes, Field, TypeAdapter

from shared.contracts.base import Message, View
from shared.contracts.forms import FormAbout, FormFormat, Language
from shared.contracts.statements import StatementPaper
from shared.contracts.work_order import WorkOrder
from shared.nobody import in_language

LENGTH_BYTES = 4
"""Of the length that stands before each part, most significant byte first."""
CONFINED = b"."
"""What a fork says when it may do no more than compute: its time begins."""
MAX_RESULT_BYTES = 5 * 1024 * 1024
"""Base64 of it, and the rest of an answer, still fit into one message of the broker."""
MAX_PAGES = 200


class PaperJob(Message):
    """A form for an order or a statement, as a file."""

    kind: Literal["paper"] = "paper"
    template: str
    language: Language
    title: str
    """Of the paper and of the file that it is saved as; the order's number follows it."""
    viewer: str
    copy_of: str
    """Whose copy it is: ``client`` or ``internal``."""
    format: FormFormat
    about: FormAbout = "order"
    order: WorkOrder | None = None
    statement: StatementPaper | None = None
    """What it is about; neither: the sample of its kind."""
    at: datetime
    accent: str
    logo: Base64Bytes | None


class LogoJob(Message):
    """A picture that somebody uploaded, made anew as PNG."""

    kind: Literal["logo"] = "logo"
    image: Base64Bytes


type Job = PaperJob | LogoJob

JOBS: TypeAdapter[Job] = TypeAdapter(Annotated[PaperJob | LogoJob, Field(discriminator="kind")])


class Outcome(View):
    """The head of an answer; the file follows it, unless the job was refused."""

    code: str | None = None
    """Of the refusal."""
    params: dict[str, str] = {}
    number: str = ""
    """Of the order that was printed, or whose statement it is."""
    pages: int = 0
    style_hashes: tuple[str, ...] = ()
    """Of the styles in an HTML paper, as a content security policy names them."""


def sent(job: Job) -> bytes:
    """A job on its way: whoever was erased is called so in the language of the paper."""
    body = job.model_dump_json().encode()
    return framed(in_language(body, job.language) if isinstance(job, PaperJob) else body)


def framed(part: bytes) -> bytes:
    return len(part).to_bytes(LENGTH_BYTES, "big") + part
