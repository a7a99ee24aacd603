"""What a bar of the panel says and how it is coloured: two formulas over its order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from shared.contracts.load import FormulaTrouble
from shared.contracts.work_order import WorkOrder
from shared.formulas import (
    ORDER_MODEL,
    SAMPLE,
    SAMPLE_TIME,
    Extra,
    Formula,
    FormulaError,
    check_formula,
    compile_formula,
)
from shared.formulas.values import text_of
from shared.refusals import Refused
from shared.roles import SERVICE

type Which = Literal["caption", "colour"]

CAPTION = 'Number + " " + Vehicle.Plate'
COLOUR = (
    '"gray" if State == "draft" else "blue" if State == "new" else '
    '"amber" if State == "in_progress" else "green" if State == "done" else "red"'
)
"""What holds until the chain has said its own."""
COLOURS = (
    "amber", "blue", "brown", "cyan", "gray", "green", "indigo", "lime", "orange", "pink",
    "purple", "red", "teal", "yellow",
)  # fmt: skip
MAX_CAPTION = 200
_HEX = re.compile(r"#[0-9a-fA-F]{6}")

MODEL = ORDER_MODEL.extended(
    {
        "BookedWork": Extra(
            type="text",
            ru="Работа, для которой занят пост",
            en="The work that the post is booked for",
            sample="Замена масла",
        ),
        "BookedPost": Extra(type="text", ru="Занятый пост", en="The booked post", sample="Пост 1"),
        "BookedTechnician": Extra(
            type="text", ru="Записанный механик", en="The booked technician", sample="Петров Пётр"
        ),
        "BookedFrom": Extra(type="date", ru="Занят с", en="Booked from", sample=SAMPLE_TIME),
        "BookedTo": Extra(
            type="date",
            ru="Занят до",
            en="Booked until",
            sample=SAMPLE_TIME + timedelta(hours=2),
        ),
    }
)
"""The order's names, and those of the booking."""


_UNUSABLE: dict[Which, tuple[str, str]] = {
    "caption": ("It gave no text", "Формула не дала текста"),
    "colour": ("It gave no known colour", "Формула не дала известного цвета"),
}


def ensure_usable(caption: str, colour: str) -> None:
    """Both give something on the sample. Raises ``formula_invalid``, ``colour_unknown``."""
    checked: dict[Which, Formula] = {}
    texts: dict[Which, str] = {"caption": caption, "colour": colour}
    for which, said in texts.items():
        try:
            checked[which] = check_formula(said, wants="text", model=MODEL)
        except FormulaError as error:
            raise error.refused(which) from error
    sample = {name: extra.sample for name, extra in MODEL.extras.items()}
    shown = checked["colour"].evaluate(SAMPLE, viewer=SERVICE, at=SAMPLE_TIME, extra=sample)
    if not _is_colour(shown):
        raise Refused("colour_unknown", colour=shown, allowed=", ".join(COLOURS))


@dataclass(slots=True)
class Painter:
    """Both formulas, as one person sees them; counts where they gave nothing usable."""

    formulas: Mapping[Which, Formula]
    viewer: str
    at: datetime
    language: str
    _bars: Counter[Which] = field(default_factory=Counter)
    _problems: dict[Which, tuple[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, caption: str, colour: str, viewer: str, at: datetime, language: str) -> Painter:
        formulas = _compiled(caption, colour)
        return cls(formulas, viewer, at, language)

    def paint(
        self, order: WorkOrder, extra: Mapping[str, object]
    ) -> tuple[str, str, tuple[Which, ...]]:
        """Caption, colour, and which of the two had to be the default."""
        said: dict[Which, str] = {}
        fallback: list[Which] = []
        for which in self.formulas:
            shown = self._tried(which, order, extra)
            if shown is None:
                fallback.append(which)
                shown = self._shown(_DEFAULTS[which], order, extra)
            said[which] = shown
        return said["caption"], said["colour"], tuple(fallback)

    @property
    def troubles(self) -> tuple[FormulaTrouble, ...]:
        """The first problem of each formula, and on how many bars there was one."""
        return tuple(
            FormulaTrouble(
                formula=which,
                bars=bars,
                problem_en=self._problems[which][0],
                problem_ru=self._problems[which][1],
            )
            for which, bars in self._bars.items()
        )

    def _tried(self, which: Which, order: WorkOrder, extra: Mapping[str, object]) -> str | None:
        """Null where the formula gave nothing usable; then that is noted."""
        try:
            shown = self._shown(self.formulas[which], order, extra)
        except FormulaError as error:
            problem = (error.words("en"), error.words("ru"))
        else:
            if _is_colour(shown) if which == "colour" else shown:
                return shown
            problem = _UNUSABLE[which]
        self._bars[which] += 1
        self._problems.setdefault(which, problem)
        return None

    def _shown(self, formula: Formula, order: WorkOrder, extra: Mapping[str, object]) -> str:
        value = formula.evaluate(
            order, viewer=self.viewer, at=self.at, language=self.language, extra=extra
        )
        if isinstance(value, list):
            raise FormulaError("wanted_text")
        return " ".join(text_of(value, self.language).split())[:MAX_CAPTION]


def _is_colour(shown: object) -> bool:
    return shown in COLOURS or (isinstance(shown, str) and bool(_HEX.fullmatch(shown)))


@lru_cache(maxsize=8)
def _compiled(caption: str, colour: str) -> Mapping[Which, Formula]:
    """Texts seldom change, and the panel is looked at all day."""
    return {
        "caption": compile_formula(caption, model=MODEL),
        "colour": compile_formula(colour, model=MODEL),
    }


_DEFAULTS = _compiled(CAPTION, COLOUR)
