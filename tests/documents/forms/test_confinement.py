"""Hostile templates: refused, one by one, while the service goes on serving."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from services.documents.handlers.forms import renderers
from shared.contracts.forms import ListForms
from shared.refusals import Refused
from tests.documents.forms.builders import an_order, text_of
from tests.documents.forms.conftest import AtWork

_LOOPS = "{% for a in (1..1000) %}{% for b in (1..1000) %}x{% endfor %}{% endfor %}"
_SVG = "<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"
HOSTILE = {
    "endless loops": (_LOOPS, "formula_invalid"),
    "a huge output": (
        "{% for a in (1..999) %}" + "x" * 5000 + "{% endfor %}",
        "formula_invalid",
    ),
    "deep nesting": ("<div>" * 19_000 + "x", "form_too_heavy"),
    "tables in tables": ("<table><tr><td>" * 500 + "x", "form_too_heavy"),
    "an endless page": ("<div style='height:1000000000px'>x</div>", "form_too_heavy"),
    "a giant table": (
        "{% for a in (1..900) %}" + "<table><tr><td>" * 20 + "{% endfor %}",
        "form_too_heavy",
    ),
    "nested calculations": (
        "<style>div{width:calc(" + "(" * 40_000 + "1px" + ")" * 40_000 + ")}</style><div>x</div>",
        "form_too_heavy",
    ),
    "a file": ("<img src='file:///etc/passwd'>", "form_picture_refused"),
    "a picture from elsewhere": (
        "<img src='http://127.0.0.1:4222/x.png'>",
        "form_picture_refused",
    ),
    "a style sheet from elsewhere": (
        "<style>@import url('http://example.com/x.css');</style>",
        "form_picture_refused",
    ),
    "a linked file": ("<link rel=stylesheet href='file:///etc/passwd'>", "form_picture_refused"),
    "a font from elsewhere": (
        "<style>@font-face{font-family:x;src:url(file:///etc/passwd)}p{font-family:x}</style><p>x",
        "form_picture_refused",
    ),
    "a background": (
        "<p style='background-image:url(file:///etc/passwd)'>x</p>",
        "form_picture_refused",
    ),
    "a file within a picture": (_SVG, "form_picture_refused"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_template_is_refused_and_harms_nobody(at_work: AtWork, what: str) -> None:
    template, code = HOSTILE[what]
    with pytest.raises(Refused) as refusal:
        await at_work.saved(template)
    assert refusal.value.code == code
    assert (await at_work.printed(an_order(), "invoice")).pages == 1


async def test_others_are_answered_while_a_form_renders_and_renders(at_work: AtWork) -> None:
    slow = asyncio.gather(
        *(at_work.previewed("<table><tr><td>" * 500) for _ in range(12)), return_exceptions=True
    )
    await asyncio.sleep(0.5)
    assert len((await at_work.station.ask(ListForms())).items) == 8
    assert not slow.done()
    codes = {end.code for end in await slow if isinstance(end, Refused)}
    assert codes == {"form_too_heavy", "busy"}
    assert (await at_work.printed(an_order(), "invoice")).pages == 1


async def test_the_zygote_is_born_again(at_work: AtWork) -> None:
    await at_work.printed(an_order(), "invoice")
    first = renderers.zygote_pid
    assert first
    os.kill(first, signal.SIGKILL)
    assert (await at_work.printed(an_order(), "invoice")).pages == 1
    assert renderers.zygote_pid not in (None, first)


async def test_pictures_within_the_template_are_shown(at_work: AtWork) -> None:
    dot = "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    document = await at_work.previewed(f'<img src="{dot}"><p>Точка {{{{ Number }}}}</p>')
    assert "Точка" in text_of(document)
