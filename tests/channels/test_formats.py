"""Bounces as servers of many makes write them, most without a report: the failing address, and whose fault it is."""

# ruff: noqa: E501 -- what servers wrote stays on its line
from datetime import UTC, datetime

import pytest

from channels.email.causes import cause
from channels.email.news import news
from tests.channels.returned import MESSAGE, ORIGINAL, REFERENCE, WHOM, mail, multipart
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ADDRESS, OURS, LATER, ITSELF = (
    ErrorClass.ADDRESS,
    ErrorClass.CONFIG,
    ErrorClass.TRANSIENT,
    ErrorClass.DATA,
)
BOUNCED, EXPIRED, DELAYED = ReceiptKind.BOUNCED, ReceiptKind.EXPIRED, ReceiptKind.DELAYED
PASSED_ON = ORIGINAL.replace(f"<{WHOM}>", "<desk@elsewhere.example>")
"""Our mail as a server returns it whose mailbox is not the one in our To."""


def _whole(text, original=ORIGINAL, *, kind="mixed", **head):
    return multipart(kind, ("text/plain; charset=utf-8", text), ("message/rfc822", original), **head)


FORMATS = {
    "a filter names the address below the reason": (
        _whole(f"Your message:\n   From:    hei@nordlys.example\n   Subject: Hello\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected: \n    {WHOM}\n\nOriginal Sender:    <hei@nordlys.example>\n", subject='Undeliverable Mail: "Hello"', sender="postmaster@mx.example.org"),
        BOUNCED, ADDRESS, WHOM),
    "an old server quotes a head with another address": (
        mail(f"Invalid final delivery userid: {WHOM}\n\n\nOriginal message follows.\n\n{PASSED_ON}", subject="Undeliverable Mail", sender='"Postmaster" <postmaster@mx.example.org>'),
        BOUNCED, ADDRESS, WHOM),
    "the same, its mailbox too large": (
        mail(f"User mailbox exceeds allowed size: {WHOM}\n\n\nOriginal message follows.\n\n{PASSED_ON}", subject="Undeliverable Mail", sender='"Postmaster" <postmaster@mx.example.org>'),
        BOUNCED, LATER, WHOM),
    "a Japanese telephone company, from no-reply": (
        _whole(f"送信先のメールボックスが一杯のため、送信できませんでした。\n\n     Could not be delivered to: <{WHOM}>\n     As their mailbox is full.\n", subject="メールエラー通知", sender="no-reply@app.example.org"),
        BOUNCED, LATER, WHOM),
    "Notes in Japanese": (
        mail(f"------- Failure Reasons  --------\n\nディレクトリのリストにありません\n{WHOM}\n\n------- Returned Message --------\n{PASSED_ON}", subject="Undeliverable message", sender="postmaster@mx.example.org", charset="iso-2022-jp", Return_Path="<>"),
        BOUNCED, ADDRESS, WHOM),
    "a filter that draws lines around the answer of the server": (
        mail(f"以下のメールアドレスへの送信に失敗しました。\n{WHOM}\n\n\n-------server message\n550 5.1.1 <{WHOM}>: Recipient address rejected: User unknown\n\n-------SMTP command\nDATA\n\n-------original message\n{PASSED_ON}", subject="failure notice", sender="POSTMASTER <postmaster@mx.example.org>", charset="iso-2022-jp"),
        BOUNCED, ADDRESS, WHOM),
    "a part that is our mail without a head of the part": (
        multipart("mixed", ("text/plain", f"The original message was received at Thu\nfrom hei@nordlys.example\n\n---The following addresses had delivery errors---\n\n{WHOM} [User unknown]\n"), (f"x/x\nReceived: from a\n{PASSED_ON}", ""), subject="Returned Mail: User unknown"),
        BOUNCED, ADDRESS, WHOM),
    "a head without blanks after its colons": (
        mail(f"This message was created automatically by mail delivery software.\nA message that you sent could not be delivered. This is a permanent error.\n\n{WHOM} Invalid Address, ERROR_CODE :550, ERROR_CODE :Requested action not taken: mailbox unavailable\n\n\nReceived:from mail by mx\nMessage-ID:<{MESSAGE}.{REFERENCE}@nordlys.example>\nTo:<{WHOM}>\n", subject="Undelivered Mail Returned to Sender"),
        BOUNCED, ADDRESS, WHOM),
    "a mailer in Java that answers": (
        mail(f"Error: Invalid user address\n\nError message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  MAIL FROM: hei@nordlys.example\n  RCPT TO: {WHOM}\n  From: hei@nordlys.example\n", subject="Re:Hello", sender="post_master@mx.example.org", In_Reply_To=f"<{MESSAGE}.{REFERENCE}@nordlys.example>"),
        BOUNCED, ADDRESS, WHOM),
    "lines that begin with `your message`": (
        _whole(f"I'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error. Below\nI include the list of recipients and the reason why I was unable to deliver\nyour message.\n\nFailed recipient(s):\n{WHOM}\n\nError message:\n550 5.1.1 No such user\n", subject="[BOUNCE]", sender="postmaster@mx.example.org"),
        BOUNCED, ADDRESS, WHOM),
    "no further attempts are no delay": (
        _whole(f"Unable to deliver message to: <{WHOM}>\nDelivery failed for the following reason:\nServer mx[192.0.2.2] failed with: 550 <{WHOM}> No such user here\n\nThis has been a permanent failure.  No further delivery attempts will be made.\n", subject="Message delivery has failed"),
        BOUNCED, ADDRESS, WHOM),
    "check the address and try again is no promise": (
        mail(f"Your mail message to the following address(es) could not be delivered. This\nis a permanent error. Please verify the addresses and try again.\n\n<{WHOM}>:\nchild status 100...The e-mail message could not be delivered because the user's mailfolder is full.\n\n--- Below this line is a copy of the message.\n\n{PASSED_ON}", subject="failure notice"),
        BOUNCED, LATER, WHOM),
    "a hop count is no size": (
        multipart("mx6d", ("text/plain", f"We had trouble delivering your message.\n\nThe following recipients returned permanent errors: {WHOM}. Reason: SMTP Server <192.0.2.3> refused to accept your message (DATA), with the following error message: [554 5.4.6 Hop count exceeded - possible mail loop]\n"), ("text/plain", ORIGINAL), subject="There was an error sending your mail", sender="mailer-daemon", Auto_Submitted="auto-replied", Precedence="list"),
        EXPIRED, LATER, WHOM),
    "sendmail of 1995": (
        mail(f"   ----- Transcript of session follows -----\nWhile talking to mx.example.org:\n>>> RCPT To:<{WHOM}>\n<<< 550 <{WHOM}>, User Unknown\n550 <{WHOM}>... User unknown\n\n   ----- Unsent message follows -----\n{PASSED_ON}", subject="Returned mail: User unknown"),
        BOUNCED, ADDRESS, WHOM),
    "our subject among the words of Exchange": (
        _whole(f"Your message\n\n  To:      {WHOM}\n  Subject: Your mailbox is full of viruses, SPF and spam\n  Sent:    Thu\n\ndid not reach the following recipient(s):\n\n{WHOM} on Thu, 9 May 2005 23:34:45 +0900\n    The recipient name is not recognized\n    MSEXCH:IMS:A:B:C 0 (000C05A6) Unknown Recipient\n", subject="Undeliverable: Hello", sender="System Administrator <postmaster@mx.example.org>"),
        BOUNCED, ADDRESS, WHOM),
    "a type whose boundary stands without a blank at the head of the next line": (
        f'From: postmaster@mx.example.org\nTo: hei@nordlys.example\nSubject: Undeliverable: Hello\nAuto-Submitted: auto-replied\nContent-Type: multipart/report; report-type=delivery-status;\nboundary="=_u"\nMIME-Version: 1.0\n\n--=_u\nContent-Type: text/plain\n\nx\n\n--=_u\nContent-Type: message/delivery-status\n\nReporting-MTA: dns;x\n\nFinal-Recipient: rfc822;{WHOM}\nAction: failed\nStatus: 5.0.350\nDiagnostic-Code: smtp;550 5.0.350 Remote server returned an error -> 550 5.1.1 <{WHOM}>: Recipient address rejected: User unknown\n\n--=_u\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--=_u--\n'.encode(),
        BOUNCED, ADDRESS, WHOM),
    "a log between bars": (
        mail(f"|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <{WHOM}> ... unknown user\n|------------------------- Message text follows: ------------------------|\n{PASSED_ON}", subject="Zustellung nicht moeglich / Undeliverable", sender="Mail Delivery System <mailer-daemon@mx.example.org>"),
        BOUNCED, ADDRESS, WHOM),
    "a mailbox that passes mail on to one that is gone": (
        mail(f"<gone@elsewhere.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}", subject="failure notice"),
        BOUNCED, ADDRESS, "gone@elsewhere.example"),
    **{
        f"Exchange in {language}": (
            mail(f"{said}\n\n{WHOM}\n\n{WHOM}\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\n{ORIGINAL}", subject=subject, sender="<postmaster@mx.example.org>", Auto_Submitted="auto-replied"),
            BOUNCED, ADDRESS, WHOM)
        for language, subject, said in (
            ("French", "Non remis : Facture", "Échec de la remise pour ces destinataires ou groupes :"),
            ("Italian", "Non recapitabile: Fattura", "Impossibile recapitare il messaggio ai seguenti destinatari:"),
            ("German", "Unzustellbar: Rechnung", "Fehler bei der Nachrichtenzustellung an folgende Empfänger:"),
            ("Polish", "Niedostarczalne: Faktura", "Dostarczenie wiadomości do następujących adresatów nie powiodło się:"),
            ("Portuguese", "Não é possível entregar: Fatura", "Falha na Entrega para estes destinatários ou grupos:"),
            ("Swedish", "Kan inte levereras: Faktura", "Leveransen till följande mottagare misslyckades:"),
            ("Norwegian", "Kan ikke leveres: Faktura", "Levering mislyktes til disse mottakerne:"),
            ("Japanese", "配信不能: 請求書", "次の受信者またはグループへの配信に失敗しました:"),
            ("Spanish", "No se puede entregar: Factura", "No se pudo entregar el mensaje a los siguientes destinatarios:"),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize(("raw", "kind", "error", "whom"), FORMATS.values(), ids=FORMATS)
def test_a_bounce_without_a_report_tells_who_was_not_reached_and_whose_fault_it_is(raw, kind, error, whom):
    (said,) = news(raw, now=NOW)
    assert (said.kind, said.error, said.address) == (kind, error, whom)


PEOPLE = {
    "a customer whose parcel did not come": mail(
        "The message on the door said: delivery failed, address unknown. It was rejected.",
        subject="Re: Delivery delayed", sender=f"Ada <{WHOM}>", In_Reply_To=f"<{MESSAGE}.{REFERENCE}@nordlys.example>"),
    "somebody who left, by a filter with an empty return path": mail(
        f"Ada no longer works here. This address is no longer in use.\n\n{ORIGINAL}",
        subject="Re: Your invoice", sender=f"Ada <{WHOM}>", Return_Path="<>"),
    "the same without Re": mail(
        f"Ada no longer works here. This address is no longer in use.\n\n{ORIGINAL}",
        subject="Ada has left", sender=f"Ada <{WHOM}>", Return_Path="<>"),
    "a holiday, and a mailbox that nobody reads": mail(
        f"I am away. This mailbox is not monitored, the account will be closed.\n\n{ORIGINAL}",
        subject="Automatic reply: Your invoice", sender=f"Ada <{WHOM}>", Return_Path="<>", Auto_Submitted="auto-replied"),
}  # fmt: skip


@pytest.mark.parametrize("raw", PEOPLE.values(), ids=PEOPLE)
def test_whoever_writes_of_addresses_that_are_gone_and_is_no_server_loses_none(raw):
    assert {said.kind for said in news(raw, now=NOW)} <= {ReceiptKind.REPLIED, ReceiptKind.AUTO_REPLIED}


WORDS = {
    "a sender that is refused": ("550 sender email address rejected", OURS),
    "a sender whose code names the address": ("550 5.1.7 unknown sender address", OURS),
    "a greeting with a bad name": ("550 5.5.4 Invalid domain name", OURS),
    "an address from a pool": ("550 We do not accept mail from dynamic IPs", OURS),
    "a server that is no gateway": ("550 This server is not a gateway", OURS),
    "mail of another domain": ("550 we don't handle mail for example.org", OURS),
    "forged returns": ("550 Backscatter protection detected an invalid or expired email address", OURS),
    "spoofing": ("550 Rejected by header based Anti-Spoofing policy", OURS),
    "too many bad ones": ("550 Too many invalid recipients", OURS),
    "who does not want this": ("550 Your message was rejected by this user and was not delivered", OURS),
    "preferences": ("550 5.1.1 Refused due to recipient preferences", OURS),
    "authentication, in French": ("550 Code d'authentification invalide", OURS),
    "certificates": (
        "550 5.7.322 certificate-expired: destination mail server's certificate is expired",
        OURS,
    ),
    "a busy mailbox": (
        "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents",
        OURS,
    ),
    "no room": ("552 Account does not have enough space", LATER),
    "all room used": ("550 the user's space has been used up", LATER),
    "a full file": ("550 Mail file size exceeds the maximum size allowed for mail delivery", LATER),
    "for a while": ("550 recipient temporarily unavailable", LATER),
    "no way there": ("550 no route to host", LATER),
    "no name yet": ("550 Name server: host not found, try again", LATER),
    "gone to the archive": ("550 archived recipient", ADDRESS),
    "not found at all": ("550 <ada@example.org> not found", ADDRESS),
    "no such domain": ("550 All host address lookups failed permanently", ADDRESS),
    "in Italian": ("550 nessun utente simile in questo indirizzo", ADDRESS),
    "in French": ("550 Ada non répertorié dans l'annuaire Domino", ADDRESS),
    "not for a while, but for good": ("550 5.1.1 user unknown; permanent rather than temporary", ADDRESS),
}


@pytest.mark.parametrize(("words", "error"), WORDS.values(), ids=WORDS)
def test_words_tell_whose_fault_it_is(words, error):
    assert cause(f"smtp; {words}").error is error


def test_a_code_that_blames_the_address_is_not_the_reason_where_the_words_are_another():
    assert cause("smtp; 550 5.1.1 user over quota", "5.1.1").code == "mailbox_full"
