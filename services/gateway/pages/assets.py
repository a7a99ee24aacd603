"""The files that pages load: our own and vendored ones, from memory, packed, and under addresses
that name their content, so that a browser fetches each only once.
"""

from __future__ import annotations

import gzip
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

STATIC = Path(__file__).parents[1] / "static"
STATIC_URL = "/static"
ICONS = "icons.svg"
"""One file with every icon, made of the vendored ones: ``<use href="…/icons.svg#car">``."""

_FOR_EVER = "public, max-age=31536000, immutable"
_FOR_A_DAY = "public, max-age=86400"
_PACKED = ("text/", "application/json", "application/javascript", "image/svg+xml")
_SVG = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_UNSEEN = re.compile(r'<path stroke="none"[^>]*/>|<!--.*?-->', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; ``packed`` only where packing makes it smaller."""

    body: bytes
    packed: bytes | None
    media_type: str
    version: str


def asset_routes() -> list[BaseRoute]:
    return [Route(f"{STATIC_URL}/{{path:path}}", _file)]


@cache
def asset(path: str) -> str:
    """The address of a file below ``static``; another one whenever its content is another."""
    return f"{STATIC_URL}/{path}?v={_asset(path).version}"


async def _file(request: Request) -> Response:
    asset = _asset(request.path_params["path"])
    named = request.query_params.get("v") == asset.version
    headers = {
        "Cache-Control": _FOR_EVER if named else _FOR_A_DAY,
        "ETag": f'"{asset.version}"',
        "Vary": "Accept-Encoding",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if asset.packed and accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, headers=headers, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)


def accepts_gzip(accept_encoding: str) -> bool:
    return "gzip" in accept_encoding


def _asset(path: str) -> Asset:
    """Raises 404. Only what is there is remembered: nobody can fill the memory with names."""
    if path != ICONS and path not in _paths():
        raise HTTPException(404)
    return _loaded(path)


@cache
def _paths() -> frozenset[str]:
    """Of all files there are: a path that is compared with them is never tried on the disk."""
    files = (path for path in STATIC.rglob("*") if path.is_file())
    return frozenset(path.relative_to(STATIC).as_posix() for path in files)


@cache
def _loaded(path: str) -> Asset:
    body = _icons() if path == ICONS else (STATIC / path).read_bytes()
    media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    packed = gzip.compress(body, 9, mtime=0) if media_type.startswith(_PACKED) else None
    return Asset(body, packed, media_type, sha256(body).hexdigest()[:16])


def _icons() -> bytes:
    symbols = []
    for file in sorted((STATIC / "vendor" / "tabler-icons").glob("*.svg")):
        found = _SVG.search(_UNSEEN.sub("", file.read_text()))
        assert found, file
        strokes = " ".join(found[1].split())
        symbols.append(f'<symbol id="{file.stem}" viewBox="0 0 24 24">{strokes}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'.encode()
