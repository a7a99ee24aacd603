"""What is wrong with a formula or a template: where, why, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from shared.filled import filled_with
from shared.refusals import Refused

_HINT = ("; did you mean {}?", "; возможно, имелось в виду {}")
MAX_COMPARED_CHARS = 60
"""Longer names resemble none of ours, and comparing them would take its time."""


class FormulaError(Exception):
    """A text cannot be used as a formula or template, or cannot be computed.

    ``code`` is one of ``WORDS``; ``line`` and ``column`` count from 1, in characters; ``name`` is
    what the text says there, ``nearest`` the known name that is most like it.
    """

    def __init__(
        self,
        code: str,
        *,
        line: int | None = None,
        column: int | None = None,
        name: str | None = None,
        nearest: str | None = None,
        limit: int | str | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.column = column
        self.name = name
        self.nearest = nearest
        self.limit = limit

    def at(self, line: int, column: int) -> FormulaError:
        """The place, unless one nearer to the fault is known already."""
        if self.line is None:
            self.line, self.column = line, column
        return self

    def moved(self, line: int, column: int) -> FormulaError:
        """Of a formula inside a template: its first character stands there."""
        if self.line is not None and self.column is not None:
            if self.line == 1:
                self.column += column - 1
            self.line += line - 1
        return self

    def words(self, language: str = "en") -> str:
        """For people: what is wrong, and the nearest known name."""
        english, russian = WORDS[self.code]
        said = (russian if language == "ru" else english).format(name=self.name, limit=self.limit)
        if self.nearest is None:
            return said
        return said + _HINT[language == "ru"].format(self.nearest)

    def refused(self, field: str) -> Refused:
        """The same as a refusal of the command whose ``field`` holds the text."""
        known = {
            "line": self.line,
            "column": self.column,
            "name": self.name,
            "nearest": self.nearest,
        }
        return Refused(
            "formula_invalid",
            field=field,
            error=self.code,
            problem_en=self.words("en"),
            problem_ru=self.words("ru"),
            **{key: value for key, value in known.items() if value is not None},
        )

    def __str__(self) -> str:
        place = "" if self.line is None else f" (line {self.line}, column {self.column})"
        return f"{self.words()}{place}"


def in_russian(said: str) -> str:
    """What ``words`` said in English; anything else as it is."""
    said, hinted, hint = said.partition(_HINT[0].partition("{}")[0])
    for english, russian in WORDS.values():
        if (gaps := filled_with(english, said)) is not None:
            return russian.format_map(gaps) + (
                _HINT[1].format(hint.removesuffix("?")) if hinted else ""
            )
    return said + hinted + hint


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of ``names`` that is most like ``name``, whatever its case."""
    by_lower = {known.lower(): known for known in names}
    found = get_close_matches(name[:MAX_COMPARED_CHARS].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


WORDS: dict[str, tuple[str, str]] = {
    # the text itself
    "empty": ("The formula is empty", "Формула пустая"),
    "too_long": ("It is longer than {limit} characters", "Длиннее {limit} символов"),
    "too_many_parts": ("It has more than {limit} parts", "В тексте больше {limit} частей"),
    "too_deep": ("It is nested too deeply", "Слишком глубокая вложенность"),
    "syntax": ("This cannot be read as a formula", "Это не читается как формула"),
    "not_allowed": ("{name} cannot be used in a formula", "{name} нельзя использовать в формуле"),
    "bad_number": (
        "{name} is not a number that formulas know: write digits and one point",
        "{name} — не число для формулы: пишите цифры и одну точку",
    ),
    # names
    "unknown_name": ("There is no name {name} here", "Здесь нет имени {name}"),
    "unknown_field": ("There is no field {name} here", "Здесь нет поля {name}"),
    "unknown_function": ("There is no function {name}", "Нет функции {name}"),
    "function_needs_call": (
        "{name} is a function: write {name}(…)",
        "{name} — функция: пишите {name}(…)",
    ),
    "list_has_no_fields": (
        "A list has no field {name}: take one item, [0], or a function such as sum or join",
        "У списка нет поля {name}: возьмите одну строку, [0], или функцию, например sum или join",
    ),
    "value_has_no_fields": (
        "A plain value has no field {name}",
        "У простого значения нет поля {name}",
    ),
    # kinds of values
    "wrong_arguments": ("It is used so: {name}", "Используется так: {name}"),
    "number_expected": ("A number is needed here", "Здесь нужно число"),
    "text_expected": ("A text is needed here", "Здесь нужен текст"),
    "date_expected": ("A date is needed here", "Здесь нужна дата"),
    "list_expected": ("A list is needed here", "Здесь нужен список"),
    "single_value_expected": (
        "One value is needed here, not a list",
        "Здесь нужно одно значение, а не список",
    ),
    "not_comparable": ("These cannot be compared", "Такие значения нельзя сравнить"),
    "whole_number_expected": (
        "A whole number is needed here, and not so large a one",
        "Здесь нужно целое число, и не такое большое",
    ),
    "bad_date_format": (
        "Not a date format: write it as dd.MM.yyyy HH:mm",
        "Не формат даты: пишите, например, dd.MM.yyyy HH:mm",
    ),
    "wanted_number": ("The result should be a number", "Результатом должно быть число"),
    "wanted_condition": (
        "The result should be true or false: a comparison, for example",
        "Результатом должно быть «да» или «нет», например сравнение",
    ),
    "wanted_text": (
        "The result should be a single value, not a list",
        "Результатом должно быть одно значение, а не список",
    ),
    # computing
    "division_by_zero": ("Division by zero", "Деление на ноль"),
    "number_too_large": ("The number is too large", "Слишком большое число"),
    "date_out_of_range": ("The date lies too far away", "Слишком далёкая дата"),
    "text_too_long": (
        "The text is longer than {limit} characters",
        "Текст длиннее {limit} символов",
    ),
    "too_much_work": ("It takes too much computing", "Слишком много вычислений"),
    # templates
    "template_syntax": ("This cannot be read as a template", "Это не читается как шаблон"),
    "not_closed": ("{name} is not closed", "{name} не закрыто"),
    "unknown_tag": ("There is no tag {name}", "Нет тега {name}"),
    "calc_syntax": (
        "Write it so: calc name = formula",
        "Пишите так: calc имя = формула",
    ),
    "loop_too_long": ("More than {limit} repetitions", "Больше {limit} повторений"),
    "output_too_long": ("The result is too long", "Результат слишком длинный"),
    "variables_too_large": (
        "Its variables hold too much text",
        "Слишком много текста в переменных шаблона",
    ),
}
