"""The documents service, wired: ``pitlane service documents``."""

from __future__ import annotations

from services.documents.handlers import forms, handlers
from shared.service import Service

service = Service("documents", handlers, background=(forms.renderers.run,))
