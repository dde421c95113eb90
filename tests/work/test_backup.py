"""A backup, and what a restored one may do: against PostgreSQL's own pg_dump and pg_restore."""

import io
import json
import stat
import tarfile
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from channels.registry import providers
from store import webhooks as endpoints
from store.claims import open_attempts
from store.connect import opened as opened_store
from store.departed import strangers
from store.dump import LOST_NUMBERS, load
from store.embedded import wait_until_stopped
from store.events import announce, listed
from store.owner import owner
from store.runs import set_run
from store.suppressions import mark_known
from templates.catalog import find
from tests.patience import until
from tests.peers.smtp import SmtpPeer
from tests.town import NOON, install, settle
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.settings import Mode, Settings
from work import rehearsal
from work import run as stages
from work.archive import keep
from work.backup import back_up
from work.campaign import open_campaign, parse_campaign
from work.deliver import Sender
from work.departures import folder
from work.installation import adopt, mode_of
from work.restore import doubt_what_may_have_left, learn_departures, sent_by, unpack
from work.settle import settle as settle_doubts

LATER = NOON + timedelta(hours=1)
DAY = timedelta(days=1)
SAMPLE = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}


@pytest.fixture
def peer():
    peer = SmtpPeer()
    yield peer
    peer.close()


@pytest.fixture
def empty_town(settings, engine, peer):
    """An installation of 20 customers, live by SMTP."""
    given = settings.model_copy(
        update={
            "mode": Mode.LIVE,
            "email": ("smtp",),
            "smtp": settings.smtp.model_copy(update={"host": "127.0.0.1", "port": peer.port}),
        }
    )
    installation = install(given, engine)
    (given.root / "signing.key").write_bytes(b"k" * 32)
    keep(installation.archive, b"%PDF-1.7 a document")
    settle(engine, 20)
    with engine.begin() as connection:
        mark_known(connection, "nordlys", "none exist")
    return installation


def begin(installation, *, name="autumn", now=NOON, released=True):
    """Plan a campaign to everybody; return its run, which sends when it is `released`."""
    raw = {"name": name, "edition": "1", "topic": "offer", "template": "offer/autumn", "data": SAMPLE}
    campaign = parse_campaign(raw | {"audience": {"everybody": True}}, where="test")
    run = open_campaign(installation, campaign, installation.policy, actor="staff:test", now=now).run
    shards = stages.begin(installation, run, now=now)
    for shard in range(shards.count):
        stages.plan(installation, run, shard, installation.policy, now=now)
    if released:
        with installation.engine.begin() as connection:
            set_run(connection, run, state="sending")
    return run


@pytest.fixture
def town(empty_town):
    """With a run of 20 that is about to be sent."""
    begin(empty_town)
    return empty_town


@pytest.fixture
def backup(town, tmp_path):
    """A backup of that moment, before anything left."""
    back_up(town, tmp_path / "backup.tar", now=NOON)
    return tmp_path / "backup.tar"


def send(installation):
    chosen = providers(installation.settings, home=installation.home, mode=installation.settings.mode)
    with owner(installation.engine) as number:
        sender = Sender(
            installation=installation,
            providers=chosen,
            policy=installation.policy,
            owner=number,
            clock=lambda: LATER,
        )
        sender.send_due()
        settle_doubts(installation, [one for choice in chosen.values() for one in choice], now=LATER)
    for choice in chosen.values():
        for one in choice:
            one.close()


@pytest.fixture
def restored(empty_town, tmp_path):
    """Restore a file into a home of its own that is the real one from now on; returns the installation."""
    homes = []

    def restore(file):
        live = empty_town.settings
        settings = Settings(
            home=tmp_path / "restored", database=None, mode=live.mode, email=live.email, smtp=live.smtp
        )
        unpack(file, settings, by="Ola")
        store = opened_store(settings)
        homes.append((store, settings.root))
        again = install(settings, store.__enter__().engine)
        with again.engine.begin() as connection:
            adopt(connection, settings, by="Ola")
        return again

    yield restore
    for store, home in homes:
        store.__exit__(None, None, None)
        wait_until_stopped(home)


def test_what_may_have_left_since_is_in_doubt_and_not_sent_again(town, backup, restored, peer):
    """Twenty were sent after the backup; the restored store takes them for unsent, and sends none of them twice."""
    send(town)
    again = restored(backup)

    doubts = doubt_what_may_have_left(again, since=NOON, now=LATER)
    send(again)

    assert len(peer.taken) == 20
    assert doubts == {"none": 20}
    with again.engine.connect() as connection:
        found = connection.execute(text("SELECT DISTINCT state, code, provider FROM attempts")).all()
    assert found == [("unknown", "restored", "smtp")]


def test_events_after_a_restore_are_told_behind_the_old_ones_under_ids_that_nobody_has_heard(
    empty_town, tmp_path, restored
):
    with empty_town.engine.begin() as connection:
        endpoints.add(
            connection, name="crm", url="https://crm.example.com", events=(), personal=False, now=NOON
        )
        announce(connection, "run.finished", customer=None, data={}, at=NOON)
        connection.execute(text("UPDATE events SET transaction = 1::bigint << 40"))  # an old server's
    back_up(empty_town, tmp_path / "backup.tar", now=NOON)
    again = restored(tmp_path / "backup.tar")
    with again.engine.begin() as connection:
        announce(connection, "run.stopped", customer=None, data={}, at=LATER)

    def told():
        with again.engine.connect() as connection:
            return listed(connection, after=None, kinds=(), limit=9)

    until(lambda: len(told()) == 2)  # what another database of this server has open holds events back
    before, after = told()
    assert (before.kind, after.kind) == ("run.finished", "run.stopped")
    assert after.id - before.id > LOST_NUMBERS


def test_what_left_of_a_run_that_the_backup_never_heard_of_is_in_doubt_when_it_is_begun_again(
    empty_town, tmp_path, restored, peer
):
    """The file beside the lost store names the messages, and planned again they are the same ones."""
    back_up(empty_town, tmp_path / "backup.tar", now=NOON)
    begin(empty_town)
    send(empty_town)
    again = restored(tmp_path / "backup.tar")

    assert learn_departures(again, [folder(empty_town.home)], now=LATER) == 20
    assert doubt_what_may_have_left(again, since=NOON, now=LATER) == {}
    with again.engine.connect() as connection:
        assert strangers(connection) == 20
    begin(again)
    send(again)

    assert len(peer.taken) == 20
    with again.engine.connect() as connection:
        assert strangers(connection) == 0
        found = connection.execute(text("SELECT DISTINCT state, code, provider FROM attempts")).all()
    assert found == [("unknown", "restored", "smtp")]


def test_what_was_rehearsed_recalled_and_put_together_is_restored(town, tmp_path, restored):
    """What a run is compared with afterwards, and what its report says was saved, outlives the store."""
    raw = {"name": "spring", "edition": "1", "topic": "offer", "template": "offer/autumn", "data": SAMPLE}
    campaign = parse_campaign(raw | {"audience": {"everybody": True}}, where="test")
    with town.engine.begin() as connection:
        asked = rehearsal.ask(connection, town, campaign, now=NOON, actor="staff:test")
        connection.execute(
            text("""INSERT INTO recalls (message_id, channel, run_id, because, at)
                    SELECT id, 'letter', run_id, 'paid', :now FROM messages LIMIT 3"""),
            {"now": NOON},
        )
        connection.execute(
            text("INSERT INTO envelopes VALUES (gen_random_uuid(), gen_random_uuid(), 2, 1.10, :now)"),
            {"now": NOON},
        )
    rehearsal.rehearse(town, asked)
    tables = ("rehearsals", "rehearsed", "recalls", "envelopes")

    def kept(installation):
        with installation.engine.connect() as connection:
            return {
                name: sorted(
                    map(str, connection.execute(text(f"SELECT to_jsonb(x) FROM {name} x")).scalars())
                )
                for name in tables
            }

    before = kept(town)
    back_up(town, tmp_path / "backup.tar", now=NOON)
    again = restored(tmp_path / "backup.tar")

    assert {name: len(rows) for name, rows in before.items()} == dict(zip(tables, (1, 20, 3, 1), strict=True))
    assert kept(again) == before


def test_without_a_record_of_what_left_every_run_waits_for_a_second_person_for_a_week(
    empty_town, tmp_path, restored
):
    back_up(empty_town, tmp_path / "backup.tar", now=NOON)
    again = restored(tmp_path / "backup.tar")

    assert learn_departures(again, [folder(again.home)], now=LATER) is None
    doubt_what_may_have_left(again, since=NOON, now=LATER)

    for name, now, expected in (("soon", LATER, "waiting_release"), ("later", LATER + 8 * DAY, "sending")):
        run = begin(again, name=name, now=now, released=False)
        assert stages.open_for_sending(again, run).state == expected


def test_what_left_is_in_doubt_whenever_the_backup_takes_it_for_due(town, backup, restored, peer):
    """Released by somebody or brought forward in the lost hours: the file knows better than the plan."""
    send(town)
    again = restored(backup)
    with again.engine.begin() as connection:
        connection.execute(text("UPDATE messages SET due_at = :later"), {"later": LATER + DAY})
        connection.execute(text("UPDATE runs SET state = 'waiting_release'"))

    learn_departures(again, [folder(town.home)], now=LATER)

    assert doubt_what_may_have_left(again, since=NOON, now=LATER) == {"none": 20}


@pytest.mark.parametrize(
    "known",
    [
        pytest.param("ready", id="refused on the first after the backup"),
        pytest.param("done", id="silent on the first since before the backup"),
    ],
)
def test_what_left_on_its_second_channel_is_in_doubt_there(town, backup, restored, known):
    """A message goes on only when the channel before it did not take it, so the last one is the one to ask."""
    again = restored(backup)
    with again.engine.begin() as connection:
        message = connection.scalar(text("SELECT min(id::text) FROM messages"))
        text_it(connection, message, known)
    write(folder(again.home), NOON + timedelta(minutes=5), "sms", "twilio", message)
    write(folder(again.home), NOON + timedelta(minutes=9), "email", "smtp", message)

    learn_departures(again, [folder(again.home)], now=LATER)
    doubt_what_may_have_left(again, since=NOON, now=LATER)

    with again.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT d.channel, a.provider, a.code FROM attempts a JOIN deliveries d ON d.id = a.delivery_id"
                " WHERE d.message_id::text = :message AND a.state = 'unknown'"
            ),
            {"message": message},
        ).all()
    assert found == [("email", "smtp", "restored")]


def text_it(connection, message, known):
    """Let a message wait for SMS, or have been accepted there, as the backup knows it."""
    values = {"message": message, "now": NOON}
    connection.execute(
        text("""
            INSERT INTO addresses (customer_id, channel, value)
            SELECT customer_id, 'sms', '+4740600001' FROM messages WHERE id::text = :message
        """),
        values,
    )
    connection.execute(
        text("""
            UPDATE messages m SET channel = 'sms', decision = m.decision || jsonb_build_array(jsonb_build_object(
                'channel', 'sms', 'rank', 0, 'address', (SELECT max(id) FROM addresses)))
            WHERE id::text = :message
        """),
        values,
    )
    if known == "done":
        opened = open_attempts(
            connection,
            [(message, connection.scalar(text("SELECT max(id) FROM addresses")))],
            channel="sms", provider="twilio", owner=0, now=NOON, lease=timedelta(0),
        )  # fmt: skip
        connection.execute(text("UPDATE attempts SET state = 'accepted'"))
        connection.execute(text("UPDATE deliveries SET state = 'accepted'"))
        connection.execute(text("UPDATE messages SET state = 'done' WHERE id::text = :message"), values)
        assert len(opened) == 1


def write(place, at, channel, provider, *messages):
    """Write a line as a sender of the lost store did, after one that was torn off by a full disk."""
    place.mkdir(exist_ok=True)
    words = [at.isoformat(), channel, provider, str(uuid4()), *messages]
    with (place / f"{at:%Y-%m-%d}.log").open("a") as file:
        file.write("\n2026-03-03T12:0\n" + "\t".join(words) + "\n")


def test_what_the_backup_knows_already_is_nothing_new(town, tmp_path, restored, peer):
    send(town)
    back_up(town, tmp_path / "backup.tar", now=LATER)
    again = restored(tmp_path / "backup.tar")

    assert learn_departures(again, [folder(town.home)], now=LATER) == 0


def test_what_was_being_handed_over_meanwhile_is_counted_among_the_doubts(town, tmp_path, restored, peer):
    send(town)
    with town.engine.begin() as connection:
        for table, state in (("attempts", "sending"), ("deliveries", "sending"), ("messages", "in_delivery")):
            connection.execute(text(f"UPDATE {table} SET state = '{state}'"))
    back_up(town, tmp_path / "backup.tar", now=LATER)
    again = restored(tmp_path / "backup.tar")

    assert doubt_what_may_have_left(again, since=LATER, now=LATER) == {"none": 20}


def test_a_restore_that_was_broken_off_sends_nothing(town, backup, restored, peer):
    """It was killed before it had named what may have left, and somebody adopted what there was."""
    send(town)
    again = restored(backup)

    assert again.mode is Mode.OUTBOX
    send(replace(again, settings=again.settings.model_copy(update={"mode": again.mode})))
    assert len(peer.taken) == 20
    doubt_what_may_have_left(again, since=NOON, now=LATER)
    with again.engine.begin() as connection:
        assert mode_of(connection, again.settings) is Mode.LIVE


def test_days_that_no_backup_is_brought_back_from_are_forgotten(town):
    place = folder(town.home)
    place.mkdir()
    old, new = place / "2025-11-01.log", place / "2026-03-01.log"
    for path in (old, new, place / "notes.log"):
        path.write_text("")

    send(town)

    assert sorted(path.name for path in place.iterdir()) == ["2026-03-01.log", "2026-03-03.log", "notes.log"]
    assert not old.exists()


TWILIO = {"account_sid": "AC1", "auth_token": "t", "number": "+12025550199"}
LOB = {"key": "k", "sender": "adr_1"}
WHO = {
    "nobody is named": ({}, Channel.SMS, ("unknown", "none")),
    "it is the provider's own name that attempts have": (
        {"whatsapp": "twilio", "twilio": TWILIO}, Channel.WHATSAPP, ("twilio-whatsapp", "list"),
    ),
    "one of several sent it": (
        {"sms": "twilio,aws", "twilio": TWILIO}, Channel.SMS, ("twilio or aws", "none"),
    ),
    "a folder knows its letters for ever": ({"letter": "spool"}, Channel.LETTER, ("spool", "key")),
    "a print house forgets its keys": ({"letter": "lob", "lob": LOB}, Channel.LETTER, ("lob", "none")),
    "without its account nobody can be asked": ({"sms": "twilio"}, Channel.SMS, ("twilio", "none")),
}  # fmt: skip


@pytest.mark.parametrize(("given", "channel", "expected"), WHO.values(), ids=WHO)
def test_who_may_have_sent_it(tmp_path, given, channel, expected):
    assert sent_by(Settings(home=tmp_path, spool={"folder": tmp_path}, **given), channel) == expected


def test_what_is_due_later_cannot_have_been_sent(town, backup, restored, peer):
    """A message that waits for tomorrow waits for it after a restore, too."""
    with town.engine.begin() as connection:
        connection.execute(text("UPDATE messages SET due_at = :later"), {"later": LATER + timedelta(days=1)})
    second = backup.with_name("second.tar")
    back_up(town, second, now=NOON)

    assert doubt_what_may_have_left(restored(second), since=NOON, now=LATER) == {}


def test_everything_is_in_it_and_nobody_else_reads_it(town, backup, restored):
    """Documents, key and rows come back as they were; the file is mode 0600."""
    again = restored(backup)

    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    for path in town.archive.rglob("*.pdf"):
        assert (again.archive / path.relative_to(town.archive)).read_bytes() == path.read_bytes()
    assert (again.home / "signing.key").read_bytes() == b"k" * 32
    with town.engine.connect() as before, again.engine.connect() as after:
        for table in ("customers", "messages", "consents", "runs"):
            query = text(f"SELECT md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t")
            assert before.scalar(query) == after.scalar(query)


def test_a_file_that_is_there_is_never_written_over(town, backup):
    """Last night's backup is not replaced by half of this one."""
    with pytest.raises(Problem, match="is there already"):
        back_up(town, backup, now=NOON)


def test_a_home_in_use_is_left_alone(town, backup):
    """Restoring over a living installation is refused."""
    with pytest.raises(Problem, match="already"):
        unpack(backup, town.settings, by="Ola")


def test_a_restore_that_was_broken_off_begins_again(backup, empty_town, tmp_path):
    """It was killed when its rows were read, and again when half of its files were there; and it was adopted."""
    settings = Settings(home=tmp_path / "again", database=None, mode=empty_town.settings.mode)
    with tarfile.open(backup) as tar:
        (tmp_path / "database.dump").write_bytes(tar.extractfile("database.dump").read())
    with opened_store(settings) as store:
        load(store.engine, tmp_path / "database.dump")
    (settings.root / ".restore-1").mkdir()
    (settings.root / "signing.key").write_bytes(b"another one")

    for _ in range(2):
        unpack(backup, settings, by="Ola")

    with opened_store(settings) as store, store.engine.begin() as connection:
        adopt(connection, settings, by="Ola")
        assert mode_of(connection, settings) is Mode.OUTBOX
        assert connection.scalar(text("SELECT count(*) FROM customers")) == 20
    assert (settings.root / "signing.key").read_bytes() == b"k" * 32
    assert not list(settings.root.glob(".restore-*"))
    wait_until_stopped(settings.root)


def cut(tar):
    return tar[: len(tar) // 2]


def flipped(tar):
    at = tar.index(b"%PDF-1.7 a document")
    return tar[:at] + b"%PDF-1.7 another one"[:19] + tar[at + 19 :]


def climbing(tar):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as bad:
        entry = tarfile.TarInfo("archive/../../evil")
        entry.size = 4
        bad.addfile(entry, io.BytesIO(b"evil"))
    return file.getvalue()


def linked(tar):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as bad:
        entry = tarfile.TarInfo("signing.key")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        bad.addfile(entry)
    return file.getvalue()


def smuggled(tar):
    file = io.BytesIO(tar)
    with tarfile.open(fileobj=file, mode="a") as bad:
        entry = tarfile.TarInfo("templates/extra")
        entry.size = 4
        bad.addfile(entry, io.BytesIO(b"evil"))
    return file.getvalue()


def holding(**files):
    """Return what makes a tar file of these names and contents of any backup."""

    def made(_):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w") as bad:
            for name, content in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                bad.addfile(entry, io.BytesIO(content))
        return file.getvalue()

    return made


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(holding(**{".": b"", "manifest.json": b"{}"}), id="a name that is none"),
        pytest.param(holding(**{"manifest.json": b"[" * 100_000}), id="a manifest without a bottom"),
        pytest.param(holding(**{"manifest.json": b'{"sha256": {}}'}), id="a manifest that says no time"),
        pytest.param(cut, id="a file that was cut off"),
        pytest.param(flipped, id="a document with other bytes"),
        pytest.param(climbing, id="a name that climbs out of the home"),
        pytest.param(linked, id="a link in the place of the key"),
        pytest.param(smuggled, id="a file that the manifest does not name"),
        pytest.param(lambda _: b"", id="an empty file"),
        pytest.param(lambda _: json.dumps({}).encode(), id="no tar file at all"),
    ],
)
def test_a_damaged_backup_changes_nothing(town, backup, tmp_path, damage):
    """It is refused before the database and the home are touched."""
    bad = tmp_path / "bad.tar"
    bad.write_bytes(damage(backup.read_bytes()))
    settings = Settings(home=tmp_path / "fresh", database=None)

    with pytest.raises(Problem, match=r"bad\.tar"):
        unpack(bad, settings, by="Ola")

    assert list((tmp_path / "fresh").iterdir()) == []
