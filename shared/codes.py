"""What refusals call in Russian what comes to them as a code: states, roles, services, methods."""

from __future__ import annotations

from collections.abc import Mapping

# fmt: off
CODED = frozenset(
    {
        "old", "new", "status", "state", "role", "method", "lines", "service", "form", "day",
        "fault",
    }
)
# fmt: on
"""Particulars of refusals that are such a code, or names with one behind them in brackets."""

ORDER_STATES = {
    "draft": "«Смета»",
    "new": "«Новый»",
    "in_progress": "«В работе»",
    "done": "«Выполнен»",
    "cancelled": "«Отменён»",
}
PART_STATES = {
    "requested": "запрошена",
    "reserved": "зарезервирована",
    "short": "не хватает",
    "issued": "выдано",
    "released": "не нужна",
}
PURCHASE_STATES = {
    "draft": "«Черновик»",
    "sent": "«Заказано»",
    "partly_received": "«Получено частично»",
    "received": "«Получено»",
    "cancelled": "«Отменено»",
}
IMPORT_STATES = {
    "uploading": "«Читается»",
    "checking": "«Проверяется»",
    "ready": "«Готово к загрузке»",
    "applying": "«Загружается»",
    "applied": "«Загружено»",
    "failed": "«Не удалось»",
    "cancelled": "«Отброшено»",
}
MESSAGE_STATES = {
    "scheduled": "«Уйдёт позже»",
    "queued": "«Сейчас уйдёт»",
    "sending": "«Отправляется»",
    "sent": "«Отправлено»",
    "delivered": "«Доставлено»",
    "failed": "«Не доставлено»",
    "undetermined": "«Возможно, не отправлено»",
    "skipped": "«Не отправлено: запрещает правило»",
    "cancelled": "«Отменено»",
}
BOOKING_STATES = {
    "planned": "«Запланировано»",
    "carried": "«Перенесено»",
    "ended": "«Закончилось»",
}
FISCAL_STATES = {
    "queued": "«Ждёт кассу»",
    "sending": "«Отправляется»",
    "sent": "«Чек пробит»",
    "failed": "«Касса не приняла»",
    "undetermined": "«Возможно, пробит: проверьте по кассе»",
}
ROLES = {
    "administrator": "«Администратор»",
    "advisor": "«Мастер-приёмщик»",
    "technician": "«Механик»",
    "storekeeper": "«Кладовщик»",
    "cashier": "«Кассир»",
    "owner": "«Владелец»",
}
METHODS = {
    "cash": "«Наличные»",
    "card": "«Карта»",
    "transfer": "«Перевод»",
    "bonus": "«Бонусы»",
}
SERVICES = {
    "clients": "клиентов",
    "orders": "заказов",
    "inventory": "склада",
    "finance": "финансов",
    "documents": "документов",
    "audit": "журнала",
    "gateway": "входа",
}

FORMS = {
    "work_order": "«Заказ-наряд»",
    "acceptance_act": "«Акт приёма-передачи автомобиля»",
    "estimate": "«Предварительная калькуляция»",
    "completion_act": "«Акт выполненных работ»",
    "invoice": "«Счёт»",
    "goods_receipt": "«Товарный чек»",
    "warranty_card": "«Гарантийный талон»",
    "statement": "«Акт сверки»",
}
WEEKDAYS = {
    "1": "Понедельник",
    "2": "Вторник",
    "3": "Среда",
    "4": "Четверг",
    "5": "Пятница",
    "6": "Суббота",
    "7": "Воскресенье",
}
VIN_FAULTS = {
    "it is too long": "знаков слишком много",
    "it is too short": "знаков слишком мало",
    "only Latin letters and digits are in one": "в нём бывают только латинские буквы и цифры",
    "I, O and Q are never in one, 1 and 0 are": "букв I, O и Q в нём не бывает, это 1 и 0",
}

CALLED: Mapping[str, Mapping[str, str]] = {
    "order_closed": ORDER_STATES,
    "parts_not_ready": PART_STATES,
    "illegal_step": ORDER_STATES,
    "purchase_order_step": PURCHASE_STATES,
    "import_not_uploading": IMPORT_STATES,
    "import_state": IMPORT_STATES,
    "message_gone": MESSAGE_STATES,
    "message_under_way": MESSAGE_STATES,
    "booking_over": BOOKING_STATES,
    "fiscal_receipt_under_way": FISCAL_STATES,
    "fiscal_receipt_known": FISCAL_STATES,
    "role_above_own": ROLES,
    "method_not_taken": METHODS,
    "service_unavailable": SERVICES,
    "busy": SERVICES,
    "form_not_found": FORMS,
    "form_version_not_found": FORMS,
    "form_without_internal_copy": FORMS,
    "hours_invalid": WEEKDAYS,
    "vin_invalid": VIN_FAULTS,
}
"""By the refusal's code."""
