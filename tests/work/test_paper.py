"""What comes back on paper: confirmations, returned letters, scans; and letters that are taken back in time."""

import io
import itertools
import json
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import text

from channels.contract import Capability
from channels.letter.s3 import S3
from channels.outbox import LetterOutbox
from store.owner import owner
from store.paper import Confirmed, Posted, open_differences
from templates.mark import mark_text, stamp
from tests.peers.fault import Fault
from tests.peers.folder import FolderPeer, letter_pdf
from tests.peers.paper import S3Peer
from tests.town import NOON, settle
from tests.work.test_deliver import House, Scripted
from tidings.channel import Channel
from tidings.outcome import ErrorClass, Refused, Unknown
from tidings.problem import Problem
from tidings.settings import S3Settings, Settings
from work.confirmations import catch_up, confirm, differences
from work.confirmations import parse as confirmed
from work.deliver import Sender
from work.gather import gather
from work.paper_folder import paper_source
from work.recall import recall
from work.reconcile import reconciled
from work.returned import cause_of, parse, returned_file, returned_one, rows_of

LATER = NOON + timedelta(days=3)


class PrintShop(House):
    """Letters go to the outbox folder, unless a test says otherwise."""

    def __init__(self, settings, engine, folder):
        super().__init__(settings, engine)
        self.letters = LetterOutbox(folder)
        self.peer = FolderPeer(folder)
        self.folder = folder

    @contextmanager
    def sender(self):
        with owner(self.engine) as number:
            yield Sender(
                installation=self.installation,
                providers={Channel.LETTER: (self.letters,)},
                policy=self.installation.policy,
                owner=number,
                clock=lambda: self.now,
            )

    def hand_over(self, count):
        settle(self.engine, count, channels=("letter",))
        self.plan(channels=["letter"])
        self.send()
        return self

    @property
    def batch(self):
        [path] = self.peer.manifests()
        return path.parent.name

    def rows(self):
        """(message, reference, state of the delivery) of each letter, in the order of the customers."""
        return self.sql(
            "SELECT m.id::text AS message, d.reference, d.state, d.parts FROM deliveries d "
            "JOIN messages m ON m.id = d.message_id ORDER BY m.customer_id"
        )

    def file(self, name, content):
        path = self.folder.parent / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def suppressed(self):
        return [row.reason for row in self.sql("SELECT reason FROM suppressions WHERE lifted_at IS NULL")]

    def open(self):
        with self.engine.begin() as connection:
            found = open_differences(connection)
        return [(one["letter"], one["kind"], one["expected"], one["found"]) for one in found]

    def history(self, kind):
        return self.sql("SELECT kind FROM touchpoints WHERE kind = :kind", kind=kind)


@pytest.fixture
def shop(settings, engine, tmp_path):
    return PrintShop(settings, engine, tmp_path / "out")


@pytest.fixture(scope="module")
def quiet(module_engine, tmp_path_factory):
    """One letter that was handed over, for tests that change nothing of it."""
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, database=module_engine.url.render_as_string(hide_password=False))
    return PrintShop(settings, module_engine, home / "out").hand_over(1)


def confirmation(shop, *rows, head="batch,letter,sheets,status"):
    return shop.file("printed.csv", "\n".join([head, *rows]))


def test_as_it_was_handed_over(shop):
    """Every letter is printed, then posted; nothing differs, and saying it twice changes nothing."""
    shop.hand_over(3)
    letters = shop.rows()
    for status in ("printed", "posted", "posted"):
        path = confirmation(shop, *(f"{shop.batch},{one.message},{one.parts},{status}" for one in letters))
        report = confirm(shop.installation, path, now=LATER)
        assert (report.read, report.confirmed, report.rejected) == (3, 3, 0)

    with shop.engine.begin() as connection:
        [found] = reconciled(connection)
    assert (found["letters"], found["printed"], found["posted"], found["discrepancies"]) == (3, 3, 3, [])
    assert found["sheets"] == sum(one.parts for one in letters)
    assert (len(shop.history("printed")), len(shop.history("posted"))) == (3, 3)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        pytest.param(
            lambda batch, one, two: [f"{batch},{one.message},1,printed"],
            [("two", "missing", "1 letter", "none")],
            id="a letter is missing",
        ),
        pytest.param(
            lambda batch, one, two: [
                f"{batch},{one.message},1,printed",
                f"{batch},{two.reference},4,printed",
            ],
            [("two", "sheets", "1", "4")],
            id="a letter with other sheets, named by what stands on it",
        ),
        pytest.param(
            lambda batch, one, two: [
                f"{batch},{one.message},1,printed",
                f"{batch},{mark_text(two.message, 1, 1)},1,printed",
                f"{batch},01900000-0000-7000-8000-00000000dead,1,printed",
            ],
            [("01900000-0000-7000-8000-00000000dead", "unknown_letter", "", "1 letter")],
            id="a letter that is not in the batch",
        ),
        pytest.param(
            lambda batch, one, two: [f"{batch},{one.message},1,printed", f"{batch},{two.message},1,spoiled"],
            [("two", "not_printed", "printed", "failed")],
            id="a letter that was spoiled",
        ),
        pytest.param(
            lambda batch, one, two: (
                [f"{batch},{one.message},1,printed"] + 2 * [f"{batch},{two.message},1,printed"]
            ),
            [("two", "twice", "1 letter", "2 letters")],
            id="a letter that was printed twice",
        ),
        pytest.param(
            lambda batch, one, two: [
                f"{batch},{one.message},1,printed",
                f"{batch},{two.message},1,printed",
                f"{batch},{two.reference},1,printed",
                f"{batch},{two.message},1,posted",
            ],
            [("two", "twice", "1 letter", "2 letters")],
            id="a letter that was printed twice, by another name, and posted",
        ),
        pytest.param(
            lambda batch, one, two: [f"XX-other-1-0,{one.message},1,printed"],
            [("", "unknown_batch", "", "confirmed")],
            id="a batch that is nobody's",
        ),
    ],
)
def test_each_difference_has_a_name(shop, make, expected):
    """It stays until a later list puts it right."""
    shop.hand_over(2)
    letters = shop.rows()

    report = confirm(shop.installation, confirmation(shop, *make(shop.batch, *letters)), now=LATER)

    names = {letters[1].reference: "two"}
    assert [(names.get(letter, letter), *rest) for letter, *rest in shop.open()] == expected
    assert len(report.discrepancies) == len(expected)


@pytest.mark.parametrize(
    ("files", "state"),
    [
        pytest.param(["posted,2026-03-05 failed,2026-03-03 printed,2026-03-04"], "posted", id="newest first"),
        pytest.param(["posted,2026-03-05", "failed,2026-03-03"], "posted", id="an older list comes later"),
        pytest.param(["failed,2026-03-05T11:00", "posted,2026-03-05"], "posted", id="made again that day"),
        pytest.param(["posted,2026-03-03", "failed,2026-03-05"], "failed", id="spoiled at last"),
        pytest.param(["posted,2026-03-04", "printed,2026-03-05"], "posted", id="what is posted was printed"),
    ],
)
def test_what_is_newer_holds(shop, files, state):
    """Whichever way rows and files are ordered, and whatever they call the letter; it is one letter."""
    shop.hand_over(1)
    [one] = shop.rows()
    for said in files:
        names = itertools.cycle([one.message, one.reference])
        rows = [f"{shop.batch},{name},{row}" for row, name in zip(said.split(), names, strict=False)]
        report = confirm(
            shop.installation, confirmation(shop, *rows, head="batch,letter,status,at"), now=LATER
        )
        assert report.read == len(rows)

    with shop.engine.begin() as connection:
        [found] = reconciled(connection)
    assert (found["letters"], found["sheets"]) == (1, one.parts)
    failed = [("not_printed", "failed")] if state == "failed" else []
    assert [(kind, what) for _, kind, _, what in shop.open()] == failed
    assert found["posted"] == (state == "posted")
    assert len(shop.history("posted")) == 1


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("printed", "Printed Trykt Tryckt Wydrukowano Impresso"),
        ("posted", "POSTED Sendt Skickat Nadano Enviado"),
        ("failed", "failed Feilet Misslyckad Błąd Falhou"),
    ],
)
def test_what_became_of_a_letter_is_said_in_five_languages(quiet, status, words):
    """A print house writes in its own."""
    rows = rows_of(confirmation(quiet, *(f"b,K7Q4MTX2AB,1,{word}" for word in words.split())))

    said = confirmed(rows, "Europe/Oslo", now=NOON)

    assert [one.status for one in said] == 5 * [status]


def test_a_difference_is_resolved(shop):
    """The missing letter is in the list of the next day."""
    shop.hand_over(2)
    one, two = shop.rows()
    confirm(shop.installation, confirmation(shop, f"{shop.batch},{one.message},1,printed"), now=LATER)
    assert len(shop.open()) == 1

    confirm(shop.installation, confirmation(shop, f"{shop.batch},{two.message},1,printed"), now=LATER)

    assert shop.open() == []


@pytest.mark.parametrize(
    ("letters", "sheets", "differs", "printed"),
    [
        pytest.param(2, 2, [], 2, id="all of them"),
        pytest.param(1, 2, [("", "letters", "2", "1")], 0, id="a letter less: nobody knows which"),
        pytest.param(2, 3, [("", "sheets", "2", "3")], 0, id="a sheet more"),
    ],
)
def test_only_counts(shop, letters, sheets, differs, printed):
    """A print house that counts and does not name: the letters are printed when the counts agree."""
    shop.hand_over(2)
    path = confirmation(shop, f"{shop.batch},{letters},{sheets}", head="Job;Pieces;Sheets".replace(";", ","))

    confirm(shop.installation, path, now=LATER)

    assert shop.open() == differs
    assert len(shop.history("printed")) == printed


def test_a_batch_that_was_confirmed_before_our_books_had_it(shop):
    """The process died behind the hand-over, and the print house was quicker than whoever went on."""
    shop.hand_over(2)
    batch = shop.batch
    attempt = "UPDATE attempts SET state = :state, provider_reference = :batch"
    with shop.engine.begin() as connection:
        connection.execute(text(attempt), {"state": "unknown", "batch": None})
    path = confirmation(shop, f"{batch},2,2,posted", head="batch,letters,sheets,status")
    confirm(shop.installation, path, now=LATER)
    catch_up(shop.installation, now=LATER)
    assert [kind for _, kind, _, _ in shop.open()] == ["unknown_batch"]
    with shop.engine.begin() as connection:
        connection.execute(text(attempt), {"state": "accepted", "batch": batch})

    catch_up(shop.installation, now=LATER)

    assert shop.open() == []
    assert len(shop.history("posted")) == 2


def test_json_as_our_manifest_has_it(shop):
    """One object with a list of letters and totals."""
    shop.hand_over(2)
    [path] = shop.peer.manifests()
    manifest = json.loads(path.read_bytes())
    given = {"batch": manifest["batch"], "pieces": manifest["pieces"], "totals": manifest["totals"]}

    report = confirm(shop.installation, shop.file("p.json", json.dumps(given, indent=1)), now=LATER)

    assert (report.confirmed, report.rejected, shop.open()) == (3, 0, [])
    assert len(shop.history("printed")) == 2


def test_a_letter_in_doubt_that_was_printed(shop, tmp_path):
    """The print house is the proof: it was accepted, and is not sent again."""

    class Silent(Scripted):
        def send(self, parcels):
            for parcel in parcels:
                yield parcel.attempt, Unknown(code="timeout")

    shop.letters = Silent(Channel.LETTER)
    shop.letters.platforms = frozenset()
    shop.hand_over(1)
    [one] = shop.rows()
    assert one.state == "in_doubt"

    confirm(shop.installation, confirmation(shop, f"NO-standard-1-x,{one.message},1,posted"), now=LATER)

    assert [row.state for row in shop.rows()] == ["accepted"]
    assert shop.open() == []


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.FAILED])
def test_a_doubt_at_the_bucket_ends_by_itself(shop, tmp_path, monkeypatch, fault):
    """The sender hands the letters over again, and the bucket has each of them once."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    peer = S3Peer()
    settings = S3Settings(bucket="paper", region="eu-west-1", endpoint=peer.url)
    shop.letters = S3(settings, home=shop.installation.home)
    peer.will(fault)
    shop.hand_over(2)
    assert [row.state for row in shop.rows()] == ["in_doubt", "in_doubt"]
    peer.will(Fault.NONE)

    shop.send()

    shop.letters.close()
    peer.close()
    assert [row.state for row in shop.rows()] == ["accepted", "accepted"]
    [manifest] = peer.manifests()
    assert sorted(piece["message"] for piece in manifest["pieces"]) == sorted(
        row.message for row in shop.rows()
    )
    with shop.engine.begin() as connection:
        [found] = reconciled(connection)
    assert (found["batch"], found["provider"], found["letters"]) == (manifest["batch"], "s3", 2)


@pytest.mark.parametrize(
    ("row", "column", "problem"),
    [
        pytest.param(",K7Q4MTX2AB,1,printed", "batch", "the batch is missing", id="no batch"),
        pytest.param("b,=cmd|'/C calc'!A0,1,printed", "letter", "not the id or reference", id="a formula"),
        pytest.param("b,K7Q4MTX2AB,one,printed", "sheets", "not a count", id="no number"),
        pytest.param("b,K7Q4MTX2AB,99999999999,printed", "sheets", "not a count", id="too large a number"),
        pytest.param("b,K7Q4MTX2AB,1,maybe", "status", "not a status", id="no status"),
        pytest.param("b,,,printed", "letter", "neither a letter nor how many", id="nothing said"),
    ],
)
def test_a_wrong_row_is_left_out(quiet, tmp_path, row, column, problem):
    """File, row, column, value and what to do are told; the other rows are taken, and no formula comes back."""
    [one] = quiet.rows()
    rejects = tmp_path / "wrong.csv"
    path = confirmation(quiet, row, f"{quiet.batch},{one.message},1,printed")

    report = confirm(quiet.installation, path, now=LATER, rejects=rejects)

    assert (report.confirmed, report.rejected) == (1, 1)
    [flaw] = report.problems
    assert (flaw.row, flaw.column) == (2, column)
    assert problem in flaw.problem
    kept = pl.read_csv(rejects)
    assert (kept.height, problem in kept["problem"][0]) == (1, True)
    assert ",=" not in rejects.read_text("utf-8-sig")


LETTER = st.builds(
    Posted,
    message=st.integers(1, 6).map(lambda n: f"m{n}"),
    reference=st.just("R"),
    sheets=st.integers(1, 3),
    attempt=st.just("a"),
    provider=st.just("spool"),
    batch=st.just("b"),
    certain=st.just(True),
)


@given(st.lists(LETTER, unique_by=lambda letter: letter.message, min_size=1))
def test_nothing_differs_from_itself(letters):
    """Confirmed as handed over, a batch has no differences; without its first letter it has one."""
    said = [
        Confirmed(
            batch="b", letter=one.message, message=one.message, status="printed", letters=None, sheets=one.sheets,
            times=1, at=NOON,
        )
        for one in letters
    ]  # fmt: skip

    assert differences("b", letters, said) == []
    assert [one.kind for one in differences("b", letters, said[1:])] == ["missing"] * (len(said) > 1)


def test_what_is_returned_binds_the_next_send(shop):
    """The address is not used again, the message goes another way or has failed, and a copy is not sent there."""
    shop.hand_over(2)
    one, _ = shop.rows()
    path = shop.file("back.csv", f"Reference;Reason;Date\n{one.reference.lower()};verzogen;05.03.2026\n")

    report = returned_file(shop.installation, path, now=LATER)
    again = returned_file(shop.installation, path, now=LATER)

    assert (report.returned, report.unchanged, report.rejected) == (1, 0, 0)
    assert (again.returned, again.unchanged, again.rejected) == (0, 1, 0)
    assert shop.suppressed() == ["returned_letter"]
    assert [row.state for row in shop.rows()] == ["bounced", "accepted"]
    assert len(shop.history("returned")) == 1
    assert shop.sql("SELECT state FROM messages ORDER BY customer_id")[0].state == "undeliverable"


@pytest.mark.parametrize(
    ("because", "suppressed"),
    [
        pytest.param("moved", ["returned_letter"], id="moved"),
        pytest.param("", ["returned_letter"], id="nobody says why"),
        pytest.param("Addressee unknown", ["returned_letter"], id="unknown"),
        pytest.param("refused", ["returned_letter"], id="refused"),
        pytest.param("not collected", [], id="not collected: the next one may be"),
        pytest.param("damaged", [], id="damaged on its way"),
    ],
)
def test_one_by_its_reference(shop, because, suppressed):
    """Support types what stands on the letter."""
    shop.hand_over(1)
    [one] = shop.rows()

    report = returned_one(
        shop.installation, f" {one.reference[:4]}-{one.reference[4:]} ", because=because, at=LATER, now=LATER
    )

    assert report.returned == 1
    assert shop.suppressed() == suppressed
    assert [row.state for row in shop.rows()] == ["bounced"]


@pytest.mark.parametrize(
    ("reference", "because", "said"),
    [
        pytest.param("ZZZZZZZZZZ", "", "no letter of ours", id="a reference that is nobody's"),
        pytest.param("https://x", "", "is not the reference", id="no reference"),
        pytest.param("ZZZZZZZZZZ", "eaten by the dog", "no reason", id="no reason"),
    ],
)
def test_one_that_is_none(quiet, reference, because, said):
    """It says what to do, and nothing is taken in."""
    with pytest.raises(Problem, match=said):
        returned_one(quiet.installation, reference, because=because, at=LATER, now=LATER)


def test_a_list_with_wrong_rows(shop, tmp_path):
    """Any encoding; each wrong row is named and the rest is taken."""
    shop.hand_over(1)
    [one] = shop.rows()
    lines = [
        "Référence\tReason\tAt",
        f"{one.reference}\tmoved\t2026-03-04T10:00",
        "ZZZZZZZZZZ\tmoved\t2026-03-04",
        f"{one.message}\tweg\t2026-03-04",
        f"{one.message}\tmoved\t1.1.2199",
        f"{one.message}\tmoved\tyesterday",
        "../../etc/passwd\tmoved\t2026-03-04",
    ]
    path = shop.file("back.tsv", "\n".join(lines).replace("é", "e").encode("utf-16"))

    report = returned_file(shop.installation, path, now=LATER, rejects=tmp_path / "wrong.csv")

    assert (report.read, report.returned, report.rejected) == (6, 1, 5)
    assert sorted((flaw.row, flaw.column) for flaw in report.problems) == [
        (3, "Reference"), (4, "Reason"), (5, "At"), (6, "At"), (7, "Reference"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"name,street\nAda,Storgata 1\n", id="another list"),
        pytest.param(b"\x00\x01\x02" * 500, id="no text"),
        pytest.param(b"%PDF-1.7 broken", id="half a PDF"),
        pytest.param(b"\x89PNG\r\n\x1a\n broken", id="half a picture"),
        pytest.param(b'{"batch": ', id="half an object"),
    ],
)
def test_a_file_that_cannot_be_used(quiet, content):
    """It is told in a sentence, and nothing is taken in."""
    path = quiet.file("back.csv", content)

    with pytest.raises(Problem):
        returned_file(quiet.installation, path, now=LATER)


@given(
    start=st.sampled_from(
        [
            b"",
            b"reference,because\n",
            b"batch,letter,sheets\nb,",
            b'{"batch": "\\ud800", "letters": [{"ref": "',
        ]
    ),
    rest=st.binary(max_size=60),
    name=st.sampled_from(["a.csv", "a.txt", "a.json"]),
)
def test_any_bytes_are_read_or_told(tmp_path_factory, start, rest, name):
    """Whoever can put a file there cannot break us."""
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(start + rest + (b'"}]}' if start.startswith(b"{") else b""))

    with suppress(Problem):
        rows = rows_of(path)
        parse(rows, "unknown", "Europe/Oslo", now=NOON)
        confirmed(rows, "Europe/Oslo", now=NOON)


def scan(messages, kind="PDF"):
    """A scan of one letter's first page each."""
    pages = []
    for message in messages:
        pdf = letter_pdf("Dear")
        made = stamp(pdf, message)[0] if message else pdf
        document = pypdfium2.PdfDocument(made)
        pages.append(document[0].render(scale=200 / 72).to_pil().convert("L").rotate(1.5, fillcolor=255))
        document.close()
    target = io.BytesIO()
    pages[0].save(target, kind, save_all=True, append_images=pages[1:]) if kind != "PNG" else pages[0].save(
        target, kind
    )
    return target.getvalue()


@pytest.mark.parametrize("kind", ["PDF", "TIFF", "PNG"])
def test_a_scan(shop, kind):
    """The mark in the margin names the letter, also on a crooked page, in any format a scanner writes."""
    shop.hand_over(1)
    [one] = shop.rows()

    report = returned_file(shop.installation, shop.file("scan.bin", scan([one.message], kind)), now=LATER)

    assert (report.read, report.returned, report.rejected) == (1, 1, 0)
    assert shop.suppressed() == ["returned_letter"]


def test_a_scan_with_a_page_that_says_nothing(shop):
    """It is named by its page; the others are taken, a page of the same letter only once."""
    shop.hand_over(2)
    one, two = shop.rows()
    path = shop.file("scan.pdf", scan([one.message, None, two.message, one.message]))

    report = returned_file(shop.installation, path, because="moved", now=LATER)

    assert (report.returned, report.rejected) == (2, 1)
    assert [(flaw.row, "no mark" in flaw.problem) for flaw in report.problems] == [(2, True)]


def test_a_picture_that_is_a_bomb(quiet):
    """A few bytes that want gigabytes are refused."""
    target = io.BytesIO()
    Image.new("1", (14_000, 14_000)).save(target, "PNG")

    with pytest.raises(Problem, match="too large"):
        returned_file(quiet.installation, quiet.file("b.png", target.getvalue()), now=LATER)


def test_codes_of_a_hand_scanner(shop):
    """A text file, a code a line."""
    shop.hand_over(1)
    [one] = shop.rows()

    report = returned_file(
        shop.installation, shop.file("codes.txt", f"{mark_text(one.message, 1, 1)}\r\n\r\n?\r\n"), now=LATER
    )

    assert (report.returned, report.rejected) == (1, 1)
    assert report.problems[0].row == 3


def test_the_folder(shop, tmp_path):
    """What can be used is taken in and moved away, what cannot be used lies in `wrong` with the reason."""
    shop.hand_over(3)
    one, two, _ = shop.rows()
    folder = shop.installation.home / "inbox" / "paper"
    assert paper_source(shop.installation) == {}
    folder.mkdir(parents=True)
    (folder / "printed.csv").write_text(f"batch,letters,sheets\n{shop.batch},3,3\n")
    (folder / "returned; rm -rf ~.csv").write_text(f"reference\n{one.reference}\nZZZZZZZZZZ\n")
    (folder / "scan.pdf").write_bytes(scan([two.message]))
    (folder / "holiday.mp4").write_bytes(b"\x00\x01\x02" * 500)
    (folder / "tomorrow.csv.part").write_text("reference\n")
    (folder / "link.csv").symlink_to("/etc/passwd")

    for _ in range(2):
        took = gather(shop.installation, paper_source(shop.installation), now=LATER)

    assert took.failed == {}
    assert len(shop.history("printed")) == 3
    assert len(shop.history("returned")) == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        "done",
        "link.csv",
        "tomorrow.csv.part",
        "wrong",
    ]
    assert sorted(path.name.split(".")[0] for path in (folder / "done").iterdir()) == ["printed", "scan"]
    wrong = sorted(path.name for path in (folder / "wrong").iterdir())
    assert [name.partition(".")[0] for name in wrong] == ["holiday"] * 2 + ["returned; rm -rf ~"] * 3
    assert [name for name in wrong if name.endswith(".rejected.csv")] == [wrong[4]]


def test_a_folder_that_is_missing(quiet, tmp_path):
    """One that the settings name must be there: a mount that is gone is told."""
    settings = quiet.installation.settings
    returns = settings.returns.model_copy(update={"folder": tmp_path / "x"})
    named = settings.model_copy(update={"returns": returns})

    with pytest.raises(Problem, match="TIDINGS_RETURNS__FOLDER"):
        paper_source(replace(quiet.installation, settings=named))


def take_back(shop, message, because="paid this morning", actor="staff:Ingrid"):
    with shop.engine.begin() as connection:
        return recall(connection, message, because=because, actor=actor, now=NOON)


def test_recalled_while_it_waits(shop):
    """Planned and not claimed: it never leaves, and the audit says who and why."""
    settle(shop.engine, 2, channels=("letter",))
    shop.plan(channels=["letter"])
    one, two = (row.id for row in shop.sql("SELECT id::text FROM messages ORDER BY customer_id"))

    take_back(shop, one)
    shop.send()

    assert [piece["message"] for _, piece, _ in shop.peer.pieces()] == [two]
    [row] = shop.sql("SELECT state, reason FROM messages WHERE id = CAST(:id AS uuid)", id=one)
    assert (row.state, row.reason) == ("cancelled", "recalled")
    [note] = shop.sql("SELECT actor, subject, detail FROM audit WHERE action = 'recall'")
    assert (note.actor, note.subject, note.detail["because"]) == ("staff:Ingrid", one, "paid this morning")
    assert shop.report()["sent"] == {"letter": 1}


def test_recalled_from_a_batch_that_the_print_house_did_not_take(shop):
    """The drop refused the batch: its letters wait for another try, and one of them is taken back."""
    real = shop.letters
    shop.letters = Refusing(Channel.LETTER)
    shop.hand_over(2)
    one, two = shop.rows()
    found = take_back(shop, one.message)
    shop.letters, shop.now = real, NOON + timedelta(hours=2)

    shop.send()

    assert (found.channel, found.delivery) == ("letter", one.reference)
    assert [row.state for row in shop.rows()] == ["recalled", "accepted"]
    assert [piece["message"] for _, piece, _ in shop.peer.pieces()] == [two.message]


class Refusing(Scripted):
    """A drop that is away."""

    def send(self, parcels):
        for parcel in parcels:
            yield (
                parcel.attempt,
                Refused(error=ErrorClass.TRANSIENT, code="connect", wait=timedelta(minutes=1)),
            )


def test_a_doubt_is_not_recalled(shop):
    """The print house may have it: it is handed over again under its key, and nobody is told that it never left."""

    class Silent(Scripted):
        def send(self, parcels):
            for parcel in parcels:
                yield parcel.attempt, Unknown(code="timeout")

    shop.letters = Silent(Channel.LETTER)
    shop.letters.capability = Capability.KEY
    shop.hand_over(1)
    [one] = shop.rows()
    with shop.sender() as sender:
        sender.settle()
    assert [row.state for row in shop.rows()] == ["ready"]

    with pytest.raises(Problem, match="may have been"):
        take_back(shop, one.message)


@pytest.mark.parametrize(
    ("message", "because", "actor", "said"),
    [
        pytest.param(None, "paid", "staff:I", "was handed over to outbox as NO-", id="it lies in a batch"),
        pytest.param("no-id", "paid", "staff:I", "is not a message's id", id="no id"),
        pytest.param(
            "01900000-0000-7000-8000-000000000001", "paid", "staff:I", "There is no message", id="nobody's"
        ),
        pytest.param(None, " ", "staff:I", "needs a name and a reason", id="no reason"),
        pytest.param(None, "paid", "staff: ", "needs a name and a reason", id="no name"),
    ],
)
def test_what_cannot_be_recalled(quiet, message, because, actor, said):
    """It is told in a sentence, and nothing changes."""
    [one] = quiet.rows()

    with pytest.raises(Problem, match=said):
        take_back(quiet, message or one.message, because, actor)
    assert [row.state for row in quiet.rows()] == ["accepted"]


def test_twice_recalled(shop):
    """The second time there is nothing to recall."""
    settle(shop.engine, 1, channels=("letter",))
    shop.plan(channels=["letter"])
    [row] = shop.sql("SELECT id::text FROM messages")
    take_back(shop, row.id)

    with pytest.raises(Problem, match="nothing to recall"):
        take_back(shop, row.id)


@pytest.mark.parametrize("said", ["moved", "Gone_Away", " UNBEKANNT  verzogen "])
def test_reasons_in_other_words(said):
    """Posts of several countries write what they write."""
    assert cause_of(said) == "moved"
