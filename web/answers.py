"""Reads a posted preference form: what was answered, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from preferences.statement import DAYS, frequency
from tidings.clock import clock_of
from tidings.organisation import Brand
from tidings.whole_number import whole_number
from web.language import LANGUAGES, words
from work.preference import Preferences, channels_in
from work.scribe import CHOICES, FREQUENCIES, HOUSEHOLDS, MANNERS, is_marketing, questions
from work.wishes import NONE

HORIZON = timedelta(days=731)
LONGEST = 100
NEVER = "never"
_LAST = 10
"""Behind every number of the form: where a channel stands that had none."""
_TICKS = ("tracking", *MANNERS)


def offered(brand: Brand, known: Preferences) -> list[str]:
    """Return the languages a customer can ask for: the brand's, and the one that is set."""
    return [code for code in LANGUAGES if code in brand.languages or code == known.answers["language"]]


def today(known: Preferences, now: datetime) -> date:
    """Return the customer's day."""
    return now.astimezone(clock_of(known.zone)).date()


def check(
    fields: Mapping[str, str], known: Preferences, brand: Brand, language: str, now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the answers that were given, and for each wrong one what is wrong with it, in the page's language."""
    topics = questions(brand)
    plain = (key for key in known.answers if key in fields and key not in topics)
    answers = {key: fields[key].strip()[:LONGEST] for key in plain}
    if "form" in fields:  # the whole form: a box that is not ticked is not sent
        answers |= {key: "off" for key in _TICKS if key not in fields}
        answers["best_days"] = ",".join(day for day in DAYS if f"day.{day}" in fields)
    answers |= {key: "on" if answers[key] == "on" else "off" for key in _TICKS if key in answers}
    errors: dict[str, str] = {}
    wording = words(language)["error"]
    for topic in topics:
        answer, wrong = _topic(topic, fields, known, answers)
        if answer is not None:
            answers[topic] = answer
        if wrong:
            errors[topic] = wording[wrong]
    return answers, errors | _plain_errors(answers, known, brand, wording, now)


def _plain_errors(
    answers: dict[str, str], known: Preferences, brand: Brand, wording: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """Return what is wrong with the answers that are about everything."""
    errors: dict[str, str] = {}
    if "language" in answers and answers["language"] not in offered(brand, known):
        errors["language"] = wording["language"]
    day = today(known, now)
    pause = answers.get("pause_until", "")
    if pause != known.answers["pause_until"] and (late := _wrong_day(pause, day)):
        errors["pause_until"] = wording[late].format(example=day + timedelta(days=30))
    for key, ok in (("best_days", _are_days), ("frequency", _is_frequency), ("household", _is_household)):
        if answers.get(key, "") not in ("", known.answers[key]) and not ok(answers[key]):
            errors[key] = wording["choice"]
    if hours := _wrong_hours(answers):
        errors["quiet_from"] = wording[hours]
    return errors


def _topic(
    topic: str, fields: Mapping[str, str], known: Preferences, answers: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return the answer about a topic, None when it was not asked, and what is wrong with it."""
    asked = {key.rpartition("."): fields[key] for key in fields}
    ranks = {channel: rank for (start, _, channel), rank in asked.items() if start == f"rank.{topic}"}
    if topic in fields:
        answer = fields[topic].strip()[:LONGEST]
        return answer, "" if _possible(topic, answer, known) else "choice"
    if not ranks:
        return None, ""
    places = {channel: int(rank) for channel, rank in ranks.items() if rank in "123456789" and len(rank) == 1}
    if not ranks.keys() <= known.usable or not ranks.keys() - places.keys() <= {
        channel for channel, rank in ranks.items() if rank in ("", NEVER)
    }:
        return known.answers[topic], "choice"
    whole = topic.partition(".")[0]
    never = {channel for channel, rank in ranks.items() if rank == NEVER}
    if topic not in CHOICES and not places:
        return _less(answers.get(whole, known.answers[whole]), never), ""
    return _ranked(topic, places, fields.get(f"shown.{topic}", known.answers[topic]))


def shown_in(fields: Mapping[str, Any]) -> dict[str, str]:
    """Return what a form had shown: an answer that is still the same is none, whatever was said meanwhile."""
    return {
        key.removeprefix("shown."): value
        for key, value in fields.items()
        if key.startswith("shown.") and isinstance(value, str)
    }


def _less(whole: str, never: set[str]) -> str:
    """Return the answer for a part of a topic: '' as the whole, or the whole without some channels."""
    return ",".join(one for one in channels_in(whole) if one not in never) or NONE if never else ""


def _ranked(topic: str, places: Mapping[str, int], shown: str) -> tuple[str, str]:
    """Return the channels by their numbers, and what is wrong with them.

    Of two with the same number the one that was moved up goes before the one that stood there, the one that was moved
    down behind it: so one change is enough to say something.
    """
    before = {channel: place for place, channel in enumerate(channels_in(shown), 1)}
    moved = {channel: place - before.get(channel, _LAST) for channel, place in places.items()}
    order = sorted(places, key=lambda one: (places[one], moved[one], one))
    fresh = [place for channel, place in places.items() if moved[channel]]
    if len(fresh) != len(set(fresh)):
        return ",".join(order), "tie"
    return ",".join(order) or NONE, "" if order or is_marketing(topic) else "first"


def _possible(topic: str, answer: str, known: Preferences) -> bool:
    """Tell whether an answer names channels that can be used, each once; nothing at all only where that may be."""
    if answer == NONE or (answer == "" and topic not in CHOICES):
        return is_marketing(topic)
    named = answer.split(",")
    return len(named) == len(set(named)) and set(named) <= known.usable


def places_of(answer: str) -> dict[str, str]:
    """Return the number of each channel in an answer: `{"letter": "1", "email": "2"}`."""
    return {channel: str(place) for place, channel in enumerate(channels_in(answer), 1)}


def _are_days(text: str) -> bool:
    named = text.split(",")
    return [day for day in DAYS if day in named] == named


def _is_frequency(text: str) -> bool:
    most, _, per = text.partition("/")
    number = whole_number(most)
    usual = str(number) == most and frequency(json.dumps({"at_most": number, "per": per})) != (0, 0)
    return text in FREQUENCIES or usual


def _is_household(text: str) -> bool:
    return text in HOUSEHOLDS


def _wrong_day(text: str, day: date) -> str | None:
    if not text:
        return None
    try:
        until = date.fromisoformat(text)
    except ValueError:
        return "date"
    if until <= day:
        return "past"
    return "far" if until > day + HORIZON else None


def _wrong_hours(answers: dict[str, str]) -> str | None:
    """Check both times and bring them into the form HH:MM."""
    hours = [answers.get("quiet_from", ""), answers.get("quiet_until", "")]
    if not any(hours):
        return None
    try:
        answers["quiet_from"], answers["quiet_until"] = (
            time.fromisoformat(hour).isoformat(timespec="minutes") for hour in hours
        )
    except ValueError:
        return "time"
    return "same" if answers["quiet_from"] == answers["quiet_until"] else None
