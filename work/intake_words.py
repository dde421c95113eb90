"""What people write for our words: channels, topics, yes and no; and rows whose customer nobody knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tidings.channel import Channel
from tidings.country import fold
from work.intake_table import Flaw, Given, Table

_CHANNELS = {
    "email": "email mail epost courriel newsletter mailing correio",
    "sms": """sms text phone mobile telephone telefon tel mobil handy gsm cell telefono telefone celular textmessage
        komorka portable""",
    "push": "push app notification device appen",
    "whatsapp": "whatsapp wa zap",
    "letter": """letter post postal brev brief papir papper papier list carta lettre courrier print paper posta poczta
        directmail""",
}
CHANNEL_NAMES = ", ".join(Channel)
"""As a sentence lists them."""
_CHANNEL = {word: channel for channel, words in _CHANNELS.items() for word in words.split()} | {
    "e mail": "email",
    "e post": "email",
    "text message": "sms",
    "whats app": "whatsapp",
    "direct mail": "letter",
    "post mail": "letter",
    "postal mail": "letter",
    "push notification": "push",
    "correo electronico": "email",
    "correo postal": "letter",
}
ROUNDED = r"^\d([.,]\d+)?E\+\d{2,3}$"
"""A number as a spreadsheet shows a long one, `4.79E+10`: the digits that it does not show are lost in a CSV."""
_YES = frozenset(
    {
        "yes",
        "y",
        "true",
        "t",
        "1",
        "on",
        "ja",
        "j",
        "si",
        "sim",
        "oui",
        "tak",
        "optin",
        "optedin",
        "subscribed",
    }
    | {"given", "granted", "allowed"}
)
_NO = frozenset(
    {"no", "n", "false", "f", "0", "off", "nei", "nej", "nein", "nao", "non", "nie", "optout", "optedout"}
    | {"unsubscribed"}
)
_TOPIC = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_BRAND = re.compile(r"[a-z][a-z0-9-]{0,30}")
_TOPICS = {
    "all": "marketing everything alle alt alla allt alles wszystko tudo todos tous",
    "offer": """offers promotions tilbud erbjudande erbjudanden oferta oferty ofertas angebot angebote offre offres
        promocje promocoes""",
    "news": """newsletter newsletters nyheter nyhetsbrev aktualnosci nowosci novidades noticias nachrichten nouvelles
        actualites biuletyn""",
    "invoice": """invoices billing faktura fakturaer fakturor faktury fatura faturas rechnung rechnungen facture
        factures""",
}
_TOPIC_OF = {word: topic for topic, words in _TOPICS.items() for word in words.split()}


@lru_cache(maxsize=1024)
def channel_of(text: str) -> str:
    """Return our channel for a word, '' when it is none."""
    return _CHANNEL.get(fold(text), "")


def channel_or_all(text: str) -> str:
    """Return our channel for a word or `all`, '' when it is neither."""
    return "all" if fold(text) in {"all", "any", "alle", "every"} else channel_of(text)


@lru_cache(maxsize=1024)
def channels_of(text: str) -> str:
    """Return channels parted by commas, in the order written; '' when a word of it is none.

    >>> channels_of("E-Mail > SMS; post")
    'email,sms,letter'
    """
    words = [word for word in re.split(r"[,;>|/+]+", text) if word.strip()]
    if len(words) == 1 and not channel_of(words[0]):
        words = words[0].split()
    found = [channel_of(word) for word in words]
    return ",".join(dict.fromkeys(found)) if found and all(found) else ""


@lru_cache(maxsize=1024)
def truth_of(text: str) -> str:
    """Return `true` or `false` for a word of assent or refusal, '' when it is neither."""
    word = fold(text).replace(" ", "")
    return "true" if word in _YES else "false" if word in _NO else ""


@lru_cache(maxsize=1024)
def topic_of(text: str) -> str:
    """Return a topic such as `offer.garden`, '' when the text cannot be one."""
    word = "_".join(text.strip().lower().split()) or "all"
    word = _TOPIC_OF.get(fold(text), word)
    return word if _TOPIC.fullmatch(word) else ""


def brand_of(text: str, given: Given) -> str:
    """Return a brand's id or `all`, '' when there is no such brand."""
    word = text.strip().lower()
    if word in {"all", ""}:
        return "all"
    return word if _BRAND.fullmatch(word) and (not given.brands or word in given.brands) else ""


def strangers(table: Table, unknown: Sequence[tuple[int, str, int]]) -> list[Flaw]:
    """Return a rejecting flaw for each row whose customer is nobody, or several."""
    name = table.name("customer")
    return [
        Flaw(
            row=row,
            column=name,
            value=customer,
            problem="this customer is not in the store" if not found else f"this means {found} customers",
            rejects=True,
        )
        for row, customer, found in unknown
    ]
