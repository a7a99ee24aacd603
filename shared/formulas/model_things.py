"""People, cars, places and words: what an order's header names. Tables of ``model.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from shared.formulas.objects import Field, Hidden, ObjectType, View
from shared.formulas.values import type_named


def field(
    name: str,
    kind: str,
    ru: str,
    en: str,
    read: Any,
    *aliases: str,
    hidden: Hidden = Hidden.NOBODY,
) -> Field:
    """A row of the tables. ``read`` is an attribute's path, or a function of source and view."""
    if isinstance(read, str):
        path = attrgetter(read)
        return Field(
            name, type_named(kind), ru, en, lambda source, _: path(source), hidden, aliases
        )
    return Field(name, type_named(kind), ru, en, read, hidden, aliases)


def its_name(source: Any, _: View) -> str | None:
    name: str | None = source.name
    return name


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of a few: its code, and its words in both languages."""

    code: str
    en: str
    ru: str

    def words(self, language: str) -> str:
        return self.ru if language == "ru" else self.en


@dataclass(frozen=True, slots=True)
class Named:
    """What the order knows only by name: a make, a model, a product group."""

    name: str


def named(path: str) -> Any:
    """Reads a text as a thing that has a ``Name``."""
    read = attrgetter(path)

    def reading(source: Any, _: View) -> Named | None:
        name = read(source)
        return None if name is None else Named(name)

    return reading


def chosen(path: str, words: Mapping[str, tuple[str, str]]) -> Any:
    """Reads a code as a thing with ``Code`` and ``Name``."""
    read = attrgetter(path)

    def reading(source: Any, _: View) -> Chosen | None:
        code = read(source)
        return None if code is None else Chosen(code, *words.get(code, (code, code)))

    return reading


STATES = {
    "draft": ("Estimate", "Смета"),
    "new": ("New", "Новый"),
    "in_progress": ("In progress", "В работе"),
    "done": ("Done", "Выполнен"),
    "cancelled": ("Cancelled", "Отменён"),
}
APPROVALS = {
    "unasked": ("Not asked", "Не запрошено"),
    "quoted": ("Quoted", "Ждёт ответа"),
    "approved": ("Approved", "Согласовано"),
    "declined": ("Declined", "Отказ"),
}
WAYS = {
    "in_person": ("In person", "Лично"),
    "phone": ("By phone", "По телефону"),
    "link": ("By link", "По ссылке"),
}
PROGRESS = {
    "planned": ("Planned", "Запланировано"),
    "started": ("Started", "Начато"),
    "finished": ("Finished", "Закончено"),
}
PART_STATES = {
    "requested": ("Requested", "Запрошено"),
    "reserved": ("Reserved", "В резерве"),
    "short": ("Short", "Не хватает"),
    "issued": ("Issued", "Выдано"),
}
KINDS = {"person": ("Person", "Физическое лицо"), "company": ("Company", "Организация")}
ROLES = {
    "administrator": ("Administrator", "Администратор"),
    "advisor": ("Service advisor", "Мастер-приёмщик"),
    "technician": ("Technician", "Механик"),
    "storekeeper": ("Storekeeper", "Кладовщик"),
    "cashier": ("Cashier", "Кассир"),
    "owner": ("Owner", "Владелец"),
}

CHOICE = ObjectType(
    "Choice",
    "Состояние или вид",
    "State or kind",
    lambda source, view: source.words(view.language),
    (
        field("Code", "text", "Код, одинаковый на всех языках", "Code, the same in all languages",
              "code"),
        field("Name", "text", "Название на языке документа", "Name in the document's language",
              lambda source, view: source.words(view.language)),
    ),
    codes=lambda source: (source.code, source.en, source.ru),
)  # fmt: skip

NAMED = ObjectType(
    "Named",
    "Название из справочника",
    "Name from a list",
    its_name,
    (field("Name", "text", "Наименование", "Name", "name"),),
)


def _in_their_language(source: Any, view: View) -> str:
    """The chain names its order types in Russian, and in English if it likes."""
    name: str = source.name if view.language == "ru" else source.name_en or source.name
    return name


ORDER_TYPE = ObjectType(
    "OrderType",
    "Тип заказ-наряда",
    "Type of order",
    _in_their_language,
    (
        field("Name", "text", "Наименование", "Name", _in_their_language),
        field("Code", "text", "Код", "Code", "code"),
    ),
    codes=lambda source: (source.code, source.name),
)

PERSON = ObjectType(
    "Person",
    "Сотрудник",
    "Employee",
    its_name,
    (
        field("Name", "text", "Имя для документов", "Name as printed", "name"),
        field("LastName", "text", "Фамилия", "Last name", "last_name"),
        field("FirstName", "text", "Имя", "First name", "first_name"),
        field("Role", "Choice", "Должность", "Role", chosen("role", ROLES)),
    ),
)

PERFORMER = ObjectType(
    "Performer",
    "Исполнитель услуги",
    "Who does a part of a work",
    lambda performer, _: performer.person.name,
    (
        field("Person", "Person", "Сотрудник", "Employee", "person"),
        field("Name", "text", "Имя для документов", "Name as printed", "person.name"),
        field("Share", "number", "Доля в услуге, %", "Share of the work, %", "share"),
    ),
)

PARTY = ObjectType(
    "Party",
    "Клиент, водитель или плательщик",
    "Customer, driver or payer",
    its_name,
    (
        field("Name", "text", "Имя или название", "Name", "name"),
        field("Kind", "Choice", "Лицо: физическое или организация", "Person or company",
              chosen("kind", KINDS)),
        field("LastName", "text", "Фамилия", "Last name", "last_name"),
        field("FirstName", "text", "Имя", "First name", "first_name"),
        field("MiddleName", "text", "Отчество", "Middle name", "middle_name"),
        field("CompanyName", "text", "Название организации", "Company name", "company_name"),
        field("Phone", "text", "Первый телефон", "First phone",
              lambda source, _: source.phones[0] if source.phones else None),
        field("Phones", "[text]", "Все телефоны", "All phones", "phones"),
        field("Email", "text", "Электронная почта", "E-mail", "email"),
        field("Discount", "number", "Скидка клиента, %", "The client's discount, %",
              "discount_percent"),
        field("TaxNumber", "text", "ИНН", "Tax number", "tax_number", "INN"),
        field("TaxReasonCode", "text", "КПП", "Tax reason code", "tax_reason_code", "KPP"),
        field("RegistrationNumber", "text", "ОГРН", "Registration number",
              "registration_number", "OGRN"),
        field("Address", "text", "Юридический адрес", "Legal address", "address"),
        field("BankDetails", "text", "Банковские реквизиты", "Bank details", "bank_details"),
        field("Comment", "text", "Заметка о клиенте", "Note about the client", "comment",
              hidden=Hidden.CLIENT),
    ),
)  # fmt: skip

VEHICLE = ObjectType(
    "Vehicle",
    "Автомобиль",
    "Car",
    its_name,
    (
        field("Name", "text", "Марка, модель, госномер", "Make, model, plate", "name"),
        field("VIN", "text", "VIN", "VIN", "vin", "Vin"),
        field("Plate", "text", "Госномер", "Plate", "plate"),
        field("Vendor", "Named", "Марка", "Make", named("vendor")),
        field("Model", "Named", "Модель", "Model", named("model"), "VehicleModel"),
        field("Year", "number", "Год выпуска", "Year", "year"),
        field("Engine", "text", "Двигатель", "Engine", "engine"),
        field("Class", "text", "Класс", "Class", "vehicle_class"),
        field("HaulDistance", "number", "Пробег по карточке, км", "Mileage on its card, km",
              "mileage_km", "Mileage"),
    ),
)  # fmt: skip

STATION = ObjectType(
    "Station",
    "Автосервис",
    "Station",
    its_name,
    (
        field("Name", "text", "Наименование", "Name", "name"),
        field("Code", "text", "Код", "Code", "code"),
        field("LegalName", "text", "Юридическое название", "Legal name", "legal_name"),
        field("TaxNumber", "text", "ИНН", "Tax number", "tax_number", "INN"),
        field("TaxReasonCode", "text", "КПП", "Tax reason code", "tax_reason_code", "KPP"),
        field("Address", "text", "Адрес", "Address", "address"),
        field("Phone", "text", "Телефон", "Phone", "phone"),
        field("Email", "text", "Электронная почта", "E-mail", "email"),
        field("Website", "text", "Сайт", "Website", "website"),
        field("BankDetails", "text", "Банковские реквизиты", "Bank details", "bank_details"),
        field("TimeZone", "text", "Часовой пояс", "Time zone", "time_zone"),
    ),
)

MEASURE = ObjectType(
    "Measure",
    "Единица измерения",
    "Unit of measure",
    lambda source, _: source.short_name,
    (
        field("Name", "text", "Полное наименование", "Full name", "name"),
        field("ShortName", "text", "Сокращение", "Short name", "short_name"),
    ),
    codes=lambda source: (source.name,),
)

CATALOGUE_SERVICE = ObjectType(
    "Service",
    "Услуга из каталога",
    "Work of the catalogue",
    its_name,
    (
        field("Name", "text", "Наименование", "Name", "name"),
        field("Comment", "text", "Примечание к услуге в каталоге", "Note of the catalogue",
              "comment"),
        field("ServiceGroup", "Named", "Группа услуг", "Group of works", named("group"), "Group"),
        field("WarrantyDays", "number", "Гарантия, дней", "Warranty, days", "warranty_days"),
        field("WarrantyHaulDistance", "number", "Гарантия, км", "Warranty, km", "warranty_km"),
    ),
)  # fmt: skip

PRODUCT = ObjectType(
    "Product",
    "Товар",
    "Product",
    its_name,
    (
        field("Name", "text", "Наименование", "Name", "name"),
        field("OEM", "text", "Артикул", "Part number", "oem"),
        field("Comment", "text", "Примечание товара", "Note of the catalogue", "comment"),
        field("Vendor", "Named", "Производитель", "Manufacturer", named("vendor")),
        field("ProductGroup", "Named", "Группа товаров", "Group of products", named("group"),
              "Group"),
        field("WarrantyDays", "number", "Гарантия, дней", "Warranty, days", "warranty_days"),
        field("WarrantyHaulDistance", "number", "Гарантия, км", "Warranty, km", "warranty_km"),
    ),
)  # fmt: skip

APPROVAL = ObjectType(
    "Approval",
    "Согласование работы",
    "Approval of a work",
    lambda source, view: Chosen(source.state, *APPROVALS[source.state]).words(view.language),
    (
        field("State", "Choice", "Состояние", "State", chosen("state", APPROVALS)),
        field("By", "text", "Кто ответил", "Who answered", "by"),
        field("How", "Choice", "Как ответил", "How", chosen("how", WAYS)),
        field("At", "date", "Когда ответил", "When", "at"),
    ),
    codes=lambda source: (source.state, *APPROVALS[source.state]),
)
