"""Templates: saved only if they work, tried on an order, blind for what clients may not see."""

from __future__ import annotations

import time
from typing import Any

import pytest

from services.documents.domain import message_templates as texts
from services.documents.domain.shipped_messages import SHIPPED
from shared.contracts.messages import (
    ChangeMessageTemplate,
    CreateMessageTemplate,
    Delay,
    MessagePreview,
    MessageTemplateFields,
    MessageText,
    PreviewMessage,
)
from shared.formulas import SAMPLE, SAMPLE_TIME
from shared.refusals import Refused
from tests.documents.messages_at_work import AtWork


def fields(**named: Any) -> MessageTemplateFields:
    usual: dict[str, Any] = {
        "name": "x",
        "fact": "order_ready",
        "channel": "sms",
        "ru": MessageText(text="{{ Number }}"),
    }
    return MessageTemplateFields(**{**usual, **named})


# --- what is saved -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"ru": None}, "message_text_missing"),
        ({"channel": "email"}, "subject_missing"),
        ({"ru": MessageText(subject="x", text="x")}, "subject_of_sms"),
        ({"urgent": True, "kind": "marketing"}, "urgent_marketing"),
        ({"fact": "next_visit"}, "delay_missing"),
        ({"fact": "work_declined"}, "delay_missing"),
        ({"fact": "by_hand", "delay": Delay(days=1)}, "delay_of_by_hand"),
        ({"ru": MessageText(text="{{ Nummer }}")}, "formula_invalid"),
        ({"ru": MessageText(text="{{ Number")}, "formula_invalid"),
        ({"en": MessageText(text="{% for x in Services %}")}, "formula_invalid"),
        ({"condition": "TotalMoney >"}, "formula_invalid"),
        ({"condition": "Number"}, "formula_invalid"),
    ],
)
def test_template_that_would_not_work_is_not_saved(named: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        texts.checked(fields(**named))
    assert refused.value.code == code


@pytest.mark.parametrize("code", SHIPPED)
def test_shipped_template_works_in_both_languages_with_and_without_a_car(code: str) -> None:
    template = SHIPPED[code]
    texts.checked(template)
    assert template.ru
    assert template.en
    assert not template.active
    bare = SAMPLE.model_copy(update={"vehicle": None, "services": (), "driver": None})
    for order in (SAMPLE, bare):
        russian = texts.rendered(template.ru, "ru", order, SAMPLE_TIME, None).text
        english = texts.rendered(template.en, "en", order, SAMPLE_TIME, None).text
        assert russian
        assert english
        assert "{" not in russian + english
        assert " ." not in russian
        assert " ," not in russian


@pytest.mark.parametrize(
    "text",
    [
        "{% for line in Materials %}{{ line.Product.Name }}{% endfor %}",
        "{{ CostTotal }}",
        "{{ Margin }}",
        "{{ MaterialsTotal }}",
        "{% for line in Products %}{{ line.Cost }}{% endfor %}",
    ],
)
def test_cost_and_materials_are_in_no_text_whatever_it_asks_for(text: str) -> None:
    assert texts.rendered(MessageText(text=text), "ru", SAMPLE, SAMPLE_TIME, None).text == ""


@pytest.mark.parametrize(
    "text",
    [
        "{% for a in (1..1000000) %}x{% endfor %}",
        "{% for a in (1..999) %}{% for b in (1..999) %}x{% endfor %}{% endfor %}",
        "{% assign s = 'xxxxxxxxxx' %}" + "{% assign s = s | append: s %}" * 40 + "{{ s }}",
        "{{ Number.__class__ }}",
        "{{ Services.__class__.__mro__ }}",
        "{% include 'passwd' %}",
        "{% render '/etc/passwd' %}",
        "{% if true %}" * 150 + "x" + "{% endif %}" * 150,
    ],
)
def test_hostile_template_is_refused_and_quickly(text: str) -> None:
    began = time.process_time()
    with pytest.raises(Refused, match="formula_invalid"):
        texts.checked(fields(ru=MessageText(text=text)))
    assert time.process_time() - began < 2


def test_condition_of_a_message_does_not_see_cost_either() -> None:
    assert not texts.fits("CostTotal > 0", SAMPLE, SAMPLE_TIME)
    assert texts.fits("TotalMoney > 0", SAMPLE, SAMPLE_TIME)
    assert texts.fits(None, SAMPLE, SAMPLE_TIME)


def test_subject_is_one_line_whatever_the_order_holds() -> None:
    order = SAMPLE.model_copy(update={"customer_reason": "a\r\nBcc: all@example.com"})
    text = MessageText(subject="{{ CustomerReason }}", text="x")
    written = texts.rendered(text, "ru", order, SAMPLE_TIME, None)
    assert written.email_subject == "a Bcc: all@example.com"


# --- over the broker ---------------------------------------------------------------------------


async def test_station_begins_with_the_shipped_templates_and_keeps_its_edits(
    at_work: AtWork,
) -> None:
    shipped = await at_work.templates()
    assert {template.name for template in shipped} == {each.name for each in SHIPPED.values()}
    ready = next(each for each in shipped if each.fact == "order_ready")
    changed = await at_work.station.send(
        ChangeMessageTemplate(template_id=ready.id, active=True, expected_revision=1)
    )
    assert (changed.active, changed.revision) == (True, 2)
    await at_work.station.stop("documents")
    await at_work.station.start("documents")
    assert [each for each in await at_work.templates() if each.id == ready.id] == [changed]
    assert len(await at_work.templates()) == len(SHIPPED)


async def test_edit_is_checked_as_a_whole_and_leaves_the_rest(at_work: AtWork) -> None:
    template = await at_work.a_template()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"channel": "email"}, "subject_missing"),
        ({"ru": None, "en": None}, "message_text_missing"),
        ({"name": None}, "field_required"),
        ({"ru": MessageText(text="{{ Nummer }}")}, "formula_invalid"),
        ({"expected_revision": 7, "active": False}, "revision_conflict"),
    ]
    for named, code in wrong:
        with pytest.raises(Refused, match=code):
            await at_work.station.send(ChangeMessageTemplate(template_id=template.id, **named))
    changed = await at_work.station.send(
        ChangeMessageTemplate(template_id=template.id, en=None, condition="TotalMoney > 1")
    )
    assert (changed.ru, changed.en) == (template.ru, None)
    same = await at_work.station.send(
        ChangeMessageTemplate(template_id=template.id, condition="TotalMoney > 1")
    )
    assert same == changed


async def test_name_is_taken_once(at_work: AtWork) -> None:
    template = await at_work.a_template()
    with pytest.raises(Refused, match="name_taken"):
        await at_work.a_template(name=template.name, fact="by_hand")
    # The refusal has left nothing half done.
    assert len([each for each in await at_work.templates() if not each.shipped]) == 1


async def test_templates_are_listed_page_by_page(at_work: AtWork) -> None:
    from shared.contracts.messages import ListMessageTemplates

    names, cursor = [], None
    while True:
        page = await at_work.station.ask(ListMessageTemplates(limit=2, cursor=cursor))
        names += [template.name for template in page.items]
        if (cursor := page.next) is None:
            break
    assert sorted(names) == sorted(each.name for each in SHIPPED.values())


async def test_preview_shows_text_and_pieces_on_the_sample_or_an_order(at_work: AtWork) -> None:
    template = await at_work.a_template(condition="TotalMoney > 1000000")
    shown = await at_work.station.ask(PreviewMessage(template_id=template.id, language="en"))
    assert shown == MessagePreview(
        language="en",
        email_subject=None,
        text=f"{SAMPLE.number} is ready",
        characters=len(f"{SAMPLE.number} is ready"),
        # А of the order's prefix is Cyrillic.
        encoding="ucs2",
        segments=1,
        condition=False,
        quiet_hours="21:00-09:00",
    )
    order = at_work.an_order_of(await at_work.a_client(), number="B-7")
    draft = PreviewMessage(
        template_id=template.id,
        order_id=order.id,
        language="en",
        text="{{ Number }} {{ Link }}",
        condition="TotalMoney > 1",
    )
    shown = await at_work.station.ask(draft)
    assert (shown.text, shown.encoding, shown.condition) == ("B-7", "gsm7", True)


async def test_draft_that_does_not_work_tells_where(at_work: AtWork) -> None:
    with pytest.raises(Refused) as refused:
        await at_work.station.ask(PreviewMessage(text="{{ Nomber }}"))
    assert refused.value.code == "formula_invalid"
    assert "Number" in refused.value.words("en")
    with pytest.raises(Refused, match="message_text_missing"):
        await at_work.station.ask(PreviewMessage())


async def test_template_is_told_to_the_audit_with_old_and_new(at_work: AtWork) -> None:
    with pytest.raises(Refused, match="formula_invalid"):
        await at_work.station.send(
            CreateMessageTemplate(
                name="x", fact="by_hand", channel="sms", ru=MessageText(text="{{ 1 | }}")
            )
        )
    template = await at_work.a_template()
    _, changes = texts.changed(
        template,
        ChangeMessageTemplate(template_id=template.id, active=False),
        template.updated_at,
    )
    assert [(change.field, change.old, change.new) for change in changes] == [
        ("active", True, False)
    ]
