"""A campaign's message as one real customer would get it, on every channel, and why on which; nothing is written.

Its links belong to nobody: who looks at a preview cannot change what the customer wishes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from preferences.explain import sentence
from preferences.policy import Policy
from store.addressed import Addressed, addressed
from store.customers import find as find_customer
from store.customers import time_zone
from templates.catalog import Template
from templates.inspection import PADDING
from templates.preview import files_of, sample_subject
from templates.render import language_of, render
from templates.subject import Subject
from tidings.campaign import Campaign
from tidings.channel import Channel
from tidings.message import Content
from tidings.organisation import Brand
from tidings.problem import Problem
from work.campaign import starts
from work.forecast import pretended
from work.installation import Installation
from work.parity import ADDRESSES, NOBODY
from work.plan import ask, question_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """How one customer would get a campaign, as decided now."""

    customer: str
    name: str
    channel: str
    """'' when held back."""
    state: str
    reason: str
    sentence: str
    """Why, in the words that the customer would read."""
    due_at: datetime | None


def customer_of(connection: Connection, reference: str, otherwise: int | None) -> Addressed | None:
    """Return the customer that is named, else another one; None when there is none at all.

    Raises:
        Problem: nobody has that reference.
    """
    if not reference:
        return addressed(connection, otherwise) if otherwise is not None else None
    found = find_customer(connection, reference)
    if found is None:
        raise Problem(f"There is no customer {reference!r}.")
    return addressed(connection, found)


def why(
    connection: Connection,
    installation: Installation,
    policy: Policy,
    campaign: Campaign,
    template: Template,
    customer: Addressed,
    *,
    now: datetime,
    language: str,
) -> Why:
    """Return how and why a customer would get the campaign, decided as in a run."""
    moment = max(starts(campaign, now=now), now)
    run = pretended(installation, campaign, template, now=moment)
    question = question_of(run, template, installation.organisation)
    answer = ask(connection, question, [("0", customer.id, [])], policy, now=moment)
    verdict = answer.verdicts.row(0, named=True)
    ranked = answer.ranked.sort("rank", nulls_last=True).row(0, named=True) if answer.ranked.height else {}
    held = verdict["state"] == "held"
    reason = verdict["reason"] if held else ranked.get("reason", "")
    evidence = _evidence(ranked)
    return Why(
        customer=customer.reference,
        name=customer.name,
        channel="" if held else str(verdict["channel"] or ""),
        state=str(verdict["state"]),
        reason=str(reason or ""),
        sentence=sentence(reason, language, evidence, zone=time_zone(connection, customer.id))
        if reason
        else "",
        due_at=None if held else verdict["due_at"],
    )


def _evidence(ranked: Mapping[str, Any]) -> dict[str, Any]:
    import json

    told = json.loads(ranked.get("evidence") or "{}")
    return {**told, "channel": ranked.get("channel", "")}


def subject_for(
    installation: Installation,
    template: Template,
    campaign: Campaign,
    channel: Channel,
    customer: Addressed | None,
    language: str = "",
) -> Subject:
    """Return what a campaign's preview is rendered for: the customer's own data, or the template's sample customer."""
    brand = installation.organisation.brand(campaign.brand)
    data: dict[str, Any] = dict(campaign.model_dump(mode="json")["data"])
    return subject_of(installation, template, brand, data, channel, customer, language)


def subject_of(
    installation: Installation,
    template: Template,
    brand: Brand,
    data: Mapping[str, Any],
    channel: Channel,
    customer: Addressed | None,
    language: str = "",
) -> Subject:
    """Return what a template is rendered for with some data, as `subject_for`."""
    spoken = language or (customer.language if customer else brand.languages[0])
    sample = sample_subject(
        template, brand, spoken, data={**data, "customer": template.sample.get("customer", {})}
    )
    links = installation.links.for_message(
        NOBODY, 0, template.purpose, list(template.links), brand.id, issued_at=sample.created_at
    )
    if customer is None:
        return replace(sample, links=links)
    own = {"first_name": customer.first_name, "last_name": customer.last_name, "company": customer.company}
    address = customer.addresses.get(channel, {})
    return replace(
        sample,
        message=NOBODY,
        data={**data, "customer": own},
        to=address.get("value") or ADDRESSES[channel],
        postal=address.get("postal") or {**dict(sample.postal or {}), "name": customer.name},
        customer=customer.reference,
        links=links,
        platform=address.get("platform") or sample.platform,
    )


def shown(
    installation: Installation,
    template: Template,
    campaign: Campaign,
    channel: Channel,
    customer: Addressed | None,
    *,
    language: str = "",
) -> Content:
    """Return a campaign's finished message on one channel, with links as long as the real ones.

    Raises:
        Problem: it cannot be made: a value is missing, a text is wrong, it is too long.
    """
    return render(
        template, channel, subject_for(installation, template, campaign, channel, customer, language)
    )


def written_in(template: Template, brand: Brand, customer: Addressed | None) -> str:
    """Return the language that a customer's message is written in."""
    return language_of(template, customer.language if customer else brand.languages[0], brand)


def preheader_of(content: Content) -> str:
    """Return what a mail program shows of an e-mail behind its subject, '' for none."""
    from selectolax.lexbor import LexborHTMLParser

    hidden = LexborHTMLParser(html_of(content)).css_first(".quiet")
    return PADDING.sub("", hidden.text()).strip() if hidden else ""


def html_of(content: Content) -> str:
    """Return an e-mail's page, its images inside."""
    return files_of(Channel.EMAIL, content)["email.html"].decode()


def headers_of(content: Content) -> tuple[str, str]:
    """Return sender and subject of an e-mail, as a mail program shows them."""
    from email import message_from_bytes
    from email.policy import default

    raw = message_from_bytes(files_of(Channel.EMAIL, content)["email.eml"], policy=default)
    return str(raw["From"]), str(raw["Subject"])
