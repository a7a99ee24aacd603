"""Bonus rules: when a paid order earns its client something, and how much; tried out before they
count."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.bonus_rules import (
    ChangeBonusRule,
    CreateBonusRule,
    GetBonusRule,
    GetBonusSettings,
    ListBonusRules,
    TryBonusRule,
)
from shared.contracts.formulas import TryFormula
from shared.refusals import Refused

RULES = "/settings/bonus-rules"
ANYTHING = {"condition": "true", "amount": "0"}
"""What stands for the other formula while one is tried alone."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a formula comes to on the sample order, or what is wrong with it and where."""

    right: bool
    text: str = ""
    line: int | None = None
    column: int | None = None


def wrong(refusal: Refused, language: str) -> Said:
    """Of ``formula_invalid``; any other refusal goes on."""
    if refusal.code != "formula_invalid":
        raise refusal
    params = refusal.params
    return Said(
        right=False,
        text=params["problem_ru" if language == "ru" else "problem_en"],
        line=int(params["line"]) if "line" in params else None,
        column=int(params["column"]) if "column" in params else None,
    )


async def rules(request: PageRequest) -> Response:
    """In the order in which they are tried."""
    found, share = await asyncio.gather(
        request.ask(request.reads(ListBonusRules)), request.ask(GetBonusSettings())
    )
    return request.page("settings/bonuses.html", found=found, share=share)


async def new_rule(request: PageRequest) -> Response:
    return request.page("settings/bonus.html", rule=None)


async def rule(request: PageRequest) -> Response:
    rule = await request.ask(GetBonusRule(rule_id=request.id("rule_id")))
    return request.page("settings/bonus.html", rule=rule)


async def create(request: PageRequest) -> Response:
    rule = await request.send(request.form.message(CreateBonusRule, **_groups(request)))
    return request.go(f"{RULES}/{rule.id}", said=request._("Saved"))


async def change(request: PageRequest) -> Response:
    rule_id = request.id("rule_id")
    await request.send(request.form.message(ChangeBonusRule, rule_id=rule_id, **_groups(request)))
    return request.go(f"{RULES}/{rule_id}", said=request._("Saved"))


async def check(request: PageRequest) -> Response:
    """One of the two formulas while it is typed: right or wrong as a rule sees it, and what it
    comes to on the sample order."""
    of = request.call.path_params["of"]
    if of not in ANYTHING:
        raise Refused("not_found")
    text = request.query[of].strip()
    if not text:
        return request.page("settings/said.html", said=None)
    try:
        return request.page("settings/said.html", said=await _said(request, of, text))
    except Refused as refusal:
        return request.page("settings/said.html", said=wrong(refusal, request.language))


async def _said(request: PageRequest, of: str, text: str) -> Said:
    # No order is completed in a moment that is to come: only the formulas are looked at.
    start = datetime.now(UTC) + timedelta(days=1)
    moment = {"start": start, "end": start + timedelta(seconds=1)}
    await request.ask(TryBonusRule(**{**ANYTHING, of: text, **moment}))
    try:
        tried = await request.ask(TryFormula(text=text, language=_language(request)))
    except Refused as refusal:
        if refusal.code != "formula_invalid":
            raise
        return Said(right=True)  # it names what only a rule's own order has
    return Said(right=True, text=tried.text)


def _language(request: PageRequest) -> Literal["ru", "en"]:
    return "ru" if request.language == "ru" else "en"


async def trial(request: PageRequest) -> Response:
    """What the rule would have given for past orders; nothing is kept."""
    question = request.form.message(TryBonusRule, **_groups(request))
    found = await request.ask(question)
    within = request.call.header(b"hx-request") == "true"
    return request.page("settings/trial.html", trial=found, within=within)


def _groups(request: PageRequest) -> dict[str, Any]:
    """As people write them: with commas."""
    return {
        name: tuple(part.strip() for part in request.form.get(name).split(",") if part.strip())
        for name in ("service_groups", "product_groups")
    }


PAGES = (
    show(RULES, rules, needs=ListBonusRules),
    show(RULES + "/new", new_rule, needs=CreateBonusRule),
    show(RULES + "/check/{of}", check, needs=TryBonusRule),
    act(RULES + "/trial", trial, needs=TryBonusRule),
    act(RULES, create, needs=CreateBonusRule),
    show(RULES + "/{rule_id}", rule, needs=GetBonusRule),
    act(RULES + "/{rule_id}", change, needs=ChangeBonusRule),
)
