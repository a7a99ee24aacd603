"""What the rules are called by which services are compared, for people."""

from __future__ import annotations

from typing import NamedTuple


class Words(NamedTuple):
    """In both languages."""

    en: str
    ru: str


OF_STOCK = {
    "on_hand_by_movements": Words(
        "pieces on hand = what all movements come to",
        "штук на складе = итог всех движений",
    ),
    "reserved_by_movements": Words(
        "pieces reserved = what all movements come to",
        "штук в резерве = итог всех движений",
    ),
    "value_by_movements": Words(
        "worth of the stock = what all movements come to",
        "стоимость остатка = итог всех движений",
    ),
    "on_hand_by_lots": Words(
        "pieces on hand = what is left of the receipts",
        "штук на складе = что осталось от приходов",
    ),
    "value_by_lots": Words(
        "worth of the stock = what is left of the receipts",
        "стоимость остатка = что осталось от приходов",
    ),
    "missing_by_shortages": Words(
        "pieces issued before they came = what orders took so",
        "штук выдано до прихода = что так взяли заказы",
    ),
    "reserved_by_lines": Words(
        "pieces reserved = what lines of orders hold",
        "штук в резерве = что держат строки заказов",
    ),
    "free_while_missing": Words(
        "no piece is free while others are owed to done orders",
        "свободных нет, пока выполненным заказам недодано",
    ),
    "short_while_available": Words(
        "nobody waits for what is there",
        "никто не ждёт того, что есть",
    ),
    "short_of_line": Words(
        "a line waits for what it wants and does not have",
        "строка ждёт того, что ей нужно и чего у неё нет",
    ),
    "issued_of_line": Words(
        "issued for a line = what was taken for it",
        "выдано по строке = что для неё взято",
    ),
    "returned_of_order": Words(
        "taken for an order that is not done = nothing",
        "взято для невыполненного заказа = ничего",
    ),
    "arrived_of_receipt": Words(
        "counted for an order to a supplier = what the receipt brought",
        "зачтено заказу поставщику = что пришло с приходом",
    ),
    "received_of_line": Words(
        "received of what was ordered = what its receipts brought",
        "получено из заказанного = что пришло с приходами",
    ),
    "state_of_purchase": Words(
        "state of an order to a supplier = what has come of it",
        "состояние заказа поставщику = что по нему пришло",
    ),
}
"""The warehouse's own books."""
OF_BOOKS = {
    "account_receivable": Words(
        "what a client owes = the ledger",
        "долг клиента = проводки",
    ),
    "account_deposits": Words(
        "what a client has paid in advance = the ledger",
        "аванс клиента = проводки",
    ),
    "account_bonuses": Words(
        "a client's bonuses = the ledger",
        "бонусы клиента = проводки",
    ),
    "account_statement": Words(
        "a client's balance = the client's statement",
        "баланс клиента = акт сверки с ним",
    ),
    "settlement_due": Words(
        "due of an order = the ledger",
        "к оплате по заказу = проводки",
    ),
    "settlement_paid": Words(
        "paid of an order = its payments",
        "оплачено по заказу = его платежи",
    ),
    "unsettled_due": Words(
        "due of an order that is not done = nothing",
        "к оплате по невыполненному заказу = ничего",
    ),
    "entry_revenue": Words(
        "revenue of an order = its entry in the ledger",
        "выручка заказа = его запись в книге",
    ),
    "entry_vat": Words(
        "VAT of an order = its entry in the ledger",
        "НДС заказа = его запись в книге",
    ),
    "entry_cost": Words(
        "cost of an order = its entry in the ledger",
        "себестоимость заказа = его запись в книге",
    ),
    "entry_reversal": Words(
        "an entry that undoes another is its mirror",
        "сторно зеркально своей записи",
    ),
    "payment_held": Words(
        "held of a payment in advance = the ledger",
        "удержано от аванса = проводки",
    ),
    "payment_held_vat": Words(
        "VAT of what is held in advance = the ledger",
        "НДС с аванса = проводки",
    ),
    "payment_amount": Words(
        "a payment = its entry in the ledger",
        "платёж = его запись в книге",
    ),
    "payment_refunded": Words(
        "given back of a payment = its entries in the ledger",
        "возвращено из платежа = его записи в книге",
    ),
    "supplier_payment_amount": Words(
        "a payment to a supplier = its entry in the ledger",
        "платёж поставщику = его запись в книге",
    ),
    "supplier_payment_refunded": Words(
        "got back from a supplier = its entries in the ledger",
        "возвращено поставщиком = записи в книге",
    ),
    "supplier_account": Words(
        "owed to a supplier in the ledger = goods less what was paid",
        "долг поставщику по книге = товары за вычетом оплаты",
    ),
}
"""Finance's own books."""
OF_COUNTERS = {
    "client_visits": Words(
        "visits of a client = orders that are settled",
        "визиты клиента = рассчитанные заказы",
    ),
    "client_revenue": Words(
        "what a client has brought = orders that are settled",
        "выручка от клиента = рассчитанные заказы",
    ),
    "client_first_visit": Words(
        "first visit of a client = the first order that is settled",
        "первый визит клиента = первый рассчитанный заказ",
    ),
    "client_last_visit": Words(
        "last visit of a client = the last order that is settled",
        "последний визит клиента = последний рассчитанный заказ",
    ),
    "client_last_section": Words(
        "section of a client's last visit = that order's",
        "участок последнего визита клиента = участок того заказа",
    ),
}
"""Visits, as clients counts them."""
OF_COPIES = {
    "client_copied_by_orders": Words(
        "the card that orders keeps = clients' card",
        "карточка у orders = карточка у clients",
    ),
    "client_copied_by_finance": Words(
        "who a client was merged into in the books = who it was merged into",
        "с кем клиент объединён в книгах = с кем объединён",
    ),
    "client_copied_by_documents": Words(
        "the addressee that documents keeps = clients' card",
        "адресат у documents = карточка у clients",
    ),
    "vehicle_copied_by_orders": Words(
        "the car that orders keeps = clients' car",
        "автомобиль у orders = автомобиль у clients",
    ),
    "contract_copied_by_orders": Words(
        "the contract that orders keeps = clients' contract",
        "договор у orders = договор у clients",
    ),
    "contract_copied_by_finance": Words(
        "the contract that finance keeps = clients' contract",
        "договор у finance = договор у clients",
    ),
    "product_copied_by_orders": Words(
        "the product that orders keeps = inventory's product",
        "товар у orders = товар у inventory",
    ),
    "part_copied_by_documents": Words(
        "whether documents waits for a part = inventory's last answer",
        "ждёт ли documents запчасть = последний ответ inventory",
    ),
    "vat_copied_by_orders": Words(
        "the rates of VAT that orders keeps = finance's rates",
        "ставки НДС у orders = ставки у finance",
    ),
}
"""What services keep of each other's things."""
SAID = {
    # orders, stock, books and visits side by side
    "known to orders": "известен orders",
    "known to the books": "известен книгам",
    "total = sum of its lines": "итог = сумма строк",
    "settled as often as done": "рассчитан столько раз, сколько выполнен",
    "parts issued as often as done": "запчасти выданы столько раз, сколько выполнен",
    "settled amount = total": "рассчитано = итог",
    "cost settled = cost issued": "рассчитанная себестоимость = выданная",
    "cost of a line = what it was issued at": "себестоимость строки = почём выдана",
    "revenue in the ledger": "выручка в книге",
    "cost in the ledger": "себестоимость в книге",
    "pay in the ledger": "оплата труда в книге",
    "due = due in the books": "к оплате = к оплате по книгам",
    "paid = payments in the books": "оплачено = платежи в книгах",
    "pay = pay in the books": "оплата труда = оплата труда по книгам",
    "VAT = VAT in the books": "НДС = НДС по книгам",
    "number in the books = number of the order": "номер в книгах = номер заказа",
    "cancelled in the books = cancelled": "отменён в книгах = отменён",
    "cancelled in the warehouse = cancelled": "отменён на складе = отменён",
    "client in the books = client of the order": "клиент в книгах = клиент заказа",
    "wanted by the order": "нужно заказу",
    "reserved or issued for the order": "в резерве или выдано заказу",
    "reserved for a line that is": "в резерве за строкой, которая есть",
    "visit counted = settled": "визит учтён = рассчитан",
    "revenue of the visit = settled amount": "выручка визита = рассчитано",
    "time of the visit = work done": "время визита = работа выполнена",
    "section of the visit = section of the settlement": "участок визита = участок расчёта",
    "client of the visit = client of the settlement": "клиент визита = клиент расчёта",
    # receipts, and all of the stock
    "owed for the receipt = owed in the ledger": "долг за приход = долг по книге",
    "stock account = worth of the stock": "счёт запасов = стоимость запасов",
    # what stands in place of a figure
    "none": "нет",
    "nothing": "ничего",
    "yes": "да",
    "no": "нет",
    "an order": "заказ",
    "no such order": "такого заказа нет",
    # whose it is
    "order": "заказ",
    "client": "клиент",
    "vehicle": "автомобиль",
    "contract": "договор",
    "product": "товар",
    "part": "строка",
    "vat": "НДС",
    "supplier": "поставщик",
    "stock": "склад",
    "station": "станция",
    # what is wrong with a record
    "changed": "изменена",
    "removed": "удалена",
    "reordered": "переставлена",
    "truncated": "отрезана",
}
"""Russian for what is told in words already."""
