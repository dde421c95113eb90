"""What comes back lands on the one customer record, proves itself, binds the next send, and is struck off last."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import create_engine, text

from channels.contract import Bag
from channels.email.maildir import Maildir
from store.replies import by_reference
from tests.channels.returned import abuse, mail, multipart, report
from tests.shelf import add_attempt, add_delivery, add_message, add_run
from tests.town import NOON, settle
from tests.work.test_deliver import House, Scripted
from tidings.channel import Channel
from tidings.outcome import ErrorClass, Refused, Rejected, Unknown
from tidings.receipt import Receipt, ReceiptKind
from work.find import find
from work.gather import gather, take
from work.preference import stop_marketing
from work.reply import MOST_AN_HOUR, forward

LATER = NOON + timedelta(hours=2)


REFERENCE = "K7Q4MTX2AB"


class Post(House):
    """One offer that went to Ada by e-mail, a mailbox, and a service desk."""

    def __init__(self, settings, engine, folder):
        super().__init__(settings, engine)
        for part in ("new", "cur", "tmp"):
            (folder / part).mkdir(parents=True)
        self.folder = folder
        [self.ada] = settle(engine, 1, channels=("email", "sms", "letter"))
        self.desk = Scripted(Channel.EMAIL)
        self.sent()

    def sent(self):
        """Write down that it went out."""
        with self.engine.begin() as connection:
            self.run = add_run(connection)
            self.message = add_message(connection, self.run, self.ada, document="autumn/1")
            delivery = add_delivery(connection, self.message)
            self.attempt = add_attempt(connection, delivery)
            connection.execute(text("UPDATE deliveries SET reference = :reference"), {"reference": REFERENCE})
        self.reference, self.to = REFERENCE, "c1@example.org"
        self.message_id = f"<{self.message}.{REFERENCE}@nordlys.example>"
        self.raw = f"To: Ada <{self.to}>\nSubject: An offer\nMessage-ID: {self.message_id}\n\nHello\n"

    def bring(self, *mails, now=LATER):
        for number, raw in enumerate(mails):
            (self.folder / "new" / f"{number}.{len(raw)}").write_bytes(raw)
        gathered = gather(self.installation, {"mailbox": Maildir(self.folder)}, now=now)
        assert not gathered.failed
        assert list((self.folder / "new").iterdir()) == []
        return +gathered.counts["mailbox"]

    def bounce(self, code="5.1.1", said="smtp; 550 5.1.1 User unknown", **changes):
        given = {"original": self.raw, "whom": self.to, "envelope": self.attempt}
        return report(code, said, **(given | changes))

    def answer(self, text="Is it in stock?", **headers):
        given = {"sender": f"Ada <{self.to}>", "subject": "Re: offer", "In_Reply_To": self.message_id}
        return mail(text, **(given | headers))

    def closed(self):
        return {
            tuple(row) for row in self.sql("SELECT channel, value FROM suppressions WHERE lifted_at IS NULL")
        }

    def history(self, kind):
        return self.sql(
            "SELECT customer_id, message_id::text, machine FROM touchpoints WHERE kind = :kind", kind=kind
        )

    def forward(self, now=LATER):
        return forward(self.installation, lambda: (self.desk,), now=now)

    def forwarded(self):
        return [message_from_bytes(parcel.content.raw, policy=policy.default) for parcel in self.desk.handed]


@pytest.fixture
def post(settings, engine, tmp_path):
    return Post(settings, engine, tmp_path / "Mail")


class Life(Post):
    """The same with a real campaign and the real mail."""

    def sent(self):
        self.plan().send()
        [parcel] = self.email.handed
        self.message, self.attempt, self.to = parcel.message, parcel.attempt, parcel.content.to
        self.raw = parcel.content.raw.decode().replace("\r\n", "\n")
        self.message_id = re.search(r"Message-ID:\s*(\S+)", self.raw)[1]
        self.reference = self.message_id.rpartition("@")[0].rpartition(".")[2]


@pytest.fixture
def life(settings, engine, tmp_path):
    return Life(settings, engine, tmp_path / "Mail")


def test_a_hard_bounce_of_a_real_mail_closes_the_address_and_moves_the_message_on(life):
    assert life.bring(life.bounce(envelope="")) == {"bounced": 1}
    assert life.closed() == {("email", life.to)}
    assert life.history("bounced") == [(life.ada, life.message, False)]
    life.now = LATER
    life.send()
    assert [parcel.message for parcel in life.sms.handed] == [life.message]


def test_the_same_bounce_twice_is_one(post):
    post.bring(post.bounce())
    assert post.bring(post.bounce()) == {"known": 1}
    assert len(post.history("bounced")) == 1


BELIEVED = {
    "our Message-ID is quoted": {"envelope": ""},
    "our ENVID is quoted": {"original": ""},
    "the recipient has another case": {"whom": "C1@Example.ORG"},
}


@pytest.mark.parametrize("changes", BELIEVED.values(), ids=BELIEVED)
def test_a_bounce_that_quotes_what_only_our_mail_had_is_believed(post, changes):
    assert post.bring(post.bounce(**changes)) == {"bounced": 1}
    assert post.closed() == {("email", post.to)}


UNKNOWN = "0198c0de-1111-7222-8333-0123456789ab"
FORGED = {
    "nothing but the address": lambda post: post.bounce(original="", envelope=""),
    "another message with the right reference": lambda post: post.bounce(
        original=f"Message-ID: <{UNKNOWN}.{post.reference}@nordlys.example>\n\n", envelope=""
    ),
    "the right message with another reference": lambda post: post.bounce(
        original=f"Message-ID: <{post.message}.AAAAAAAAAA@nordlys.example>\n\n", envelope=""
    ),
    "an attempt of nobody": lambda post: post.bounce(original="", envelope=UNKNOWN),
    "a complaint that quotes nothing": lambda post: abuse(original=f"To: {post.to}\n\nspam"),
    "a return path for somebody else": lambda post: post.bounce(
        original="", envelope="", whom="c2@example.org"
    ).replace(b"To: hei@", b"To: hei+" + post.reference.encode() + b"@"),
}


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED)
def test_a_forged_mail_is_counted_and_changes_nothing(post, make):
    assert post.bring(make(post)) == {"unmatched": 1}
    assert post.closed() == set()
    assert post.history("bounced") == post.history("complained") == []


def test_a_bounce_of_where_the_customer_forwards_to_closes_no_address_of_theirs(post):
    assert post.bring(post.bounce(whom="elsewhere@example.net")) == {"bounced": 1}
    assert post.closed() == set()


SPARED = {
    "a full mailbox": lambda post: post.bounce("5.2.2", "smtp; 552 5.2.2 Over quota"),
    "a block list": lambda post: post.bounce("5.7.1", "smtp; 554 5.7.1 blocked using zen.spamhaus.org"),
    "DMARC": lambda post: post.bounce("5.7.26", "smtp; 550 5.7.26 DMARC policy"),
    "a delay": lambda post: post.bounce("4.4.1", "", action="delayed"),
    "a vacation": lambda post: post.answer("User unknown here", Auto_Submitted="auto-replied"),
    "a vacation by its subject": lambda post: post.answer("550 5.1.1", subject="Out of Office"),
    "a question": lambda post: post.answer("My mailbox was full, user unknown they said"),
}


@pytest.mark.parametrize("make", SPARED.values(), ids=SPARED)
def test_nobody_is_closed_off_for_what_is_not_theirs(post, make):
    post.bring(make(post))

    assert post.closed() == set()


def stop_by_mail(post):
    post.bring(post.answer("STOP"))


def complain(post):
    post.bring(abuse(original=post.raw))


def bounce(post):
    post.bring(post.bounce())


def click(post):
    with post.engine.begin() as connection:
        stop_marketing(
            connection, customer=post.ada, brand=post.installation.organisation.brand(None),
            purposes=("offer",), proof="List-Unsubscribe=One-Click", now=LATER, source="unsubscribe",
            message=post.message,
        )  # fmt: skip


def stop_by_sms(post):
    take(post.installation, [receipt(ReceiptKind.STOPPED, Channel.SMS, address="+4740600001")], now=LATER)


def letter_returned(post):
    take(
        post.installation,
        [receipt(ReceiptKind.RETURNED, Channel.LETTER, address="Storgata 1, 0155 Oslo")],
        now=LATER,
    )


def receipt(kind, channel, **given):
    return Receipt(provider="test", event_id=f"{kind}", kind=kind, channel=channel, at=LATER, **given)


def test_a_stop_from_another_address_closes_the_one_that_we_wrote_to(post):
    assert post.bring(post.answer("STOP", sender="ada@work.example")) == {"stopped": 1}
    assert post.closed() == {("email", post.to)}


def test_a_stop_that_quotes_ids_that_do_not_belong_together_closes_nothing_of_ours(post):
    quoting = f"<{UNKNOWN}.{post.reference}@nordlys.example>"
    post.bring(post.answer("STOP", sender="eve@example.net", In_Reply_To=quoting))
    assert ("email", post.to) not in post.closed()


FAILED = "mx.nordlys.example; spf=fail; dmarc=fail (p=reject) header.from=example.org"
BELIEVED = {
    "what answers our mail closes the channel": ({}, "stopped", {"email"}, 1),
    "what anybody could have written ends marketing and closes nothing": (
        {"In_Reply_To": "", "subject": "STOP"}, "stopped", set(), 1,
    ),
    "what the server found to be forged is for a person to read": (
        {"In_Reply_To": "", "subject": "STOP", "Authentication_Results": FAILED}, "replied", set(), 0,
    ),
    "what answers our mail is the customer's, whatever a forwarder did to it": (
        {"Authentication_Results": FAILED}, "stopped", {"email"}, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("headers", "kind", "closed", "withdrawn"), BELIEVED.values(), ids=BELIEVED)
def test_how_far_a_stop_by_mail_is_believed(post, headers, kind, closed, withdrawn):
    """What is owed is kept from nobody by a mail whose sender is invented; at most one customer's marketing ends."""
    assert post.bring(post.answer("STOP", **headers)) == {kind: 1}

    assert {channel for channel, _ in post.closed()} == closed
    found = post.sql("SELECT brand, channel, topic FROM consents WHERE action = 'withdrawn'")
    assert [tuple(row) for row in found] == [("nordlys", "email", "all")] * withdrawn


BINDING = {
    "STOP by e-mail": (stop_by_mail, "email"),
    "a complaint": (complain, "email"),
    "a hard bounce": (bounce, "email"),
    "one click": (click, "email"),
    "STOP by SMS": (stop_by_sms, "sms"),
    "a letter that came back": (letter_returned, "letter"),
}


@pytest.mark.parametrize(("happens", "channel"), BINDING.values(), ids=BINDING)
def test_whatever_closes_a_channel_binds_messages_that_are_planned_already(life, happens, channel):
    """Planned before, sent after: nothing goes out on that channel any more."""
    life.plan(name="winter", channels=[channel])
    happens(life)
    life.email.handed.clear()
    life.now = LATER
    with life.sender() as sender:
        sender.providers = {Channel(channel): (Scripted(Channel(channel)),)}
        sender.send_due(run=life.run)
        handed = sender.providers[Channel(channel)][0].handed

    assert handed == []
    [(state, reason)] = life.sql("SELECT state, reason FROM messages WHERE run_id = :run", run=life.run)
    assert (state, bool(reason)) == ("held", True)


ANSWERS = {
    "it answers our mail": {},
    "it only refers to it": {"In_Reply_To": None, "References": "<a@b> {id}"},
    "it names the reference": {"In_Reply_To": None, "subject": "About {reference}"},
    "it comes from the address we wrote to": {"In_Reply_To": None},
    "it comes from another address, and answers": {"sender": "ada@work.example"},
}


@pytest.mark.parametrize("headers", ANSWERS.values(), ids=ANSWERS)
def test_a_reply_lands_on_the_message_that_it_answers(post, headers):
    filled = {
        name: value and value.format(id=post.message_id, reference=post.reference)
        for name, value in headers.items()
    }
    assert post.bring(post.answer(**filled)) == {"replied": 1}
    assert post.history("replied") == [(post.ada, post.message, False)]


def test_a_reply_reaches_the_service_desk_and_its_answer_the_customer(post):
    post.bring(post.answer("Is it in stock?\n.\nSubject: x"))
    assert post.forward() == {"sent": 1}
    [parcel], [told] = post.desk.handed, post.forwarded()

    assert (parcel.content.to, told["Reply-To"]) == ("hjelp@nordlys.example", post.to)
    assert (told["Auto-Submitted"], bool(told["X-Tidings-Forwarded"])) == ("auto-generated", True)
    body = told.get_content()
    assert "> Is it in stock?" in body
    assert "> Subject: x" in body
    assert post.reference in body
    assert post.forward(now=LATER + timedelta(days=1)) == {}


def test_a_reply_is_sent_again_under_the_same_id_until_somebody_has_it(post):
    post.bring(post.answer())
    post.desk.default = Unknown(code="lost")
    assert post.forward() == {"waiting": 1}
    assert post.forward(now=LATER + timedelta(seconds=30)) == {}
    post.desk.default = Scripted(Channel.EMAIL).default
    assert post.forward(now=LATER + timedelta(minutes=2)) == {"sent": 1}

    first, second = post.forwarded()
    assert first["Message-ID"] == second["Message-ID"]
    assert post.desk.handed[0].content.raw == post.desk.handed[1].content.raw


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(Refused(error=ErrorClass.CONFIG, code="535", wait=timedelta(0)), id="refuses"),
        pytest.param(Unknown(code="reset"), id="is cut off"),
    ],
)
def test_a_reply_goes_by_the_next_provider_where_the_first_does_not_take_it(post, first):
    """Under the same Message-ID: a desk that gets it twice sees it once, and one that waits sees nothing."""
    post.bring(post.answer())
    post.desk.default = first
    second = Scripted(Channel.EMAIL)

    assert forward(post.installation, lambda: [post.desk, second], now=LATER) == {"sent": 1}

    assert [parcel.content.raw for parcel in second.handed] == [post.desk.handed[0].content.raw]


def test_the_desk_is_told_what_is_attached_and_where_it_lies(post):
    letter = multipart(
        "mixed", ("text/plain", "See the photo"), ("image/jpeg", "xxxx"), ("application/pdf", "yyyy"),
        sender=f"Ada <{post.to}>", subject="Re: offer", In_Reply_To=post.message_id,
    )  # fmt: skip
    post.bring(letter)
    post.forward()

    [told] = post.forwarded()
    assert "> See the photo" in told.get_content()
    assert "> [attached, and still in the mailbox: image/jpeg, application/pdf]" in told.get_content()


def test_a_process_that_dies_while_it_forwards_leaves_the_reply_to_the_next(post):
    post.bring(post.answer())
    post.desk.dies_after = 0
    with pytest.raises(SystemExit):
        post.forward()
    post.desk.dies_after = None

    assert post.forward() == {}
    assert post.forward(now=LATER + timedelta(minutes=6)) == {"sent": 1}


def test_what_the_desk_refuses_for_good_stays_in_the_table(post):
    post.bring(post.answer())
    post.desk.default = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")

    assert post.forward() == {"held": 1}
    assert post.sql("SELECT text FROM replies WHERE state = 'held'") == [("Re: offer\n\nIs it in stock?",)]


def test_a_machines_answer_is_never_forwarded_nor_is_our_own_mail(post):
    post.bring(post.answer())
    post.forward()
    own = post.desk.handed[0].content.raw
    post.bring(own, post.answer("Away", subject="Out of office", Auto_Submitted="auto-replied"))

    assert post.forward() == {}
    assert [machine for _, _, machine in post.history("auto_replied")] == [True]


def test_of_one_sender_only_so_many_are_forwarded_in_an_hour(post):
    post.bring(*(post.answer(f"{'very ' * number}urgent") for number in range(MOST_AN_HOUR + 5)))

    assert post.forward() == {"sent": MOST_AN_HOUR}
    assert post.sql("SELECT count(*) FROM replies WHERE state = 'held'") == [(5,)]
    post.bring(post.answer("an hour later"), now=LATER + timedelta(minutes=61))
    assert post.forward(now=LATER + timedelta(minutes=61)) == {"sent": 1}


def test_a_stranger_is_forwarded_without_a_customer(post):
    assert post.bring(mail("Do you sell roses?", sender="bo@example.net", subject="Roses")) == {
        "unmatched": 1
    }
    assert post.forward() == {"sent": 1}
    assert post.forwarded()[0]["Subject"] == "Reply by email from somebody unknown"
    assert post.history("replied") == []


HOSTILE = {
    "a line break in the sender": "ada@example.org\r\nBcc: all@example.org",
    "a sender that is none": "<<<>>>",
    "two senders": "a@example.org, b@example.org",
    "a name with a break": '"Ada\r\n Bcc: x@example.org" <ada@example.org>',
    "a long sender": "a" * 5000 + "@example.org",
    "not ASCII": "Ådå <ådå@exämple.org>",
}


@pytest.mark.parametrize("sender", HOSTILE.values(), ids=HOSTILE)
def test_no_sender_breaks_into_the_mail_to_the_desk(post, sender):
    post.bring(mail("Hello\0", sender=sender, subject="Re: x\r\nBcc: all@example.org"))
    assert post.forward() == {"sent": 1}
    [told] = post.forwarded()

    assert told["Bcc"] is None
    assert told["To"] == "hjelp@nordlys.example"


def test_a_reply_by_sms_goes_to_the_desk_too(post):
    said = replace(receipt(ReceiptKind.REPLIED, Channel.SMS, address="+4740600001"), text="Call me")
    take(post.installation, [said], now=LATER)
    assert post.forward() == {"sent": 1}
    [told] = post.forwarded()

    assert (told["Subject"], told["Reply-To"]) == ("Reply by sms from C1", None)
    assert "> Call me" in told.get_content()


class Bags:
    """A source of given bags; remembers which are done."""

    name = "test"

    def __init__(self, *receipts, fails_at=None):
        self.receipts = receipts
        self.fails_at = fails_at
        self.done = []

    def bags(self, *, now):
        for number, one in enumerate(self.receipts):
            if number == self.fails_at:
                raise ConnectionError("ada@example.org")
            yield Bag(receipts=[one], done=lambda number=number: self.done.append(number))


def test_what_is_not_committed_is_not_struck_off(post):
    gone = create_engine(post.engine.url.set(database="gone"))
    lost = replace(post.installation, engine=gone)
    source = Bags(receipt(ReceiptKind.STOPPED, Channel.SMS, address="+4740600001"))
    gathered = gather(lost, {"test": source}, now=LATER)

    assert (source.done, gathered.failed) == ([], {"test": "OperationalError"})
    gone.dispose()


def test_a_source_that_fails_keeps_no_other_waiting_and_tells_no_name(post):
    stop = receipt(ReceiptKind.STOPPED, Channel.SMS, address="+4740600001")
    broken, fine = Bags(stop, stop, fails_at=1), Bags(replace(stop, event_id="2"))
    gathered = gather(post.installation, {"broken": broken, "fine": fine}, now=LATER)

    assert gathered.failed == {"broken": "ConnectionError"}
    assert (broken.done, fine.done) == ([0], [0])


@pytest.mark.parametrize("write", [str, str.lower, lambda r: f" {r[:4]}-{r[4:7]} {r[7:]} ".lower()])
def test_a_reference_is_found_however_it_is_typed(post, write):
    found = find(post.installation, write(post.reference))

    assert (found["reference"], found["message"], found["customer"]) == (
        post.reference,
        post.message,
        "C1",
    )
    assert (found["run"], found["channel"], found["document"]) == (post.run, "email", "autumn/1")
    assert [attempt["attempt"] for attempt in found["attempts"]] == [post.attempt]


def test_a_delivery_knows_all_its_attempts(post):
    with post.engine.begin() as connection:
        found = by_reference(connection, [post.reference, "NOTHING"])

    assert list(found) == [post.reference]
    assert found[post.reference].attempts == [post.attempt]


UNSTORABLE = {"half an emoji": "\ud83d", "NUL": "\0"}


@pytest.mark.parametrize("sign", UNSTORABLE.values(), ids=UNSTORABLE)
@pytest.mark.parametrize("field", ["text", "address", "reference", "provider_reference", "event_id", "code"])
def test_what_no_database_takes_does_not_keep_a_stop_out(post, field, sign):
    """Else the provider would bring it again and again, and at last no more."""
    given = {"text": "STOP", "address": "+4740600001", "event_id": "1", "reference": "", "code": ""}
    given |= {"provider_reference": "SM1"}
    said = Receipt(
        provider="aws",
        kind=ReceiptKind.STOPPED,
        channel=Channel.SMS,
        at=LATER,
        **(given | {field: given[field] + sign}),
    )

    take(post.installation, [said], now=LATER)
    assert take(post.installation, [said], now=LATER)["known"] == 1
    if field != "address" or sign == "\0":
        assert post.closed() == {("sms", "+4740600001")}
