"""The station's logo and colour, on every form."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from services.documents.domain.forms import Look, Stamp, changed_look
from services.documents.handlers.forms import renderers
from services.documents.handlers.table import handlers
from services.documents.rendering.jobs import LogoJob
from services.documents.store import DocumentsStore
from shared.contracts.forms import ChangeFormLook, FormLookChanged, FormLookView, GetFormLook
from shared.handlers import Work


@handlers.question(GetFormLook)
async def form_look(_: GetFormLook, store: DocumentsStore, __: Work) -> FormLookView:
    return _view(await store.forms.look())


async def _redrawn(command: ChangeFormLook, store: DocumentsStore, __: Work) -> ChangeFormLook:
    """With a picture of our own instead of what was uploaded."""
    if command.logo is None:
        return command
    await store.release()
    _, png = await renderers.made(LogoJob(image=b64encode(command.logo)))
    return command.model_copy(update={"logo": png})


@handlers.command(ChangeFormLook, before=_redrawn)
async def change_form_look(
    command: ChangeFormLook, store: DocumentsStore, work: Work
) -> FormLookView:
    current = await store.forms.look()
    named = command.model_fields_set
    look = changed_look(
        current,
        command.accent if "accent" in named else current.accent,
        command.logo if "logo" in named else current.logo,
        Stamp(work.actor.login, work.now, command.expected_revision),
    )
    await store.forms.add_look(look)
    work.publish(
        FormLookChanged(
            look_id=work.new_id(),
            revision=look.revision,
            accent=look.accent,
            logo_sha256=sha256(look.logo).hexdigest() if look.logo else None,
        )
    )
    return _view(look)


def _view(look: Look) -> FormLookView:
    return FormLookView(
        revision=look.revision,
        accent=look.accent,
        logo=b64encode(look.logo) if look.logo else None,
        author=look.author,
        at=look.at,
    )
