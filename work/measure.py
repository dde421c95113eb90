"""How large the messages of a campaign are before any is written: SMS parts and sheets, by language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from templates.catalog import Template
from templates.language import choose
from tidings.campaign import Campaign
from tidings.channel import Channel
from tidings.message import Letter, Sms
from tidings.problem import Problem
from work.enclosures import added
from work.installation import Installation
from work.showing import shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """What one message takes."""

    parts: int = 1
    """Of an SMS."""
    sheets: int = 1
    """Of a letter, with what is enclosed."""


def sizes(
    installation: Installation,
    campaign: Campaign,
    template: Template,
    *,
    languages: Iterable[str],
    channels: Iterable[str],
) -> Mapping[str, Size]:
    """Return the size of a campaign's messages by the language that customers asked for.

    Each is that of the template's sample customer with the campaign's own data: another name may make an SMS a part
    longer. About 0.3 s for a language that letters are written in.

    Args:
        installation: whose campaign.
        campaign: with its data and enclosures.
        template: the campaign's.
        languages: of the customers, as they have them.
        channels: by which something goes; the others are not written.
    """
    brand = installation.organisation.brand(campaign.brand)
    wanted = {Channel(one) for one in channels} & {Channel.SMS, Channel.LETTER} & set(template.channels)
    enclosed = (
        added(installation, campaign.enclosures, template, brand).sheets if Channel.LETTER in wanted else 0
    )
    known: dict[str, Size] = {}
    found: dict[str, Size] = {}
    for language in dict.fromkeys(languages):
        spoken = choose(language, template.languages, brand.languages)
        if spoken not in known:
            known[spoken] = _size(installation, campaign, template, spoken, wanted, enclosed)
        found[language] = known[spoken]
    return found


def _size(
    installation: Installation,
    campaign: Campaign,
    template: Template,
    language: str,
    channels: Iterable[Channel],
    enclosed: int,
) -> Size:
    parts, sheets = 1, 1
    for channel in channels:
        try:
            content = shown(installation, template, campaign, channel, None, language=language)
        except Problem:  # told when the run is made
            continue
        if isinstance(content, Sms):
            parts = content.parts
        elif isinstance(content, Letter):
            sheets = content.sheets
    return Size(parts=parts, sheets=sheets + enclosed)
