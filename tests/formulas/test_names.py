"""Every name of the work order's article, and of the domain's tables, means what it should: in
formulas and in templates, under exactly this name. One row each, with its value on the sample."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from shared.formulas import ORDER_MODEL, SAMPLE
from tests.formulas.trying import rendered, value

D = Decimal
MOSCOW = ZoneInfo("Europe/Moscow")


def moscow(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=MOSCOW)


HEADER = [
    ("Number", "А-000123", "А-000123"),
    ("State", "Выполнен", "Выполнен"),
    ("State.Code", "done", "done"),
    ("State.Name", "Выполнен", "Выполнен"),
    ("AssignmentType", "Ремонт", "Ремонт"),
    ("AssignmentType.Name", "Ремонт", "Ремонт"),
    ("AssignmentType.Code", "repair", "repair"),
    ("DateTimeIn", moscow(5, 9, 0), "05.03.2026 09:00"),
    ("DateTimeOut", moscow(5, 18, 45), "05.03.2026 18:45"),
    ("CarGivenBack", True, "да"),
    ("AssignmentDateTime", moscow(5, 18, 30), "05.03.2026 18:30"),
    ("CreatedDate", moscow(4, 15, 10), "04.03.2026 15:10"),
    ("ModifiedDate", moscow(5, 18, 46), "05.03.2026 18:46"),
    ("CompletedDate", moscow(5, 18, 30), "05.03.2026 18:30"),
    ("Responsible", "Белова Анна", "Белова Анна"),
    ("Responsible.Name", "Белова Анна", "Белова Анна"),
    ("Responsible.LastName", "Белова", "Белова"),
    ("Responsible.FirstName", "Анна", "Анна"),
    ("Responsible.Role.Code", "advisor", "advisor"),
    ("ProductResponsible", "Громов Пётр", "Громов Пётр"),
    ("ProductResponsible.Name", "Громов Пётр", "Громов Пётр"),
    ("VisibleToCustomer", True, "да"),
    ("Comment", "Клиент ждёт звонка до 18:00", "Клиент ждёт звонка до 18:00"),
    ("CustomerReason", "Плановое ТО, стук спереди", "Плановое ТО, стук спереди"),
    *[
        (name, SAMPLE.recommendation, SAMPLE.recommendation)
        for name in ("CustomerRecomendation", "CustomerRecommendation")
    ],
    ("Customer", "Смирнова Ольга Викторовна", "Смирнова Ольга Викторовна"),
    ("Customer.Name", "Смирнова Ольга Викторовна", "Смирнова Ольга Викторовна"),
    ("Customer.Kind.Code", "person", "person"),
    ("Customer.LastName", "Смирнова", "Смирнова"),
    ("Customer.FirstName", "Ольга", "Ольга"),
    ("Customer.MiddleName", "Викторовна", "Викторовна"),
    ("Customer.CompanyName", None, ""),
    ("Customer.Phone", "+79165550102", "+79165550102"),
    ("Customer.Phones", ["+79165550102", "+74955550304"], "+79165550102, +74955550304"),
    ("Customer.Email", "smirnova@example.com", "smirnova@example.com"),
    ("Customer.Discount", D("5"), "5"),
    ("Customer.Comment", "Просит звонить после обеда", "Просит звонить после обеда"),
    ("Driver", "Смирнов Павел", "Смирнов Павел"),
    ("Driver.Name", "Смирнов Павел", "Смирнов Павел"),
    ("Driver.Phones[0]", "+79035550506", "+79035550506"),
    ("Driver.Email", None, ""),
    ("Payer", "ООО «Альфа-Логистик»", "ООО «Альфа-Логистик»"),
    ("Payer.Kind", "Организация", "Организация"),
    ("Payer.CompanyName", "ООО «Альфа-Логистик»", "ООО «Альфа-Логистик»"),
    ("Payer.Phone", "+74955550708", "+74955550708"),
    ("Payer.Email", "buh@example.com", "buh@example.com"),
    ("Payer.TaxNumber", "7707083893", "7707083893"),
    ("Payer.TaxReasonCode", "770701001", "770701001"),
    ("Payer.RegistrationNumber", "1027700132195", "1027700132195"),
    ("Payer.OGRN", "1027700132195", "1027700132195"),
    ("Payer.Address", "Москва, ул. Ямская, 12", "Москва, ул. Ямская, 12"),
    (
        "Payer.BankDetails",
        "р/с 40702810100000067890 в АО «Банк», БИК 044525000",
        "р/с 40702810100000067890 в АО «Банк», БИК 044525000",
    ),
    ("Vehicle", "Škoda Octavia О555ТО77", "Škoda Octavia О555ТО77"),
    ("Vehicle.Name", "Škoda Octavia О555ТО77", "Škoda Octavia О555ТО77"),
    ("Vehicle.VIN", "TMBJG7NE8J0123456", "TMBJG7NE8J0123456"),
    ("Vehicle.Vin", "TMBJG7NE8J0123456", "TMBJG7NE8J0123456"),
    ("Vehicle.Plate", "О555ТО77", "О555ТО77"),
    ("Vehicle.Vendor.Name", "Škoda", "Škoda"),
    ("Vehicle.Model.Name", "Octavia", "Octavia"),
    ("Vehicle.VehicleModel", "Octavia", "Octavia"),
    ("Vehicle.Year", D("2018"), "2018"),
    ("Vehicle.Engine", "1.4 TSI CZDA", "1.4 TSI CZDA"),
    ("Vehicle.Class", "C", "C"),
    ("Vehicle.HaulDistance", D("84000"), "84000"),
    ("Vehicle.Mileage", D("84000"), "84000"),
    ("Vendor", "Škoda", "Škoda"),
    ("Vendor.Name", "Škoda", "Škoda"),
    ("VehicleModel", "Octavia", "Octavia"),
    ("VehicleModel.Name", "Octavia", "Octavia"),
    ("HaulDistance", D("84215"), "84215"),
    ("Mechanic", "Орлов Иван", "Орлов Иван"),
    ("Mechanic.LastName", "Орлов", "Орлов"),
    ("Examiner", "Белова Анна", "Белова Анна"),
    ("Examiner.Name", "Белова Анна", "Белова Анна"),
    ("Station", "Автосервис на Лесной", "Автосервис на Лесной"),
    ("Station.Name", "Автосервис на Лесной", "Автосервис на Лесной"),
    ("Station.Code", "msk-1", "msk-1"),
    ("Station.LegalName", "ООО «Лесная сервис»", "ООО «Лесная сервис»"),
    ("Station.TaxNumber", "7701234567", "7701234567"),
    ("Station.INN", "7701234567", "7701234567"),
    ("Station.TaxReasonCode", "770101001", "770101001"),
    ("Station.KPP", "770101001", "770101001"),
    ("Station.Address", "Москва, ул. Лесная, 5", "Москва, ул. Лесная, 5"),
    ("Station.Phone", "+74955551234", "+74955551234"),
    ("Station.Email", "lesnaya@example.com", "lesnaya@example.com"),
    ("Station.Website", "lesnaya.example.com", "lesnaya.example.com"),
    ("Station.BankDetails", SAMPLE.station.bank_details, SAMPLE.station.bank_details),
    ("Station.TimeZone", "Europe/Moscow", "Europe/Moscow"),
    ("Section", "Слесарный участок", "Слесарный участок"),
    ("Section.Name", "Слесарный участок", "Слесарный участок"),
    ("Post", "Подъёмник 2", "Подъёмник 2"),
    ("Post.Name", "Подъёмник 2", "Подъёмник 2"),
    ("Estimation", D("150"), "150"),
    ("SpentTime", D("139"), "139"),
    ("EstimationCost", D("12950.00"), "12950,00"),
    ("TotalMoney", D("12536.00"), "12536,00"),
    ("ServicesTotal", D("3800.00"), "3800,00"),
    ("ProductsTotal", D("8600.00"), "8600,00"),
    ("MaterialsTotal", D("136.00"), "136,00"),
    ("CostTotal", D("5948.40"), "5948,40"),
    ("PayTotal", D("1520.00"), "1520,00"),
    ("Margin", D("2807.02"), "2807,02"),
    ("VatRate", D("22"), "22"),
    ("VatTotal", D("2260.58"), "2260,58"),
    ("Paid", D("5000.00"), "5000,00"),
    ("Due", D("7536.00"), "7536,00"),
    ("DeclinedServices", ["Замена стоек стабилизатора"], "Замена стоек стабилизатора"),
]
SERVICES = [
    ("Services[0]", "Замена масла и масляного фильтра", "Замена масла и масляного фильтра"),
    ("Services[0].Service", "Замена масла и масляного фильтра", "Замена масла и масляного фильтра"),
    (
        "Services[0].Service.Name",
        "Замена масла и масляного фильтра",
        "Замена масла и масляного фильтра",
    ),
    ("Services[0].Name", "Замена масла и масляного фильтра", "Замена масла и масляного фильтра"),
    (
        "Services[0].Service.Comment",
        "С обнулением сервисного интервала",
        "С обнулением сервисного интервала",
    ),
    (
        "Services[0].Service.ServiceGroup.Name",
        "Техническое обслуживание",
        "Техническое обслуживание",
    ),
    ("Services[0].Service.Group", "Техническое обслуживание", "Техническое обслуживание"),
    ("Services[0].Service.WarrantyDays", D("30"), "30"),
    ("Services[0].Service.WarrantyHaulDistance", D("1000"), "1000"),
    ("Services[0].Comment", "Масло клиента не использовать", "Масло клиента не использовать"),
    ("Services[0].Vat", D("269.77"), "269,77"),
    ("Services[0].EstimationCost", D("1500.00"), "1500,00"),
    ("Services[0].InitialPrice", D("1600.00"), "1600,00"),
    ("Services[0].Discount", D("10"), "10"),
    ("Services[0].Discout", D("10"), "10"),
    ("Services[0].FixedDiscount", D("40.00"), "40,00"),
    ("Services[0].CustomEstimationCost", D("1400.00"), "1400,00"),
    ("Services[0].Quantity", D("1"), "1"),
    ("Services[1].CustomQuantity", D("3"), "3"),
    ("Services[0].WorkTotal", D("1400.00"), "1400,00"),
    ("Services[0].Total", D("1400.00"), "1400,00"),
    ("Services[0].CustomerTotal", D("1496.00"), "1496,00"),
    ("Services[0].CustomerPrice", D("1496.00"), "1496,00"),
    # The article's own example: (100 × 3) + (20 × 2).
    ("Services[1].CustomerTotal", D("340.00"), "340,00"),
    ("Services[0].Estimation", D("40"), "40"),
    ("Services[0].CustomEstimation", D("45"), "45"),
    ("Services[0].LaborTime", None, ""),
    ("Services[2].LaborTime", D("1.5"), "1,5"),
    ("Services[2].LaborCost", D("1500.00"), "1500,00"),
    ("Services[0].Mechanic", "Орлов Иван", "Орлов Иван"),
    ("Services[2].Mechanic.Name", "Лебедев Олег", "Лебедев Олег"),
    ("Services[0].Performers", ["Орлов Иван", "Лебедев Олег"], "Орлов Иван, Лебедев Олег"),
    ("Services[0].Performers[1].Person", "Лебедев Олег", "Лебедев Олег"),
    ("Services[0].Performers[1].Person.LastName", "Лебедев", "Лебедев"),
    ("Services[0].Performers[1].Name", "Лебедев Олег", "Лебедев Олег"),
    ("Services[0].Performers[1].Share", D("40"), "40"),
    ("Services[2].Performers", ["Лебедев Олег"], "Лебедев Олег"),
    ("Services[2].Performers[0].Share", D("100"), "100"),
    ("Services[0].Progress", "Закончено", "Закончено"),
    ("Services[0].SpentTime", D("42"), "42"),
    ("Services[0].Approval", "Согласовано", "Согласовано"),
    ("Services[0].Approval.State.Code", "approved", "approved"),
    ("Services[0].Approval.By", "Смирнова Ольга Викторовна", "Смирнова Ольга Викторовна"),
    ("Services[0].Approval.How", "Лично", "Лично"),
    ("Services[2].Approval.How.Code", "link", "link"),
    ("Services[0].Approval.At", moscow(5, 9, 20), "05.03.2026 09:20"),
    ("Services[0].Materials", ["Очиститель тормозов", "Ветошь"], "Очиститель тормозов, Ветошь"),
    ("DeclinedServices[0].Approval.State.Code", "declined", "declined"),
]
PRODUCTS = [
    ("Products[0]", "Масло моторное 5W-30", "Масло моторное 5W-30"),
    ("Products[0].Product", "Масло моторное 5W-30", "Масло моторное 5W-30"),
    ("Products[0].Product.Name", "Масло моторное 5W-30", "Масло моторное 5W-30"),
    ("Products[0].Name", "Масло моторное 5W-30", "Масло моторное 5W-30"),
    ("Products[0].Product.OEM", "154FAA", "154FAA"),
    ("Products[0].Product.Comment", "Синтетика", "Синтетика"),
    ("Products[0].Product.Vendor.Name", "Motul", "Motul"),
    ("Products[0].Product.ProductGroup.Name", "Масла", "Масла"),
    ("Products[0].Product.Group.Name", "Масла", "Масла"),
    ("Products[0].Product.WarrantyDays", D("14"), "14"),
    ("Products[0].Product.WarrantyHaulDistance", D("500"), "500"),
    ("Products[0].PriceValue", D("890.00"), "890,00"),
    ("Products[0].InitialPrice", D("900.00"), "900,00"),
    ("Products[0].Discount", D("5"), "5"),
    ("Products[0].Discout", D("5"), "5"),
    ("Products[0].FixedDiscount", D("5.00"), "5,00"),
    ("Products[0].CustomPrice", D("850.00"), "850,00"),
    ("Products[0].Quantity", D("4"), "4"),
    ("Products[0].CustomQuantity", D("4"), "4"),
    ("Products[0].MeasureQuantity", D("1"), "1"),
    ("Products[0].Measure", "кан.", "кан."),
    ("Products[0].Measure.Name", "канистра 4 литра", "канистра 4 литра"),
    ("Products[0].Measure.ShortName", "кан.", "кан."),
    ("Products[0].CustomerTotal", D("3400.00"), "3400,00"),
    ("Products[0].Total", D("3400.00"), "3400,00"),
    ("Products[0].CustomerPrice", D("3400.00"), "3400,00"),
    ("Products[0].State.Code", "issued", "issued"),
    ("Products[0].State", "Выдано", "Выдано"),
    ("Products[0].Cost", D("2240.00"), "2240,00"),
    ("Products[0].Service.Name", "Замена масла и масляного фильтра",
     "Замена масла и масляного фильтра"),
]  # fmt: skip
MATERIALS = [
    ("Materials[0].Product.Name", "Очиститель тормозов", "Очиститель тормозов"),
    ("Materials[0].Product.OEM", "BC-500", "BC-500"),
    ("Materials[0].Product.Comment", "Аэрозоль", "Аэрозоль"),
    ("Materials[0].Product.Vendor.Name", "Liqui Moly", "Liqui Moly"),
    ("Materials[0].Product.ProductGroup.Name", "Расходные материалы", "Расходные материалы"),
    ("Materials[0].PriceValue", D("0.15"), "0,15"),
    ("Materials[0].InitialPrice", D("0.16"), "0,16"),
    ("Materials[0].Discout", D("0"), "0"),
    ("Materials[0].FixedDiscount", D("0.02"), "0,02"),
    ("Materials[0].CustomPrice", D("0.14"), "0,14"),
    ("Materials[0].Quantity", D("400"), "400"),
    ("Materials[0].MeasureQuantity", D("0.8"), "0,8"),
    ("Materials[0].Measure.Name", "баллон 500 миллилитров", "баллон 500 миллилитров"),
    ("Materials[0].Measure.ShortName", "балл.", "балл."),
    ("Materials[0].CustomerTotal", D("56.00"), "56,00"),
    ("Materials[0].Cost", D("30.40"), "30,40"),
    ("Materials[0].Service", "Замена масла и масляного фильтра",
     "Замена масла и масляного фильтра"),
    ("Materials[2].Service.Service.Name", "Затяжка колёсных гаек", "Затяжка колёсных гаек"),
    ("Materials[2].Service.CustomerTotal", D("340.00"), "340,00"),
]  # fmt: skip
EVERY_NAME = [*HEADER, *SERVICES, *PRODUCTS, *MATERIALS]
LISTS = [("Services", 3), ("Products", 2), ("Materials", 3)]


@pytest.mark.parametrize(("name", "expected", "_"), EVERY_NAME, ids=[row[0] for row in EVERY_NAME])
def test_a_formula_knows_the_name(name: str, expected: object, _: str) -> None:
    found = value(name)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("name", "_", "printed"), EVERY_NAME, ids=[row[0] for row in EVERY_NAME])
def test_a_template_knows_the_name(name: str, _: object, printed: str) -> None:
    assert rendered("{{ " + name + " }}") == printed
    assert rendered("{% calc it = " + name + " %}{{ it }}") == printed


@pytest.mark.parametrize(("name", "length"), LISTS)
def test_a_list_of_lines_is_counted_and_gone_through(name: str, length: int) -> None:
    assert value(f"count({name})") == length
    assert rendered("{% for line in " + name + " %}*{% endfor %}") == "*" * length


def test_the_table_leaves_out_no_name_of_the_model() -> None:
    said = {part for name, _, _ in EVERY_NAME for part in name.replace("[", ".").split(".")}
    said |= {name for name, _ in LISTS}
    kinds = [kind for kind in ORDER_MODEL.objects.values() if kind.name != "ForLoop"]
    left_out = {name for kind in kinds for name in kind.by_name} - said
    assert left_out == set()


def test_dates_are_those_of_the_station() -> None:
    assert value("DateTimeIn") == datetime(2026, 3, 5, 6, 0, tzinfo=UTC)
    east = SAMPLE.model_copy(
        update={"station": SAMPLE.station.model_copy(update={"time_zone": "Asia/Vladivostok"})}
    )
    assert rendered("{{ DateTimeIn }}", order=east) == "05.03.2026 16:00"


def test_in_english_the_same_names_say_english_words() -> None:
    assert value("State", language="en") == "Done"
    assert rendered("{{ TotalMoney }} {{ VisibleToCustomer }}", language="en") == "12536.00 yes"
    assert rendered("{{ DateTimeIn }}", language="en") == "5 Mar 2026 09:00"
    assert value("State.Code", language="en") == "done"


def test_an_order_type_has_the_chains_english_name_where_there_is_one() -> None:
    named = SAMPLE.model_copy(update={"type": SAMPLE.type.model_copy(update={"name_en": "Repair"})})
    for name in ("AssignmentType", "AssignmentType.Name"):
        assert value(name, order=named, language="en") == "Repair"
        assert value(name, order=named, language="ru") == "Ремонт"
        assert value(name, language="en") == "Ремонт"
    # Conditions hold whatever language somebody looks in.
    for said in ("Ремонт", "Repair", "repair"):
        assert value(f'AssignmentType == "{said}"', order=named, language="en") is True
