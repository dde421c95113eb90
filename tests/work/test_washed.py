"""`work.washed`: what was held because a do-not-mail register was too old is decided again after a fresh one."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from unicodedata import normalize

import pytest
from sqlalchemy import text

from preferences.policy import Basis, Policy
from tests.town import NOON, settle
from tests.work.test_comail import Post
from tidings.channel import Channel
from work.explain import explain
from work.registers import wash
from work.washed import decide_washed

POLICY = Policy(basis={Channel.LETTER: Basis.LEGITIMATE_INTEREST}, wash={"NO": 31}, household=False)
LISTED = f"sha256\n{sha256(b'storgata 1, 0155 oslo').hexdigest()}\n"
OTHERS = f"sha256\n{sha256(b'lillegata 2, 0155 oslo').hexdigest()}\n"


@pytest.fixture
def post(settings, engine):
    settle(engine, 3, channels=("letter",), consent=None)
    return Post(settings, engine, POLICY)


def states(post):
    return sorted({(row.state, row.reason) for row in post.sql("SELECT state, reason FROM messages")})


def washed(post, tmp_path, body=OTHERS, *, days=1, kind="letter", now=NOON):
    path = tmp_path / f"wash-{days}-{kind}.csv"
    path.write_text(body if kind == "letter" else "email\nsomebody@example.org\n")
    day = NOON.date() - timedelta(days=days)
    wash(post.engine, path, country="NO", kind=kind, dated=day, actor="staff:test", now=now)


def again(post, **change):
    return decide_washed(post.installation, replace(POLICY, **change), now=NOON)


def test_a_fresh_register_lets_go_what_waited_for_it_and_only_once(post, tmp_path):
    washed(post, tmp_path, days=60)
    post.offers()
    assert states(post) == [("held", "wash_due")]
    assert again(post) == 0, "the old one is not enough"

    washed(post, tmp_path)
    assert again(post) == 3
    assert states(post) == [("ready", "")]
    assert again(post) == 0
    post.send()
    assert states(post) == [("done", "")]


def test_who_is_listed_stays_behind_with_that_reason(post, tmp_path):
    post.offers()
    washed(post, tmp_path, LISTED)
    assert again(post) == 2
    assert states(post) == [("held", "no_consent"), ("ready", "")]


def test_a_household_still_gets_one_letter(post, tmp_path):
    post.sql("""UPDATE customers SET attributes = '{"household": "Berg"}'""")
    post.offers()
    washed(post, tmp_path)
    again(post, household=True)
    assert states(post) == [("held", "household"), ("ready", "")]
    assert post.sql("SELECT count(*) FROM messages WHERE state = 'ready'") == [(1,)]


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        pytest.param("UPDATE runs SET state = 'stopped'", "wash_due", id="of a run that was stopped"),
        pytest.param(
            """UPDATE runs SET options = jsonb_set(options, '{data,valid_until}', '"2026-03-02"')""", "wash_due",
            id="of an offer that is over",
        ),
        pytest.param("UPDATE customers SET standing = 'deceased'", "standing", id="of somebody who died meanwhile"),
    ],
)  # fmt: skip
def test_what_must_not_go_any_more_stays(post, tmp_path, change, kept):
    post.offers()
    post.sql(change)
    washed(post, tmp_path)
    assert again(post) == 0
    assert states(post) == [("held", kept)]


def test_a_register_of_another_kind_lets_nothing_go(post, tmp_path):
    post.offers()
    washed(post, tmp_path, kind="email")
    assert again(post) == 0
    assert states(post) == [("held", "wash_due")]
    assert post.sql("SELECT count(*) FROM registers WHERE applied_at IS NULL") == [(0,)]


def proofs(post):
    [(run,)] = post.sql("SELECT id FROM runs")
    told = (explain(post.installation, f"C{number}", run, now=NOON) for number in range(1, 4))
    return [one["proved"] or (one["differs"], one["unknown"]) for one in told]


@pytest.mark.parametrize(
    "days", [pytest.param(5, id="that was fresh"), pytest.param(60, id="that was too old")]
)
def test_a_decision_is_proved_by_the_register_of_its_day(post, tmp_path, days):
    """Law: the next files change what would be decided, and nothing about what was; one that was taken out is named."""
    post.sql("UPDATE addresses SET created_at = '2026-01-01'")
    post.sql("UPDATE customers SET created_at = '2026-01-01'")
    post.sql("UPDATE installation SET value = '2026-01-01' WHERE key = 'states_since'")
    washed(post, tmp_path, LISTED, days=days)
    post.offers()
    found = [proofs(post)]
    for later in (1, 2):
        washed(post, tmp_path, LISTED, days=-later, now=NOON + timedelta(days=later))
        found.append(proofs(post))

    gone = ([{"what": "facts"}], ["registers"])
    assert found == [[True] * 3, [True] * 3, [gone, True, True]]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param("Ålgata  12B", "ÅLGATA 12B", id="large letters and a space too many"),
        pytest.param(normalize("NFD", "Ålgata 12B"), "Ålgata 12B", id="letters in two parts with us"),
        pytest.param("Ålgata 12B", normalize("NFD", "Ålgata  12B"), id="letters in two parts with them"),
        pytest.param("Ålgata 12B", "Ålgata 12 b", id="the letter of the house apart with them"),
        pytest.param("Ålgata 12 B", "Ålgata 12B.", id="apart with us, a full stop with them"),
        pytest.param("Ålgata 12B.", "Ålgata 12 B", id="a full stop with us, apart with them"),
    ],
)
@pytest.mark.parametrize(
    "name", [pytest.param("Ada Berg", id=""), pytest.param("Berg, Ada", id="family first")]
)
def test_an_entry_finds_its_address_however_it_is_written(post, tmp_path, ours, theirs, name):
    path = tmp_path / "wash.csv"
    path.write_text(f'name,street,postal_code,city\n"{name}",{theirs},0155,Oslo\n', encoding="utf-8")
    with post.engine.begin() as connection:
        query = text("UPDATE addresses SET value = :value WHERE customer_id = 1")
        connection.execute(query, {"value": f"{ours}\n0155 Oslo\nNO"})
    done = wash(
        post.engine, path, country="NO", kind="letter", dated=NOON.date(), actor="staff:test", now=NOON
    )

    assert (done.entries, done.listed) == (1, 1)
