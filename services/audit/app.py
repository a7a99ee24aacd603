"""The audit service, wired: ``pitlane service audit``."""

from __future__ import annotations

from services.audit.anchor import keep_anchoring
from services.audit.handlers import handlers
from shared.service import Service

GATHER_S = 0.01
"""The journal hears every event, and each of its transactions waits for the chain's end."""

service = Service("audit", handlers, background=(keep_anchoring,), gather_s=GATHER_S)
