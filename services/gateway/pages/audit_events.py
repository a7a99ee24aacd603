"""Everything that happens, in words: the events of orders, and what belongs to none."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from services.gateway.pages.orders import events
from services.gateway.pages.orders.looks import Look
from services.gateway.pages.words import N_
from shared.contracts.operations import DeadLetterDecided
from shared.settings import SERVICES

_LETTER = Look(N_("Decided about an event that could not be handled"), "alert-triangle", "warn")
EVENTS = events.EVENTS | {
    "evt.clients.client_created.v1": Look(N_("Client entered"), "user-plus"),
    "evt.clients.client_changed.v1": Look(N_("Client's card edited"), "pencil"),
    "evt.clients.client_erased.v1": Look(N_("Client's data erased at their request"), "trash"),
    "evt.clients.client_merged.v1": Look(N_("Two cards of a client made one"), "users"),
    "evt.clients.duplicate_dismissed.v1": Look(N_("Two cards are of different clients"), "users"),
    "evt.clients.client_linked.v1": Look(N_("Clients linked"), "link"),
    "evt.clients.client_unlinked.v1": Look(N_("Link of clients ended"), "link"),
    "evt.clients.client_tagged.v1": Look(N_("Client's tags changed"), "tag"),
    "evt.clients.vehicle_tagged.v1": Look(N_("Car's tags changed"), "tag"),
    "evt.clients.contract_saved.v1": Look(N_("Contract saved"), "file-text"),
    "evt.clients.vehicle_added.v1": Look(N_("Car entered"), "car"),
    "evt.clients.vehicle_changed.v1": Look(N_("Car edited"), "car"),
    "evt.clients.import_moved.v1": Look(N_("Import of clients went on"), "file-import"),
    "evt.clients.segment_saved.v1": Look(N_("Segment saved"), "users-group"),
    "evt.clients.segment_removed.v1": Look(N_("Segment removed"), "users-group"),
    "evt.clients.tag_saved.v1": Look(N_("Tag saved"), "tags"),
    "evt.clients.tag_removed.v1": Look(N_("Tag removed"), "tags"),
    "evt.orders.calendar_saved.v1": Look(N_("Calendar changed"), "calendar"),
    "evt.orders.declined_works_dismissed.v1": Look(
        N_("Declined works are not offered any more"), "circle-x"
    ),
    "evt.orders.link_secret_replaced.v1": Look(N_("Links of clients signed anew"), "key"),
    "evt.orders.order_type_saved.v1": Look(N_("Type of orders saved"), "settings"),
    "evt.orders.package_saved.v1": Look(N_("Package saved"), "gift"),
    "evt.orders.price_rules_saved.v1": Look(N_("Rounding of prices changed"), "percentage"),
    "evt.orders.reference_saved.v1": Look(N_("Catalogue edited"), "settings"),
    "evt.orders.station_saved.v1": Look(N_("Station's particulars edited"), "building"),
    "evt.orders.variant_saved.v1": Look(N_("Price variant saved"), "settings"),
    "evt.orders.variant_removed.v1": Look(N_("Price variant removed"), "settings"),
    "evt.inventory.barcodes_saved.v1": Look(N_("Product's barcodes changed"), "barcode"),
    "evt.inventory.part_numbers_saved.v1": Look(N_("Product's numbers changed"), "list"),
    "evt.inventory.product_saved.v1": Look(N_("Product saved"), "box"),
    "evt.inventory.home_cell_set.v1": Look(N_("Product's cell changed"), "map-pin"),
    "evt.inventory.cell_saved.v1": Look(N_("Cell saved"), "map-pin"),
    "evt.inventory.place_saved.v1": Look(N_("Warehouse or supplier saved"), "building-warehouse"),
    "evt.inventory.unit_saved.v1": Look(N_("Unit of measure added"), "ruler"),
    "evt.inventory.markup_rules_saved.v1": Look(N_("Markup rules changed"), "percentage"),
    "evt.inventory.repricing_due.v1": Look(N_("Prices follow the markup rules"), "percentage"),
    "evt.inventory.import_moved.v1": Look(N_("Import of a price list went on"), "file-import"),
    "evt.inventory.purchase_order_saved.v1": Look(N_("Order to a supplier saved"), "truck"),
    "evt.inventory.stock_received.v1": Look(N_("Goods received"), "package-import"),
    "evt.inventory.stock_sent_back.v1": Look(N_("Goods sent back to the supplier"), "truck-return"),
    "evt.inventory.stock_written_off.v1": Look(N_("Goods written off"), "trash"),
    "evt.inventory.write_off_cancelled.v1": Look(N_("Write-off taken back"), "arrow-back-up"),
    "evt.inventory.transfer_sent.v1": Look(N_("Transfer sent"), "truck-delivery"),
    "evt.inventory.transfer_received.v1": Look(N_("Transfer received"), "package-import"),
    "evt.inventory.transfer_cancelled.v1": Look(N_("Transfer called back"), "arrow-back-up"),
    "evt.inventory.count_started.v1": Look(N_("Stock count begun"), "clipboard"),
    "evt.inventory.product_counted.v1": Look(N_("Product counted"), "clipboard-check"),
    "evt.inventory.count_posted.v1": Look(N_("Stock count posted"), "clipboard-check", "good"),
    "evt.inventory.count_cancelled.v1": Look(N_("Stock count called off"), "circle-x"),
    "evt.inventory.stock_corrected.v1": Look(N_("Stock put right by a count"), "scale"),
    "evt.finance.bonus_adjusted.v1": Look(N_("Bonuses given or taken by hand"), "gift"),
    "evt.finance.bonus_expired.v1": Look(N_("Bonuses expired"), "gift"),
    "evt.finance.bonus_rule_saved.v1": Look(N_("Bonus rule saved"), "gift"),
    "evt.finance.bonus_settings_saved.v1": Look(N_("Bonus settings changed"), "gift"),
    "evt.finance.cash_box_saved.v1": Look(N_("Cash box saved"), "cash-register"),
    "evt.finance.cash_moved.v1": Look(N_("Cash brought in or taken out"), "cash"),
    "evt.finance.till_settings_saved.v1": Look(N_("Till settings changed"), "cash-register"),
    "evt.finance.shift_opened.v1": Look(N_("Shift opened"), "lock-open"),
    "evt.finance.shift_closed.v1": Look(N_("Shift closed"), "lock"),
    "evt.finance.fiscal_receipt_moved.v1": Look(N_("Fiscal receipt went on"), "receipt-2"),
    "evt.finance.expense_category_saved.v1": Look(N_("Category of expenses saved"), "tags"),
    "evt.finance.recurring_expense_saved.v1": Look(N_("Recurring expense saved"), "refresh"),
    "evt.finance.pay_recorded.v1": Look(N_("Pay recorded"), "coin"),
    "evt.finance.pay_rule_saved.v1": Look(N_("Pay rule saved"), "coin"),
    "evt.finance.payroll_closed.v1": Look(N_("Payroll period closed"), "lock"),
    "evt.finance.payroll_reopened.v1": Look(N_("Payroll period reopened"), "lock-open", "warn"),
    "evt.finance.stock_taken_over.v1": Look(N_("Stock's value taken over"), "building-bank"),
    "evt.finance.supplier_paid.v1": Look(N_("Supplier paid"), "cash"),
    "evt.finance.supplier_refunded.v1": Look(N_("Supplier gave money back"), "receipt-refund"),
    "evt.finance.vat_rates_saved.v1": Look(N_("VAT rates changed"), "percentage"),
    "evt.documents.form_look_changed.v1": Look(N_("Look of forms changed"), "printer"),
    "evt.documents.form_template_saved.v1": Look(N_("Template of a form saved"), "template"),
    "evt.documents.message_template_saved.v1": Look(N_("Template of a message saved"), "template"),
    "evt.gateway.signed_in.v1": Look(N_("Signed in"), "login"),
    "evt.gateway.signed_out.v1": Look(N_("Signed out"), "logout"),
    "evt.gateway.password_changed.v1": Look(N_("Password changed"), "key"),
    "evt.gateway.password_reset.v1": Look(N_("One-time password given"), "key", "warn"),
    "evt.gateway.sessions_ended.v1": Look(N_("Sessions ended"), "logout", "warn"),
    "evt.gateway.totp_changed.v1": Look(N_("Second factor changed"), "shield"),
    "evt.gateway.recovery_codes_taken.v1": Look(N_("Recovery codes taken away"), "shield", "warn"),
    "evt.gateway.token_saved.v1": Look(N_("Token of a program made or revoked"), "key"),
    "evt.gateway.user_saved.v1": Look(N_("User saved"), "user-circle"),
    "evt.gateway.job_moved.v1": Look(N_("Table taken away"), "file-spreadsheet"),
    "evt.audit.station_restored.v1": Look(N_("Station restored from a backup"), "database", "warn"),
    **{DeadLetterDecided.subject.format(service=service): _LETTER for service in SERVICES},
}
AREAS = {
    "orders": N_("Orders"),
    "clients": N_("Clients"),
    "inventory": N_("Stock"),
    "finance": N_("Money"),
    "documents": N_("Papers and messages"),
    "gateway": N_("Users and work with the station"),
    "audit": N_("Audit"),
}
"""By who tells of it."""


def choices(translated: Callable[[str], str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a journal can be narrowed to: by area, each event with its words, in their order."""
    by_area = sorted(EVENTS, key=lambda event: list(AREAS).index(_area(event)))
    return [
        (
            translated(AREAS[area]),
            sorted(
                ((event, translated(EVENTS[event].word)) for event in some),
                key=lambda choice: choice[1],
            ),
        )
        for area, some in groupby(by_area, key=_area)
    ]


def _area(event: str) -> str:
    return event.split(".")[1]
