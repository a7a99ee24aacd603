"""Codes as words for people: in templates ``{{ _(words.METHODS[payment.method]) }}``."""

from __future__ import annotations


def N_(text: str) -> str:  # noqa: N802 - as gettext calls it
    """Marks a text for translation; it is translated where it is shown."""
    return text


CHECK_DIGIT = N_(
    "The VIN's check digit, the ninth character, does not fit: compare it with the car's papers."
    " If it is right, leave it so: not every maker has one"
)
ROLES = {
    "administrator": N_("Administrator"),
    "advisor": N_("Service advisor"),
    "technician": N_("Technician"),
    "storekeeper": N_("Storekeeper"),
    "cashier": N_("Cashier"),
    "owner": N_("Owner"),
}
ORDER_STATES = {
    "draft": N_("Draft"),
    "new": N_("New"),
    "in_progress": N_("In progress"),
    "done": N_("Done"),
    "cancelled": N_("Cancelled"),
}
BOOKING_STATES = {
    **ORDER_STATES,
    "carried": N_("Carried over"),
    "overdue": N_("Overdue"),
}
ABSENCES = {
    "vacation": N_("Vacation"),
    "sick": N_("Sick"),
    "out_of_order": N_("Out of order"),
    "other": N_("Other reason"),
}
MESSAGE_REASONS = {
    "no_address": N_("the client has no phone or address for it"),
    "no_consent": N_("the client has not agreed to such messages"),
    "no_marketing_consent": N_("the client has not agreed to advertising"),
    "condition": N_("the condition of its template does not hold"),
    "template_off": N_("its template is switched off"),
    "template_failed": N_("its template cannot be filled in"),
    "text_empty": N_("nothing stands in it"),
    "text_too_long": N_("it is too long for an SMS"),
    "order_hidden": N_("the order is not shown to its client"),
    "too_late": N_("it should have gone more than three days ago"),
    "order_not_found": N_("the order is not there any more"),
    "client_not_found": N_("the client is not there any more"),
    "no_longer_holds": N_("what it says does not hold any more"),
    "by_hand": N_("somebody called it off"),
    "provider_refused": N_("the provider refused it"),
    "provider_unreachable": N_("the provider could not be reached"),
    "not_delivered": N_("it did not arrive"),
    "no_answer": N_("the provider did not answer"),
}
"""Why a message was not sent, or nobody knows whether it was."""
WEEKDAYS = {
    1: N_("Monday"),
    2: N_("Tuesday"),
    3: N_("Wednesday"),
    4: N_("Thursday"),
    5: N_("Friday"),
    6: N_("Saturday"),
    7: N_("Sunday"),
}
METHODS = {
    "cash": N_("Cash"),
    "card": N_("Card"),
    "transfer": N_("Transfer"),
    "bonus": N_("Bonuses"),
}
MOVEMENTS = {
    "receipt": N_("Goods receipt"),
    "reserve": N_("Reserved for an order"),
    "release": N_("Reservation lifted"),
    "issue": N_("Issued to an order"),
    "return": N_("Back from an order"),
    "write_off": N_("Write-off"),
    "transfer_out": N_("Sent to another warehouse"),
    "transfer_in": N_("Arrived from another warehouse"),
    "count_difference": N_("Difference of a count"),
    "issue_short": N_("Issued before it was there"),
    "correction": N_("Cost corrected"),
    "supplier_return": N_("Back to the supplier"),
}
"""Why goods moved."""
SUPPLIER_ENTRIES = {
    "receipt": N_("Goods receipt"),
    "supplier_return": N_("Back to the supplier"),
    "supplier_payment": N_("Payment to the supplier"),
    "supplier_refund": N_("Money back from the supplier"),
}
TILL_DOCUMENTS = {
    "payment": N_("Payment"),
    "refund": N_("Refund"),
    "expense": N_("Expense"),
    "expense_storno": N_("Expense taken back"),
    "cash_opening": N_("Opening balance"),
    "cash_in": N_("Cash brought in"),
    "cash_out": N_("Cash collected"),
    "cash_shortage": N_("Shortage"),
    "cash_surplus": N_("Surplus"),
}
FISCAL_STATES = {
    "queued": N_("Waiting for the register"),
    "sending": N_("Being sent"),
    "sent": N_("Receipt printed"),
    "failed": N_("Not taken by the register"),
    "undetermined": N_("Perhaps printed: look at the register"),
}
FISCAL_KINDS = {
    "sale": N_("Receipt of the sale"),
    "refund": N_("Receipt of the refund"),
    "correction": N_("Correction"),
    "shift_open": N_("Shift opened"),
    "shift_close": N_("Shift closed"),
}
FISCAL_DETAILS = {
    "sale_not_printed": N_("Waits for the receipt of the sale"),
    "replaced": N_("Printed again after the correction"),
    "vat_rate_not_fiscal": N_("The register has no code for its VAT rate"),
}
EXPENSE_KINDS = {
    "operating": N_("Running costs"),
    "rent": N_("Rent"),
    "utilities": N_("Utilities"),
    "tax": N_("Taxes"),
    "marketing": N_("Marketing"),
    "equipment": N_("Equipment"),
    "finance": N_("Financing"),
    "other": N_("Other"),
}
EVERY = {
    "week": N_("Every week"),
    "month": N_("Every month"),
    "quarter": N_("Every quarter"),
}
PAY_KINDS = {
    "labor_percent": N_("Percent of works"),
    "norm_hour": N_("Norm-hours"),
    "per_work": N_("Per work"),
    "per_order": N_("Per order"),
    "goods_percent": N_("Percent of goods"),
    "margin_percent": N_("Percent of margin"),
    "salary": N_("Salary"),
    "minimum": N_("Up to the minimum"),
    "bonus": N_("Bonus"),
    "fine": N_("Fine"),
    "payout": N_("Payout"),
    "advance": N_("Advance"),
}
PAY_RULE_KINDS = {
    "labor_percent": N_("Percent of a work"),
    "norm_hour": N_("Norm-hour sold"),
    "per_work": N_("Each work"),
    "per_order": N_("Each order"),
    "goods_percent": N_("Percent of goods"),
    "margin_percent": N_("Percent of an order's margin"),
    "salary": N_("Salary of a month"),
    "minimum": N_("At least so much a month"),
}
SALARY_TIMES = {
    "day": N_("Day by day"),
    "month": N_("At the month's end"),
}
COSTING = {
    "fifo": N_("By lots, the oldest first"),
    "average": N_("By average"),
}
ROUNDING = {
    "half_up": N_("To the nearest, halves up"),
    "half_even": N_("To the nearest, halves to even"),
    "up": N_("Always up"),
    "down": N_("Always down"),
}
CHANNELS = {
    "sms": N_("SMS"),
    "email": N_("E-mail"),
}
MESSAGE_KINDS = {
    "service": N_("About the order"),
    "marketing": N_("Advertising"),
}
MESSAGE_FACTS = {
    "by_hand": N_("Sent by hand"),
    "order_opened": N_("The order is opened"),
    "estimate_ready": N_("The estimate is ready"),
    "parts_arrived": N_("The parts have arrived"),
    "order_ready": N_("The car is ready"),
    "next_visit": N_("After a visit"),
    "work_declined": N_("After a declined work"),
}
VAT_REGIMES = {
    "none": N_("Without VAT"),
    "vat": N_("With VAT"),
}
CLIENT_KINDS = {
    "person": N_("Person"),
    "company": N_("Company"),
}
CONSENTS = {
    "sms": N_("SMS"),
    "email": N_("E-mail"),
    "marketing": N_("Advertising"),
}
