"""Letters in the print spool and in the outbox: a piece is in one batch, whatever happens."""

import csv
import fcntl
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from datetime import timedelta

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st

from channels.contract import Capability
from channels.letter.batches import FolderBusyError, PrintBatches, batch_id
from channels.letter.handover import refused_by_disk
from channels.letter.manifest import COLUMNS, files_of
from channels.letter.merge import merge, page_count
from channels.letter.piece import Piece
from channels.letter.spool import Spool
from channels.outbox import LetterOutbox
from templates.cover import cover_of
from tests.channels.conformance import ProviderConformance
from tests.peers.folder import FolderPeer, letter_pdf
from tidings.message import Letter, Parcel
from tidings.outcome import Accepted, ErrorClass, Rejected
from tidings.problem import Problem
from tidings.settings import SpoolSettings


def letter(number=1, text="Hello", *, pages=1, country="NO", postage="standard", customer=None):
    return Letter(
        pdf=letter_pdf(text, pages),
        pages=pages,
        sheets=(pages + 1) // 2,
        country=country,
        postage=postage,
        address=("Ada Lovelace", "Storgata 1", "0155 Oslo"),
        customer=customer or f"C{number}",
    )


def parcel(number=1, content=None, **changes):
    content = content or letter(number, **changes)
    return Parcel(message=f"m{number:04}", attempt=f"a{number}", content=content, purpose="offer", brand="n")


class LetterConformance(ProviderConformance):
    """The free text that we write ourselves is the customer's reference."""

    def content(self, number, text):
        return letter(number, "Dear", customer=text)

    def texts(self, peer):
        return [piece["customer"] for _, piece, _ in peer.pieces()]

    def test_again_is_the_same_piece(self, provider, peer):
        """After a crash the message is handed over again, with others: it stays in its first batch."""
        [(_, first)] = provider.send([parcel(1)])
        outcomes = [outcome for _, outcome in provider.send([parcel(1), parcel(2)])]

        assert provider.capability is Capability.KEY
        assert outcomes[0] == first
        assert sorted(piece["message"] for _, piece, _ in peer.pieces()) == ["m0001", "m0002"]


class TestLetterOutbox(LetterConformance):
    """`letter/<batch>/letters.pdf` with its manifest."""

    @pytest.fixture
    def peer(self, tmp_path):
        return FolderPeer(tmp_path / "outbox")

    @pytest.fixture
    def provider(self, peer):
        return LetterOutbox(peer.path)

    def test_only_batches_in_the_folder(self, provider, peer):
        """Who lists `letter/` finds batches and nothing else."""
        list(provider.send([parcel(1)]))

        [batch] = (peer.path / "letter").iterdir()
        names = {"letters.pdf", "manifest.json", "manifest.csv", "SHA256SUMS", f"{batch.name}.done"}
        assert {path.name for path in batch.iterdir()} == names


class TestSpool(LetterConformance):
    """The print house's folder."""

    @pytest.fixture
    def peer(self, tmp_path):
        (tmp_path / "spool").mkdir()
        return FolderPeer(tmp_path / "spool")

    @pytest.fixture
    def provider(self, peer):
        return Spool(SpoolSettings(folder=peer.path))


@pytest.fixture
def peer(tmp_path):
    return FolderPeer(tmp_path / "spool")


@pytest.fixture
def spool(peer):
    peer.path.mkdir()
    return Spool(SpoolSettings(folder=peer.path))


def test_manifest(spool, peer):
    """One batch per destination, postage class and sheets; the manifest and the PDF agree page by page."""
    kinds = [("NO", "standard", 1), ("NO", "standard", 2), ("NO", "standard", 3), ("SE", "standard", 1)]
    parcels = []
    for number in range(12):
        country, postage, pages = kinds[number % 4]
        text = f"Letter {number}"
        parcels.append(parcel(number, text=text, pages=pages, country=country, postage=postage))

    outcomes = dict(spool.send(parcels))

    assert len(peer.manifests()) == 3
    by_message = {given.message: given for given in parcels}
    for manifest, piece, pages in peer.pieces():
        given = by_message.pop(piece["message"])
        number = int(given.attempt[1:])
        assert list(manifest) == ["batch", "country", "postage", "file", "pieces", "totals"]
        assert list(piece)[:5] == ["message", "customer", "pages", "sheets", "sha256"]
        assert set(piece) | {"delivery", "note", "record", "first_page", "last_page"} == set(COLUMNS)
        assert manifest["country"] == given.content.country
        assert piece["customer"] == f"C{number}"
        assert piece["sha256"] == hashlib.sha256(given.content.pdf).hexdigest()
        assert piece["sheets"] == given.content.sheets == len(pages) // 2
        assert outcomes[given.attempt] == Accepted(reference=manifest["batch"])
        printed = [f"Letter {number} page {page + 1}" for page in range(given.content.pages)]
        assert [page for page in pages if page] == printed
    assert by_message == {}


def test_the_next_letter_begins_on_the_front_of_a_sheet(spool, peer):
    """Printed on both sides, no customer's letter is on the back of another's."""
    list(spool.send([parcel(number, pages=1) for number in range(4)]))

    assert [piece["pages"] for _, piece, _ in peer.pieces()] == [[1, 2], [3, 4], [5, 6], [7, 8]]


def test_totals_and_csv(spool, peer):
    """What the print house counts is there twice: for people's tools and for programs."""
    list(spool.send([parcel(number, pages=3) for number in range(5)]))

    [path] = peer.manifests()
    manifest = json.loads(path.read_bytes())
    *rows, trailer = csv.DictReader((path.parent / "manifest.csv").read_text().splitlines())
    totals = {"pieces": 5, "pages": 20, "sheets": 10}
    assert {key: manifest["totals"][key] for key in totals} == totals
    assert (trailer["record"], int(trailer["piece"]), int(trailer["pages"])) == ("trailer", 5, 20)
    assert float(trailer["weight_g"]) == manifest["totals"]["weight_g"] == 5 * 14.0
    assert [row["message"] for row in rows] == [piece["message"] for piece in manifest["pieces"]]
    assert [int(row["last_page"]) for row in rows] == [piece["pages"][1] for piece in manifest["pieces"]]
    assert [int(row["sequence"]) for row in rows] == [1, 2, 3, 4, 5]
    assert {row["record"] for row in rows} == {"piece"}


def test_the_sums_are_those_that_sha256sum_reads_and_the_last_file_names_theirs(spool, peer):
    list(spool.send([parcel(number) for number in range(3)]))

    [path] = peer.manifests()
    batch = path.parent
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=batch,
        capture_output=True,
        text=True,
        check=False,
    )
    last = subprocess.run(
        ["sha256sum", "--check", "--strict", f"{batch.name}.done"],
        cwd=batch,
        capture_output=True,
        check=False,
    )
    assert (checked.returncode, last.returncode) == (0, 0)
    assert sorted(line.split(":")[0] for line in checked.stdout.splitlines()) == [
        "letters.pdf",
        "manifest.csv",
        "manifest.json",
    ]


def test_a_brand_that_wants_them_gets_a_cover_sheet_and_an_index_that_are_summed(spool, peer):
    spool.covered_by(cover_of)
    given = [parcel(number, customer=f"K-{number}", pages=3) for number in range(40)]
    wanting = [replace(one, content=replace(one.content, cover=True, inserts=("a.pdf",))) for one in given]
    list(spool.send(wanting))

    [path] = peer.manifests()
    batch, told = path.parent, json.loads(path.read_bytes())
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=batch,
        capture_output=True,
        text=True,
        check=False,
    )
    named = {line.split(":")[0] for line in checked.stdout.splitlines()}
    assert checked.returncode == 0
    assert {"cover.pdf", "index.pdf"} <= named
    assert files_of(batch)[-2:] == ["manifest.json", f"{batch.name}.done"]
    assert set(files_of(batch)) == {one.name for one in batch.iterdir()}
    cover = pypdfium2.PdfDocument(batch / "cover.pdf")
    words = cover[0].get_textpage().get_text_range()
    for fact in ("standard", "80, printed on both sides", "a.pdf: 40"):
        assert fact in words
    [code] = zxingcpp.read_barcodes(cover[0].render(scale=3).to_pil())
    assert code.text == batch.name
    index = "\n".join(
        one.get_textpage().get_text_range() for one in pypdfium2.PdfDocument(batch / "index.pdf")
    )
    assert all(piece["piece"] in index and piece["customer"] in index for piece in told["pieces"])
    assert cover_of(told) == cover_of(told)


def test_a_cover_sheet_that_cannot_be_made_holds_no_letter_up(spool, peer):
    def broken(_):
        raise ValueError

    spool.covered_by(broken)
    given = parcel(1)
    [(_, outcome)] = spool.send([replace(given, content=replace(given.content, cover=True))])
    assert isinstance(outcome, Accepted)
    assert len(peer.pieces()) == 1


def test_without_the_wish_no_cover_sheet_is_made(spool, peer):
    spool.covered_by(cover_of)
    list(spool.send([parcel(1)]))
    [path] = peer.manifests()
    assert not (path.parent / "cover.pdf").exists()


@pytest.mark.parametrize(
    ("window", "sheets", "envelope"),
    [
        pytest.param("din-b", 1, "DL", id="folded in three"),
        pytest.param("din-b", 6, "C5", id="too thick for that"),
        pytest.param("din-b", 12, "C4", id="not folded"),
        pytest.param("c5-v2", 1, "C5", id="Nordic windows are C5 from the first sheet"),
        pytest.param("us-10", 2, "10", id="number ten"),
        pytest.param("us-10", 8, "9x12", id="flat in the United States"),
    ],
)
def test_the_envelope_follows_window_and_sheets(spool, peer, window, sheets, envelope):
    given = parcel(1, pages=2 * sheets)
    list(spool.send([replace(given, content=replace(given.content, window=window))]))

    [(_, piece, _)] = peer.pieces()
    assert piece["envelope"] == envelope


def test_no_cell_is_a_formula(spool, peer):
    """Addresses are customers' words."""
    given = parcel(1)
    evil = ("=HYPERLINK(1)", "+47;=1+1", "\uff20SUM(1)")
    list(spool.send([replace(given, content=replace(given.content, address=evil, customer="\uff0d2+3"))]))

    [path] = peer.manifests()
    row = next(csv.DictReader((path.parent / "manifest.csv").read_text().splitlines()))
    assert row["address"].startswith("'=HYPERLINK(1) |' +47;'=1+1")
    assert row["customer"] == "'\uff0d2+3"
    assert json.loads(path.read_bytes())["pieces"][0]["address"] == list(evil)


@given(pages=st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_ranges_cover_the_pdf(pages):
    """No page is nobody's, and none is two customers'."""
    merged, ranges = merge([letter_pdf(f"L{n}", count) for n, count in enumerate(pages)])

    covered = [page for first, last in ranges for page in range(first, last + 1)]
    assert covered == list(range(1, page_count(merged) + 1))
    assert all(
        (last - first + 1) // 2 == (count + 1) // 2
        for (first, last), count in zip(ranges, pages, strict=True)
    )


def test_what_is_the_same_is_stored_once():
    """Fonts do not multiply with the letters; the same letters are the same bytes."""
    letters = [letter_pdf(f"Letter {number}") for number in range(50)]

    merged, _ = merge(letters)

    assert merged == merge(letters)[0]
    assert merged.count(b"/Helvetica") <= 1
    assert len(merged) < sum(map(len, letters)) / 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param({"pdf": b"no PDF"}, "unreadable_pdf", id="no PDF"),
        pytest.param({"pages": 2}, "page_count", id="another number of pages than paid for"),
        pytest.param({"sheets": 2}, "page_count", id="another number of sheets"),
    ],
)
def test_one_bad_letter_harms_nobody_else(spool, peer, content, code):
    """It fails with its reason; the others are in their batch."""
    from dataclasses import replace

    bad = replace(letter(1), **content)

    outcomes = dict(spool.send([parcel(1, bad), parcel(2)]))

    assert isinstance(outcomes["a1"], Rejected)
    assert (outcomes["a1"].error, outcomes["a1"].code) == (ErrorClass.DATA, code)
    assert isinstance(outcomes["a2"], Accepted)
    assert [piece["message"] for _, piece, _ in peer.pieces()] == ["m0002"]


@pytest.mark.parametrize(
    ("country", "postage", "shown"),
    [
        pytest.param("NO", "standard", "NO-standard-1-", id="plain codes are shown"),
        pytest.param("../..", "standard", "XX-standard-1-", id="a path as a country"),
        pytest.param("NO", "a/../../b", "NO-other-1-", id="a path as a postage class"),
        pytest.param("", "Standard Æ", "XX-other-1-", id="other signs"),
    ],
)
def test_names_of_batches(country, postage, shown):
    """Nothing that came with a customer's data becomes part of a path."""
    pieces = [Piece(message="m1", letter=letter(country=country, postage=postage))]

    assert batch_id(pieces).startswith(shown)
    assert "/" not in batch_id(pieces)


def test_the_print_house_took_the_batch_away(spool, peer):
    """What was collected is not printed again, also by a process that starts later."""
    [(_, first)] = spool.send([parcel(1)])
    shutil.rmtree(peer.path / first.reference)

    [(_, again)] = Spool(SpoolSettings(folder=peer.path)).send([parcel(1)])

    assert again == first
    assert peer.pieces() == []


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        pytest.param("staged", 1, id="died before the line was written: the batch was never promised"),
        pytest.param("promised", 1, id="died after the line: the batch is moved to its place"),
        pytest.param("torn", 1, id="the line was torn by a power cut"),
    ],
)
def test_after_a_crash(tmp_path, left, expected):
    """Whatever a dead process left behind, the next one ends with each piece in exactly one batch."""
    folder, control = tmp_path / "letter", tmp_path / ".letter"
    made = PrintBatches(folder=folder, control=control)
    piece = Piece(message="m0001", letter=letter())
    made.add([piece])
    [batch] = folder.iterdir()
    batch.rename(control / "staging" / batch.name)
    journal = control / "journal"
    if left == "staged":
        journal.write_bytes(b"")
    elif left == "torn":
        journal.write_bytes(journal.read_bytes()[:-3])

    other = Piece(message="m0002", letter=letter(2))
    found = PrintBatches(folder=folder, control=control).add([piece, other])

    pieces = [entry["message"] for _, entry, _ in FolderPeer(folder).pieces()]
    assert sorted(pieces) == ["m0001", "m0002"]
    assert set(found) == {"m0001", "m0002"}
    assert list((control / "staging").iterdir()) == []


def _add(folder, control, numbers):
    pieces = [Piece(message=f"m{number:04}", letter=letter(number)) for number in numbers]
    PrintBatches(folder=folder, control=control).add(pieces)


def _add_until_killed(folder, control):
    made = PrintBatches(folder=folder, control=control)
    for number in range(10_000):
        made.add([Piece(message=f"m{number:04}", letter=letter(number))])


def test_two_processes_at_once(tmp_path):
    """They wait for each other, and overlapping claims are printed once."""
    context = multiprocessing.get_context("spawn")
    started = [
        context.Process(
            target=_add, args=(tmp_path / "letter", tmp_path / ".letter", range(first, first + 20))
        )
        for first in (0, 10)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()

    messages = [piece["message"] for _, piece, _ in FolderPeer(tmp_path / "letter").pieces()]
    assert sorted(messages) == [f"m{number:04}" for number in range(30)]


def test_kill_nine_in_the_middle(tmp_path):
    """A killed writer leaves whole batches only; its successor loses nothing and doubles nothing."""
    folder, control = tmp_path / "letter", tmp_path / ".letter"
    context = multiprocessing.get_context("spawn")
    for enough in (5, 20, 40):
        process = context.Process(target=_add_until_killed, args=(folder, control))
        process.start()
        while len(FolderPeer(folder).manifests()) < enough:
            process.join(0.01)
            assert process.is_alive()
        os.kill(process.pid, signal.SIGKILL)
        process.join()
    _add(folder, control, range(10))

    messages = [piece["message"] for _, piece, _ in FolderPeer(folder).pieces()]
    assert len(messages) == len(set(messages))
    assert {f"m{number:04}" for number in range(10)} <= set(messages)


def test_a_held_lock(tmp_path):
    """Another process holds the folder for too long: nothing was written, and it may be tried again."""
    made = PrintBatches(folder=tmp_path / "letter", control=tmp_path / ".letter", patience=timedelta(0))
    made.add([Piece(message="m0001", letter=letter())])
    with (tmp_path / ".letter" / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(FolderBusyError) as refused:
            made.add([Piece(message="m0002", letter=letter())])

    outcome = refused_by_disk(refused.value)
    assert (outcome.error, outcome.code) == (ErrorClass.TRANSIENT, "folder_busy")
    assert len(list((tmp_path / "letter").iterdir())) == 1


@pytest.mark.parametrize("folder", [None, "missing"])
def test_no_spool_folder(tmp_path, folder):
    """A mount that is missing must not become a local folder that nobody collects."""
    with pytest.raises(Problem, match="TIDINGS_SPOOL__FOLDER"):
        Spool(SpoolSettings(folder=folder and tmp_path / folder))
