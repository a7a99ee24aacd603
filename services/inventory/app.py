"""The inventory service, ready to run."""

from __future__ import annotations

from services.inventory.handlers import handlers, imports
from services.inventory.store.sums import fold
from shared.imports.worker import ImportWorker
from shared.messaging.folding import keeping_sums
from shared.service import Service

service = Service(
    "inventory",
    handlers,
    background=(ImportWorker(imports.desk, handlers).run, keeping_sums(fold)),
)
