"""Templates: every edit is a version, an older one comes back, and nobody overwrites another."""

from __future__ import annotations

import asyncio
import base64
from io import BytesIO

import asyncpg
import pytest
from PIL import Image

from services.documents.rendering.shipped import shipped_template
from shared.contracts.forms import (
    ChangeFormLook,
    FormTemplateSaved,
    GetFormLook,
    ListForms,
    ListFormVersions,
    RestoreFormTemplate,
    SaveFormTemplate,
)
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.documents.forms.builders import an_order, text_of
from tests.documents.forms.conftest import AtWork
from tests.finance.at_work import published

DRAFT = "<h1>Наш счёт {{ Number }}</h1>"
OTHER = "<h1>Другой счёт {{ Number }}</h1>"


async def restored(at_work: AtWork, revision: int, expected: int | None = None) -> int:
    command = RestoreFormTemplate(form="invoice", revision=revision, expected_revision=expected)
    return (await at_work.station.send(command)).revision


async def test_versions_are_added_restored_and_never_lost(at_work: AtWork) -> None:
    shipped = shipped_template("invoice", "ru")
    assert await at_work.template() == shipped
    assert await at_work.saved(DRAFT, expected_revision=1, note="Наш") == 2
    assert await at_work.saved(OTHER, expected_revision=2) == 3
    assert "Другой счёт" in text_of(await at_work.printed(an_order(), "invoice"))
    assert await at_work.template(language="en") == shipped_template("invoice", "en")
    assert await restored(at_work, 2) == 4
    assert await at_work.template() == DRAFT
    assert await restored(at_work, 1) == 5
    assert await at_work.template() == shipped
    assert await at_work.template(revision=3) == OTHER

    first = await at_work.station.ask(ListFormVersions(form="invoice", limit=3))
    rest = await at_work.station.ask(ListFormVersions(form="invoice", limit=3, cursor=first.next))
    listed = [*first.items, *rest.items]
    assert rest.next is None
    assert [(each.revision, each.restored, each.is_shipped) for each in listed] == [
        (5, 1, True),
        (4, 2, False),
        (3, None, False),
        (2, None, False),
        (1, None, True),
    ]
    assert listed[3].note == "Наш"
    assert listed[3].author == "admin"
    told = await published(at_work.station.running["documents"], FormTemplateSaved)
    assert [(event.revision, event.restored) for event in told] == [
        (2, None),
        (3, None),
        (4, 2),
        (5, 1),
    ]
    (invoice,) = [
        each for each in (await at_work.station.ask(ListForms())).items if each.code == "invoice"
    ]
    assert [(each.language, each.revision, each.is_shipped) for each in invoice.templates] == [
        ("ru", 5, True),
        ("en", 1, True),
    ]


async def test_saving_a_template_as_it_is_adds_nothing(at_work: AtWork) -> None:
    assert await at_work.saved(shipped_template("invoice", "ru")) == 1
    assert await at_work.saved(DRAFT) == 2
    assert await at_work.saved(DRAFT) == 2


async def test_of_two_who_edit_the_same_version_one_is_told(at_work: AtWork) -> None:
    ends = await asyncio.gather(
        at_work.saved(DRAFT, expected_revision=1),
        at_work.saved(OTHER, expected_revision=1),
        return_exceptions=True,
    )
    assert sorted(str(type(end).__name__) for end in ends) == ["Refused", "int"]
    (refusal,) = [end for end in ends if isinstance(end, Refused)]
    assert refusal.code == "revision_conflict"
    with pytest.raises(Refused, match="revision_conflict"):
        await restored(at_work, 1, expected=7)


async def test_a_template_that_does_not_evaluate_is_refused_with_its_place(
    at_work: AtWork,
) -> None:
    with pytest.raises(Refused) as refusal:
        await at_work.saved("<p>\n  {{ Custommer.Name }}</p>")
    assert refusal.value.code == "formula_invalid"
    said = refusal.value.params
    assert (said["line"], said["name"], said["nearest"]) == ("2", "Custommer", "Customer")
    assert await at_work.template() == shipped_template("invoice", "ru")
    with pytest.raises(Refused, match="form_version_not_found"):
        await restored(at_work, 9)


async def test_a_draft_is_shown_for_an_order_and_not_saved(at_work: AtWork) -> None:
    order = at_work.has(an_order(number="A-000777"))
    shown = await at_work.previewed(DRAFT, order_id=order.id)
    assert "Наш счёт A-000777" in text_of(shown)
    assert await at_work.template() == shipped_template("invoice", "ru")


async def test_who_may_only_print_edits_nothing(at_work: AtWork) -> None:
    for role in ("advisor", "technician", "storekeeper", "cashier"):
        with pytest.raises(Refused, match="forbidden"):
            await at_work.station.send(
                SaveFormTemplate(form="invoice", template=DRAFT), actor=Actor("x", role)
            )


async def test_what_was_saved_cannot_be_changed(at_work: AtWork) -> None:
    await at_work.saved(DRAFT)
    connection = await asyncpg.connect(at_work.station.database_urls["documents"])
    for table in ("form_versions", "form_looks"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"DELETE FROM {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"UPDATE {table} SET revision = 9")
    await connection.close()


async def test_a_logo_is_made_anew_and_shown_on_every_form(at_work: AtWork) -> None:
    photo = BytesIO()
    Image.new("RGB", (1600, 800), "red").save(photo, "JPEG", comment=b"secret place")
    command = ChangeFormLook.model_validate(
        {"logo": base64.b64encode(photo.getvalue()), "accent": "#7a1f2b", "expected_revision": 1}
    )
    look = await at_work.station.send(command)
    assert look.revision == 2
    assert look.logo
    with Image.open(BytesIO(look.logo)) as kept:
        assert (kept.format, kept.size) == ("PNG", (1200, 600))
    assert b"secret" not in look.logo
    html = (await at_work.printed(an_order(), "invoice", format="html")).content.decode()
    assert "--accent:#7a1f2b" in html
    assert base64.b64encode(look.logo).decode() in html

    for wrong in (b"GIF89a" + b"x" * 100, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"x"):
        bad = {"logo": base64.b64encode(wrong)}
        with pytest.raises(Refused, match="logo_invalid"):
            await at_work.station.send(ChangeFormLook.model_validate(bad))
    bomb = BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    with pytest.raises(Refused, match="logo_invalid"):
        await at_work.station.send(
            ChangeFormLook.model_validate({"logo": base64.b64encode(bomb.getvalue())})
        )
    gone = await at_work.station.send(ChangeFormLook(logo=None))
    assert (gone.revision, gone.logo, gone.accent) == (3, None, "#7a1f2b")
    assert (await at_work.station.ask(GetFormLook())) == gone
