"""Finance as a running service."""

from services.finance.handlers import handlers
from shared.service import Service

service = Service("finance", handlers)
