"""What makes filters and people take a mail for spam: the basic rules, in the languages of our templates.

Modelled on the content rules that SpamAssassin's documentation lists (capital letters, exclamation marks, money and
urgency in the subject, pictures without text); whether a mail arrives is decided by consent and reputation first.
"""

import re
import tomllib
from functools import lru_cache
from pathlib import Path

PHRASES = Path(__file__).with_name("spam_phrases.toml")
SHOUTED = 0.6
"""Share of capital letters from which a subject shouts, when it has more than MIN_LETTERS."""
MIN_LETTERS = 8
TEXT_PER_PICTURE = 100
"""Characters; a mail of pictures alone is what spammers send past filters."""
_EXCLAIMED = re.compile(r"!\s*!|\?\s*!")
_MONEY = re.compile(r"[$€£]{2,}|\$\$")
_SPACED = re.compile(r"\b(?:\w[ ._-]){3,}\w\b")


def signs(subject: str, text: str, language: str, *, pictures: int) -> list[str]:
    """Return what gives a mail away, as words to print; an empty list is as it should be.

    Args:
        subject: as the customer reads it.
        text: what is shown of the HTML part.
        language: of both; phrases are known in en, nb, sv, pl, pt_BR.
        pictures: how many.
    """
    letters = [letter for letter in subject if letter.isalpha()]
    shouted = sum(letter.isupper() for letter in letters)
    found = []
    if len(letters) > MIN_LETTERS and shouted >= SHOUTED * len(letters):
        found.append("the subject is in capitals")
    if _EXCLAIMED.search(subject) or subject.count("!") > 1:
        found.append("the subject has several exclamation marks")
    if _MONEY.search(subject):
        found.append("the subject has signs of money in a row")
    if re.match(r"\s*(re|fwd?|sv|vs|odp)\s*:", subject, re.IGNORECASE):
        found.append("the subject pretends to be an answer")
    if _SPACED.search(subject):
        found.append("the subject has letters set apart")
    said = f"{subject}\n{text}".lower()
    found += [f"it says {phrase!r}" for phrase in _phrases(language) if phrase in said]
    if pictures and len(text.strip()) < TEXT_PER_PICTURE * pictures:
        found.append("it is more pictures than text")
    return found


@lru_cache(maxsize=8)
def _phrases(language: str) -> tuple[str, ...]:
    known = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    return tuple(known.get(language) or known.get(language.partition("_")[0]) or known["en"])
