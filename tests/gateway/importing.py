"""Somebody at a screen who brings files."""

from __future__ import annotations

import json
from typing import Any

import httpx

from shared.ids import new_id
from tests.gateway.support import API, TestGateway, a_key
from tests.support.waiting import eventually


class Bringer:
    """Brings files and follows their imports over HTTP."""

    def __init__(self, client: httpx.AsyncClient, lists: str) -> None:
        self.client = client
        self.lists = lists

    @classmethod
    async def of(cls, gateway: TestGateway, lists: str, role: str = "administrator") -> Bringer:
        return cls(await gateway.signed_in(role), lists)

    async def post(self, path: str, body: dict[str, Any], status: int = 201) -> Any:
        response = await self.client.post(API + path, json=body, headers=a_key())
        assert response.status_code == status, response.text
        return response.json()

    async def get(self, path: str, status: int = 200, **query: Any) -> Any:
        response = await self.client.get(API + path, params=query)
        assert response.status_code == status, response.text
        return response.json()

    async def a_supplier(self) -> str:
        name = f"Автодок {new_id().hex[-6:]}"
        supplier_id: str = (await self.post("/suppliers", {"name": name}))["id"]
        return supplier_id

    async def bring(
        self, content: bytes, status: int = 202, *, to: str | None = None, **fields: Any
    ) -> Any:
        """As a body of its own; columns as JSON."""
        if "columns" in fields:
            fields["columns"] = json.dumps(fields["columns"])
        response = await self.client.post(
            API + (to or self.lists),
            content=content,
            params=fields,
            headers={**a_key(), "Content-Type": "application/octet-stream"},
        )
        assert response.status_code == status, response.text
        return response.json()

    async def when(self, import_id: str, *states: str, timeout_s: float = 30.0) -> Any:
        """The import as soon as it is in one of these states."""

        async def arrived() -> Any:
            shown = await self.get(f"{self.lists}/{import_id}")
            return shown if shown["state"] in states else None

        return await eventually(arrived, timeout_s=timeout_s)

    async def ready(self, content: bytes, **fields: Any) -> Any:
        brought = await self.bring(content, **fields)
        return await self.when(brought["id"], "ready", "failed")

    async def applied(self, content: bytes, **fields: Any) -> Any:
        shown = await self.ready(content, **fields)
        assert shown["state"] == "ready", shown
        await self.post(f"{self.lists}/{shown['id']}/apply", {}, 202)
        return await self.when(shown["id"], "applied", "failed")
