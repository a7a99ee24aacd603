"""What one transaction of the documents service reads and writes."""

from __future__ import annotations

from shared.handlers import Store


class DocumentsStore(Store):
    """Templates and their versions, and what was sent."""
