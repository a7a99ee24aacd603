"""Codes of clients, cars and what happened with them, beyond the words that all pages share;
translated where they are shown: ``{{ _(words.LINK_ROLES[link.role]) }}``."""

from __future__ import annotations

from services.gateway.pages.orders import looks
from services.gateway.pages.words import (
    CHANNELS,
    CONSENTS,
    MESSAGE_REASONS,
    METHODS,
    N_,
    ORDER_STATES,
)
from services.gateway.pages.words import CLIENT_KINDS as KINDS

__all__ = ["CHANNELS", "CONSENTS", "KINDS", "MESSAGE_REASONS", "METHODS", "ORDER_STATES"]

ORDER_ICONS = {state: look.icon for state, look in looks.STATES.items()}
LINES = {"service": N_("Work"), "product": N_("Goods"), "material": N_("Material")}
LINK_ROLES = {
    "family": N_("Family"),
    "employee": N_("Works for"),
    "driver": N_("Drives for"),
    "payer": N_("Pays for"),
}
REASONS = {
    "phone": N_("the same phone"),
    "email": N_("the same e-mail"),
    "plate": N_("the same plate"),
    "name": N_("the same name"),
}
MESSAGE_STATES = {state: look.word for state, look in looks.MESSAGES.items()}
BONUS_MOVEMENTS = {
    "accrued": N_("Earned"),
    "reversed": N_("Taken back"),
    "spent": N_("Spent"),
    "returned": N_("Given back"),
    "granted": N_("Granted"),
    "written_off": N_("Written off"),
    "expired": N_("Expired"),
}
DOCUMENTS = {
    "order": N_("Order"),
    "order_reversal": N_("Order reopened"),
    "payment": N_("Payment"),
    "refund": N_("Refund"),
}
FACTS = {
    "owner": N_("Owner"),
    "plate": N_("Plate"),
    "vin": N_("VIN"),
    "mileage": N_("Mileage"),
}
SERVICES = {
    "orders": N_("orders"),
    "finance": N_("payments"),
    "documents": N_("messages"),
}
"""What each service that does not answer would have told."""
LANGUAGES = {"ru": N_("Russian"), "en": N_("English")}
IMPORT_STATES = {
    "uploading": N_("Being read"),
    "checking": N_("Being checked"),
    "ready": N_("Ready to be imported"),
    "applying": N_("Being imported"),
    "applied": N_("Imported"),
    "failed": N_("Failed"),
    "cancelled": N_("Dropped"),
}
ACTIONS = {
    "create": N_("New card"),
    "update": N_("Fill in the card"),
    "skip": N_("Leave out"),
    "ask": N_("To be decided"),
}
MATCHES = {"phone": N_("phone"), "vin": N_("VIN"), "plate": N_("plate")}
IMPORT_FIELDS = {
    "last_name": N_("Last name"),
    "first_name": N_("First name"),
    "middle_name": N_("Middle name"),
    "name": N_("Whole name"),
    "company_name": N_("Company name"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "discount_percent": N_("Discount, percent"),
    "comment": N_("Note"),
    "vin": N_("VIN"),
    "plate": N_("Plate"),
    "vendor": N_("Make"),
    "model": N_("Model"),
    "year": N_("Year"),
    "engine": N_("Engine"),
    "mileage_km": N_("Mileage, km"),
}
RULES = {
    "ask": N_("Ask about each"),
    "skip": N_("Leave them out"),
    "update": N_("Fill in what is empty"),
    "create": N_("Make new cards all the same"),
}
