"""A template is published with the proof that its filled letters are what they would be laid out in full."""

import pytest

from templates.catalog import Template, find
from templates.compare import difference
from templates.preview import SAMPLE_BRAND
from templates.publication import unlike
from templates.render import render
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import Letter


@pytest.mark.parametrize("name", ["offer/autumn", "news/quarterly"])
def test_shipped_letters_are_alike_filled_and_laid_out(name: str) -> None:
    brand = SAMPLE_BRAND.model_copy(update={"languages": ("en",)})
    assert list(unlike(find(name), brand)) == []


def test_the_comparison_tells_two_letters_apart(make: Make, offer: Template) -> None:
    """It would notice one other word."""
    letters = [
        render(
            offer,
            Channel.LETTER,
            make(offer, data={"customer": {"first_name": name, "last_name": "", "company": ""}}),
        )
        for name in ("Ada", "Ida")
    ]
    one, other = (letter.pdf for letter in letters if isinstance(letter, Letter))
    assert difference(one, one) == ""
    assert "words differ" in difference(one, other)
