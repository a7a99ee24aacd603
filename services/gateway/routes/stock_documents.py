"""Transfers, write-offs and counts of the warehouses."""

from services.gateway.api import Area, get, post
from shared.contracts.stock_counts import (
    CancelCount,
    GetCount,
    ListCountLines,
    ListCounts,
    PostCount,
    ScanCount,
    SetCounted,
    StartCount,
)
from shared.contracts.stock_documents import (
    CancelTransfer,
    CancelWriteOff,
    GetTransfer,
    GetWriteOff,
    ListTransfers,
    ListWriteOffs,
    ReceiveTransfer,
    SendTransfer,
    WriteOffStock,
)

_TRANSFER = "/stock/transfers/{transfer_id}"
_WRITE_OFF = "/stock/write-offs/{write_off_id}"
_COUNT = "/stock/counts/{count_id}"

AREA = Area(
    "stock documents",
    "Goods on their way, written off, counted",
    (
        get("/stock/transfers", ListTransfers, "Transfers, newest first"),
        post(
            "/stock/transfers",
            SendTransfer,
            "Send goods to another warehouse",
            location="/stock/transfers/{id}",
        ),
        get(_TRANSFER, GetTransfer, "A transfer"),
        post(f"{_TRANSFER}/receive", ReceiveTransfer, "Receive what has arrived", status=200),
        post(f"{_TRANSFER}/cancel", CancelTransfer, "Call back what is on its way", status=200),
        get("/stock/write-offs", ListWriteOffs, "Write-offs, newest first"),
        post(
            "/stock/write-offs",
            WriteOffStock,
            "Write goods off",
            location="/stock/write-offs/{id}",
        ),
        get(_WRITE_OFF, GetWriteOff, "A write-off"),
        post(f"{_WRITE_OFF}/cancel", CancelWriteOff, "Put the goods back", status=200),
        get("/stock/counts", ListCounts, "Counts, newest first"),
        post("/stock/counts", StartCount, "Start a count", location="/stock/counts/{id}"),
        get(_COUNT, GetCount, "A count"),
        get(f"{_COUNT}/lines", ListCountLines, "Its products"),
        post(f"{_COUNT}/scan", ScanCount, "So many more are there", status=200),
        post(f"{_COUNT}/counted", SetCounted, "So many are there in all", status=200),
        post(f"{_COUNT}/post", PostCount, "Put the books right", status=200),
        post(f"{_COUNT}/cancel", CancelCount, "Give the count up", status=200),
    ),
)
