"""A test send: one message of a campaign, as a real customer would get it, to a colleague's address."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from store.claims import Claimed, open_attempts
from store.customers import find as find_customer
from store.once_more import add_trial
from store.runs import set_run
from store.tables import customers
from tidings.campaign import Campaign
from tidings.channel import Channel
from tidings.problem import Problem
from work.campaign import open_campaign
from work.claim import lease_of
from work.deliver import Sender
from work.segments import Reading, condition


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What became of a test send: the attempt's state, the provider's code where it refused."""

    message: str
    state: str
    detail: str


def send_trial(
    sender: Sender,
    campaign: Campaign,
    *,
    to: str,
    channel: Channel,
    customer: str | None,
    actor: str,
    now: datetime,
) -> Trial:
    """Build the campaign's message as `customer` would get it and send it to `to`; nobody's history changes.

    The mode binds it like any message: in mode `outbox` it is a file, in `test` the address must be on TIDINGS_ALLOW.

    Args:
        customer: a reference; None takes the first customer of the audience.

    Raises:
        Problem: there is no such customer, a letter was asked for, or the campaign is wrong.
    """
    if channel is Channel.LETTER:
        raise Problem("A letter is not sent as a test.", todo="Look at it: `tidings template preview NAME`.")
    installation = sender.installation
    opened = open_campaign(installation, campaign, installation.policy, actor=actor, now=now, rehearse=True)
    provider = sender.providers[channel][0]
    with installation.engine.begin() as connection:
        someone = _customer(
            Reading(connection=connection, engine=installation.engine), campaign, customer, now
        )
        message = add_trial(connection, opened.run, someone, channel=channel, to=to, now=now)
        set_run(connection, opened.run, state="finished", audience=1, title=f"Test of {campaign.name}")
        claimed: list[Claimed] = open_attempts(
            connection,
            [(message, None)],
            channel=channel,
            provider=provider.name,
            owner=sender.owner.number(),
            now=now,
            lease=lease_of(installation, provider),
        )
    [step] = sender.finish(provider, claimed, {})
    return Trial(message=message, state=step.attempt_state, detail=" ".join((step.code, step.detail)).strip())


def _customer(reading: Reading, campaign: Campaign, reference: str | None, now: datetime) -> int:
    if reference is not None:
        found = find_customer(reading.connection, reference)
        if found is None:
            raise Problem(f"There is no customer {reference!r}.")
        return found
    chosen = condition(reading, campaign.audience, now=now)
    first = reading.connection.scalar(select(customers.c.id).where(chosen).order_by(customers.c.id).limit(1))
    if first is None:
        raise Problem("The audience is empty.", todo="Name a customer with --as REFERENCE.")
    return int(first)
