"""A second reading of `preferences/laws.toml` and of the rules about registers, one cell at a time in plain Python."""

from __future__ import annotations

import tomllib
from datetime import time, timedelta
from functools import lru_cache
from importlib.resources import files

RULES = tomllib.loads(files("preferences").joinpath("laws.toml").read_text("utf-8"))["rule"]
WORTH = {"legitimate_interest": 1, "soft_opt_in": 2, "consent": 3}
KIND = {"letter": "letter", "sms": "phone", "whatsapp": "phone", "email": "email", "push": ""}
AREAS = {"+1212": ["America/New_York"], "+1415": ["America/Los_Angeles"]}
CODES = {"+47": ["NO"], "+1": ["US", "CA"], "+82": ["KR"]}


def lands(person, channel, address):
    """The countries that a customer is known in on a channel, in the order in which they are asked."""
    if person is None:
        return []
    own = [(person["country"] or "").upper(), _zones().get(person["time_zone"], "")]
    return [land for land in own + of_address(channel, address) if land]


def of_address(channel, address):
    if address is None:
        return []
    if channel == "letter":
        return [address["country"]]
    if channel in ("sms", "whatsapp"):
        return next((found for code, found in CODES.items() if address["prefix"].startswith(code)), [])
    return []


def clocks(person, channel, address):
    """The zones of a number of another country than the customer's, or of an area of theirs."""
    found = of_address(channel, address) if channel in ("sms", "whatsapp") else []
    if not found or (person["country"] or "").upper() in found:
        return AREAS.get(address["prefix"], []) if found else []
    zones = {"NO": ["Europe/Oslo"], "KR": ["Asia/Seoul"]}.get(found[0])
    # Between the clocks of Adak and New York, and of Vancouver and St. John's, all of both countries lie.
    return zones or ["America/Adak", "America/St_Johns"]


def rules(channel, kind, where):
    """(place in the table, rule) of the rules that speak of a channel, the countries in their order."""
    return [
        (number, rule)
        for land in dict.fromkeys(where)
        for number, rule in enumerate(RULES)
        if rule["country"] == land and channel in rule["channels"] and kind in rule
    ]


def forbidden(question, policy, now, channel, where, basis, address, washed):
    """Why marketing that rests on `basis` is closed by a law or a register: (reason, evidence)."""
    if basis == "consent":
        return "", {}
    ranked = rules(channel, "basis", where)
    strictest = max(ranked, key=lambda one: WORTH[one[1]["basis"]], default=None)
    worth = {"legacy": 3, **WORTH}[basis]
    if strictest and worth < WORTH[strictest[1]["basis"]]:
        return "law", told(strictest[1])
    if address and address["register"]:
        named = rules(channel, "register", where)
        if named:
            return "register", told(max(named, key=lambda one: one[0])[1])
        return "register", {"register": address["register"], "address": address["address"]}
    for land, days in sorted(policy.wash.items()):
        every = [rule["register"].get("every_days", days) for _, rule in rules(channel, "register", [land])]
        dated = washed.get((land, KIND[channel]))
        late = dated is None or (now.date() - dated).days > min([days, *every])
        if KIND[channel] and land in where and late:
            return "wash_due", {"register_of": land}
    return "", {}


def quiet(channel, person, address, own_zone):
    """The quiet times that laws set: (zone, (start, end), rule)."""
    where = lands(person, channel, address)
    found = []
    for _, rule in rules(channel, "quiet", where):
        window = tuple(time.fromisoformat(rule["quiet"][edge]) for edge in ("start", "end"))
        found.append((own_zone, window, rule))
        if rule["country"] in of_address(channel, address):
            found += [(zone, window, rule) for zone in clocks(person, channel, address)]
    return found


def implied_until(event, channel, where, policy):
    """When permission that was read out of a purchase or an inquiry is over, None: never."""
    ground = event["ground"]
    if not ground:
        return None
    spans = [timedelta(days=rule["implied"][ground]) for _, rule in rules(channel, "implied", where)]
    spans += [policy.expiry[ground]] if ground in policy.expiry else []
    return event["at"] + min(spans) if spans else None


def told(rule):
    return {"country": rule["country"], "law": rule["source"]}


@lru_cache
def _zones():
    lines = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    return {line.split("\t")[2]: line.split("\t")[0] for line in lines if not line.startswith("#")}
