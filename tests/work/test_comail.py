"""`work.comail`: an invoice and an offer in one envelope, where both leave together and it costs no more postage."""

import io
import json
import shutil
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pikepdf
import pytest
from sqlalchemy import create_engine, text

from channels.outbox import LetterOutbox
from cli.reports import show_report
from preferences.policy import Policy, policy_from
from store.owner import owner
from store.paper import batches
from tests.peers.folder import FolderPeer
from tests.templates.test_marks import read
from tests.town import NOON, ORGANISATION, agree, install, settle
from tests.work.test_invoicing import bill
from tests.work.test_limits import offer
from tidings.channel import Channel
from tidings.organisation import Organisation
from tidings.purpose import Purpose
from tidings.settings import Settings
from work import run as stages
from work.campaign import open_campaign
from work.confirmations import confirm
from work.deliver import Sender
from work.explain import explain
from work.recall import recall
from work.report import report
from work.returned import returned_file, returned_one
from work.timeline import timeline

TOGETHER = Policy(co_mail=True, verified=())
STAMP, SHEET = Decimal("1.10"), Decimal("0.05")


class Post:
    """A town whose invoices and offers go by letter, and the folder that they are put in."""

    def __init__(self, settings, engine, policy=TOGETHER, **costs):
        self.engine = engine
        postage = {"standard": {"domestic": STAMP, "abroad": "1.80", "sheet": SHEET, **costs}}
        organisation = Organisation.model_validate({**ORGANISATION, "costs": {"postage": postage}})
        self.installation = replace(install(settings, engine), organisation=organisation)
        self.policy = policy
        self.peer = FolderPeer(self.installation.home / "outbox")
        self.outbox = LetterOutbox(self.peer.path)

    def sql(self, query, **values):
        with self.engine.begin() as connection:
            result = connection.execute(text(query), values)
            return result.all() if result.returns_rows else []

    def invoices(self, *customers):
        run = bill(self.installation, *customers)
        stages.open_for_sending(self.installation, run)

    def offers(self, **changes):
        given = offer(channels=["letter"], **changes)
        opened = open_campaign(self.installation, given, self.policy, actor="staff:test", now=NOON)
        for shard in range(stages.begin(self.installation, opened.run, now=NOON).count):
            stages.plan(self.installation, opened.run, shard, self.policy, now=NOON)
        stages.open_for_sending(self.installation, opened.run, now=NOON)

    def runs(self):
        """The run of each purpose."""
        return dict(self.sql("SELECT purpose, id FROM runs"))

    def send(self, run=None):
        with owner(self.engine) as number:
            sender = Sender(
                installation=self.installation, providers=MappingProxyType({Channel.LETTER: (self.outbox,)}),
                policy=self.policy, owner=number, clock=lambda: NOON,
            )  # fmt: skip
            sender.settle()
            return sender.send_due(run=run)

    def pieces(self):
        return [piece for _, piece, _ in self.peer.pieces()]

    def history(self):
        with self.engine.begin() as connection:
            return timeline(connection, connection.scalar(text("SELECT id FROM customers")))

    def batches(self):
        with self.engine.begin() as connection:
            return batches(connection, ["outbox"])

    def messages(self):
        found = self.sql(
            "SELECT purpose, id::text, run_id, state, reason, cost FROM messages WHERE copy = 0 ORDER BY purpose, id"
        )
        return {row.purpose: row for row in found}


class Copies:
    """Copies of what a module made once: a database, and the home that belongs to it."""

    def __init__(self, server, engine, home):
        self.server, self.engine, self.home = server, engine, home
        self.made = []

    def one(self, home, policy=TOGETHER, **costs):
        """Return a town of its own, where everything is as it was made."""
        name = f"{self.engine.url.database}_{len(self.made)}"
        for engine in (self.engine, *self.made):
            engine.dispose()  # what has connections cannot be copied, and eighty are all there are
        with self.server.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {self.engine.url.database}"))
        self.made.append(create_engine(self.engine.url.set(database=name)))
        shutil.copytree(self.home, home)
        url = self.made[-1].url.render_as_string(hide_password=False)
        return Post(Settings(home=home, database=url), self.made[-1], policy, **costs)

    def drop(self):
        with self.server.connect() as connection:
            for engine in self.made:
                engine.dispose()
                connection.execute(text(f"DROP DATABASE {engine.url.database} WITH (FORCE)"))


@pytest.fixture(scope="module")
def copies(server, module_engine, tmp_path_factory):
    """A customer with an offer and an invoice that are due, both runs open for sending."""
    home = tmp_path_factory.mktemp("post")
    settle(module_engine, 1, channels=("letter",))
    url = module_engine.url.render_as_string(hide_password=False)
    post = Post(Settings(home=home, database=url), module_engine)
    post.offers()
    post.invoices("C1")
    made = Copies(server, module_engine, home)
    yield made
    made.drop()


@pytest.fixture
def post(copies, home):
    return copies.one(home)


@pytest.fixture(scope="module")
def sent(copies, tmp_path_factory):
    """Both were handed over, for tests that only look."""
    post = copies.one(tmp_path_factory.mktemp("sent") / "home")
    post.send()
    return post


def test_both_are_in_one_envelope_with_the_invoice_on_top(sent):
    [piece] = sent.pieces()
    messages = sent.messages()
    invoice, advert = messages["invoice"], messages["offer"]
    assert (invoice.state, advert.state) == ("done", "done")
    assert piece["message"] == invoice.id
    assert piece["inserts"] == ["offer/autumn@1"]
    [inside] = piece["with"]
    assert (inside["message"], inside["run"], inside["sheets"]) == (advert.id, advert.run_id, 1)
    assert piece["sheets"] == 2
    assert piece["weight_g"] < 20
    assert piece["pages"][1] - piece["pages"][0] + 1 == 2 * piece["sheets"]


def test_postage_is_paid_once(sent):
    messages = sent.messages()
    assert messages["invoice"].cost == STAMP + SHEET
    assert messages["offer"].cost == SHEET
    assert sent.sql("SELECT sheets, saved FROM envelopes") == [(2, STAMP)]


def test_the_report_of_the_run_that_was_carried_says_what_was_saved(sent, capsys):
    runs = sent.runs()
    with sent.engine.connect() as connection:
        carried, carrying = (report(connection, runs[purpose]) for purpose in ("offer", "invoice"))
    show_report(carried, json=False)

    assert carried["co_mailed"] == {"letters": 1, "amount": "1.10"}
    assert "co_mailed" not in carrying
    assert "envelope of another one: 1; postage saved: 1.10 EUR." in capsys.readouterr().out


def test_the_marks_of_all_sheets_are_those_of_one_envelope(sent):
    """An inserter that counts to the end finds one set, and every sheet of it is the invoice's."""
    [manifest] = sent.peer.manifests()
    pdf = (manifest.parent / "letters.pdf").read_bytes()
    [piece] = sent.pieces()
    name = piece["message"].replace("-", "").upper()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
    said = [mark for page in range(pages) for _, mark in read(pdf, page) if mark.startswith(name[:8])]
    assert said[0] == piece["mark"] == f"{name}-1-3"
    assert said == [f"{name}-1-3", f"{name}-3-3"]


@pytest.mark.parametrize(
    ("policy", "costs"),
    [
        pytest.param(Policy(), {}, id="where the policy does not say so, as by default"),
        pytest.param(Policy(co_mail=("other",)), {}, id="of another brand"),
        pytest.param(
            replace(TOGETHER, no_inserts=(Purpose.INVOICE,)), {}, id="where invoices take no inserts"
        ),
        pytest.param(TOGETHER, {"step_sheets": 1}, id="with more sheets than the step has"),
        pytest.param(TOGETHER, {"step_grams": "16.4"}, id="heavier than the step"),
    ],
)
def test_each_goes_in_its_own_envelope(copies, home, policy, costs):
    post = copies.one(home, policy, **costs)
    post.send()

    assert [piece.get("with") for piece in post.pieces()] == [None, None]
    assert {row.cost for row in post.messages().values()} == {STAMP + SHEET}
    assert post.sql("SELECT * FROM envelopes") == []


@pytest.mark.parametrize(
    "step", [{"step_grams": "16.5"}, {"step_sheets": 2}], ids=lambda step: next(iter(step))
)
def test_a_step_holds_what_just_fits(copies, home, step):
    """Two sheets of 4.99 g in a C5 envelope of 6.5 g weigh 16.48 g."""
    post = copies.one(home, **step)
    post.send()

    assert len(post.pieces()) == 1


@pytest.mark.parametrize(("taken", "left"), [("offer", "invoice"), ("invoice", "offer")])
def test_a_recall_of_one_leaves_the_other_one(post, taken, left):
    with post.engine.begin() as connection:
        recall(connection, post.messages()[taken].id, because="a mistake", actor="staff:test", now=NOON)
    post.send()

    [piece] = post.pieces()
    assert piece["message"] == post.messages()[left].id
    assert "with" not in piece
    assert post.messages()[left].cost == STAMP + SHEET
    assert post.messages()[taken].state == "cancelled"


def test_consent_is_asked_of_each_message(post):
    [[customer]] = post.sql("SELECT id FROM customers")
    with post.engine.begin() as connection:
        agree(connection, customer, channel="letter", action="withdrawn", at=NOON)
    post.send()

    [piece] = post.pieces()
    assert piece["message"] == post.messages()["invoice"].id
    assert "with" not in piece
    assert (post.messages()["offer"].state, post.messages()["offer"].reason) == ("held", "no_consent")


@pytest.mark.parametrize("state", ["paused", "stopped", "planning"])
def test_a_letter_does_not_wait_for_one_of_a_run_that_is_not_sent(post, state):
    post.sql("UPDATE runs SET state = :state WHERE purpose = 'invoice'", state=state)
    post.send()

    [piece] = post.pieces()
    assert piece["message"] == post.messages()["offer"].id


def test_a_sender_of_the_offers_alone_takes_the_invoices_that_carry_them(post):
    post.send(post.runs()["offer"])

    [piece] = post.pieces()
    assert piece["message"] == post.messages()["invoice"].id
    assert len(piece["with"]) == 1


def test_of_many_customers_each_finds_their_own(settings, engine):
    settle(engine, 9, channels=("letter",))
    post = Post(settings, engine)
    post.offers()
    post.invoices(*(f"C{number}" for number in range(1, 7)))
    post.send()

    pieces = post.pieces()
    owner_of = dict(post.sql("SELECT id::text, customer_id FROM messages"))
    printed = [[piece["message"], *(one["message"] for one in piece.get("with", ()))] for piece in pieces]
    assert sorted(len(one) for one in printed) == [1] * 3 + [2] * 6
    assert all(len({owner_of[message] for message in one}) == 1 for one in printed)
    assert sorted(message for one in printed for message in one) == sorted(owner_of)
    manifests = [json.loads(path.read_bytes()) for path in post.peer.manifests()]
    assert sum(one["totals"]["pieces"] for one in manifests) == 9
    assert sum(one["totals"]["sheets"] for one in manifests) == 15


def test_both_explain_what_they_went_with(sent):
    runs = sent.runs()
    said = set()
    for language in ("en", "nb", "sv", "pl", "pt_BR"):
        told = explain(sent.installation, "C1", runs["offer"], now=NOON, language=language)["envelope"]
        carried = explain(sent.installation, "C1", runs["invoice"], now=NOON, language=language)["envelope"]
        assert (told["with_document"], told["sheets"], told["inside"]) == ("FC1", 2, True)
        assert (carried["with_purpose"], carried["inside"]) == ("offer", False)
        assert "FC1" in told["sentence"]
        assert "{" not in told["sentence"] + carried["sentence"]
        said |= {told["sentence"], carried["sentence"]}
    assert len(said) == 10
    titles = [one["title"] for one in sent.history() if one["kind"] == "delivery"]
    assert sum("in the envelope of FC1" in title for title in titles) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["of the batch as a whole", "of the piece"])
def test_a_confirmation_counts_for_both(post, tmp_path, whole):
    post.send()
    [piece] = post.pieces()
    path = tmp_path / "confirmed.csv"
    line = f"{piece['batch']},,1,2,posted" if whole else f"{piece['batch']},{piece['message']},,2,posted"
    path.write_text(f"batch,letter,letters,sheets,status\n{line}\n")
    found = confirm(post.installation, path, now=NOON)

    assert found.discrepancies == ()
    [batch] = post.batches()
    assert (batch.letters, batch.sheets, batch.posted) == (1, 2, 1)
    assert len(post.sql("SELECT 1 FROM receipts WHERE kind = 'posted'")) == 2


@pytest.mark.parametrize("named", ["on top", "inside", "both", "by scan"])
def test_an_envelope_that_came_back_brings_both_back(post, tmp_path, named):
    """One address, one piece: whichever of the two is named, neither arrived."""
    post.send()
    references = dict(
        post.sql("SELECT m.purpose, d.reference FROM deliveries d JOIN messages m ON m.id = d.message_id")
    )
    codes = {
        "on top": [references["invoice"]],
        "inside": [references["offer"]],
        "both": list(references.values()),
        "by scan": [],
    }
    path = tmp_path / "back.txt"
    path.write_text("\n".join(codes[named]))
    if named == "by scan":
        [folder] = [one.parent for one in post.peer.manifests()]
        path = folder / "letters.pdf"
    found = returned_file(post.installation, path, because="moved", now=NOON)
    again = returned_file(post.installation, path, because="moved", now=NOON)

    assert (found.returned, found.unchanged) == (max(len(codes[named]), 1), 0)
    assert (again.returned, again.unchanged) == (0, found.returned)
    assert post.sql("SELECT DISTINCT state FROM deliveries") == [("bounced",)]
    assert sorted(post.sql("SELECT kind FROM receipts")) == [("returned",)] * 2
    assert post.sql("SELECT reason FROM suppressions WHERE lifted_at IS NULL") == [("returned_letter",)]


def test_one_that_is_typed_in_brings_both_back(post):
    post.send()
    [[reference]] = post.sql(
        "SELECT reference FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE purpose = 'invoice'"
    )
    found = returned_one(post.installation, reference, because="damaged", at=NOON, now=NOON)

    assert (found.returned, found.unchanged) == (1, 0)
    assert post.sql("SELECT DISTINCT state FROM deliveries") == [("bounced",)]
    assert post.sql("SELECT kind FROM receipts") == [("bounced",)] * 2


def test_what_went_by_itself_does_not_come_back_with_the_other_one(copies, home):
    post = copies.one(home, Policy())
    post.send()
    [[reference]] = post.sql(
        "SELECT reference FROM deliveries d JOIN messages m ON m.id = d.message_id WHERE purpose = 'invoice'"
    )
    returned_one(post.installation, reference, at=NOON, now=NOON)

    assert len(post.sql("SELECT 1 FROM receipts WHERE kind = 'returned'")) == 1


def test_a_policy_says_it_in_a_file(home):
    assert policy_from({"co_mail": True}).shares_envelopes("nordlys")
    assert policy_from(policy_from({"co_mail": ["nordlys"]}).to_json()).shares_envelopes("nordlys")
    assert not policy_from({"co_mail": ["nordlys"]}).shares_envelopes("other")
    assert policy_from({}).digest == policy_from({"co_mail": False}).digest
