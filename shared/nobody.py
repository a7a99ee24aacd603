"""What a person is called who asked to be forgotten.

Whatever kept a name keeps these words and a code instead, in English, as other codes are. Whoever
answers people says it in their own language: nothing that is stored is to be changed for it.
"""

from __future__ import annotations

import re
from uuid import UUID

MARK = "Erased client"
_WORDS = {"en": MARK, "ru": "Обезличенный клиент"}
_SAID = re.compile(r"\s+".join(_WORDS["ru"].split()), re.IGNORECASE)
_NAMES = re.compile(rb"%b(?= [0-9A-F]{6}\b)" % MARK.encode())


def name_of(client_id: UUID) -> str:
    """``Erased client 7F3A9C``; the end of an id is random."""
    return f"{MARK} {client_id.hex[-6:].upper()}"


def as_kept(query: str) -> str:
    """What somebody looks for, with such names as they are kept, in whichever language."""
    return _SAID.sub(MARK, query)


def in_language(answer: bytes, language: str) -> bytes:
    """JSON or HTML in UTF-8, with such names as they are in ``language``: ``ru`` or ``en``."""
    if language == "en" or MARK.encode() not in answer:
        return answer
    return _NAMES.sub(_WORDS[language].encode(), answer)
