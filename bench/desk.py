"""What a person waits for at a screen: a rule counted, a draft forecast, a customer found, the gaps drawn up."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import text

from bench.figure import Figure, bound, seconds
from bench.home import fresh_home
from preferences.policy import Policy
from tidings.organisation import read_organisation
from work import segments
from work.drafts import Content, ready
from work.forecast import forecast
from work.gaps import gaps
from work.installation import Installation
from work.seek import seek

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
CUSTOMERS = 200_000
TOUCHPOINTS = 1_000_000
ROUNDS = 5
EXAMPLE = Path(__file__).parents[1] / "examples" / "demo" / "organisation.toml"
DATA = {"code": "LYS25", "discount": "25", "price": "66.75", "currency": "EUR", "valid_until": "2027-11-30"}

_SEED = """
    INSERT INTO customers (language, time_zone, country, first_name, last_name)
        SELECT 'en', 'Europe/Oslo', 'NO', 'Customer', 'Number ' || n FROM generate_series(1, {customers}) n;
    INSERT INTO customer_references (customer_id, source, reference) SELECT id, 'crm', 'C' || id FROM customers;
    INSERT INTO addresses (customer_id, channel, value) SELECT id, 'email', id || '@example.org' FROM customers;
    INSERT INTO addresses (customer_id, channel, value)
        SELECT id, 'sms', '+474' || (1000000 + id) FROM customers WHERE id % 2 = 0;
    INSERT INTO consents (customer_id, topic, channel, action, source, proof, actor, at)
        SELECT id, 'offer', 'all', 'given', 'form', 'p', 'customer', timestamptz '{now}' - interval '1 day'
        FROM customers WHERE id % 10 <> 0;
    INSERT INTO statements (customer_id, topic, kind, channels, source, proof, actor, at)
        SELECT id, 'offer', 'order', '{{sms,email}}', 'form', 'p', 'customer', timestamptz '{now}' - interval '1 day'
        FROM customers WHERE id % 5 = 0;
    INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, purpose, at)
        SELECT 1 + n % {customers}, 'past', n::text, CASE n % 3 WHEN 0 THEN 'in' ELSE 'out' END, 'email',
               CASE n % 3 WHEN 0 THEN 'clicked' WHEN 1 THEN 'sent' ELSE 'delivered' END, 'offer',
               timestamptz '{now}' - make_interval(hours => (n % 8760)::int)
        FROM generate_series(1, {touchpoints}) n;
    ANALYZE;
"""
_CLICKED = {"did": "clicked", "within": "P90D"}
_NESTED = {
    "all": [
        {"field": "country", "op": "=", "value": "NO"},
        {"any": [_CLICKED, {"has": "sms"}]},
    ],
    "none": [{"did": "complained", "within": "P365D"}],
}


def figures() -> Iterable[Figure]:
    """Measure on a fresh home with 200,000 customers and a million touchpoints; each the median of five looks."""
    with fresh_home() as (settings, store):
        house = Installation(
            settings=settings, organisation=read_organisation(EXAMPLE), engine=store.engine, key=b"k" * 32
        )
        with store.engine.begin() as connection:
            connection.execute(
                text(_SEED.format(customers=CUSTOMERS, touchpoints=TOUCHPOINTS, now=NOW.isoformat()))
            )
        draft = ready(
            house, Content(name="autumn", edition="1", template="offer/autumn", data=DATA, own_time=False)
        )

        def counted(rule: object) -> Callable[[], object]:
            node = segments.parse_rule(rule)  # type: ignore[arg-type]

            def look() -> object:
                with store.engine.begin() as connection:
                    reading = segments.Reading(connection=connection, engine=store.engine)
                    return segments.count(reading, node, now=NOW)

            return look

        def found() -> object:
            with store.engine.begin() as connection:
                return seek(connection, "123456@example.org", brands=("nordlys",))

        def drawn_up() -> object:
            with store.engine.begin() as connection:
                return gaps(connection, house, Policy(), now=NOW)

        def foreseen() -> object:
            return forecast(house, Policy(), draft.campaign, draft.template, now=NOW)

        yield bound("who clicked in 90 days, of 200,000", ours=_look(counted(_CLICKED)), most=1, unit="s")
        yield bound("a nested rule, of 200,000", ours=_look(counted(_NESTED)), most=1, unit="s")
        yield bound("a draft's numbers, 200,000 customers", ours=_look(foreseen), most=0.3, unit="s")
        yield bound("a customer found by e-mail", ours=_look(found), most=0.05, unit="s")
        yield bound("the gaps of 200,000 customers", ours=_look(drawn_up), most=5, unit="s")


def _look(work: Callable[[], object]) -> float:
    return median(seconds(work) for _ in range(ROUNDS))
