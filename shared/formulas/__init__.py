"""Formulas and templates over a work order: one object model, two languages, one masking.

    compile_formula('sum(Services, CustomerTotal) * 0.05').evaluate(order, viewer="owner", at=now)
    compile_template('Ваш автомобиль {{ Vehicle.Plate }} готов').render(order, viewer="client", …)

``model`` says what can be named, ``language`` reads formulas, ``templates`` texts with formulas in
them, ``functions`` and ``lists`` what both can call, ``reference`` makes a page of it all.
"""

from shared.formulas.checking import check_formula, check_template
from shared.formulas.errors import FormulaError
from shared.formulas.language import Formula, compile_formula
from shared.formulas.model import ORDER_MODEL
from shared.formulas.objects import Extra, Model
from shared.formulas.sample import SAMPLE, SAMPLE_TIME
from shared.formulas.statement_model import STATEMENT_MODEL, STATEMENT_SAMPLE
from shared.formulas.templates import Template, compile_template
from shared.roles import CLIENT

__all__ = [
    "CLIENT",
    "ORDER_MODEL",
    "SAMPLE",
    "SAMPLE_TIME",
    "STATEMENT_MODEL",
    "STATEMENT_SAMPLE",
    "Extra",
    "Formula",
    "FormulaError",
    "Model",
    "Template",
    "check_formula",
    "check_template",
    "compile_formula",
    "compile_template",
]
