"""Why a letter came back, in the words that posts print on envelopes."""

import pytest

from work.returned import cause_of

PRINTED = [
    ("Avflyttad", "moved"),
    ("mudou-se", "moved"),
    ("Adresat  nieznany", "unknown"),
    ("Otillräcklig adress", "incomplete"),
    ("Não existe o número", "incomplete"),
    ("ZMARŁ", "deceased"),
    ("recusado", "refused"),
    ("nie podjęto w terminie", "unclaimed"),
    ("Ikke hentet", "unclaimed"),
]


@pytest.mark.parametrize(("said", "cause"), PRINTED)
def test_the_words_of_a_post_are_a_cause(said, cause):
    assert cause_of(said) == cause
