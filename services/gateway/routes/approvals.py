"""Asking clients about works, their answers, and what they declined."""

from services.gateway.api import Area, delete, get, post
from shared.contracts.approvals import (
    AnswerWork,
    AnswerWorks,
    DismissDeclinedWorks,
    EstimateLink,
    ListDeclinedWorks,
    QuoteWorks,
    RevokeEstimateLink,
    TakeDeclinedWorks,
)

AREA = Area(
    "approvals",
    "Works are quoted, approved or declined; what was declined stays on the car",
    (
        post("/orders/{order_id}/quote", QuoteWorks, "Ask the client about works", status=200),
        post(
            "/orders/{order_id}/lines/{line_id}/approval",
            AnswerWork,
            "Record the client's answer to a work",
            status=200,
        ),
        post("/orders/{order_id}/approvals", AnswerWorks, "Record several answers", status=200),
        get("/orders/{order_id}/estimate-link", EstimateLink, "The link for the client's phone"),
        delete(
            "/orders/{order_id}/estimate-link", RevokeEstimateLink, "Make the link stop working"
        ),
        get("/vehicles/{vehicle_id}/declined-works", ListDeclinedWorks, "What a car still needs"),
        post(
            "/vehicles/{vehicle_id}/declined-works/dismissal",
            DismissDeclinedWorks,
            "Offer declined works no more",
            status=200,
        ),
        post(
            "/orders/{order_id}/declined-works",
            TakeDeclinedWorks,
            "Put works that were declined earlier on an order",
            status=200,
        ),
    ),
)
