"""Push notifications: title, body, link and a payload within the services' limit, measured in bytes."""

import json
import re
from typing import Any
from unicodedata import category

from tidings.message import Push
from tidings.problem import Problem

LIMITS = {"apns": 4096, "fcm": 4096, "web": 3993}
"""Bytes of a payload: Apple's and Google's documentation; Web Push carries 4096 encrypted, of which RFC 8291 takes 86
for its header and 17 for padding and tag."""
MAX_TITLE = 120
"""Characters; phones show about 50."""
_BESIDE = re.compile(r"[\u200d\u0e33\u0eb3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""What belongs to the character before it without being a mark: joiners, Thai and Lao AM, skin tones, tags of flags."""
_HALF_FLAG = re.compile(
    r"(?<![\U0001f1e6-\U0001f1ff])(?:[\U0001f1e6-\U0001f1ff]{2})*[\U0001f1e6-\U0001f1ff]$"
)
"""An odd number of the letters of which two are a flag."""


def make_push(
    *,
    message: str,
    to: str,
    platform: str,
    title: str,
    body: str,
    link: str,
    topic: str,
    where: str,
    preferences: tuple[str, str] = ("", ""),
) -> Push:
    """Return a push in the form of its platform: `apns`, `fcm` or `web`.

    `preferences` is the link to the customer's form and what it is called; without it the push has none.

    The title may be shortened at a word, the body never: it carries the facts.

    Raises:
        Problem: an unknown platform, or a payload over the limit.
    """
    platform = platform or "fcm"
    title = shortened(title, MAX_TITLE)
    if platform not in _PAYLOADS:
        raise Problem(f"{where}: there is no push platform {platform!r}.", todo="Known: apns, fcm, web.")
    told = {"link": link, "message": message, "topic": topic}
    if preferences[0]:
        told |= {"preferences": preferences[0], "choose": preferences[1]}
    payload = json.dumps(
        _PAYLOADS[platform](title=title, body=body, told=told), ensure_ascii=False, separators=(",", ":")
    )
    size = len(payload.encode())
    if size > LIMITS[platform]:
        raise Problem(
            f"{where}: the push has {size} bytes, {platform} takes {LIMITS[platform]}.",
            todo="Shorten `short`.",
        )
    return Push(
        to=to, platform=platform, title=title, body=body, link=link, collapse_id=message, payload=payload
    )


def _apns(*, title: str, body: str, told: dict[str, str]) -> dict[str, Any]:
    aps = {"alert": {"title": title, "body": body}, "sound": "default", "thread-id": told.pop("topic")}
    return {"aps": aps, **told}


def _fcm(*, title: str, body: str, told: dict[str, str]) -> dict[str, Any]:
    message = told["message"]
    return {
        "notification": {"title": title, "body": body},
        "android": {"collapse_key": message, "notification": {"tag": message}},
        "data": told,
    }


def _web(*, title: str, body: str, told: dict[str, str]) -> dict[str, Any]:
    return {"title": title, "body": body, "tag": told.pop("message"), **told}


_PAYLOADS = {"apns": _apns, "fcm": _fcm, "web": _web}


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters, cut at a word where there is one, never inside a grapheme (UAX 29).

    >>> shortened("autumn lanterns", 12)
    'autumn…'
    """
    if len(text) <= limit:
        return text
    cut = limit - 1
    while cut > 0 and _inside(text, cut):
        cut -= 1
    head = text[:cut]
    word = head if text[cut] == " " else head.rpartition(" ")[0]
    return f"{(word or head).rstrip()}…"


def _inside(text: str, cut: int) -> bool:
    """Tell whether a cut before this character goes through what is read as one."""
    if category(text[cut]).startswith("M") or _BESIDE.match(text[cut]) or text[cut - 1] == "\u200d":
        return True
    return bool(_HALF_FLAG.search(text[:cut]) and "\U0001f1e6" <= text[cut] <= "\U0001f1ff")
