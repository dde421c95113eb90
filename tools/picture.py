"""Makes the pictures of the README from a real run of the demo; nothing in them is drawn by hand.

Run it as `.venv/bin/python tools/picture.py` in the repository. Chromium lays the second picture out.
"""

import base64
import email
import email.policy
import html
import io
import json
import os
import subprocess
import sys
import tempfile
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WIDTH = 108
WORD = "25% off"
"""Stands in the English text of the offer."""
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"

PAGE = """<!doctype html><meta charset="utf-8"><style>
* { box-sizing: border-box } body { margin: 0; background: #eceff1; font: 15px/1.4 Inter, 'DejaVu Sans', sans-serif }
main { display: flex; gap: 28px; padding: 28px; align-items: flex-start; width: 1480px; height: 880px }
figure { margin: 0 } figcaption { margin: 0 0 10px; color: #455a64; font-weight: 600 }
.mail { width: 470px } .phone { width: 330px } .letter { width: 560px }
iframe, img { border: 0; background: #fff; box-shadow: 0 1px 6px #0003; display: block }
iframe { width: 470px; height: 790px } img { width: 560px }
.bill { width: 330px; height: 252px; object-fit: cover; object-position: top }
.screen { background: #fff; border-radius: 28px; padding: 22px 18px; box-shadow: 0 1px 6px #0003; margin-bottom: 28px }
.from { text-align: center; color: #607d8b; font-size: 13px; margin-bottom: 12px }
.bubble { background: #e6ebee; border-radius: 18px; padding: 11px 15px; overflow-wrap: anywhere }
.push { background: #f6f8f9; border-radius: 16px; padding: 12px 15px } .push b { display: block }
</style><main>
<figure class="mail"><figcaption>E-mail</figcaption><iframe srcdoc="{mail}"></iframe></figure>
<div class="phone">
<figure><figcaption>SMS</figcaption>
<div class="screen"><div class="from">{sender}</div><div class="bubble">{sms}</div></div></figure>
<figure><figcaption>Push</figcaption>
<div class="screen"><div class="push"><b>{title}</b>{push}</div></div></figure>
<figure><figcaption>Invoice</figcaption><img class="bill" src="data:image/png;base64,{bill}"></figure>
</div>
<figure class="letter"><figcaption>Letter</figcaption><img src="data:image/png;base64,{letter}"></figure>
</main>"""


def main() -> None:
    """Run the demo in a home of its own and write docs/demo.svg and docs/sent.png."""
    with tempfile.TemporaryDirectory() as folder:
        told = _demo(Path(folder))
        _terminal(told)
        _sent(Path(folder) / "var" / "demo" / "outbox")


def _demo(folder: Path) -> str:
    """Return what `tidings demo` prints in a terminal, colours included."""
    settings = {"PYTHONPATH": str(ROOT), "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "LINES": "200"}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TIDINGS_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "demo"],
        cwd=folder,
        env={**kept, **settings},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def _terminal(told: str) -> None:
    recorder = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    recorder.print(Text.from_ansi(told))
    svg = recorder.export_svg(title="tidings demo", unique_id="demo")
    start = svg.index("@font-face")  # Rich names a font on somebody's server; ours is on the reader's machine
    end = svg.index(".demo-matrix")
    svg = svg[:start] + svg[end:].replace("Fira Code, monospace", FONT)
    (DOCS / "demo.svg").write_text(svg, encoding="utf-8")


def _sent(outbox: Path) -> None:
    mail = next(message for message in _mails(outbox) if WORD in str(message["Subject"]))
    bill = next(message for message in _mails(outbox) if str(message["Subject"]).startswith("Invoice"))
    sms, push = (_entry(outbox / channel) for channel in ("sms", "push"))
    page = PAGE
    for name, value in {
        "mail": html.escape(_body(mail)),
        "sender": html.escape(sms["sender"]),
        "sms": html.escape(sms["text"]),
        "title": html.escape(push["title"]),
        "push": html.escape(push["body"]),
        "bill": base64.b64encode(_picture(_attached(bill), 0)).decode(),
        "letter": base64.b64encode(_letter(outbox)).decode(),
    }.items():
        page = page.replace("{" + name + "}", value)
    with tempfile.TemporaryDirectory() as folder:
        source, picture = Path(folder) / "page.html", Path(folder) / "page.png"
        source.write_text(page, encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1480,880"]
        subprocess.run(
            ["chromium", *options, f"--screenshot={picture}", source.as_uri()],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        (DOCS / "sent.png").write_bytes(picture.read_bytes())


def _mails(outbox: Path) -> list[EmailMessage]:
    parsed = [
        email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        for file in sorted((outbox / "email").glob("*.eml"))
    ]
    return [message for message in parsed if isinstance(message, EmailMessage)]


def _entry(folder: Path) -> dict[str, Any]:
    """Return a message of the offer, in English if there is one."""
    entries = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    offers = [entry for entry in entries if entry["purpose"] == "offer"]
    return min(offers, key=lambda entry: WORD not in json.dumps(entry))


def _body(mail: EmailMessage) -> str:
    """Return the HTML of a mail with its pictures inside."""
    body = mail.get_body(("html",))
    assert body is not None
    text = str(body.get_content())
    for part in mail.walk():
        if (name := part.get("Content-ID")) and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_content()).decode()
            text = text.replace(f"cid:{name.strip('<>')}", f"data:{part.get_content_type()};base64,{data}")
    return text


def _attached(mail: EmailMessage) -> bytes:
    content = next(part.get_content() for part in mail.iter_attachments())
    assert isinstance(content, bytes)
    return content


def _letter(outbox: Path) -> bytes:
    """Return the first page that is printed of the same offer, as a picture."""
    import pypdfium2

    for file in sorted((outbox / "letter").glob("*/letters.pdf")):
        for number, page in enumerate(pypdfium2.PdfDocument(file)):
            if WORD in page.get_textpage().get_text_range():
                return _picture(file.read_bytes(), number)
    msg = f"no letter says {WORD!r}"
    raise LookupError(msg)


def _picture(pdf: bytes, page: int) -> bytes:
    import pypdfium2

    out = io.BytesIO()
    pypdfium2.PdfDocument(pdf)[page].render(scale=1.6).to_pil().save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    main()
