from __future__ import annotations

from tests.gateway.conftest import gateway, services, whole

__all__ = ["gateway", "services", "whole"]
