"""`/metrics`: numbers for Prometheus, read from the store when they are asked for, dear ones not every time.

Nothing personal is in them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import Connection, text
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.gauges import Gauges
from web.hooks import forged
from web.site import site_of
from work.alerts import alerts

LOOPBACK = {"127.0.0.1", "::1", "testclient"}
FORGED = "tidings_forged_calls"
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

_GAUGES = (
    (
        "tidings_messages",
        "Messages by state, channel and purpose class.",
        ("state", "channel", "purpose_class"),
        "SELECT state, coalesce(channel, ''), purpose_class, count(*) FROM messages GROUP BY 1, 2, 3",
    ),
    (
        "tidings_attempts",
        "Attempts by provider, state and error class.",
        ("provider", "state", "error_class"),
        "SELECT provider, state, error_class, count(*) FROM attempts GROUP BY 1, 2, 3",
    ),
    (
        "tidings_oldest_ready_seconds",
        "Age of the oldest message that is due and waits, by channel and purpose class.",
        ("channel", "purpose_class"),
        """
        SELECT m.channel, m.purpose_class, extract(epoch FROM max(clock_timestamp() - m.due_at))
        FROM messages m JOIN runs r ON r.id = m.run_id AND r.state IN ('sending', 'finished') AND r.mode <> 'rehearsal'
        WHERE m.state = 'ready' AND m.due_at <= clock_timestamp() GROUP BY 1, 2
        """,
    ),
    (
        "tidings_circuit_open",
        "1 for a lane whose circuit is open.",
        ("provider", "sender"),
        "SELECT provider, sender, (open_until IS NOT NULL)::int FROM lanes",
    ),
    (
        "tidings_doubts",
        "Attempts whose outcome nobody knows, by provider.",
        ("provider",),
        "SELECT provider, count(*) FROM attempts WHERE state = 'unknown' GROUP BY 1",
    ),
    (
        "tidings_receipts",
        "Receipts by provider and kind.",
        ("provider", "kind"),
        "SELECT provider, kind, count(*) FROM receipts GROUP BY 1, 2",
    ),
    (
        "tidings_runs",
        "Runs by kind and state.",
        ("kind", "state"),
        "SELECT kind, state, count(*) FROM runs GROUP BY 1, 2",
    ),
    (
        "tidings_calls_open",
        "Call tasks that wait for support.",
        (),
        "SELECT count(*) FROM calls WHERE closed_at IS NULL",
    ),
)
"""Name, help, labels, query: one column a label, then the value."""


def routes() -> Sequence[Route]:
    """Return the route."""
    return [Route("/metrics", metrics)]


def metrics(request: Request) -> Response:
    """Answer with the numbers of this moment; only to a caller on this machine that no proxy stands for."""
    near = request.client is not None and request.client.host in LOOPBACK
    if not near or any(name in request.headers for name in FORWARDED):
        return Response("Metrics are for a collector on this machine.\n", status_code=403)
    site = site_of(request)
    with site.reading.connect() as connection:

        def holding() -> Sequence[tuple[str, int]]:
            found = alerts(connection, site.installation, now=site.clock())
            return list(Counter(one.name for one in found).items())

        refused = ((*which, count) for which, count in forged.items())
        numbers = _Numbers(
            [
                *_read(connection, site.gauges),
                _family(
                    "tidings_alerts", "Alerts that hold.", ("name",), site.gauges.rows("alerts", holding)
                ),
                _family(FORGED, "Calls of strangers since the start, by hook.", ("hook", "code"), refused),
            ]
        )
    return Response(generate_latest(numbers), media_type=CONTENT_TYPE_LATEST)


class _Numbers(Collector):
    """What was read, as the library's writer takes it."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _read(connection: Connection, gauges: Gauges) -> Iterator[Metric]:
    for name, says, labels, query in _GAUGES:
        rows = gauges.rows(name, lambda query=query: connection.execute(text(query)).all())  # type: ignore[misc]
        yield _family(name, says, labels, rows)


def _family(name: str, says: str, labels: Sequence[str], rows: Iterable[Sequence[Any]]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=labels)
    for row in rows:
        family.add_metric([str(cell) for cell in row[:-1]], float(row[-1]))
    return family
