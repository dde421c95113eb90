"""The demo from end to end, as a newcomer runs it: same counts every time, sums that agree, files that are there."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import text

from store.silence import fall_back
from tests.walk import tidings
from tidings.channel import Channel
from tidings.settings import Settings
from tidings.signing import signing_key
from work.demo import invent
from work.demo_history import touchpoints
from work.installation import opened
from work.links import Links
from work.sent import sent

RUN = {"run", "audience", "planned", "held", "sent", "failed", "unknown", "waiting", "cost"}


def files(outbox: Path) -> dict[str, int]:
    """Return how many messages lie in an outbox, by channel."""
    found = {channel.value: len(list((outbox / channel).glob("*.*"))) for channel in Channel}
    manifests = (outbox / "letter").glob("*/manifest.json")
    found["letter"] = sum(len(json.loads(path.read_text())["pieces"]) for path in manifests)
    return {channel: number for channel, number in found.items() if number}


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> dict:
    """What a demo says, in a home where everything asks for the real world."""
    asks = {"TIDINGS_MODE": "live", "TIDINGS_EMAIL": "smtp", "TIDINGS_SMTP__HOST": "127.0.0.1"}
    done = tidings(tmp_path_factory.mktemp("demo") / "home", "demo", "--json", **asks)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_object_has_exactly_what_was_promised(demo):
    assert set(demo) == {"customers", "runs", "outbox", "preference_url", "seconds"}
    assert [set(run) for run in demo["runs"]] == [RUN] * 3
    assert (demo["customers"], demo["runs"][0]["audience"], demo["runs"][2]["audience"]) == (200, 200, 60)


@pytest.mark.parametrize("number", range(3), ids=["newsletter", "offer", "invoices"])
def test_nobody_falls_out_of_a_run(demo, number):
    run = demo["runs"][number]
    planned = sum(run["planned"].values())
    assert run["audience"] == planned + sum(run["held"].values())
    ended = sum(run["sent"].values()) + sum(run["failed"].values()) + run["unknown"]
    assert planned == ended + sum(run["waiting"].values())
    assert run["unknown"] == 0
    assert run["failed"] == {}
    reached = [
        channel for channel in Channel if not channel.by_invitation
    ]  # nobody in the demo gave a WhatsApp number
    assert len(run["sent"]) == (3 if number == 2 else len(reached)), "the channels are really used"


def test_the_offer_asks_exactly_the_segment(demo):
    world = invent(200)
    since = (world.now - timedelta(days=180)).isoformat()
    clicks = Counter(
        row["customer"]
        for row in touchpoints(world.persons, world.billed, world.now)
        if row["kind"] == "clicked" and row["machine"] == "false" and row["at"] > since
    )
    asked = [
        person
        for person in world.persons
        if person.segment in {"home", "cabin"} or clicks[person.reference] >= 2
    ]
    assert 0 < len(asked) < 200
    assert demo["runs"][1]["audience"] == len(asked)


def test_something_waits_and_something_is_held(demo):
    newsletter, offer, invoices = demo["runs"]
    assert newsletter["waiting"]["quiet_hours"] > 0
    assert {"no_consent", "standing"} <= set(newsletter["held"])
    assert offer["waiting"]["pause"] == 1
    assert invoices["held"] == {}


def test_hours_that_came_in_with_a_file_are_kept(demo):
    home = Path(demo["outbox"]).parent
    told = tidings(home, "explain", "D-1010", demo["runs"][0]["run"], "--json")
    assert told.returncode == 0, told.stderr
    why = json.loads(told.stdout)
    assert (why["state"], why["reason"], why["channel"]) == ("ready", "quiet_hours", "email")
    assert why["due_at"] == "2026-10-06T10:00:00+00:00", "noon in Warsaw"


@pytest.mark.parametrize("run", [0, 1, 2])
def test_its_decisions_are_proved_also_months_after_the_day_it_plays_on(demo, run):
    """What had been sent then is looked for as of then: a year of history has left the window of today's caps."""
    home = Path(demo["outbox"]).parent
    told = json.loads(tidings(home, "explain", "D-1003", demo["runs"][run]["run"], "--json").stdout)
    assert (told["proved"], told["differs"]) == (True, [])


def test_somebody_is_reached_where_they_were_noticed_to_answer(demo):
    home = Path(demo["outbox"]).parent
    told = json.loads(tidings(home, "explain", "D-1006", demo["runs"][1]["run"], "--json").stdout)
    assert (told["channels"][0]["channel"], told["channels"][0]["reason"]) == ("sms", "observed")


def test_the_outbox_holds_what_was_sent(demo):
    assert files(Path(demo["outbox"])) == _sent(demo)


def test_the_preference_page_has_a_link_that_opens(demo):
    url = demo["preference_url"]
    home = Path(demo["outbox"]).parent
    links = Links(key=signing_key(home / "signing.key"), public_url=url.partition("/p/")[0])
    assert links.open_preferences(url.partition("/p/")[2]) is not None


def test_the_links_of_the_messages_open_today_whatever_day_the_demo_plays_on(demo):
    home = Path(demo["outbox"]).parent
    mails = [path.read_bytes() for path in Path(demo["outbox"]).rglob("*.eml")]
    links = Links(key=signing_key(home / "signing.key"), public_url="")
    texts = [message_from_bytes(mail, policy=default).get_body(("plain",)).get_content() for mail in mails]
    tokens = [token for text in texts for token in re.findall(r"/p/([\w-]+)", text)]

    assert len(tokens) >= len(mails) > 0
    assert not any(links.open_preferences(token).over(datetime.now(UTC)) for token in tokens)


def test_support_sees_exactly_what_every_message_was(demo):
    home = Path(demo["outbox"]).parent
    with opened(Settings(home=home)) as installation, installation.engine.connect() as connection:
        told = connection.scalars(text("SELECT reference FROM deliveries")).all()
        lost = [found.lost for found in (sent(connection, installation, one) for one in told) if found.lost]
    assert len(told) > 200
    assert lost == []


def test_two_demos_in_a_row_come_out_the_same_and_tell_a_person(tmp_path):
    home, out = tmp_path / "home", tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("stays")
    first = tidings(home, "demo", "--customers", "20", "--out", str(out), "--json")
    assert first.returncode == 0, first.stderr
    told = json.loads(first.stdout)
    assert told["outbox"] == str(out)
    assert files(out) == _sent(told)
    second = tidings(home, "demo", "--customers", "20", "--out", str(out))
    assert second.returncode == 0, second.stderr
    assert files(out) == _sent(told), "what the first left is gone, and the second sent the same"
    for run in told["runs"]:
        counted = f"{run['audience']} {'invoices' if 'invoices' in run['run'] else 'customers'}"
        assert f"{counted}, {sum(run['sent'].values())} sent, {run['cost']['total']} EUR" in second.stdout
    for words in (
        "20 invented customers",
        "wants everything by post",
        "tidings up",
        "Nothing left this machine",
    ):
        assert words in second.stdout
    assert (out / "mine.txt").read_text() == "stays"


def _sent(told: dict) -> dict[str, int]:
    """Return how many messages all runs sent, by channel."""
    total: Counter[str] = Counter()
    for run in told["runs"]:
        total.update(run["sent"])
    return dict(total)


@pytest.mark.parametrize(
    ("made", "words", "told"),
    [
        pytest.param("demo/mine.txt", ("demo",), "no demo made", id="a folder of somebody else's"),
        pytest.param(None, ("demo", "--customers", "0"), "at least one", id="nobody at all"),
    ],
)
def test_a_demo_refuses_what_it_must_not_do(home, made, words, told):
    if made:
        (home / made).parent.mkdir(parents=True)
        (home / made).write_text("precious")
    done = tidings(home, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert made is None or (home / made).read_text() == "precious"


def test_silence_is_waited_for_from_the_readers_today_on(demo):
    """The demo plays in its own October: `tidings up` on it moves nothing on at once, nor the day after."""
    with opened(Settings(home=Path(demo["outbox"]).parent)) as installation:
        for days, moved in ((0, False), (2, False), (4, True)):
            with installation.engine.connect() as connection:
                found = fall_back(connection, now=datetime.now(UTC) + timedelta(days=days))
                assert (found > 0) is moved
                connection.rollback()
