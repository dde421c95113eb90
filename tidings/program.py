"""Whether a visitor is a program: what a request calls itself, where it fetched a picture or followed a link."""

import re

_PROGRAMS = re.compile(
    r"bot\b|bot/|crawl|spider|scan|preview|prefetch|proxy|headless|facebookexternalhit|whatsapp|skypeuri|slack"
    r"|telegram|barracuda|mimecast|proofpoint|symantec|forcepoint|trendmicro|sophos|fireeye|safelinks|safebrowsing"
    r"|python|curl|wget|go-http|java/|okhttp|libwww|axios|node-fetch|apache-httpclient",
    re.IGNORECASE,
)
_BARE = re.compile(r"Mozilla/\d\.\d\s*")
"""Nothing but this: Apple's Mail Privacy Protection, which fetches every picture (2021 and since)."""


def is_program(agent: str) -> bool:
    """Tell whether a User-Agent is that of a program that nobody sits at; one that says nothing is."""
    return not agent.strip() or bool(_PROGRAMS.search(agent)) or bool(_BARE.fullmatch(agent))
