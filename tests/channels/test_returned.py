"""What a mail that comes back says: whose fault it is, who answers, and that nothing in it can hurt us."""

# ruff: noqa: E501 -- what servers wrote stays on its line
import base64
import json
import time
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.causes import cause
from channels.email.incoming import read
from channels.email.news import news
from tests.channels.returned import (
    ATTEMPT,
    MESSAGE,
    ORIGINAL,
    REFERENCE,
    WHOM,
    abuse,
    mail,
    multipart,
    report,
    status,
)
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ADDRESS, OURS, LATER, MESSAGE_ITSELF = (
    ErrorClass.ADDRESS,
    ErrorClass.CONFIG,
    ErrorClass.TRANSIENT,
    ErrorClass.DATA,
)

SERVERS = {
    "postfix, nobody": ("5.1.1", "smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual mailbox table", ADDRESS),
    "gmail, nobody": ("5.1.1", "smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try double-checking", ADDRESS),
    "gmail, disabled": ("5.2.1", "smtp; 550 5.2.1 The email account that you tried to reach is disabled", ADDRESS),
    "gmail, full": ("5.2.2", "smtp; 552-5.2.2 The recipient's inbox is out of storage space and inactive", LATER),
    "gmail, not authenticated": ("5.7.26", "smtp; 550-5.7.26 Your email has been blocked because the sender is unauthenticated. SPF and DKIM did not pass", OURS),
    "gmail, unsolicited": ("5.7.1", "smtp; 550-5.7.1 Our system has detected that this message is likely unsolicited mail", OURS),
    "office, nobody": ("5.1.10", "smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", ADDRESS),
    "office, nobody at the edge": ("5.4.1", "smtp; 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", ADDRESS),
    "office, banned": ("5.7.606", "smtp; 550 5.7.606 Access denied, banned sending IP [192.0.2.1]", OURS),
    "office, only some may": ("5.7.124", "smtp; 550 5.7.124 Sender not in allowed-senders list", OURS),
    "outlook, block list": ("5.7.1", "smtp; 550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent, part of their network is on our block list (S3140)", OURS),
    "hotmail, nobody": ("5.5.0", "smtp; 550 5.5.0 Requested action not taken: mailbox unavailable", ADDRESS),
    "yahoo, nobody": ("5.0.0", "smtp; 554 delivery error: dd This user doesn't have a yahoo.com account (ada@yahoo.com) [0]", ADDRESS),
    "yahoo, policy": ("5.7.9", "smtp; 554 5.7.9 Message not accepted for policy reasons", OURS),
    "icloud, nobody": ("5.1.1", "smtp; 550 5.1.1 <ada@icloud.com>: user does not exist", ADDRESS),
    "gmx, policy": ("5.0.0", "smtp; 554-Transaction failed 554-Reject due to policy restrictions.", OURS),
    "web.de, our DNS": ("5.0.0", "smtp; 550-Requested action not taken: mailbox unavailable 550 invalid DNS MX or A/AAAA resource record", OURS),
    "mail.ru, nobody": ("5.0.0", "smtp; 550 Message was not accepted -- invalid mailbox.  Local mailbox ada@mail.ru is unavailable: user not found", ADDRESS),
    "qq, nobody": ("5.0.0", "smtp; 550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help", ADDRESS),
    "domino, nobody": ("5.1.1", "smtp; 550 5.1.1 User ada (ada@example.org) not listed in Domino Directory", ADDRESS),
    "mimecast, policy": ("5.0.0", "smtp; 550 Administrative prohibition - envelope blocked - https://community.mimecast.com", OURS),
    "mimecast, nobody": ("5.0.0", "smtp; 550 Invalid Recipient - https://community.mimecast.com", ADDRESS),
    "barracuda, reputation": ("5.7.1", "smtp; 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using Barracuda Reputation", OURS),
    "spamhaus, though it says 5.1.1": ("5.1.1", "smtp; 550 5.1.1 <ada@example.org>: Recipient address rejected: blocked using dbl.spamhaus.org", OURS),
    "relaying": ("5.7.1", "smtp; 554 5.7.1 <ada@example.org>: Relay access denied", OURS),
    "sendmail, relaying": ("5.7.1", "smtp; 550 5.7.1 <ada@example.org>... Relaying denied. Proper authentication required.", OURS),
    "exim, relay": ("5.0.0", "smtp; 550 relay not permitted", OURS),
    "no login": ("5.7.8", "smtp; 535 5.7.8 Authentication credentials invalid", OURS),
    "our domain": ("5.1.8", "smtp; 550 5.1.8 <hei@nordlys.example>: Sender address rejected: Domain not found", OURS),
    "DMARC": ("5.7.1", "smtp; 550 5.7.1 Unauthenticated email is not accepted due to domain's DMARC policy", OURS),
    "too big": ("5.3.4", "smtp; 552 5.3.4 Message size exceeds fixed maximum message size", MESSAGE_ITSELF),
    "full": ("5.2.2", "smtp; 552 5.2.2 Over quota", LATER),
    "full, said as 5.1.1": ("5.1.1", "smtp; 550 5.1.1 Mailbox is full / user unknown", LATER),
    "no such domain": ("5.4.4", "X-Postfix; Host or domain name not found. Name service error for name=x.example type=A: Host not found", ADDRESS),
    "only a code of the address": ("5.1.1", "", ADDRESS),
    "only a code of policy": ("5.7.1", "", OURS),
    "a code that says nothing": ("5.0.0", "", LATER),
    "words that say nothing": ("5.0.0", "smtp; 554 Transaction failed", LATER),
    "an address made of telling words": ("5.0.0", "smtp; 550 <user.unknown@spam.example> refused", LATER),
    "polish": ("5.0.0", "smtp; 550 Użytkownik nie istnieje", ADDRESS),
    "portuguese": ("5.0.0", "smtp; 550 Caixa postal inexistente", ADDRESS),
    "norwegian": ("5.0.0", "smtp; 550 Mottaker finnes ikke", ADDRESS),
    "swedish": ("5.0.0", "smtp; 550 Mottagaren är okänd", ADDRESS),
    "german, full": ("5.0.0", "smtp; 552 Das Postfach ist voll", LATER),
}  # fmt: skip


@pytest.mark.parametrize(("code", "said", "error"), SERVERS.values(), ids=SERVERS)
def test_only_words_about_the_address_are_held_against_it(code, said, error):
    [receipt] = news(report(code, said), now=NOW)

    assert (receipt.kind, receipt.error) == (ReceiptKind.BOUNCED, error)


GIVEN_UP = {
    "greylisted until the end": ("4.2.0", "smtp; 450 4.2.0 Recipient address rejected: Greylisted"),
    "nobody answered": ("4.4.1", "X-Postfix; connect to mx.example[192.0.2.1]:25: Connection timed out"),
    "too long in the queue": ("5.4.7", "smtp; 550 5.4.7 message expired"),
    "office gave up": ("5.4.300", "smtp; 550 5.4.300 Message expired -> 451 4.4.0"),
    "a loop": ("5.4.14", "smtp; 554 5.4.14 Hop count exceeded - possible mail loop"),
    "soft, though it names the user": ("4.1.1", "smtp; 450 4.1.1 User unknown in local table"),
}


@pytest.mark.parametrize(("code", "said"), GIVEN_UP.values(), ids=GIVEN_UP)
def test_a_server_that_gave_up_says_nothing_about_the_address(code, said):
    [receipt] = news(report(code, said), now=NOW)

    assert (receipt.kind, receipt.error) == (ReceiptKind.EXPIRED, LATER)


ACTIONS = {
    "delayed": ReceiptKind.DELAYED,
    "Delayed (will retry)": ReceiptKind.DELAYED,
    "delivered": ReceiptKind.DELIVERED,
    "relayed": ReceiptKind.ACCEPTED,
    "expanded": ReceiptKind.ACCEPTED,
    "Failed": ReceiptKind.BOUNCED,
    "error": ReceiptKind.BOUNCED,
    "": ReceiptKind.BOUNCED,
}


@pytest.mark.parametrize(("action", "kind"), ACTIONS.items())
def test_the_action_of_a_report_decides_its_kind(action, kind):
    [receipt] = news(report(action=action), now=NOW)

    assert receipt.kind is kind


def test_a_report_names_message_reference_attempt_and_address():
    [receipt] = news(report(), now=NOW)

    assert (receipt.message, receipt.reference, receipt.attempt) == (MESSAGE, REFERENCE, ATTEMPT)
    assert (receipt.address, receipt.code, receipt.text) == (WHOM, "5.1.1", "")


BELOW = f"\n--- Below this line is a copy of the message.\n\n{ORIGINAL}"
WRITTEN = {
    "qmail": mail(f"Hi. This is the qmail-send program at mx.example.org.\nI'm afraid I wasn't able to deliver your message to the following addresses.\n\n<{WHOM}>:\nSorry, no mailbox here by that name. (#5.1.1)\n{BELOW}", subject="failure notice"),
    "exim": mail(f"This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its recipients.\n\n  {WHOM}\n    Unrouteable address\n\n------ This is a copy of the message, including all the headers. ------\n\n{ORIGINAL}", subject="Mail delivery failed: returning message to sender", X_Failed_Recipients=WHOM, Auto_Submitted="auto-replied"),
    "postfix of old": multipart("mixed", ("text/plain", f"This is the Postfix program at host mx.\n\nI'm sorry to have to inform you that your message could not be delivered.\n\n<{WHOM}>: unknown user: \"ada\""), ("message/rfc822", ORIGINAL)),
    "domino": mail(f"Your message\n\n  Subject: Your invoice\n\nwas not delivered to:\n\n  {WHOM}\n\nbecause:\n\n  User ada ({WHOM}) not listed in Domino Directory\n", sender="Postmaster@example.org", subject="DELIVERY FAILURE: User ada not listed in Domino Directory"),
    "exchange of old": multipart("mixed", ("text/plain", f"Your message\n\n  To: ada\n  Subject: Your invoice\n\ndid not reach the following recipient(s):\n\n{WHOM} on Tue, 3 Mar 2026\n    The recipient name is not recognized\n"), ("message/rfc822", ORIGINAL), sender="System Administrator <postmaster@example.org>", subject="Undeliverable: Your invoice"),
    "groupwise": mail(f"The message that you sent was undeliverable to the following:\n\t{WHOM} (user not found)\n", sender="Mailer-Daemon@gw.example.org", subject="Message status - undeliverable"),
    "ezweb": mail(f"次のあて先へのメッセージはエラーのため送信できませんでした。\n\n    Recipient: <{WHOM}>\n    >>> RCPT TO:<{WHOM}>\n    <<< 550 <{WHOM}>: User unknown\n", sender="Postmaster@ezweb.ne.jp", subject="Mail System Error - Returned Mail", charset="iso-2022-jp"),
    "mail.ru": mail(f"К сожалению, Ваше письмо не может быть доставлено:\n\n  {WHOM}\n    550 5.1.1 <{WHOM}>... User Unknown\n", subject="=?UTF-8?B?0JLQsNGI0LUg0YHQvtC+0LHRidC10L3QuNC1INC90LUg0LTQvtGB0YLQsNCy0LvQtdC90L4=?=", X_Failed_Recipients=WHOM),
    "a German server": mail(f"Ihre Nachricht konnte nicht zugestellt werden.\n\n{WHOM}\n\nEmpfänger unbekannt\n{BELOW}", subject="Unzustellbar: Rechnung", sender="postmaster@example.de"),
    "a Polish server": mail(f"Wiadomość nie mogła zostać dostarczona.\n\n{WHOM}: użytkownik nie istnieje\n{BELOW}", subject="Niedostarczona wiadomość", sender="postmaster@example.pl"),
    "an operator's gateway": mail(f"Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\nRCPT TO: {WHOM}\n", sender="post_master@example.org", subject="Re: Your invoice"),
    "a mail returned without a head of its part": multipart("mixed", ("text/plain\n   charset=\"iso-8859-1\"", f"The following addresses had delivery errors\n\n{WHOM} [User unknown]")).replace(b"--b=_1--", b"--b=_1\n" + ORIGINAL.encode() + b"\n--b=_1--"),
    "a report without its type": multipart("mixed", ("text/plain", "It failed."), ("text/plain", status()), ("text/plain", ORIGINAL)),
    "a report inside a mail that was passed on": multipart("mixed", ("text/plain", "FYI"), ("message/rfc822", report().decode()), subject="Fwd: bounce", sender="it@nordlys.example"),
    "a report with old line ends": report().replace(b"\n", b"\r"),
    "a report that breaks off": report()[:-300],
    "a null sender and few words": mail("You sent mail to ada@example.org. That's not a valid user here.", sender="<>", subject=None, Auto_Submitted="auto-replied"),
}  # fmt: skip


@pytest.mark.parametrize("raw", WRITTEN.values(), ids=WRITTEN)
def test_servers_that_write_as_they_like_are_understood(raw):
    [receipt] = news(raw, now=NOW)

    assert (receipt.kind, receipt.error, receipt.address) == (ReceiptKind.BOUNCED, ADDRESS, WHOM)


def test_a_warning_in_words_is_no_bounce():
    text = f"**  THIS IS A WARNING MESSAGE ONLY  **\n**  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n{WHOM}: Connection timed out\nWill keep trying\n"
    [receipt] = news(mail(text, subject="Warning: could not send message for past 4 hours"), now=NOW)

    assert receipt.kind is ReceiptKind.DELAYED


MACHINES = {
    "RFC 3834": mail("I read mail again on Monday.", sender=WHOM, subject="Re: Your invoice", Auto_Submitted="auto-replied"),
    "X-Autoreply": mail("Away.", sender=WHOM, subject="Re: Your invoice", X_Autoreply="yes"),
    "Precedence": mail("Away.", sender=WHOM, subject="Re: Your invoice", Precedence="auto_reply"),
    "English": mail("Mailbox full of sun.", sender=WHOM, subject="Out of Office: Your invoice"),
    "Norwegian": mail("Jeg er på ferie.", sender=WHOM, subject="Automatisk svar: Faktura"),
    "Norwegian, away": mail("Brukeren finnes ikke på kontoret.", sender=WHOM, subject="Fravær fra kontoret"),
    "Swedish": mail("Åter på måndag.", sender=WHOM, subject="Frånvarande: Faktura"),
    "Polish": mail("Jestem na urlopie.", sender=WHOM, subject="Poza biurem"),
    "Portuguese": mail("Volto na segunda.", sender=WHOM, subject="Resposta automática: Fatura"),
    "an account that was left": mail("I no longer work here, this address is not valid any more.", sender=WHOM, subject="Automatic reply: Your invoice"),
    "a vacation with the null sender": mail("I am away until Monday.", sender=WHOM, subject="Away from my desk", Return_Path="<>"),
    "a challenge": mail("Please click the link below to deliver your message and confirm that you are human.", sender="noreply@boxbe.com", subject="Re: Your invoice (Action Required)"),
    "a read receipt": multipart("report; report-type=disposition-notification", ("text/plain", "Read."), ("message/disposition-notification", f"Final-Recipient: rfc822; {WHOM}\nDisposition: manual-action/MDN-sent-manually; displayed\n"), sender=WHOM, subject="Read: Your invoice"),
    "our own mail to the desk": mail("> STOP", sender="hei@nordlys.example", X_Tidings_Forwarded="1"),
}  # fmt: skip


@pytest.mark.parametrize("raw", MACHINES.values(), ids=MACHINES)
def test_a_machine_that_answers_is_neither_a_bounce_nor_a_person(raw):
    [receipt] = news(raw, now=NOW)

    assert receipt.kind is ReceiptKind.AUTO_REPLIED
    assert (receipt.error, receipt.text) == (None, "")


PEOPLE = {
    "a question": ("Where is my parcel?", "Re: Your invoice", ReceiptKind.REPLIED),
    "words of bounces": ("My mailbox was full and mail to me was returned, user unknown they said.", "Mail problem", ReceiptKind.REPLIED),
    "STOP": (f"STOP\n\nOn Tuesday Nordlys wrote:\n> {ORIGINAL}", "Re: Your invoice", ReceiptKind.STOPPED),
    "stop in Polish": ("wypisz mnie", "Re: Faktura", ReceiptKind.STOPPED),
    "unsubscribe as a subject": ("", "unsubscribe", ReceiptKind.STOPPED),
    "stop in a sentence": ("Please do not stop sending invoices by e-mail", "Re: Your invoice", ReceiptKind.REPLIED),
    "a quoted STOP": ("Thanks!\n\n> Reply STOP to end this\n> STOP", "Re: Your invoice", ReceiptKind.REPLIED),
}  # fmt: skip


@pytest.mark.parametrize(("text", "subject", "kind"), PEOPLE.values(), ids=PEOPLE)
def test_a_person_is_heard(text, subject, kind):
    quoting = f"<{MESSAGE}.{REFERENCE}@nordlys.example>"
    [receipt] = news(mail(text, sender=f"Ada <{WHOM}>", subject=subject, In_Reply_To=quoting), now=NOW)

    assert (receipt.kind, receipt.reference, receipt.address) == (kind, REFERENCE, WHOM)
    assert (text.partition("\n")[0] or subject) in receipt.text


def test_a_reply_keeps_the_persons_words_and_not_the_quoted_mail():
    raw = mail(
        "Is this right?\n\nOn Tuesday Nordlys wrote:\n> Hello Ada, you owe 100", sender=WHOM, subject="Re: x"
    )
    [receipt] = news(raw, now=NOW)

    assert receipt.text == "Re: x\n\nIs this right?"


COMPLAINTS = {
    "abuse": abuse(),
    "fraud": abuse(kind="fraud"),
    "a recipient that is stated": abuse(fields=[f"Original-Rcpt-To: <{WHOM}>"]),
    "a recipient that is hidden": abuse(original=ORIGINAL.replace(f"Ada <{WHOM}>", "undisclosed")),
    "fields with an empty line": abuse(fields=["", f"Original-Rcpt-To: {WHOM}"]),
    "of the old kind": multipart("mixed", ("text/plain", "complaint"), ("message/rfc822", f"X-HmXmrOriginalRecipient: <{WHOM}>\n{ORIGINAL}"), sender="staff@hotmail.com", subject="complaint about message from 192.0.2.1"),
    "without a machine's part": multipart("report; report-type=feedback-report", ("text/plain", "Feedback-Type: abuse\n"), ("message/rfc822", ORIGINAL), sender="fbl@isp.example", subject="Abuse Report"),
    "on behalf of a daemon": abuse().replace(b"From: feedback@isp.example", b"From: MAILER-DAEMON"),
}  # fmt: skip


@pytest.mark.parametrize("raw", COMPLAINTS.values(), ids=COMPLAINTS)
def test_every_complaint_is_one(raw):
    [receipt] = news(raw, now=NOW)

    assert (receipt.kind, receipt.reference, receipt.message) == (ReceiptKind.COMPLAINED, REFERENCE, MESSAGE)
    assert receipt.address in {WHOM, None}


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "dmarc", "virus"])
def test_a_report_on_our_dmarc_is_nobodys_complaint(kind):
    assert news(abuse(kind=kind), now=NOW) == ()


def test_opting_out_by_a_report_is_a_stop():
    assert [receipt.kind for receipt in news(abuse(kind="opt-out"), now=NOW)] == [ReceiptKind.STOPPED]


SES = {
    "Bounce": ({"bounceType": "Permanent", "bounceSubType": "NoEmail"}, [(ReceiptKind.BOUNCED, ADDRESS)]),
    "Complaint": ({"complaintFeedbackType": "abuse"}, [(ReceiptKind.COMPLAINED, None)]),
    "Delivery": ({"recipients": [WHOM]}, []),
}


@pytest.mark.parametrize("enveloped", [False, True])
@pytest.mark.parametrize(("kind", "said", "expected"), [(kind, *case) for kind, case in SES.items()])
def test_an_event_of_ses_by_mail_is_no_persons_reply(kind, said, expected, enveloped):
    """SNS sends it to whoever subscribes by e-mail, with our Message-ID in it and "unsubscribe" below it."""
    sent = {
        "messageId": "0102",
        "destination": [WHOM],
        "headers": [{"value": f"<{MESSAGE}.{REFERENCE}@x.no>"}],
    }
    text = json.dumps({"notificationType": kind, kind.lower(): said, "mail": sent})
    if enveloped:
        text = json.dumps(
            {"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:ses", "Message": text}
        )
    raw = mail(
        f"{text}\n\n--\nIf you wish to stop receiving ..., unsubscribe:\n", subject="AWS Notification Message"
    )

    heard = news(raw, now=NOW)

    assert [(one.kind, one.error) for one in heard] == expected
    assert {(one.address, one.message, one.reference) for one in heard} <= {(WHOM, MESSAGE, REFERENCE)}


def test_each_recipient_of_a_report_has_its_own_news():
    two = status() + "\n" + "\n".join(status(whom="bo@example.org", action="delayed").split("\n")[3:])
    found = news(multipart("report", ("message/delivery-status", two)), now=NOW)

    assert [(receipt.kind, receipt.address) for receipt in found] == [
        (ReceiptKind.BOUNCED, WHOM),
        (ReceiptKind.DELAYED, "bo@example.org"),
    ]
    assert len({receipt.event_id for receipt in found}) == 2


def nested(levels):
    raw = b"Subject: deep\n"
    for level in range(levels):
        raw += b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (level, level)
    return raw + b"Content-Type: text/plain\n\nbottom"


BOMB = base64.b64encode(zlib.compress(b"0" * 10_000_000)).decode()
HOSTILE = {
    "nothing": b"",
    "null bytes": b"\0" * 100_000,
    "nested a thousand times": nested(1000),
    "mails in mails": b"Content-Type: message/rfc822\n\n" * 5000,
    "ten thousand parts": b'Content-Type: multipart/mixed; boundary="x"\n\n' + b"--x\n\na\n" * 10_000,
    "thirty megabytes": mail("a" * 30_000_000, subject="Undeliverable"),
    "one line of dashes": mail("-" * 500_000, subject="Undeliverable"),
    "one line of addresses": mail("a@" * 250_000, subject="Undeliverable"),
    "one line of a word": mail("user " * 100_000, subject="Undeliverable"),
    "opened tags": b"Subject: Undeliverable\nContent-Type: text/html\n\n" + b"<" * 500_000,
    "scripts that never end": b"Subject: Undeliverable\nContent-Type: text/html\n\n" + b"<script" * 60_000,
    "a hundred thousand headers": b"X-A: b\n" * 100_000 + b"\nbody",
    "one header of half a megabyte": b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\n\nbody",
    "folded headers": b"Subject: a\n" + b" b\n" * 200_000 + b"\nbody",
    "a charset that unpacks": b"Content-Type: text/plain; charset=zip\nSubject: Undeliverable\n\n" + zlib.compress(b"0" * 1_000_000),
    "a charset that is slow": b"Content-Type: text/plain; charset=punycode\nSubject: Undeliverable\n\n" + b"a-" * 200_000,
    "a charset that is none": b"Content-Type: text/plain; charset=../../x\nSubject: Undeliverable\n\n\xff\xfe\xfd",
    "a packed bomb": multipart("mixed", ("application/zip\nContent-Transfer-Encoding: base64", BOMB)),
    "base64 that is none": multipart("report", ("message/delivery-status\nContent-Transfer-Encoding: base64", "=" * 100_000)),
    "parameters without end": b"Content-Type: multipart/report; " + b'a="' * 100_000 + b"\n\nx",
    "a boundary that is everywhere": b'Content-Type: multipart/mixed; boundary="-"\n\n' + b"--" * 200_000,
    "status lines for ever": multipart("report", ("message/delivery-status", "Final-Recipient: rfc822; a@b.example\n\n" * 20_000)),
    "spaces before colons": multipart("report", ("message/delivery-status", "final-recipient" + " " * 400_000)),
    "quotes of quotes": mail((">" * 500 + "\n") * 900, sender=WHOM, subject="Re: x"),
    "a subject of re": mail("x", sender=WHOM, subject="re: " * 20_000),
    "words of every language": mail("нет ошибка 退信 user unknown " * 15_000, subject="Undeliverable"),
    "empty lines": mail("\n" * 500_000, subject="Undeliverable"),
    "one line of spaces": mail(" " * 500_000, subject="Undeliverable"),
    "digits": mail("5.1.1 550 " * 50_000, subject="Undeliverable"),
}  # fmt: skip


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_no_mail_takes_long_or_breaks_the_reader(raw):
    spent = []
    for _ in range(3):
        start = time.process_time()
        news(raw, now=NOW)
        spent.append(time.process_time() - start)

    assert min(spent) < 0.06


@given(st.binary(max_size=3000))
def test_whatever_comes_is_read(raw):
    news(raw, now=NOW)


PIECES = st.sampled_from(
    [b"\n", b"\n\n", b"--b=_1", b"--", b"Content-Type: ", b"multipart/report", b'; boundary="b=_1"', b"message/delivery-status",
     b"message/rfc822", b"Final-Recipient: ", b"Action: failed", b"Status: 5.1.1", b"\xff", b"\0", b"=?utf-8?b?", b"?=", b"a@b.example",
     b"Content-Transfer-Encoding: base64", b"charset=", b"utf-7", b"From: ", b"Subject: ", b"Undeliverable", b"\r", b"text/html", b"<"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=60))
def test_whatever_is_put_together_of_mails_parts_is_read(pieces):
    for receipt in news(b"".join(pieces), now=NOW):
        assert receipt.kind is not ReceiptKind.DELIVERED


@given(st.text(max_size=300), st.from_regex(r"[245]\.\d{1,3}\.\d{1,3}", fullmatch=True))
def test_nothing_that_speaks_of_our_authentication_is_held_against_an_address(words, code):
    assert cause(f"{words} SPF and DKIM failed", code).error is not ADDRESS


def test_headers_are_read_unfolded_and_decoded():
    found = read(b"Subject: =?utf-8?q?=C3=A6?=\n =?utf-8?q?=C3=B8?=\nX-A:\n  b\n\nbody")

    assert (found.header("subject"), found.header("x-a"), found.text) == ("æø", "b", "body")
