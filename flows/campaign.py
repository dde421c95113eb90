"""A campaign: freeze the audience, plan it in shards, send what is due."""

from prefect import flow

from flows.shards import work_through


@flow(name="campaign", flow_run_name="{title}", persist_result=False, retries=0)
async def campaign(run: str, title: str) -> None:
    """Take a campaign's run as far as it goes; `title` is only its name on Prefect's page."""
    await work_through(run)
