"""`preferences.explain`: every reason has its sentence in every language, with the same words in it."""

import string

import pytest

from preferences.explain import LANGUAGES, channel_name, nearest, sentence, spoken
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
    for table in ("words", "holds"):
        assert set(known[table]) == set(english[table])
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
