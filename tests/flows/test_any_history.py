"""Any history of a station, in any order, with news that comes late or twice: in the end every
book agrees with every other one, to the last unit and kopeck."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.flows.histories.cashier import Cashier, Drawer, Spender
from tests.flows.histories.catalogue import Catalogue
from tests.flows.histories.clocks import Clocks
from tests.flows.histories.counter import Counter
from tests.flows.histories.goods import Crowd
from tests.flows.histories.letters import Letters
from tests.flows.histories.lists import ClientLists, PriceLists
from tests.flows.histories.nights import Nights
from tests.flows.histories.office import Office
from tests.flows.histories.payroll import Payroll
from tests.flows.histories.register import Register
from tests.flows.histories.station import Station
from tests.flows.histories.store import Purchases, Shelves, Store
from tests.support.histories import seeds

STEPS = 160


class Everything(Clocks, Nights, Letters, Purchases, Store, Office):
    """Whatever people do, over months."""


class Orders(Clocks, Shelves, Counter):
    """Little else than orders and their parts, so that much happens to each of them."""


class Goods(Nights, PriceLists, Crowd):
    """Whatever can be done with goods, and what orders do with them."""


class Money(Clocks, Shelves, Cashier, Drawer, Spender, Register, Payroll):
    """Orders are paid, people too, and books are kept."""


class Guests(Clocks, Shelves, Catalogue, ClientLists):
    """Who comes, with what, and all that is done with it until it is paid: at a station that runs
    each service twice."""

    processes = 2


@pytest.mark.parametrize("people", [Everything, Orders, Goods, Money, Guests])
@pytest.mark.parametrize("seed", seeds(5))
async def test_every_book_agrees_after_any_history(
    seed: int, people: type[Station], database: Callable[[str], str]
) -> None:
    station = people(database, seed)
    assert await station.history(STEPS) == [], " ".join(station.done)
    assert len(station.done) > STEPS // 5
