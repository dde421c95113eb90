"""Dunning in steps: what is not paid is reminded of by the customer's channel, at last by letter, while it is owed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from preferences.policy import Policy
from store import invoice_events as store
from store.invoice_events import InvoiceEvent, Overdue
from store.runs import add_invoice_run, add_run
from templates.catalog import find
from tidings.organisation import ReminderStep
from work.installation import Installation
from work.invoicing import SHARD, run_values
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
        values = run_values(
            connection,
            installation,
            template,
            policy,
            brand=brand.id,
            actor=actor,
            now=now,
            rehearse=rehearse,
        ) | {
            "title": f"Reminders of {today:%Y-%m-%d}",
            "audience": len(due),
            "shards": -(-len(due) // size),
            "already_sent": 0,
            "rejected": {},
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
        store.add_reminders(
            connection,
            [(one, _told(one, steps[one.step - 1])) for one in due],
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
            store.record(connection, [_reminded(one, now) for one in due])
    counts = {step: sum(one.step == step for one in due) for step in sorted({one.step for one in due})}
    return Reminders(run=run, steps=counts)


def _told(due: Overdue, step: ReminderStep) -> dict[str, Any]:
    """Return what a reminder says beside its invoice."""
    return {
        "step": due.step,
        "open": str(due.open),
        "fee": str(step.fee),
        "total": str(due.open + step.fee),
        "currency": due.currency,
        "by_letter": step.letter,
    }


def _reminded(due: Overdue, now: datetime) -> InvoiceEvent:
    return InvoiceEvent(
        invoice=due.invoice,
        kind="reminded",
        at=now,
        source="reminder",
        external_id=f"{due.invoice}:{due.named_step}",
        step=due.step,
    )
