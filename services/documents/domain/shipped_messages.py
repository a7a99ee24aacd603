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


_WITH_CAR = "{% if Vendor %}{{ Vendor }} {{ VehicleModel }}"


def _car(otherwise: str) -> str:
    """A part may be ordered without a car."""
    return f"{_WITH_CAR}{{% else %}}{otherwise}{{% endif %}}"


_CAR_RU, _CAR_EN = _car("автомобиль"), _car("car")
_DUE_RU = "{% if Due > 0 %} К оплате {{ Due }} руб.{% endif %}"
_DUE_EN = "{% if Due > 0 %} To pay: {{ Due }} RUB.{% endif %}"
_ESTIMATE_RU = """{{ Customer.Name }}, здравствуйте!

Смета по заказ-наряду {{ Number }} на {{ Vendor }} {{ VehicleModel }} готова: {{ TotalMoney }} руб.
{% for line in Services %}
— {{ line.Service.Name }}: {{ line.CustomerTotal }}{% endfor %}
{% if Link %}
Посмотреть и согласовать работы: {{ Link }}
{% endif %}"""
_ESTIMATE_EN = """Dear {{ Customer.Name }},

the estimate for {{ Vendor }} {{ VehicleModel }}, order {{ Number }}, is ready:
{{ TotalMoney }} RUB.
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
            f"Заказ-наряд {{{{ Number }}}} открыт, {_CAR_RU}. Сообщим, когда всё будет готово.",
            f"Order {{{{ Number }}}} is open, {_CAR_EN}. We will tell you when it is ready.",
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
            f"Запчасти по {{{{ Number }}}} пришли, {_CAR_RU}. Ждём вас.",
            f"Parts for {{{{ Number }}}} have come, {_CAR_EN}. You are welcome.",
        ),
        _sms(
            "order_ready_sms",
            "Автомобиль готов",
            "order_ready",
            # A deposit may have paid a part of it, or all.
            f"Ваш {_CAR_RU} готов, № {{{{ Number }}}}.{_DUE_RU}",
            f"Your {_CAR_EN} is ready, order {{{{ Number }}}}.{_DUE_EN}",
        ),
        _sms(
            "next_visit_sms",
            "Пора на обслуживание",
            "next_visit",
            f"Прошло полгода со дня обслуживания, {_CAR_RU}. Запишитесь к нам.",
            f"It is half a year since your {_CAR_EN} was here. Book your next visit.",
            kind="marketing",
            delay=Delay(months=6),
        ),
        _sms(
            "work_declined_sms",
            "Отложенные работы",
            "work_declined",
            f"{_CAR_RU}: отложенные работы по {{{{ Number }}}} ещё ждут. Будем рады помочь.",
            f"{_CAR_EN}: works put off in {{{{ Number }}}} still wait. We are glad to help.",
            kind="marketing",
            delay=Delay(days=14),
        ),
    )
)
"""By the code that their id is made of, which is the same at every station."""
