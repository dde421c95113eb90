"""How old a reader is who understands a text at once: LIX, which counts the same in every language with an alphabet.

Sources: Björnsson, "Läsbarhet", 1968; grades from Anderson, "Lix and Rix: variations on a little-known readability
index", Journal of Reading 26(6), 1983. It is a hint: Polish and Portuguese have longer words than English.
"""

import re

LONG = 6
"""Letters that a long word has more than."""
GRADES = (10, 15, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56)
"""LIX from which on a text belongs to school year 1, 2, ... 12."""
SCHOOL = 6
"""Age at the start of school year 0."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_END = re.compile(r"[.!?:;\u2026]+(?=\s|$)|\n{2,}")
_ADDRESS = re.compile(r"\S+://\S+|\S+@\S+")


def lix(text: str) -> float:
    """Return words a sentence plus the percentage of long words; 0 for a text without words.

    >>> round(lix("The cat sat. The dog ran."))
    3
    """
    text = _ADDRESS.sub("", text)
    words = _WORD.findall(text)
    if not words:
        return 0.0
    sentences = sum(1 for part in _END.split(text) if _WORD.search(part))
    return len(words) / max(sentences, 1) + 100 * sum(len(word) > LONG for word in words) / len(words)


def age(text: str) -> int:
    """Return about how many years a reader has who finds the text easy, 6 to 18.

    >>> age("The cat sat. The dog ran.")
    6
    """
    found = lix(text)
    return SCHOOL + sum(found >= grade for grade in GRADES)
