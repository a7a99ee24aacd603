"""Formulas, explained and tried out: for who asks, on an order that he chooses."""

from __future__ import annotations

from uuid import UUID

from services.documents.handlers.table import handlers
from services.documents.store import DocumentsStore
from shared.contracts.formulas import (
    FormulaReference,
    GetFormulaReference,
    TriedFormula,
    TryFormula,
)
from shared.contracts.work_order import GetWorkOrder, WorkOrder
from shared.formulas import ORDER_MODEL, SAMPLE, FormulaError, compile_formula, compile_template
from shared.formulas.reference import reference
from shared.handlers import Work


@handlers.question(GetFormulaReference)
async def formula_reference(
    question: GetFormulaReference, store: DocumentsStore, work: Work
) -> FormulaReference:
    order = await _order(question.order_id, work)
    return reference(
        ORDER_MODEL, order, viewer=_viewer(work), at=work.now, language=question.language
    )


@handlers.question(TryFormula)
async def try_formula(question: TryFormula, store: DocumentsStore, work: Work) -> TriedFormula:
    """The budgets of formulas and messages keep this short: other questions wait meanwhile."""
    order = await _order(question.order_id, work)
    viewer, at, language = _viewer(work), work.now, question.language
    try:
        if question.kind == "formula":
            formula = compile_formula(question.text)
            said = formula.text_for(order, viewer=viewer, at=at, language=language)
            return TriedFormula(kind=formula.type.kind, text=said)
        template = compile_template(question.text)
        said = template.render(order, viewer=viewer, at=at, language=language)
        return TriedFormula(kind="text", text=said)
    except FormulaError as error:
        raise error.refused("text") from error


async def _order(order_id: UUID | None, work: Work) -> WorkOrder:
    """Asked for as a service, whole: the evaluation hides what the asking person may not see."""
    if order_id is None:
        return SAMPLE
    return await work.ask(GetWorkOrder(order_id=order_id))


def _viewer(work: Work) -> str:
    # The permissions table has let nobody through without a role.
    assert work.actor.role is not None
    return work.actor.role
