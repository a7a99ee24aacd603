"""An order that has everything: what a formula or template is tried on before it is saved."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from shared.contracts.work_order import (
    Approval,
    Car,
    CatalogueProduct,
    CatalogueService,
    Measure,
    OrderType,
    PartLine,
    Party,
    PerformerShown,
    Person,
    Place,
    ServiceLine,
    StationCard,
    WorkOrder,
)

SAMPLE_TIME = datetime(2026, 3, 6, 9, 30, tzinfo=UTC)
"""When the sample order is looked at."""


def _id(number: int) -> UUID:
    return UUID(int=0x0198_0000_0000_7000_8000_0000_0000_0000 + number)


def _money(said: str) -> Decimal:
    return Decimal(said)


_ADVISOR = Person(
    id=_id(1), name="Белова Анна", last_name="Белова", first_name="Анна", role="advisor"
)
_STOREKEEPER = Person(
    id=_id(2), name="Громов Пётр", last_name="Громов", first_name="Пётр", role="storekeeper"
)
_TECHNICIAN = Person(
    id=_id(3), name="Орлов Иван", last_name="Орлов", first_name="Иван", role="technician"
)
_SECOND_TECHNICIAN = Person(
    id=_id(4), name="Лебедев Олег", last_name="Лебедев", first_name="Олег", role="technician"
)

_OIL_CHANGE = ServiceLine(
    id=_id(101),
    service=CatalogueService(
        id=_id(201),
        name="Замена масла и масляного фильтра",
        comment="С обнулением сервисного интервала",
        group="Техническое обслуживание",
        warranty_days=30,
        warranty_km=1000,
    ),
    comment="Масло клиента не использовать",
    estimation_cost=_money("1500.00"),
    initial_price=_money("1600.00"),
    discount_percent=Decimal("10"),
    fixed_discount=_money("40.00"),
    custom_estimation_cost=_money("1400.00"),
    quantity=Decimal("1"),
    estimation=40,
    custom_estimation=45,
    labor_time=None,
    labor_cost=None,
    total=_money("1400.00"),
    customer_total=_money("1496.00"),
    vat=_money("269.77"),
    mechanic=_TECHNICIAN,
    performers=(
        PerformerShown(person=_TECHNICIAN, share=Decimal("60")),
        PerformerShown(person=_SECOND_TECHNICIAN, share=Decimal("40")),
    ),
    progress="finished",
    spent_minutes=42,
    approval=Approval(
        state="approved",
        by="Смирнова Ольга Викторовна",
        how="in_person",
        at=datetime(2026, 3, 5, 6, 20, tzinfo=UTC),
    ),
)
_WHEEL_NUTS = ServiceLine(
    id=_id(102),
    service=CatalogueService(
        id=_id(202), name="Затяжка колёсных гаек", comment=None, group="Шиномонтаж"
    ),
    comment=None,
    estimation_cost=_money("100.00"),
    initial_price=_money("100.00"),
    discount_percent=Decimal("0"),
    fixed_discount=_money("0.00"),
    custom_estimation_cost=_money("100.00"),
    quantity=Decimal("3"),
    estimation=15,
    custom_estimation=15,
    labor_time=None,
    labor_cost=None,
    total=_money("300.00"),
    customer_total=_money("340.00"),
    vat=_money("61.31"),
    mechanic=_TECHNICIAN,
    progress="finished",
    spent_minutes=12,
    approval=Approval(
        state="approved",
        by="Смирнова Ольга Викторовна",
        how="phone",
        at=datetime(2026, 3, 5, 8, 5, tzinfo=UTC),
    ),
)
_BRAKE_PADS = ServiceLine(
    id=_id(103),
    service=CatalogueService(
        id=_id(203),
        name="Замена передних тормозных колодок",
        comment="Обе стороны",
        group="Тормозная система",
        warranty_days=180,
        warranty_km=10000,
    ),
    comment="Проверить износ дисков",
    estimation_cost=_money("2250.00"),
    initial_price=_money("2250.00"),
    discount_percent=Decimal("5"),
    fixed_discount=_money("37.50"),
    custom_estimation_cost=_money("2100.00"),
    quantity=Decimal("1"),
    estimation=90,
    custom_estimation=90,
    labor_time=Decimal("1.5"),
    labor_cost=_money("1500.00"),
    total=_money("2100.00"),
    customer_total=_money("2100.00"),
    vat=_money("378.69"),
    mechanic=_SECOND_TECHNICIAN,
    progress="finished",
    spent_minutes=85,
    approval=Approval(
        state="approved",
        by="Смирнова Ольга Викторовна",
        how="link",
        at=datetime(2026, 3, 5, 9, 40, tzinfo=UTC),
    ),
)
_DECLINED_WORK = ServiceLine(
    id=_id(104),
    service=CatalogueService(
        id=_id(204), name="Замена стоек стабилизатора", comment=None, group="Подвеска"
    ),
    comment="Люфт справа",
    estimation_cost=_money("1800.00"),
    initial_price=_money("1800.00"),
    discount_percent=Decimal("0"),
    fixed_discount=_money("0.00"),
    custom_estimation_cost=_money("1800.00"),
    quantity=Decimal("1"),
    estimation=60,
    custom_estimation=60,
    labor_time=Decimal("1.2"),
    labor_cost=_money("1500.00"),
    total=_money("1800.00"),
    customer_total=_money("1800.00"),
    vat=_money("324.59"),
    mechanic=_TECHNICIAN,
    progress="planned",
    spent_minutes=0,
    approval=Approval(
        state="declined",
        by="Смирнова Ольга Викторовна",
        how="link",
        at=datetime(2026, 3, 5, 9, 41, tzinfo=UTC),
    ),
)

_OIL = PartLine(
    id=_id(111),
    product=CatalogueProduct(
        id=_id(211),
        name="Масло моторное 5W-30",
        oem="154FAA",
        comment="Синтетика",
        vendor="Motul",
        group="Масла",
        warranty_days=14,
        warranty_km=500,
    ),
    service_line_id=_id(101),
    price_value=_money("890.00"),
    initial_price=_money("900.00"),
    discount_percent=Decimal("5"),
    fixed_discount=_money("5.00"),
    custom_price=_money("850.00"),
    quantity=Decimal("4"),
    measure_quantity=Decimal("1"),
    measure=Measure(name="канистра 4 литра", short_name="кан."),
    total=_money("3400.00"),
    vat=_money("613.11"),
    state="issued",
    cost=_money("2240.00"),
)
_PADS = PartLine(
    id=_id(112),
    product=CatalogueProduct(
        id=_id(212),
        name="Колодки тормозные передние",
        oem="P85020",
        comment=None,
        vendor="Brembo",
        group="Тормозная система",
        warranty_days=365,
        warranty_km=20000,
    ),
    service_line_id=_id(103),
    price_value=_money("5200.00"),
    initial_price=_money("5200.00"),
    discount_percent=Decimal("0"),
    fixed_discount=_money("0.00"),
    custom_price=_money("5200.00"),
    quantity=Decimal("1"),
    measure_quantity=Decimal("1"),
    measure=Measure(name="комплект", short_name="компл."),
    total=_money("5200.00"),
    vat=_money("937.70"),
    state="issued",
    cost=_money("3650.00"),
)
_CLEANER = PartLine(
    id=_id(113),
    product=CatalogueProduct(
        id=_id(213),
        name="Очиститель тормозов",
        oem="BC-500",
        comment="Аэрозоль",
        vendor="Liqui Moly",
        group="Расходные материалы",
    ),
    service_line_id=_id(101),
    price_value=_money("0.15"),
    initial_price=_money("0.16"),
    discount_percent=Decimal("0"),
    fixed_discount=_money("0.02"),
    custom_price=_money("0.14"),
    quantity=Decimal("400"),
    measure_quantity=Decimal("0.8"),
    measure=Measure(name="баллон 500 миллилитров", short_name="балл."),
    total=_money("56.00"),
    state="issued",
    cost=_money("30.40"),
)
_GLOVES = PartLine(
    id=_id(114),
    product=CatalogueProduct(
        id=_id(214), name="Перчатки нитриловые", oem="NG-9", vendor="Рубин", group="Расходники"
    ),
    service_line_id=_id(102),
    price_value=_money("20.00"),
    initial_price=_money("20.00"),
    discount_percent=Decimal("0"),
    fixed_discount=_money("0.00"),
    custom_price=_money("20.00"),
    quantity=Decimal("2"),
    measure_quantity=Decimal("2"),
    measure=Measure(name="пара", short_name="пар"),
    total=_money("40.00"),
    state="issued",
    cost=_money("17.00"),
)
_RAGS = _GLOVES.model_copy(
    update={
        "id": _id(115),
        "service_line_id": _id(101),
        "product": CatalogueProduct(id=_id(215), name="Ветошь", oem=None, group="Расходники"),
        "measure": Measure(name="штука", short_name="шт."),
        "cost": _money("11.00"),
    }
)

SAMPLE = WorkOrder(
    id=_id(100),
    number="А-000123",
    revision=17,
    completion=1,
    status="done",
    type=OrderType(code="repair", name="Ремонт"),
    date_time_in=datetime(2026, 3, 5, 6, 0, tzinfo=UTC),
    date_time_out=datetime(2026, 3, 5, 15, 45, tzinfo=UTC),
    assignment_at=datetime(2026, 3, 5, 15, 30, tzinfo=UTC),
    created_at=datetime(2026, 3, 4, 12, 10, tzinfo=UTC),
    modified_at=datetime(2026, 3, 5, 15, 46, tzinfo=UTC),
    completed_at=datetime(2026, 3, 5, 15, 30, tzinfo=UTC),
    responsible=_ADVISOR,
    product_responsible=_STOREKEEPER,
    mechanic=_TECHNICIAN,
    examiner=_ADVISOR,
    visible_to_customer=True,
    comment="Клиент ждёт звонка до 18:00",
    customer_reason="Плановое ТО, стук спереди",
    recommendation="Заменить стойки стабилизатора при следующем визите",
    customer=Party(
        id=_id(11),
        kind="person",
        name="Смирнова Ольга Викторовна",
        last_name="Смирнова",
        first_name="Ольга",
        middle_name="Викторовна",
        phones=("+79165550102", "+74955550304"),
        email="smirnova@example.com",
        discount_percent=Decimal("5"),
        comment="Просит звонить после обеда",
    ),
    driver=Party(id=None, kind="person", name="Смирнов Павел", phones=("+79035550506",)),
    payer=Party(
        id=_id(12),
        kind="company",
        name="ООО «Альфа-Логистик»",
        company_name="ООО «Альфа-Логистик»",
        phones=("+74955550708",),
        email="buh@example.com",
        tax_number="7707083893",
        tax_reason_code="770701001",
        registration_number="1027700132195",
        address="Москва, ул. Ямская, 12",
        bank_details="р/с 40702810100000067890 в АО «Банк», БИК 044525000",
    ),
    vehicle=Car(
        id=_id(21),
        name="Škoda Octavia О555ТО77",
        vin="TMBJG7NE8J0123456",
        plate="О555ТО77",
        vendor="Škoda",
        model="Octavia",
        year=2018,
        engine="1.4 TSI CZDA",
        vehicle_class="C",
        mileage_km=84000,
    ),
    haul_distance=84215,
    station=StationCard(
        id=_id(31),
        code="msk-1",
        name="Автосервис на Лесной",
        time_zone="Europe/Moscow",
        legal_name="ООО «Лесная сервис»",
        tax_number="7701234567",
        tax_reason_code="770101001",
        address="Москва, ул. Лесная, 5",
        phone="+74955551234",
        email="lesnaya@example.com",
        website="lesnaya.example.com",
        bank_details="р/с 40702810900000012345 в АО «Банк», БИК 044525000",
    ),
    section=Place(id=_id(41), name="Слесарный участок"),
    post=Place(id=_id(42), name="Подъёмник 2"),
    estimation=150,
    spent_minutes=139,
    estimation_cost=_money("12950.00"),
    services=(_OIL_CHANGE, _WHEEL_NUTS, _BRAKE_PADS),
    declined=(_DECLINED_WORK,),
    products=(_OIL, _PADS),
    materials=(_CLEANER, _RAGS, _GLOVES),
    services_total=_money("3800.00"),
    products_total=_money("8600.00"),
    materials_total=_money("136.00"),
    total=_money("12536.00"),
    paid=_money("5000.00"),
    due=_money("7536.00"),
    settled=True,
    cost_total=_money("5948.40"),
    pay_total=_money("1520.00"),
    vat_rate=Decimal(22),
    vat_total=_money("2260.58"),
    margin=_money("2807.02"),
)
