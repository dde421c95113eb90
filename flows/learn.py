"""Nightly: touchpoints become behaviour."""

import asyncio

from prefect import flow

from flows.desk import desk
from work.learn import learn as fold


@flow(name="learn", persist_result=False, retries=1)
async def learn(*, full: bool = False) -> int:
    """Fold new touchpoints into behaviour, all of them when `full`; returns how many customers changed."""
    with desk() as at:
        return await asyncio.to_thread(
            fold, at.installation.engine, now=at.now(), full=full, policy=at.installation.policy
        )
