"""What a billing run is held against before anything of it is used: control sums and gapless numbers."""

from collections.abc import Sequence
from decimal import Decimal

from store.invoices import last_numbers
from tidings.problem import Problem
from work.bill_document import Document
from work.billing import amount, differences
from work.installation import Installation
from work.invoicing import control_sums
from work.numbers import gaps

_NAMED = 5


def check_control(documents: Sequence[Document], control: Sequence[str]) -> None:
    """Hold a file against the sums that somebody says it has.

    Args:
        documents: of the file.
        control: `NOK=812400.00`, once for each currency; none: nothing is checked.

    Raises:
        Problem: another sum, or one that is not given; nothing was used.
    """
    if not control:
        return
    expected = {}
    for one in control:
        currency, equals, said = one.partition("=")
        if not equals:
            raise Problem(f"{one!r} is no control sum.", todo="Write --control NOK=812400.00.")
        expected[currency.strip().upper()] = str(amount(said))
    found = {currency: Decimal(total) for currency, total in control_sums(documents).items()}
    if wrong := differences(expected, found):
        shown = ", ".join(
            f"{currency} {found.get(currency, Decimal(0))} instead of {expected.get(currency, '0')}"
            for currency in wrong
        )
        raise Problem(
            f"The documents come to {shown}.",
            todo="Nothing was sent. Ask billing for the whole file; documents that are wrong are not counted.",
        )


def check_numbers(
    installation: Installation, documents: Sequence[Document], brand_id: str | None, *, refuse: bool
) -> list[str]:
    """Return the numbers that are missing in a file, and between it and what was issued before.

    Raises:
        Problem: there are some, and they are to be refused.
    """
    numbers = [document.number for document in documents if document.number]
    brand = installation.organisation.brand(brand_id)
    with installation.engine.begin() as connection:
        missing = gaps(numbers, last_numbers(connection, brand.id, numbers))
    if missing and refuse:
        shown = ", ".join(missing[:_NAMED]) + (", ..." if len(missing) > _NAMED else "")
        raise Problem(
            f"Numbers are missing: {shown}.", todo="Nothing was sent. Find out what became of those invoices."
        )
    return missing
