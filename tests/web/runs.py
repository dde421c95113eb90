"""A run for the pages to show: planned for real, so that what its page says can be held against its report."""

from datetime import date

from tests.town import NOON, settle
from work import run as stages
from work.campaign import open_campaign, parse_campaign


def campaign(installation, engine, *, name="spring", people=6, by="staff:ola"):
    """Start and plan a campaign for `people` customers, two of whom may not be written to; return its id."""
    settle(engine, people - 2, channels=("email", "sms"), topic="news")
    settle(engine, 2, consent=None)
    rule = parse_campaign(
        {
            "name": name,
            "edition": "1",
            "topic": "news",
            "template": "news/quarterly",
            "audience": {"everybody": True},
            "data": {"open_day": date(2026, 12, 6)},
        },
        where="spring.toml",
    )
    opened = open_campaign(installation, rule, installation.policy, actor=by, now=NOON)
    shards = stages.begin(installation, opened.run, now=NOON)
    for shard in range(shards.count):
        stages.plan(installation, opened.run, shard, installation.policy, now=NOON)
    return stages.open_for_sending(installation, opened.run).id
