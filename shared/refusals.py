"""Every way to say no: a stable code, what kind of no it is, and the words in two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.codes import CALLED, CODED


class Kind(StrEnum):
    """What the caller can do about it; the gateway makes an HTTP status of it."""

    INVALID = "invalid"  # say something else
    FORBIDDEN = "forbidden"  # not this person
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # not in this state
    PRECONDITION = "precondition"  # somebody was faster: look again
    UNAVAILABLE = "unavailable"  # the same request later
    INTERNAL = "internal"  # our fault


@dataclass(frozen=True, slots=True)
class Reason:
    """Of what kind a refusal is, and its words; ``{name}`` is filled by a parameter."""

    kind: Kind
    en: str
    ru: str


class Refused(Exception):
    """A command or question is refused, and nothing has changed.

    ``code`` is one of ``REASONS``; ``params`` fill the words and are shown as members of the
    problem, so they carry nothing that the caller may not know.
    """

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = {key: str(value) for key, value in params.items()}

    @property
    def reason(self) -> Reason:
        return REASONS[self.code]

    def words(self, language: str = "en") -> str:
        words = self.reason.ru if language == "ru" else self.reason.en
        return words.format_map(_Lenient(self.params, language, CALLED.get(self.code)))

    def __str__(self) -> str:
        return f"{self.code}: {self.words()}"


def ensure_revision(expected: int | None, actual: int) -> None:
    """An edit of what somebody saw counts only while it is still so; ``None``: of whatever there
    is. Refused: ``revision_conflict``."""
    if expected is not None and expected != actual:
        raise Refused("revision_conflict", expected=expected, actual=actual)


_IN_BRACKETS = re.compile(r"\((\w+)\)")
"""A code behind the name of what is in that state."""


class _Lenient(dict[str, str]):
    """A particular that is words itself comes in both languages: ``why_en`` and ``why_ru``. States,
    roles and the like come as codes, which in English are words as well; ``called`` are their
    Russian ones."""

    def __init__(
        self, params: dict[str, str], language: str, called: Mapping[str, str] | None
    ) -> None:
        super().__init__(params)
        self._suffix = "_ru" if language == "ru" else "_en"
        self._called = called if called and language == "ru" else {}

    def __getitem__(self, key: str) -> str:
        said = super().__getitem__(key)
        if key not in CODED:
            return said
        return self._called.get(said) or _IN_BRACKETS.sub(self._bracketed, said)

    def __missing__(self, key: str) -> str:
        return self.get(key + self._suffix, "?")

    def _bracketed(self, code: re.Match[str]) -> str:
        return f"({self._called.get(code[1], code[1])})"


def _table(kind: Kind, **codes: tuple[str, str]) -> dict[str, Reason]:
    return {code: Reason(kind, en, ru) for code, (en, ru) in codes.items()}


REASONS: dict[str, Reason] = {
    **_table(
        Kind.INVALID,
        request_invalid=(
            "The request is not valid: {errors}",
            "Запрос составлен неверно: {errors}",
        ),
        link_invalid=(
            "A link leads to another client or to a car; only drivers and payers have cars",
            "Связь ведёт к другому клиенту или к автомобилю; к автомобилю — водитель и плательщик",
        ),
        conditions_invalid=(
            "Name a condition at least, and ranges that something can lie in",
            "Назовите хотя бы одно условие и диапазоны, в которые что-то может попасть",
        ),
        reply_too_large=(
            "The answer would be larger than {limit} MB: ask for less of it at once",
            "Ответ получился бы больше {limit} МБ: запросите меньшую часть",
        ),
        result_too_large=(
            "Nothing was done: what comes of it would be larger than {limit} MB; do less at once",
            "Ничего не сделано: результат получился бы больше {limit} МБ; разбейте на части",
        ),
        cursor_invalid=("The cursor is not one of ours", "Неверный курсор списка"),
        cost_missing=(
            "Say what product {id} cost: no cost was expected for such a unit",
            "Укажите, сколько стоил товар {id}: ожидаемой цены за такую единицу нет",
        ),
        prepayment_ambiguous=(
            "Say either a sum or a percent of prepayment, not both",
            "Укажите либо сумму, либо процент предоплаты, но не то и другое",
        ),
        product_not_named=(
            "Each line names its product by product_id or by barcode",
            "В каждой строке товар называют по product_id или по штрихкоду",
        ),
        return_line_twice=(
            "Line {position} of the receipt is named twice",
            "Строка накладной {position} названа дважды",
        ),
        password_same=(
            "The new password is the old one",
            "Новый пароль совпадает со старым",
        ),
        token_expiry_invalid=(
            "A token expires in the future, within a year",
            "Срок токена — в будущем, не дальше года",
        ),
        idempotency_key_missing=(
            "Send an Idempotency-Key header with every write",
            "Для записи нужен заголовок Idempotency-Key",
        ),
        idempotency_key_invalid=(
            "An Idempotency-Key is 1 to 128 visible ASCII characters",
            "Idempotency-Key — от 1 до 128 видимых символов ASCII",
        ),
        idempotency_key_reused=(
            "This Idempotency-Key was used for another request",
            "Этот Idempotency-Key уже использован для другого запроса",
        ),
        client_name_missing=(
            "A person needs a last or first name, a company its name",
            "Укажите фамилию или имя человека либо название компании",
        ),
        phone_invalid=("{phone} is not a phone number", "{phone} — не номер телефона"),
        vin_invalid=(
            "{vin} is not a VIN: {fault} ({signs}). A VIN has 17 characters, a frame number 5 to"
            " 16; leave the field empty if it cannot be read",
            "{vin} — не VIN: {fault} ({signs}). В VIN 17 знаков, в номере кузова от 5 до 16;"
            " если номер не разобрать, оставьте поле пустым",
        ),
        plate_invalid=("{plate} is not a plate", "{plate} — не госномер"),
        vehicle_empty=(
            "Say at least one thing about the car: VIN, plate or model",
            "Укажите об автомобиле хоть что-нибудь: VIN, госномер или модель",
        ),
        import_supplier_missing=(
            "Say whose price list it is",
            "Укажите поставщика прайс-листа",
        ),
        import_column_unknown=(
            "There is no column or field {column}",
            "Нет столбца или поля «{column}»",
        ),
        import_number_invalid=("«{value}» is not a number", "«{value}» — не число"),
        import_number_out_of_range=(
            "{value} is not between {low} and {high}",
            "{value} — не от {low} до {high}",
        ),
        import_value_missing=("It is empty", "Значение не указано"),
        import_value_too_long=(
            "It is longer than {longest} characters: {value}",
            "Длиннее {longest} символов: {value}",
        ),
        import_value_invalid=("«{value}» does not fit", "«{value}» не подходит"),
        import_row_fits_nobody=(
            "Row {row} fits no client: there is no card to update",
            "Строка {row} ни на кого не похожа: обновлять нечего",
        ),
        import_cross_of_itself=(
            "A part is not its own analogue",
            "Деталь не может быть аналогом самой себя",
        ),
        import_offer_repeated=(
            "An earlier row names this number of this maker: that one holds",
            "Этот номер этого производителя есть в строке выше: действует она",
        ),
        import_file_missing=("Send a file", "Приложите файл"),
        import_file_kind=(
            "It is neither an XLSX nor a CSV file",
            "Это не файл XLSX и не CSV",
        ),
        import_file_broken=("The file cannot be read", "Файл не удаётся прочитать"),
        import_file_unsafe=(
            "The file has things in it that tables have no need of",
            "В файле есть то, чего в таблицах быть не должно",
        ),
        import_file_too_heavy=(
            "Unpacked, the file is too large; save it as CSV, or in parts",
            "В распакованном виде файл слишком велик; сохраните его как CSV или по частям",
        ),
        import_encoding_unknown=(
            "The text is neither UTF-8 nor Windows-1251",
            "Кодировка файла не UTF-8 и не Windows-1251",
        ),
        import_too_many_rows=(
            "A file may have {limit} rows at most",
            "В файле может быть не больше {limit} строк",
        ),
        import_too_many_columns=(
            "A file may have {limit} columns at most",
            "В файле может быть не больше {limit} столбцов",
        ),
        part_number_empty=(
            "{number} has neither letters nor digits",
            "В номере {number} нет ни букв, ни цифр",
        ),
        price_missing=(
            "Say a price, or norm-hours and their rate",
            "Укажите цену либо нормо-часы и их стоимость",
        ),
        price_ambiguous=(
            "Say either a price or norm-hours, not both",
            "Укажите либо цену, либо нормо-часы, но не то и другое",
        ),
        amount_too_large=(
            "The amount would be larger than the books can hold",
            "Сумма больше, чем может вместить учёт",
        ),
        vat_rates_missing=(
            "A station with VAT has at least one rate",
            "У станции с НДС должна быть хотя бы одна ставка",
        ),
        vat_rates_same_day=(
            "Two VAT rates begin on {day}",
            "Две ставки НДС начинаются в один день: {day}",
        ),
        order_cancelled=(
            "Order {number} was cancelled: no money is kept for it",
            "Заказ {number} отменён: деньги за него не принимаются",
        ),
        vat_rate_not_fiscal=(
            "The cash register cannot print a VAT rate of {percent} %",
            "Касса не может напечатать ставку НДС {percent} %",
        ),
        start_at_rate_not_fiscal=(
            "The cash register cannot print the station's VAT rate of {percent} %: start once with"
            " PITLANE_FISCAL_ADAPTER=none and mend the rates",
            "Касса не может напечатать ставку НДС станции {percent} %: запустите один раз с"
            " PITLANE_FISCAL_ADAPTER=none и исправьте ставки",
        ),
        amount_zero=("Say an amount other than zero", "Укажите сумму, отличную от нуля"),
        bonus_needs_order=(
            "Bonuses pay an order: say which",
            "Бонусами оплачивают заказ-наряд: укажите его",
        ),
        performers_ambiguous=(
            "Say either a mechanic or several performers, not both",
            "Укажите либо механика, либо нескольких исполнителей, но не то и другое",
        ),
        shares_invalid=(
            "The shares of different people must come to 100 %, not {total}",
            "Доли разных исполнителей должны составлять 100 %, а не {total}",
        ),
        pay_rule_invalid=(
            "A pay rule of this kind cannot have this {field}",
            "Правило оплаты этого вида не может иметь такое поле {field}",
        ),
        pay_in_future=(
            "Pay cannot be dated in the future",
            "Начисление нельзя датировать будущим",
        ),
        service_unnamed=(
            "Say a catalogue work or a name",
            "Укажите работу из каталога или название",
        ),
        material_without_service=(
            "A material names the work line whose price carries it",
            "Материал должен указывать строку услуги, в цену которой он входит",
        ),
        field_not_of_this_line=(
            "A line of this kind has no {field}",
            "У строки этого вида нет поля {field}",
        ),
        field_required=("{field} cannot be empty", "Поле {field} нельзя очистить"),
        driver_ambiguous=(
            "Say the driver as a client or by name, not both",
            "Укажите водителя клиентом или именем, но не тем и другим",
        ),
        car_out_before_in=(
            "The car cannot be given back before it is taken in",
            "Автомобиль не может быть выдан раньше, чем принят",
        ),
        tax_number_invalid=(
            "{number} is no tax number (INN): 10 or 12 digits with check digits",
            "{number} — не ИНН: 10 или 12 цифр с контрольными",
        ),
        tax_reason_code_invalid=(
            "{number} is no KPP: nine characters, as 770101001",
            "{number} — не КПП: девять знаков, например 770101001",
        ),
        registration_number_invalid=(
            "{number} is no OGRN: 13 or 15 digits, the last of them checks the others",
            "{number} — не ОГРН: 13 или 15 цифр, последняя контрольная",
        ),
        bank_code_invalid=(
            "{number} is no BIK: nine digits, as 044525000",
            "{number} — не БИК: девять цифр, например 044525000",
        ),
        bank_account_invalid=(
            "{number} is no account of this bank: 20 digits with a check digit",
            "{number} — не счёт этого банка: 20 цифр с контрольной",
        ),
        bank_code_missing=(
            "An account needs the BIK of its bank",
            "К счёту нужен БИК банка",
        ),
        message_text_missing=(
            "There is nothing to say: give a text in at least one language",
            "Нечего отправлять: нужен текст хотя бы на одном языке",
        ),
        message_text_twice=(
            "Give either a template or a text, not both",
            "Укажите либо шаблон, либо текст, но не то и другое",
        ),
        subject_missing=("An e-mail needs a subject", "Письму нужна тема"),
        subject_of_sms=("An SMS has no subject", "У SMS не бывает темы"),
        delay_missing=(
            "Say how long after the fact it is sent",
            "Укажите, через сколько времени после события отправлять",
        ),
        delay_of_by_hand=(
            "What is sent by hand has no delay",
            "У отправляемого вручную не бывает задержки",
        ),
        urgent_marketing=(
            "Advertising is never urgent",
            "Реклама не бывает срочной",
        ),
        order_required=("A template needs an order", "Шаблону нужен заказ-наряд"),
        client_required=("Say an order or a client", "Укажите заказ-наряд или клиента"),
        unit_repeated=(
            "The unit {unit} is named twice",
            "Единица измерения {unit} указана дважды",
        ),
        unit_unknown=(
            "{product} is not counted in {unit}",
            "Товар «{product}» не считают в единицах «{unit}»",
        ),
        quantity_not_exact=(
            "{quantity} main units cannot be counted to a thousandth",
            "{quantity} основных единиц нельзя учесть с точностью до тысячной",
        ),
        markup_ambiguous=(
            "Say either a percent or a sum: group {group}, vendor {vendor}, from {cost}",
            "Укажите либо процент, либо сумму: группа {group}, производитель {vendor}, от {cost}",
        ),
        markup_overlap=(
            "Bands overlap or are empty: group {group}, vendor {vendor}, from {cost}",
            "Диапазоны пересекаются или пусты: группа {group}, производитель {vendor}, от {cost}",
        ),
        markup_gap=(
            "No band begins at {cost}: group {group}, vendor {vendor}",
            "Нет диапазона, начинающегося с {cost}: группа {group}, производитель {vendor}",
        ),
        price_by_matrix=(
            "The matrix computes this price; make it a fixed one first",
            "Эту цену считает матрица наценок; сначала сделайте цену фиксированной",
        ),
        variant_empty=(
            "Say at least one thing about the cars that the variant is for",
            "Укажите хотя бы один признак автомобилей, для которых эта цена",
        ),
        years_invalid=("The years end before they begin", "Годы кончаются раньше, чем начинаются"),
        package_empty=("A package has works or goods", "В пакете должны быть услуги или товары"),
        package_price_ambiguous=(
            "Say either a discount or a price of the package, not both",
            "Укажите либо скидку, либо цену пакета, но не то и другое",
        ),
        package_price_indivisible=(
            "A package with a price of its own needs a work of quantity 1",
            "В пакете с собственной ценой нужна услуга в количестве 1",
        ),
        transfer_to_itself=(
            "Goods cannot be sent to the warehouse where they lie",
            "Склад-отправитель и склад-получатель совпадают",
        ),
        count_empty=("There is nothing to count", "Считать нечего: подходящих товаров нет"),
        expense_in_future=("An expense cannot lie in the future", "Расход не может быть в будущем"),
        method_not_taken=(
            "The cash box {name} does not take {method}",
            "Касса «{name}» не принимает оплату способом {method}",
        ),
        shift_of_other_box=(
            "The shift is of another cash box",
            "Эта смена открыта в другой кассе",
        ),
        payer_required=(
            "Say who pays: the customer or the payer",
            "Укажите, кто платит: клиента или плательщика",
        ),
        order_twice=("An order is named twice", "Заказ-наряд указан дважды"),
        method_twice=(
            "A way of paying is named twice",
            "Способ оплаты указан дважды",
        ),
        payment_sum_differs=(
            "The orders come to {orders}, the payment to {parts}",
            "По заказ-нарядам {orders}, а платёж на {parts}",
        ),
        tendered_without_cash=(
            "Nothing of it is paid in cash",
            "Наличными ничего не оплачивается",
        ),
        tendered_too_little=(
            "{tendered} was given, {cash} is to pay in cash",
            "Получено {tendered}, а наличными нужно {cash}",
        ),
        day_of_week_invalid=(
            "A week has no day {day}: 1 is Monday, 7 Sunday",
            "В неделе нет дня {day}: 1 — понедельник, 7 — воскресенье",
        ),
        count_missing=(
            "Say how much cash was counted, or the banknotes",
            "Укажите пересчитанную сумму или купюры",
        ),
        count_differs=(
            "The banknotes come to {banknotes}, not to {counted}",
            "Купюры составляют {banknotes}, а не {counted}",
        ),
        category_reserved=(
            "The category {category} is kept for what settlements write",
            "Категорию {category} ведёт сам учёт, для расходов она занята",
        ),
        period_invalid=(
            "The period ends before it starts",
            "Период кончается раньше, чем начинается",
        ),
        period_too_long=(
            "The period is longer than {days} days",
            "Период длиннее {days} дней",
        ),
        hours_invalid=(
            "Day {day}: {opens}–{closes} closes before it opens, or overlaps other hours",
            "{day}: часы {opens}–{closes} кончаются раньше, чем начались, "
            "или пересекаются с другими",
        ),
        absence_of_whom=(
            "Say either the employee who is away or the post that is out of order",
            "Укажите либо сотрудника, которого нет, либо пост, который не работает",
        ),
        booking_length_missing=(
            "Say when it ends: its works have no planned minutes",
            "Укажите время окончания: у работ нет плановых минут",
        ),
        carry_over_past=(
            "Unfinished work cannot be carried over to {day}: it is past",
            "Перенести незавершённое на {day} нельзя: этот день прошёл",
        ),
        colour_unknown=(
            "{colour} is not a colour: use #rrggbb or one of {allowed}",
            "{colour} — не цвет: укажите #rrggbb или одно из {allowed}",
        ),
        formula_invalid=(
            "{field}, line {line}, column {column}: {problem}",
            "{field}, строка {line}, позиция {column}: {problem}",
        ),
        body_too_large=(
            "The body is larger than {limit} bytes",
            "Тело запроса больше {limit} байт",
        ),
        body_too_slow=(
            "The body did not come within {seconds} seconds",
            "Тело запроса не пришло за {seconds} с",
        ),
        head_too_large=(
            "Address and headers are larger than {limit} bytes",
            "Адрес и заголовки больше {limit} байт",
        ),
        request_unreadable=(
            "This is no HTTP request",
            "Это не запрос HTTP",
        ),
        content_type_unsupported=(
            "Send JSON as application/json in UTF-8",
            "Присылайте JSON: application/json в UTF-8",
        ),
        form_without_internal_copy=(
            "The form {form} has no internal copy",
            "У формы {form} нет внутреннего экземпляра",
        ),
        form_picture_refused=(
            "A form shows only our own pictures and those that it carries in itself, not {url}",
            "Форма показывает только свои и встроенные картинки, а не {url}",
        ),
        form_too_heavy=(
            "The form takes more time or memory than one may take",
            "Форма требует больше времени или памяти, чем допустимо",
        ),
        render_failed=(
            "The form cannot be printed as it is",
            "Форму в таком виде напечатать не удалось",
        ),
        clock_time_invalid=(
            "The clock cannot start or stop at that time",
            "Время не может начаться или остановиться в этот момент",
        ),
        photo_invalid=(
            "A photo is a JPEG, PNG or WebP picture of at most 50 megapixels",
            "Фото — снимок JPEG, PNG или WebP не больше 50 мегапикселей",
        ),
        logo_invalid=(
            "A logo is a PNG or JPEG picture of at most 16 megapixels",
            "Логотип — картинка PNG или JPEG не больше 16 мегапикселей",
        ),
        abc_limits_invalid=(
            "Class A must end before class B does",
            "Класс A должен заканчиваться раньше класса B",
        ),
        export_too_long=(
            "At once a table has at most {rows} rows: have a longer one made (POST /jobs/exports)",
            "Сразу можно получить не больше {rows} строк: более длинную таблицу закажите "
            "(POST /jobs/exports)",
        ),
        export_unknown=(
            "No report has the address {address}",
            "По адресу {address} нет отчёта",
        ),
        export_outdated=(
            "A client's data were erased after this was made: have it made anew",
            "После подготовки этой таблицы были удалены данные клиента: подготовьте её заново",
        ),
        job_abandoned=(
            "It was interrupted and nobody went on with it",
            "Прервано, и никто не продолжил",
        ),
        job_failed=("It came to an end before it was done", "Закончилось, не доведя дела до конца"),
        not_acceptable=(
            "This can be had as {offered}",
            "Это можно получить только как {offered}",
        ),
    ),
    **_table(
        Kind.FORBIDDEN,
        forbidden=("Your role may not do this", "Вашей роли это не разрешено"),
        sign_in_required=("Sign in first", "Сначала войдите в систему"),
        user_unknown=(
            "Nobody here signs in as {login}",
            "Пользователя {login} здесь нет",
        ),
        totp_required=(
            "The code of the second factor is needed too",
            "Нужен ещё код второго фактора",
        ),
        totp_invalid=(
            "The code is wrong, too old, or was used before",
            "Код неверен, устарел или уже использован",
        ),
        station_forbidden=(
            "This is station {station}, and not one of yours",
            "Это станция {station}, у вас нет к ней доступа",
        ),
        scope_missing=(
            "The token's scope does not cover this: it takes {scope}",
            "Прав токена недостаточно: нужно {scope}",
        ),
        person_required=(
            "A person has to do this: a program's token is not enough",
            "Это делает только сам человек: токена программы недостаточно",
        ),
        role_above_own=(
            "The role {role} may do more than your own",
            "Роль {role} даёт больше прав, чем ваша",
        ),
        oidc_failed=(
            "The sign-in with the provider did not work; begin anew",
            "Вход через провайдера не удался; начните заново",
        ),
        sign_in_failed=("Wrong login or password", "Неверный логин или пароль"),
        sign_in_throttled=(
            "Too many attempts; try again in {seconds} s",
            "Слишком много попыток; повторите через {seconds} с",
        ),
        form_of_another=(
            "This form was made for somebody else, and {name} is signed in here now: open the page "
            "anew",
            "Эту форму открывал другой человек, а сейчас здесь вошли как {name}: "
            "откройте страницу заново",
        ),
        cross_site_request=(
            "The request does not come from our own pages; programs sign in with a Bearer token",
            "Запрос пришёл не с наших страниц; программы входят по токену Bearer",
        ),
        link_throttled=(
            "Too many links that do not work; try again in {seconds} s",
            "Слишком много неверных ссылок; повторите через {seconds} с",
        ),
        too_many_screens=(
            "More than {limit} screens of yours listen for changes; try again in {seconds} s",
            "За изменениями уже следят больше {limit} ваших экранов; повторите через {seconds} с",
        ),
        password_wrong=("The old password is wrong", "Старый пароль неверен"),
        password_change_required=(
            "Choose a password of your own first: POST /api/v1/session/password",
            "Сначала задайте собственный пароль: POST /api/v1/session/password",
        ),
    ),
    **_table(
        Kind.NOT_FOUND,
        not_found=("There is no such address", "Такого адреса нет"),
        method_not_allowed=(
            "This address answers {allowed} only",
            "Этот адрес отвечает только на {allowed}",
        ),
        client_not_found=("No client {id}", "Клиент {id} не найден"),
        contract_not_found=("No contract {id}", "Договор {id} не найден"),
        tag_not_found=("No tag {id}", "Метка {id} не найдена"),
        link_not_found=("No link {id}", "Связь {id} не найдена"),
        segment_not_found=("No segment {id}", "Сегмент {id} не найден"),
        duplicate_not_found=("No such pair of cards", "Такой пары карточек нет"),
        vehicle_not_found=("No car {id}", "Автомобиль {id} не найден"),
        order_not_found=("No order {id}", "Заказ-наряд {id} не найден"),
        line_not_found=("No line {id} on this order", "В заказ-наряде нет строки {id}"),
        station_not_found=("No station {id}", "Автосервис {id} не найден"),
        order_type_not_found=(
            "There is no type of order {id} to choose",
            "Типа заказ-наряда {id} нет или он выведен из списка",
        ),
        section_not_found=("No section {id}", "Участок {id} не найден"),
        post_not_found=("No post {id}", "Пост {id} не найден"),
        user_not_found=("No user {id}", "Пользователь {id} не найден"),
        session_not_found=("You have no session {id}", "У вас нет сеанса {id}"),
        job_not_found=("You have no job {id}", "У вас нет задания {id}"),
        job_has_no_file=(
            "It has no file: not yet, or none came of it, or it is too old",
            "Файла нет: он не готов или уже удалён",
        ),
        token_not_found=("No token {id}", "Токен {id} не найден"),
        oidc_off=(
            "There is no provider to sign in with",
            "Вход через внешнего провайдера не настроен",
        ),
        employee_not_found=("No employee {id}", "Сотрудник {id} не найден"),
        service_not_found=("No catalogue work {id}", "Услуга {id} не найдена"),
        variant_not_found=("No price variant {id} of this work", "У услуги нет варианта цены {id}"),
        package_not_found=("No package {id}", "Пакет услуг {id} не найден"),
        purchase_order_not_found=(
            "No purchase order {id}",
            "Заказ поставщику {id} не найден",
        ),
        receipt_not_found=("No receipt {id}", "Приходная накладная {id} не найдена"),
        receipt_line_not_found=(
            "The receipt has no line {position}",
            "В накладной нет строки {position}",
        ),
        supplier_payment_not_found=(
            "No payment {id} to a supplier",
            "Платёж поставщику {id} не найден",
        ),
        photo_not_found=("No photo {id}", "Фото {id} не найдено"),
        product_not_found=("No product {id}", "Товар {id} не найден"),
        warehouse_not_found=("No warehouse {id}", "Склад {id} не найден"),
        transfer_not_found=("No transfer {id}", "Перемещение {id} не найдено"),
        transfer_line_not_found=(
            "The transfer has no line {position}",
            "В перемещении нет строки {position}",
        ),
        write_off_not_found=("No write-off {id}", "Списание {id} не найдено"),
        count_not_found=("No count {id}", "Инвентаризация {id} не найдена"),
        barcode_not_found=(
            "No product has the barcode {barcode}",
            "Товара со штрихкодом {barcode} нет",
        ),
        cell_not_found=("No cell {id} in this warehouse", "Ячейки {id} на этом складе нет"),
        supplier_not_found=("No supplier {id}", "Поставщик {id} не найден"),
        payment_not_found=("No payment {id}", "Платёж {id} не найден"),
        payment_document_not_found=(
            "No payment document {id}",
            "Платёжный документ {id} не найден",
        ),
        fiscal_receipt_not_found=("No fiscal receipt {id}", "Чек {id} не найден"),
        expense_not_found=("No expense {id}", "Расход {id} не найден"),
        expense_category_not_found=(
            "No expense category {id}",
            "Статья расходов {id} не найдена",
        ),
        recurring_expense_not_found=(
            "No recurring expense {id}",
            "Регулярный расход {id} не найден",
        ),
        cash_box_not_found=("No cash box {id}", "Касса {id} не найдена"),
        shift_not_found=("No shift {id}", "Кассовая смена {id} не найдена"),
        form_not_found=("No print form {form}", "Печатной формы {form} нет"),
        form_version_not_found=(
            "The form {form} has no version {revision}",
            "У формы {form} нет версии {revision}",
        ),
        declined_work_not_found=(
            "No declined work {id} on this car",
            "У этого автомобиля нет отклонённой работы {id}",
        ),
        estimate_link_not_found=(
            "The order has no link that works: quote it first",
            "У заказ-наряда нет действующей ссылки: сначала отправьте смету",
        ),
        estimate_link_invalid=(
            "This link does not work, or no longer",
            "Эта ссылка не работает или уже не действует",
        ),
        message_not_found=("No message {id}", "Сообщение {id} не найдено"),
        message_template_not_found=(
            "No message template {id}",
            "Шаблон сообщения {id} не найден",
        ),
        booking_not_found=("No booking {id}", "Запись на пост {id} не найдена"),
        holiday_not_found=("No holiday {id}", "Праздничный день {id} не найден"),
        absence_not_found=("No absence {id}", "Отсутствие {id} не найдено"),
        pay_rule_not_found=("There is no pay rule {id}", "Нет правила оплаты {id}"),
        pay_entry_not_found=(
            "There is no bonus, fine or payout {id}",
            "Нет премии, удержания или выплаты {id}",
        ),
        bonus_rule_not_found=("No bonus rule {id}", "Бонусное правило {id} не найдено"),
        import_not_found=("No import {id}", "Загрузка {id} не найдена"),
        import_row_not_found=(
            "The import has no good row {row}",
            "В загрузке нет годной строки {row}",
        ),
        offer_not_found=("No supplier offers {id} now", "Предложения {id} сейчас нет"),
        part_number_not_found=("No part number {id}", "Номер детали {id} не найден"),
        dead_letter_not_found=("No dead letter {id}", "Недоставленного сообщения {id} нет"),
    ),
    **_table(
        Kind.CONFLICT,
        reply_untold=(
            "It was done before, but the answer is larger than {limit} MB: look at what came of it",
            "Это уже сделано, но ответ больше {limit} МБ: посмотрите, что получилось",
        ),
        dead_letter_decided=(
            "Somebody else has just decided about dead letter {id}",
            "О недоставленном сообщении {id} только что решил кто-то другой",
        ),
        client_merged=(
            "This card was made one with another one: use that one",
            "Карточка объединена с другой, используйте ту",
        ),
        client_erased=(
            "This card was erased at the person's request",
            "Эта карточка удалена по требованию клиента",
        ),
        client_has_open_orders=(
            "Orders are still open: {numbers}",
            "Ещё открыты заказ-наряды: {numbers}",
        ),
        link_exists=("There is such a link already", "Такая связь уже есть"),
        tag_in_segment=(
            "The segment {segment} goes by this tag",
            "По этой метке отбирает сегмент {segment}",
        ),
        client_has_money=(
            "There is money to settle first: the client owes {debt}, the station holds {deposit}",
            "Сначала рассчитайтесь: долг клиента {debt}, аванс клиента {deposit}",
        ),
        merge_with_itself=(
            "A card cannot be made one with itself",
            "Карточку нельзя объединить с самой собой",
        ),
        phones_too_many=(
            "A card has room for {most} phones",
            "В карточке помещается не больше {most} телефонов",
        ),
        name_taken=("The name {name} is taken", "Название {name} уже занято"),
        last_administrator=(
            "Somebody must be left who may manage users here",
            "Должен остаться хотя бы один, кто управляет пользователями",
        ),
        too_many_jobs=(
            "You have {limit} tables in the making: wait for one, or give one up",
            "У вас уже готовится {limit} таблиц: дождитесь одной или отмените её",
        ),
        job_not_cancellable=(
            "Only the operator who began this may end it",
            "Прервать это может только оператор, который это начал",
        ),
        token_name_taken=(
            "You have a token called {name} already",
            "У вас уже есть токен «{name}»",
        ),
        too_many_tokens=(
            "No more than {limit} tokens at a time: revoke one first",
            "Не больше {limit} токенов сразу: сначала отзовите ненужный",
        ),
        totp_already_on=("The second factor is on already", "Второй фактор уже включён"),
        totp_not_begun=(
            "Begin with a secret: there is nothing to confirm",
            "Сначала получите секрет: подтверждать нечего",
        ),
        totp_off=("The second factor is off", "Второй фактор выключен"),
        login_taken=("The login {login} is taken", "Логин {login} уже занят"),
        variant_exists=(
            "Another variant is for the same cars",
            "Для этих же автомобилей уже есть другой вариант",
        ),
        service_inactive=("The work {name} is not sold any more", "Работа {name} не продаётся"),
        package_inactive=("The package {name} is not sold any more", "Пакет {name} не продаётся"),
        barcode_taken=(
            "Another product has barcode {barcode}",
            "Штрихкод {barcode} у другого товара",
        ),
        barcode_exists=(
            "{product} has a barcode already",
            "У товара «{product}» уже есть штрихкод",
        ),
        part_number_exists=(
            "The product has the number {vendor} {number} already",
            "У товара уже есть номер {vendor} {number}",
        ),
        import_not_uploading=(
            "The import is {state} and takes no more rows",
            "Загрузка в состоянии {state} и больше не принимает строк",
        ),
        import_state=(
            "The import is {state}: this cannot be done now",
            "Загрузка в состоянии {state}: сейчас это невозможно",
        ),
        import_columns_missing=(
            "No column fills {columns}: say which",
            "Нет столбца для {columns}: укажите какой",
        ),
        import_undecided=(
            "{rows} rows are clients who are known already: decide what becomes of them",
            "Строк с уже известными клиентами: {rows}. Решите, что с ними делать",
        ),
        import_empty=("There is no row to take", "Нет ни одной годной строки"),
        import_failed=(
            "It went wrong on our side; bring the file again",
            "Ошибка на нашей стороне; загрузите файл ещё раз",
        ),
        import_abandoned=(
            "The file did not come to its end; bring it again",
            "Файл не дошёл до конца; загрузите его ещё раз",
        ),
        product_exists=(
            "{vendor} {oem} is in the catalogue already",
            "{vendor} {oem} уже есть в каталоге",
        ),
        vehicle_exists=(
            "A car with VIN {vin} is known already",
            "Автомобиль с VIN {vin} уже есть",
        ),
        vehicle_of_other_client=(
            "The car belongs to another client",
            "Автомобиль принадлежит другому клиенту",
        ),
        order_closed=(
            "The order is {status} and cannot be edited",
            "Заказ-наряд в состоянии {status}, изменить его нельзя",
        ),
        transfer_closed=(
            "Nothing of transfer {number} is on its way any more",
            "Перемещение {number} уже завершено",
        ),
        transfer_exceeded=(
            "Of line {position} only {left} is on its way",
            "По строке {position} в пути только {left}",
        ),
        stock_lacking=(
            "Of product {id} only {available} is available there: short by {short}",
            "Товара {id} на складе доступно только {available}, не хватает {short}",
        ),
        write_off_cancelled=(
            "Write-off {number} is cancelled already",
            "Списание {number} уже отменено",
        ),
        count_open=(
            "This warehouse is being counted already",
            "На этом складе уже идёт инвентаризация",
        ),
        count_closed=("Count {number} is closed", "Инвентаризация {number} уже закрыта"),
        count_moved=(
            "Product {id} moved while it was counted: count it again as a whole",
            "Товар {id} двигался во время подсчёта: пересчитайте его целиком",
        ),
        order_of_other_client=(
            "The order belongs to another client",
            "Заказ-наряд другого клиента",
        ),
        credit_limit_exceeded=(
            "The client owes {owes}, this order comes to {total}: {over} beyond the limit {limit}",
            "За клиентом {owes}, заказ-наряд на {total}: это на {over} больше лимита {limit}",
        ),
        illegal_step=(
            "An order cannot go from {old} to {new}",
            "Заказ-наряд не может перейти из {old} в {new}",
        ),
        parts_not_ready=(
            "Parts are not ready: {lines}",
            "Запчасти не готовы: {lines}",
        ),
        work_not_approved=(
            "The client has not answered: {lines}",
            "Клиент ещё не ответил: {lines}",
        ),
        work_declined=(
            "The client declined {name}; quote it again first",
            "Клиент отказался от работы «{name}»; сначала предложите её снова",
        ),
        photos_too_many=(
            "An order has at most {limit} photos",
            "В заказе не больше {limit} фото",
        ),
        work_clocked=(
            "Somebody else is at work on {name}",
            "Над работой «{name}» уже работает другой сотрудник",
        ),
        clock_running=(
            "The clock still runs on {name} of order {number}; stop it first",
            "Ещё идёт время работы «{name}» заказа {number}; сначала остановите его",
        ),
        work_of_others=(
            "{name} is done by somebody else",
            "Работу «{name}» выполняет другой сотрудник",
        ),
        employee_unlinked=(
            "No employee's card has the sign-in {login}",
            "Ни у одного сотрудника в карточке нет логина {login}",
        ),
        work_under_way=(
            "{name} has begun already and cannot be declined",
            "Работа «{name}» уже начата, отказаться от неё нельзя",
        ),
        nothing_to_quote=(
            "There is no work to ask the client about",
            "Нет работ, о которых можно спросить клиента",
        ),
        invisible_order=(
            "The order is hidden from the client",
            "Заказ-наряд скрыт от клиента",
        ),
        declined_work_closed=(
            "{name} was taken up or dismissed already",
            "Работа «{name}» уже взята в другой заказ-наряд или снята с предложения",
        ),
        nothing_to_write_off=(
            "{name}: only what was issued and is taken off again can be written off",
            "{name}: списать можно только то, что было выдано и убирается из заказа",
        ),
        line_issued=(
            "The part is out of the warehouse; it comes back when the order is reopened",
            "Запчасть выдана со склада; она вернётся, когда заказ-наряд откроют снова",
        ),
        service_has_materials=(
            "Take its materials off first",
            "Сначала уберите материалы этой услуги",
        ),
        invisible_with_total=(
            "Only an order that costs the client nothing can be hidden",
            "Скрыть от клиента можно только заказ-наряд с нулевой суммой",
        ),
        bonus_of_other_client=(
            "Bonuses pay only their owner's orders",
            "Бонусами платят только за собственный заказ-наряд",
        ),
        bonus_order_not_settled=(
            "Bonuses pay an order when it is done and settled",
            "Бонусами платят, когда заказ-наряд выполнен и проведён",
        ),
        bonus_share_exceeded=(
            "Bonuses may pay at most {limit} of this order now ({percent} % of its total)",
            "Бонусами можно оплатить не больше {limit} этого заказ-наряда ({percent} % суммы)",
        ),
        bonus_not_enough=(
            "Only {available} bonuses are there",
            "Бонусов только {available}",
        ),
        pay_rule_overlaps=(
            "Another rule is for the same people, works and days",
            "Другое правило уже действует для тех же людей, работ и дней",
        ),
        payroll_period_closed=(
            "Everything before {until} is closed",
            "Всё до {until} уже закрыто",
        ),
        payroll_not_closed=(
            "The day {since} is open already",
            "День {since} и так открыт",
        ),
        payroll_period_open=(
            "What comes before {until} has not ended, or its salaries are not reckoned yet",
            "Период до {until} ещё не окончен, или его оклады ещё не начислены",
        ),
        payout_exceeds_balance=(
            "Only {balance} is owed to the employee {employee_id}",
            "Сотруднику {employee_id} причитается только {balance}",
        ),
        pay_entry_reversed=(
            "The entry is undone already",
            "Операция уже сторнирована",
        ),
        cash_box_inactive=("The cash box {name} is out of use", "Касса «{name}» не используется"),
        shift_is_open=(
            "The cash box {name} has an open shift",
            "В кассе «{name}» открыта смена",
        ),
        shift_not_open=(
            "The cash box {name} has no open shift",
            "В кассе «{name}» смена не открыта",
        ),
        shift_closed=("The shift is closed", "Смена закрыта"),
        shift_required=(
            "Cash moves only while a shift is open: open one first",
            "Наличные принимаются и выдаются только в открытой смене: сначала откройте её",
        ),
        stock_taken_over=(
            "The stock was taken over at {at}: what differs since has a reason that must be found",
            "Остатки уже приняты в учёт {at}: у новой разницы есть причина, её надо найти",
        ),
        stock_differs_otherwise=(
            "The stock is worth {worth}, its account says {booked}",
            "Остатки стоят {worth}, на счёте запасов {booked}",
        ),
        issue_cost_told=(
            "What these parts cost was told again already",
            "Себестоимость этих запчастей уже передана повторно",
        ),
        issue_cost_differs_otherwise=(
            "Issued at {issued}, settled at {settled}: that is not the difference that was seen",
            "Выдано на {issued}, учтено {settled}: это не та разница, что была видна",
        ),
        cash_too_much=(
            "{total} would lie in the cash box {name}, and more than {limit} lies in none: look at"
            " the sum again, and take back what was mistyped before",
            "В кассе «{name}» оказалось бы {total}, а больше {limit} в ней не бывает: проверьте"
            " сумму и верните то, что было введено с ошибкой раньше",
        ),
        not_enough_cash=(
            "The cash box has only {left}",
            "В кассе только {left}",
        ),
        fiscal_off=(
            "No cash register is configured",
            "Кассовый аппарат не подключён",
        ),
        fiscal_receipt_exists=(
            "The payment has a receipt, or it is on its way",
            "По этому платежу чек уже есть или печатается",
        ),
        correction_not_fiscal=(
            "The cash register cannot print a VAT rate of {percent} %, nor a correction of it:"
            " tell it at the register itself",
            "Касса не может напечатать ставку НДС {percent} %, в том числе в чеке коррекции:"
            " проведите его на самой кассе",
        ),
        nothing_to_correct=(
            "All of the money has been given back: there is nothing to correct",
            "Деньги возвращены полностью: исправлять нечего",
        ),
        fiscal_receipt_under_way=(
            "The receipt is {state}: there is nothing to try again",
            "Чек в состоянии {state}, повторять нечего",
        ),
        fiscal_receipt_known=(
            "The receipt is {state}: there is nothing to look up",
            "Чек в состоянии {state}, сверять с кассой нечего",
        ),
        fiscal_receipt_undetermined=(
            "Perhaps the receipt was printed: look at the register and say whether it was",
            "Чек, возможно, пробит: сверьтесь с кассой и укажите, пробит ли он",
        ),
        fiscal_sale_not_printed=(
            "What it gives back is not printed yet: print that receipt first",
            "Чек, по которому возврат, ещё не напечатан: сначала напечатайте его",
        ),
        expense_reversed=("The expense is taken back already", "Расход уже сторнирован"),
        expense_category_inactive=(
            "The expense category {name} is out of use",
            "Статья расходов «{name}» не используется",
        ),
        not_due=("Not {day} is due next, but {next}", "Следующий срок — {next}, а не {day}"),
        deposit_exceeded=(
            "Only {left} is not taken by orders",
            "Свободно от заказ-нарядов только {left}",
        ),
        due_exceeded=("Only {due} is due of the order", "По заказ-наряду к оплате только {due}"),
        deposit_moves_whole=(
            "For an order that is not settled the whole deposit is kept: {left}",
            "За незакрытым заказ-нарядом закрепляется весь аванс: {left}",
        ),
        purchase_order_step=(
            "The purchase order is {state}: this cannot be done with it now",
            "Заказ поставщику в состоянии {state}: сейчас с ним этого сделать нельзя",
        ),
        product_not_ordered=(
            "Product {id} is not on the purchase order",
            "Товара {id} в заказе поставщику нет",
        ),
        nothing_to_receive=(
            "Nothing of the purchase order is still to come",
            "По заказу поставщику ждать больше нечего",
        ),
        nothing_to_order=(
            "Nothing is missing that is not on order already",
            "Всё, чего не хватает, уже заказано",
        ),
        prepayment_missing=(
            "Order {order_id} lacks {missing} of its prepayment",
            "По заказ-наряду {order_id} не внесено {missing} предоплаты",
        ),
        return_not_there=(
            "Of line {position} only {there} are there and held by nobody",
            "По строке {position} на складе свободно только {there}",
        ),
        refund_exceeds_payment=(
            "Only {left} of the payment is left to refund",
            "К возврату осталось только {left}",
        ),
        message_gone=(
            "The message is {state} and cannot be called off",
            "Сообщение в состоянии {state}, отменить его нельзя",
        ),
        message_under_way=(
            "The message is {state}: wait for its end",
            "Сообщение в состоянии {state}: дождитесь, чем оно кончится",
        ),
        message_resent=(
            "It was sent once more already",
            "Оно уже отправлено повторно",
        ),
        message_no_address=(
            "The client's card has no phone or e-mail for this; no SMS comes to an extension",
            "В карточке клиента нет телефона или адреса для такого сообщения; на добавочный"
            " номер SMS не приходят",
        ),
        message_no_consent=(
            "The client has not agreed to be written to this way",
            "Клиент не давал согласия на такие сообщения",
        ),
        message_no_marketing_consent=(
            "The client has not agreed to advertising",
            "Клиент не давал согласия на рекламу",
        ),
        message_template_off=(
            "The template has no text for this",
            "В шаблоне нет подходящего текста",
        ),
        message_template_failed=(
            "The template cannot be filled in for this order: {problem}",
            "Шаблон нельзя заполнить по этому заказ-наряду: {problem}",
        ),
        message_text_empty=(
            "For this order the template says nothing",
            "По этому заказ-наряду шаблон не даёт никакого текста",
        ),
        message_text_too_long=(
            "The text is longer than {most} SMS",
            "Текст длиннее {most} SMS",
        ),
        post_taken=(
            "{post} is held by order {order} from {start} to {end}",
            "{post} занят заказ-нарядом {order} с {start} до {end}",
        ),
        technician_taken=(
            "{technician} is booked for order {order} on {post} from {start} to {end}",
            "{technician} занят: заказ-наряд {order}, {post}, с {start} до {end}",
        ),
        outside_working_hours=(
            "{who} does not work at {at}; book it as overtime, or at another time",
            "{who} не работает в {at}; запишите как сверхурочно или на другое время",
        ),
        technician_absent=("{who} is away at {at}", "{who} отсутствует в {at}"),
        post_out_of_order=("{who} is out of order at {at}", "{who} не работает в {at}: неисправен"),
        employee_inactive=("{name} does not work here any more", "{name} больше не работает"),
        booking_over=(
            "The booking is {state} and cannot be changed",
            "Запись на пост в состоянии {state}, изменить её нельзя",
        ),
        holiday_exists=("{day} is in the calendar already", "{day} уже есть в календаре"),
        work_finished=("The work is finished", "Работа уже завершена"),
        booked_ahead=(
            "What is left of the work is booked already",
            "Остаток работы уже записан на другое время",
        ),
        no_free_time=(
            "{who} has no free time for it on {day}",
            "{who}: на {day} свободного времени нет",
        ),
        still_failing=("It failed again: {why}", "Снова не удалось: {why}"),
    ),
    **_table(
        Kind.PRECONDITION,
        revision_conflict=(
            "It has changed meanwhile: revision {actual}, not {expected}",
            "Данные успели измениться: версия {actual}, а не {expected}",
        ),
        estimate_changed=(
            "The estimate has changed; please look again",
            "Смета изменилась, посмотрите её ещё раз",
        ),
    ),
    **_table(
        Kind.UNAVAILABLE,
        service_unavailable=(
            "{service} does not answer now; send the same request again",
            "Служба {service} сейчас не отвечает; повторите тот же запрос",
        ),
        busy=(
            "{service} is busy; send the same request again",
            "Служба {service} перегружена; повторите тот же запрос",
        ),
        disk_full=(
            "The station's disk is full; send the same request again when there is room",
            "На диске станции нет места; повторите тот же запрос, когда оно появится",
        ),
    ),
    **_table(
        Kind.INTERNAL,
        internal_error=("Something went wrong on our side", "Ошибка на нашей стороне"),
    ),
}
