"""Any history of a station, in any order, with news that comes late or twice: in the end every
book agrees with every other one, to the last unit and kopeck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.commands.difference_words import line_of
from deploy.reconciliation import compare
from shared.contracts.client_contracts import ChangeContract, CreateContract
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    CreateClient,
    SaidConsents,
)
from shared.contracts.costing import CostingMethod
from shared.contracts.finance import MoneyMethod, PaymentMethod, RefundPayment, TakePayment
from shared.contracts.inventory import (
    ChangeProduct,
    ChangeWarehouse,
    CreateProduct,
    CreateSupplier,
    CreateWarehouse,
    ExtraCost,
    ExtraSpread,
    OtherUnit,
    ReceivedLine,
    ReceiveStock,
)
from shared.contracts.orders import (
    AddService,
    ChangeLine,
    CreateEmployee,
    CreateOrder,
    CreateSection,
    GetOrder,
    MoveOrder,
    OnRemoval,
    OrderStatus,
    PartRequest,
    RemoveLine,
    RequestParts,
)
from shared.contracts.payroll import PayOut, PayoutLine
from shared.contracts.purchase_orders import (
    ArrivedLine,
    CreatePurchaseOrder,
    OrderProposal,
    OrderSpecially,
    PurchaseLine,
    ReceivePurchase,
    SendPurchaseOrder,
)
from shared.contracts.purchasing import (
    CancelReceipt,
    PaySupplier,
    RefundSupplierPayment,
    ReturnedLine,
    ReturnToSupplier,
)
from shared.contracts.stock_counts import PostCount, SetCounted, StartCount
from shared.contracts.stock_documents import (
    CancelTransfer,
    CancelWriteOff,
    ReceiveTransfer,
    SendTransfer,
    StockLine,
    WriteOffStock,
)
from shared.contracts.taxes import SetVatRates, VatRate
from shared.contracts.visits import KeepVisits
from shared.refusals import Refused
from tests.support.business import Business

SERVICES = ("clients", "orders", "inventory", "finance", "documents")
which = st.integers(0, 20)
amounts = st.decimals("0.5", "6", places=3)
money = st.decimals("1", "900", places=2)
vat = st.sampled_from([None, Decimal(10), Decimal(20)])
said = st.sampled_from(
    [
        {"phones": ("+79161234567",), "email": "a@example.com"},
        {"phones": (), "comment": "Просит звонить"},
        {"discount_percent": Decimal("7.5"), "middle_name": "Иванович"},
        {"consents": SaidConsents(sms=True), "language": "en"},
        {"consents": SaidConsents(sms=False, marketing=True)},
    ]
)
"""By a client at the counter."""


class Station(RuleBasedStateMachine):
    """Whatever people do; what is refused is refused, and changes nothing."""

    database: Callable[[str], str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.business = Business(self.database, *SERVICES)
        self.orders: list[UUID] = []
        self.payments: list[UUID] = []
        self.transfers: list[UUID] = []
        self.write_offs: list[UUID] = []
        self.receipts: list[UUID] = []
        self.purchases: list[UUID] = []
        self.supplier_payments: list[UUID] = []
        self.cars: list[UUID] = []
        self.contracts: list[UUID] = []

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def send(self, command: Any) -> Any:
        """The answer; ``None``: it was refused."""
        with suppress(Refused):
            return self.run(self.business.send(command))
        return None

    @initialize()
    def open(self) -> None:
        self.run(self.business.open())
        self.clients = [
            self.send(CreateClient(last_name=name, first_name="Иван")).id for name in ("А", "Б")
        ]
        self.section = self.send(CreateSection(name="Слесарный")).id
        self.mechanic = self.send(
            CreateEmployee(
                last_name="Петров",
                first_name="Пётр",
                role="technician",
                section_id=self.section,
                pay_percent=Decimal(40),
            )
        ).id
        self.products = [
            self.send(CreateProduct(name=name, price=Decimal(price))).id
            for name, price in (("Фильтр", "333.33"), ("Масло", "0.01"))
        ]
        places = ("Главный", "Второй")
        self.warehouses = [self.send(CreateWarehouse(name=name)).id for name in places]
        self.supplier = self.send(CreateSupplier(name="Автодок")).id
        self.carrier = self.send(CreateSupplier(name="Перевозчик")).id
        self.send(KeepVisits())  # as at the start of a station that finance knows nothing older of
        self.run(self.business.drain())

    # --- at the counter --------------------------------------------------------------------------

    @rule(client=st.integers(0, 1))
    def an_order_is_opened(self, client: int) -> None:
        order = self.send(
            CreateOrder(
                client_id=self.clients[client],
                section_id=self.section,
                employee_id=self.mechanic,
            )
        )
        self.orders.append(order.id)

    @rule(order=which, price=money, times=st.integers(1, 3))
    def a_work_is_added(self, order: int, price: Decimal, times: int) -> None:
        if self.orders:
            self.send(
                AddService(
                    order_id=self._order(order),
                    name="Работа",
                    quantity=Decimal(times),
                    initial_price=price,
                    discount_percent=Decimal("7.5"),
                )
            )

    @rule(order=which, product=st.integers(0, 1), amount=amounts)
    def parts_are_requested(self, order: int, product: int, amount: Decimal) -> None:
        if self.orders:
            line = PartRequest(product_id=self.products[product], quantity=amount, kind="product")
            self.send(RequestParts(order_id=self._order(order), lines=(line,)))

    @rule(order=which, line=which, amount=amounts)
    def a_line_is_changed(self, order: int, line: int, amount: Decimal) -> None:
        if found := self._line(order, line):
            self.send(ChangeLine(order_id=self._order(order), line_id=found, quantity=amount))

    @rule(order=which, line=which, on_removal=st.sampled_from(["return", "write_off"]))
    def a_line_is_removed(self, order: int, line: int, on_removal: OnRemoval) -> None:
        if found := self._line(order, line):
            self.send(
                RemoveLine(
                    order_id=self._order(order),
                    line_id=found,
                    on_removal=on_removal,
                    reason="сломалась",
                )
            )

    @rule(order=which, to=st.sampled_from(["in_progress", "done", "done", "cancelled"]))
    def an_order_moves(self, order: int, to: OrderStatus) -> None:
        if self.orders:
            self.send(MoveOrder(order_id=self._order(order), to=to, reason="так надо"))

    @rule(order=which)
    def an_order_is_seen_through(self, order: int) -> None:
        """News has come; the order is done, if its parts are there."""
        if self.orders:
            self.run(self.business.drain())
            for to in ("in_progress", "done"):
                self.send(MoveOrder(order_id=self._order(order), to=to))

    # --- at the till -----------------------------------------------------------------------------

    @rule(
        order=which,
        client=st.integers(0, 1),
        amount=money,
        method=st.sampled_from(["cash", "card"]),
        names_it=st.booleans(),
    )
    def somebody_pays(
        self, order: int, client: int, amount: Decimal, method: PaymentMethod, names_it: bool
    ) -> None:
        if self.orders:
            payment = self.send(
                TakePayment(
                    order_id=self._order(order) if names_it else None,
                    customer_id=self.clients[client],
                    amount=amount,
                    method=method,
                )
            )
            if payment:
                self.payments.append(payment.id)

    @rule(payment=which, amount=st.none() | money)
    def money_goes_back(self, payment: int, amount: Decimal | None) -> None:
        if self.payments:
            self.send(
                RefundPayment(payment_id=self.payments[payment % len(self.payments)], amount=amount)
            )

    # --- in the store ----------------------------------------------------------------------------

    @rule(product=st.integers(0, 1), place=st.integers(0, 1), amount=amounts, cost=money)
    def goods_come(self, product: int, place: int, amount: Decimal, cost: Decimal) -> None:
        line = ReceivedLine(product_id=self.products[product], quantity=amount, cost=cost)
        self._receive(
            ReceiveStock(
                warehouse_id=self.warehouses[place], supplier_id=self.supplier, lines=(line,)
            )
        )

    @rule(
        place=st.integers(0, 1),
        brought=st.lists(st.tuples(st.integers(0, 1), amounts, money, vat), min_size=1, max_size=3),
        delivery=money,
        delivery_vat=vat,
        spread=st.sampled_from(["by_value", "by_quantity"]),
        includes_vat=st.booleans(),
        vat_in_cost=st.booleans(),
    )
    def goods_come_with_vat_and_delivery(
        self,
        place: int,
        brought: list[tuple[int, Decimal, Decimal, Decimal | None]],
        delivery: Decimal,
        delivery_vat: Decimal | None,
        spread: ExtraSpread,
        includes_vat: bool,
        vat_in_cost: bool,
    ) -> None:
        extra = ExtraCost(
            name="Доставка", amount=delivery, vat_percent=delivery_vat, supplier_id=self.carrier
        )
        self._receive(
            ReceiveStock(
                warehouse_id=self.warehouses[place],
                supplier_id=self.supplier,
                prices_include_vat=includes_vat,
                vat_in_cost=vat_in_cost,
                extra_costs=(extra,),
                extra_spread=spread,
                lines=tuple(
                    ReceivedLine(
                        product_id=self.products[product],
                        quantity=amount,
                        cost=cost,
                        vat_percent=percent,
                    )
                    for product, amount, cost, percent in brought
                ),
            )
        )

    @rule(receipt=which, amount=amounts, second=st.booleans())
    def goods_go_back(self, receipt: int, amount: Decimal, second: bool) -> None:
        if self.receipts:
            line = ReturnedLine(position=2 if second else 1, quantity=amount)
            self.send(
                ReturnToSupplier(receipt_id=self._receipt(receipt), lines=(line,), reason="брак")
            )

    @rule(receipt=which)
    def a_receipt_is_undone(self, receipt: int) -> None:
        if self.receipts:
            self.send(CancelReceipt(receipt_id=self._receipt(receipt), reason="не то"))

    @rule(place=st.integers(0, 1), method=st.sampled_from(["fifo", "average"]))
    def a_warehouse_keeps_its_books_anew(self, place: int, method: CostingMethod) -> None:
        assert self.send(ChangeWarehouse(warehouse_id=self.warehouses[place], costing=method))

    # --- ordered from suppliers, and paid for ----------------------------------------------------

    @rule(product=st.integers(0, 1), place=st.integers(0, 1), amount=amounts, cost=money)
    def goods_are_ordered(self, product: int, place: int, amount: Decimal, cost: Decimal) -> None:
        line = PurchaseLine(product_id=self.products[product], quantity=amount, cost=cost)
        order = self.send(
            CreatePurchaseOrder(
                supplier_id=self.supplier, warehouse_id=self.warehouses[place], lines=(line,)
            )
        )
        self.send(SendPurchaseOrder(purchase_order_id=order.id))
        self.purchases.append(order.id)

    @rule(order=which, place=st.integers(0, 1))
    def what_an_order_lacks_is_ordered(self, order: int, place: int) -> None:
        if not self.orders:
            return
        special = self.send(
            OrderSpecially(
                order_id=self._order(order),
                supplier_id=self.supplier,
                warehouse_id=self.warehouses[place],
            )
        )
        if special:
            purchase_id = special.lines[-1].purchase_order_id
            self.send(SendPurchaseOrder(purchase_order_id=purchase_id))
            self.purchases.append(purchase_id)

    @rule(purchase=which, product=st.integers(0, 1), amount=amounts, cost=money, percent=vat)
    def something_ordered_comes(
        self, purchase: int, product: int, amount: Decimal, cost: Decimal, percent: Decimal | None
    ) -> None:
        if self.purchases:
            line = ArrivedLine(
                product_id=self.products[product], quantity=amount, cost=cost, vat_percent=percent
            )
            purchase_id = self.purchases[purchase % len(self.purchases)]
            self._receive(ReceivePurchase(purchase_order_id=purchase_id, lines=(line,)))

    @rule(amount=money, method=st.sampled_from(["cash", "transfer"]), carrier=st.booleans())
    def a_supplier_is_paid(self, amount: Decimal, method: MoneyMethod, carrier: bool) -> None:
        payee = self.carrier if carrier else self.supplier
        payment = self.send(PaySupplier(supplier_id=payee, amount=amount, method=method))
        if payment:
            self.supplier_payments.append(payment.id)

    @rule(payment=which, amount=st.none() | money)
    def a_supplier_gives_back(self, payment: int, amount: Decimal | None) -> None:
        if self.supplier_payments:
            payment_id = self.supplier_payments[payment % len(self.supplier_payments)]
            self.send(RefundSupplierPayment(payment_id=payment_id, amount=amount))

    # --- moved, lost and found -------------------------------------------------------------------

    @rule(product=st.integers(0, 1), place=st.integers(0, 1), amount=amounts)
    def goods_are_sent(self, product: int, place: int, amount: Decimal) -> None:
        transfer = self.send(
            SendTransfer(
                from_warehouse_id=self.warehouses[place],
                to_warehouse_id=self.warehouses[1 - place],
                lines=(StockLine(product_id=self.products[product], quantity=amount),),
            )
        )
        if transfer:
            self.transfers.append(transfer.id)

    @rule(transfer=which, arrives=st.booleans())
    def a_transfer_ends(self, transfer: int, arrives: bool) -> None:
        if self.transfers:
            transfer_id = self.transfers[transfer % len(self.transfers)]
            self.send(
                ReceiveTransfer(transfer_id=transfer_id)
                if arrives
                else CancelTransfer(transfer_id=transfer_id, reason="не надо")
            )

    @rule(product=st.integers(0, 1), place=st.integers(0, 1), amount=amounts)
    def goods_are_written_off(self, product: int, place: int, amount: Decimal) -> None:
        document = self.send(
            WriteOffStock(
                warehouse_id=self.warehouses[place],
                reason="бой",
                lines=(StockLine(product_id=self.products[product], quantity=amount),),
            )
        )
        if document:
            self.write_offs.append(document.id)

    @rule(document=which)
    def a_write_off_is_cancelled(self, document: int) -> None:
        if self.write_offs:
            write_off_id = self.write_offs[document % len(self.write_offs)]
            self.send(CancelWriteOff(write_off_id=write_off_id, reason="нашлось"))

    @rule(place=st.integers(0, 1), product=st.integers(0, 2))
    def what_lacks_is_ordered(self, place: int, product: int) -> None:
        named = self.products[product : product + 1]
        self.send(
            OrderProposal(
                supplier_id=self.supplier,
                warehouse_id=self.warehouses[place],
                product_ids=tuple(named),
            )
        )

    @rule(product=st.integers(0, 1), place=st.integers(0, 1), found=amounts)
    def a_shelf_is_counted(self, product: int, place: int, found: Decimal) -> None:
        count = self.send(
            StartCount(warehouse_id=self.warehouses[place], product_ids=(self.products[product],))
        )
        self.send(SetCounted(count_id=count.id, product_id=self.products[product], quantity=found))
        assert self.send(PostCount(count_id=count.id))

    # --- in the office ---------------------------------------------------------------------------

    @rule(
        place=st.integers(0, 1),
        costing=st.sampled_from(["fifo", "average"]),
        may_be_negative=st.booleans(),
    )
    def a_warehouse_has_other_rules(
        self, place: int, costing: CostingMethod, may_be_negative: bool
    ) -> None:
        self.send(
            ChangeWarehouse(
                warehouse_id=self.warehouses[place],
                costing=costing,
                may_be_negative=may_be_negative,
            )
        )

    @rule(percent=st.sampled_from([None, Decimal(0), Decimal(20), Decimal(22)]))
    def vat_has_another_rate(self, percent: Decimal | None) -> None:
        rate = VatRate(since=date(2020, 1, 1), percent=percent)
        self.send(SetVatRates(regime="vat", rates=(rate,)))

    @rule(amount=money, advance=st.booleans())
    def the_mechanic_is_paid(self, amount: Decimal, advance: bool) -> None:
        line = PayoutLine(employee_id=self.mechanic, amount=amount)
        self.send(PayOut(lines=(line,), method="cash", advance=advance))

    @rule(client=st.integers(0, 1), said=said)
    def a_card_is_edited(self, client: int, said: dict[str, Any]) -> None:
        self.send(ChangeClient(client_id=self.clients[client], **said))

    @rule(client=st.integers(0, 1), plate=st.integers(100, 999), is_new=st.booleans())
    def a_car_is_noted(self, client: int, plate: int, is_new: bool) -> None:
        told: dict[str, Any] = {"client_id": self.clients[client], "plate": f"А{plate}ВС77"}
        if is_new or not self.cars:
            self.cars.append(self.send(AddVehicle(vendor="Lada", **told)).id)
        else:
            self.send(ChangeVehicle(vehicle_id=self.cars[-1], mileage_km=plate, **told))

    @rule(client=st.integers(0, 1), days=st.integers(0, 30), is_new=st.booleans())
    def a_contract_is_signed(self, client: int, days: int, is_new: bool) -> None:
        terms: dict[str, Any] = {"payment_days": days, "credit_limit": Decimal(days) * 100}
        if is_new or not self.contracts:
            signed = {"client_id": self.clients[client], "number": str(days)}
            made = self.send(CreateContract(signed_on=date(2026, 1, 1), **signed, **terms))
            self.contracts.append(made.id)
        else:
            self.send(ChangeContract(contract_id=self.contracts[-1], **terms))

    @rule(product=st.integers(0, 1), price=money, factor=st.sampled_from(["5", "0.5", "2.50"]))
    def a_product_is_edited(self, product: int, price: Decimal, factor: str) -> None:
        units = (OtherUnit(measure="упаковка", factor=Decimal(factor)),)
        self.send(ChangeProduct(product_id=self.products[product], price=price, units=units))

    @precondition(lambda self: len(set(self.clients)) == 2)
    @rule(chance=st.integers(0, 5))
    def two_clients_were_one(self, chance: int) -> None:
        if chance == 0:
            one, other = self.clients
            self.send(MergeClients(client_id=one, other_id=other))
            self.clients = [one, one]

    # --- news ------------------------------------------------------------------------------------

    @rule(service=st.sampled_from(SERVICES), event=which, again=which)
    def news_arrives(self, service: str, event: int, again: int) -> None:
        self.run(self.business.deliver(service, event))
        self.run(self.business.deliver_again(service, again))

    @rule()
    def all_news_arrives(self) -> None:
        self.run(self.business.drain())

    def teardown(self) -> None:
        try:
            self.run(self.business.drain())
            wrong = self.run(compare(self.business.ask, pause_s=0)).differences
            assert not wrong, "\n".join(map(line_of, wrong))
        finally:
            self.run(self.business.close())
            self.loop.close()

    def _order(self, index: int) -> UUID:
        return self.orders[index % len(self.orders)]

    def _receive(self, command: ReceiveStock | ReceivePurchase) -> None:
        if receipt := self.send(command):
            self.receipts.append(receipt.id)

    def _receipt(self, index: int) -> UUID:
        return self.receipts[index % len(self.receipts)]

    def _line(self, order: int, line: int) -> UUID | None:
        if not self.orders:
            return None
        view = self.run(self.business.ask(GetOrder(order_id=self._order(order))))
        lines = [each.id for each in (*view.services, *view.products, *view.materials)]
        return lines[line % len(lines)] if lines else None


@pytest.mark.timeout(300)
def test_every_book_agrees_after_any_history(database: Callable[[str], str]) -> None:
    machine = type("StationOfTest", (Station,), {"database": staticmethod(database)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=60,
            deadline=None,
            # A failing history is shown as it is: each shorter one would take four databases.
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
