"""The seed list: colleagues who get a campaign before customers do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from channels.registry import providers
from preferences.policy import Policy
from store import drafts
from store.drafts import Seed
from store.owner import owner
from tidings.address import judge_email, judge_phone
from tidings.campaign import Campaign
from tidings.channel import Channel
from tidings.problem import Problem
from work.deliver import Sender
from work.installation import Installation
from work.trial import Trial, send_trial

MOST = 50
"""Colleagues on the list."""
_one_at_a_time = Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What became of one test; `problem` is '' where it could be tried."""

    seed: Seed
    state: str
    detail: str


def add(installation: Installation, *, name: str, channel: str, address: str, actor: str) -> None:
    """Put a colleague on the list.

    Raises:
        Problem: the address is none of that channel, the channel is paper, or the list is full.
    """
    if channel not in set(Channel) or Channel(channel).on_paper:
        raise Problem("A test goes by e-mail, SMS, push or WhatsApp; look at the letter on the page.")
    value = _judged(channel, address.strip(), installation.organisation.country)
    shown = " ".join(name.split())[:100] or value
    with installation.engine.begin() as connection:
        if len(drafts.all_seeds(connection)) >= MOST:
            raise Problem(f"The list holds {MOST} colleagues at most.")
        drafts.add_seed(connection, name=shown, channel=channel, address=value, actor=actor)


def _judged(channel: str, address: str, country: str) -> str:
    if channel == Channel.EMAIL:
        verdict = judge_email(address)
    elif Channel(channel).by_phone:
        verdict = judge_phone(address, country)
    else:
        return address
    if not verdict.usable:
        raise Problem(f"{address!r} is no address for {channel}.")
    return verdict.value


def send_tests(
    installation: Installation,
    policy: Policy,
    campaign: Campaign,
    seeds: Sequence[Seed],
    *,
    customer: str | None,
    actor: str,
    now: datetime,
) -> list[Sent]:
    """Send each colleague the campaign as a customer would get it; one that fails does not keep the others from it.

    The mode binds it as any message: in mode `outbox` it is a file.
    """
    with _one_at_a_time, owner(installation.engine) as held:
        sender = Sender(
            installation=installation,
            providers=providers(installation.settings, home=installation.home, mode=installation.mode),
            policy=policy,
            owner=held,
            clock=lambda: now,
        )
        return [_sent(sender, campaign, seed, customer=customer, actor=actor, now=now) for seed in seeds]


def _sent(
    sender: Sender, campaign: Campaign, seed: Seed, *, customer: str | None, actor: str, now: datetime
) -> Sent:
    try:
        trial: Trial = send_trial(
            sender,
            campaign,
            to=seed.address,
            channel=Channel(seed.channel),
            customer=customer,
            actor=actor,
            now=now,
        )
    except Problem as problem:
        return Sent(seed=seed, state="refused", detail=str(problem))
    return Sent(seed=seed, state=trial.state, detail=trial.detail)
