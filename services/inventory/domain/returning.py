"""What goes back to a supplier: how much, and how much less the supplier is owed for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from services.inventory.domain.costing import kopecks
from services.inventory.domain.receiving import NOTHING, Price, charge
from services.inventory.domain.stock import THOUSANDTH
from shared.contracts.inventory import ReceiptLine, ReceiptView, SupplierCharge
from shared.contracts.purchasing import ReturnedLine
from shared.refusals import Refused


def wanted_back(receipt: ReceiptView, lines: Sequence[ReturnedLine]) -> dict[int, Decimal]:
    """By the receipt's lines, how much goes back. Refused: ``receipt_line_not_found``,
    ``return_line_twice``."""
    wanted: dict[int, Decimal] = {}
    for line in lines:
        if line.position > len(receipt.lines):
            raise Refused("receipt_line_not_found", position=line.position)
        if line.position in wanted:
            raise Refused("return_line_twice", position=line.position)
        wanted[line.position] = line.quantity.quantize(THOUSANDTH)
    return wanted


def whole(receipt: ReceiptView) -> dict[int, Decimal]:
    """Everything that the receipt brought."""
    return {
        position: line.main_quantity or NOTHING
        for position, line in enumerate(receipt.lines, start=1)
    }


def credit(line: ReceiptLine, quantity: Decimal) -> Price:
    """What the supplier charged for so much of a line. Returns of a whole line, in however many
    parts, come to all of its price: each is the difference of two rounded sums."""
    assert line.main_quantity
    assert line.total_without_vat is not None
    before, after = line.sent_back, line.sent_back + quantity
    net, vat = (
        kopecks(total * after / line.main_quantity) - kopecks(total * before / line.main_quantity)
        for total in (line.total_without_vat, line.vat)
    )
    return Price(net, vat)


def credited(receipt: ReceiptView, credits: Mapping[int, Price]) -> tuple[SupplierCharge, ...]:
    """By how much less the supplier of the goods is owed."""
    return (charge(receipt.supplier_id, credits.values(), vat_in_cost=receipt.vat_in_cost),)
