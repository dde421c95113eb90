"""The page for one person and the decision for a million agree."""

import json
from datetime import timedelta

import polars as pl
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from preferences.decision import decide
from preferences.policy import Policy, policy_from
from store.preference import Known
from tests.town import NOON, ORGANISATION
from tidings.facts import Facts, Question, empty
from tidings.organisation import Organisation
from work.wishes import paused_until, ranking_of

CHANNELS = ("email", "sms", "push", "letter")
BRAND = Organisation.model_validate(ORGANISATION).brands[0]
days = st.integers(-40, 40)

orders = st.fixed_dictionaries(
    {
        "brand": st.sampled_from(["nordlys", "all"]),
        "topic": st.sampled_from(["all", "offer", "news", "invoice"]),
        "channels": st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3, unique=True),
        "only": st.booleans(),
        "from": st.none() | days,
        "until": st.none() | days,
        "at": st.integers(-90, -1),
    }
)
events = st.fixed_dictionaries(
    {
        "brand": st.sampled_from(["nordlys", "all"]),
        "topic": st.sampled_from(["all", "offer", "news"]),
        "channel": st.sampled_from([*CHANNELS, "all"]),
        "action": st.sampled_from(["given", "legacy", "withdrawn", "objected"]),
        "proof": st.booleans(),
        "at": st.integers(-6, -1),
        "expires_at": st.sampled_from([None, None, None, -2, 0, 3]),
        "ground": st.sampled_from(["", "", "", "purchase", "inquiry"]),
    }
)
pauses = st.fixed_dictionaries(
    {
        "brand": st.sampled_from(["nordlys", "all"]),
        "topic": st.sampled_from(["all", "offer"]),
        "resume": st.booleans(),
        "from": st.none() | days,
        "until": st.none() | days,
        "at": st.integers(-30, -1),
    }
)
policies = st.sampled_from(
    [
        Policy(),
        policy_from({"legacy_counts": ["email", "letter"]}),
        policy_from({"soft_opt_in": ["email"], "basis": {"letter": "legitimate_interest"}}),
        policy_from({"legacy_counts": ["email", "sms"], "expiry": {"purchase": "P4D", "inquiry": "P2D"}}),
    ]
)


def day(number):
    return None if number is None else (NOON + timedelta(days=number)).isoformat()


def known_of(said, agreed, stopped, standing, country="NO"):
    statements = [
        {
            "id": number, "brand": row["brand"], "topic": row["topic"], "kind": kind,
            "channels": row.get("channels", []), "from_at": day(row["from"]), "until_at": day(row["until"]),
            "at": day(row["at"]),
            "value": {key: True for key in ("only", "resume") if row.get(key)},
        }
        for number, (kind, row) in enumerate([*(("order", row) for row in said), *(("pause", row) for row in stopped)])
    ]  # fmt: skip
    consents = [
        {**row, "id": number, "at": day(row["at"]), "expires_at": day(row["expires_at"]), "members": [1]}
        for number, row in enumerate(agreed)
    ]
    newest_first = {"key": lambda row: (row["at"], row["id"]), "reverse": True}
    return Known(
        customer=1, language="en", time_zone="UTC", country=country, standing=standing,
        members=[1], addresses=[], planned=0, statements=sorted(statements, **newest_first),
        consents=sorted(consents, **newest_first),
    )  # fmt: skip


def facts_of(known, topic, purpose_class, usable):
    def frame(name, rows):
        return pl.DataFrame(rows, schema=empty(name).schema) if rows else empty(name)

    def moment(text):
        return None if text is None else NOON.fromisoformat(text)

    question = Question(
        run="r", brand="nordlys", topic=topic, purpose_class=purpose_class, channels=CHANNELS,
        default_order=BRAND.order_for(topic), costs=dict.fromkeys(CHANNELS, 1.0),
    )  # fmt: skip
    return Facts(
        question=question,
        asked=frame("asked", [{"message": "m", "customer": 1, "tried": []}]),
        customers=frame(
            "customers",
            [
                {"customer": 1, "language": "en", "time_zone": "UTC", "country": known.country,
                 "standing": known.standing, "holds": []}
            ],
        ),
        addresses=frame(
            "addresses",
            [
                {"customer": 1, "channel": channel, "address": number, "state": "usable", "problem": "",
                 "verified": False, "position": 0, "country": known.country}
                for number, channel in enumerate(sorted(usable))
            ],
        ),
        suppressions=empty("suppressions"),
        consents=frame(
            "consents",
            [
                {"customer": 1, "consent": row["id"], "source": "form", "at": moment(row["at"]),
                 "expires_at": moment(row["expires_at"])}
                | {key: row[key] for key in ("brand", "topic", "channel", "action", "proof", "ground")}
                for row in known.consents
            ],
        ),
        statements=frame(
            "statements",
            [
                {"customer": 1, "statement": row["id"], "source": "form", "value": json.dumps(row["value"]),
                 "from_at": moment(row["from_at"]), "until_at": moment(row["until_at"]), "at": moment(row["at"])}
                | {key: row[key] for key in ("brand", "topic", "kind", "channels")}
                for row in known.statements
            ],
        ),
        behaviour=empty("behaviour"),
        hours=empty("hours"),
        recent=empty("recent"),
        coming=empty("coming"),
    )  # fmt: skip


ONLY_PUSH = {
    "brand": "all", "topic": "offer", "channels": ["push"], "only": True, "from": None, "until": None, "at": -5,
}  # fmt: skip
GIVEN = {
    "brand": "all", "topic": "offer", "channel": "all", "action": "given", "proof": True, "at": -5, "expires_at": None,
    "ground": "",
}  # fmt: skip


@hypothesis_settings(max_examples=100)
@example([ONLY_PUSH], [GIVEN], {"email"}, "offer", "customer", Policy(), "NO")
@example([ONLY_PUSH], [GIVEN], {"email", "push"}, "offer", "customer", Policy(), "NO")
@given(
    st.lists(orders, max_size=4),
    st.lists(events, max_size=4),
    st.sets(st.sampled_from(CHANNELS), min_size=1),
    st.sampled_from(["offer", "news", "invoice"]),
    st.sampled_from(["customer", "prospect"]),
    policies,
    st.sampled_from(["NO", "PL", "CA", "XX"]),
)
def test_the_form_shows_the_order_that_the_decision_keeps(
    said, agreed, usable, topic, standing, policy, country
):
    known = known_of(said, agreed, [], standing, country)
    purpose_class = "required" if topic == "invoice" else "marketing"

    shown = ranking_of(known, topic, brand=BRAND, usable=frozenset(usable), policy=policy, now=NOON)

    ranked = decide(facts_of(known, topic, purpose_class, usable), policy, NOON).ranked
    order = tuple(ranked.filter(pl.col("rank").is_not_null()).sort("rank")["channel"])
    assert shown == order[: len(shown)], "what is shown comes first"
    assert purpose_class == "required" or shown == order, "and of marketing it is all there is"
    assert bool(shown) == bool(order)


@hypothesis_settings(max_examples=100)
@given(st.lists(pauses, max_size=5))
def test_the_form_shows_the_pause_that_the_decision_keeps(stopped):
    known = known_of([], [], stopped, "customer")
    policy = policy_from({"basis": {"letter": "legitimate_interest"}, "caps": []})

    shown = paused_until(known, ("offer",), NOON)

    verdict = decide(facts_of(known, "offer", "marketing", {"letter"}), policy, NOON).verdicts.row(
        0, named=True
    )
    if verdict["reason"] == "":
        assert shown is None
    elif verdict["due_at"] is None or verdict["state"] == "held":
        assert shown.year == 9999
    else:
        assert shown == verdict["due_at"].date()
