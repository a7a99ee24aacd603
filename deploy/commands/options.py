"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

type DataDir = Annotated[
    Path, typer.Option("--data-dir", help="The station's folder.", show_default=True)
]
DEFAULT_DATA_DIR = Path("data")
