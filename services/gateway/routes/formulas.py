"""What formulas and templates can say, and trying one out."""

from services.gateway.api import Area, ask_by_post, get
from shared.contracts.formulas import GetFormulaReference, TryFormula

AREA = Area(
    "formulas",
    "Formulas and templates: their names and functions, and trying one out",
    (
        get("/formulas/reference", GetFormulaReference, "Every name and function, with values"),
        ask_by_post("/formulas/try", TryFormula, "Try a formula or template out"),
    ),
)
