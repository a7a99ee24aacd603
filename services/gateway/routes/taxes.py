"""VAT: the station's rates by date."""

from services.gateway.api import Area, get, put
from shared.contracts.taxes import GetVatRates, SetVatRates

AREA = Area(
    "taxes",
    "VAT of the station, by date",
    (
        get("/vat-rates", GetVatRates, "The station's VAT rates"),
        put("/vat-rates", SetVatRates, "Replace them"),
    ),
)
