"""A shop that tells Tidings what customers did: one call for many, sent twice it is kept once.

    python examples/shop.py http://127.0.0.1:8765 orders.jsonl      # the key is in TIDINGS_KEY

Each line of the file: {"order": "4711", "customer": "K-1", "at": "2026-11-21T09:30:00Z", "total": "250.00"}
"""

import json
import os
import sys
from datetime import datetime
from pathlib import Path

from tidings_client import AuthenticatedClient
from tidings_client.api.touchpoints import record_touchpoints
from tidings_client.models import RecordedOut, TouchpointIn, TouchpointInDetail, TouchpointsIn


def main(url: str, file: str) -> int:
    """Post the orders of a file; returns the exit code."""
    tidings = AuthenticatedClient(url, token=os.environ["TIDINGS_KEY"])
    orders = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines() if line]
    touchpoints = [
        TouchpointIn(
            id=f"order-{order['order']}",
            customer=order["customer"],
            channel="web",
            kind="bought",
            at=datetime.fromisoformat(order["at"]),
            detail=TouchpointInDetail.from_dict({"total": order["total"]}),
        )
        for order in orders
    ]
    answer = record_touchpoints.sync(client=tidings, body=TouchpointsIn(touchpoints=touchpoints))
    if not isinstance(answer, RecordedOut):
        print(answer.detail if answer else "Tidings said nothing.", file=sys.stderr)
        return 1
    print(f"{answer.recorded} recorded, {answer.known} known, {len(answer.problems)} with a problem")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
