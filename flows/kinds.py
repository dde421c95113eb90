"""Which flow works through which kind of run; the command line and the resident loop ask here."""

from collections.abc import Awaitable, Callable

from flows.campaign import campaign
from flows.invoice_run import invoice_run

FLOWS: dict[str, Callable[..., Awaitable[None]]] = {"campaign": campaign, "invoice_run": invoice_run}
"""By `runs.kind`; each takes the run's id and the title that Prefect's page shows."""
