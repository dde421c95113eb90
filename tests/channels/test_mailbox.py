"""A mailbox is emptied bag by bag: what is done is moved, the rest comes again, what is no mail is put aside."""

import imaplib
import os
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from channels.email.imap import Imap
from channels.email.mailbox import source
from channels.email.maildir import Maildir
from tests.channels.returned import mail, report
from tests.peers.imap import ImapPeer
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import MailboxSettings

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
MAILS = [
    report(),
    mail("Where is it?", sender="ada@example.org", subject="Re: x"),
    report(code="5.2.2", diagnostic=""),
]


class MaildirBox:
    """A Maildir with mail in it."""

    def __init__(self, folder):
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)
        self.folder = folder
        self.source = Maildir(folder)

    def deliver(self, *mails):
        for number, raw in enumerate(mails):
            (self.folder / "new" / f"17000.{number}.host").write_bytes(raw)

    def left(self):
        return len(list((self.folder / "new").iterdir()))

    def read(self):
        return sum(path.name.endswith(":2,S") for path in (self.folder / "cur").iterdir())

    def close(self):
        self.source.close()


class ImapBox:
    """A folder on an IMAP server with mail in it."""

    def __init__(self, **options):
        self.peer = ImapPeer(**options)
        self.source = Imap(
            MailboxSettings(
                host="127.0.0.1", port=self.peer.port, username="back", password=SecretStr("s3cret"),
                encryption="never", timeout=timedelta(seconds=5),
            )
        )  # fmt: skip

    def deliver(self, *mails):
        self.peer.deliver(*mails)

    def left(self):
        return len(self.peer.folders["INBOX"])

    def read(self):
        return len(self.peer.folders.get("Tidings-read", {}))

    def close(self):
        self.source.close()
        self.peer.close()


BOXES = {
    "maildir": lambda folder: MaildirBox(folder),
    "imap": lambda folder: ImapBox(),
    "imap of old": lambda folder: ImapBox(capabilities="IMAP4rev1"),
    "imap without MOVE": lambda folder: ImapBox(capabilities="IMAP4rev1 UIDPLUS"),
}


@pytest.fixture(params=BOXES.values(), ids=BOXES.keys())
def box(request, tmp_path):
    made = request.param(tmp_path / "Mail")
    yield made
    made.close()


def kinds(bags):
    return [receipt.kind for bag in bags for receipt in bag.receipts]


def test_mail_is_moved_when_it_is_done_and_not_before(box):
    box.deliver(*MAILS)
    expected = [ReceiptKind.BOUNCED, ReceiptKind.REPLIED, ReceiptKind.BOUNCED]

    assert kinds(box.source.bags(now=NOW)) == expected
    assert (box.left(), box.read()) == (3, 0)
    again = list(box.source.bags(now=NOW))
    assert kinds(again) == expected
    for bag in again:
        bag.done()
    assert (box.left(), box.read()) == (0, 3)
    assert kinds(box.source.bags(now=NOW)) == []


def test_the_same_mail_is_the_same_news(box):
    box.deliver(report())
    [one] = [receipt.event_id for bag in box.source.bags(now=NOW) for receipt in bag.receipts]
    [two] = [receipt.event_id for bag in box.source.bags(now=NOW) for receipt in bag.receipts]

    assert one == two


def test_many_mails_come_in_bags_of_fifty(box):
    box.deliver(*(mail(f"number {number}", sender="ada@example.org") for number in range(120)))

    assert [len(bag.receipts) for bag in box.source.bags(now=NOW)] == [50, 50, 20]


def test_mail_that_a_person_left_in_cur_unread_is_read(tmp_path):
    box = MaildirBox(tmp_path)
    (tmp_path / "cur" / "1.host:2,").write_bytes(report())
    (tmp_path / "cur" / "2.host:2,FS").write_bytes(report())
    bags = list(box.source.bags(now=NOW))
    assert kinds(bags) == [ReceiptKind.BOUNCED]
    bags[0].done()

    assert {path.name for path in (tmp_path / "cur").iterdir()} == {"1.host:2,S", "2.host:2,FS"}


def test_what_is_no_mail_is_put_aside_with_its_reason_and_keeps_nobody_waiting(tmp_path):
    box = MaildirBox(tmp_path)
    new = tmp_path / "new"
    (new / "1.empty").touch()
    (new / "2.link").symlink_to("/etc/passwd")
    os.mkfifo(new / "3.pipe")
    (new / "4.folder").mkdir()
    (new / "5.mail").write_bytes(report())
    os.close(os.open(os.fsencode(new) + b"/6.\xff", os.O_CREAT | os.O_WRONLY))

    bags = list(box.source.bags(now=NOW))
    assert kinds(bags) == [ReceiptKind.BOUNCED]
    for bag in bags:
        bag.done()
    assert list(new.iterdir()) == []
    aside = tmp_path / ".Unreadable"
    assert len(list((aside / "cur").iterdir())) == 5
    reasons = {path.name: path.read_text() for path in aside.glob("*.reason")}
    assert reasons["1.empty.reason"] == "Unreadable: it is empty\n"
    assert reasons["3.pipe.reason"] == "Unreadable: it is no plain file\n"
    assert len(reasons) == 5


def test_a_mail_that_somebody_else_took_meanwhile_is_no_fault(tmp_path):
    box = MaildirBox(tmp_path)
    box.deliver(*MAILS)
    [bag] = list(box.source.bags(now=NOW))
    next((tmp_path / "new").iterdir()).unlink()
    bag.done()

    assert (box.left(), box.read()) == (0, 2)


def test_a_lost_connection_is_made_again_and_nothing_is_lost():
    box = ImapBox()
    box.deliver(*MAILS)
    box.peer.hang_up_at = "FETCH 2"
    with pytest.raises((OSError, imaplib.IMAP4.error)):
        list(box.source.bags(now=NOW))
    box.peer.hang_up_at = ""

    assert len(kinds(box.source.bags(now=NOW))) == 3
    assert box.peer.logins == 2
    box.close()


def test_an_empty_mail_is_put_aside_and_is_no_answer_of_anybody():
    box = ImapBox()
    box.deliver(b"", MAILS[1])
    heard = []
    for bag in box.source.bags(now=NOW):
        heard += bag.receipts
        bag.done()
    assert ([receipt.kind for receipt in heard], box.left(), box.read()) == ([ReceiptKind.REPLIED], 0, 1)
    box.close()


def test_a_refusal_is_told_without_the_servers_words():
    box = ImapBox()
    box.peer.refuse = "SELECT"
    with pytest.raises(imaplib.IMAP4.error, match="refused a command") as refused:
        list(box.source.bags(now=NOW))

    assert "ada@" not in str(refused.value)
    box.close()


def test_a_folders_name_is_written_as_the_protocol_wants_it():
    settings = MailboxSettings(host="127.0.0.1", username="x", folder='Rückläufer & "Co"')
    box = ImapBox()
    box.source = Imap(settings.model_copy(update={"port": box.peer.port, "encryption": "never"}))
    with pytest.raises(imaplib.IMAP4.error):
        list(box.source.bags(now=NOW))

    assert 'SELECT "R&APw-ckl&AOQ-ufer &- \\"Co\\""' in box.peer.commands
    box.close()


WRONG = {
    "no Maildir": (lambda folder: {"maildir": folder / "none"}, "has no folder `new`"),
    "two mailboxes": (lambda folder: {"maildir": folder, "host": "imap.example"}, "both set"),
    "no user": (lambda folder: {"host": "imap.example"}, "TIDINGS_MAILBOX__USERNAME is not"),
}


@pytest.mark.parametrize(("given", "told"), WRONG.values(), ids=WRONG)
def test_a_wrong_mailbox_is_refused_at_the_start(tmp_path, given, told):
    with pytest.raises(Problem, match=told):
        source(MailboxSettings(**given(tmp_path)))


def test_no_mailbox_is_none():
    assert source(MailboxSettings()) is None


@pytest.mark.parametrize("name", [b"l" * 255, b"\xff\xfe" * 100, b"1.x:2," + b"S" * 200, b"1\n2:2,\xff"])
def test_no_name_of_a_mail_keeps_those_behind_it_waiting(tmp_path, name):
    box = MaildirBox(tmp_path / "mail")
    for content in (MAILS[0], b""):
        (box.folder / "new" / os.fsdecode(name)).write_bytes(content)
        box.deliver(MAILS[1])
        heard = []
        for bag in box.source.bags(now=NOW):
            heard += bag.receipts
            bag.done()
        assert (len(heard), box.left()) == (1 + bool(content), 0)


def test_folders_in_which_nothing_waits_are_looked_into_again_once_they_change(tmp_path):
    box = MaildirBox(tmp_path / "mail")
    read = box.folder / "cur" / "1.host:2,S"
    read.write_bytes(MAILS[1])
    for folder in ("new", "cur"):
        os.utime(box.folder / folder, (1, 1))

    def heard():
        return sum(len(bag.receipts) for bag in box.source.bags(now=NOW))

    assert [heard(), heard()] == [0, 0]
    os.utime(read, (1, 1))  # changes the mail, and no folder
    assert heard() == 0
    box.deliver(MAILS[0])
    assert heard() == 1
    read.rename(read.with_name("1.host:2,"))  # a person marks it as unread
    assert heard() == 2
