"""A template as files to look at, on every channel and in every language, with what each costs."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from store.addressed import addressed
from store.customers import find as find_customer
from templates.catalog import Template
from templates.page_images import page_image
from templates.preview import files_of, render_all, sample_subject
from templates.render import render
from tidings.channel import Channel
from tidings.message import Content, Email, Letter, Push, Sms
from tidings.organisation import Brand, Organisation
from tidings.problem import Problem
from work.build import parts_and_cost
from work.installation import Installation
from work.showing import subject_of

Made = tuple[str, Channel, Content]
"""Language, channel and what was rendered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One channel in one language: its files, and what the message is."""

    language: str
    channel: str
    files: tuple[Path, ...]
    facts: Mapping[str, Any]
    """As JSON: `parts`, `encoding`, `characters`, `bytes`, `pages`, `sheets`, `cost`, `currency`, where they apply."""

    @property
    def said(self) -> str:
        """The facts in one line."""
        return ", ".join(f"{key} {value}" for key, value in self.facts.items())

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        files = [str(path) for path in self.files]
        return {"language": self.language, "channel": self.channel, "files": files, **self.facts}


def for_sample(
    template: Template, brand: Brand, *, language: str, country: str, data: Mapping[str, Any] | None
) -> Iterator[Made]:
    """Render a template for its sample customer, in one language or in all that it has.

    Raises:
        Problem: it has no such language, a text is wrong, or the data lack a value.
    """
    for spoken in _languages(template, language):
        subject = sample_subject(template, brand, spoken, country=country, data=data)
        for channel, content in render_all(template, subject).items():
            yield spoken, channel, content


def for_customer(
    installation: Installation,
    template: Template,
    reference: str,
    *,
    language: str,
    brand: str | None,
    data: Mapping[str, Any] | None,
) -> Iterator[Made]:
    """Render a template for a real customer; its links lead nowhere, so that nobody acts for the customer.

    Raises:
        Problem: as `for_sample`, or there is no such customer.
    """
    with installation.engine.connect() as connection:
        found = find_customer(connection, reference)
        someone = addressed(connection, found) if found is not None else None
    if someone is None:
        raise Problem(f"There is no customer {reference!r}.")
    given = {**template.sample, **(data or {})}
    given.pop("customer", None)
    whose = installation.organisation.brand(brand)
    for spoken in _languages(template, language):
        for channel in template.channels:
            subject = subject_of(installation, template, whose, given, channel, someone, spoken)
            yield spoken, channel, render(template, channel, subject)


def _languages(template: Template, language: str) -> tuple[str, ...]:
    """Return the languages to render; one that is asked for falls back as it does in a run."""
    return (language,) if language else template.languages


def written(made: Iterable[Made], folder: Path, organisation: Organisation | None) -> list[Look]:
    """Write every rendered message as files; where there are several languages a folder for each, and the first beside.

    Raises:
        Problem: the folder cannot be written.
    """
    found = list(made)
    several = len({language for language, _, _ in found}) > 1
    first = "en" if any(language == "en" for language, _, _ in found) else found[0][0] if found else ""
    try:
        looks = [
            _look(language, channel, content, folder / language if several else folder, organisation)
            for language, channel, content in found
        ]
        for path in (path for one in looks if several and one.language == first for path in one.files):
            shutil.copyfile(path, folder / path.name)
        return looks
    except OSError as error:
        raise Problem(
            f"{folder} cannot be written: {error.strerror}.", todo="Choose another folder with --out."
        ) from error


def _look(
    language: str, channel: Channel, content: Content, folder: Path, organisation: Organisation | None
) -> Look:
    files = files_of(channel, content)
    if isinstance(content, Letter):
        files |= {
            f"{channel.value}-{number + 1}.png": page_image(content.pdf, number=number)
            for number in range(content.pages)
        }
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    facts = dict(_facts(content))
    if organisation is not None:
        cost = parts_and_cost(content, organisation)[1]
        facts |= {
            "cost": str(cost.quantize(Decimal("0.00001")).normalize()),
            "currency": organisation.costs.currency,
        }
    return Look(
        language=language, channel=channel.value, files=tuple(folder / name for name in files), facts=facts
    )


def _facts(content: Content) -> Iterator[tuple[str, Any]]:
    match content:
        case Email():
            yield "bytes", len(content.raw)
        case Sms():
            yield "characters", len(content.text)
            yield "parts", content.parts
            yield "encoding", content.encoding
            if content.replaced:
                yield "replaced", content.replaced
        case Push():
            yield "bytes", len(content.payload.encode())
        case Letter():
            yield "pages", content.pages
            yield "sheets", content.sheets
        case _:
            yield "characters", len(content.text)
