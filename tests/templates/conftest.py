"""What the tests of content share."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from templates.catalog import Template, find
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import Subject

Make = Callable[..., Subject]


@pytest.fixture(scope="session")
def offer() -> Template:
    return find("offer/autumn")


@pytest.fixture(scope="session")
def invoice() -> Template:
    return find("invoice/standard")


@pytest.fixture(scope="session")
def make() -> Make:
    """Make a subject of a template: keywords replace fields, `data` is merged into the sample."""

    def made(template: Template, language: str = "en", *, country: str = "NO", **changed: Any) -> Subject:
        data = {**template.sample, **changed.pop("data", {})}
        subject = sample_subject(
            template, changed.pop("brand", SAMPLE_BRAND), language, country=country, data=data
        )
        return replace(subject, **changed)

    return made
