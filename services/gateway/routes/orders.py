"""Work orders, from the first line to the last step."""

from services.gateway.api import Area, delete, get, patch, post, report
from services.gateway.exports import lists
from shared.contracts.audit import OrderTimeline
from shared.contracts.board import GetBoard
from shared.contracts.finance import GetOrderProfit
from shared.contracts.orders import (
    AddComment,
    AddService,
    ChangeLine,
    ChangeOrder,
    CreateOrder,
    FindOrders,
    GetOrder,
    ListComments,
    ListPriceSteps,
    MoveOrder,
    RemoveLine,
    RequestParts,
)
from shared.contracts.works import AddPackage, OfferWorks

_ORDER = "/orders/{id}"

AREA = Area(
    "orders",
    "Work orders: works, parts, steps and comments",
    (
        report("/orders", FindOrders, "Find orders", lists.ORDERS),
        get("/board", GetBoard, "What is still to be done, by lanes"),
        post("/orders", CreateOrder, "Open an order", location=_ORDER),
        get("/orders/{order_id}", GetOrder, "An order with its lines"),
        patch("/orders/{order_id}", ChangeOrder, "Edit an order's header"),
        get("/orders/{order_id}/offered-works", OfferWorks, "Works that may be put on it"),
        post("/orders/{order_id}/services", AddService, "Put a work on it", location=_ORDER),
        post("/orders/{order_id}/packages", AddPackage, "Put a package on it", status=202),
        post("/orders/{order_id}/parts", RequestParts, "Request parts for it", status=202),
        patch("/orders/{order_id}/lines/{line_id}", ChangeLine, "Edit a line"),
        delete("/orders/{order_id}/lines/{line_id}", RemoveLine, "Take a line off"),
        get(
            "/orders/{order_id}/lines/{line_id}/prices",
            ListPriceSteps,
            "How a line's price came about",
        ),
        post("/orders/{order_id}/status", MoveOrder, "Take the next step", status=200),
        get("/orders/{order_id}/comments", ListComments, "Its comments"),
        post("/orders/{order_id}/comments", AddComment, "Comment on it"),
        get("/orders/{order_id}/timeline", OrderTimeline, "Everything that happened to it"),
        get("/orders/{order_id}/profit", GetOrderProfit, "What it brought"),
    ),
)
