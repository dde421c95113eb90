"""What a choice would have changed in the past year: told before it is saved, by the one decision function."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert

from store.tables import messages, policies, runs, templates
from tests.town import NOON, settle
from tests.web.test_form import ALL, fill
from work.merge import merge

EVERY = [{"channel": channel, "rank": 1, "reason": "default_order"} for channel in ALL]
NO_PUSH = [
    {**entry, "reason": "not_allowed" if entry["channel"] == "push" else entry["reason"]} for entry in EVERY
]


@pytest.fixture
def year(engine):
    """Write a year's messages of a customer: (topic, channel, how many)."""

    def write(customer, *past, mode="live", decision=EVERY, days=30, reason="", brand="nordlys"):
        with engine.begin() as connection:
            policy = connection.execute(
                insert(policies).values(digest=f"d{days}{mode}", rules={}).returning(policies.c.version)
            ).scalar()
            for topic, channel, count in past:
                purpose = topic.partition(".")[0]
                purpose_class = "required" if purpose == "invoice" else "marketing"
                template = connection.execute(
                    insert(templates).values(
                        name=f"{topic}/t", version=f"{days}{mode}{channel}", purpose=purpose,
                        purpose_class=purpose_class, content_hash="0",
                    ).returning(templates.c.id)
                ).scalar()  # fmt: skip
                name = f"{topic}-{channel}-{days}-{mode}"
                connection.execute(
                    insert(runs).values(
                        id=name, kind="campaign", brand=brand, title="t", purpose=purpose, topic=topic,
                        purpose_class=purpose_class, template_id=template, policy_version=policy, mode=mode,
                        state="finished", requested_by="test", starts_at=NOON,
                    )
                )  # fmt: skip
                for number in range(count):
                    identity = UUID(int=abs(hash((name, customer, number))) % 2**120)
                    connection.execute(
                        insert(messages).values(
                            id=str(identity), run_id=name, customer_id=customer, brand=brand, purpose=purpose,
                            purpose_class=purpose_class, document=str(number), dedupe_key=str(identity),
                            state="held" if reason else "done", reason=reason, channel=channel or None,
                            decision=decision, planned_at=NOON - timedelta(days=days + number),
                        )
                    )  # fmt: skip

    return write


def preview(door, customer, **answers):
    page = fill(door, customer, preview="1", **answers)
    assert page.status_code == 200
    body = page.text.split('<section class="card"')[1].split("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body.split(">", 1)[1])).strip()


def test_it_counts_by_purpose_what_would_have_come_another_way(door, engine, year):
    [ada] = settle(engine, channels=ALL)
    year(ada, ("invoice", "letter", 9), ("invoice", "email", 3), ("offer", "email", 2))

    told = preview(door, ada, invoice="email", offer="letter")

    assert told == (
        "2 of 14 messages would have come another way. Offers (2 of 2) Letter by post instead of Email"
    ), "the invoices that came by letter did so for another reason: they would come by e-mail today as well"


def test_a_letter_that_was_wished_becomes_an_email(door, engine, year, clock):
    [ada] = settle(engine, channels=ALL)
    fill(door, ada, invoice="letter")
    clock.on(days=1)
    year(ada, ("invoice", "letter", 9), ("invoice", "email", 3), ("offer", "email", 2))

    told = preview(door, ada, invoice="email")

    assert (
        told
        == "9 of 14 messages would have come another way. Invoices (9 of 12) Email instead of Letter by post"
    )
    assert door.ask("SELECT count(*) FROM statements") == [(2,)], "nothing is saved by looking"


def test_stopping_and_beginning_count_too(door, engine, year):
    [ada] = settle(engine, channels=ALL)
    year(ada, ("offer.garden", "email", 4))
    year(ada, ("news", "", 3), reason="no_consent", days=40)

    told = preview(door, ada, offer="none", news="sms")

    assert "7 of 7" in told
    assert "Offers (4 of 4) would not have come, instead of Email" in told
    assert "News (3 of 3) would have come: Text message" in told


def test_what_the_run_did_not_allow_is_not_promised(door, engine, year):
    [ada] = settle(engine, channels=ALL)
    year(ada, ("offer", "email", 2), decision=NO_PUSH)

    assert "Text message instead of Email" in preview(door, ada, offer="push,sms")


def test_older_rehearsed_and_other_peoples_messages_do_not_count(door, engine, year):
    ada, bo = settle(engine, 2, channels=ALL)
    year(ada, ("offer", "email", 1), days=366)
    year(ada, ("offer", "email", 1), mode="rehearsal")
    year(bo, ("offer", "email", 1), days=20)

    assert preview(door, ada, offer="sms").startswith("You got no messages")


def test_the_same_choice_changes_nothing(door, engine, year):
    [ada] = settle(engine, channels=ALL)
    year(ada, ("offer", "email", 3))

    assert preview(door, ada) == "All 3 messages would have come just the same way."


def test_from_the_preview_the_choice_is_saved_or_taken_back_to_the_form(door, engine, year):
    from tests.web.test_form import Fields, chosen

    [ada] = settle(engine, channels=ALL)
    page = fill(door, ada, preview="1", offer="sms,letter", language="pl")
    assert chosen(door, ada)["offer"] == "email,sms,push,letter", "not saved yet"

    fields = Fields(page.text).sent
    back = Fields(door.client.post(door.form(ada), data=fields | {"edit": "1"}).text).sent
    assert (back["rank.offer.sms"], back["rank.offer.letter"], back["language"]) == ("1", "2", "pl")
    assert chosen(door, ada)["offer"] == "email,sms,push,letter"

    assert door.client.post(door.form(ada), data=fields).url.params["saved"] == "1"
    assert chosen(door, ada)["offer"] == "sms,letter"


@pytest.mark.parametrize("asked", ["the kept record", "the other one"])
def test_all_records_of_a_merged_person_are_looked_at(door, engine, year, clock, asked):
    ada, twin = settle(engine, 2, channels=ALL)
    year(ada, ("offer", "email", 2))
    year(twin, ("offer", "email", 3), days=60)
    with engine.begin() as connection:
        merge(connection, "C1", "C2", actor="staff:mia", because="same person", now=clock.now)

    told = preview(door, {"the kept record": ada, "the other one": twin}[asked], offer="letter", news="none")

    assert told.startswith("5 of 5 messages would have come another way. Offers (5 of 5)"), told
