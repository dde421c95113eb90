"""An invoice run: plan, make the documents, send what is due or wait for the release."""

from prefect import flow

from flows.shards import work_through


@flow(name="invoice_run", flow_run_name="{title}", persist_result=False, retries=0)
async def invoice_run(run: str, title: str) -> None:
    """Take an invoice run as far as it goes; `title` is only its name on Prefect's page."""
    await work_through(run)
