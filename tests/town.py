"""A small town of customers for tests of `work`: written straight into the tables, one fact at a time."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from store.tables import (
    addresses,
    consents,
    customer_references,
    customers,
    statements,
    suppressions,
)
from tidings.organisation import Organisation
from work.installation import Installation

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday; nobody in Europe has quiet hours or a holiday."""

ORGANISATION = {
    "name": "Test",
    "country": "NO",
    "time_zone": "Europe/Oslo",
    "brands": [
        {
            "id": "nordlys",
            "name": "Nordlys",
            "legal_name": "Nordlys Hage AS",
            "service_email": "hjelp@nordlys.example",
            "website": "https://nordlys.example",
            "languages": ["en", "nb", "sv", "pl", "pt_BR"],
            "address": {"lines": ["Nordlys Hage AS", "Fjordveien 1", "0171 Oslo"], "country": "NO"},
            "senders": {
                "email": "hei@nordlys.example",
                "email_name": "Nordlys",
                "sms": "Nordlys",
                "push": "Nordlys",
            },
            "accounts": {"NOK": {"iban": "NO9386011117947"}},
            "channel_order": {"all": ["email", "sms", "push", "letter"]},
        }
    ],
}

POSTAL = {
    "name": "Ada Berg",
    "organisation": "",
    "lines": ["Storgata 1"],
    "city": "Oslo",
    "region": "",
    "postcode": "0155",
    "country": "NO",
}


def install(settings, engine):
    return Installation(
        settings=settings,
        organisation=Organisation.model_validate(ORGANISATION),
        engine=engine,
        key=b"k" * 32,
    )


def settle(engine, count=1, *, channels=("email",), consent="given", topic="offer", **columns):
    """Add `count` customers, reachable on `channels` and with consent for them; return their ids."""
    values = {
        "first_name": "Ada",
        "last_name": "Berg",
        "language": "en",
        "time_zone": "Europe/Oslo",
        "country": "NO",
    }
    with engine.begin() as connection:
        start = connection.exec_driver_sql("SELECT count(*) FROM customers").scalar()
        ids = [
            connection.execute(
                insert(customers).values(**values | columns).returning(customers.c.id)
            ).scalar()
            for _ in range(count)
        ]
        for number, customer in enumerate(ids, start + 1):
            connection.execute(
                insert(customer_references).values(
                    source="test", reference=f"C{number}", customer_id=customer
                )
            )
            for channel in channels:
                connection.execute(insert(addresses).values(customer_id=customer, **address(channel, number)))
                if consent:
                    agree(connection, customer, channel=channel, topic=topic, action=consent)
    return ids


def address(channel, number):
    return {
        "email": {"channel": "email", "value": f"c{number}@example.org"},
        "sms": {"channel": "sms", "value": f"+47406{number:05d}"},
        "whatsapp": {"channel": "whatsapp", "value": f"+47407{number:05d}"},
        "push": {"channel": "push", "value": f"token-{number}", "platform": "fcm"},
        "letter": {"channel": "letter", "value": f"Storgata {number}, 0155 Oslo", "postal": POSTAL},
    }[channel]


def agree(
    connection, customer, *, channel="all", topic="offer", action="given", at=NOON - timedelta(days=30)
):
    connection.execute(
        insert(consents).values(
            customer_id=customer, channel=channel, topic=topic, action=action, source="form", proof="p",
            actor="customer", at=at,
        )
    )  # fmt: skip


def state(connection, customer, *, kind="order", topic="all", at=NOON - timedelta(days=10), **columns):
    connection.execute(
        insert(statements).values(
            customer_id=customer,
            kind=kind,
            topic=topic,
            source="form",
            proof="p",
            at=at,
            actor="customer",
            **columns,
        )
    )


def suppress(connection, channel, value, reason="hard_bounce"):
    connection.execute(
        insert(suppressions).values(
            channel=channel, value=value, reason=reason, source="provider", actor="system", at=NOON
        )
    )
