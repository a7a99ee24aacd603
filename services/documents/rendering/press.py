"""The work of one confined process: a template and an order become a paper."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from zoneinfo import ZoneInfo

import plutoprint
from PIL import Image

from services.documents.rendering import logos
from services.documents.rendering.codes import qr_code
from services.documents.rendering.jobs import (
    MAX_PAGES,
    MAX_RESULT_BYTES,
    Job,
    LogoJob,
    Outcome,
    PaperJob,
    framed,
)
from services.documents.rendering.paper import FONTS, Paper, in_one_file, style_hashes
from services.documents.rendering.shipped import shipped_template
from services.documents.rendering.templates import FORM_MODELS, names_of
from shared.bar_code import bar_code
from shared.formulas import SAMPLE, STATEMENT_SAMPLE, FormulaError, compile_template
from shared.formulas.objects import Subject
from shared.phones import read_all_phones
from shared.refusals import Refused

type Assets = Mapping[str, tuple[str, bytes]]
"""By name, a picture's media type and content."""


def warm_up() -> None:
    """Does once what jobs will do: all that it reads is read then, for no job can open a file."""
    read_all_phones()
    png, jpeg = io.BytesIO(), io.BytesIO()
    dot = Image.new("RGB", (1, 1))
    dot.save(png, "PNG")
    dot.save(jpeg, "JPEG")
    for picture in (png, jpeg):
        logos.as_png(picture.getvalue())
    for language in ("ru", "en"):
        for form in ("work_order", "warranty_card"):
            _made(
                PaperJob(
                    template=shipped_template(form, language),
                    language=language,
                    title=form,
                    viewer="client",
                    copy_of="client",
                    format="html",
                    order=None,
                    at=SAMPLE.created_at,
                    accent="#000000",
                    logo=b64encode(png.getvalue()),
                )
            )


def open_for(job: Job) -> None:
    """What this one job needs besides: the rules of the station's time zone."""
    if isinstance(job, PaperJob):
        ZoneInfo(_subject(job).station.time_zone)


def answer(job: Job) -> bytes:
    """Head and file, each with its length before it. Whatever happens is an answer too."""
    try:
        outcome, content = _made(job)
    except Refused as refusal:
        outcome, content = _no(refusal), b""
    except FormulaError as error:
        outcome, content = _no(error.refused("template")), b""
    except (MemoryError, RecursionError):
        outcome, content = _no(Refused("form_too_heavy")), b""
    except Exception as error:
        outcome, content = _no(Refused("render_failed", why=repr(error)[:500])), b""
    return framed(outcome.model_dump_json().encode()) + framed(content)


def _no(refusal: Refused) -> Outcome:
    return Outcome(code=refusal.code, params=refusal.params)


def _made(job: Job) -> tuple[Outcome, bytes]:
    if isinstance(job, LogoJob):
        return Outcome(), logos.as_png(job.image)
    subject = _subject(job)
    assets = _assets(job, subject.number)
    template = compile_template(job.template, model=FORM_MODELS[job.about], html=True)
    text = template.render(
        subject,
        viewer=job.viewer,
        at=job.at,
        language=job.language,
        extra=names_of(assets, job.copy_of),
    )
    paper = Paper(job.title, job.language, subject.number, text, job.accent)
    # Also for a preview: what cannot be printed is not shown as if it could.
    pdf, pages = _pdf(paper, assets)
    if job.format == "pdf":
        return Outcome(number=subject.number, pages=pages), _not_too_large(pdf)
    html = in_one_file(paper, assets)
    hashes = style_hashes(html)
    outcome = Outcome(number=subject.number, pages=pages, style_hashes=hashes)
    return outcome, _not_too_large(html.encode())


def _subject(job: PaperJob) -> Subject:
    if job.about == "statement":
        return job.statement or STATEMENT_SAMPLE
    return job.order or SAMPLE


def _assets(job: PaperJob, number: str) -> Assets:
    """Codes are of an order's number: only that is looked for by them."""
    assets: dict[str, tuple[str, bytes]] = {}
    if job.about == "order":
        assets["qr"] = ("image/svg+xml", qr_code(number))
        if bars := bar_code(number):
            assets["barcode"] = ("image/svg+xml", bars)
    if job.logo:
        assets["logo"] = ("image/png", job.logo)
    return assets


def _pdf(paper: Paper, assets: Assets) -> tuple[bytes, int]:
    """The file and its number of pages. Raises ``form_picture_refused``, ``form_too_heavy``."""
    fetcher = _Fetcher(assets)
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4, plutoprint.PAGE_MARGINS_NONE)
    book.custom_resource_fetcher = fetcher
    book.set_metadata(plutoprint.PDF_METADATA_CREATOR, "Pitlane")
    book.load_html(paper.html())
    pages = book.get_page_count()
    if pages > MAX_PAGES:
        raise Refused("form_too_heavy")
    file = io.BytesIO()
    book.write_to_pdf_stream(file)
    if fetcher.refused:
        raise Refused("form_picture_refused", url=fetcher.refused[0])
    return file.getvalue(), pages


class _Fetcher(plutoprint.ResourceFetcher):
    """Hands out our own fonts and pictures, and what a template carries in itself."""

    def __init__(self, assets: Assets) -> None:
        super().__init__()
        self._assets = assets
        self.refused: list[str] = []

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        if url.startswith("data:"):
            return plutoprint.default_resource_fetcher.fetch_url(url)
        scheme, _, name = url.partition(":")
        found = self._assets.get(name) or _fonts().get(name) if scheme == "form" else None
        if found is None:
            self.refused.append(url[:200])
            found = ("text/plain", b"")
        media_type, content = found
        return plutoprint.ResourceData(content, media_type)


@cache
def _fonts() -> Assets:
    return {name: ("font/ttf", path.read_bytes()) for name, (path, _) in FONTS.items()}


def _not_too_large(content: bytes) -> bytes:
    if len(content) > MAX_RESULT_BYTES:
        raise Refused("form_too_heavy")
    return content
