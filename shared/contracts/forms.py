"""Print forms: papers that an order is printed as, and their templates. Owned by
``services/documents``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Base64Bytes, Field, StringConstraints

from shared.contracts.approvals import EstimateToken
from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Name,
    Page,
    Question,
    Revision,
    View,
)

FormCode = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_-]+$")]
"""``work_order``, ``acceptance_act``, ``estimate``, ``completion_act``, ``invoice``,
``goods_receipt``, ``warranty_card``; of a client: ``statement``."""
Language = Literal["ru", "en"]
FormCopy = Literal["client", "internal"]
FormFormat = Literal["pdf", "html"]
FormAbout = Literal["order", "statement"]
"""What a paper is made of."""
Template = Annotated[
    str, StringConstraints(min_length=1, max_length=100_000, pattern=r"^[^\x00]*$")
]
"""Liquid and HTML: what stands in the paper's body."""
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
MAX_LOGO_BYTES = 700_000


class FormTemplateState(View):
    """Which template a form has in one language."""

    language: Language
    revision: Revision
    is_shipped: bool
    """Nobody has edited it, or it was restored: it follows the file of each release."""
    author: str | None = None
    at: Instant | None = None


class FormView(View):
    """A kind of paper."""

    code: str
    name_ru: str
    name_en: str
    about: FormAbout = "order"
    """An order, or a client's statement; each has names of its own."""
    copies: tuple[FormCopy, ...]
    """Whose copies there are. The client's never shows materials, cost or margin."""
    templates: tuple[FormTemplateState, ...]


class FormTemplateView(View):
    """One version of a template. Version 1 is the shipped file."""

    form: str
    language: Language
    revision: Revision
    is_shipped: bool
    template: str
    restored: Revision | None = None
    """The version that this one brought back."""
    note: str | None = None
    author: str | None = None
    at: Instant | None = None


class FormVersionView(View):
    """A version in the list of all; its text is had by its revision."""

    revision: Revision
    is_shipped: bool
    restored: Revision | None = None
    note: str | None = None
    author: str | None = None
    at: Instant | None = None


class FormLookView(View):
    """What all forms of the station have in common."""

    revision: Revision
    accent: Colour
    """Of headings and rules."""
    logo: Base64Bytes | None
    """PNG, in base64."""
    author: str | None = None
    at: Instant | None = None


class FormDocument(View):
    """A paper, ready to be shown or printed."""

    file_name: str
    """With its ending: ``Заказ-наряд A-000123.pdf``."""
    media_type: str
    pages: int
    style_hashes: tuple[str, ...] = ()
    """Of an HTML paper's own styles, as a content security policy names them."""
    content: Base64Bytes


# --- printing -----------------------------------------------------------------------------------


class ListForms(Question[Page[FormView]]):
    subject: ClassVar[str] = "ask.documents.forms.v1"


class PrintForm(Question[FormDocument]):
    """An order as a paper.

    The client's copy is made through the client's eyes: whatever the template says, it shows no
    material, cost or margin. The internal copy of a work order names materials, and no cost.
    Refused: ``form_not_found``, ``order_not_found``, ``form_without_internal_copy``,
    ``formula_invalid`` (this order cannot be computed), ``form_picture_refused``,
    ``form_too_heavy``, ``render_failed``, ``busy``.
    """

    subject: ClassVar[str] = "ask.documents.form.v1"

    order_id: UUID
    form: FormCode
    language: Language = "ru"
    copy_of: FormCopy = "client"
    format: FormFormat = "pdf"


ClientForm = Literal["completion_act", "invoice", "warranty_card"]
"""What a client may take home by the link of a done order."""


class PrintByLink(Question[FormDocument]):
    """The client's copy of a done order's paper, as PDF, for whoever has its link (role
    ``client``). Refused: ``estimate_link_invalid``, ``form_not_found`` (the order is not done), and
    as ``PrintForm``."""

    subject: ClassVar[str] = "ask.documents.form_by_link.v1"

    token: EstimateToken = Field(repr=False)
    form: ClientForm
    language: Language = "ru"


class PreviewForm(Question[FormDocument]):
    """A draft of a template as a paper; nothing is saved. For the sample order, or for one.

    Refused as ``PrintForm``; ``formula_invalid`` tells the line, the column and the nearest name.
    """

    subject: ClassVar[str] = "ask.documents.form_preview.v1"

    form: FormCode
    template: Template
    language: Language = "ru"
    order_id: UUID | None = None
    copy_of: FormCopy = "client"
    format: FormFormat = "html"


# --- templates ----------------------------------------------------------------------------------


class GetFormTemplate(Question[FormTemplateView]):
    """The current template, or an older version of it. Refused: ``form_not_found``,
    ``form_version_not_found``."""

    subject: ClassVar[str] = "ask.documents.form_template.v1"

    form: FormCode
    language: Language = "ru"
    revision: Revision | None = None


class ListFormVersions(Question[Page[FormVersionView]]):
    """All versions of a template, newest first; the last is the shipped one. Refused:
    ``form_not_found``."""

    subject: ClassVar[str] = "ask.documents.form_versions.v1"

    form: FormCode
    language: Language = "ru"
    limit: Limit = 50
    cursor: Cursor | None = None


class SaveFormTemplate(Command[FormTemplateView]):
    """Adds a version. It is saved only if the sample order prints with it, in every copy.

    Refused: ``form_not_found``, ``revision_conflict``, ``formula_invalid`` (line, column, nearest
    name), ``form_picture_refused``, ``form_too_heavy``, ``render_failed``, ``busy``.
    """

    subject: ClassVar[str] = "cmd.documents.save_form_template.v1"

    form: FormCode
    language: Language = "ru"
    template: Template
    note: Name | None = None
    """What was changed, for those who look through the versions."""
    expected_revision: Revision | None = None


class RestoreFormTemplate(Command[FormTemplateView]):
    """Brings an older version back, as a new one; 1 is the shipped file, which the form then
    follows again. Refused: ``form_not_found``, ``form_version_not_found``,
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.documents.restore_form_template.v1"

    form: FormCode
    language: Language = "ru"
    revision: Revision
    expected_revision: Revision | None = None


class FormTemplateSaved(Event):
    """A form has another template now. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.form_template_saved.v1"

    version_id: UUID
    form: str
    language: Language
    revision: Revision
    restored: Revision | None = None
    """The version that was brought back; 1: the shipped file."""
    note: str | None = None
    template_sha256: str
    """Of the text in UTF-8: the version itself can be compared with what was agreed on."""

    def aggregate_id(self) -> UUID:
        return self.version_id


# --- looks --------------------------------------------------------------------------------------


class GetFormLook(Question[FormLookView]):
    """Logo and colour."""

    subject: ClassVar[str] = "ask.documents.form_look.v1"


class ChangeFormLook(Command[FormLookView]):
    """Fields that are not named stay; a null takes the logo away, or brings the usual colour back.

    A logo is PNG or JPEG of at most 700 KB and 16 megapixels; it is made anew, without whatever
    else the file carries. Refused: ``logo_invalid``, ``revision_conflict``, ``busy``.
    """

    subject: ClassVar[str] = "cmd.documents.change_form_look.v1"

    accent: Colour | None = None
    logo: Base64Bytes | None = Field(default=None, max_length=MAX_LOGO_BYTES)
    expected_revision: Revision | None = None


class FormLookChanged(Event):
    """All forms look otherwise now. Producer: documents. Consumer: audit."""

    subject: ClassVar[str] = "evt.documents.form_look_changed.v1"

    look_id: UUID
    revision: Revision
    accent: str
    logo_sha256: str | None
    """Of the PNG that is kept."""

    def aggregate_id(self) -> UUID:
        return self.look_id
