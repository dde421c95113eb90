"""The tasks of a run: a shard each, so that Prefect shows the work and costs a few percent of it."""

import asyncio

from prefect import task
from prefect.cache_policies import NO_CACHE

from flows.desk import Desk, desk
from work import run as stages
from work.rehearse import rehearse_shard

SENDERS = 4
"""Shards sent at the same time: threads wait for providers, so four keep two cores busy."""


@task(
    task_run_name="{title}: plan shard {shard} of {count}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
)
async def plan_shard(run: str, title: str, shard: int, count: int) -> int:
    """Decide a shard. It may run again at any time: what is decided stays so."""
    with desk() as at:
        return await asyncio.to_thread(
            stages.plan, at.installation, run, shard - 1, at.installation.policy, now=at.now()
        )


@task(
    task_run_name="{title}: send shard {shard} of {count}",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=0,
)
async def send_shard(run: str, title: str, shard: int, count: int) -> dict[str, int]:
    """Send what is due in a shard. Only the state machine retries, so this task does not."""
    with desk() as at:
        return await asyncio.to_thread(_send, at, run, shard - 1)


@task(task_run_name="{title}: rehearse shard {shard} of {count}", cache_policy=NO_CACHE, persist_result=False)
async def rehearse(run: str, title: str, shard: int, count: int) -> int:
    """Build every message of a shard and send none."""
    with desk() as at:
        return await asyncio.to_thread(rehearse_shard, at.installation, run, shard - 1, progress=at.sent)


async def work_through(run: str) -> None:
    """Take a run as far as it goes: plan, check, send. A killed one goes on where it was."""
    with desk() as at:
        shards = await asyncio.to_thread(stages.begin, at.installation, run, now=at.now())
        every = range(1, shards.count + 1)
        for shard in every:
            await plan_shard(run, shards.title, shard, shards.count)
        opened = await asyncio.to_thread(stages.open_for_sending, at.installation, run, now=at.now())
        if opened.mode == "rehearsal":
            for shard in every:
                await rehearse(run, shards.title, shard, shards.count)
        elif opened.state in {"sending", "finished"}:
            await asyncio.to_thread(_settle, at, run)
            at_once = asyncio.Semaphore(SENDERS if at.installation.mode != "outbox" else 1)

            async def one(shard: int) -> None:
                async with at_once:
                    await send_shard(run, shards.title, shard, shards.count)

            await asyncio.gather(*(one(shard) for shard in every))
        await asyncio.to_thread(stages.close, at.installation, run, now=at.now())


def _send(at: Desk, run: str, shard: int) -> dict[str, int]:
    with at.sender() as sender:
        return dict(sender.send_due(run=run, shard=shard))


def _settle(at: Desk, run: str) -> int:
    with at.sender() as sender:
        return sender.settle(run=run)
