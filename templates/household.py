"""Who a letter to a household is for: its people by name while they fit, else the household by its last name."""

from collections.abc import Mapping, Sequence
from typing import Any

from templates.language import words
from templates.safe import clean

MOST_PEOPLE = 3
LONGEST = 40
"""Letters of a line that show in the narrowest window."""


def to_household(values: Mapping[str, Any], others: Sequence[str], language: str) -> Mapping[str, Any]:
    """Return the values of a letter as they are, or with a customer that is the whole household.

    Args:
        values: a message's.
        others: names of those whom its letter stands for, too; none: it is its customer's alone.
        language: of the letter.

    Returns:
        For a household `customer.first_name` is "Anna and Per", and empty where not all are named; `customer.name` is
        "Anna and Per Berg", "Anna Berg and Per Dahl", or "Household Berg".
    """
    customer = values["customer"]
    named = (clean(str(name)).strip() for name in (customer["name"], *others))
    people = [name for name in dict.fromkeys(named) if name]
    if len(people) <= 1:
        return values
    last = customer["last_name"]
    said = words(language)
    firsts = [_without(name, last) for name in people]
    if last and all(first for first in firsts):
        first_name, name = _listed(firsts, said["and"]), f"{_listed(firsts, said['and'])} {last}"
    else:
        first_name, name = (
            _listed([one.split()[0] for one in people], said["and"]),
            _listed(people, said["and"]),
        )
    if len(people) > MOST_PEOPLE or len(name) > LONGEST:
        first_name, name = "", said["household"].format(name=last or customer["name"])
    return {**values, "customer": {**customer, "first_name": first_name, "name": name}}


def _without(name: str, last: str) -> str:
    """Return the first names of somebody with that last name; '' for anybody else."""
    return name.removesuffix(f" {last}").strip() if last and name.endswith(f" {last}") else ""


def _listed(names: Sequence[str], last_word: str) -> str:
    """Return names as a sentence lists them.

    >>> _listed(["Anna", "Per", "Ida"], "and")
    'Anna, Per and Ida'
    """
    *before, last = names
    return f"{', '.join(before)} {last_word} {last}" if before else last
