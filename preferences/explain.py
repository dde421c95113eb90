"""Every reason as a sentence that a customer or a support agent understands, in five languages.

The sentences are data: `sentences/<language>.toml`. Stated and observed are never mixed: "you asked" and "we
noticed"; nor is what a relative asked for on somebody's behalf what "you asked".
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from tidings.behalf import spokesperson
from tidings.channel import Channel
from tidings.clock import clock_of
from tidings.reason import Reason

LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")


def sentence(reason: Reason | str, language: str, evidence: Mapping[str, Any], *, zone: str = "UTC") -> str:
    """Return why, in one sentence.

    Args:
        reason: a `Reason` or its code.
        language: one of LANGUAGES, or a language of which one is a kind (`pt`, `en_GB`); any other is English.
        evidence: of the decision, and `channel` where the sentence is about one.
        zone: on whose clock days are named, the customer's own; UTC where there is no such zone.

    Returns:
        The full sentence when the evidence has what it names, else its plain form.

    Raises:
        ValueError: there is no such reason.

    >>> sentence("stated_all", "en", {"said_at": "2026-03-03T10:00:00Z", "source": "form"})
    'You asked for this for all messages on March 3, 2026 (form).'
    >>> sentence("stated_all", "nb", {"said_at": "2026-03-03T10:00:00Z", "source": "import:crm"})
    'Du ba om dette for alle meldinger 3. mars 2026 (importert liste, crm).'
    >>> sentence("objected", "en", {"consent_at": "2026-03-03T10:00:00Z", "consent_source": "form",
    ...                             "consent_on_behalf": "relative, mandate M-17"})
    'On March 3, 2026 a relative with a mandate objected on your behalf (form).'
    >>> sentence("stated_all", "en", {"said_at": "2026-05-02T22:00:00Z", "source": "form"}, zone="Europe/Oslo")
    'You asked for this for all messages on May 3, 2026 (form).'
    >>> sentence("tried", "sv", {"channel": "letter"})
    'Det provades med brev och nådde dig inte.'
    """
    known = spoken(language)
    code = Reason(reason).value
    full = known["sentences"][code]
    for form in filter(None, (known["spoken"].get(code), full)):
        needed = [name for _, name, _, _ in string.Formatter().parse(form) if name]
        if all(evidence.get(name) not in (None, "", []) for name in needed):
            return str(
                form.format(**{name: _told(name, evidence[name], known, language, zone) for name in needed})
            )
    return str(known["plain"].get(code, full))


@lru_cache(maxsize=4096)
def footer(
    reason: str,
    language: str,
    *,
    channel: str,
    purpose: str,
    said_at: str = "",
    until: str = "",
    on_behalf: str = "",
) -> str:
    """Return why a message came this way, as it stands in the message itself; '' where there is nothing to tell.

    Args:
        reason: the `Reason` that placed the channel, or FALLBACK for a message that went another way before.
        language: as of `sentence`.
        channel: by which it comes.
        purpose: the root of its topic.
        said_at: ISO instant of the statement; '' where nothing was stated, or the evidence lacks it.
        until: ISO instant at which a temporary statement ends.
        on_behalf: who stated it for the customer (`tidings.behalf`); '' where they did themselves.

    >>> footer("stated_purpose", "en", channel="letter", purpose="invoice", said_at="2026-05-03T10:00:00Z")
    'You get this by letter because you chose that for invoices on May 3, 2026.'
    >>> footer("cheapest", "nb", channel="email", purpose="offer")
    'Du får dette på e-post fordi du ikke har valgt en annen måte.'
    """
    known = spoken(language)
    forms = known["footer_spoken" if on_behalf and reason in known["footer_spoken"] else "footer"]
    full = forms.get("default_order" if reason == Reason.CHEAPEST else reason, "")
    told = {
        "channel": known["channels"].get(channel, ""),
        "purpose": known["purposes"].get(purpose, ""),
        "said_at": said_at and _date(said_at, language),
        "until": until and _date(until, language),
        "on_behalf": on_behalf and _told("on_behalf", on_behalf, known, language),
    }
    if any(name and not told[name] for _, name, _, _ in string.Formatter().parse(full)):
        return ""
    return str(full.format(**told))


def channel_name(channel: Channel | str, language: str) -> str:
    """Return "by e-mail" and so on.

    >>> channel_name("letter", "pl")
    'listem'
    """
    return str(spoken(language)["channels"][Channel(channel).value])


def source_name(source: str, language: str) -> str:
    """Return where a wish came from, in words.

    >>> source_name("import:crm", "nb"), source_name("erp", "nb")
    ('importert liste, crm', 'erp')
    """
    return _source(source, spoken(language)["words"])


def nearest(language: str) -> str:
    """Return the one of LANGUAGES that a reader of a language understands best.

    >>> nearest("pt"), nearest("en_GB"), nearest("no"), nearest("fr")
    ('pt_BR', 'en', 'nb', 'en')
    """
    wanted = language.replace("-", "_")
    if wanted in LANGUAGES:
        return wanted
    root = {"no": "nb", "nn": "nb"}.get(wanted.partition("_")[0].lower(), wanted.partition("_")[0].lower())
    return next((known for known in LANGUAGES if known.partition("_")[0] == root), "en")


def spoken(language: str) -> Mapping[str, Any]:
    """Return the tables of a language: channels, words, holds, sentences, plain."""
    return _read(nearest(language))


@lru_cache
def _read(language: str) -> Mapping[str, Any]:
    return tomllib.loads(files("preferences").joinpath("sentences", f"{language}.toml").read_text("utf-8"))


def _told(name: str, value: Any, known: Mapping[str, Any], language: str, zone: str = "UTC") -> str:
    """Return one value of the evidence as a person reads it."""
    words = known["words"]
    if name == "channel":
        return str(known["channels"].get(value, value))
    if name.endswith("source"):
        return _source(str(value), words)
    if name.endswith("on_behalf"):
        return str(words.get(spokesperson(str(value)), value))
    if name == "with_purpose":
        return str(known["one"].get(value, value))
    if name.endswith("_at") or name in {"until", "pause_until", "last_day"}:
        return _date(str(value), language, zone)
    if isinstance(value, list):
        return ", ".join(str(known["holds"].get(one, one)) for one in value)
    return str(words.get(str(value).lower(), value))


def _source(source: str, words: Mapping[str, str]) -> str:
    """Return where a wish came from; `import:crm` is a list of the system crm, `import:import` of an unnamed one."""
    kind, _, system = source.partition(":")
    known = words.get(kind.lower())
    if known is None:
        return source
    return f"{known}, {system}" if system and system != kind else known


def _date(instant: str, language: str, zone: str = "UTC") -> str:
    """Return the day of an ISO instant on a clock, or a day, in words."""
    from babel.dates import format_date

    day = datetime.fromisoformat(instant)
    if day.tzinfo is not None:
        day = day.astimezone(clock_of(zone))
    return str(format_date(day, format="long", locale=nearest(language)))
