"""The page around what a template says: stylesheet, fonts, page numbers, pictures."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from html.parser import HTMLParser
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
STYLESHEET = _PACKAGE / "shipped" / "print.css"
_PT_SANS = _PACKAGE / "vendor" / "pt-sans"
FONTS = {
    "regular": (_PT_SANS / "PTSans_400Regular.ttf", 400),
    "bold": (_PT_SANS / "PTSans_700Bold.ttf", 700),
}
MAX_STYLES = 60
"""In the policy of one page; a header has no room for many more."""
_PAGE_OF = {"ru": ("стр. ", " из "), "en": ("page ", " of ")}
_OUR_PICTURE = re.compile(r"""(\bsrc\s*=\s*["'])form:(\w+)(["'])""")


@dataclass(frozen=True, slots=True)
class Paper:
    """A form, filled in; ``body`` is what the template came to, HTML already."""

    title: str
    language: str
    number: str
    body: str
    accent: str

    def html(self, font_urls: Mapping[str, str] | None = None) -> str:
        """The whole document; fonts and pictures have addresses of ours unless told otherwise."""
        title = f"{self.title} {self.number}"
        styles = "".join((*self._fonts(font_urls or {}), self._page(title), _stylesheet()))
        return (
            f'<!doctype html><html lang="{self.language}"><head><meta charset="utf-8">'
            f"<title>{escape(title)}</title><style>{styles}</style></head>"
            f"<body>{self.body}</body></html>"
        )

    def _fonts(self, urls: Mapping[str, str]) -> Iterator[str]:
        for name, (_, weight) in FONTS.items():
            url = urls.get(name, f"form:{name}")
            yield f'@font-face{{font-family:"PT Sans";font-weight:{weight};src:url("{url}")}}\n'

    def _page(self, title: str) -> str:
        page, of = _PAGE_OF[self.language]
        return (
            f":root{{--accent:{self.accent}}}\n"
            f'@page{{@bottom-left{{content:"{_in_css(title)}"}}'
            f'@bottom-right{{content:"{page}" counter(page) "{of}" counter(pages)}}}}\n'
        )


def in_one_file(paper: Paper, assets: Mapping[str, tuple[str, bytes]]) -> str:
    """The document with everything in it that it shows: no browser need ask for more."""

    def inlined(match: re.Match[str]) -> str:
        before, name, after = match.groups()
        if name not in assets:
            return match[0]
        return before + _data_url(*assets[name]) + after

    return _OUR_PICTURE.sub(inlined, paper.html(_font_urls()))


def style_hashes(html: str) -> tuple[str, ...]:
    """Each style of the document as a policy names it: with them, no other one is applied."""
    reader = _Styles()
    reader.feed(html)
    reader.close()
    digests = (sha256(style.encode()).digest() for style in dict.fromkeys(reader.found))
    return tuple(f"sha256-{b64encode(digest).decode()}" for digest in digests)[:MAX_STYLES]


class _Styles(HTMLParser):
    """Collects what stands in ``<style>`` and in ``style="…"``."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "style"
        if self._inside:
            self.found.append("")
        self.found += [value for name, value in attrs if name == "style" and value]

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._inside = False


@cache
def _stylesheet() -> str:
    return STYLESHEET.read_text()


@cache
def _font_urls() -> dict[str, str]:
    return {name: _data_url("font/ttf", path.read_bytes()) for name, (path, _) in FONTS.items()}


def _data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{b64encode(content).decode()}"


def _in_css(text: str) -> str:
    return re.sub(r'["\\<\n]', lambda found: f"\\{ord(found[0]):x} ", text)
