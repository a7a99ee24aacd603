"""What the tests of formulas say again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest

from shared.contracts.work_order import WorkOrder
from shared.formulas import (
    ORDER_MODEL,
    SAMPLE,
    SAMPLE_TIME,
    FormulaError,
    Model,
    compile_formula,
    compile_template,
)


def value(
    text: str,
    *,
    order: WorkOrder = SAMPLE,
    viewer: str = "service",
    at: datetime = SAMPLE_TIME,
    language: str = "ru",
    model: Model = ORDER_MODEL,
    extra: Mapping[str, object] = {},
) -> Any:
    """What a formula comes to."""
    formula = compile_formula(text, model=model)
    return formula.evaluate(order, viewer=viewer, at=at, language=language, extra=extra)


def rendered(
    text: str,
    *,
    order: WorkOrder = SAMPLE,
    viewer: str = "service",
    at: datetime = SAMPLE_TIME,
    language: str = "ru",
    html: bool = False,
    model: Model = ORDER_MODEL,
    extra: Mapping[str, object] = {},
) -> str:
    """What a template comes to."""
    template = compile_template(text, model=model, html=html)
    return template.render(order, viewer=viewer, at=at, language=language, extra=extra)


def refused(text: str, **more: Any) -> FormulaError:
    """Why a formula cannot be used or computed."""
    with pytest.raises(FormulaError) as caught:
        value(text, **more)
    return caught.value


def template_refused(text: str, **more: Any) -> FormulaError:
    with pytest.raises(FormulaError) as caught:
        rendered(text, **more)
    return caught.value
