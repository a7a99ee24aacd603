"""A body for every command, and the answers that matter, as the document shows them. A test reads
each with its contract."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_CLIENT = "019ab0c6-0b5e-7c11-8a43-6f1d2e3c4b5a"
_VEHICLE = "019ab0c6-1f02-7a3e-9b10-0c2d4e6f8a1b"
_SECTION = "019ab0c6-2a7d-7f00-8c55-1e3a5c7d9f2b"
_EMPLOYEE = "019ab0c6-3b91-7d22-a1f4-2b4d6f8091a3"
_SERVICE = "019ab0c6-4c5f-7e61-b233-3c5e7a9b1d4f"
_SERVICE_LINE = "019ab0c6-5d11-7042-8e90-4d6f8a1b3c5e"
_PRODUCT = "019ab0c6-6e20-7913-9d77-5e7a9b2c4d6f"
_WAREHOUSE = "019ab0c6-7f33-7b84-a6c1-6f8b1c3d5e7a"
_SUPPLIER = "019ab0c6-8a44-7c95-b0d2-7a9c2d4e6f8b"
_ORDER = "019ab0c6-9b55-7da6-81e3-8bad3e5f7a9c"

BODIES: dict[str, dict[str, Any]] = {
    "SignIn": {"login": "advisor", "password": "demo"},
    "ChangePassword": {"old": "demo", "new": "a longer secret"},
    "CreateClient": {
        "kind": "person",
        "last_name": "Сидорова",
        "first_name": "Анна",
        "phones": ["8 916 555-44-33"],
        "email": "anna@example.com",
        "discount_percent": "5",
    },
    "ChangeClient": {"phones": ["+7 916 555-44-34"], "comment": None},
    "AddVehicle": {
        "vin": "XTA210990Y2766389",
        "plate": "А123ВС77",
        "vendor": "Lada",
        "model": "Vesta",
        "year": 2021,
        "mileage_km": 48200,
        "vehicle_class": "B",
    },
    "ChangeVehicle": {"mileage_km": 51300},
    "ChangeStation": {
        "legal_name": "ООО «Питлейн»",
        "tax_number": "7707083893",
        "tax_reason_code": "770701001",
        "address": "Москва, ул. Гаражная, 1",
        "phone": "+7 495 123-45-67",
        "email": "reception@pitlane.example",
        "website": "https://pitlane.example",
        "bank_details": "р/с 40702810900000000001, БИК 044525225",
    },
    "CreateOrderType": {"code": "detailing", "name": "Детейлинг", "name_en": "Detailing"},
    "ChangeOrderType": {"name": "Детейлинг и мойка"},
    "CreateSection": {"name": "Слесарный участок"},
    "ChangeSection": {"name": "Слесарный цех"},
    "CreatePost": {"name": "Пост 1", "section_id": _SECTION},
    "ChangePost": {"name": "Пост 1, подъёмник"},
    "CreateEmployee": {
        "last_name": "Петров",
        "first_name": "Пётр",
        "role": "technician",
        "section_id": _SECTION,
        "login": "technician",
        "pay_percent": "40",
    },
    "ChangeEmployee": {"section_id": None, "active": False},
    "CreateService": {
        "name": "Замена масла в двигателе",
        "labor_hours": "0.92",
        "labor_rate": "543.48",
        "estimation_minutes": 60,
        "warranty_days": 30,
        "warranty_km": 1000,
    },
    "ChangeService": {"labor_rate": "600.00"},
    "CreateOrder": {
        "client_id": _CLIENT,
        "vehicle_id": _VEHICLE,
        "section_id": _SECTION,
        "employee_id": _EMPLOYEE,
        "type": "repair",
        "customer_reason": "Плановое ТО, стук справа",
        "driver": "Сын клиента",
        "mileage_km": 48200,
        "vehicle_in_at": "2026-11-23T06:30:00Z",
    },
    "ChangeOrder": {
        "recommendation": "Заменить колодки через 5 000 км",
        "product_responsible_id": _EMPLOYEE,
    },
    "AddService": {"service_id": _SERVICE, "quantity": "1", "mechanic_id": _EMPLOYEE},
    "RequestParts": {
        "lines": [
            {"product_id": _PRODUCT, "quantity": "4", "measure": "шт"},
            {
                "product_id": _PRODUCT,
                "quantity": "2",
                "kind": "material",
                "service_line_id": _SERVICE_LINE,
            },
        ]
    },
    "ChangeLine": {"initial_price": "1200.00", "discount_percent": "10"},
    "MoveOrder": {"to": "in_progress"},
    "QuoteWorks": {"lines": [_SERVICE_LINE]},
    "AnswerWork": {"to": "approved", "how": "phone", "by": "Сидорова Анна"},
    "AnswerWorks": {
        "answers": [{"line_id": _SERVICE_LINE, "to": "declined"}],
        "how": "in_person",
    },
    "TakeDeclinedWorks": {"ids": [_SERVICE_LINE]},
    "DismissDeclinedWorks": {"ids": [_SERVICE_LINE], "reason": "Автомобиль продан"},
    "AddComment": {"text": "Клиент просит сохранить старые детали"},
    "CreateProduct": {
        "name": "Фильтр масляный",
        "oem": "W 914/2",
        "vendor": "MANN",
        "group": "Фильтры",
        "measure": "шт",
        "price": "650.00",
        "barcode": "4011558710903",
        "min_stock": "5",
    },
    "ChangeProduct": {"price": "690.00"},
    "CreateUnit": {"name": "бутылка", "short_name": "бут"},
    "SetMarkupRules": {
        "rules": [
            {"cost_to": "1000.00", "percent": "60", "step": "10", "mode": "up"},
            {"cost_from": "1000.00", "percent": "35", "step": "10", "mode": "up"},
        ]
    },
    "CreateWarehouse": {"name": "Основной склад"},
    "ChangeWarehouse": {"name": "Склад на Ленина"},
    "CreateSupplier": {"name": "Автодок"},
    "ChangeSupplier": {"name": "Автодок Опт"},
    "ReceiveStock": {
        "warehouse_id": _WAREHOUSE,
        "supplier_id": _SUPPLIER,
        "supplier_document": "УПД 1042",
        "lines": [{"product_id": _PRODUCT, "quantity": "10", "cost": "430.00"}],
    },
    "TakePayment": {
        "order_id": _ORDER,
        "customer_id": _CLIENT,
        "payer_id": _CLIENT,
        "amount": "5540.00",
        "method": "card",
    },
    "RefundPayment": {"amount": "500.00", "reason": "Возврат запчасти"},
    "RecordExpense": {"amount": "1500.00", "category": "Аренда", "method": "transfer"},
}
EXAMPLE_PROBLEM: dict[str, Any] = {
    "type": "urn:pitlane:problem:illegal_step",
    "title": "Conflict",
    "status": 409,
    "detail": "An order cannot go from cancelled to done",
    "code": "illegal_step",
    "instance": f"/api/v1/orders/{_ORDER}/status",
    "correlation_id": "019ab0c6-aa66-7eb7-92f4-9cbe4f6a8bad",
    "params": {"old": "cancelled", "new": "done"},
}


def answer_example(reply: type[BaseModel]) -> dict[str, Any] | None:
    """An answer of this type; a list has the one item that there is an example of."""
    item = reply.__pydantic_generic_metadata__["args"]
    if not item:
        return ANSWERS.get(reply.__name__)
    example = ANSWERS.get(item[0].__name__)
    return {"items": [example], "next": None} if example else None


_MADE = {"created_at": "2026-11-23T06:12:00Z", "updated_at": "2026-11-23T06:12:00Z"}
_USER = {
    "id": "019ab0c6-0001-7000-8000-000000000001",
    "login": "advisor",
    "name": "Пётр Приёмщик",
    "role": "advisor",
    "must_change_password": False,
}
_CLIENT_CARD = {
    **BODIES["CreateClient"],
    "phones": ["+79165554433"],
    "middle_name": None,
    "company_name": None,
    "comment": None,
    "id": _CLIENT,
    "name": "Сидорова Анна",
    "revision": 1,
    **_MADE,
}
_CAR = {
    **BODIES["AddVehicle"],
    "engine": None,
    "id": _VEHICLE,
    "client_id": _CLIENT,
    "revision": 1,
    **_MADE,
    "warnings": [],
}
_ORDER_SUMMARY = {
    "id": _ORDER,
    "number": "A-000128",
    "station_id": "8f7a3c21-5b6d-8e4f-9a01-b2c3d4e5f607",
    "status": "new",
    "flags": ["waiting_for_payment"],
    "type": "repair",
    "client_id": _CLIENT,
    "client_name": "Сидорова Анна",
    "vehicle_id": _VEHICLE,
    "vehicle_name": "Lada Vesta А123ВС77",
    "section_id": _SECTION,
    "employee_id": _EMPLOYEE,
    "created_at": "2026-11-23T06:20:00Z",
    "completed_at": None,
    "total": "3100.00",
    "paid": "0.00",
    "revision": 4,
}
_WORK = {
    "id": _SERVICE_LINE,
    "service_id": _SERVICE,
    "name": "Замена масла в двигателе",
    "comment": None,
    "quantity": "1",
    "estimation_cost": "500.00",
    "initial_price": "500.00",
    "discount_percent": "0",
    "fixed_discount": "0",
    "price": "500.00",
    "total": "500.00",
    "customer_total": "500.00",
    "labor_hours": "0.92",
    "labor_rate": "543.48",
    "estimation_minutes": 60,
    "mechanic_id": _EMPLOYEE,
    "progress": "planned",
    "clocked_minutes": 0,
    "suggested_minutes": 55,
    "catalogue_comment": "С заменой фильтра",
    "warranty_days": 30,
    "warranty_km": 1000,
}
_PART = {
    "id": "019ab0c6-bb77-7fc8-83a5-adcf5a7b9cde",
    "kind": "product",
    "service_line_id": None,
    "product_id": _PRODUCT,
    "name": "Фильтр масляный",
    "oem": "W 914/2",
    "measure": "шт",
    "quantity": "4",
    "price_value": "650.00",
    "initial_price": "650.00",
    "discount_percent": "0",
    "fixed_discount": "0",
    "price": "650.00",
    "total": "2600.00",
    "state": "reserved",
    "reserved": "4",
    "short": "0",
    "entered_quantity": "4",
    "entered_measure": "шт",
    "product_comment": None,
    "vendor": "MANN",
    "group": "Фильтры",
    "warranty_days": None,
    "warranty_km": None,
    "cost": None,
}
ANSWERS: dict[str, dict[str, Any]] = {
    "SignedInView": {"token": "t0Hx0o5Z3V1m0qf7w2n9c8b6a4d2e1g3h5j7k9l1p3s", "user": _USER},
    "SessionView": {"user": _USER},
    "ClientView": _CLIENT_CARD,
    "ClientDetails": {**_CLIENT_CARD, "vehicles": [_CAR]},
    "FoundClient": {**_CLIENT_CARD, "vehicles": [_CAR]},
    "VehicleView": _CAR,
    "OrderSummary": _ORDER_SUMMARY,
    "OrderView": {
        **_ORDER_SUMMARY,
        "payer_id": _CLIENT,
        "driver": None,
        "post_id": None,
        "customer_reason": "Плановое ТО, стук справа",
        "recommendation": None,
        "comment": None,
        "mileage_km": 48200,
        "visible_to_customer": True,
        "vehicle_in_at": None,
        "vehicle_out_at": None,
        "services": [_WORK],
        "products": [_PART],
        "materials": [],
        "services_total": "500.00",
        "products_total": "2600.00",
        "materials_total": "0.00",
        "estimation_cost": "3100.00",
        "estimation_minutes": 60,
        "clocked_minutes": 0,
        "updated_at": "2026-11-23T06:31:00Z",
        "assignment_at": "2026-11-23T06:30:00Z",
        "mechanic_id": None,
        "responsible_id": _EMPLOYEE,
        "product_responsible_id": None,
        "examiner_id": _EMPLOYEE,
        "driver_id": None,
        "cost_total": None,
        "margin": None,
    },
    "StationView": {
        "id": "019ab0c6-ad66-7eb7-92f4-9cbe4f608bad",
        "code": "station-1",
        "name": "Pitlane",
        "time_zone": "Europe/Moscow",
        "legal_name": "ООО «Питлейн»",
        "tax_number": "7707083893",
        "tax_reason_code": "770701001",
        "address": "Москва, ул. Гаражная, 1",
        "phone": "+7 495 123-45-67",
        "email": "reception@pitlane.example",
        "website": "https://pitlane.example",
        "bank_details": "р/с 40702810900000000001, БИК 044525225",
        "revision": 2,
    },
    "PriceStepView": {
        "line_id": _SERVICE_LINE,
        "at": "2026-11-23T06:40:00Z",
        "by": "advisor",
        "cause": "cmd.orders.change_line.v1",
        "step": "initial_price",
        "old": "500.00",
        "new": "450.00",
    },
    "StockView": {
        "product_id": _PRODUCT,
        "warehouse_id": _WAREHOUSE,
        "on_hand": "10",
        "reserved": "4",
        "available": "6",
    },
    "PaymentView": {
        "id": "019ab0c6-cc88-70d9-94b6-be0f6b8cadef",
        "at": "2026-11-23T14:05:00Z",
        "order_id": _ORDER,
        "customer_id": _CLIENT,
        "payer_id": _CLIENT,
        "amount": "3100.00",
        "method": "card",
        "refunded": "0.00",
        "comment": None,
        "actor": "cashier",
    },
    "OrderProfitView": {
        "order_id": _ORDER,
        "settled": True,
        "revenue": "3100.00",
        "cost": "1720.00",
        "pay": "200.00",
        "expenses": "0.00",
        "margin": "1180.00",
        "paid": "3100.00",
        "due": "0.00",
    },
    "ChangeView": {"topic": "order", "id": _ORDER},
}
