"""Pictures that people upload, made anew: what is kept is our own PNG, never their file."""

from __future__ import annotations

import io

import puremagic
from PIL import Image, ImageOps, UnidentifiedImageError

from shared.refusals import Refused

MAX_PIXELS = 16_000_000
"""Of what was uploaded: a photograph passes, a bomb does not."""
MAX_SIDE_PX = 1200
"""Of what is kept: 80 mm at 380 dpi."""
_KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".jfif": "JPEG"}


def as_png(image: bytes) -> bytes:
    """Raises ``logo_invalid``."""
    kind = _KINDS.get(_extension(image))
    if kind is None:
        raise Refused("logo_invalid")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    try:
        with Image.open(io.BytesIO(image), formats=(kind,)) as uploaded:
            if uploaded.width * uploaded.height > MAX_PIXELS:
                raise Refused("logo_invalid")
            picture = ImageOps.exif_transpose(uploaded).convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise Refused("logo_invalid") from error
    picture.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    # The pixels alone: no colour profile, position or comment of the file it came from.
    clean = Image.new("RGBA", picture.size)
    clean.paste(picture)
    png = io.BytesIO()
    clean.save(png, "PNG", optimize=True)
    return png.getvalue()


def _extension(image: bytes) -> str:
    try:
        return puremagic.from_string(image).lower()
    except (puremagic.PureError, ValueError):
        return ""
