"""Dunning in steps: what is not paid is reminded of by the customer's channel, at last by letter, while it is owed."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from preferences.policy import Policy
from store import invoice_events as store
from store.invoice_events import InvoiceEvent
from store.policies import current_policy
from store.runs import add_invoice_run, add_run, template_id
from templates.catalog import find
from tidings.channel import Channel
from work.campaign import template_row
from work.installation import Installation
from work.invoicing import SHARD
from work.settlement import withdraw_settled
from work.shards import size_of

TEMPLATE = "invoice/reminder"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reminders:
    """The run of one day's reminders."""

    run: str
    """'' = nothing is due."""
    steps: dict[int, int]
    """Reminders by step."""


def open_reminder_run(
    installation: Installation,
    policy: Policy,
    *,
    actor: str,
    now: datetime,
    brand_id: str | None = None,
    rehearse: bool = False,
) -> Reminders:
    """Make a run of what is due today; a reminder of one step is made once, whenever and by whomever this is called.

    An invoice that was paid, credited, cancelled or is in dispute is not reminded of; the reminder is taken back when
    that is told before it leaves.
    """
    brand = installation.organisation.brand(brand_id)
    steps = installation.organisation.reminders
    withdraw_settled(installation, now=now)
    today = now.astimezone(ZoneInfo(installation.organisation.time_zone)).date()
    template = find(TEMPLATE, extra=installation.own_templates)
    with installation.engine.begin() as connection:
        due = store.overdue(connection, brand.id, [step.days for step in steps], today=today)
        if not due:
            return Reminders(run="", steps={})
        size = size_of(len(due), SHARD)
        values = {
            "kind": "invoice_run",
            "brand": brand.id,
            "purpose": template.purpose,
            "topic": template.purpose,
            "purpose_class": template.purpose_class,
            "template_id": template_id(connection, template_row(template)),
            "policy_version": current_policy(connection, policy),
            "state": "planning",
            "title": f"Reminders of {today:%Y-%m-%d}",
            "mode": "rehearsal" if rehearse else installation.mode,
            "audience": len(due),
            "shards": -(-len(due) // size),
            "requested_by": actor,
            "options": {
                "channels": list(Channel),
                "tracking": installation.organisation.tracking.get(template.purpose, True),
                "currency": installation.organisation.costs.currency,
            },
            "already_sent": 0,
            "rejected": {},
            "starts_at": now,
        }
        run = add_run(connection, values, stem=f"{'rehearsal-' if rehearse else ''}reminders-{now:%Y%m%d}")
        add_invoice_run(
            connection,
            {
                "run_id": run,
                "file_name": f"reminders of {today:%Y-%m-%d}",
                "file_hash": run,
                "documents": len(due),
                "control_sums": {},
            },
        )
        told = [
            (
                one,
                {
                    "step": one.step,
                    "open": str(one.open),
                    "fee": str(steps[one.step - 1].fee),
                    "total": str(one.open + steps[one.step - 1].fee),
                    "currency": one.currency,
                    "by_letter": steps[one.step - 1].letter,
                },
            )
            for one in due
        ]
        store.add_reminders(
            connection,
            told,
            run={
                "id": run,
                "brand": brand.id,
                "purpose": template.purpose,
                "purpose_class": template.purpose_class,
            },
            space=f"rehearsal:{run}" if rehearse else brand.id,
            shard_size=size,
            now=now,
        )
        if not rehearse:
            store.record(
                connection,
                [
                    InvoiceEvent(
                        invoice=one.invoice,
                        kind="reminded",
                        at=now,
                        source="reminder",
                        external_id=f"{one.invoice}:{one.step}",
                        step=one.step,
                    )
                    for one in due
                ],
            )
    counts = {step: sum(one.step == step for one in due) for step in sorted({one.step for one in due})}
    return Reminders(run=run, steps=counts)
