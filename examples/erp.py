"""An ERP that sends the invoices of a billing run, and waits until Tidings says how far they are.

    python examples/erp.py http://127.0.0.1:8765 november.json      # the key is in TIDINGS_KEY

The file holds a list of invoices, as docs/api.md shows one. Running it again with the same file sends nothing twice.
"""

import hashlib
import json
import os
import sys
from pathlib import Path

from tidings_client import AuthenticatedClient
from tidings_client.api.invoice_runs import start_invoices
from tidings_client.api.runs import read_run
from tidings_client.models import InvoicesIn, ReportOut, StartedOut


def main(url: str, file: str) -> int:
    """Start a run and print its report; returns the exit code."""
    tidings = AuthenticatedClient(url, token=os.environ["TIDINGS_KEY"])
    content = Path(file).read_bytes()
    started = start_invoices.sync(
        client=tidings,
        body=InvoicesIn.from_dict({"invoices": json.loads(content), "source": "erp"}),
        # The same file always has the same key: a lost answer is asked for again, and nothing is sent twice.
        idempotency_key=hashlib.sha256(content).hexdigest(),
    )
    if not isinstance(started, StartedOut):
        print(started.detail if started else "Tidings said nothing.", file=sys.stderr)
        return 1
    report = read_run.sync(started.run, client=tidings)
    assert isinstance(report, ReportOut)
    print(f"run {report.run}: {report.audience} invoices, held {report.held.to_dict()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
