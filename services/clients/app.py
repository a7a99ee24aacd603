"""The clients service, wired: ``pitlane service clients``."""

from __future__ import annotations

from services.clients.handlers import handlers, importing
from shared.imports.worker import ImportWorker
from shared.service import Service

service = Service("clients", handlers, background=(ImportWorker(importing.desk, handlers).run,))
