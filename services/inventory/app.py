"""The inventory service, ready to run."""

from __future__ import annotations

from services.inventory.handlers import handlers
from shared.service import Service

service = Service("inventory", handlers)
