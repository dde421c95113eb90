"""What the recall race saved: messages that did not have to leave, because the one before them was answered."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from store.recalls import spared
from store.runs import Run
from tidings.channel import Channel


def savings(connection: Connection, run: Run) -> dict[str, Any]:
    """Return {letters, amount, channels: {channel: messages}, because: {kind: messages}} of a run.

    `because` is the kind of the touchpoint that overtook them: opened, clicked, paid, redeemed. `amount` is the letters
    at the price that was expected when the run was made, in the organisation's currency; 0.00 for a run of a release
    that did not note it.
    """
    found = {"channels": dict[str, int](), "because": dict[str, int]()}
    for channel, because, n in spared(connection, run.id):
        for part, key in (("channels", channel), ("because", because)):
            found[part][key] = found[part].get(key, 0) + n
    letters = found["channels"].get(Channel.LETTER, 0)
    price = Decimal(str(run.options.get("letter_price", 0)))
    return {"letters": letters, "amount": str((price * letters).quantize(Decimal("0.01"))), **found}
