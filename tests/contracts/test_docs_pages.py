"""The documentation pages show what is committed, and load nothing from another host."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from deploy import documents
from deploy.vendor import renew
from services.gateway import docs_pages
from services.gateway.docs_pages import docs_routes
from services.gateway.pages.assets import STATIC, asset_routes

PAGES = ("/docs", "/docs/events", "/docs/events/orders")
DOCUMENT = {
    "channels": {
        "CreateOrder": {"address": "cmd.orders.create_order.v1"},
        "OrderCreated": {"address": "evt.orders.order_created.v1"},
        "PartsReserved": {"address": "evt.inventory.parts_reserved.v1"},
    },
    "operations": {
        "CreateOrder": {"tags": [{"name": "Commands"}]},
        "OrderCreated": {"tags": [{"name": "Events published"}]},
        "PartsReserved": {"tags": [{"name": "Events consumed"}]},
    },
}
EVERYTHING = {
    "channels": {"AnyEvent": {"address": "evt.>"}},
    "operations": {"AnyEvent": {"tags": [{"name": "Events consumed"}]}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "asyncapi"
    folder.mkdir()
    (folder / "orders.json").write_text(json.dumps(DOCUMENT))
    (folder / "audit.json").write_text(json.dumps(EVERYTHING))
    (tmp_path / "secret.json").write_text("{}")
    monkeypatch.setattr(docs_pages, "DOCUMENTS", folder)
    return folder


@pytest.fixture
async def browser(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=Starlette(routes=[*docs_routes(), *asset_routes()]))
    async with httpx.AsyncClient(transport=transport, base_url="http://station") as client:
        yield client


class Tags(HTMLParser):
    """The tags of a page with their attributes, and the text within scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in {"script", "style"} and data.strip():
            self.inline.append(data)

    def loaded(self) -> Iterator[str]:
        for tag, attributes in self.tags:
            address = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
            if address and address != "data:,":
                yield address


@pytest.mark.parametrize("path", PAGES)
async def test_page_has_no_inline_script_or_style(path: str, browser: httpx.AsyncClient) -> None:
    response = await browser.get(path)
    assert response.status_code == 200
    page = Tags(response.text)
    assert page.inline == []
    attributes = {name for _, attributes in page.tags for name in attributes}
    assert [name for name in attributes if name == "style" or name.startswith("on")] == []
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


@pytest.mark.parametrize("path", PAGES)
async def test_every_file_that_a_page_loads_is_served_from_here(
    path: str, browser: httpx.AsyncClient
) -> None:
    loaded = list(Tags((await browser.get(path)).text).loaded())
    assert loaded
    for address in loaded:
        assert address.startswith("/static/")
        assert (await browser.get(address)).status_code == 200


async def test_overview_shows_who_publishes_and_who_consumes(browser: httpx.AsyncClient) -> None:
    page = (await browser.get("/docs/events")).text
    cells = re.findall(r"<td>(.*?)</td>", page)
    orders = '<a href="/docs/events/orders">orders</a>'
    audit = '<a href="/docs/events/audit">audit</a>'
    assert cells[:10] == [audit, "0", "0", "1", "0", orders, "1", "0", "1", "1"]
    assert cells[10:] == ["<code>evt.orders.order_created.v1</code>", orders, audit]


async def test_document_is_served_as_it_is_committed(
    browser: httpx.AsyncClient, folder: Path
) -> None:
    response = await browser.get("/docs/events/orders.json")
    assert response.headers["content-type"] == "application/json"
    assert response.content == (folder / "orders.json").read_bytes()


@pytest.mark.parametrize("name", ["nobody", "..%2Fsecret", "../secret", "%2e%2e%2fsecret", "*"])
async def test_nothing_but_the_documents_is_served(name: str, browser: httpx.AsyncClient) -> None:
    assert (await browser.get(f"/docs/events/{name}.json")).status_code == 404
    assert (await browser.get(f"/docs/events/{name}")).status_code == 404


def test_documents_are_those_that_are_generated_and_packed() -> None:
    packages = tomllib.loads((documents.ROOT / "pyproject.toml").read_text())
    packed = packages["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert docs_pages.DOCUMENTS == documents.ASYNCAPI
    assert documents.ASYNCAPI.relative_to(documents.ROOT).parts[0] in packed


def test_own_files_name_no_other_host() -> None:
    own = [path for path in (STATIC / "docs").iterdir() if path.is_file()]
    assert own
    assert [path.name for path in own if re.search(r"https?://|//[a-z]+\.", path.read_text())] == []


def test_vendored_files_are_those_of_the_manifest() -> None:
    assert list(renew.differences()) == []


def test_vendored_packages_bring_their_licences() -> None:
    for package in json.loads(renew.MANIFEST.read_bytes())["packages"]:
        assert package["licence"]
        assert package["integrity"].startswith("sha512-")
        (licence, *_) = (renew.home_of(package) / package["folder"]).glob(
            package.get("licence_in", "LICENSE*")
        )
        assert licence.stat().st_size > 0


def test_changed_missing_and_foreign_vendored_files_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendored = tmp_path / "vendor"
    shutil.copytree(renew.VENDORED, vendored)
    monkeypatch.setattr(renew, "VENDORED", vendored)
    with (vendored / "swagger-ui-dist" / "swagger-ui.css").open("a") as file:
        file.write("body{}")
    (vendored / "swagger-ui-dist" / "NOTICE").unlink()
    (vendored / "swagger-ui-dist" / "extra.js").write_text("1")
    assert list(renew.differences()) == [
        "swagger-ui-dist/NOTICE is missing",
        "swagger-ui-dist/extra.js is not in the manifest",
        "swagger-ui-dist/swagger-ui.css is not the file that the manifest knows",
    ]
