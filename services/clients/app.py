"""The clients service, wired: ``pitlane service clients``."""

from __future__ import annotations

from services.clients.handlers import handlers
from shared.service import Service

service = Service("clients", handlers)
