"""Ids of everything there is, learned from answers by the names that addresses have for them."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

LINES = {"services", "products", "materials"}
AT_MOST = 6
"""Of one kind, where every address is asked for every id."""


class Ids:
    """What has been named so far."""

    def __init__(self) -> None:
        self.known: defaultdict[str, set[str]] = defaultdict(set)
        self.known["form"] |= {"work_order", "invoice", "act"}

    def learn(self, path: str, value: Any) -> None:
        """Reads an answer of that address, whatever is in it."""
        if isinstance(value, dict):
            for name, inner in value.items():
                if isinstance(inner, str) and name.endswith("_id"):
                    self.known[name].add(inner)
                elif name == "id" and isinstance(inner, str):
                    self.known[_singular(path)].add(inner)
                elif name == "code" and path.endswith("/barcodes"):
                    self.known["code"].add(str(inner))
                self.learn(_below(path, name) if isinstance(inner, dict | list) else path, inner)
        elif isinstance(value, list):
            for inner in value:
                self.learn(path, inner)

    def paths(self, pattern: str) -> list[str]:
        """The address with what is known; nothing, where something is not."""
        paths = [pattern]
        for name in re.findall(r"{(\w+)}", pattern):
            paths = [
                path.replace(f"{{{name}}}", value)
                for path in paths
                for value in sorted(self.known[name])[:AT_MOST]
            ]
        return paths


def plain(pattern: str) -> str:
    """An address without its ids, as ``Ids.learn`` wants it."""
    return re.sub(r"{\w+}", "", pattern)


def _below(path: str, name: str) -> str:
    """What the ids in that field are of: a page has those of its address, an order has lines."""
    if name == "items":
        return path
    return "/lines" if name in LINES else f"/{name}"


def _singular(path: str) -> str:
    word = re.split(r"[/?]", path.strip("/"))[-1].replace("-", "_")
    return f"{word.removesuffix('s')}_id"
