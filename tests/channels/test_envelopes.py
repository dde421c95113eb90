"""Several letters in one envelope, as the print house gets them: each is printed once, with whomever it comes again."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.allowed import OnlyAllowed
from channels.letter.handover import keys_of
from channels.letter.spool import Spool
from channels.outbox import LetterOutbox
from tests.channels.test_letters import letter, parcel
from tests.peers.folder import FolderPeer, letter_pdf
from tidings.message import Envelope
from tidings.outcome import Accepted, Rejected
from tidings.settings import SpoolSettings


def together(top, *others):
    """Return parcels of which the first has the others in its envelope."""
    sheets = sum(one.content.sheets for one in (top, *others))
    pdf = letter_pdf("Together", 2 * sheets)
    names = tuple(one.attempt for one in others)
    whole = replace(top.content, pdf=pdf, pages=2 * sheets, sheets=sheets, inserts=names)
    return [replace(top, envelope=Envelope(letter=whole, inside=names)), *others]


def printed(peer):
    """Return the messages of each envelope."""
    return sorted(
        [piece["message"], *(one["message"] for one in piece.get("with", ()))]
        for _, piece, _ in peer.pieces()
    )


@pytest.fixture
def peer(tmp_path):
    (tmp_path / "spool").mkdir()
    return FolderPeer(tmp_path / "spool")


@pytest.fixture
def spool(peer):
    return Spool(SpoolSettings(folder=peer.path))


def test_an_envelope_is_one_piece_with_one_address_and_the_sheets_of_both(spool, peer):
    outcomes = dict(spool.send([*together(parcel(1), parcel(2)), parcel(3)]))

    assert printed(peer) == [["m0001", "m0002"], ["m0003"]]
    [shared] = [piece for _, piece, _ in peer.pieces() if "with" in piece]
    assert (shared["sheets"], shared["inserts"], shared["customer"]) == (2, ["a2"], "C1")
    assert outcomes["a1"] == outcomes["a2"] != outcomes["a3"], "other sheets, another batch"


@pytest.mark.parametrize(
    ("before", "then"),
    [
        pytest.param([1], [["m0001"], ["m0002"]], id="the one on top is in a batch: the other goes alone"),
        pytest.param([2], [["m0001"], ["m0002"]], id="the one inside is in a batch: the other goes alone"),
        pytest.param([1, 2], [["m0001"], ["m0002"]], id="both are in batches: nothing is printed"),
    ],
)
def test_what_is_in_a_batch_is_not_printed_again(spool, peer, before, then):
    first = dict(spool.send([parcel(number) for number in before]))
    second = dict(spool.send(together(parcel(1), parcel(2))))

    assert printed(peer) == then
    assert all(second[attempt] == outcome for attempt, outcome in first.items())
    assert all(isinstance(outcome, Accepted) for outcome in second.values())


def test_what_went_in_an_envelope_is_known_by_itself_afterwards(spool, peer):
    first = dict(spool.send(together(parcel(1), parcel(2))))
    again = dict(spool.send([parcel(2)])) | dict(spool.send([parcel(1)]))

    assert again == first
    assert printed(peer) == [["m0001", "m0002"]]


def test_our_books_are_filled_from_the_print_houses_manifests(spool, peer):
    list(spool.send([*together(parcel(1), parcel(2)), parcel(3)]))

    keys = {key for path in peer.manifests() for key in keys_of(path.read_bytes())}
    assert keys == {"m0001", "m0002", "m0003"}


@pytest.mark.parametrize("broken", [1, 2])
def test_a_letter_that_cannot_be_printed_leaves_the_other_one(spool, peer, broken):
    parcels = together(parcel(1), parcel(2))
    parcels[broken - 1] = replace(parcels[broken - 1], content=replace(parcels[broken - 1].content, pages=9))
    outcomes = dict(spool.send(parcels))

    assert isinstance(outcomes[f"a{broken}"], Rejected)
    assert printed(peer) == [[f"m000{3 - broken}"]]


def test_in_mode_test_both_go_where_their_customer_goes(peer, tmp_path):
    outbox = FolderPeer(tmp_path / "outbox")
    provider = OnlyAllowed(
        Spool(SpoolSettings(folder=peer.path)), LetterOutbox(outbox.path), allow=["colleague"]
    )
    list(provider.send(together(parcel(1, customer="colleague"), parcel(2, customer="colleague"))))
    list(provider.send(together(parcel(3, customer="other"), parcel(4, customer="other"))))

    assert provider.shares_envelopes
    assert printed(peer) == [["m0001", "m0002"]]
    assert printed(outbox) == [["m0003", "m0004"]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    calls=st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3, unique=True), min_size=1, max_size=6)
)
def test_however_letters_come_again_each_is_printed_once(tmp_path_factory, calls):
    """Each call has one letter on top and the others inside."""
    peer = FolderPeer(tmp_path_factory.mktemp("spool"))
    spool = Spool(SpoolSettings(folder=peer.path))
    for first, *others in calls:
        sent = together(parcel(first), *(parcel(number) for number in others)) if others else [parcel(first)]
        assert all(isinstance(outcome, Accepted) for _, outcome in spool.send(sent))

    once = sorted(message for envelope in printed(peer) for message in envelope)
    assert once == [f"m{number:04}" for number in sorted({number for call in calls for number in call})]


def test_a_letter_of_its_own_has_no_word_of_others(spool, peer):
    list(spool.send([parcel(1, letter(1))]))

    [(_, piece, _)] = peer.pieces()
    assert "with" not in piece
