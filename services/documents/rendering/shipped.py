"""The templates that come with the software: layouts and labels, made into one text per language.

What people see and edit is that text, whole. The marks of this step, ``[[ ]]`` and ``[% %]``, are
none of Liquid's, so both can stand side by side in a file.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import jinja2

_FOLDER = Path(__file__).parents[1] / "shipped"
_LANGUAGES = ("ru", "en")
"""In the order in which each label says them."""


@cache
def shipped_template(form: str, language: str) -> str:
    """The template of that form, as it comes with this release."""
    text = _files().get_template(f"{form}.liquid").render(_words(language))
    # Where a mark stood alone, an empty line is left.
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"


@cache
def _files() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )


def _read(name: str) -> str:
    path = _FOLDER / name
    return (path if path.suffix else _FOLDER / "parts" / f"{name}.liquid").read_text()


def _words(language: str) -> dict[str, str]:
    words = tomllib.loads((_FOLDER / "words.toml").read_text())
    return {name: said[_LANGUAGES.index(language)] for name, said in words.items()}
