"""Before a run sends: proof on the template's sample that every channel says the same facts in every language."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from store.messages import renderings
from templates.facts import ParityProblem, check_parity
from templates.render import documents_of, language_of, render
from templates.subject import Subject
from tidings.channel import Channel
from tidings.problem import Problem
from work.build import RunContext
from work.installation import Installation

NOBODY = "00000000-0000-7000-8000-000000000000"
ADDRESSES = {channel: "+4799999999" if channel.by_phone else "sample" for channel in Channel} | {
    Channel.EMAIL: "sample@example.org"
}
SHOWN = 5


def check_facts(installation: Installation, context: RunContext) -> None:
    """Render the sample, with the run's own data, on every channel and search each output for each fact.

    Raises:
        Problem: a fact is missing or different; names template, language, channel and fact. Nothing was sent.
    """
    problems = list(_problems(installation, context))
    if problems:
        raise Problem(
            f"Nothing was sent. {' '.join(str(problem) for problem in problems[:SHOWN])}",
            todo="Correct the template or the campaign's data, then run it again.",
        )


def _problems(installation: Installation, context: RunContext) -> Iterator[ParityProblem]:
    with installation.engine.begin() as connection:
        pairs = renderings(connection, context.run.id)
    brand = installation.organisation.brand(context.run.brand)
    used: dict[str, set[Channel]] = {}
    for (
        wanted,
        channel,
    ) in pairs:  # Many languages that customers speak fall back to one that the template has.
        used.setdefault(language_of(context.template, wanted, brand), set()).add(Channel(channel))
    for language, channels in sorted(used.items()):
        sample = _sample(installation, context, language)
        documents = documents_of(context.template, sample)
        for plain in (False, True) if language in context.template.plain else (False,):
            subject = replace(sample, plain=plain)
            contents = {
                channel: render(
                    context.template, channel, replace(subject, to=ADDRESSES[channel]), documents=documents
                )
                for channel in sorted(channels)
            }
            yield from check_parity(context.template, subject, contents)


def _sample(installation: Installation, context: RunContext, language: str) -> Subject:
    brand = installation.organisation.brand(context.run.brand)
    return Subject(
        message=NOBODY,
        reference="SAMPLE22",
        language=language,
        data={**context.template.sample, **context.run.options.get("data", {})},
        brand=brand,
        to="",
        postal={
            "name": "A. Sample",
            "lines": list(brand.address.lines[:1]),
            "city": "Sample",
            "postcode": "",
            "country": brand.address.country,
        },
        customer="SAMPLE",
        links=installation.links.for_message(
            NOBODY,
            0,
            context.run.purpose,
            list(context.template.links),
            context.run.brand,
            issued_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        platform="fcm",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
