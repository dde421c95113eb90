"""`channels.outbox`: the folder that everything goes to when nothing is configured."""

import json
from base64 import decodebytes, encodebytes

import pytest

from channels.contract import Capability
from channels.outbox import Outbox
from tests.channels.conformance import ProviderConformance
from tests.peers.folder import FolderPeer
from tidings.channel import Channel
from tidings.message import Email, Parcel, Push, Sms
from tidings.outcome import ErrorClass, Refused


@pytest.fixture
def peer(tmp_path):
    return FolderPeer(tmp_path / "outbox")


class OutboxConformance(ProviderConformance):
    """The same message is the same file."""

    channel: Channel

    @pytest.fixture
    def provider(self, peer):
        return Outbox(peer.path, self.channel)

    def test_again_is_the_same_file(self, provider, peer):
        """After a crash the message is handed over again, under another attempt: one file, one message."""
        first = self.one(provider, self.parcel(1, "Hello"))
        again = self.one(provider, self.parcel(1, "Hello", attempt="2"))

        assert provider.capability is Capability.KEY
        assert again == first
        assert self.texts(peer) == ["Hello"]

    def test_only_whole_files(self, provider, peer):
        """Drafts are gone when the outcome is there, and every file names its message."""
        parcels = [self.parcel(number) for number in range(5)]
        list(provider.send(parcels))

        names = {path.stem for path in (peer.path / self.channel).iterdir()}
        assert names == {parcel.message for parcel in parcels}

    @pytest.mark.parametrize("message", ["../x", "a/b", ".hidden", "", "a\0b", "x" * 200])
    def test_only_our_ids_become_paths(self, provider, peer, message):
        """An id that is no id is our fault, and nothing is written anywhere."""
        parcel = self.parcel()
        parcel = Parcel(message=message, attempt="a", content=parcel.content, purpose="offer", brand="n")

        with pytest.raises(ValueError, match="file name"):
            list(provider.send([parcel]))
        assert [path for path in peer.path.parent.rglob("*") if path.is_file()] == []


class TestOutboxEmail(OutboxConformance):
    """`email/<message>.eml`: the bytes that would leave."""

    channel = Channel.EMAIL

    def content(self, number, text):
        raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + encodebytes(text.encode())
        return Email(envelope_from="a@nordlys.example", to=f"ada{number}@example.com", raw=raw)

    def texts(self, peer):
        found = sorted(peer.path.glob("email/*.eml"))
        return [decodebytes(path.read_bytes().partition(b"\r\n\r\n")[2]).decode() for path in found]

    def test_bytes(self, provider, peer):
        """Not a byte more or less."""
        parcel = self.parcel()
        list(provider.send([parcel]))

        assert (peer.path / f"email/{parcel.message}.eml").read_bytes() == parcel.content.raw

    def test_why_it_is_here(self, provider, peer):
        """The reason is one header line, whatever it holds."""
        content = self.content(1, "x")
        parcel = Parcel(
            message="m1", attempt="a", content=content, purpose="offer", brand="n", note="test\r\n\r\nmode"
        )
        list(provider.send([parcel]))

        assert (peer.path / "email/m1.eml").read_bytes() == b"X-Tidings-Outbox: testmode\r\n" + content.raw


class _JsonConformance(OutboxConformance):
    field: str

    def entries(self, peer):
        return [json.loads(path.read_bytes()) for path in sorted(peer.path.glob(f"{self.channel}/*.json"))]

    def texts(self, peer):
        return [entry[self.field] for entry in self.entries(peer)]

    def test_entry(self, provider, peer):
        """The file says which message it is, and everything that the customer would see."""
        parcel = self.parcel(3, "Hello")
        list(provider.send([parcel]))

        [entry] = self.entries(peer)
        assert entry["message"] == parcel.message
        assert entry["to"] == parcel.content.to
        assert "note" not in entry


class TestOutboxSms(_JsonConformance):
    """`sms/<message>.json`."""

    channel = Channel.SMS
    field = "text"

    def content(self, number, text):
        return Sms(sender="Nordlys", to=f"+4790000{number:03}", text=text, parts=1, encoding="gsm7")


class TestOutboxPush(_JsonConformance):
    """`push/<message>.json`."""

    channel = Channel.PUSH
    field = "body"

    def content(self, number, text):
        return Push(
            to=f"t{number}", platform="apns", title="T", body=text, link="", collapse_id="c", payload="{}"
        )


def test_a_folder_that_cannot_be_written(tmp_path):
    """The lane stops; nobody's address is the worse for it."""
    (tmp_path / "outbox").write_text("a file where the folder should be")
    suite = TestOutboxSms()

    outcome = suite.one(Outbox(tmp_path / "outbox", Channel.SMS), suite.parcel())

    assert isinstance(outcome, Refused)
    assert outcome.error is ErrorClass.CONFIG
