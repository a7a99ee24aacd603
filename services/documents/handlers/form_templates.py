"""Templates of print forms: each edit adds a version, and an older one can be brought back."""

from __future__ import annotations

from hashlib import sha256

from services.documents.domain.forms import (
    SHIPPED_REVISION,
    Form,
    Stamp,
    Version,
    edited,
    form_named,
    restored,
    revision_of,
)
from services.documents.handlers.forms import check_prints, template_text
from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from shared.contracts.base import Page
from shared.contracts.forms import (
    FormTemplateSaved,
    FormTemplateView,
    FormVersionView,
    GetFormTemplate,
    Language,
    ListFormVersions,
    RestoreFormTemplate,
    SaveFormTemplate,
)
from shared.handlers import Work
from shared.pagination import keys_of, page_of
from shared.refusals import Refused


@handlers.question(GetFormTemplate)
async def form_template(
    question: GetFormTemplate, store: DocumentsStore, _: Work
) -> FormTemplateView:
    form = form_named(question.form)
    if question.revision is None:
        found = await store.forms.current(form.code, question.language)
    else:
        found = await _version(store, form, question.language, question.revision)
    return _view(form, question.language, found)


@handlers.question(ListFormVersions)
async def form_versions(
    question: ListFormVersions, store: DocumentsStore, _: Work
) -> Page[FormVersionView]:
    form = form_named(question.form)
    below = keys_of(question.cursor, tuple[int])[0] if question.cursor else None
    found: list[Version | None] = [
        *await store.forms.versions(form.code, question.language, below, question.limit + 1)
    ]
    if len(found) <= question.limit and (below is None or below > SHIPPED_REVISION):
        found.append(None)  # the first one of all is a file
    return page_of(found, question.limit, _listed, lambda version: (revision_of(version),))


async def _prints(command: SaveFormTemplate, store: DocumentsStore, work: Work) -> SaveFormTemplate:
    await store.release()
    await check_prints(form_named(command.form), command.language, command.template, work)
    return command


@handlers.command(SaveFormTemplate, before=_prints)
async def save_form_template(
    command: SaveFormTemplate, store: DocumentsStore, work: Work
) -> FormTemplateView:
    form = form_named(command.form)
    current = await store.forms.current(form.code, command.language)
    stamp = _stamp(command, work)
    if command.template == template_text(form, command.language, current):
        # Saved as it is: nothing is edited, and an unedited form goes on following its file.
        stamp.check(revision_of(current))
        return _view(form, command.language, current)
    version = edited(
        current, work.new_id(), form, command.language, command.template, command.note, stamp
    )
    return await _added(version, form, store, work)


async def _still_prints(
    command: RestoreFormTemplate, store: DocumentsStore, work: Work
) -> RestoreFormTemplate:
    """An older release may have saved what this one can no longer print."""
    form = form_named(command.form)
    older = await _version(store, form, command.language, command.revision)
    await store.release()
    template = template_text(form, command.language, older)
    await check_prints(form, command.language, template, work)
    return command


@handlers.command(RestoreFormTemplate, before=_still_prints)
async def restore_form_template(
    command: RestoreFormTemplate, store: DocumentsStore, work: Work
) -> FormTemplateView:
    form = form_named(command.form)
    current = await store.forms.current(form.code, command.language)
    older = await _version(store, form, command.language, command.revision)
    version = restored(current, work.new_id(), form, command.language, older, _stamp(command, work))
    return await _added(version, form, store, work)


async def _added(
    version: Version, form: Form, store: DocumentsStore, work: Work
) -> FormTemplateView:
    await store.forms.add(version)
    view = _view(form, version.language, version)
    work.publish(
        FormTemplateSaved(
            version_id=version.id,
            form=form.code,
            language=version.language,
            revision=version.revision,
            restored=version.restored,
            note=version.note,
            template_sha256=sha256(view.template.encode()).hexdigest(),
        )
    )
    return view


async def _version(
    store: DocumentsStore, form: Form, language: Language, revision: int
) -> Version | None:
    """``None``: the shipped one. Raises ``form_version_not_found``."""
    if revision == SHIPPED_REVISION:
        return None
    version = await store.forms.version(form.code, language, revision)
    if version is None:
        raise Refused("form_version_not_found", form=form.code, revision=revision)
    return version


def _stamp(command: SaveFormTemplate | RestoreFormTemplate, work: Work) -> Stamp:
    return Stamp(work.actor.login, work.now, command.expected_revision)


def _view(form: Form, language: Language, version: Version | None) -> FormTemplateView:
    return FormTemplateView(
        form=form.code,
        language=language,
        template=template_text(form, language, version),
        **_listed(version).model_dump(),
    )


def _listed(version: Version | None) -> FormVersionView:
    if version is None:
        return FormVersionView(revision=SHIPPED_REVISION, is_shipped=True)
    return FormVersionView(
        revision=version.revision,
        is_shipped=version.template is None,
        restored=version.restored,
        note=version.note,
        author=version.author,
        at=version.at,
    )
