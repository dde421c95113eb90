# ruff: noqa: C901 -- tables, and rules told in one piece
"""A second reading of docs/deciding.md, one message at a time in plain Python: what `decide` must agree with.

It shares no code with `preferences`, only the policy's values, and prefers the obvious to the fast: the wall
clock is asked minute by minute.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tests.preferences.oracle_law import clocks, forbidden, implied_until, lands, quiet, told
from tests.preferences.oracle_learnt import better_hour, drawn, is_held_out

CHANNELS = ("email", "sms", "push", "letter", "whatsapp")
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Oracle:
    """Facts as lists of dictionaries, by customer."""

    def __init__(self, question, rows, policy, now, washed=None):
        self.washed = washed or {}
        self.question, self.policy, self.now = question, policy, now
        self.path = [*_path(question.topic), "all"]
        self.brands = [question.brand, "all"] if question.brand != "all" else ["all"]
        self.marketing = question.purpose_class == "marketing"
        self.by = {name: defaultdict(list) for name in rows}
        for name, lines in rows.items():
            for line in lines:
                self.by[name][line["customer"]].append(line)

    def of(self, name, customer):
        return self.by[name].get(customer, [])

    def decide_line(self, line):
        return self.decide(
            line["message"], line["customer"], line["tried"], line["over_budget"] or [], line["gain"],
            waited=line["waited"],
        )  # fmt: skip

    def decide(self, message, customer, tried, over_budget=(), gain=None, *, waited=False):
        found = self.of("customers", customer)
        person = found[0] if found else None
        statements = [
            s
            for s in self.of("statements", customer)
            if s["brand"] in self.brands and s["topic"] in self.path
        ]
        reasons, keys, evidence, address = {}, {}, {}, {}
        held = self.held(person)
        orders = self.in_force(statements, "order")
        for channel in CHANNELS:
            at, why, proof = self.reach(customer, channel)
            address[channel] = at
            if held:
                reasons[channel], evidence[channel] = held, self.standing(person, held)
            elif channel not in self.question.channels:
                reasons[channel], evidence[channel] = "not_allowed", {}
            elif channel in tried:
                reasons[channel], evidence[channel] = "tried", {}
            elif why:
                reasons[channel], evidence[channel] = why, proof
            elif self.marketing:
                why, proof = self.permission(customer, person, channel)
                if not why:
                    where = lands(person, channel, self.line(customer, at))
                    why, closed = forbidden(
                        self.question, self.policy, self.now, channel, where, self.basis(customer, proof, channel),
                        self.line(customer, at), self.washed,
                    )  # fmt: skip
                    proof = closed or proof
                excluded = self.never(orders, channel)
                if why:
                    reasons[channel], evidence[channel] = why, proof
                elif excluded:
                    reasons[channel], evidence[channel] = "never_wished", _statement(excluded)
                elif channel in over_budget:
                    told = json.loads(self.question.budget or "null")
                    reasons[channel], evidence[channel] = "budget", {"budget": told, "gain": gain}
                else:
                    evidence[channel] = proof
        possible = [c for c in CHANNELS if c not in reasons]
        permitted = dict(evidence)
        self.place(customer, orders, possible, reasons, keys, evidence)
        ranked = sorted(possible, key=lambda c: keys[c])
        propensity = 1.0
        if self.marketing and not tried and not any(set(s["channels"]) & set(CHANNELS) for _, s in orders):
            first, propensity = drawn(self.question, self.policy, customer, ranked)
            if ranked and first != ranked[0]:
                ranked = [first, *(c for c in ranked if c != first)]
                reasons[first] = "explored"
                lot = {"explore": self.policy.explore, "propensity": propensity}
                evidence[first] = lot | permitted.get(first, {})
        out = {
            "message": message, "customer": customer, "state": "ready", "reason": "", "due_at": self.now,
            "channel": ranked[0] if ranked else None, "language": self.language(statements, person),
            "tracking": self.tracking(statements), "propensity": propensity,
        }  # fmt: skip
        if held or not ranked:
            out |= {"state": "held", "reason": held or self.why_held(reasons)}
        else:
            at = self.line(customer, address[ranked[0]])
            due, reason, proof = self.time(customer, person, statements, ranked[0], at, waited=waited)
            last = self.question.last_day
            zone = person["time_zone"] if _zone(person["time_zone"]) else self.policy.time_zone
            if due and last and self.marketing and due.astimezone(ZoneInfo(zone)).date() > last:
                due, reason, proof = None, "offer_over", {"last_day": last.isoformat()}
            if due is None:
                out |= {"state": "held", "reason": reason, "channel": None}
                reasons = dict.fromkeys(CHANNELS, reason)
                evidence = {c: dict(proof) for c in CHANNELS}
                ranked = []
            elif self.marketing and self.question.holdout and is_held_out(self.question, customer):
                out |= {"state": "held", "reason": "holdout", "channel": None}
                reasons |= dict.fromkeys(ranked, "holdout")
                evidence |= {c: {"holdout": self.question.holdout} for c in ranked}
                ranked = []
            else:
                out |= {"due_at": due, "reason": reason}
                evidence[ranked[0]] = evidence[ranked[0]] | proof
        if not ranked:
            out |= {"propensity": 1.0}
        channels = {
            c: {
                "rank": ranked.index(c) + 1 if c in ranked else None,
                "reason": reasons[c], "address": address[c], "evidence": evidence[c],
            }
            for c in CHANNELS
        }  # fmt: skip
        return out, channels

    # Rule 1
    def held(self, person):
        if person is None:
            return "unknown_customer"
        if person["standing"] == "deceased" or (self.marketing and person["standing"] == "former"):
            return "standing"
        return "open_matter" if self.marketing and person["holds"] else ""

    def standing(self, person, held):
        return (
            {} if held == "unknown_customer" else {"standing": person["standing"], "holds": person["holds"]}
        )

    # Rule 2
    def reach(self, customer, channel):
        bars = [
            s
            for s in self.of("suppressions", customer)
            if s["channel"] == channel and s["brand"] in self.brands
        ]
        bars.sort(key=lambda s: (s["at"], s["suppression"]))
        stop = next((s for s in bars if s["reason"].lower() in self.policy.closing), None)
        graded = []
        for a in self.of("addresses", customer):
            if a["channel"] != channel:
                continue
            bar = stop or next((s for s in bars if s["address"] == a["address"]), None)
            if bar:
                grade = 1
            elif a["state"] != "usable":
                grade = 3
            elif not a["verified"] and (
                channel in self.policy.verified or (self.marketing and channel in self.policy.double_opt_in)
            ):
                grade = 2
            else:
                grade = 0
            graded.append((grade, a["position"], a["address"], bar, a))
        if not graded:
            return (None, "suppressed", _suppression(stop)) if stop else (None, "no_address", {})
        grade, _, number, bar, line = min(graded, key=lambda g: g[:3])
        if grade == 0:
            return number, "", {}
        if grade == 1:
            return number, "suppressed", _suppression(bar)
        why = {2: "unverified_address", 3: "unusable_address"}[grade]
        return number, why, {"address": number, "problem": line["problem"]}

    def line(self, customer, number):
        return next((a for a in self.of("addresses", customer) if a["address"] == number), None)

    def basis(self, customer, proof, channel):
        if "basis" in proof:
            return proof["basis"]
        event = next(e for e in self.of("consents", customer) if e["consent"] == proof["consent"])
        return {2: "consent", 1: "legacy"}[self.strength(event, channel)]

    def over(self, event, person, channel, address):
        if event["action"] not in ("given", "legacy"):
            return False
        implied = implied_until(event, channel, lands(person, channel, address), self.policy)
        return any(end is not None and end <= self.now for end in (event["expires_at"], implied))

    # Rule 3
    def permission(self, customer, person, channel):
        events = [
            e for e in self.of("consents", customer)
            if e["brand"] in self.brands and e["topic"] in self.path and e["channel"] in (channel, "all")
        ]  # fmt: skip
        at = self.line(customer, self.reach(customer, channel)[0])
        expired = [e for e in events if self.over(e, person, channel, at)]
        events = [e for e in events if e not in expired]
        denials = [
            e for e in events if e["action"] in ("withdrawn", "objected") and not self.lifted(e, events)
        ]
        if denials:
            worst = min(
                self.alphabetical(denials),
                key=lambda e: (e["action"] != "objected", -e["at"].timestamp(), self.scope(e)),
            )
            return ("objected" if worst["action"] == "objected" else "channel_no_consent"), _consent(worst)
        grants = [e for e in events if e["action"] in ("given", "legacy")]
        best = min(
            self.alphabetical(grants),
            key=lambda e: (-self.strength(e, channel), self.scope(e), -e["at"].timestamp()),
            default=None,
        )
        if best and self.strength(best, channel):
            return "", _consent(best)
        if self.policy.basis.get(channel) == "legitimate_interest" and person["standing"] != "prospect":
            return "", {"basis": "legitimate_interest"}
        if channel in self.policy.soft_opt_in and person["standing"] == "customer":
            return "", {"basis": "soft_opt_in"}
        if expired:
            last = self.alphabetical(expired)
            return "expired", _consent(min(last, key=lambda e: (-e["at"].timestamp(), self.scope(e))))
        return "channel_no_consent", _consent(best) if best else {}

    def alphabetical(self, events):
        """Of what is alike in scope and instant the first by alphabet, of equal ones the last recorded."""
        end = datetime.max.replace(tzinfo=UTC)
        newest = sorted(events, key=lambda e: e["consent"], reverse=True)
        late = sorted(newest, key=lambda e: e["expires_at"] or end, reverse=True)
        return sorted(late, key=lambda e: (e["action"], e["source"], e["on_behalf"], e["ground"]))

    def strength(self, event, channel):
        if event["action"] == "given" and event["proof"]:
            return 2
        return 1 if channel in self.policy.legacy_counts else 0

    def scope(self, event):
        return (
            self.path.index(event["topic"]),
            event["channel"] == "all",
            event["brand"] != self.question.brand,
        )

    def lifted(self, denial, events):
        for e in events:
            if e["action"] != "given" or not e["proof"]:
                continue
            mine, theirs = self.scope(e), self.scope(denial)
            if not all(m <= t for m, t in zip(mine, theirs, strict=True)):
                continue
            if e["at"] > denial["at"]:
                return True
            if e["at"] == denial["at"] and mine != theirs and denial["action"] == "withdrawn":
                return True
        return False

    # Rules 4 and 5
    def in_force(self, statements, kind):
        """One statement per scope, the one that speaks first first."""
        scopes = {}
        for s in statements:
            ends = self.far(s["until_at"])
            if s["kind"] != kind or (s["from_at"] and s["from_at"] > self.now) or (ends and ends <= self.now):
                continue
            scope = (ends is None, self.brands.index(s["brand"]), self.path.index(s["topic"]))
            scopes.setdefault(scope, []).append(s)
        return [(scope, self.latest(scopes[scope])) for scope in sorted(scopes)]

    def latest(self, statements):
        """The newest; of one instant the strictest, then the first by alphabet, then the longest."""
        instant = max(s["at"] for s in statements)
        end, start = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
        said = [s for s in statements if s["at"] == instant]
        said.sort(key=lambda s: s["statement"], reverse=True)
        said.sort(key=lambda s: (s["from_at"] or start, s["source"], s["on_behalf"]))
        said.sort(key=lambda s: self.far(s["until_at"]) or end, reverse=True)
        said.sort(key=lambda s: (",".join(s["channels"]), json.dumps(_value(s), sort_keys=True)))
        said.sort(key=lambda s: (not s["channels"] and not _value(s).get("only"), len(s["channels"])))
        return min(said, key=lambda s: -_strict(s["kind"], _value(s)))

    def far(self, until):
        return until if until and until <= self.now + timedelta(days=50 * 365) else None

    def never(self, orders, channel):
        for _, s in orders:
            if channel in s["channels"]:
                return None
            if _value(s).get("only") is True:
                return s
        return None

    def place(self, customer, orders, possible, reasons, keys, evidence):
        house = list(dict.fromkeys(c for c in self.question.default_order if c in CHANNELS))
        rest = sorted(
            (c for c in CHANNELS if c not in house), key=lambda c: (self.question.costs.get(c, math.inf), c)
        )
        order = house + rest
        stated = any(set(s["channels"]) & set(CHANNELS) for _, s in orders)
        seen = {} if stated else self.observed(customer, possible, order)
        for c in possible:
            reasons[c] = "cheapest" if c in rest else "default_order"
            keys[c] = (2, order.index(c))
            mine = next(((n, s) for n, s in enumerate(orders) if c in s[1]["channels"]), None)
            if mine:
                number, (scope, s) = mine
                reasons[c] = self.rule(scope)
                keys[c] = (0, number, list(dict.fromkeys(s["channels"])).index(c))
                evidence[c] = _statement(s) | evidence.get(c, {})
            elif c in seen:
                mean, proof = seen[c]
                reasons[c] = "observed"
                keys[c] = (1, -mean, order.index(c))
                evidence[c] = proof | evidence.get(c, {})
            evidence.setdefault(c, {})

    def rule(self, scope):
        permanent, _, level = scope
        if not permanent:
            return "stated_temporary"
        return {1: "stated_all", 2: "stated_purpose"}.get(len(self.path) - level, "stated_topic")

    # Rule 6
    def observed(self, customer, possible, order):
        rules = self.policy.observing
        rates = self.rates()
        judged = {}
        for c in CHANNELS:
            judged[c] = (*self.interval(0.0, 0.0, rates.get(c, 0.5)), 0)
        for b in self.of("behaviour", customer):
            if b["purpose_class"] == self.question.purpose_class and b["channel"] in CHANNELS:
                days = max((self.now - b["as_of"]) // timedelta(days=1), 0)
                weight = 0.5 ** (days / rules.half_life.days)
                reached = max(b["reached"], 0.0) * weight
                engaged = min(max(b["engaged"], 0.0) * weight, reached)
                judged[b["channel"]] = (
                    *self.interval(reached, engaged, rates.get(b["channel"], 0.5)),
                    b["observations"],
                )
        if not possible:
            return {}
        first = min(possible, key=order.index)
        moved = {}
        for c in possible:
            mean, low, high, count = judged[c]
            if count >= rules.at_least and low > judged[first][2]:
                share = [round(x * 1000) / 1000 for x in (mean, low, high)]
                moved[c] = (
                    math.floor((1 - mean) * 1e9) * -1,
                    {"observations": count, "engaged": share[0], "between": share[1:]},
                )
        return moved

    def rates(self):
        prior = self.policy.observing.base_rates.get(self.question.purpose_class, {})
        strength = self.policy.learning.base_strength
        seen = {c: self.question.population.rates.get(c, (0.0, 0.0)) for c in CHANNELS}
        return {c: (min(e, r) + strength * prior.get(c, 0.5)) / (r + strength) for c, (r, e) in seen.items()}

    def interval(self, reached, engaged, base):
        rules = self.policy.observing
        total = reached + rules.prior_strength
        mean = (engaged + rules.prior_strength * base) / total
        spread = rules.deviations * math.sqrt(mean * (1.0 - mean) / (total + 1.0))
        return mean, mean - spread, mean + spread

    def why_held(self, reasons):
        met = set(reasons.values())
        if "wash_due" in met:
            return "wash_due"
        if "budget" in met:
            return "budget"
        lacking = {"channel_no_consent", "objected", "expired", "register", "law"}
        if "never_wished" in met or not met & lacking:
            return "no_channel"
        return "no_consent"

    # Time
    def time(self, customer, person, statements, channel, address, *, waited):
        due, limit, proof = self.room(customer, statements)
        zone = person["time_zone"] if _zone(person["time_zone"]) else self.policy.time_zone
        window, own = self.window(statements, channel)
        country = (person["country"] or "") if channel in self.policy.holidays else ""
        wished = self.in_force(statements, "best_days")[:1] if self.marketing else []
        days = frozenset(_value(wished[0][1]).get("days") or WEEK) if wished else frozenset(WEEK)
        laws = tuple(quiet(channel, person, address, zone)) if self.marketing else ()
        rests = (
            (zone, window, country, days, ""),
            *((other, window, "", frozenset(WEEK), "") for other in clocks(person, channel, address)),
            *((other, hours, "", frozenset(WEEK), "law") for other, hours, _ in laws),
        )
        moved_by, pause = set(), None
        while True:
            before = due
            if self.marketing:
                due, last = self.pause(statements, due)
                pause = last or pause
                if due is None:
                    return None, "pause", _pause(pause)
            due, how = _free(due, rests)
            moved_by |= how
            if due is None:
                if laws:
                    return None, "law", told(laws[0][2])
                return None, "quiet_hours", self.hours(window, own, zone)
            if due == before or not self.marketing:
                break
        better = None
        if self.marketing and channel != "letter" and not waited:
            found = better_hour(
                self.question, self.policy, self.of("hours", customer), self.now, due, zone,
                lambda moment: _free(moment, rests)[0] == moment,
            )  # fmt: skip
            if found and self.pause(statements, found[0])[0] == found[0]:
                due, better = found
        if pause:
            return due, "pause", _pause(pause)
        if limit:
            return due, limit, proof
        if better:
            return due, "best_hour", better
        if "best_day" in moved_by:
            named = [day for day in WEEK if day in days]
            return due, "best_day", {"best_days": named} | _wish(wished[0][1])
        if "holiday" not in moved_by and "law" in moved_by:
            return due, "law", told(laws[0][2])
        if moved_by:
            return due, "holiday" if "holiday" in moved_by else "quiet_hours", self.hours(window, own, zone)
        return due, "", {}

    def hours(self, window, own, zone):
        hours = f"{window[0]:%H:%M}-{window[1]:%H:%M}"
        return {"quiet": hours, "quiet_by": "customer" if own else "policy", "zone": zone}

    def limits(self, statements):
        """What binds: (messages, window, purpose or all, brand or all, reason, evidence)."""
        for cap in self.policy.caps:
            if cap.purpose in ("all", self.question.purpose) and cap.brand in ("all", self.question.brand):
                proof = {"cap": cap.limit, "days": round(cap.window / timedelta(days=1), 3)}
                yield cap.limit, cap.window, cap.purpose, cap.brand, "cap", proof
        met = set()
        for (_, brand, level), s in self.in_force(statements, "frequency"):
            said = _value(s)
            often = {"at_most": said.get("at_most"), "per": said.get("per")}
            proof = _wish(s) | often
            days = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}.get(often["per"])
            if (brand, level) not in met and often["at_most"] and days:
                about = "all" if self.path[level] == "all" else self.question.purpose
                yield often["at_most"], timedelta(days=days), about, self.brands[brand], "frequency", proof
            met.add((brand, level))

    def room(self, customer, statements):
        due, reason, proof = self.now, "", {}
        binding = list(self.limits(statements)) if self.marketing else []
        for most, window, about, brand, name, why in binding:
            counted = sorted(
                r["at"] for r in self.of("recent", customer)
                if _counts(r, about, brand) and r["at"] > self.now - window
            )  # fmt: skip
            if len(counted) >= most and counted[-most] + window > due:
                due, reason, proof = counted[-most] + window, name, why
        above = [c for c in self.of("coming", customer) if c["priority"] > self.question.priority]
        above.sort(key=lambda c: (c["at"], c["campaign"]))
        pushed = []
        for most, window, about, brand, _, _ in binding:
            mine = [
                n
                for n, c in enumerate(above)
                if _counts(c, about, brand) and max(c["at"], due) - due < window
            ]
            times = [r["at"] for r in self.of("recent", customer) if _counts(r, about, brand)]
            for n in mine:
                at = max(above[n]["at"], due)
                used = sum(at - window < t <= at for t in times)
                used += sum(at - window < max(above[m]["at"], due) for m in mine if m < n)
                if used == most - 1:
                    pushed.append(n)
        if not pushed:
            return due, reason, proof
        first = above[max(pushed)]
        proof = {
            "gives_way_to": first["campaign"], "its_priority": first["priority"], "planned_at": _stamp(first["at"]),
        }  # fmt: skip
        return max(first["at"], due) + timedelta(hours=1), "priority", proof

    def pause(self, statements, due):
        spans = []
        pauses = [s for s in statements if s["kind"] == "pause"]
        far = datetime.max.replace(tzinfo=UTC)
        described = []
        for s in pauses:
            resume = _value(s).get("resume") is True
            until = self.far(s["until_at"]) or far
            described.append((s, s["from_at"] or s["at"], until, resume))
        for s, begins, until, resume in described:
            newer = [
                d
                for d in described
                if (d[0]["brand"], d[0]["topic"]) == (s["brand"], s["topic"]) and d[0]["at"] > s["at"]
            ]
            if not resume and not any(d[1] <= until and begins <= d[2] for d in newer):
                spans.append((s["from_at"] or datetime.min.replace(tzinfo=UTC), until, s))
        last = None
        while inside := [span for span in spans if span[0] <= due < span[1]]:
            until = max(span[1] for span in inside)
            ends = [s for _, end, s in inside if end == until]
            ends = [s for s in ends if s["at"] == max(one["at"] for one in ends)]
            scope = min((self.brands.index(s["brand"]), self.path.index(s["topic"])) for s in ends)
            last = self.latest(
                [s for s in ends if (self.brands.index(s["brand"]), self.path.index(s["topic"])) == scope]
            )
            if until == far:
                return None, last
            due = until
        return due, last

    def window(self, statements, channel):
        for _, s in self.in_force(statements, "quiet_hours"):
            said = _value(s)
            start, end = _clock(said.get("start")), _clock(said.get("end"))
            named = said.get("channels") or ["email", "sms", "push"]
            if start is not None and end is not None and channel in named:
                return (start, end), True
        window = self.policy.quiet.get(channel)
        return ((window.start, window.end) if window else (time(0), time(0))), False

    def language(self, statements, person):
        said = [_value(s).get("language") for _, s in self.in_force(statements, "language")[:1]]
        return (said[0] if said and said[0] else None) or (person["language"] if person else "")

    def tracking(self, statements):
        if self.question.purpose in self.policy.untracked:
            return False
        said = self.in_force(statements, "tracking")
        return not said or _value(said[0][1]).get("tracking") is not False


def _strict(kind, value):
    """How strict a statement is among those of its kind."""
    if kind == "order":
        return value.get("only") is True
    if kind == "tracking":
        return value.get("tracking") is False
    if kind == "best_days":
        return 7 - len(value.get("days") or WEEK)
    if kind == "frequency":
        days = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
        return days[value["per"]] / value["at_most"] if value else 0
    if kind == "quiet_hours":
        start, end = _clock(value.get("start")), _clock(value.get("end"))
        if start is None or end is None:
            return 0
        length = (end.hour - start.hour) * 60 + end.minute - start.minute
        return length % 1440 * len(value.get("channels") or ["email", "sms", "push", "whatsapp"])
    return 0


def _path(topic):
    parts = topic.split(".")
    return [".".join(parts[:n]) for n in range(len(parts), 0, -1)]


def _counts(line, about, brand):
    return about in ("all", line["purpose"]) and (brand == "all" or line["brand"] in (brand, "all"))


def _value(statement):
    return json.loads(statement["value"])


def _clock(text):
    return time.fromisoformat(text) if text else None


def _stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _until(key, s):
    return {key: _stamp(s["until_at"])} if s["until_at"] else {}


def _statement(s):
    said = {"statement": s["statement"], "said_at": _stamp(s["at"]), "source": s["source"]}
    return said | _spoke("on_behalf", s) | _until("until", s)


def _spoke(key, row):
    return {key: row["on_behalf"]} if row["on_behalf"] else {}


def _pause(s):
    said = {"pause": s["statement"], "pause_said_at": _stamp(s["at"]), "pause_source": s["source"]}
    return said | _spoke("pause_on_behalf", s) | _until("pause_until", s)


def _wish(s):
    said = {"wish": s["statement"], "wish_said_at": _stamp(s["at"]), "wish_source": s["source"]}
    return said | _spoke("wish_on_behalf", s)


def _suppression(s):
    return {"suppression": s["suppression"], "why": s["reason"], "suppressed_at": _stamp(s["at"])}


def _consent(e):
    return {
        "consent": e["consent"],
        "action": e["action"],
        "consent_at": _stamp(e["at"]),
        "consent_source": e["source"],
    } | _spoke("consent_on_behalf", e)


@lru_cache
def _zone(name):
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache
def _holidays(country, year):
    import holidays

    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=100_000)
def _free(due, rests):
    """The first allowed instant: `due` itself, else the first whole minute (or change of the clock) that is."""
    moment, how = due, set()
    while moment < due + timedelta(days=20):
        why = next((found for rest in rests if (found := _rest(moment, *rest))), "")
        if not why:
            return moment, how
        how.add(why)
        moment = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return None, how


def _rest(moment, zone, window, country, days, name):
    """What keeps a message back at an instant on one clock."""
    start, end = window
    wall = moment.astimezone(ZoneInfo(zone))
    clock = wall.time()
    if country and date(wall.year, wall.month, wall.day) in _holidays(country, wall.year):
        return "holiday"
    if WEEK[wall.weekday()] not in days:
        return "best_day"
    inside = start <= clock < end if start <= end else clock >= start or clock < end
    return (name or "quiet_hours") if inside else ""
