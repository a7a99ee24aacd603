"""What ``pitlane reconcile`` and the check of a backup say of a difference."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.contracts.audit import ChainFault
    from shared.contracts.reconciliation import Difference

WORDS = {
    # the warehouse's own books
    "on_hand_by_movements": "pieces on hand = what all movements come to",
    "reserved_by_movements": "pieces reserved = what all movements come to",
    "value_by_movements": "worth of the stock = what all movements come to",
    "on_hand_by_lots": "pieces on hand = what is left of the receipts",
    "value_by_lots": "worth of the stock = what is left of the receipts",
    "missing_by_shortages": "pieces issued before they came = what orders took so",
    "reserved_by_lines": "pieces reserved = what lines of orders hold",
    "free_while_missing": "no piece is free while others are owed to done orders",
    "short_while_available": "nobody waits for what is there",
    "short_of_line": "a line waits for what it wants and does not have",
    "issued_of_line": "issued for a line = what was taken for it",
    "returned_of_order": "taken for an order that is not done = nothing",
    "arrived_of_receipt": "counted for an order to a supplier = what the receipt brought",
    "received_of_line": "received of what was ordered = what its receipts brought",
    "state_of_purchase": "state of an order to a supplier = what has come of it",
    # finance's own books
    "account_receivable": "what a client owes = the ledger",
    "account_deposits": "what a client has paid in advance = the ledger",
    "account_bonuses": "a client's bonuses = the ledger",
    "account_statement": "a client's balance = the client's statement",
    "settlement_due": "due of an order = the ledger",
    "settlement_paid": "paid of an order = its payments",
    "unsettled_due": "due of an order that is not done = nothing",
    "entry_revenue": "revenue of an order = its entry in the ledger",
    "entry_vat": "VAT of an order = its entry in the ledger",
    "entry_cost": "cost of an order = its entry in the ledger",
    "entry_reversal": "an entry that undoes another is its mirror",
    "payment_held": "held of a payment in advance = the ledger",
    "payment_held_vat": "VAT of what is held in advance = the ledger",
    "payment_amount": "a payment = its entry in the ledger",
    "payment_refunded": "given back of a payment = its entries in the ledger",
    "supplier_payment_amount": "a payment to a supplier = its entry in the ledger",
    "supplier_payment_refunded": "got back from a supplier = its entries in the ledger",
    "supplier_account": "owed to a supplier in the ledger = goods less what was paid",
    # visits that clients counts
    "client_visits": "visits of a client = orders that are settled",
    "client_revenue": "what a client has brought = orders that are settled",
    "client_first_visit": "first visit of a client = the first order that is settled",
    "client_last_visit": "last visit of a client = the last order that is settled",
    "client_last_section": "section of a client's last visit = that order's",
}
"""By the rule's name, as services tell it; those that compare services are words already."""
MOST_PLACES = 3
"""Of a quantity; what a division left behind them is only zeros."""


def line_of(difference: Difference) -> str:
    """``R-000017: settled amount = total: expected 340.00, found 300.00``; then the ids."""
    about = difference.number or _owner_of(difference)
    ids = " ".join(
        f"{name}={value}"
        for name in (
            "order_id",
            "client_id",
            "product_id",
            "warehouse_id",
            "line_id",
            "document_id",
            "supplier_id",
            "key",
        )
        if (value := getattr(difference, name))
    )
    figures = f"expected {_figure(difference.expected)}, found {_figure(difference.actual)}"
    told = f"{about}: {words_of(difference)}: {figures}"
    return f"{told} ({ids})" if ids else told


def fault_line(fault: ChainFault) -> str:
    """``journal: record 50: changed``."""
    return f"journal: record {fault.seq}: {fault.fault}"


def words_of(difference: Difference) -> str:
    """A report's sum is named by its table and column."""
    if difference.key is not None:
        return f"sum of a report = what it is a sum of, {difference.what}"
    return WORDS.get(difference.what, difference.what)


def _owner_of(difference: Difference) -> str:
    """Whose it is, where no number of an order says so."""
    if difference.order_id:
        return "order"
    if difference.client_id:
        return "client"
    if difference.supplier_id:
        return "supplier"
    return "stock" if difference.product_id else "station"


def _figure(told: str) -> str:
    with suppress(InvalidOperation):
        figure = Decimal(told)
        places = -int(figure.as_tuple().exponent)
        if places > MOST_PLACES:
            return told.rstrip("0") if figure.normalize() != round(figure, 2) else f"{figure:.2f}"
    return told
