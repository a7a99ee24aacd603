"""Print forms, made of an order when somebody asks for them."""

from __future__ import annotations

from base64 import b64encode
from uuid import UUID

from services.documents.domain.forms import (
    FORMS,
    LANGUAGES,
    SHIPPED_LOOK,
    Form,
    Look,
    Version,
    form_named,
    revision_of,
)
from services.documents.handlers.table import handlers
from services.documents.rendering.jobs import PaperJob
from services.documents.rendering.renderers import Renderers
from services.documents.rendering.shipped import shipped_template
from services.documents.store import DocumentsStore
from shared.contracts.approvals import OrderOfLink
from shared.contracts.base import Page
from shared.contracts.clients import GetClient
from shared.contracts.forms import (
    FormCopy,
    FormDocument,
    FormFormat,
    FormTemplateState,
    FormView,
    Language,
    ListForms,
    PreviewForm,
    PrintByLink,
    PrintForm,
)
from shared.contracts.orders import ListStations
from shared.contracts.statements import ClientStatement, PrintStatement, StatementPaper
from shared.contracts.work_order import GetWorkOrder, Party, StationCard, WorkOrder
from shared.handlers import Work
from shared.refusals import Refused

renderers = Renderers()
"""Of this process: whatever is rendered takes its turn here."""

_MEDIA_TYPES: dict[FormFormat, str] = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
}


@handlers.question(ListForms)
async def list_forms(_: ListForms, store: DocumentsStore, __: Work) -> Page[FormView]:
    newest = {(each.form, each.language): each for each in await store.forms.newest_of_all()}
    return Page(
        items=tuple(
            FormView(
                code=form.code,
                name_ru=form.name_ru,
                name_en=form.name_en,
                about=form.about,
                copies=form.copies,
                templates=tuple(
                    _state(language, newest.get((form.code, language))) for language in LANGUAGES
                ),
            )
            for form in FORMS.values()
        )
    )


@handlers.question(PrintForm)
async def print_form(question: PrintForm, store: DocumentsStore, work: Work) -> FormDocument:
    form = form_named(question.form, "order")
    current = await store.forms.current(form.code, question.language)
    template = template_text(form, question.language, current)
    return await _document(form, question, template, question.order_id, store, work)


@handlers.question(PrintByLink)
async def print_by_link(question: PrintByLink, store: DocumentsStore, work: Work) -> FormDocument:
    """Orders knows whose link it is; a bill is nobody's before the order is done."""
    linked = await work.ask(OrderOfLink(token=question.token))
    if linked.status != "done":
        raise Refused("form_not_found", form=question.form)
    asked = PrintForm(order_id=linked.order_id, form=question.form, language=question.language)
    return await print_form(asked, store, work)


@handlers.question(PrintStatement)
async def print_statement(
    question: PrintStatement, store: DocumentsStore, work: Work
) -> FormDocument:
    form = form_named("statement")
    current = await store.forms.current(form.code, question.language)
    template = template_text(form, question.language, current)
    look = await store.forms.look()
    await store.release()
    job = _job(form, question.language, "client", template, look, work)
    statement = await _statement(question, work)
    return await _made(
        form, job.model_copy(update={"statement": statement, "format": question.format})
    )


@handlers.question(PreviewForm)
async def preview_form(question: PreviewForm, store: DocumentsStore, work: Work) -> FormDocument:
    form = form_named(question.form, "order" if question.order_id else None)
    return await _document(form, question, question.template, question.order_id, store, work)


async def check_prints(form: Form, language: Language, template: str, work: Work) -> None:
    """Refused unless the sample order can be printed with it, in every copy."""
    for copy_of in form.copies:
        await renderers.made(_job(form, language, copy_of, template, SHIPPED_LOOK, work))


def template_text(form: Form, language: Language, version: Version | None) -> str:
    """What stands in a version; the shipped file, where nobody's text holds."""
    if version is None or version.template is None:
        return shipped_template(form.code, language)
    return version.template


async def _document(
    form: Form,
    question: PrintForm | PreviewForm,
    template: str,
    order_id: UUID | None,
    store: DocumentsStore,
    work: Work,
) -> FormDocument:
    form.viewer(question.copy_of)  # what cannot be shown need not be asked for
    look = await store.forms.look()
    # The rest takes a while, and others need the connection meanwhile.
    await store.release()
    order: WorkOrder | None = None
    if order_id:
        order = await work.ask(GetWorkOrder(order_id=order_id))
    job = _job(form, question.language, question.copy_of, template, look, work)
    return await _made(form, job.model_copy(update={"order": order, "format": question.format}))


async def _statement(question: PrintStatement, work: Work) -> StatementPaper:
    """Finance has the money, clients and orders the names of the two parties."""
    statement = await work.ask(
        ClientStatement(client_id=question.client_id, period=question.period)
    )
    client = await work.ask(GetClient(client_id=question.client_id))
    stations = await work.ask(ListStations())
    (station,) = (each for each in stations.items if each.id == work.settings.station_id)
    return StatementPaper(
        station=StationCard.model_validate(station, from_attributes=True),
        client=Party.model_validate(client, from_attributes=True),
        statement=statement,
    )


async def _made(form: Form, job: PaperJob) -> FormDocument:
    outcome, content = await renderers.made(job)
    name = form.file_name(job.language, outcome.number)
    return FormDocument(
        file_name=f"{name}.{job.format}",
        media_type=_MEDIA_TYPES[job.format],
        pages=outcome.pages,
        style_hashes=outcome.style_hashes,
        content=b64encode(content),
    )


def _job(
    form: Form,
    language: Language,
    copy_of: FormCopy,
    template: str,
    look: Look,
    work: Work,
) -> PaperJob:
    """The paper of the sample, as PDF."""
    return PaperJob(
        template=template,
        language=language,
        title=form.name(language),
        viewer=form.viewer(copy_of),
        copy_of=copy_of,
        format="pdf",
        about=form.about,
        at=work.now,
        accent=look.accent,
        logo=b64encode(look.logo) if look.logo else None,
    )


def _state(language: Language, version: Version | None) -> FormTemplateState:
    return FormTemplateState(
        language=language,
        revision=revision_of(version),
        is_shipped=version is None or version.template is None,
        author=version and version.author,
        at=version and version.at,
    )
