"""Photos redrawn: upright, of a size, and with nothing of the file they came from."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from services.gateway.pictures import Unreadable, redrawn

ROOT = Path(__file__).parents[2]
SECRET = b"55.7558N 37.6173E"


def a_photo(size: tuple[int, int] = (800, 600), kind: str = "JPEG", **saved: object) -> bytes:
    """Red at its upper left, else grey; with a place and a comment in it."""
    picture = Image.new("RGB", size, "grey")
    picture.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[1] = "N"
    exif.update(saved.pop("exif", {}))  # type: ignore[call-overload]
    file = io.BytesIO()
    picture.save(file, kind, exif=exif, **({"comment": SECRET} if kind == "JPEG" else {}), **saved)
    assert SECRET in file.getvalue()
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_a_jpeg_of_its_pixels_alone(kind: str) -> None:
    drawn = redrawn(io.BytesIO(a_photo((4000, 3000), kind)))
    assert (drawn.width, drawn.height) == (1600, 1200)
    for content, longest in ((drawn.content, 1600), (drawn.small, 320)):
        with Image.open(io.BytesIO(content)) as picture:
            assert (picture.format, max(picture.size)) == ("JPEG", longest)
            assert not picture.getexif()
            assert SECRET not in content
            assert "comment" not in picture.info


def test_a_camera_that_was_held_upright_makes_an_upright_photo() -> None:
    """Orientation 6: turned by a quarter, so that the red corner comes to the upper right."""
    drawn = redrawn(io.BytesIO(a_photo((800, 600), exif={0x0112: 6})))
    assert (drawn.width, drawn.height) == (600, 800)
    with Image.open(io.BytesIO(drawn.content)) as picture:
        red, green, _ = picture.convert("RGB").getpixel((590, 10))  # type: ignore[misc]
        assert red > 200 > 100 > green
        assert picture.convert("RGB").getpixel((10, 10)) != (red, green, 0)


def test_what_is_see_through_lies_on_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(file, "PNG")
    with Image.open(io.BytesIO(redrawn(file).content)) as picture:
        assert picture.getpixel((20, 20)) == (255, 255, 255)


def a_bomb() -> bytes:
    """A PNG of some hundred bytes that says it is 30000 pixels wide and high."""

    def chunk(name: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(b"\x00" * 90_001))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.7", b"GIF89a" + bytes(40), a_photo()[:5000], a_bomb(), b"\xff\xd8\xff" * 9],
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable):
        redrawn(io.BytesIO(content))


@pytest.mark.parametrize("content", [a_photo(), a_bomb(), a_photo((7000, 7000), "PNG")])
def test_the_confined_process_says_what_it_made_or_that_it_is_no_photo(content: bytes) -> None:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        done = subprocess.run(
            [sys.executable, "-m", "services.gateway.pictures"],
            stdin=file,
            capture_output=True,
            env={"PYTHONPATH": str(ROOT)},
            check=False,
        )
    head, _, pictures = done.stdout.partition(b"\n")
    if content == a_bomb():
        assert done.stdout == b"!photo_invalid\n"
    else:
        said = json.loads(head)
        assert len(pictures) == said["content"] + said["small"]
        assert pictures.startswith(b"\xff\xd8\xff")
