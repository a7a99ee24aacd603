"""The audit service, wired: ``pitlane service audit``."""

from __future__ import annotations

from services.audit.anchor import keep_anchoring
from services.audit.handlers import handlers
from shared.service import Service

service = Service("audit", handlers, background=(keep_anchoring,))
