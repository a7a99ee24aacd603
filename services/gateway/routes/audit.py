"""Who did what, and the proof that the record of it is whole."""

from services.gateway.api import Area, get
from shared.contracts.audit import FindRecords, VerifyChain

AREA = Area(
    "audit",
    "The journal of everything, and the check of its hash chain",
    (
        get("/audit", FindRecords, "Records, newest first"),
        get("/audit/verify", VerifyChain, "Check that no record is missing or changed"),
    ),
)
