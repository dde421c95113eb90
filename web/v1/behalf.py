"""Who spoke for a customer, as the API's calls say it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tidings.behalf import on_behalf
from tidings.problem import Problem

Spokesperson = Annotated[
    Literal["", "support", "relative", "guardian"],
    Field(description="Who spoke for the customer; '' when they did themselves."),
]
Mandate = Annotated[
    str, Field(max_length=200, description="The reference of the mandate of a relative or guardian.")
]


def spoken_for(who: str, mandate: str) -> str:
    """Return who spoke for the customer as it is written down.

    Raises:
        ValueError: a relative or a guardian without a mandate.
    """
    try:
        return on_behalf(who, mandate)
    except Problem as problem:
        raise ValueError(str(problem)) from problem
