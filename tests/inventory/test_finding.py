"""Products are found with where they lie."""

from __future__ import annotations

from decimal import Decimal

from shared.contracts.inventory import FindProducts
from shared.ids import new_id
from tests.inventory.at_work import job, together
from tests.inventory.builders import an_ask, requested
from tests.support.day import Station


async def test_a_hit_tells_what_each_warehouse_has_and_may_still_give(station: Station) -> None:
    product = await station.a_product(name="Фильтр")
    main, far = await station.a_warehouse(), await station.a_warehouse("Дальний")
    await station.a_product(name="Фильтр, которого нигде нет")
    await station.receive(main.id, product.id, "5")
    await station.receive(far.id, product.id, "2")
    ask = job(requested(new_id(), an_ask(product.id, 3)))
    await together(station.running["inventory"], ask)

    hit, nowhere = (await station.ask(FindProducts(q="фильтр"))).items
    assert [
        (place.warehouse_id, place.warehouse, place.on_hand, place.available)
        for place in hit.places
    ] == [
        (main.id, main.name, Decimal(5), Decimal(2)),
        (far.id, far.name, Decimal(2), Decimal(2)),
    ]
    stock = [await station.stock(product.id, each.id) for each in (main, far)]
    assert [(row.on_hand, row.available) for row in stock] == [
        (place.on_hand, place.available) for place in hit.places
    ]
    assert nowhere.places == ()
