"""What fields of messages are called, wherever their keys come before people: edits in the journal,
and what refusals say of a field."""

from __future__ import annotations

from collections.abc import Mapping

from services.gateway.pages.orders import events
from services.gateway.pages.rendering import translations
from services.gateway.pages.words import N_

FIELDS = {
    "active": N_("Active"),
    "address": N_("Address"),
    "amount": N_("Amount"),
    "barcode": N_("Barcode"),
    "caption": N_("Caption"),
    "cash_box_id": N_("Cash box"),
    "category_id": N_("Category"),
    "colour": N_("Colour"),
    "company_name": N_("Company name"),
    "counted": N_("Counted"),
    "credit_limit": N_("Credit limit"),
    "day": N_("Day"),
    "email": N_("E-mail"),
    "ends_on": N_("Until"),
    "engine": N_("Engine"),
    "expected_on": N_("Expected on"),
    "first_name": N_("First name"),
    "group": N_("Group"),
    "initial": N_("Price quoted"),
    "initial_price": N_("Price quoted"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "last_name": N_("Last name"),
    "legal_name": N_("Legal name"),
    "login": N_("Login"),
    "max_share_percent": N_("Share of a bill, percent"),
    "measure": N_("Unit"),
    "method": N_("Method"),
    "methods": N_("Methods"),
    "middle_name": N_("Middle name"),
    "min_stock": N_("Minimum stock"),
    "model": N_("Model"),
    "name": N_("Name"),
    "name_en": N_("Name in English"),
    "no_discount": N_("Without discounts"),
    "note": N_("Note"),
    "number": N_("Number"),
    "oem": N_("OEM number"),
    "paused": N_("Paused"),
    "pay_percent": N_("Pay, percent"),
    "payment_days": N_("Days to pay"),
    "phone": N_("Phone"),
    "phones": N_("Phones"),
    "plate": N_("Plate"),
    "price": N_("Price"),
    "priority": N_("Priority"),
    "products_discount_percent": N_("Discount on parts, percent"),
    "reason": N_("Reason"),
    "role": N_("Role"),
    "services_discount_percent": N_("Discount on works, percent"),
    "shift_required": N_("Only with an open shift"),
    "signed_on": N_("Signed on"),
    "stations": N_("Stations"),
    "supplier_id": N_("Supplier"),
    "tax_number": N_("Tax number"),
    "valid_from": N_("From"),
    "valid_to": N_("Until"),
    "value": N_("Value"),
    "vendor": N_("Make"),
    "vin": N_("VIN"),
    "visible_to_client": N_("The client sees it"),
    "warehouse_id": N_("Warehouse"),
    "warranty_days": N_("Warranty, days"),
    "warranty_km": N_("Warranty, km"),
    "website": N_("Website"),
    "week": N_("Working hours"),
    "year": N_("Year"),
    "year_from": N_("From year"),
    "year_to": N_("Until year"),
} | events.FIELDS
"""Fields that edits name; what is not here is the system's own business."""
_OF_REFUSALS = {
    "accent": N_("Colour of headings"),
    "accrued": N_("When it is earned"),
    "again": N_("New password once more"),
    "at": N_("When"),
    "bank_details": N_("Bank details"),
    "cap_per_month": N_("At most per client and month"),
    "cap_per_order": N_("At most per order"),
    "cash": N_("Cash"),
    "category": N_("Category"),
    "cells": N_("Only cells"),
    "channel": N_("Channel"),
    "client_id": N_("Client"),
    "closes": N_("Closes at"),
    "columns": N_("Columns"),
    "condition": N_("Only if"),
    "conditions": N_("Conditions"),
    "confirmed": N_("Confirmation"),
    "consents": N_("Consents"),
    "costing": N_("Cost of issues"),
    "cross_number": N_("Analogue's number"),
    "cross_vendor": N_("Analogue's maker"),
    "days_to_live": N_("Days to live"),
    "delay": N_("Delay"),
    "delivery_days": N_("Days of delivery"),
    "email_subject": N_("Subject of an e-mail"),
    "en": N_("Text in English"),
    "every": N_("How often"),
    "exclusive": N_("Where it has given something, no later rule is tried"),
    "fact": N_("When"),
    "find": N_("Product"),
    "goods": N_("Goods"),
    "lines": N_("Lines"),
    "logo": N_("Logo"),
    "may_be_negative": N_("Stock below zero"),
    "mode": N_("Rounding"),
    "multiplicity": N_("Sold by"),
    "on_duplicate": N_("Who is known already"),
    "on_removal": N_("Returned or written off"),
    "opens": N_("Opens at"),
    "order_id": N_("Order"),
    "over_limit": N_("Why"),
    "overtime": N_("Also out of working hours"),
    "own": N_("Week of their own"),
    "performers": N_("Who does it"),
    "pick": N_("New owner"),
    "pricing": N_("Price is"),
    "product_groups": N_("Groups of goods"),
    "product_id": N_("Product"),
    "q": N_("Client"),
    "rates": N_("Rates"),
    "requisites": N_("Requisites"),
    "ru": N_("Text in Russian"),
    "send_at": N_("Not before"),
    "service_group": N_("Group of works"),
    "service_groups": N_("Groups of works"),
    "services": N_("Works"),
    "share": N_("Share"),
    "shift_id": N_("Shift"),
    "step": N_("Rounding step"),
    "stock": N_("How many there are"),
    "subject": N_("Subject"),
    "tax_reason_code": N_("KPP"),
    "template": N_("Template"),
    "template_id": N_("Template"),
    "text": N_("Text"),
    "units": N_("Units"),
    "urgent": N_("Urgent"),
    "vehicle_class": N_("Class"),
    "vehicle_id": N_("Car"),
}
"""What can be wrong, besides what edits name."""
_NAMES = _OF_REFUSALS | FIELDS
OF_FIELDS = frozenset({"field", "columns"})
"""Particulars of refusals that are such keys, several with commas between."""
_QUOTED = {"ru": "«{}»", "en": "“{}”"}


def field_name(key: str, language: str) -> str:
    """Of ``lines.0.quantity`` the quantity; what has no name stays as it is."""
    name = _NAMES.get(key.rpartition(".")[2])
    return translations(language).ugettext(name) if name else key


def with_fields_named(params: Mapping[str, str], language: str) -> dict[str, str]:
    """The particulars of a refusal, with names instead of keys of fields."""
    return {
        name: ", ".join(_quoted(key, language) for key in value.split(", "))
        if name in OF_FIELDS
        else value
        for name, value in params.items()
    }


def _quoted(key: str, language: str) -> str:
    name = field_name(key, language)
    return key if name == key else _QUOTED[language].format(name)
