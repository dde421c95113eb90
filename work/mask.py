"""Addresses shown to whoever holds a link: enough to know one's own, too little to learn somebody else's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tidings.channel import Channel

_SHORT = 2
_DOTS = "\u2022\u2022"
_PLATFORMS = {"apns": "iOS", "fcm": "Android", "web": "Web"}


def mask(
    channel: str,
    value: str,
    *,
    platform: str = "",
    device: str = "",
    postal: Mapping[str, Any] | None = None,
) -> str:
    """Return an address with its middle hidden; of a browser its name, which stands in its device behind the number.

    >>> mask("email", "astrid.lunda@example.org"), mask("sms", "+4799887778")
    ('a•••a@example.org', '•• 78')
    """
    if channel == Channel.EMAIL:
        name, _, domain = value.rpartition("@")
        ends = name[:1] + _DOTS + "\u2022" + (name[-1:] if len(name) > _SHORT else "")
        return f"{ends}@{domain}"
    if Channel(channel).by_phone:
        return f"{_DOTS} {value[-2:]}"
    if channel == Channel.PUSH:
        known = device.partition(" ")[2] if platform == "web" else ""
        return known or _PLATFORMS.get(platform, "")
    return _town(value, postal or {})


def _town(value: str, postal: Mapping[str, Any]) -> str:
    town = str(postal.get("city") or "")
    if town:
        return town
    lines = [line.strip() for line in value.splitlines() if line.strip()]
    return _DOTS if lines else ""
