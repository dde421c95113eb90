"""Text messages: GSM 03.38 or UCS-2, and the parts that the network bills (3GPP TS 23.038, 23.040)."""

import re
import unicodedata

from tidings.message import Sms
from tidings.problem import Problem

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes two septets, an escape and a letter, which must be in one part."""

SINGLE = {"gsm7": 160, "ucs2": 70}
JOINED = {"gsm7": 153, "ucs2": 67}
"""Units of a part when there are several: the user data header takes the rest."""
MAX_PARTS = 255
LAST_OF_PLANE = "\uffff"
"""Characters behind it take two units of UCS-2."""

# Typography that costs 90 characters a part and says the same without: never a letter, never a digit.
_SPACES = "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_PLAINER = str.maketrans(
    {
        **dict.fromkeys(_SPACES, " "),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2039\u203a", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00ad\u200b\u2060"),
        "\u2026": "...",
    }
)
_LINK = re.compile(
    r"(?<![^\s“”„«»…])([^\s“”„«»…]*?(?:://|www\.|@|\.[a-z]{2,}/)[^\s“”„«»…]*)"  # from where a word begins: linear
)
"""A word that leads somewhere: with another letter it would lead elsewhere."""


def plainer(text: str) -> str:
    """Return the text with typographic spaces, quotes and dashes as every phone has them, and letters in one piece.

    A letter and an accent behind it become one letter with an accent; links stay as they are.
    """
    if text.isascii() and "\t" not in text:
        return text
    pieces = _LINK.split(text)
    pieces[::2] = [unicodedata.normalize("NFC", piece).translate(_PLAINER) for piece in pieces[::2]]
    return "".join(pieces)


_STROKES = str.maketrans("łŁđĐðÐþÞħĦıŧŦœŒ", "lLdDdDtThHitToO")
"""Letters whose stroke is no accent that could be taken off."""


def transliterated(text: str) -> tuple[str, str]:
    """Return a text in the letters of GSM 03.38, and which were replaced by which: `ł>l ą>a`.

    Only letters lose their accents, and none in a link; where anything else would still need UCS-2 (an emoji, another
    script, the link), the whole text stays as it is, for then it would cost as much without.

    >>> transliterated("Łódź, 5 €")
    ('Lodz, 5 €', 'Ł>L ó>o ź>z')
    """
    known = GSM_BASIC | GSM_EXTENSION
    pieces = _LINK.split(text)
    other: dict[str, str | int | None] = {
        letter: _nearest(letter) for letter in dict.fromkeys("".join(pieces[::2])) if letter not in known
    }
    if not all(other.values()) or not known.issuperset("".join(pieces[1::2])):
        return text, ""
    told = " ".join(f"{letter}>{near}" for letter, near in other.items())
    pieces[::2] = [piece.translate(str.maketrans(other)) for piece in pieces[::2]]
    return "".join(pieces), told


def said_in(sms: Sms, words: str) -> str:
    """Return how words stand in an SMS: plain, and in other letters where those of its text were replaced."""
    words = plainer(words)
    return transliterated(words)[0] if sms.replaced else words


def _nearest(letter: str) -> str:
    """Return the letter of GSM 03.38 that is nearest, without its accent; '' where none is."""
    bare = unicodedata.normalize("NFKD", letter.translate(_STROKES))
    bare = "".join(part for part in bare if not unicodedata.combining(part))
    return bare if bare and all(part in GSM_BASIC for part in bare) and letter.isalpha() else ""


def count(text: str) -> tuple[str, int]:
    """Return the encoding, `gsm7` or `ucs2`, and the number of parts; an empty text is one part.

    >>> count("a" * 161)
    ('gsm7', 2)
    >>> count("ł" * 71)
    ('ucs2', 2)
    """
    encoding, widths = _units(text)
    if sum(widths) <= SINGLE[encoding]:
        return encoding, 1
    parts, filled = 1, 0
    for width in widths:
        if filled + width > JOINED[encoding]:
            parts, filled = parts + 1, 0
        filled += width
    return encoding, parts


def _units(text: str) -> tuple[str, list[int]]:
    """Return the encoding and the units of each character: an escape pair or a surrogate pair is never split."""
    widths: list[int] = []
    for character in text:
        if character in GSM_BASIC:
            widths.append(1)
        elif character in GSM_EXTENSION:
            widths.append(2)
        else:
            return "ucs2", [2 if other > LAST_OF_PLANE else 1 for other in text]
    return "gsm7", widths


def checked(text: str, *, budget: int, where: str) -> tuple[str, int]:
    """Return encoding and parts of a text within its budget.

    Raises:
        Problem: longer than the template allows, or than any phone takes.
    """
    encoding, parts = count(text)
    if parts > min(budget, MAX_PARTS):
        raise Problem(f"{where}: the SMS has {parts} parts ({encoding}), the template allows {budget}.")
    return encoding, parts
