"""How phones are shown, whatever they are asked of: rules that stations write bring any text."""

from __future__ import annotations

import pytest

from shared.formulas.values import MAX_TEXT_CHARS
from shared.phones import looks_like_phone, phone_shown


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["1", " ", "(1 ", "т. "])
def test_a_text_that_is_no_phone_is_told_at_once_however_long(piece: str) -> None:
    said = "1" + piece * (MAX_TEXT_CHARS // len(piece) - 1) + "!"
    assert phone_shown(said, "en") == said
    assert not looks_like_phone(said)
