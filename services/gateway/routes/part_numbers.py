"""By what a product is known: further numbers, what does the same, barcodes."""

from services.gateway.api import Area, delete, get, post
from shared.contracts.part_numbers import (
    AddBarcode,
    AddPartNumber,
    GetByBarcode,
    ListAnalogues,
    ListBarcodes,
    ListPartNumbers,
    MakeBarcode,
    RemoveBarcode,
    RemovePartNumber,
)

_PRODUCT = "/products/{product_id}"
AREA = Area(
    "numbers",
    "Further part numbers, analogues and barcodes of products",
    (
        get(f"{_PRODUCT}/part-numbers", ListPartNumbers, "Its further numbers"),
        post(f"{_PRODUCT}/part-numbers", AddPartNumber, "Add a number"),
        delete(
            f"{_PRODUCT}/part-numbers/{{part_number_id}}", RemovePartNumber, "Take a number off"
        ),
        get(f"{_PRODUCT}/analogues", ListAnalogues, "What does the same, what is there first"),
        get(f"{_PRODUCT}/barcodes", ListBarcodes, "Its barcodes"),
        post(f"{_PRODUCT}/barcodes", AddBarcode, "Add a barcode"),
        post(f"{_PRODUCT}/own-barcode", MakeBarcode, "Make a barcode of the station's own"),
        delete(f"{_PRODUCT}/barcodes/{{code}}", RemoveBarcode, "Take a barcode off"),
        get("/products/by-barcode/{code}", GetByBarcode, "What a scanner reads"),
    ),
)
