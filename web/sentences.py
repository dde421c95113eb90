"""A segment as a sentence, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from preferences.explain import channel_name
from tidings.channel import Channel
from tidings.segment import (
    Combine,
    Compare,
    Consent,
    Did,
    DidNot,
    Everybody,
    Has,
    Lacks,
    Node,
    Prefers,
    Saved,
    Sql,
    Stated,
)
from web.figures import plural
from web.language import words


def sentence(rule: Node, language: str) -> str:
    """Return whom a rule selects, in one sentence of `web.language.LANGUAGES`.

    >>> from tidings.segment import Compare, Lacks, Combine
    >>> sentence(Combine(all=(Compare(field="country", value="NO"), Lacks(lacks="email"))), "en")
    'Customers whose country is NO, and who cannot be reached by e-mail.'
    """
    known = words(language)["segments"]["sentence"]
    if isinstance(rule, Everybody):
        return str(known["all_customers"])
    return str(known["start"].format(rule=_Teller(language).told(rule)))


class _Teller:
    """One language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._words: Mapping[str, Any] = words(language)["segments"]
        self._known: Mapping[str, Any] = self._words["sentence"]
        self._topics: Mapping[str, str] = words(language)["console"]["purpose"]

    def told(self, rule: Node) -> str:
        """Return a rule as a part of the sentence."""
        tell: Callable[[Any], str] = getattr(self, f"_{type(rule).__name__.lower()}")
        return tell(rule)

    def _combine(self, rule: Combine) -> str:
        parts = [self._inside(one) for one in rule.all]
        if rule.any:
            told = self._known["or"].join(self._inside(one) for one in rule.any)
            parts.append(f"({told})" if parts or rule.none else told)
        told = self._known["and"].join(parts) or self._known["everybody"]
        return str(told + "".join(self._known["except"].format(rule=self._inside(one)) for one in rule.none))

    def _inside(self, rule: Node) -> str:
        many = isinstance(rule, Combine) and len(rule.all) + len(rule.any) + len(rule.none) > 1
        return f"({self.told(rule)})" if many else self.told(rule)

    def _compare(self, rule: Compare) -> str:
        name = rule.field.removeprefix("attributes.")
        shown = self._words["field"].get(rule.field) if rule.field == name else f"“{name}”"
        return str(self._known[_OPERATORS[rule.op]].format(field=shown, value=self._value(rule.value)))

    def _value(self, value: object) -> str:
        if isinstance(value, tuple):
            return ", ".join(map(self._value, value))
        if isinstance(value, bool):
            return str(words(self._language)["console"]["yes" if value else "no"])
        if isinstance(value, datetime | date):
            return value.isoformat(sep=" ", timespec="minutes") if isinstance(value, datetime) else f"{value}"
        return str(value)

    def _did(self, rule: Did) -> str:
        return self._doing(self._known["did"], rule.did, rule).format(times=rule.at_least)

    def _didnot(self, rule: DidNot) -> str:
        return self._doing(self._known["did_not"], rule.did_not, rule)

    def _doing(self, form: str, kind: str, rule: Did | DidNot) -> str:
        what = self._words["touch"].get(kind, kind).replace("{", "(").replace("}", ")")
        extra = ""
        if rule.channel:
            extra += f" {channel_name(rule.channel, self._language)}" if rule.channel in set(Channel) else ""
            extra += "" if rule.channel in set(Channel) else f" ({_plain(rule.channel)})"
        if rule.purpose:
            extra += self._known["about"].format(topic=self._topic(rule.purpose))
        if rule.within:
            extra += plural(self._language, rule.within.days, self._known["within"]).format(
                n=rule.within.days
            )
        return form.replace("{kind}", what).replace("{more}", _plain(extra))

    def _has(self, rule: Has) -> str:
        return str(self._known["has"].format(channel=channel_name(rule.has, self._language)))

    def _lacks(self, rule: Lacks) -> str:
        return str(self._known["lacks"].format(channel=channel_name(rule.lacks, self._language)))

    def _prefers(self, rule: Prefers) -> str:
        channel = channel_name(rule.prefers, self._language)
        return str(self._known["prefers"].format(channel=channel, topic=self._topic(rule.topic)))

    def _stated(self, rule: Stated) -> str:
        wish = self._words["wish"][rule.stated]
        return str(self._known["stated"].format(wish=wish, topic=self._topic(rule.topic)))

    def _consent(self, rule: Consent) -> str:
        channel = f" {channel_name(rule.channel, self._language)}" if rule.channel else ""
        action = self._words["action"][rule.consent]
        return str(
            self._known["consent"].format(topic=self._topic(rule.topic), channel=channel, action=action)
        )

    def _saved(self, rule: Saved) -> str:
        version = f" ({rule.version})" if rule.version else ""
        return str(self._known["saved"].format(name=rule.segment + version))

    def _sql(self, _: Sql) -> str:
        return str(self._known["sql"])

    def _everybody(self, _: Everybody) -> str:
        return str(self._known["everybody"])

    def _topic(self, topic: str) -> str:
        root, _, rest = topic.partition(".")
        shown = self._known["every_topic"] if root == "all" else self._topics.get(root, root).lower()
        return f"{shown} ({_plain(rest)})" if rest else str(shown)


def _plain(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")


_OPERATORS = {
    "=": "is",
    "!=": "is_not",
    "<": "below",
    "<=": "at_most",
    ">": "above",
    ">=": "at_least",
    "in": "one_of",
    "not in": "none_of",
    "contains": "contains",
    "exists": "known",
    "missing": "unknown",
}
