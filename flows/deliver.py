"""A wave that is due: whatever waits in any run, lane by lane, required purposes first."""

import asyncio

from prefect import flow

from flows.desk import Desk, desk


@flow(name="deliver", persist_result=False, retries=0)
async def deliver() -> dict[str, int]:
    """Settle doubts and send everything that is due; returns outcomes by name."""
    with desk() as at:
        return await asyncio.to_thread(send_everything, at)


def send_everything(at: Desk) -> dict[str, int]:
    """Do what `deliver` does, without Prefect."""
    with at.sender() as sender:
        sender.settle()
        return dict(sender.send_due())
