"""What a text of a template reads like, for those who write it and do not know its tags."""

import pytest

from web.console.wording import in_plain_words

NAMES = {"customer.first_name": "First name", "discount": "Discount in percent", "valid_until": "Valid until"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(
            "{% if customer.first_name %}{{ customer.first_name }}, {% endif %}{{ discount | percent }} off until "
            '{{ valid_until | date("medium") }}',
            "[“First name”, ]“Discount in percent” off until “Valid until”",
            id="values have their names, and what depends on one stands in brackets",
        ),
        pytest.param(
            "{% if guests %}With {{ guests }}{% else %}Alone{% endif %}",
            "[With “guests” / Alone]",
            id="what comes instead stands behind a stroke",
        ),
        pytest.param(
            "{{ invoice.due_on | date }}", "“due on”", id="a value without a name is called by its last part"
        ),
        pytest.param("{# a note #}Hello {{ code }}", "{# a note #}Hello “code”", id="what is no tag stays"),
        pytest.param("50 % off {today}", "", id="a text without tags needs no explanation"),
        pytest.param("", "", id="no text"),
        pytest.param("{{ a }} {{ b", "“a” {{ b", id="half a tag stays as it is"),
        pytest.param(
            "{{ <b>x</b> }} {{ code }}", "{{ <b>x</b> }} “code”", id="what no tag may hold stays as it is"
        ),
    ],
)
def test_a_text_reads_in_plain_words(text, shown):
    assert in_plain_words(text, NAMES) == shown
