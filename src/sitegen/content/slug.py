"""Slugs: the part of a URL that stands for a title, a file name or a term."""

from __future__ import annotations

import re
import unicodedata

_OTHER = re.compile(r"[^a-z0-9]+")
_SPELLED = str.maketrans(
    {"ß": "ss", "ø": "o", "Ø": "o", "æ": "ae", "Æ": "ae", "ł": "l", "Ł": "l", "×": "x"}
)


def slugify(text: str) -> str:
    """Lower-case letters and digits joined by single hyphens, as Zola's mode `on`.

    Accents are dropped. Other scripts are not transliterated: they part words, and a text without
    a Latin letter or a digit keeps its word characters.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_SPELLED)).lower()
    plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    slug = _OTHER.sub("-", plain).strip("-")
    if slug:
        return slug
    return re.sub(r"\W+", "-", unicodedata.normalize("NFC", text).lower()).strip("-_")
