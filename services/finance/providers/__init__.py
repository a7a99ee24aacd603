"""Cash registers that print fiscal receipts: each behind the same interface."""

from services.finance.providers.base import Passing, Permanent, Register, Unclear
from services.finance.providers.file import FileRegister
from shared.settings import ServiceSettings

__all__ = ["FileRegister", "Passing", "Permanent", "Register", "Unclear", "register_of"]


def register_of(settings: ServiceSettings) -> Register | None:
    """The configured register; none: the station prints no receipts."""
    return FileRegister(settings.fiscal_folder) if settings.fiscal_adapter == "file" else None
