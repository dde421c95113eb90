"""`templates.household`: a letter that goes to a household says whom it is for."""

from dataclasses import replace

import pytest

from templates.catalog import find
from templates.household import to_household
from templates.render import render
from tests.templates.test_envelope import words
from tests.templates.test_marks import letter
from tidings.channel import Channel


def named(first, last, *others, language="en"):
    customer = {"first_name": first, "last_name": last, "company": "", "name": f"{first} {last}".strip()}
    found = to_household({"customer": customer}, others, language)["customer"]
    return found["first_name"], found["name"]


@pytest.mark.parametrize(
    ("people", "said"),
    [
        pytest.param(("Anna", "Berg"), ("Anna", "Anna Berg"), id="alone"),
        pytest.param(("Anna", "Berg", "Per Berg"), ("Anna and Per", "Anna and Per Berg"), id="two of one name"),
        pytest.param(
            ("Anna", "Berg", "Per Berg", "Ida Berg"), ("Anna, Per and Ida", "Anna, Per and Ida Berg"), id="three"
        ),
        pytest.param(
            ("Anna", "Berg", "Per Dahl"), ("Anna and Per", "Anna Berg and Per Dahl"), id="two with names of their own"
        ),
        pytest.param(
            ("Anna", "Berg", "Per Berg", "Ida Berg", "Olav Berg"), ("", "Household Berg"), id="more than three"
        ),
        pytest.param(
            ("Anna-Katharina", "Bergstrøm", "Maximilian Alexander Bergstrøm"), ("", "Household Bergstrøm"),
            id="too long for the window",
        ),
        pytest.param(("Anna", "Berg", "Anna Berg"), ("Anna", "Anna Berg"), id="mother and daughter of one name"),
        pytest.param(("", "Berg", "Per Berg"), ("Berg and Per", "Berg and Per Berg"), id="one without a first name"),
        pytest.param(("Anna", "Berg", "", "  "), ("Anna", "Anna Berg"), id="others without a name"),
    ],
)  # fmt: skip
def test_the_people_are_named_while_they_fit(people, said):
    assert named(*people) == said


@pytest.mark.parametrize(
    ("language", "two", "many"),
    [
        ("en", "Anna and Per Berg", "Household Berg"),
        ("nb", "Anna og Per Berg", "Husstanden Berg"),
        ("sv", "Anna och Per Berg", "Hushållet Berg"),
        ("pl", "Anna i Per Berg", "Rodzina Berg"),
        ("pt_BR", "Anna e Per Berg", "Família Berg"),
    ],
)
def test_in_the_language_of_the_letter(language, two, many):
    assert named("Anna", "Berg", "Per Berg", language=language)[1] == two
    assert named("Anna", "Berg", "Per Berg", "Ida Berg", "Olav Berg", language=language)[1] == many


def test_the_address_and_the_greeting_name_the_household():
    subject, alone = letter(find("offer/autumn"))
    customer = {**subject.data["customer"], "first_name": "Anna", "last_name": "Berg", "name": "Anna Berg"}
    household = replace(
        subject,
        data={"customer": customer, "household": ["Per Berg"]},
        postal={**subject.postal, "name": "Anna Berg"},
    )
    made = render(find("offer/autumn"), Channel.LETTER, household)

    assert made.address == ("Anna and Per Berg", *alone.address[1:])
    [said, *_] = words(made.pdf)
    assert "Anna and Per Berg" in said
    assert "Hello Anna and Per," in said
