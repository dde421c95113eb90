"""What becomes of invoices decides what is still sent: payments, credit notes, disputes, reminders in steps."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from store.invoice_events import InvoiceEvent
from store.invoice_events import record as record_events
from store.runs import set_run
from store.touchpoints import Touchpoint, record
from tests.town import NOON, install, settle
from tests.work.test_deliver import House
from tests.work.test_invoicing import BILL, bill
from tidings.organisation import ReminderStep
from tidings.problem import Problem
from work import run as stages
from work.bills import BillMapping, check_bills
from work.control import stop
from work.invoicing import open_invoice_run
from work.reminders import open_reminder_run
from work.settlement import take_statuses, withdraw_settled


@pytest.fixture
def house(settings, engine):
    settle(engine, 3, channels=("email", "letter"))
    return install(settings, engine)


def rows(house, sql, **values):
    with house.engine.begin() as connection:
        return connection.execute(text(sql), values).all()


def states(house):
    found = rows(house, "SELECT document, purpose, state, reason FROM messages ORDER BY document, purpose")
    return {(one.document, one.purpose): (one.state, one.reason) for one in found}


def sent(house, channel="email"):
    """Let every message of an invoice be done on a channel."""
    rows(
        house,
        "UPDATE messages SET state = 'done', channel = :channel, reason = '' WHERE state = 'ready' RETURNING id",
        channel=channel,
    )


def credited(house, number, *others, total="250.00", now=NOON):
    line = {**BILL["lines"][0], "unit_price": str(float(total) / 2.5)}
    said = {**BILL, "number": f"K{number}", "customer": number[1:], "type_code": "381", "total": total}
    said |= {"preceding": [{"number": one} for one in (number, *others)], "lines": [line]}
    opened = open_invoice_run(
        house,
        check_bills([(1, said)], BillMapping()),
        house.policy,
        file_name="credit.jsonl",
        file_hash=f"credit-{number}",
        source="",
        actor="staff:test",
        now=now,
    )
    for shard in range(stages.begin(house, opened.run, now=now).count):
        stages.plan(house, opened.run, shard, house.policy, now=now)
    return opened.run


def statuses(house, tmp_path, body, *, now=NOON):
    path = tmp_path / "status.csv"
    path.write_text(body, encoding="utf-8")
    return take_statuses(house, path, brand_id=None, actor="staff:test", now=now)


@pytest.mark.parametrize(
    ("status", "left"),
    [
        pytest.param("paid", ("cancelled", "paid"), id="paid"),
        pytest.param("cancelled", ("cancelled", "voided"), id="cancelled"),
        pytest.param("credited", ("cancelled", "credited"), id="credited"),
        pytest.param("paid,100", ("ready", ""), id="paid in part"),
        pytest.param("disputed", ("ready", ""), id="disputed, which stops reminders only"),
    ],
)
def test_what_is_over_before_it_leaves_is_not_sent(house, tmp_path, status, left):
    bill(house, "C1", "C2")
    found = statuses(house, tmp_path, f"number,status,amount\nFC1,{status}\n")
    assert sum(found.counts.values()) == 1
    assert states(house)[("FC1", "invoice")] == left
    assert states(house)[("FC2", "invoice")] == ("ready", "")


def test_a_status_is_kept_once_and_a_wrong_row_is_named(house, tmp_path):
    bill(house, "C1")
    body = "number,status,amount,id\nFC1,paid,250.00,B1\nF9,paid,,B2\nFC1,eaten,,B3\nFC1,paid,much,B4\n"
    first, again = (statuses(house, tmp_path, body) for _ in range(2))
    assert (dict(first.counts), first.known, len(first.cancelled)) == ({"paid": 1}, 0, 1)
    assert (dict(again.counts), again.known) == ({}, 1)
    assert [line.partition(":")[0] for line in first.wrong] == ["row 3", "row 4", "row 5"]
    assert "'F9'" in first.wrong[0]


def test_a_file_without_statuses_is_refused(house, tmp_path):
    with pytest.raises(Problem, match="status"):
        statuses(house, tmp_path, "number,amount\nF1,2\n")


@pytest.mark.parametrize(
    ("amount", "left"),
    [
        pytest.param("250.00", "cancelled", id="all of it"),
        pytest.param(None, "cancelled", id="no amount is all of it"),
        pytest.param("60,00", "ready", id="a part with a comma"),
        pytest.param("60.00 NOK", "ready", id="a part with its currency"),
        pytest.param("60.000", "ready", id="a part with three decimals"),
        pytest.param("1 250,50", "cancelled", id="more than it, in groups"),
        pytest.param("1,250.50", "cancelled", id="more than it, in English groups"),
        pytest.param(-60, "ready", id="money that was paid back"),
    ],
)
def test_a_payment_that_comes_as_a_touchpoint_settles_its_invoice(house, amount, left):
    bill(house, "C1")
    [(customer,)] = rows(house, "SELECT customer_id FROM invoices")
    paid = Touchpoint(
        customer=customer,
        source="bank",
        external_id="7",
        direction="in",
        channel="payment",
        kind="paid",
        at=NOON,
        detail={"invoice": "FC1", "amount": amount},
    )
    with house.engine.begin() as connection:
        record(connection, [paid])
    assert withdraw_settled(house, now=NOON) == (left == "cancelled")
    assert withdraw_settled(house, now=NOON) == 0
    assert states(house)[("FC1", "invoice")][0] == left


@pytest.mark.parametrize("how", ["a touchpoint", "a status"])
@pytest.mark.parametrize("purpose", ["invoice", "dunning"])
def test_what_was_paid_a_moment_ago_does_not_leave(settings, engine, how, purpose):
    """No round has looked since: a payment that came by itself, a status while a sender had the message."""
    settle(engine, 2, channels=("email",))
    house = House(settings, engine)
    house.run = bill(house.installation, "C1", "C2")
    now = NOON
    if purpose == "dunning":
        sent(house.installation)
        object.__setattr__(
            house.installation,
            "organisation",
            house.installation.organisation.model_copy(update={"reminders": STEPS}),
        )
        house.run, now = remind(house.installation, 7).run, DUE + timedelta(days=7)
    house.now = now
    invoice, customer = rows(house.installation, "SELECT id, customer_id FROM invoices WHERE number = 'FC1'")[
        0
    ]
    with engine.begin() as connection:
        set_run(connection, house.run, state="sending")
        if how == "a status":
            record_events(
                connection,
                [InvoiceEvent(invoice=invoice, kind="paid", at=NOON, source="bank", external_id="7")],
            )
        else:
            paid = Touchpoint(
                customer=customer, source="bank", external_id="7", direction="in", channel="payment", kind="paid",
                at=NOON, detail={"invoice": "FC1"},
            )  # fmt: skip
            record(connection, [paid])

    with house.sender() as sender:
        [batch] = house.claim(sender)

    assert len(batch.claimed) == 1
    assert states(house.installation)[("FC1", purpose)] == ("cancelled", "paid")
    assert states(house.installation)[("FC2", purpose)] == ("in_delivery", "")


def test_a_credit_note_before_the_invoice_left_stops_both(house):
    bill(house, "C1")
    credited(house, "FC1")
    assert states(house) == {
        ("FC1", "invoice"): ("cancelled", "credited"),
        ("KFC1", "invoice"): ("cancelled", "credited"),
    }


def test_a_credit_note_that_comes_before_its_invoice_stops_it(house):
    credited(house, "FC1")
    sent(house)
    bill(house, "C1")
    assert states(house)[("FC1", "invoice")] == ("cancelled", "credited")
    assert states(house)[("KFC1", "invoice")][0] == "done"


def test_a_credit_note_of_several_invoices_credits_each_in_its_order(house):
    bill(house, "C1", "C2", "C3")
    credited(house, "FC1", "FC2", "FC3", total="600.00")
    found = rows(
        house, "SELECT number, amount FROM invoice_events e JOIN invoices i ON i.id = e.invoice_id ORDER BY 1"
    )
    assert [(one.number, str(one.amount)) for one in found] == [
        ("FC1", "250.00"), ("FC2", "250.00"), ("FC3", "100.00")
    ]  # fmt: skip
    assert [states(house)[(number, "invoice")][0] for number in ("FC1", "FC2", "FC3", "KFC1")] == [
        "cancelled", "cancelled", "ready", "ready"
    ]  # fmt: skip


def test_a_credit_note_of_a_part_leaves_the_invoice_alone(house):
    bill(house, "C1")
    credited(house, "FC1", total="100.00")
    assert {state for state, _ in states(house).values()} == {"ready"}


def test_a_credit_note_follows_on_the_channel_that_was_used(house):
    bill(house, "C1")
    [(ranked,)] = rows(house, "SELECT decision FROM messages")
    other = [one["channel"] for one in ranked if one.get("rank") is not None][-1]
    first = next(one["channel"] for one in ranked if one.get("rank") is not None)
    assert other != first
    sent(house, other)
    credited(house, "FC1")
    [(channel, decision)] = rows(
        house, "SELECT channel, decision FROM messages WHERE document = 'KFC1' AND state = 'ready'"
    )
    assert channel == other
    assert [one["channel"] for one in decision if one.get("rank") == 1] == [other]


STEPS = (ReminderStep(days=7), ReminderStep(days=14, fee=5), ReminderStep(days=28, fee=10, letter=True))
DUE = NOON.replace(year=2026, month=3, day=31)


@pytest.fixture
def owed(house):
    """An installation with one invoice that was sent and is due on 31 March 2026."""
    bill(house, "C1")
    sent(house)
    object.__setattr__(house, "organisation", house.organisation.model_copy(update={"reminders": STEPS}))
    return house


def remind(house, days, **more):
    now = DUE + timedelta(days=days)
    made = open_reminder_run(house, house.policy, actor="staff:test", now=now, **more)
    if made.run:
        for shard in range(stages.begin(house, made.run, now=now).count):
            stages.plan(house, made.run, shard, house.policy, now=now)
    return made


def test_reminders_come_in_steps_and_each_once(owed):
    assert [remind(owed, days).steps for days in (6, 7, 8, 13, 14, 20, 28, 29, 90)] == [
        {}, {1: 1}, {}, {}, {2: 1}, {}, {3: 1}, {}, {}
    ]  # fmt: skip
    [last] = rows(owed, "SELECT data, channel FROM messages WHERE data ->> 'step' = '3'")
    assert (last.data["open"], last.data["total"]) == ("250.00", "260.00")


def test_a_run_of_reminders_keeps_what_was_learnt_as_a_run_of_invoices_does(owed):
    rows(
        owed,
        "INSERT INTO base_rates (rates, hours, as_of, learnt_at)"
        """ VALUES ('{"required": {"email": [9, 3]}}', '[]', :at, :at) RETURNING version""",
        at=NOON,
    )
    invoices = bill(owed, "C2", file_hash="later")
    reminders = remind(owed, 7).run

    kept = dict(rows(owed, "SELECT id, options -> 'learnt' FROM runs WHERE options ? 'learnt'"))
    assert set(kept) == {invoices, reminders}
    assert kept[reminders] == kept[invoices] == {"version": 1, "rates": {"email": [9, 3]}}


def test_who_begins_late_begins_with_the_first_step(owed):
    assert [remind(owed, days).steps for days in (60, 61, 67, 81)] == [{1: 1}, {}, {2: 1}, {3: 1}]


@pytest.mark.parametrize("status", ["paid", "credited", "cancelled", "disputed"])
def test_nobody_is_reminded_of_what_is_over_or_in_dispute(owed, tmp_path, status):
    statuses(owed, tmp_path, f"number,status\nFC1,{status}\n")
    assert remind(owed, 7).run == ""


def test_a_reminder_is_taken_back_when_the_payment_comes_first(owed, tmp_path):
    remind(owed, 7)
    found = statuses(owed, tmp_path, "number,status\nFC1,paid\n", now=DUE + timedelta(days=8))
    assert len(found.cancelled) == 1
    assert states(owed)[("FC1", "dunning")] == ("cancelled", "paid")


def test_a_dispute_that_is_resolved_is_reminded_of_again(owed, tmp_path):
    statuses(owed, tmp_path, "number,status,at\nFC1,disputed,2026-04-01\nFC1,resolved,2026-04-05\n")
    assert remind(owed, 7).steps == {1: 1}


def test_a_reminder_that_a_dispute_took_back_comes_again_and_is_no_step(owed, tmp_path):
    remind(owed, 7)
    statuses(owed, tmp_path, "number,status,at\nFC1,disputed,2026-04-08\n")
    statuses(owed, tmp_path, "number,status,at\nFC1,resolved,2026-04-09\n")
    assert [remind(owed, days).steps for days in (9, 10, 15, 16)] == [{1: 1}, {}, {}, {2: 1}]


def test_a_reminder_that_was_stopped_with_its_run_comes_again(owed):
    made = remind(owed, 7)
    with owed.engine.begin() as connection:
        stop(connection, made.run, by="Kari", because="the bank's file is late")
    assert [remind(owed, days).steps for days in (8, 9, 15)] == [{1: 1}, {}, {2: 1}]


@pytest.mark.parametrize("how", ["paid", "credited"])
def test_a_reminder_that_waits_asks_for_what_is_open_when_it_leaves(owed, tmp_path, how):
    remind(owed, 7)
    if how == "paid":
        statuses(owed, tmp_path, "number,status,amount\nFC1,paid,100\n")
    else:
        credited(owed, "FC1", total="100.00")
    [row] = rows(owed, "SELECT data FROM messages WHERE purpose = 'dunning'")
    assert (row.data["open"], row.data["total"]) == ("150.00", "150.00")


def test_a_reminder_is_taken_back_when_the_rest_is_credited(house):
    bill(house, "C1", prepaid="150.00")
    sent(house)
    object.__setattr__(house, "organisation", house.organisation.model_copy(update={"reminders": STEPS}))
    remind(house, 7)
    credited(house, "FC1", total="100.00")
    assert states(house)[("FC1", "dunning")] == ("cancelled", "credited")


def test_nobody_is_reminded_of_a_credit_note_of_any_kind(house):
    bill(house, "C1", type_code="396")
    sent(house)
    object.__setattr__(house, "organisation", house.organisation.model_copy(update={"reminders": STEPS}))
    assert remind(house, 7).run == ""


def test_of_what_is_paid_in_part_the_rest_is_asked_for(owed, tmp_path):
    statuses(owed, tmp_path, "number,status,amount\nFC1,paid,100\n")
    remind(owed, 7)
    [row] = rows(owed, "SELECT data FROM messages WHERE purpose = 'dunning'")
    assert row.data["total"] == "150.00"


def test_a_rehearsal_of_reminders_uses_up_no_step(owed):
    assert remind(owed, 7, rehearse=True).steps == {1: 1}
    assert remind(owed, 7).steps == {1: 1}
