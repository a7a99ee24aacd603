"""What people do in the office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts.client_contracts import ChangeContract, CreateContract
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import AddVehicle, ChangeClient, ChangeVehicle, SaidConsents
from shared.contracts.inventory import ChangeProduct, ChangeWarehouse, OtherUnit
from shared.contracts.payroll import PayOut, PayoutLine
from shared.contracts.taxes import SetVatRates, VatRate
from tests.flows.histories.station import Station
from tests.support.histories import action

SAID: tuple[dict[str, Any], ...] = (
    {"phones": ("+79161234567",), "email": "a@example.com"},
    {"phones": (), "comment": "Просит звонить"},
    {"discount_percent": Decimal("7.5"), "middle_name": "Иванович"},
    {"consents": SaidConsents(sms=True), "language": "en"},
    {"consents": SaidConsents(sms=False, marketing=True)},
)
"""By a client at the counter."""
RATES = (None, Decimal(0), Decimal(20), Decimal(22))


class Office(Station):
    """Rules, rates and cards are edited."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.cars: list[UUID] = []
        self.contracts: list[UUID] = []

    @action(2)
    async def a_warehouse_has_other_rules(self) -> None:
        await self.send(
            ChangeWarehouse(
                warehouse_id=self.one_of(self.warehouses),
                costing=self.one_of(("fifo", "average")),
                may_be_negative=self.chance(0.5),
            )
        )

    @action(1)
    async def vat_has_another_rate(self) -> None:
        rate = VatRate(since=date(2020, 1, 1), percent=self.one_of(RATES))
        await self.send(SetVatRates(regime="vat", rates=(rate,)))

    @action(1)
    async def the_mechanic_is_paid(self) -> None:
        line = PayoutLine(employee_id=self.mechanic, amount=self.money())
        advance = self.chance(0.5)
        await self.send(PayOut(lines=(line,), method="cash", advance=advance))

    @action(2)
    async def a_card_is_edited(self) -> None:
        client_id = self.one_of(self.clients)
        await self.send(ChangeClient(client_id=client_id, **self.one_of(SAID)))

    @action(2)
    async def a_car_is_noted(self) -> None:
        plate = f"А{self.random.randint(100, 999)}ВС77"
        client_id, vehicle_id = self.one_of(self.clients), self.recent(self.cars)
        if vehicle_id is None or self.chance(0.3):
            car = AddVehicle(vendor="Lada", client_id=client_id, plate=plate)
            self.cars.append(await self.made(car))
        else:
            await self.send(ChangeVehicle(vehicle_id=vehicle_id, client_id=client_id, plate=plate))

    @action(2)
    async def a_contract_is_signed(self) -> None:
        days = self.random.randint(0, 30)
        terms: dict[str, Any] = {"payment_days": days, "credit_limit": Decimal(days) * 100}
        contract_id = self.recent(self.contracts)
        if contract_id is None or self.chance(0.3):
            signed = {"client_id": self.one_of(self.clients), "number": str(days)}
            contract = CreateContract(signed_on=date(2026, 1, 1), **signed, **terms)
            self.contracts.append(await self.made(contract))
        else:
            await self.send(ChangeContract(contract_id=contract_id, **terms))

    @action(2)
    async def a_product_is_edited(self) -> None:
        factor = Decimal(self.one_of(("5", "0.5", "2.50")))
        units = (OtherUnit(measure="упаковка", factor=factor),)
        product_id = self.one_of(self.products)
        await self.send(ChangeProduct(product_id=product_id, price=self.money(), units=units))

    @action(1)
    async def two_clients_were_one(self) -> None:
        one, other = self.clients
        if one != other and self.chance(0.5):
            await self.send(MergeClients(client_id=one, other_id=other))
            self.clients = [one, one]
