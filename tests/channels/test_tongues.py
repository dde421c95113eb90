"""Mail of machines and people in the languages and shapes that our own tests did not think of, seen elsewhere."""

# ruff: noqa: E501 -- what servers and people wrote stays as it is, on its line
import base64
from datetime import UTC, datetime

import pytest

from channels.email.news import news
from tests.channels.returned import MESSAGE, ORIGINAL, REFERENCE, WHOM, mail, multipart
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
BOUNCED, EXPIRED, DELAYED = ReceiptKind.BOUNCED, ReceiptKind.EXPIRED, ReceiptKind.DELAYED
ADDRESS, LATER, OURS = ErrorClass.ADDRESS, ErrorClass.TRANSIENT, ErrorClass.CONFIG
AUTO = {"Auto_Submitted": "auto-replied"}
ANSWERED = f"{WHOM}\n\nRemote Server returned '550 5.1.1 RESOLVER.ADR.RecipNotFound; not found'\n\n{ORIGINAL}"
UTF7 = f"+ANw-bermittlung an folgende Empf+AOQ-nger fehlgeschlagen.\n\n       {WHOM}\n\nEmpf+AOQ-nger unbekannt\n\n{ORIGINAL}"

BOUNCES = {
    **{
        f"Exchange in {language}, by the codes in its words": (mail(f"{said}\n\n{ANSWERED}", subject=subject, sender="postmaster@example.org", **head), BOUNCED, ADDRESS)
        for head in (AUTO, {})
        for language, subject, said in (
            (f"Dutch {len(head)}", "Niet-bestelbaar: Factuur", "De bezorging aan de volgende ontvangers of groepen is mislukt:"),
            (f"Chinese {len(head)}", "未送达: 发票", "未能向以下收件人或组传递邮件:"),
            (f"Korean {len(head)}", "배달되지 않음: 청구서", "다음 받는 사람 또는 그룹에게 배달하지 못했습니다."),
            (f"Turkish {len(head)}", "Teslim Edilemedi: Fatura", "Şu alıcılara veya gruplara teslimat yapılamadı:"),
        )
    },
    "Exchange of 2003 in German, in UTF-7": (
        mail(UTF7, subject="=?unicode-1-1-utf-7?Q?Benachrichtigung=20zum=20+ANw-bermittlungsstatus=20=28Fehlgeschlagen=29?=", sender="postmaster@example.de", charset="unicode-1-1-utf-7", body_charset="ascii"), BOUNCED, ADDRESS),
    "UTF-16 in base64": (
        mail(base64.encodebytes(f"Wiadomość nie mogła zostać dostarczona.\n\n{WHOM}: użytkownik nie istnieje\n\n{ORIGINAL}".encode("utf-16")).decode(), subject="Zwrot", sender="postmaster@example.pl", charset="utf-16", body_charset="ascii", Content_Transfer_Encoding="base64"), BOUNCED, ADDRESS),
    "a Chinese server, whose signs touch the address": (
        mail(f"抱歉，您的邮件被退回来了\n收件人：{WHOM}\n退信原因：收件人邮件地址（{WHOM}）不存在。\nhost mx said: 550 Mailbox not found\n", subject="系统退信", sender="PostMaster@qq.example"), BOUNCED, ADDRESS),
    "a Chinese server, whose words touch the address": (
        mail(f"您的邮件无法送达{WHOM}不存在\nhost mx said: 550 Mailbox not found\n".replace("送达", "送达 "), subject="退信", sender="PostMaster@qq.example"), BOUNCED, ADDRESS),
    "our mail, which it quotes, asks to click a link": (
        mail(f"Hi. This is the qmail-send program at mx.\n\n<{WHOM}>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}\nPlease click the link below to manage your alerts or approve new delivery profiles.\n", subject="failure notice"), BOUNCED, ADDRESS),
    "a diagnosis that goes on in a line that looks like a field": (
        multipart("report; report-type=delivery-status", ("text/plain", "x"), ("message/delivery-status", f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {WHOM}\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; host mx.example.org[192.0.2.1]\n    said: 550 Your host is not allowed to connect to this server\n"), ("message/rfc822", ORIGINAL)), BOUNCED, OURS),
    "a Russian server with a subject of its own, and our mail below": (
        mail(f"Пользователь не найден: {WHOM}\n\n{ORIGINAL}", subject="Hello", sender="postmaster@example.ru", charset="koi8-r"), BOUNCED, ADDRESS),
    "a server that gives up": (
        mail(f"Sorry, we were unable to deliver your message to the following address.\n\n<{WHOM}>:\nUnable to deliver message after multiple retries, giving up.\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}", subject="Failure Notice"), EXPIRED, LATER),
    "a warning whose text says that it is for good": (
        mail(f"The attached message had PERMANENT fatal delivery errors!\n\nSession Transcript:\n  --> RCPT To:<{WHOM}>\n  <-- 550 5.1.1 <{WHOM}>: User unknown\n\n{ORIGINAL}", subject="Warning: Ada - User unknown!", sender="MDaemon@mx.example.org"), BOUNCED, ADDRESS),
    "qmail goes on trying": (
        mail(f"Hi. This is the qmail-send program. This is just a warning.\nYour message is delayed; I will keep trying.\n<{WHOM}>: Connected but greeting failed.\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}", subject="delay notice"), DELAYED, None),
    **{
        f"Exchange goes on trying in {language}": (mail(f"{said}\n\n{WHOM}\n\n{ORIGINAL}", subject=subject, sender="postmaster@example.org", **AUTO), DELAYED, None)
        for language, subject, said in (
            ("Norwegian", "Forsinket levering: Faktura", "Levering er forsinket til disse mottakerne:"),
            ("Swedish", "Fördröjd leverans: Faktura", "Leveransen är försenad till följande mottagare:"),
            ("Polish", "Opóźnione dostarczenie: Faktura", "Dostarczanie do następujących adresatów jest opóźnione:"),
            ("Portuguese", "Entrega atrasada: Fatura", "A entrega a estes destinatários está atrasada:"),
            ("Spanish", "Entrega retrasada: Factura", "La entrega a estos destinatarios se retrasa:"),
        )
    },
}  # fmt: skip


@pytest.mark.parametrize(("raw", "kind", "error"), BOUNCES.values(), ids=BOUNCES)
def test_a_bounce_is_known_whatever_language_is_around_it(raw, kind, error):
    (said,) = news(raw, now=NOW)
    assert (said.kind, said.error, said.address) == (kind, error, WHOM)


def test_an_address_that_a_report_escapes_is_the_one_we_used():
    fields = "Reporting-MTA: dns; mx\n\nFinal-Recipient: utf-8; j\\x{F6}rgen@b\\x{FC}cher.example\nAction: failed\nStatus: 5.1.1\n"
    (said,) = news(
        multipart("report; report-type=delivery-status", ("message/delivery-status", fields)), now=NOW
    )
    assert said.address == "jörgen@bücher.example"


MACHINES = {
    **{
        f"an automatic answer in {language}": mail("I am back on Monday.", sender=f"Ada <{WHOM}>", subject=subject)
        for language, subject in (
            ("short", "Auto: Your invoice"), ("Dutch", "Automatisch antwoord: Factuur"), ("Finnish", "Automaattinen vastaus: Lasku"),
            ("Czech", "Automatická odpověď: Faktura"), ("Russian", "Автоответ: Счёт"), ("Japanese", "自動返信: 請求書"),
            ("Chinese", "自动回复: 发票"), ("Korean", "자동 회신: 청구서"),
        )
    },
    "a mail that was deleted unread": multipart("report; report-type=disposition-notification", ("text/plain", "Your message was deleted without being read."), ("message/disposition-notification", f"Final-Recipient: rfc822; {WHOM}\nDisposition: automatic-action/MDN-sent-automatically; deleted\n"), sender=f"Ada <{WHOM}>", subject="Not read: Your invoice"),
    "a challenge in Portuguese": mail("ANTISPAM UOL\n\nPara que sua mensagem seja encaminhada, por favor, clique aqui", sender=f"Ada <{WHOM}>", subject="AntiSpam UOL"),
    "a challenge in French": mail("Pour que votre message me soit délivré, cliquez ici pour prouver que vous êtes humain.", sender=f"Ada <{WHOM}>", subject="Re: Facture"),
    "out of the office, about a mail called Unsubscribe": mail("I am away.", sender=WHOM, subject="Re: Unsubscribe", **AUTO),
}  # fmt: skip


@pytest.mark.parametrize("raw", MACHINES.values(), ids=MACHINES)
def test_a_machine_answers_in_many_languages(raw):
    assert [said.kind for said in news(raw, now=NOW)] == [ReceiptKind.AUTO_REPLIED]


PRESSED = "Apple Mail sent this email to unsubscribe from the message “Your offers”."
QUOTED = "On Tue, 3 Mar 2026 Nordlys <hei@nordlys.example> wrote:\n> Click here to confirm your address and approve delivery\n"
PEOPLE = {
    "Unsubscribe in Apple's Mail, which says that a machine wrote it": (PRESSED, "unsubscribe", AUTO, ReceiptKind.STOPPED),
    "STOP above our words to click a link": (f"STOP\n\n{QUOTED}", "Re: Offers", {}, ReceiptKind.STOPPED),
    "STOP below our words to click a link": (f"{QUOTED}\nSTOP", "Re: Offers", {}, ReceiptKind.STOPPED),
    "a question above our words to click a link": (f"Where is it?\n\n{QUOTED}", "Re: Offers", {}, ReceiptKind.REPLIED),
    "a parcel that did not arrive": ("The delivery failed, address unknown said the courier. Please return to sender.", "Delivery failed for my order", {}, ReceiptKind.REPLIED),
    "a program that asks not to be answered": ("Where is it?", "My order", {"X_Auto_Response_Suppress": "All"}, ReceiptKind.REPLIED),
}  # fmt: skip


@pytest.mark.parametrize(("text", "subject", "head", "kind"), PEOPLE.values(), ids=PEOPLE)
def test_what_a_person_wants_is_not_lost_for_words_of_machines(text, subject, head, kind):
    (said,) = news(mail(text, sender=f"Ada <{WHOM}>", subject=subject, **head), now=NOW)
    assert (said.kind, said.address) == (kind, WHOM)


@pytest.mark.parametrize("domain", ["bounce-studio.example", "smtp.example", "bounce.example"])
def test_a_person_whose_domain_sounds_like_a_server_is_a_person(domain):
    text = "Delivery failed, address unknown said the courier. It was returned to sender, and not delivered."
    raw = mail(text, sender=f"Ada <ada@{domain}>", subject="Order 4711 not delivered")
    assert [said.kind for said in news(raw, now=NOW)] == [ReceiptKind.REPLIED]


ENCLOSED = f"X-HmXmrOriginalRecipient: {WHOM}\nX-Reporter-IP: 192.0.2.9\n{ORIGINAL}"
COMPLAINTS = {
    "Microsoft's, passed on by our own list": multipart("mixed", ("message/rfc822", ENCLOSED), sender="desk@nordlys.example", subject="complaint about message from 192.0.2.222"),
    "Microsoft's, with our subject": multipart("mixed", ("message/rfc822", ENCLOSED), sender="staff@hotmail.example", subject="Fw: Your invoice"),
    "one whose types were lost": multipart("mixed", ("text/plain", "This is an email abuse report."), ("text/plain", "Feedback-Type: abuse\nUser-Agent: SomeFBL/1.0\nVersion: 1\n"), ("text/plain", ORIGINAL), sender="feedback@fbl.example", subject="FW: Your invoice"),
}  # fmt: skip


@pytest.mark.parametrize("raw", COMPLAINTS.values(), ids=COMPLAINTS)
def test_a_complaint_is_known_by_what_is_in_it(raw):
    (said,) = news(raw, now=NOW)
    assert (said.kind, said.message, said.reference) == (ReceiptKind.COMPLAINED, MESSAGE, REFERENCE)
