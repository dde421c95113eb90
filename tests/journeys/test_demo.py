"""The demo from end to end, as a newcomer runs it: same counts every time, sums that agree, files that are there."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from tests.walk import tidings
from tidings.channel import Channel
from tidings.signing import signing_key
from work.demo import invent
from work.demo_history import touchpoints
from work.links import Links

RUN = {"run", "audience", "planned", "held", "sent", "failed", "unknown", "waiting", "cost"}


def files(outbox: Path) -> dict[str, int]:
    """Return how many messages lie in an outbox, by channel."""
    found = {channel.value: len(list((outbox / channel).glob("*.*"))) for channel in Channel}
    manifests = (outbox / "letter").glob("*/manifest.json")
    found["letter"] = sum(len(json.loads(path.read_text())["pieces"]) for path in manifests)
    return {channel: number for channel, number in found.items() if number}


def counts(told: dict) -> list[dict]:
    """Return what must be the same every time: everything of the runs but nothing of this machine."""
    return [told["customers"], *told["runs"]]


@pytest.fixture(scope="module")
def demos(tmp_path_factory) -> list[dict]:
    """What two demos in a row say, in a home where everything asks for the real world."""
    home = tmp_path_factory.mktemp("demos") / "home"
    asks = {"TIDINGS_MODE": "live", "TIDINGS_EMAIL": "smtp", "TIDINGS_SMTP__HOST": "127.0.0.1"}
    told = []
    for _ in range(2):
        done = tidings(home, "demo", "--json", **asks)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout))
        told[-1]["files"] = files(Path(told[-1]["outbox"]))
    return told


def test_the_object_has_exactly_what_was_promised(demos):
    assert set(demos[0]) - {"files"} == {"customers", "runs", "outbox", "preference_url", "seconds"}
    assert demos[0]["customers"] == 200
    assert [set(run) for run in demos[0]["runs"]] == [RUN] * 3
    assert demos[0]["runs"][0]["audience"] == 200
    assert demos[0]["runs"][2]["audience"] == 60


def test_two_demos_print_the_same_counts(demos):
    assert counts(demos[0]) == counts(demos[1])


@pytest.mark.parametrize("number", range(3), ids=["newsletter", "offer", "invoices"])
def test_nobody_falls_out_of_a_run(demos, number):
    run = demos[0]["runs"][number]
    planned = sum(run["planned"].values())
    assert run["audience"] == planned + sum(run["held"].values())
    ended = sum(run["sent"].values()) + sum(run["failed"].values()) + run["unknown"]
    assert planned == ended + sum(run["waiting"].values())
    assert run["unknown"] == 0
    assert run["failed"] == {}
    assert len(run["sent"]) == len(Channel), "every channel is used"


def test_the_offer_asks_exactly_the_segment(demos):
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
    assert demos[0]["runs"][1]["audience"] == len(asked)


def test_something_waits_and_something_is_held(demos):
    newsletter, offer, invoices = demos[0]["runs"]
    assert newsletter["waiting"]["quiet_hours"] > 0
    assert {"no_consent", "standing"} <= set(newsletter["held"])
    assert offer["waiting"]["pause"] == 1
    assert invoices["held"] == {}


def test_the_outbox_holds_what_was_sent_and_nothing_of_the_demo_before(demos):
    for told in demos:
        sent: dict[str, int] = {}
        for run in told["runs"]:
            for channel, number in run["sent"].items():
                sent[channel] = sent.get(channel, 0) + number
        assert told["files"] == sent


def test_the_preference_page_has_a_link_that_opens(demos):
    url = demos[1]["preference_url"]
    home = Path(demos[1]["outbox"]).parent
    links = Links(key=signing_key(home / "signing.key"), public_url=url.partition("/p/")[0])
    assert links.open_preferences(url.partition("/p/")[2]) is not None


def test_a_person_is_told_who_got_what_and_why(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("stays")
    for _ in range(2):
        done = tidings(tmp_path / "home", "demo", "--customers", "20", "--out", str(out))
        assert done.returncode == 0, done.stderr
    assert "20 invented customers" in done.stdout
    assert "Nothing left this machine" in done.stdout
    assert "tidings up" in done.stdout
    assert (out / "mine.txt").exists()
    assert sum(files(out).values()) == _sent(done.stdout)


def _sent(told: str) -> int:
    """Return how many messages the screen says were sent."""
    return sum(
        int(line.split(" sent,")[0].rpartition(" ")[2]) for line in told.splitlines() if " sent," in line
    )


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
