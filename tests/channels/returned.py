"""Mail as it comes back: reports, complaints and answers, put together from their parts."""

MESSAGE = "0198c0de-1111-7222-8333-0123456789ab"
REFERENCE = "K7Q4MTX2AB"
ATTEMPT = "6f9c1f0e-2b7a-4c58-9d4e-3a1b2c3d4e5f"
WHOM = "ada@example.org"

ORIGINAL = (
    "From: Nordlys <hei@nordlys.example>\n"
    f"To: Ada <{WHOM}>\n"
    "Subject: Your invoice\n"
    f"Message-ID: <{MESSAGE}.{REFERENCE}@nordlys.example>\n"
    f"X-Tidings-Message: {MESSAGE}\n"
    "\n"
    "Hello Ada\n"
)


def mail(
    text, *, subject="", sender="MAILER-DAEMON@mx.example.org", charset="utf-8", body_charset=None, **headers
):
    """Return a plain mail; a header's name has `_` for `-`."""
    head = {"From": sender, "To": "hei@nordlys.example", "Subject": subject}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    head |= {"MIME-Version": "1.0", "Content-Type": f"text/plain; charset={charset}"}
    lines = [f"{name}: {value}" for name, value in head.items() if value is not None]
    return "\n".join([*lines, "", text]).encode(body_charset or charset)


def multipart(
    kind,
    *parts,
    subject="Undelivered Mail Returned to Sender",
    sender="MAILER-DAEMON@mx.example.org",
    **headers,
):
    """Return a mail of (type, text) parts; `kind` is what stands behind `multipart/`."""
    head = {"From": sender, "To": "hei@nordlys.example", "Subject": subject}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in head.items() if value is not None]
    lines += ["MIME-Version: 1.0", f'Content-Type: multipart/{kind}; boundary="b=_1"', ""]
    for type_, text in parts:
        lines += ["--b=_1", f"Content-Type: {type_}", "", text]
    return "\n".join([*lines, "--b=_1--", ""]).encode()


def status(
    code="5.1.1", diagnostic="smtp; 550 5.1.1 User unknown", *, action="failed", whom=WHOM, envelope=ATTEMPT
):
    """Return the text of a message/delivery-status part."""
    lines = ["Reporting-MTA: dns; mx.example.org"]
    lines += [f"Original-Envelope-Id: {envelope}"] if envelope else []
    lines += ["", f"Final-Recipient: rfc822; {whom}"]
    lines += [f"Action: {action}"] if action else []
    lines += [f"Status: {code}"] if code else []
    lines += [f"Diagnostic-Code: {diagnostic}"] if diagnostic else []
    return "\n".join([*lines, ""])


def report(code="5.1.1", diagnostic="smtp; 550 5.1.1 User unknown", *, original=ORIGINAL, **changes):
    """Return a delivery report as RFC 3464 wants it."""
    parts = [
        ("text/plain", "Your mail could not be delivered."),
        ("message/delivery-status", status(code, diagnostic, **changes)),
    ]
    if original:
        parts.append(("message/rfc822", original))
    return multipart("report; report-type=delivery-status", *parts)


def abuse(*, kind="abuse", original=ORIGINAL, fields=()):
    """Return a complaint (RFC 5965)."""
    lines = [f"Feedback-Type: {kind}", "User-Agent: SomeFBL/1.0", "Version: 1", *fields, ""]
    return multipart(
        "report; report-type=feedback-report",
        ("text/plain", "This is an email abuse report."),
        ("message/feedback-report", "\n".join(lines)),
        ("message/rfc822", original),
        sender="feedback@isp.example",
        subject="FW: Your invoice",
    )
