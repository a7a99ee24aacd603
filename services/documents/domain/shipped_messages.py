"""The templates that every station begins with. They wait to be switched on: nobody's clients are
written to because a new version was installed."""

from __future__ import annotations

from typing import Any

from shared.contracts.messages import Delay, MessageTemplateFields, MessageText


def _sms(code: str, name: str, fact: Any, ru: str, en: str, **more: Any) -> tuple[str, Any]:
    fields = MessageTemplateFields(
        name=name,
        fact=fact,
        channel="sms",
        ru=MessageText(text=ru),
        en=MessageText(text=en),
        **more,
    )
    return code, fields


_CAR = "{{ Vendor }} {{ VehicleModel }}"
_ESTIMATE_RU = """{{ Customer.Name }}, здравствуйте!

Смета по заказ-наряду {{ Number }} на {{ Vendor }} {{ VehicleModel }} готова: {{ TotalMoney }} руб.
{% for line in Services %}
— {{ line.Service.Name }}: {{ line.CustomerTotal }}{% endfor %}
{% if Link %}
Посмотреть и согласовать работы: {{ Link }}
{% endif %}"""
_ESTIMATE_EN = """Dear {{ Customer.Name }},

the estimate for order {{ Number }}, {{ Vendor }} {{ VehicleModel }}, is ready: {{ TotalMoney }} RUB.
{% for line in Services %}
- {{ line.Service.Name }}: {{ line.CustomerTotal }}{% endfor %}
{% if Link %}
See it and agree to the works: {{ Link }}
{% endif %}"""

SHIPPED: dict[str, MessageTemplateFields] = dict(
    (
        _sms(
            "order_opened_sms",
            "Заказ-наряд открыт",
            "order_opened",
            f"Заказ-наряд {{{{ Number }}}} открыт, {_CAR}. Мы сообщим, когда всё будет готово.",
            f"Order {{{{ Number }}}} is open, {_CAR}. We will tell you when it is ready.",
        ),
        _sms(
            "estimate_ready_sms",
            "Смета готова",
            "estimate_ready",
            "Смета по {{ Number }}: {{ TotalMoney }} руб.{% if Link %} {{ Link }}{% endif %}",
            "Estimate {{ Number }}: {{ TotalMoney }} RUB.{% if Link %} {{ Link }}{% endif %}",
        ),
        (
            "estimate_ready_email",
            MessageTemplateFields(
                name="Смета готова, письмо",
                fact="estimate_ready",
                channel="email",
                ru=MessageText(subject="Смета {{ Number }}", text=_ESTIMATE_RU),
                en=MessageText(subject="Estimate {{ Number }}", text=_ESTIMATE_EN),
            ),
        ),
        _sms(
            "parts_arrived_sms",
            "Запчасти пришли",
            "parts_arrived",
            f"Запчасти по {{{{ Number }}}} пришли, {_CAR}. Ждём вас.",
            f"Parts for {{{{ Number }}}} have come, {_CAR}. You are welcome.",
        ),
        _sms(
            "order_ready_sms",
            "Автомобиль готов",
            "order_ready",
            f"{_CAR} готов. К оплате {{{{ TotalMoney }}}} руб., заказ-наряд {{{{ Number }}}}.",
            f"Your {_CAR} is ready. To pay: {{{{ TotalMoney }}}} RUB, order {{{{ Number }}}}.",
        ),
        _sms(
            "next_visit_sms",
            "Пора на обслуживание",
            "next_visit",
            f"Прошло полгода со дня обслуживания, {_CAR}. Запишитесь к нам.",
            f"It is half a year since your {_CAR} was here. Book your next visit.",
            kind="marketing",
            delay=Delay(months=6),
        ),
        _sms(
            "work_declined_sms",
            "Отложенные работы",
            "work_declined",
            f"{_CAR}: отложенные работы по {{{{ Number }}}} ещё ждут. Будем рады помочь.",
            f"{_CAR}: works put off in {{{{ Number }}}} still wait. We are glad to help.",
            kind="marketing",
            delay=Delay(days=14),
        ),
    )
)
"""By the code that their id is made of, which is the same at every station."""
