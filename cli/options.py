"""Options that many commands have, each with what the help says of it; who has more to say uses a docstring instead."""

from getpass import getuser
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from tidings.problem import Problem

Json = Annotated[bool, Parameter(help="Print one JSON value.")]
Now = Annotated[str | None, Parameter(help="Business time, for rehearsals; default is the clock.")]
Out = Annotated[Path | None, Parameter(help="The outbox folder; default is the home's own.")]
By = Annotated[
    str | None, Parameter(help="Who decides, for the record; default is the user of this machine.")
]
Count = Annotated[int, Parameter(validator=Number(gte=1, lte=10**9))]
"""How many, or which number, where none at all makes no sense and more than the database counts neither."""


def spoken(language: str) -> str:
    """Return the one of our languages that is meant.

    Raises:
        Problem: we have no sentences in it.
    """
    from web.language import match

    known = match(language)
    if known is None:
        raise Problem(f"There are no sentences in {language!r}.", todo="Say en, nb, sv, pl or pt_BR.")
    return known


def name_of(by: str | None) -> str:
    """Return the name of whoever decides.

    Raises:
        Problem: it is blank.
    """
    name = " ".join(by.split()) if by else getuser()
    if not name:
        raise Problem("This needs a name.", todo="Say who decides with --by NAME.")
    return name


def staff(by: str | None = None) -> str:
    """Return whoever decides as the audit has them: `staff:` and their name."""
    return f"staff:{name_of(by)}"
