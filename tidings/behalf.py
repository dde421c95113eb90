"""Who spoke for a customer: nobody but themselves, a support person, or a relative or guardian with a mandate."""

from __future__ import annotations

from tidings.problem import Problem

SUPPORT = "support"
MANDATED = ("relative", "guardian")
"""They need a mandate (a power of attorney, a court's order), which is named by its reference."""
WHO = (SUPPORT, *MANDATED)
_LONGEST = 200


def on_behalf(who: str, mandate: str = "") -> str:
    """Return how it is written down: '' for the customer themselves.

    >>> on_behalf("relative", " M-17 "), on_behalf("support"), on_behalf("")
    ('relative, mandate M-17', 'support', '')

    Raises:
        Problem: nobody whom we know, or no mandate where there must be one.
    """
    named = " ".join(mandate.split())[:_LONGEST]
    if who and who not in WHO:
        raise Problem(f"{who!r} speaks for nobody.", todo=f"Use one of {', '.join(WHO)}, or nothing.")
    if who in MANDATED and not named:
        raise Problem(
            f"A {who} speaks for a customer with a mandate only.", todo="Give the mandate's reference."
        )
    return f"{who}, mandate {named}" if who and named else who


def spokesperson(text: str) -> str:
    """Return who it was, without the mandate, from what `on_behalf` wrote down.

    >>> spokesperson("relative, mandate M-17"), spokesperson("support")
    ('relative', 'support')
    """
    return text.partition(",")[0]


def understood(text: str) -> str | None:
    """Return what a file or a form wrote in one text, in our form; None when it is not understood.

    >>> understood("relative, mandate M-17"), understood("Relative M-17"), understood("relative"), understood("")
    ('relative, mandate M-17', 'relative, mandate M-17', None, '')
    """
    who, _, rest = " ".join(text.replace(",", " ").replace(":", " ").split()).partition(" ")
    try:
        return on_behalf(who.lower(), rest.removeprefix("mandate "))
    except Problem:
        return None
