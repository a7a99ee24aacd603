"""Who did what, and the proof that the record of it is whole."""

from services.gateway.api import Area, get, report
from services.gateway.exports import lists
from shared.contracts.audit import FindRecords, VerifyChain

AREA = Area(
    "audit",
    "The journal of everything, and the check of its hash chain",
    (
        report("/audit", FindRecords, "Records, newest first", lists.RECORDS),
        get("/audit/verify", VerifyChain, "Check that no record is missing or changed"),
    ),
)
