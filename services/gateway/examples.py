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

_POST = "019ab0c6-ac66-7eb7-92f4-9cbe4f6a8bad"
_BOOKING = "019ab0c6-bd77-7fc8-a305-adcf506b9cbe"

BODIES: dict[str, dict[str, Any]] = {
    "TryFormula": {"text": "sum(Services, CustomerTotal) * 0.05", "order_id": _ORDER},
    "SignIn": {"login": "advisor", "password": "demo"},
    "ChangePassword": {"old": "demo", "new": "a longer secret"},
    "CreateClient": {
        "kind": "person",
        "last_name": "Сидорова",
        "first_name": "Анна",
        "phones": ["8 916 555-44-33"],
        "email": "anna@example.com",
        "discount_percent": "5",
        "language": "ru",
        "consents": {"sms": True, "email": True, "marketing": False},
    },
    "ChangeClient": {
        "phones": ["+7 916 555-44-34"],
        "comment": None,
        "consents": {"marketing": True},
    },
    "AddVehicle": {
        "vin": "XTA210990Y2766389",
        "plate": "А123ВС77",
        "vendor": "Lada",
        "model": "Vesta",
        "year": 2021,
        "mileage_km": 48200,
    },
    "ChangeVehicle": {"mileage_km": 51300},
    "CreateMessageTemplate": {
        "name": "Автомобиль готов, короткое",
        "fact": "order_ready",
        "channel": "sms",
        "kind": "service",
        "condition": "TotalMoney > 1000",
        "active": True,
        "ru": {"text": "{{ Vendor }} {{ VehicleModel }} готов, {{ TotalMoney }} руб."},
        "en": {"text": "Your {{ Vendor }} {{ VehicleModel }} is ready, {{ TotalMoney }} RUB."},
    },
    "ChangeMessageTemplate": {"active": False},
    "SendMessage": {
        "order_id": _ORDER,
        "channel": "sms",
        "text": "Мы работаем до 21:00, ждём вас.",
    },
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
        "mileage_km": 48200,
    },
    "BookPost": {
        "post_id": _POST,
        "technician_id": _EMPLOYEE,
        "start": "2026-12-01T06:00:00Z",
        "end": "2026-12-01T08:30:00Z",
    },
    "MoveBooking": {"post_id": _POST, "start": "2026-12-02T06:00:00Z"},
    "CarryOver": {"booking_ids": [_BOOKING], "to": "2026-12-02"},
    "SetLoadSettings": {"caption": 'Number + " " + Vehicle.Name'},
    "SetWorkingHours": {
        "week": [
            {"weekday": 1, "opens": "09:00", "closes": "20:00"},
            {"weekday": 6, "opens": "10:00", "closes": "16:00"},
        ]
    },
    "AddHoliday": {
        "day": "2026-12-31",
        "name": "Сокращённый день",
        "hours": [{"opens": "09:00", "closes": "15:00"}],
    },
    "SetSchedule": {"week": [{"weekday": 2, "opens": "12:00", "closes": "24:00"}]},
    "AddAbsence": {
        "employee_id": _EMPLOYEE,
        "kind": "vacation",
        "start": "2026-12-06T21:00:00Z",
        "end": "2026-12-20T21:00:00Z",
    },
    "ChangeOrder": {"recommendation": "Заменить колодки через 5 000 км"},
    "AddService": {"service_id": _SERVICE, "quantity": "1", "mechanic_id": _EMPLOYEE},
    "RequestParts": {
        "lines": [
            {"product_id": _PRODUCT, "quantity": "4"},
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
    "CreateVariant": {
        "vendor": "Lada",
        "model": "Vesta",
        "engine": "1.6",
        "labor_hours": "1.2",
        "labor_rate": "1800.00",
    },
    "ChangeVariant": {"labor_hours": "1.3", "year_from": 2018},
    "CreatePackage": {
        "name": "ТО-1: масло и фильтр",
        "services": [
            {
                "service_id": _SERVICE,
                "materials": [{"product_id": _PRODUCT, "quantity": "0.2"}],
            }
        ],
        "goods": [{"product_id": _PRODUCT, "quantity": "4"}],
        "price": "4990.00",
    },
    "ChangePackage": {"price": None, "discount_percent": "10"},
    "AddPackage": {"package_id": _PRODUCT, "quantity": 1},
    "ChangePriceRules": {"step": "50", "mode": "up"},
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
    "CreateBonusRule": {
        "name": "5 % частным лицам",
        "condition": 'TotalMoney > 5000 and Customer.Kind == "person"',
        "amount": "TotalMoney * 0.05",
        "cap_per_order": "1000.00",
        "days_to_live": 180,
    },
    "ChangeBonusRule": {"amount": "TotalMoney * 0.07"},
    "TryBonusRule": {
        "condition": "GroupTotal > 1000",
        "amount": "GroupTotal * 0.02",
        "product_groups": ["Масла"],
        "cap_per_month": "500.00",
    },
    "ChangeBonusSettings": {"max_share_percent": "50"},
    "AdjustBonuses": {"amount": "300.00", "reason": "Извинение за ожидание", "days_to_live": 90},
    "TakePayment": {
        "order_id": _ORDER,
        "customer_id": _CLIENT,
        "payer_id": _CLIENT,
        "amount": "5540.00",
        "method": "card",
    },
    "RefundPayment": {"amount": "500.00", "reason": "Возврат запчасти"},
    "PreviewForm": {"form": "invoice", "language": "ru", "template": "<h1>Счёт {{ Number }}</h1>"},
    "SaveFormTemplate": {
        "language": "ru",
        "template": "<h1>Счёт {{ Number }}</h1><p>{{ TotalMoney | money }}</p>",
        "note": "Короче",
    },
    "RestoreFormTemplate": {"language": "ru", "revision": 1},
    "ChangeFormLook": {"accent": "#7a1f2b"},
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
_CONSENT = {"given": True, "at": "2026-11-23T06:12:00Z", "by": "advisor"}
_NO_CONSENT = {"given": False, "at": None, "by": None}
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
    "consents": {"sms": _CONSENT, "email": _CONSENT, "marketing": _NO_CONSENT},
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
    "approval": {
        "state": "approved",
        "by": "Сидорова Анна",
        "how": "link",
        "at": "2026-11-23T06:30:00Z",
    },
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
}
ANSWERS: dict[str, dict[str, Any]] = {
    "SignedInView": {"token": "t0Hx0o5Z3V1m0qf7w2n9c8b6a4d2e1g3h5j7k9l1p3s", "user": _USER},
    "SessionView": {"user": _USER},
    "ClientView": _CLIENT_CARD,
    "ClientDetails": {**_CLIENT_CARD, "vehicles": [_CAR]},
    "FoundClient": {**_CLIENT_CARD, "vehicles": [_CAR]},
    "VehicleView": _CAR,
    "MessageView": {
        "id": "019ab0c6-c101-7a11-8b22-0c1d2e3f4a5b",
        "state": "sent",
        "reason": None,
        "detail": None,
        "waits_for": "delivery",
        "fact": "order_ready",
        "template_id": "019ab0c6-d202-7b22-9c33-1d2e3f4a5b6c",
        "template_name": "Автомобиль готов",
        "channel": "sms",
        "kind": "service",
        "urgent": False,
        "order_id": _ORDER,
        "client_id": _CLIENT,
        "vehicle_id": _VEHICLE,
        "recipient": "+79165554433",
        "language": "ru",
        "email_subject": None,
        "text": "Ваш Lada Vesta готов, к оплате 3100,00 руб. № A-000128",
        "due_at": "2026-11-23T14:05:00Z",
        "next_at": "2026-11-23T14:05:17Z",
        "attempts": 1,
        "provider": "smsc",
        "provider_id": "019ab0c6c1017a118b220c1d2e3f4a5b",
        "resend_of": None,
        "created_at": "2026-11-23T14:05:00Z",
        "created_by": "advisor",
        "sent_at": "2026-11-23T14:05:02Z",
        "delivered_at": None,
        "revision": 4,
    },
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
        "declined_works": None,
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
