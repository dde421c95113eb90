"""The deployments of our flows on a work pool: one table, for `tidings workers` and for Prefect's own page."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists

from flows.campaign import campaign
from flows.deliver import deliver
from flows.invoice_run import invoice_run
from flows.learn import learn
from flows.resident import resident

POOL = "tidings"
"""A work pool of type `process`: a worker starts each flow run as a process on its own machine."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One row of the table."""

    flow: Flow[..., Any]
    does: str
    at_once: int | None = None
    """How many may run at the same time; None: as many as there are workers."""


DEPLOYMENTS = (
    Deployment(flow=resident, does="Sends what is due, settles doubts, reads what comes back. One a worker."),
    Deployment(flow=campaign, does="Takes one campaign as far as it goes."),
    Deployment(flow=invoice_run, does="Takes one invoice run as far as it goes."),
    Deployment(flow=deliver, does="Sends what is due in any run, then ends."),
    Deployment(flow=learn, does="Folds what was observed into behaviour. Once a day.", at_once=1),
)
"""None has a schedule of Prefect's: our store knows what is due, and who asks it finds what a lost hour missed. (With
SQLAlchemy 2.1 Prefect's scheduler fails to write its rows, too; Prefect 3.8, 2026-11.)"""


async def deploy(client: PrefectClient) -> Mapping[str, UUID]:
    """Make the work pool and write the table to Prefect, again and again the same; returns ids by flow name."""
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
    return {row.flow.name: await _write(client, row) for row in DEPLOYMENTS}


async def _write(client: PrefectClient, row: Deployment) -> UUID:
    """Write one deployment. Its entrypoint is a module: a path would put `flows/` first on `sys.path`."""
    return await client.create_deployment(
        flow_id=await client.create_flow(row.flow),
        name="tidings",
        work_pool_name=POOL,
        entrypoint=f"{row.flow.fn.__module__}.{row.flow.fn.__name__}",
        description=row.does,
        concurrency_limit=row.at_once,
        enforce_parameter_schema=False,
    )
