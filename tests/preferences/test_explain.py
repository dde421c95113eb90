"""`preferences.explain`: every reason has its sentence in every language, with the same words in it."""

import string

import pytest

from preferences.explain import LANGUAGES, channel_name, footer, nearest, sentence, spoken
from tests.preferences.batches import DAY, NOW
from tests.preferences.test_law import answer
from tidings.address import PROBLEMS, REPAIRED
from tidings.behalf import WHO
from tidings.channel import Channel
from tidings.reason import Reason


def named(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_a_sentence(language):
    """No reason without words, no words without a reason, and a plain form wherever something is filled in."""
    known, english = spoken(language), spoken("en")

    assert set(known["sentences"]) == {reason.value for reason in Reason}
    assert set(known["channels"]) == {channel.value for channel in Channel}
    for reason, text in known["sentences"].items():
        assert named(text) == named(english["sentences"][reason]), reason
        assert (reason in known["plain"]) == bool(named(text)), reason
    for table in ("words", "holds", "spoken", "footer", "footer_spoken"):
        assert set(known[table]) == set(english[table])
    for table in ("spoken", "footer_spoken"):
        assert {one: named(text) for one, text in known[table].items()} == {
            one: named(text) for one, text in english[table].items()
        }
    assert set(known["words"]) >= set(PROBLEMS) - REPAIRED | set(WHO)
    assert not any(named(text) for text in known["plain"].values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_needs_no_evidence(reason, language):
    """An old decision has fewer words than a new one, never none."""
    text = sentence(reason, language, {})

    assert text.endswith(".")
    assert "{" not in text


def test_evidence_is_told_as_people_say_it():
    evidence = {"said_at": "2026-03-03T10:00:00Z", "source": "form", "until": "2026-04-01T00:00:00Z"}

    assert (
        sentence("stated_temporary", "nb", evidence)
        == "Du ba om dette 3. mars 2026 (skjema), frem til 1. april 2026."
    )
    assert sentence("open_matter", "pl", {"holds": ["complaint", "other"]}).endswith("reklamacja, other.")
    assert sentence("suppressed", "en", {"suppressed_at": "2026-03-03T10:00:00Z", "why": "STOP"}).endswith(
        "you answered STOP."
    )
    assert sentence("unusable_address", "pl", {"problem": "email_invalid"}).endswith(
        "(to nie jest adres e-mail)."
    )
    assert sentence("stated_all", "en", evidence | {"source": "{0.__class__}"}).endswith("({0.__class__}).")


def test_an_unknown_language_is_english_and_a_kin_is_kin():
    assert [nearest(code) for code in ("pt_BR", "pt-PT", "nn", "EN", "fr", "")] == [
        "pt_BR",
        "pt_BR",
        "nb",
        "en",
        "en",
        "en",
    ]
    assert channel_name(Channel.LETTER, "sv") == "med brev"
    with pytest.raises(ValueError, match="no_such"):
        sentence("no_such", "en", {})


SPOKEN = {"statement": 50, "on_behalf": "relative, mandate M-17"}
"""A relative asked for e-mail; the permission and the wish to hear little are the customer's own."""


def test_who_asked_is_who_is_said_to_have_asked():
    """One channel may rest on a statement, a consent and a wish of three people, each with its own day."""
    seldom = {
        "kind": "frequency",
        "statement": 51,
        "value": '{"at_most": 1, "per": "week"}',
        "at": NOW - 2 * DAY,
    }
    _, channels = answer(
        channels=("email",),
        consents=[{"on_behalf": "support"}],
        statements=[SPOKEN | {"channels": ["email"]}, seldom],
        recent=[{}],
    )
    evidence = channels["email"]["evidence"]

    assert sentence("stated_all", "en", evidence) == (
        "On February 10, 2026 a relative with a mandate asked for this on your behalf for all messages (form)."
    )
    assert sentence("frequency", "en", evidence) == (
        "You asked on February 28, 2026 (form) for at most 1 messages per week; it waits until the next one may come."
    )
    assert evidence["consent_on_behalf"] == "support"
    assert (
        footer(
            "stated_all",
            "nb",
            channel="email",
            purpose="offer",
            **{name: evidence[name] for name in ("said_at", "on_behalf")},
        )
        == "Du får dette på e-post fordi en pårørende med fullmakt valgte det for deg for alt 10. februar 2026."
    )
