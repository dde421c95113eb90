# ruff: noqa: E501 -- tables, and rules told in one piece
"""Invented facts for the tests: frames from a few dictionaries, and hypothesis strategies of whole batches."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import polars as pl
from hypothesis import strategies as st

from preferences.policy import Basis, Cap, Implied, Learning, Observing, Policy, Window
from tests.preferences.oracle import Oracle
from tidings.channel import Channel
from tidings.facts import SCHEMAS, Facts, Population, Question, empty
from tidings.purpose import Purpose

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
"""A Monday: noon in Oslo, a holiday in Korea, six days before the clocks change in New York."""
DAY = timedelta(days=1)
ALL = ("email", "sms", "push", "letter")

DEFAULTS = {
    "asked": {"message": "m", "customer": 1, "tried": [], "over_budget": [], "gain": None, "waited": False},
    "customers": {
        "customer": 1, "language": "nb", "time_zone": "Europe/Oslo", "country": "NO", "standing": "customer", "holds": [],
    },
    "addresses": {
        "customer": 1, "channel": "email", "address": 10, "state": "usable", "problem": "", "verified": False, "position": 0,
        "country": "NO", "prefix": "", "register": None,
    },
    "suppressions": {
        "customer": 1, "channel": "email", "address": 10, "suppression": 70, "brand": "all", "reason": "hard_bounce",
        "at": NOW - 9 * DAY,
    },
    "consents": {
        "customer": 1, "consent": 30, "brand": "all", "topic": "offer", "channel": "all", "action": "given", "source": "form",
        "proof": True, "at": NOW - 30 * DAY, "on_behalf": "", "expires_at": None, "ground": "", "member": 0,
    },
    "statements": {
        "customer": 1, "statement": 50, "brand": "all", "topic": "all", "kind": "order", "channels": [], "value": "{}",
        "source": "form", "from_at": None, "until_at": None, "at": NOW - 20 * DAY, "on_behalf": "",
    },
    "behaviour": {
        "customer": 1, "channel": "email", "purpose_class": "marketing", "reached": 0.0, "engaged": 0.0, "observations": 0,
        "as_of": NOW,
    },
    "hours": {"customer": 1, "cell": 10, "weight": 1.0, "as_of": NOW},
    "recent": {"customer": 1, "brand": "nordlys", "purpose": "offer", "channel": "email", "at": NOW - DAY},
    "coming": {
        "customer": 1, "campaign": "spring/1", "brand": "nordlys", "purpose": "offer", "priority": 9, "at": NOW + DAY,
    },
}  # fmt: skip


def frame(name: str, rows: list[dict]) -> pl.DataFrame:
    """Return a frame of SCHEMAS."""
    return pl.DataFrame(rows, schema=empty(name).schema) if rows else empty(name)


def question(**change) -> Question:
    """Return what a run asks: an offer of Nordlys on all channels unless changed."""
    told = {
        "run": "r", "brand": "nordlys", "topic": "offer", "purpose_class": "marketing", "channels": ALL,
        "default_order": ("email", "push", "sms", "letter"),
        "costs": {"email": 0.0001, "sms": 0.05, "push": 0.00001, "letter": 1.15},
    }  # fmt: skip
    return Question(**told | change)


def rows(**given) -> dict[str, list[dict]]:
    """Return all eight lists of facts; what is not given is one known customer who is asked about, and nothing
    else."""
    told = {name: [] for name in SCHEMAS} | {"asked": [{}], "customers": [{}]} | given
    return {name: [DEFAULTS[name] | line for line in lines] for name, lines in told.items()}


WASHED = {
    ("NO", "letter"): date(2026, 2, 20),
    ("NO", "phone"): date(2026, 1, 10),
    ("US", "phone"): date(2026, 3, 1),
}
"""The newest do-not-mail registers."""


def facts(asking: Question, lines: dict[str, list[dict]]) -> Facts:
    """Return facts as `store.facts` would read them."""
    return Facts(question=asking, washed=WASHED, **{name: frame(name, part) for name, part in lines.items()})


def addresses(*channels: str) -> list[dict]:
    """Return one usable address per channel, ids 10, 11, ..."""
    return [{"channel": channel, "address": 10 + number} for number, channel in enumerate(channels)]


def oracle(
    asking: Question, lines: dict[str, list[dict]], policy: Policy, now: datetime, washed=WASHED
) -> list[tuple[dict, dict]]:
    """Return the oracle's answers in the order asked."""
    judge = Oracle(asking, lines, policy, now, washed)
    return [judge.decide_line(line) for line in lines["asked"]]


def answers(decisions) -> list[tuple[dict, dict]]:
    """Return decisions in the oracle's form, without the digest."""
    channels: dict[str, dict] = {}
    for line in decisions.ranked.iter_rows(named=True):
        told = {key: line[key] for key in ("rank", "reason", "address")} | {
            "evidence": json.loads(line["evidence"])
        }
        channels.setdefault(line["message"], {})[line["channel"]] = told
    verdicts = decisions.verdicts.drop("input_digest").iter_rows(named=True)
    return [(verdict, channels[verdict["message"]]) for verdict in verdicts]


# Strategies: few values each, so that rules collide often.

topics = st.sampled_from(
    ["offer.garden.tools", "offer.garden", "offer", "offer", "offer", "news", "invoice", "all", "all"]
)
spokesmen = st.sampled_from(["", "", "", "support", "relative, mandate M-17"])
brands = st.sampled_from(["nordlys", "nordlys", "all", "other"])
channels = st.sampled_from(ALL)
moments = st.integers(-12, 3).map(lambda n: NOW + n * DAY * 5)
edges = st.one_of(st.none(), st.integers(-6, 6).map(lambda n: NOW + timedelta(hours=12 * n)))
ends = st.one_of(edges, st.just(datetime(9999, 12, 31, tzinfo=UTC)))
hours = st.sampled_from(["00:00", "02:30", "08:00", "11:30", "12:00", "13:00", "21:00", "23:59"])
zones = st.sampled_from(
    [
        "Europe/Oslo",
        "America/New_York",
        "Asia/Kolkata",
        "Africa/Cairo",
        "Australia/Lord_Howe",
        "Asia/Seoul",
        "Mars/X",
        "",
    ]
)


@st.composite
def values(draw, kind: str) -> str:
    """Return the JSON of a statement."""
    if kind == "quiet_hours":
        told = {"start": draw(hours), "end": draw(hours)}
        if draw(st.booleans()):
            told["channels"] = draw(st.lists(channels, unique=True))
        return json.dumps(draw(st.sampled_from([told, told, told, {}])))
    said = {
        "order": [{}, {}, {"only": True}],
        "pause": [{}, {}, {"resume": True}],
        "language": [{"language": "sv"}, {"language": "pl"}, {}],
        "tracking": [{"tracking": False}, {"tracking": True}, {}],
        "frequency": [
            {"at_most": 1, "per": "month"},
            {"at_most": 2, "per": "quarter"},
            {"at_most": 1, "per": "day"},
            {},
        ],
        "best_days": [{"days": ["tue", "wed"]}, {"days": ["sun"]}, {"days": ["mon", "fri"]}, {}],
    }
    return json.dumps(draw(st.sampled_from(said[kind])))


@st.composite
def statements(draw, customer, number: int) -> dict:
    """Return one statement."""
    kind = draw(
        st.sampled_from(
            [
                *("order", "order", "order", "pause", "quiet_hours", "language", "tracking", "frequency"),
                "best_days",
            ]
        )
    )
    return {
        "customer": draw(customer), "statement": number, "brand": draw(brands), "topic": draw(topics), "kind": kind,
        "channels": draw(st.lists(channels, max_size=4)) if kind == "order" else [], "value": draw(values(kind)),
        "source": draw(st.sampled_from(["form", 'import:"x",\\.csv', "api"])), "from_at": draw(edges),
        "until_at": draw(ends), "at": draw(moments), "on_behalf": draw(spokesmen),
    }  # fmt: skip


@st.composite
def consents(draw, customer, number: int) -> dict:
    """Return one consent event."""
    return {
        "customer": draw(customer), "consent": number, "brand": draw(brands), "topic": draw(topics),
        "channel": draw(st.sampled_from([*ALL, "all", "all"])),
        "action": draw(st.sampled_from(["given"] * 7 + ["legacy", "withdrawn", "objected"])),
        "source": "form", "proof": draw(st.sampled_from([True, True, False])), "at": draw(moments),
        "on_behalf": draw(spokesmen),
        "expires_at": draw(st.sampled_from([None] * 6 + [NOW - DAY, NOW, NOW + DAY])),
        "ground": draw(st.sampled_from([""] * 6 + ["purchase", "inquiry"])),
    }  # fmt: skip


policies = st.builds(
    Policy,
    time_zone=st.sampled_from(["UTC", "Europe/Oslo"]),
    basis=st.sampled_from([{}, {}, {Channel.LETTER: Basis.LEGITIMATE_INTEREST}]),
    legacy_counts=st.sampled_from([(), (), (Channel.EMAIL,), tuple(Channel)]),
    soft_opt_in=st.sampled_from([(), (), (Channel.EMAIL, Channel.LETTER), (Channel.SMS,)]),
    verified=st.sampled_from([(), (), (Channel.EMAIL,)]),
    double_opt_in=st.sampled_from([(), (), (Channel.EMAIL,)]),
    expiry=st.sampled_from(
        [{}, {}, {Implied.PURCHASE: timedelta(days=40), Implied.INQUIRY: timedelta(days=4)}]
    ),
    wash=st.sampled_from([{}, {}, {"NO": 31}, {"NO": 5, "US": 1, "KR": 30}]),
    quiet=st.sampled_from(
        [
            {
                Channel.SMS: Window(start=time(21), end=time(8)),
                Channel.PUSH: Window(start=time(12), end=time(12)),
            },
            {
                Channel.EMAIL: Window(start=time(3), end=time(2, 30)),
                Channel.SMS: Window(start=time(11), end=time(13)),
            },
        ]
    ),
    holidays=st.sampled_from([(), (Channel.SMS, Channel.EMAIL)]),
    caps=st.sampled_from(
        [
            (),
            (Cap(purpose=Purpose.OFFER, limit=1, window=timedelta(days=5)),),
            (Cap(purpose=Purpose.OFFER, limit=1, window=timedelta(days=11, hours=13)),),
            (
                Cap(purpose="all", limit=2, window=timedelta(days=20)),
                Cap(purpose=Purpose.OFFER, limit=1, window=timedelta(days=10)),
            ),
            (
                Cap(purpose=Purpose.OFFER, limit=2, window=timedelta(days=30), brand="nordlys"),
                Cap(purpose=Purpose.OFFER, limit=3, window=timedelta(days=60)),
            ),
        ]
    ),
    untracked=st.sampled_from([(), (), (Purpose.OFFER,)]),
    explore=st.sampled_from([0.0, 0.0, 0.05]),
    best_hour=st.sampled_from([False, False, True]),
    learning=st.sampled_from([Learning(), Learning(hour_strength=0.5, base_strength=1.0)]),
    observing=st.sampled_from(
        [Observing(), Observing(at_least=1, prior_strength=0.5, half_life=timedelta(days=30))]
    ),
)

populations = st.sampled_from(
    [
        Population(),
        Population(version=3, rates={"email": (900.0, 30.0), "letter": (40.0, 20.0)}),
        Population(
            version=4, hours=tuple(float(900 * (cell in (13, 18, 37)) + cell % 24) for cell in range(168))
        ),
    ]
)
windows = st.sampled_from(
    [None, None, NOW + timedelta(hours=30), NOW + timedelta(hours=6, minutes=20), NOW - DAY]
)

questions = st.builds(
    lambda way, allowed, order, people, until, chance: question(
        topic=way[0],
        purpose_class=way[1],
        brand=way[2],
        channels=tuple(allowed),
        default_order=tuple(order),
        population=people,
        best_hour_until=until,
        run=chance[0],
        last_day=chance[1],
        holdout=chance[2],
        holdout_group=chance[0],
    ),
    st.sampled_from(
        [
            ("offer.garden.tools", "marketing", "nordlys"),
            ("offer.garden", "marketing", "nordlys"),
            ("offer", "marketing", "nordlys"),
            ("offer", "marketing", "all"),
            ("invoice", "required", "nordlys"),
        ]
    ),
    st.lists(channels, min_size=3, unique=True),
    st.permutations(ALL).flatmap(lambda order: st.integers(0, 4).map(lambda n: order[:n])),
    populations,
    windows,
    st.tuples(
        st.integers(1, 40).map("run {}".format),
        st.sampled_from([None, NOW.date()]),
        st.sampled_from([0.0, 0.0, 0.3]),
    ),
)


@st.composite
def batches(draw) -> tuple[Question, dict[str, list[dict]]]:
    """Return a question and the facts about a handful of customers, one of them perhaps unknown."""
    size = draw(st.integers(1, 5))
    ids = draw(st.sampled_from([range(1, size + 1), [1_000_000_007 * n for n in range(1, size + 1)]]))
    customer = st.sampled_from(list(ids))
    number = {"address": 10, "suppression": 70}

    def several(strategy, most: int) -> list:
        return draw(st.lists(strategy, min_size=size, max_size=most * size))

    where = []
    for person in ids:
        for channel in ALL:
            for position in range(draw(st.sampled_from([0, 1, 1, 1, 2]))):
                number["address"] += 1
                where.append(
                    {
                        "customer": person, "channel": channel, "address": number["address"],
                        "state": draw(st.sampled_from(["usable", "usable", "usable", "unusable"])),
                        "problem": 'a "problem"', "verified": draw(st.booleans()),
                        "position": draw(st.sampled_from([position, 0])),
                        "country": draw(st.sampled_from(["NO", "NO", "DE", "PL", ""])) if channel == "letter" else "",
                        "prefix": draw(st.sampled_from(["+4791", "+4791", "+1212", "+1415", "+8210", ""])) if channel == "sms" else "",
                        "register": draw(st.sampled_from([None] * 5 + [4])),
                    }
                )  # fmt: skip
    barred = draw(st.lists(st.sampled_from(where), max_size=2 * size)) if where else []
    lines = {
        "asked": [
            {"message": f"m{n}", "customer": person, "tried": draw(st.lists(channels, max_size=1)),
             "over_budget": draw(st.lists(channels, max_size=2, unique=True)), "gain": draw(st.sampled_from([None, 0.25])),
             "waited": draw(st.sampled_from([False] * 5 + [True]))}
            for n, person in enumerate(draw(st.lists(customer, min_size=1, max_size=2 * size)))
        ],
        "customers": [
            {
                "customer": person, "language": draw(st.sampled_from(["nb", "en"])), "time_zone": draw(zones),
                "country": draw(st.sampled_from(["NO", "US", "KR", "KR", "XX", ""])),
                "standing": draw(st.sampled_from(["customer"] * 16 + ["prospect", "former", "deceased"])),
                "holds": draw(st.sampled_from([[]] * 11 + [["complaint", "dispute"]])),
            }
            for person in ids
            if person != ids[0] or draw(st.integers(0, 9))
        ],
        "addresses": where,
        "suppressions": [
            {
                "customer": line["customer"], "channel": line["channel"], "address": line["address"], "suppression": 70 + n,
                "brand": draw(brands), "reason": draw(st.sampled_from(["hard_bounce", "returned", "STOP"])),
                "at": draw(moments),
            }
            for n, line in enumerate(barred)
        ],
        "consents": [draw(consents(customer, 30 + n)) for n in range(draw(st.integers(size, 5 * size)))],
        "statements": [draw(statements(customer, 50 + n)) for n in range(draw(st.integers(size, 7 * size)))],
        "behaviour": several(
            st.fixed_dictionaries(
                {
                    "customer": customer, "channel": channels,
                    "purpose_class": st.sampled_from(["marketing", "marketing", "required"]),
                    "reached": st.sampled_from([0.0, 3.5, 90.0, 90.0]), "engaged": st.sampled_from([0.0, 3.0, 60.0, 80.0]),
                    "observations": st.sampled_from([4, 20, 20]), "as_of": moments,
                }
            ),
            4,
        ),
        "hours": several(
            st.fixed_dictionaries(
                {
                    "customer": customer, "cell": st.sampled_from([11, 12, 13, 18, 33, 36, 167]),
                    "weight": st.sampled_from([0.5, 3.0, 40.0]), "as_of": moments,
                }
            ),
            4,
        ),
        "recent": several(
            st.fixed_dictionaries(
                {"customer": customer, "brand": brands, "purpose": st.sampled_from(["offer", "offer", "news"]), "channel": channels, "at": moments}
            ),
            4,
        ),
        "coming": several(
            st.fixed_dictionaries(
                {
                    "customer": customer, "campaign": st.sampled_from(["b/1", "a/1", "a/2"]), "brand": brands,
                    "purpose": st.sampled_from(["offer", "offer", "news"]), "priority": st.sampled_from([1, 5, 6, 9]),
                    "at": st.integers(-3, 6).map(lambda n: NOW + n * DAY * 3),
                }
            ),
            3,
        ),
    }  # fmt: skip
    unique = {(line["customer"], line["channel"], line["purpose_class"]): line for line in lines["behaviour"]}
    cells = {(line["customer"], line["cell"]): line for line in lines["hours"]}
    planned = {(line["customer"], line["campaign"]): line for line in lines["coming"]}
    return draw(questions), lines | {
        "behaviour": list(unique.values()),
        "hours": list(cells.values()),
        "coming": list(planned.values()),
    }
