"""Messages as a run leaves them, for tests of links: one run, one template, one customer."""

from datetime import date, timedelta

from sqlalchemy import insert

from store.tables import (
    attempts,
    deliveries,
    invoices,
    messages,
    policies,
    runs,
    templates,
)
from tests.town import NOON
from tidings.invoice import Invoice, Line

MESSAGE = "0190f3a0-7c3e-7000-8000-000000000001"
LINKS = {
    "action": "{website}/garden?code={code}",
    "more": "https://shop.example/{first_name}/more",
    "away": "https://{code}.example/",
    "call": "mailto:hei@nordlys.example",
}


def send(
    engine,
    customer,
    *,
    purpose="offer",
    topic=None,
    options=None,
    data=None,
    links=LINKS,
    invoice=None,
    sent_at=None,
):
    """Write one message of a run, accepted at `sent_at` when that is given; return its id."""
    purpose_class = "required" if purpose == "invoice" else "marketing"
    with engine.begin() as connection:
        template = connection.execute(
            insert(templates)
            .values(
                name=f"{purpose}/test", version="1", purpose=purpose, purpose_class=purpose_class, content_hash="0",
                links=links,
            )
            .returning(templates.c.id)
        ).scalar()  # fmt: skip
        policy = connection.execute(
            insert(policies).values(digest="d", rules={}).returning(policies.c.version)
        ).scalar()
        connection.execute(
            insert(runs).values(
                id="run-1", kind="campaign", brand="nordlys", title="t", purpose=purpose, topic=topic or purpose,
                purpose_class=purpose_class, template_id=template, policy_version=policy, mode="outbox",
                state="sending", options=options or {}, requested_by="test", starts_at=NOON,
            )
        )  # fmt: skip
        invoice_id = (
            invoice
            and connection.execute(
                insert(invoices)
                .values(run_id="run-1", brand="nordlys", customer_id=customer, **invoice)
                .returning(invoices.c.id)
            ).scalar()
        )
        connection.execute(
            insert(messages).values(
                id=MESSAGE, run_id="run-1", customer_id=customer, brand="nordlys", purpose=purpose,
                purpose_class=purpose_class, document="d", dedupe_key="k", state="done" if sent_at else "ready",
                channel="email", data=data or {}, planned_at=NOON, invoice_id=invoice_id,
            )
        )  # fmt: skip
        if sent_at:
            connection.execute(
                insert(deliveries).values(
                    id=MESSAGE, message_id=MESSAGE, number=1, channel="email", address="a", state="accepted",
                    reference="R1", created_at=sent_at,
                )
            )  # fmt: skip
            connection.execute(
                insert(attempts).values(
                    id=MESSAGE, delivery_id=MESSAGE, number=1, provider="outbox", state="accepted", owner=1,
                    started_at=sent_at, lease_until=sent_at + timedelta(minutes=5), ended_at=sent_at,
                )
            )  # fmt: skip
    return MESSAGE


def bill(number="2026-1", **more):
    """Return the values of one invoice row."""
    invoice = Invoice(
        number=number, customer="C1", issued_on=date(2026, 3, 1), due_on=date(2026, 3, 31), currency="NOK",
        lines=(Line(description="Rose <b>& thorn", quantity="2", unit_price="100", tax_rate="25"),), total="250",
        reference="1234567",
    )  # fmt: skip
    return {
        "number": number,
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on,
        "currency": "NOK",
        "net": invoice.net,
        "tax": invoice.tax,
        "gross": invoice.gross,
        "document": invoice.model_dump(mode="json"),
        **more,
    }
