"""Redraws one photo, in a process of its own that has little to lose.

    python -m services.gateway.pictures < file

The file is what its first bytes say, never what it is called. On standard output comes a line of
JSON, ``{"width", "height", "content", "small"}``, the last two of which are the lengths of two
JPEG that follow it; or ``!<code>`` when the file is refused.

Nothing but pixels goes over from the file: no place, time, device, comment or further picture.
"""

from __future__ import annotations

import io
import json
import sys
from typing import BinaryIO, NamedTuple

# All of what is read of Pillow is read now: afterwards there is little memory for it.
from PIL import (
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401
    MpoImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from services.gateway.confined import confine

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 50_000_000
MAX_SIDE_PX = 1600
SMALL_SIDE_PX = 320
MAX_PHOTO_BYTES = 1_400_000
MAX_SMALL_BYTES = 90_000
"""A little less than the contract takes, which would take longer to import than a photo to draw."""
QUALITIES = (82, 70, 55, 40)
"""Of JPEG; the next one is tried while the picture is too large to be sent on."""
CPU_S = 20
WALL_S = 30.0
MEMORY_BYTES = 640 * 1024 * 1024
"""A picture of 50 megapixels with transparency, and another one made of it."""


class Redrawn(NamedTuple):
    """Two JPEG of one photo."""

    width: int
    height: int
    content: bytes
    small: bytes


class Unreadable(Exception):
    """It is no photo, or one that is made to burst."""


def main() -> None:
    """Never raises: whatever happens, something is said."""
    confine(cpu_s=CPU_S, wall_s=WALL_S, memory_bytes=MEMORY_BYTES)
    out = sys.stdout.buffer
    try:
        drawn = redrawn(sys.stdin.buffer)
    except Exception:
        out.write(b"!photo_invalid\n")
        return
    head = {
        "width": drawn.width,
        "height": drawn.height,
        "content": len(drawn.content),
        "small": len(drawn.small),
    }
    out.write(json.dumps(head).encode() + b"\n" + drawn.content + drawn.small)


def redrawn(file: BinaryIO) -> Redrawn:
    """Raises ``Unreadable``."""
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(file, formats=FORMATS) as photo:
            if photo.width * photo.height > MAX_PIXELS:
                raise Unreadable
            # A JPEG is read at a fraction of its size where that is enough.
            photo.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
            photo.load()
            upright = ImageOps.exif_transpose(photo)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise Unreadable from error
    upright.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    clean = _on_white(upright)
    small = clean.copy()
    small.thumbnail((SMALL_SIDE_PX, SMALL_SIDE_PX))
    return Redrawn(*clean.size, _jpeg(clean, MAX_PHOTO_BYTES), _jpeg(small, MAX_SMALL_BYTES))


def _on_white(picture: Image.Image) -> Image.Image:
    """Its pixels alone, on a new sheet."""
    clean = Image.new("RGB", picture.size, "white")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        clean.paste(picture, mask=picture)
    else:
        clean.paste(picture.convert("RGB"))
    return clean


def _jpeg(picture: Image.Image, most: int) -> bytes:
    for quality in QUALITIES:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        if file.tell() <= most:
            return file.getvalue()
    raise Unreadable


if __name__ == "__main__":
    main()
