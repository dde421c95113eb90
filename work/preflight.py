"""What would go wrong with a campaign, looked at before anybody is asked: each check passes, warns, or blocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from store.addressed import addressed, hardest
from store.suppressions import suppressions_known
from templates.catalog import Template
from templates.inspection import CHECKS, Finding, Verdict
from templates.preview import look
from tidings.campaign import Campaign
from tidings.organisation import Brand
from tidings.problem import Problem
from tidings.settings import Mode
from work.campaign import FIRST_ON_EARTH, checked, starts
from work.enclosures import Added, added, problems
from work.forecast import Forecast
from work.installation import Installation
from work.showing import shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One line of the list. `name` has its words in every language; `detail` names what is wrong."""

    name: str
    verdict: Verdict
    """`warn`: look at it; `block`: it cannot be sent so."""
    detail: str = ""
    added: Added | None = None
    """What enclosures add to each letter."""


def preflight(
    installation: Installation, campaign: Campaign, template: Template, forecast: Forecast, *, now: datetime
) -> list[Check]:
    """Return every check of a campaign. A second when the letters of five languages are typeset, else milliseconds."""
    brand = installation.organisation.brand(campaign.brand)
    return [
        _usable(installation, campaign, template, now),
        _proven(template, brand, campaign),
        _action(template),
        *_seen(template, brand, campaign),
        *_enclosed(installation, campaign, template, brand),
        _hardest(installation, campaign, template),
        _audience(forecast),
        _reach(forecast),
        _schedule(campaign, now),
        *_live(installation, template, brand),
        *_languages(installation, template, brand),
    ]


def _usable(installation: Installation, campaign: Campaign, template: Template, now: datetime) -> Check:
    try:
        checked(installation, campaign, now=now, template=template)
    except Problem as problem:
        return Check(name="values", verdict=Verdict.BLOCK, detail=str(problem))
    return Check(name="values", verdict=Verdict.PASS)


def _proven(template: Template, brand: Brand, campaign: Campaign) -> Check:
    """Render every channel in every language, and look for every fact in each (design/content.md)."""
    problems = proven(template, brand, campaign.model_dump(mode="json")["data"])
    return Check(
        name="parity", verdict=Verdict.BLOCK if problems else Verdict.PASS, detail=" ".join(problems[:3])
    )


_LOOKED: dict[tuple[str, str, str], tuple[tuple[str, ...], tuple[Finding, ...]]] = {}
_MOST = 256


def proven(template: Template, brand: Brand, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a template and data, one sentence each."""
    return _looked(template, brand, data)[0]


def seen(template: Template, brand: Brand, data: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what `templates.inspection` finds."""
    return _looked(template, brand, data)[1]


def _looked(
    template: Template, brand: Brand, data: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Return problems and findings; rendered once for the same words, brand and data."""
    key = (template.content_hash, brand.model_dump_json(), repr(sorted(data.items())))
    if key not in _LOOKED:
        if len(_LOOKED) >= _MOST:
            _LOOKED.clear()
        problems, findings = look(template, brand=brand, data=data)
        _LOOKED[key] = tuple(problems), tuple(findings)
    return _LOOKED[key]


def _action(template: Template) -> Check:
    """Say whether every text has its one thing to do."""
    silent = [language for language, blocks in template.blocks.items() if blocks.action() is None]
    return Check(name="action", verdict=Verdict.WARN if silent else Verdict.PASS, detail=", ".join(silent))


def _seen(template: Template, brand: Brand, campaign: Campaign) -> Iterator[Check]:
    """Say what readers see (`templates.inspection`): each check once, with its worst verdict and where that is."""
    found = seen(template, brand, campaign.model_dump(mode="json")["data"])
    for name in CHECKS:
        ours = [one for one in found if one.check == name]
        if not ours:
            continue
        worst = max((one.verdict for one in ours), key=list(Verdict).index)
        named = [
            f"{one.language}: {one.detail}"
            for one in ours
            if one.verdict is worst and worst is not Verdict.PASS
        ]
        yield Check(name=name, verdict=worst, detail="; ".join(named[:3]))


def _enclosed(
    installation: Installation, campaign: Campaign, template: Template, brand: Brand
) -> Iterator[Check]:
    """Say whether what goes into the envelope may be printed; nothing where nothing does."""
    if campaign.enclosures:
        wrong = list(problems(installation, campaign.enclosures, template, brand))
        more = None if wrong else added(installation, campaign.enclosures, template, brand)
        verdict = Verdict.BLOCK if wrong else Verdict.WARN if more and more.over else Verdict.PASS
        yield Check(name="enclosures", verdict=verdict, detail=" ".join(wrong[:3]), added=more)


def _hardest(installation: Installation, campaign: Campaign, template: Template) -> Check:
    """Render the message for the real customers who are hardest to write to: no first name, and the longest name."""
    with installation.engine.connect() as connection:
        customers = [addressed(connection, customer) for customer in hardest(connection)]
    wrong: dict[str, None] = {}
    for customer in customers:
        for channel in campaign.channels:
            if channel in template.channels:
                try:
                    shown(installation, template, campaign, channel, customer)
                except Problem as problem:
                    wrong[f"{channel}: {problem}"] = None
    return Check(
        name="customers", verdict=Verdict.BLOCK if wrong else Verdict.PASS, detail=" ".join(list(wrong)[:3])
    )


def _audience(forecast: Forecast) -> Check:
    return Check(name="audience", verdict=Verdict.PASS if forecast.audience else Verdict.BLOCK)


def _reach(forecast: Forecast) -> Check:
    few = forecast.audience and forecast.reached * 2 < forecast.audience
    verdict = (
        Verdict.BLOCK if forecast.audience and not forecast.reached else Verdict.WARN if few else Verdict.PASS
    )
    return Check(name="reach", verdict=verdict)


def _schedule(campaign: Campaign, now: datetime) -> Check:
    start = campaign.schedule.start
    if start is None:
        return Check(name="now", verdict=Verdict.PASS)
    first = starts(campaign, now=now)
    last = first + 2 * FIRST_ON_EARTH if campaign.schedule.own_time else first
    if last <= now:
        return Check(name="past", verdict=Verdict.BLOCK)
    if first > now:
        return Check(name="schedule", verdict=Verdict.PASS)
    return Check(name="partly_past", verdict=Verdict.WARN)


def _live(installation: Installation, template: Template, brand: Brand) -> Iterator[Check]:
    """Say whether anything leaves at all, and whether whom we must not write to is known."""
    if installation.mode is not Mode.LIVE:
        yield Check(name="not_live", verdict=Verdict.WARN, detail=str(installation.mode))
        return
    with installation.engine.connect() as connection:
        known = suppressions_known(connection, brand.id)
    if template.purpose_class == "marketing":
        yield Check(name="suppressions", verdict=Verdict.PASS if known else Verdict.BLOCK)


def _languages(installation: Installation, template: Template, brand: Brand) -> Iterator[Check]:
    """Say which languages that customers speak the template has no text in: they get the fallback."""
    spoken = _spoken(installation)
    missing = sorted(
        language for language in spoken if language in brand.languages and language not in template.languages
    )
    yield Check(
        name="languages", verdict=Verdict.WARN if missing else Verdict.PASS, detail=", ".join(missing)
    )


def _spoken(installation: Installation) -> set[str]:
    with installation.engine.connect() as connection:
        return set(connection.scalars(text("SELECT DISTINCT language FROM customers")))
