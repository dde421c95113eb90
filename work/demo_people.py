"""The people of the demo: who they are, how they can be reached, what they like."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from work.demo_chance import between, happens, pick, share, weigh
from work.demo_places import TURNS, Country, Place

SOURCE = "demo"
"""The system that the references of the demo come from."""
MAIL_DOMAINS = ("example.org", "example.com", "example.net")
"""Reserved by RFC 2606: nobody's mail arrives there."""


class Habit(StrEnum):
    """What a person reacts to; the demo's history follows it, and the program has to find it out."""

    READER = "email"
    TEXTER = "sms"
    TAPPER = "push"
    PAPER = "letter"
    SILENT = "silent"


class Story(StrEnum):
    """The first customers have a story each, so that every demo has something to tell."""

    BY_POST = "wants everything by post"
    TEXT_BILLS = "wants invoices by SMS"
    TEMPORARY = "wants letters for a while"
    PAYS_ON_TEXT = "never asked for anything, but reacts to SMS"
    BOUNCED = "has a mailbox that is gone"
    STOPPED = "answered STOP to an SMS"
    PAUSED = "wants no offers this month"
    NIGHT_OWL = "is asleep until noon"
    OBJECTED = "wants no advertising at all"
    DEAD = "has died"


STORIES = dict(enumerate(Story, start=3))
"""Number of the customer to story."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One invented customer. What there is none of is '', a missing place None."""

    number: int
    country: Country
    first_name: str
    last_name: str
    language: str
    standing: str
    email: str
    phone: str
    device: str
    platform: str
    street: str
    place: Place | None
    habit: Habit
    story: Story | None
    segment: str
    since: datetime

    @property
    def reference(self) -> str:
        """The customer's reference in the demo's billing system."""
        return f"D-{1000 + self.number}"


def people(count: int, now: datetime) -> list[Person]:
    """Return `count` customers, always the same ones; the first of them have a story each."""
    return [_person(number, now) for number in range(1, count + 1)]


def _person(number: int, now: datetime) -> Person:
    country = TURNS[(number - 1) % len(TURNS)]
    story = STORIES.get(number)
    woman = happens(0.5, number, "woman")
    first = pick(country.women if woman else country.men, number, "first name")
    last = country.family(pick(country.families, number, "family"), woman=woman)
    known = {name: story is not None or happens(part, number, name) for name, part in KNOWN.items()}
    place = pick(country.places, number, "place") if known["postal"] else None
    device = known["device"] and (story is None or number % 2 == 0)
    return Person(
        number=number,
        country=country,
        first_name=first,
        last_name=last,
        language="en" if story is None and happens(0.04, number, "language") else country.language,
        standing=_standing(number, story),
        email=_email(number, first, last) if known["email"] else "",
        phone=country.phone(number) if known["phone"] else "",
        device=f"{int(share(number, 'token') * 2**48):012x}{number:052d}" if device else "",
        platform="apns" if happens(0.5, number, "platform") else "fcm",
        street=pick(country.streets, number, "street").format(between(1, 120, number, "house")),
        place=place,
        habit=_habit(number, story, device=device),
        story=story,
        segment=weigh({"home": 0.5, "cabin": 0.3, "shop": 0.2}, number, "segment"),
        since=now - timedelta(days=between(30, 2500, number, "since")),
    )


PLAIN = str.maketrans("øØłŁ", "oOlL", "' ")
"""Letters that Unicode does not take apart, and what an address leaves out."""
KNOWN = {"email": 0.94, "phone": 0.82, "postal": 0.93, "device": 0.35}
"""How many of the customers left an address of each kind."""


def _standing(number: int, story: Story | None) -> str:
    if story is not None:
        return "deceased" if story is Story.DEAD else "customer"
    return weigh({"customer": 0.88, "prospect": 0.07, "former": 0.05}, number, "standing")


def _habit(number: int, story: Story | None, *, device: bool) -> Habit:
    if story is Story.PAYS_ON_TEXT:
        return Habit.TEXTER
    weights = {Habit.READER: 0.46, Habit.TEXTER: 0.16, Habit.PAPER: 0.14, Habit.SILENT: 0.14}
    if device:
        weights[Habit.TAPPER] = 0.3
    return weigh(weights, number, "habit")


def _email(number: int, first: str, last: str) -> str:
    local = f"{_ascii(first)}.{_ascii(last)}{number}".lower()
    return f"{local}@{pick(MAIL_DOMAINS, number, 'domain')}"


def _ascii(name: str) -> str:
    """Return a name as people write it in an e-mail address."""
    told = name.replace("æ", "ae").translate(PLAIN)
    return unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode()
