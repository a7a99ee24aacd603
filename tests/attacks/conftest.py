from __future__ import annotations

from tests.gateway.conftest import gateway, services, slow_passwords, whole

__all__ = ["gateway", "services", "slow_passwords", "whole"]
