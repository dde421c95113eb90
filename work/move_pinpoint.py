"""The endpoints that Amazon Pinpoint exports: JSON lines, plain or gzipped (EndpointResponse, API of 2016-12-01).

An endpoint is one address; those of one `User.UserId` are one customer. `OptOut: ALL` is an objection on its channel,
`EndpointStatus: INACTIVE` an address that Pinpoint found dead. Pinpoint ended on 2026-10-30; exports go on being files.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tidings.problem import Problem
from work.move_parts import Parts
from work.reading import Unread, refuse_pipe

_CHANNELS = {"EMAIL": "email", "SMS": "sms", "VOICE": "sms"}
_PLATFORMS = {
    **dict.fromkeys(("APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX"), "apns"),
    **dict.fromkeys(("GCM", "FCM"), "fcm"),
}
_LONGEST = 1 << 20
"""Characters of a line; an endpoint has at most 15 kB (quota of Pinpoint)."""


def read(path: Path, parts: Parts) -> None:
    """Read an export; a line that is no endpoint is told and left out.

    Raises:
        Problem: it cannot be read, or holds no endpoint at all.
    """
    people: dict[str, tuple[int, dict[str, Any], dict[str, Any]]] = {}
    for number, line in _lines(path):
        endpoint = _endpoint(line)
        if isinstance(endpoint, str):
            parts.unread.append(Unread(row=number, value=line[:200], problem=endpoint, rejected=True))
            continue
        reference = _object(endpoint, "User").get("UserId") or endpoint.get("Id") or endpoint["Address"]
        _, values, attributes = people.setdefault(str(reference), (number, {}, {}))
        _learn(endpoint, values, attributes)
        _address(number, endpoint, str(reference), parts)
    if not people:
        raise Problem(
            f"{path} holds no endpoint of Amazon Pinpoint.",
            todo="Give the JSON lines that an export job wrote (.json or .json.gz).",
        )
    for reference, (number, values, attributes) in people.items():
        parts.add("customers", number, attributes=attributes, reference=reference, **values)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    refuse_pipe(path)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        read = gzip.open if packed else open
        with read(path, "rt", encoding="utf-8-sig", errors="replace") as lines:
            number = 0
            while line := lines.readline(_LONGEST):
                number += 1
                if line.strip():
                    yield number, line.strip()
    except FileNotFoundError as error:
        raise Problem(f"There is no file {path}.") from error
    except (OSError, EOFError) as error:
        raise Problem(f"{path} cannot be read: {error}.") from error


def _endpoint(line: str) -> dict[str, Any] | str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return "not JSON"
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("Address"), str)
        or not found["Address"].strip()
    ):
        return "no endpoint: it has no Address"
    return found if isinstance(found.get("ChannelType"), str) else "no endpoint: it has no ChannelType"


def _object(of: dict[str, Any], name: str) -> dict[str, Any]:
    found = of.get(name)
    return found if isinstance(found, dict) else {}


def _learn(endpoint: dict[str, Any], values: dict[str, Any], attributes: dict[str, Any]) -> None:
    """Add what an endpoint says about its customer; what an earlier one said stays."""
    place, body = _object(endpoint, "Location"), _object(endpoint, "Demographic")
    said = {
        "country": place.get("Country"),
        "city": place.get("City"),
        "postal_code": place.get("PostalCode"),
        "area": place.get("Region"),
        "language": body.get("Locale"),
        "time_zone": body.get("Timezone"),
    }
    user = _object(_object(endpoint, "User"), "UserAttributes")
    for name, value in (user | _object(endpoint, "Attributes")).items():
        known = {"firstname": "first_name", "lastname": "last_name"}.get(name.casefold().replace("_", ""))
        if known:
            values.setdefault(known, value)
        else:
            attributes.setdefault(name, value)
    for name, value in _object(endpoint, "Metrics").items():
        attributes.setdefault(name, value)
    for name, value in said.items():
        if value:
            values.setdefault(name, value)


def _address(number: int, endpoint: dict[str, Any], customer: str, parts: Parts) -> None:
    kind, address = endpoint["ChannelType"].upper(), endpoint["Address"]
    channel = _CHANNELS.get(kind, "push" if kind in _PLATFORMS else "")
    if not channel:
        parts.unread.append(
            Unread(
                row=number,
                value=kind,
                problem="we have no such channel: the address is left out",
                rejected=False,
            )
        )
        return
    if channel == "push":
        parts.add(
            "devices",
            number,
            customer=customer,
            token=address,
            platform=_PLATFORMS[kind],
            device=endpoint.get("Id"),
        )
    else:
        parts.add("addresses", number, customer=customer, channel=channel, value=address)
    at = endpoint.get("EffectiveDate") or endpoint.get("CreationDate") or ""
    if endpoint.get("EndpointStatus") == "INACTIVE":
        parts.add(
            "suppressions",
            number,
            channel=channel,
            value=address,
            reason="inactive in Amazon Pinpoint",
            at=at,
        )
    match endpoint.get("OptOut"):
        case "NONE":
            parts.agreed(number, customer, channel, at)
        case None | "":
            return
        case said:
            if said != "ALL":
                problem = "not an OptOut of Amazon Pinpoint: taken as an objection"
                parts.unread.append(
                    Unread(row=number, value=str(said)[:200], problem=problem, rejected=False)
                )
            parts.objected(number, customer, channel, at)
