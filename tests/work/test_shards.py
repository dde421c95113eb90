"""`work.shards`: a run is cut into few shards, none of them shorter than Prefect's cost of a task is worth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from store.runs import find_run
from store.segments import where
from store.undecided import freeze_campaign
from tests.town import NOON, install
from tidings.channel import Channel
from work import run as stages
from work.campaign import campaign_of, open_campaign, parse_campaign
from work.shards import CALLED, FILLED, least_of, size_of


@given(messages=st.integers(0, 100_000_000), least=st.integers(1, 25_000))
def test_a_run_of_any_size_has_no_more_than_a_thousand_tasks_and_no_shard_is_short(messages, least):
    size = size_of(messages, least)

    assert size >= least
    assert -(-messages // size) * 2 <= 1000


@pytest.mark.parametrize(
    ("channels", "least"),
    [
        pytest.param({Channel.EMAIL}, FILLED, id="mails are filled in and streamed"),
        pytest.param({Channel.LETTER}, FILLED, id="letters are filled in"),
        pytest.param({Channel.SMS}, CALLED, id="an SMS is a call"),
        pytest.param({Channel.SMS, Channel.PUSH, Channel.WHATSAPP}, CALLED, id="so are the other short ones"),
        pytest.param(set(Channel), FILLED, id="where all channels may be used most messages are mails"),
    ],
)
def test_what_a_second_of_work_is_depends_on_the_channels(channels, least):
    assert least_of(channels) == least


@pytest.mark.parametrize(
    ("channels", "shards"),
    [
        pytest.param(["sms"], [CALLED, 1], id="one more than a shard of SMS begins another"),
        pytest.param(["email", "sms"], [CALLED + 1], id="as mails they are one shard"),
    ],
)
def test_an_audience_is_cut_by_the_channels_of_its_campaign(settings, engine, channels, shards):
    installation = install(settings, engine)
    people(engine, CALLED + 1)
    run = opened(installation, channels=channels)

    count = stages.begin(installation, run, now=NOON).count

    assert (count, cut(engine, run)) == (len(shards), shards)


@pytest.mark.parametrize(
    ("audience", "shards"),
    [
        pytest.param(0, [], id="nobody needs no shard"),
        pytest.param(3, [2, 1], id="few fill shards of the least size"),
        pytest.param(6, [2, 2, 2], id="as many as there may be"),
        pytest.param(7, [3, 3, 1], id="more make the shards larger, not more"),
        pytest.param(10, [4, 4, 2], id="the last one takes what is left"),
    ],
)
def test_a_large_audience_makes_shards_larger_and_not_more(settings, engine, audience, shards):
    installation = install(settings, engine)
    people(engine, audience)
    name = opened(installation)
    with engine.begin() as connection:
        frozen = freeze_campaign(
            connection,
            run=name,
            audience=where(campaign_of(find_run(connection, name)).audience, now=NOON),
            document="spring/1",
            key_prefix="spring:",
            shard_size=2,
            most_shards=3,
            now=NOON,
        )

    assert (frozen.audience, frozen.added, frozen.shards) == (audience, audience, len(shards))
    assert cut(engine, name) == shards


def people(engine, count):
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO customers (language, time_zone, country, first_name, last_name)
                    SELECT 'en', 'Europe/Oslo', 'NO', 'Ada', 'Berg' FROM generate_series(1, :count)"""),
            {"count": count},
        )


def opened(installation, **changes):
    raw = {
        "name": "spring",
        "edition": "1",
        "topic": "news",
        "template": "news/quarterly",
        "audience": {"everybody": True},
        "data": {"open_day": NOON.date()},
    }
    campaign = parse_campaign(raw | changes, where="spring.toml")
    return open_campaign(installation, campaign, installation.policy, actor="staff:Ola", now=NOON).run


def cut(engine, run):
    with engine.begin() as connection:
        return list(
            connection.scalars(
                text(
                    "SELECT cardinality(customers) FROM undecided WHERE run_id = :run ORDER BY shard, first"
                ),
                {"run": run},
            )
        )
