"""The object model of seed 004: every name that a formula or template can say, and what it means.

The tables are the one definition: evaluation, masking, the checks of names, their tests and the
reference page all read them. What is hidden from whom is said at the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from shared.contracts.work_order import PartLine, PerformerShown, ServiceLine, WorkOrder
from shared.formulas.model_things import (
    APPROVAL,
    CATALOGUE_SERVICE,
    CHOICE,
    MEASURE,
    NAMED,
    ORDER_TYPE,
    PART_STATES,
    PARTY,
    PERFORMER,
    PERSON,
    PRODUCT,
    PROGRESS,
    STATES,
    STATION,
    VEHICLE,
    chosen,
    field,
    its_name,
    named,
)
from shared.formulas.objects import Hidden, Model, ObjectType, View
from shared.promises import has_gone

PLACE = ObjectType(
    "Place",
    "Участок или пост",
    "Section or post",
    its_name,
    (field("Name", "text", "Наименование", "Name", "name"),),
)


def _materials(line: ServiceLine, view: View) -> Sequence[PartLine]:
    return view.materials_of(line.id)


def _performers(line: ServiceLine, _: View) -> Sequence[PerformerShown]:
    """Also of a work that its mechanic does alone."""
    alone = (PerformerShown(person=line.mechanic, share=Decimal(100)),) if line.mechanic else ()
    return line.performers or alone


def _its_service(line: PartLine, view: View) -> ServiceLine | None:
    found: ServiceLine | None = view.service_lines.get(line.service_line_id)
    return found


SERVICE_LINE = ObjectType(
    "ServiceLine",
    "Строка услуги",
    "Service line",
    lambda line, _: line.service.name,
    (
        field("Service", "Service", "Услуга", "Work", "service"),
        field("Name", "text", "Наименование услуги", "Name of the work", "service.name"),
        field("Comment", "text", "Примечание к услуге в этом заказ-наряде",
              "Note to the work on this order", "comment"),
        field("EstimationCost", "money", "Цена, предложенная системой", "Suggested price",
              "estimation_cost", hidden=Hidden.PRICE),
        field("InitialPrice", "money", "Начальная цена, до скидок", "Price before discounts",
              "initial_price", hidden=Hidden.PRICE),
        field("Discount", "number", "Скидка, %", "Discount, %", "discount_percent", "Discout"),
        field("FixedDiscount", "money", "Скидка в рублях за единицу, после процентной",
              "Discount in roubles per unit, after the percent", "fixed_discount",
              hidden=Hidden.PRICE),
        field("CustomEstimationCost", "money", "Окончательная цена за единицу",
              "Final price per unit", "custom_estimation_cost", hidden=Hidden.PRICE),
        field("Quantity", "number", "Количество", "Quantity", "quantity", "CustomQuantity"),
        field("WorkTotal", "money", "Стоимость одной работы, без материалов",
              "The work alone, without its materials", "total", "Total", hidden=Hidden.PRICE),
        field("CustomerTotal", "money", "Стоимость услуги с материалами",
              "The work with its materials", "customer_total"),
        field("CustomerPrice", "money", "То же, что CustomerTotal", "The same as CustomerTotal",
              "customer_total"),
        field("Estimation", "number", "Время, предложенное системой, минут",
              "Suggested time, minutes", "estimation"),
        field("CustomEstimation", "number", "Время, указанное сотрудником, минут",
              "Time set by an employee, minutes", "custom_estimation"),
        field("LaborTime", "number", "Продано нормо-часов", "Norm-hours sold", "labor_time",
              hidden=Hidden.PRICE),
        field("LaborCost", "money", "Цена нормо-часа", "Price of a norm-hour", "labor_cost",
              hidden=Hidden.PRICE),
        field("Vat", "money", "НДС в стоимости услуги с материалами",
              "VAT contained in the work with its materials", "vat"),
        field("Mechanic", "Person", "Исполнитель: свой или из шапки",
              "Technician: its own, or the order's", "mechanic"),
        field("Performers", "[Performer]", "Все исполнители, механик первым",
              "Everybody who does it, the technician first", _performers),
        field("Progress", "Choice", "Ход работы", "Progress", chosen("progress", PROGRESS)),
        field("SpentTime", "number", "Потрачено времени, минут", "Time spent, minutes",
              "spent_minutes"),
        field("Approval", "Approval", "Согласование с клиентом", "Approval by the client",
              "approval"),
        field("Materials", "[PartLine]", "Материалы этой услуги", "Materials of this work",
              _materials, hidden=Hidden.CLIENT),
    ),
)  # fmt: skip

PART_LINE = ObjectType(
    "PartLine",
    "Строка товара или материала",
    "Line of goods or material",
    lambda line, _: line.product.name,
    (
        field("Product", "Product", "Товар", "Product", "product"),
        field("Name", "text", "Наименование товара", "Name of the product", "product.name"),
        field("PriceValue", "money", "Цена, предложенная системой", "Suggested price",
              "price_value"),
        field("InitialPrice", "money", "Начальная цена, до скидок", "Price before discounts",
              "initial_price"),
        field("Discount", "number", "Скидка, %", "Discount, %", "discount_percent", "Discout"),
        field("FixedDiscount", "money", "Скидка в рублях за единицу, после процентной",
              "Discount in roubles per unit, after the percent", "fixed_discount"),
        field("CustomPrice", "money", "Окончательная цена за единицу", "Final price per unit",
              "custom_price"),
        field("Quantity", "number", "Количество в основной единице",
              "Quantity in the main unit", "quantity", "CustomQuantity"),
        field("MeasureQuantity", "number", "Количество в единице ввода",
              "Quantity in the unit it was entered in", "measure_quantity"),
        field("Measure", "Measure", "Единица, в которой добавлен",
              "The unit it was entered in", "measure"),
        field("CustomerTotal", "money", "Стоимость строки", "Total of the line", "total", "Total"),
        field("CustomerPrice", "money", "То же, что CustomerTotal", "The same as CustomerTotal",
              "total"),
        field("Vat", "money", "НДС в стоимости строки; у материала — в услуге",
              "VAT contained in the line; of a material, in its work", "vat"),
        field("State", "Choice", "Что со складом", "State at the warehouse",
              chosen("state", PART_STATES)),
        field("Cost", "money", "Себестоимость строки", "Cost of the line", "cost",
              hidden=Hidden.COST),
        field("Service", "ServiceLine", "Услуга, к которой относится; цену материала несёт она",
              "The work it belongs to; it carries a material's price", _its_service),
    ),
)  # fmt: skip


def _services_total(order: WorkOrder, view: View) -> Decimal:
    """A client's works cost what they cost him: with their materials."""
    if view.is_client:
        return order.services_total + order.materials_total
    return order.services_total


def _has_gone(order: WorkOrder, view: View) -> bool:
    is_closed = order.status in ("done", "cancelled")
    return is_closed and has_gone(order.date_time_out, order.completed_at, view.at)


ORDER = ObjectType(
    "Order",
    "Заказ-наряд",
    "Work order",
    lambda order, _: order.number,
    (
        field("Number", "text", "Номер", "Number", "number"),
        field("State", "Choice", "Состояние", "State", chosen("status", STATES)),
        field("AssignmentType", "OrderType", "Тип", "Type", "type"),
        field("DateTimeIn", "date", "Дата приёма автомобиля", "Car taken in", "date_time_in"),
        field("DateTimeOut", "date", "Дата выдачи автомобиля", "Car given back", "date_time_out"),
        field("CarGivenBack", "condition",
              "Автомобиль выдан; до этого DateTimeOut — обещанный срок",
              "The car has gone; until then DateTimeOut is what was promised", _has_gone),
        field("AssignmentDateTime", "date", "Дата учёта для отчётов", "Accounting date",
              "assignment_at"),
        field("CreatedDate", "date", "Создан", "Created", "created_at"),
        field("ModifiedDate", "date", "Изменён", "Changed last", "modified_at"),
        field("CompletedDate", "date", "Выполнен", "Completed", "completed_at"),
        field("Responsible", "Person", "Ответственный за заказ-наряд", "Responsible for the order",
              "responsible"),
        field("ProductResponsible", "Person", "Ответственный за подбор запчастей",
              "Responsible for choosing the parts", "product_responsible"),
        field("Mechanic", "Person", "Основной механик", "Main technician", "mechanic"),
        field("Examiner", "Person", "Приёмщик", "Who received the car", "examiner"),
        field("VisibleToCustomer", "condition", "Показывать клиенту", "Shown to the client",
              "visible_to_customer"),
        field("Comment", "text", "Примечание", "Note", "comment"),
        field("CustomerReason", "text", "Причина обращения", "Reason of the visit",
              "customer_reason"),
        field("CustomerRecomendation", "text", "Рекомендации клиенту", "Advice to the client",
              "recommendation", "CustomerRecommendation"),
        field("Customer", "Party", "Клиент: его баланс меняется",
              "Client, whose balance moves", "customer"),
        field("Driver", "Party", "Водитель", "Driver", "driver"),
        field("Payer", "Party", "Плательщик", "Payer", "payer"),
        field("Vehicle", "Vehicle", "Автомобиль", "Car", "vehicle"),
        field("Vendor", "Named", "Марка автомобиля", "Make of the car",
              lambda order, view: order.vehicle and named("vendor")(order.vehicle, view)),
        field("VehicleModel", "Named", "Модель автомобиля", "Model of the car",
              lambda order, view: order.vehicle and named("model")(order.vehicle, view)),
        field("HaulDistance", "number", "Пробег при выдаче, км", "Mileage when given back, km",
              "haul_distance"),
        field("Station", "Station", "Автосервис", "Station", "station"),
        field("Section", "Place", "Участок", "Section", "section"),
        field("Post", "Place", "Основной пост", "Main post", "post"),
        field("Estimation", "number", "Нужно времени, минут", "Time needed, minutes",
              "estimation"),
        field("SpentTime", "number", "Потрачено времени, минут", "Time spent, minutes",
              "spent_minutes"),
        field("EstimationCost", "money", "Сумма предложенных системой цен",
              "Sum of the suggested prices", "estimation_cost", hidden=Hidden.CLIENT),
        field("TotalMoney", "money", "Сумма к оплате клиентом", "What the client owes for it",
              "total"),
        field("ServicesTotal", "money", "Сумма услуг (для клиента — с материалами)",
              "Total of works (for a client: with materials)", _services_total),
        field("ProductsTotal", "money", "Сумма товаров", "Total of goods", "products_total"),
        field("MaterialsTotal", "money", "Сумма материалов", "Total of materials",
              "materials_total", hidden=Hidden.CLIENT),
        field("CostTotal", "money", "Себестоимость запчастей и материалов",
              "Cost of parts and materials", "cost_total", hidden=Hidden.COST),
        field("PayTotal", "money", "Зарплата исполнителей", "Technicians' pay", "pay_total",
              hidden=Hidden.COST),
        field("Margin", "money", "Прибыль", "Margin", "margin", hidden=Hidden.COST),
        field("VatRate", "number", "Ставка НДС, %; пусто — без НДС",
              "Rate of VAT, %; empty: without VAT", "vat_rate"),
        field("VatTotal", "money", "НДС в сумме заказ-наряда", "VAT contained in the total",
              "vat_total"),
        field("Paid", "money", "Оплачено", "Paid", "paid"),
        field("Due", "money", "Осталось оплатить", "Left to pay", "due"),
        field("Services", "[ServiceLine]", "Услуги", "Works", "services"),
        field("DeclinedServices", "[ServiceLine]", "Услуги, от которых клиент отказался",
              "Works that the client declined", "declined"),
        field("Products", "[PartLine]", "Товары", "Goods", "products"),
        field("Materials", "[PartLine]", "Материалы", "Materials", "materials",
              hidden=Hidden.CLIENT),
    ),
)  # fmt: skip

FOR_LOOP = ObjectType(
    "ForLoop",
    "Повторение в шаблоне",
    "Loop of a template",
    lambda loop, _: f"{loop.index}",
    (
        field("index", "number", "Номер повторения, с 1", "Which repetition, from 1", "index"),
        field("index0", "number", "Номер повторения, с 0", "Which repetition, from 0", "index0"),
        field("rindex", "number", "Сколько осталось, с этим", "How many are left, with this",
              "rindex"),
        field("rindex0", "number", "Сколько осталось", "How many are left", "rindex0"),
        field("length", "number", "Сколько всего", "How many in all", "length"),
        field("parentloop", "ForLoop", "Повторение, в котором стоит это", "The loop around it",
              lambda loop, _: loop.parentloop or None),
        field("first", "condition", "Это первое", "It is the first", "first"),
        field("last", "condition", "Это последнее", "It is the last", "last"),
    ),
)  # fmt: skip
"""``forloop``: not of the order, but what a template's loop tells of itself."""

ORDER_MODEL = Model(
    ORDER,
    {
        kind.name: kind
        for kind in (
            ORDER,
            SERVICE_LINE,
            PART_LINE,
            CATALOGUE_SERVICE,
            PRODUCT,
            MEASURE,
            APPROVAL,
            PARTY,
            PERSON,
            PERFORMER,
            VEHICLE,
            STATION,
            PLACE,
            ORDER_TYPE,
            CHOICE,
            NAMED,
            FOR_LOOP,
        )
    },
)
