"""Parts are counted as networks bill them; smsutil is the oracle.

What smsutil does its own way: it takes the bare escape character (0x1b) for a letter of GSM 03.38, but that is where
3GPP TS 23.038 leads to the extension table; and it calls an empty text UCS-2.
"""

from dataclasses import replace

import pytest
import smsutil
from hypothesis import example, given
from hypothesis import strategies as st

from templates.catalog import Template
from templates.preview import SAMPLE_BRAND, prove
from templates.render import render
from templates.sms import GSM_BASIC, GSM_EXTENSION, count, plainer, transliterated
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import Sms
from tidings.problem import Problem

GSM = st.text(st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION)), min_size=1, max_size=500)
ANY = st.text(st.characters(exclude_characters="\x1b", exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(st.one_of(GSM, ANY))
@example("€" * 80)
@example("a" * 152 + "€" + "a" * 152)
@example("😀" * 35)
@example("a" * 66 + "😀" * 33)
def test_parts_are_those_of_smsutil(text: str) -> None:
    oracle = smsutil.split(text)
    encoding, parts = count(text)
    assert encoding == {"gsm0338": "gsm7", "utf_16_be": "ucs2"}[oracle.encoding]
    assert parts == max(len(oracle.parts), 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ("gsm7", 1), id="nothing is one part"),
        pytest.param("a" * 160, ("gsm7", 1), id="160 letters"),
        pytest.param("a" * 161, ("gsm7", 2), id="161 letters"),
        pytest.param("a" * 306, ("gsm7", 2), id="twice 153"),
        pytest.param("a" * 307, ("gsm7", 3), id="one more"),
        pytest.param("€" * 80, ("gsm7", 1), id="80 escape pairs"),
        pytest.param("a" * 152 + "€" * 77, ("gsm7", 3), id="an escape pair is not split"),
        pytest.param("ł" * 70, ("ucs2", 1), id="70 of UCS-2"),
        pytest.param("ł" * 71, ("ucs2", 2), id="71 of UCS-2"),
        pytest.param("ł" * 66 + "😀" * 34, ("ucs2", 3), id="a surrogate pair is not split"),
    ],
)
def test_parts_at_their_edges(text: str, expected: tuple[str, int]) -> None:
    assert count(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "1\u00a0234,50 – „Zoë’s” łąka…", '1 234,50 - "Zoë\'s" łąka...', id="typography, no letter"
        ),
        pytest.param("«Høst» ‹nå›", "\"Høst\" 'nå'", id="Norwegian quotes"),
        pytest.param("a\u200bb\u2003c\td", "ab c d", id="spaces of no width, of much, and a tab"),
        pytest.param("Jose\u0301 A\u030as", "José Ås", id="accents that stand behind their letter"),
        pytest.param("„https://a.pl/1–2…” – ja", '"https://a.pl/1–2..." - ja', id="never inside a link"),
    ],
)
def test_typography_is_made_plain_and_letters_are_kept(text: str, expected: str) -> None:
    assert plainer(text) == expected


@pytest.mark.parametrize("language", ["en", "nb", "sv", "pl", "pt_BR"])
def test_no_letter_is_lost(make: Make, offer: Template, language: str) -> None:
    name = "Łukasz 李 Nuñez"
    sms = render(offer, Channel.SMS, make(offer, language, data={"code": name}))
    assert isinstance(sms, Sms)
    assert name in sms.text
    assert (sms.encoding, sms.parts) == ("ucs2", count(sms.text)[1])
    assert "?" not in sms.text


def test_marketing_says_how_to_stop_and_an_invoice_does_not(
    make: Make, offer: Template, invoice: Template
) -> None:
    marketing = render(offer, Channel.SMS, make(offer, "nb"))
    required = render(invoice, Channel.SMS, make(invoice, "nb"))
    assert isinstance(marketing, Sms)
    assert isinstance(required, Sms)
    assert "Stopp: https://t.nordlys.example/u/" in marketing.text
    assert "/u/" not in required.text
    assert required.text.endswith("https://t.nordlys.example/d/AbCdEfGhIjKlMnOpQr")


def test_a_text_over_its_budget_is_refused(make: Make, offer: Template) -> None:
    with pytest.raises(Problem, match="parts"):
        render(offer, Channel.SMS, make(offer, data={"code": "X" * 2000}))


@given(ANY)
def test_transliteration_never_costs_more_and_gives_gsm_or_nothing(text: str) -> None:
    other, told = transliterated(text)
    if told:
        assert count(other)[0] == "gsm7"
        assert count(other)[1] <= count(text)[1]
    else:
        assert other == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Zażółć gęślą jaźń", "Zazolc gesla jazn", id="Polish"),
        pytest.param("São João, à Ç", "Sao Joao, à Ç", id="a letter of GSM 03.38 stays as it is"),
        pytest.param("Blåbærsyltetøy", "Blåbærsyltetøy", id="Norwegian needs nothing"),
        pytest.param("Łódź 😀", "Łódź 😀", id="an emoji makes it useless, so nothing changes"),
        pytest.param("李 Łukasz", "李 Łukasz", id="another script as well"),
        pytest.param("Łódź: https://a.pl/lodz", "Lodz: https://a.pl/lodz", id="beside a link"),
        pytest.param("Łódź: https://a.pl/łódź", "Łódź: https://a.pl/łódź", id="a link leads where it led"),
        pytest.param("Łódź: sklep.pl/łódź", "Łódź: sklep.pl/łódź", id="one without its scheme, too"),
    ],
)
def test_letters_are_replaced_only_where_that_saves(text: str, expected: str) -> None:
    assert transliterated(text)[0] == expected


def test_a_fact_in_other_letters_is_a_fact_said(invoice: Template, offer: Template) -> None:
    brand = SAMPLE_BRAND.model_copy(update={"sms_letters": "transliterated", "languages": ("pl",)})
    zlotys = {"invoice": {**invoice.sample["invoice"], "currency": "PLN"}}

    assert prove(invoice, brand=brand, data=zlotys) == []
    assert prove(offer, brand=brand, data={**offer.sample, "code": "ŁÓDŹ – 20"}) == []


def test_the_policy_is_the_brands_and_is_told(make: Make, offer: Template) -> None:
    subject = make(offer, "pl", data={"customer": {"first_name": "Łucja", "last_name": "", "company": ""}})
    kept = render(offer, Channel.SMS, subject)
    brand = subject.brand.model_copy(update={"sms_letters": "transliterated"})
    other = render(offer, Channel.SMS, replace(subject, brand=brand))
    assert isinstance(kept, Sms)
    assert isinstance(other, Sms)
    assert (kept.encoding, kept.replaced) == ("ucs2", "")
    assert other.encoding == "gsm7"
    assert other.replaced == "ę>e"
    assert other.parts < kept.parts
