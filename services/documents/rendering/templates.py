"""What a form's template can name besides its order or statement: pictures, whose copy it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.contracts.forms import FormAbout
from shared.formulas import ORDER_MODEL, STATEMENT_MODEL, Extra, Model

_PICTURES = {
    "Logo": (
        "logo",
        "Логотип станции (адрес картинки)",
        "The station's logo (a picture's address)",
    ),
    "Barcode": (
        "barcode",
        "Штрихкод номера (адрес картинки)",
        "Bar code of the number (a picture's address)",
    ),
    "QrCode": (
        "qr",
        "QR-код номера (адрес картинки)",
        "QR code of the number (a picture's address)",
    ),
}
_EXTRAS = {
    **{
        name: Extra(type="text", ru=ru, en=en, sample=f"form:{asset}")
        for name, (asset, ru, en) in _PICTURES.items()
    },
    "IsInternal": Extra(
        type="condition",
        ru="Внутренний экземпляр, а не клиентский",
        en="The station's own copy, not the client's",
        sample=False,
    ),
}
FORM_MODEL = ORDER_MODEL.extended(_EXTRAS)
FORM_MODELS: Mapping[FormAbout, Model] = {
    "order": FORM_MODEL,
    "statement": STATEMENT_MODEL.extended({"Logo": _EXTRAS["Logo"]}),
}
"""By what a paper is about."""


def names_of(assets: Iterable[str], copy_of: str) -> dict[str, object]:
    """The values of these names for one paper; of a picture that there is not, null."""
    there = set(assets)
    pictures = {
        name: f"form:{asset}" if asset in there else None
        for name, (asset, _, _) in _PICTURES.items()
    }
    return {**pictures, "IsInternal": copy_of == "internal"}
