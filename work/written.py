"""Numbers and days as the billing systems of a country write them, where they can mean one thing only.

`1.250,00`, `1 250,5` and `1,250.00` are certain; `1,250` is 1250 for one half of the world and 1.25 for the other, and
stays what it is. `31.12.2026` is certain, `12/31/2026` is nothing that a file of invoices may leave to a guess.
"""

import re
from datetime import date

_SPACES = re.compile(r"(?<=\d)[ '\u00a0\u202f\u2019](?=\d{3}(?!\d))")
_EITHER = re.compile(r"-?[1-9]\d{0,2},\d{3}")
_COMMA = re.compile(r"-?(\d+|\d{1,3}(\.\d{3})+),\d+")
_POINT = re.compile(r"-?\d{1,3}(,\d{3})+\.\d+")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def plain_number(text: str) -> str:
    """Return a number without groups and with a point; what could mean two numbers, or none, as it is.

    >>> [plain_number(one) for one in ("250,00", "1.250,00", "1 250,5", "1,250.00", "1,250", "much")]
    ['250.00', '1250.00', '1250.5', '1250.00', '1,250', 'much']
    """
    written = _SPACES.sub("", text.strip())
    if _COMMA.fullmatch(written) and not _EITHER.fullmatch(written):
        return written.replace(".", "").replace(",", ".")
    return written.replace(",", "") if _POINT.fullmatch(written) else written


def plain_day(text: str) -> date | None:
    """Return the day that a text such as `31.12.2026` is, None where it is written in another way.

    Raises:
        ValueError: the calendar has no such day.
    """
    dotted = _DOTTED.fullmatch(text.strip())
    return date(int(dotted[3]), int(dotted[2]), int(dotted[1])) if dotted else None
