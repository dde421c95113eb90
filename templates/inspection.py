"""What a marketer should know of a template before anybody gets it: every finding is a pass, a warning or a block.

Read from what was rendered, as a customer's mail program or phone reads it; nothing is fetched. The parity proof is
`templates.facts`; whom a campaign reaches is `work.preflight`.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from templates.catalog import Template
from templates.colour import contrast
from templates.facts import html_text, outputs
from templates.painted import painted
from templates.push import LIMITS as PUSH_LIMITS
from templates.reading import age
from templates.spam import signs
from tidings.channel import Channel
from tidings.message import Content, Email, Letter, Push, Sms
from tidings.purpose import PurposeClass

SUBJECT = 70
"""Characters of a subject that mail programs on a desktop show; the rest is cut."""
PREHEADER = (30, 130)
"""Characters beside a subject: below, mail programs fill up with the body; above, it is cut."""
CLIPPED = 102 * 1024
"""Bytes of HTML after which Gmail cuts a message (seen 2026-11-21); a cut one has lost its unsubscribe link."""
HEAVY = 1_000_000
"""Bytes of a whole mail, pictures included, that a phone should not have to fetch."""
OLD_READER = 17
"""Years of age: what fewer than half of all adults read with ease."""
PARTS = 3
"""SMS parts after which a letter costs no more attention."""
LEFT_OVER = re.compile(r"\{\{|\{%|jnjq|\bNone\b|\bUndefined\b")
PADDING = re.compile("[\u2007\u034f\u200c]")
"""What keeps mail programs from showing the body behind the preheader."""
UTM = ("utm_source", "utm_medium", "utm_campaign")
SHORTENERS = frozenset({"bit.ly", "tinyurl.com", "t.co", "goo.gl", "ow.ly", "is.gd", "buff.ly", "rebrand.ly"})


Said = Sequence[tuple[Channel, str, str]]
"""Channel, part and text of everything that a customer reads."""


class Verdict(StrEnum):
    """What a finding means for the start."""

    PASS = "pass"  # noqa: S105 -- a verdict
    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check of one language; `channel` is '' where it is about all of them, `detail` names what was found."""

    check: str
    verdict: Verdict
    language: str
    channel: str = ""
    detail: str = ""


CHECKS = (
    "links", "utm", "alt", "merge_tags", "subject", "preheader", "contrast", "dark_mode", "text_part", "unsubscribe",
    "size", "spam", "reading_age", "sms_parts", "sms_letters", "push_size", "pages",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """An e-mail as its parts."""

    size: int
    headers: Mapping[str, str]
    html: str
    text: str


def inspect(template: Template, language: str, contents: Mapping[Channel, Content]) -> list[Finding]:
    """Return the findings about one language: one per check that applies to the channels that were rendered.

    Args:
        template: which.
        language: of the content that was chosen.
        contents: the rendered message, by channel.
    """
    email, sms = contents.get(Channel.EMAIL), contents.get(Channel.SMS)
    push, letter = contents.get(Channel.PUSH), contents.get(Channel.LETTER)
    said = [(channel, part, text) for channel, content in contents.items() for part, text in outputs(content)]
    found = [*_targets(template, language), _left_over(language, said), _reading(language, said)]
    if isinstance(email, Email):
        found += _email(template, language, _opened(email.raw))
    if isinstance(sms, Sms):
        found += _sms(template, language, sms)
    if isinstance(push, Push):
        found.append(_push(language, push))
    if isinstance(letter, Letter):
        found.append(_letter(template, language, letter))
    return sorted(found, key=lambda one: CHECKS.index(one.check))


def _judged(check: str, language: str, channel: str, wrong: list[str], verdict: Verdict) -> Finding:
    return Finding(
        check=check,
        verdict=verdict if wrong else Verdict.PASS,
        language=language,
        channel=channel,
        detail="; ".join(dict.fromkeys(wrong)),
    )


def _opened(raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    return Mail(
        size=len(raw),
        headers={name.lower(): str(value) for name, value in message.items()},
        html=str(html.get_content()) if html else "",
        text=str(text.get_content()) if text else "",
    )


def _email(template: Template, language: str, mail: Mail) -> Iterator[Finding]:
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(mail.html)
    where = (language, "email")
    hrefs = [node.attributes.get("href") or "" for node in page.css("a")]
    yield _judged("links", *where, [f"{href!r}" for href in hrefs if _is_dead(href)], Verdict.BLOCK)
    bare = [
        node.attributes.get("src") or "" for node in page.css("img") if node.attributes.get("alt") is None
    ]
    silent = [node.attributes.get("src") or "" for node in page.css("a img[alt='']")]
    yield _judged("alt", *where, [*bare, *silent], Verdict.BLOCK if bare else Verdict.WARN)
    yield _subject(mail.headers.get("subject", ""), language)
    hidden = page.css_first(".quiet")
    yield _preheader(hidden.text() if hidden else "", language)
    pale = [
        f"{text[:30]!r} {ratio:.1f}:1" for text, ratio, needed in painted(page, contrast) if ratio < needed
    ]
    yield _judged("contrast", *where, pale, Verdict.BLOCK)
    dark = "prefers-color-scheme: dark" in mail.html or "prefers-color-scheme:dark" in mail.html
    yield _judged("dark_mode", *where, [] if dark else ["no colours of its own"], Verdict.WARN)
    yield _judged("text_part", *where, [] if mail.text.strip() else ["it is missing"], Verdict.BLOCK)
    yield from _unsubscribable(template, language, mail, hrefs)
    yield _size(mail, language)
    told = signs(
        mail.headers.get("subject", ""), html_text(mail.html), language, pictures=len(page.css("img"))
    )
    yield _judged("spam", *where, told, Verdict.WARN)


def _is_dead(href: str) -> bool:
    """Tell whether a link leads nowhere that a customer can go."""
    if href.startswith(("mailto:", "tel:")):
        return len(href.partition(":")[2]) < 3  # noqa: PLR2004 -- no address is shorter
    try:
        parts = urlsplit(href)
        host = parts.hostname or ""
    except ValueError:
        return True
    return parts.scheme not in {"https", "http"} or "." not in host or _is_inside(host)


def _is_inside(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".local", ".internal", ".localhost"))


def _targets(template: Template, language: str) -> Iterator[Finding]:
    """Judge where the template's own links lead: measured links hide it in what is rendered."""
    wrong, marked = [], []
    for name, target in template.links.items():
        filled = re.sub(r"\{(\w+)\}", lambda one: "https://w.example" if one[1] == "website" else "x", target)
        host = urlsplit(filled).hostname or ""
        if _is_dead(filled):
            wrong.append(f"{name}: {target}")
        elif filled.startswith("http:"):
            wrong.append(f"{name} is not encrypted: {target}")
        elif host.removeprefix("www.") in SHORTENERS:
            wrong.append(f"{name} is shortened, which filters take for spam: {target}")
        given = [key for key in UTM if key in parse_qs(urlsplit(filled).query, keep_blank_values=True)]
        if given and len(given) < len(UTM):
            marked.append(f"{name} lacks {', '.join(key for key in UTM if key not in given)}")
        if re.search(r"\{customer|\{(first_|last_)?name\}|\{e?mail", target):
            wrong.append(f"{name} carries who the customer is: {target}")
    yield _judged("links", language, "", wrong, Verdict.WARN)
    yield _judged("utm", language, "", marked, Verdict.WARN)


def _left_over(language: str, said: Said) -> Finding:
    wrong = [
        f"{channel.value} ({part}): {left[0]}"
        for channel, part, text in said
        if (left := LEFT_OVER.search(text))
    ]
    return _judged("merge_tags", language, "", wrong, Verdict.BLOCK)


def _subject(subject: str, language: str) -> Finding:
    wrong = []
    if not subject.strip():
        wrong.append("it is empty")
    if len(subject) > SUBJECT:
        wrong.append(f"{len(subject)} characters, about {SUBJECT} are shown")
    return _judged("subject", language, "email", wrong, Verdict.WARN if subject.strip() else Verdict.BLOCK)


def _preheader(text: str, language: str) -> Finding:
    length = len(PADDING.sub("", text).strip())
    low, high = PREHEADER
    wrong = [] if low <= length <= high else [f"{length} characters, {low} to {high} are shown well"]
    return _judged("preheader", language, "email", wrong, Verdict.WARN)


def _unsubscribable(template: Template, language: str, mail: Mail, hrefs: list[str]) -> Iterator[Finding]:
    if template.purpose_class is not PurposeClass.MARKETING:
        return
    wrong = [
        f"no {name} (RFC 8058)"
        for name in ("List-Unsubscribe", "List-Unsubscribe-Post")
        if name.lower() not in mail.headers
    ]
    links = {part.strip(" <>") for part in mail.headers.get("list-unsubscribe", "").split(",")}
    if not links & set(hrefs) and not any("/u/" in href for href in hrefs):
        wrong.append("no link in the mail itself")
    yield _judged("unsubscribe", language, "email", wrong, Verdict.BLOCK)


def _size(mail: Mail, language: str) -> Finding:
    html = len(mail.html.encode())
    if html >= CLIPPED:
        return _judged(
            "size", language, "email", [f"{html // 1024} kB of HTML; Gmail cuts at 102"], Verdict.BLOCK
        )
    heavy = [f"{mail.size // 1000} kB with its pictures"] if mail.size > HEAVY else []
    near = [f"{html // 1024} kB of HTML; Gmail cuts at 102"] if html > 0.8 * CLIPPED else []
    return _judged("size", language, "email", [*heavy, *near], Verdict.WARN)


def _reading(language: str, said: Said) -> Finding:
    text = next((text for _, _, text in said), "")
    years = age(text)
    hard = [f"a reader of about {years} years understands it at once"] if years >= OLD_READER else []
    return _judged("reading_age", language, "", hard, Verdict.WARN)


def _sms(template: Template, language: str, sms: Sms) -> Iterator[Finding]:
    many = [f"{sms.parts} parts ({sms.encoding})"] if sms.parts > PARTS else []
    yield _judged("sms_parts", language, "sms", many, Verdict.WARN)
    replaced = [f"replaced by policy: {sms.replaced}"] if sms.replaced else []
    yield _judged("sms_letters", language, "sms", replaced, Verdict.WARN)
    if template.purpose_class is PurposeClass.MARKETING:
        wrong = [] if "/u/" in sms.text or "STOP" in sms.text.upper() else ["no way to stop it"]
        yield _judged("unsubscribe", language, "sms", wrong, Verdict.BLOCK)


def _push(language: str, push: Push) -> Finding:
    size = len(push.payload.encode())
    wrong = [f"{size} bytes, {name} takes {most}" for name, most in PUSH_LIMITS.items() if size > most]
    return _judged("push_size", language, "push", wrong, Verdict.BLOCK)


def _letter(template: Template, language: str, letter: Letter) -> Finding:
    wrong = [f"{letter.pages} pages"] if letter.pages > template.page_budget else []
    return _judged("pages", language, "letter", wrong, Verdict.BLOCK)
