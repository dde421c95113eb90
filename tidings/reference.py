"""The short reference of a delivery, as a customer quotes it in a reply."""

import re

ALPHABET = "2-9A-HJKMNP-Z"
"""As `store.claims` makes them: nothing that looks like something else."""
_QUOTED = re.compile(
    rf"(?<![0-9A-Za-z])([{ALPHABET}]{{10}}|(?=[a-z2-9]*\d)[a-hjkmnp-z2-9]{{10}})(?![0-9A-Za-z])"
)


def quoted_reference(text: str) -> str | None:
    """Return the first thing in a text that looks like a reference, in capitals; it need not be one.

    >>> quoted_reference("Re: your letter K7Q4MTX2AB, please call"), quoted_reference("I will not pay")
    ('K7Q4MTX2AB', None)
    """
    found = _QUOTED.search(text)
    return found[1].upper() if found else None
