"""The table that the modules beside this one fill."""

from __future__ import annotations

from services.orders.store import OrdersStore
from shared.contracts import approvals, bay, load, orders, works
from shared.handlers import Handlers

handlers = Handlers(
    "orders",
    OrdersStore,
    refused=orders.OrdersCommandRefused,
    publishes=(
        orders.ReferenceSaved,
        orders.OrderTypeSaved,
        orders.StationSaved,
        orders.OrderCreated,
        orders.OrderChanged,
        orders.ServiceAdded,
        orders.PartsRequested,
        orders.PartsReleased,
        orders.LineChanged,
        orders.LineRemoved,
        orders.OrderRepriced,
        orders.OrderMoved,
        orders.OrderCompleted,
        orders.OrderReopened,
        orders.OrderCancelled,
        orders.CommentAdded,
        orders.NewsTaken,
        bay.ClockStarted,
        bay.ClockStopped,
        load.BookingMade,
        load.BookingMoved,
        load.BookingRemoved,
        load.CalendarSaved,
        works.VariantSaved,
        works.VariantRemoved,
        works.PackageSaved,
        works.PriceRulesSaved,
        works.PackageAdded,
        approvals.EstimateQuoted,
        approvals.EstimateLinkRevoked,
        approvals.WorkApproved,
        approvals.WorkDeclined,
        approvals.ApprovalReset,
        approvals.DeclinedWorksTaken,
        approvals.DeclinedWorksDismissed,
    ),
)
