"""An e-mail from its skeleton reads as the full render does: Python's parser is the judge, customers are hostile."""

import os
from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from templates.catalog import LIBRARY, all_templates, find
from templates.edition import edition
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import Subject, email_in_full, render
from templates.skeleton import skeletons_of
from tidings.channel import Channel
from tidings.message import Email
from tidings.problem import Problem

LAWS = int(os.environ.get("TIDINGS_LAWS", "300"))
"""Customers to invent."""

EDITIONS = [(template, language) for template in all_templates() for language in template.languages]
IN_FULL: dict[tuple[str, str], set[str]] = {}
"""Parts of library templates that are rendered in full: (template, language) to the parts. None is."""

FRAGMENTS = [
    "Ada",
    "O'Neil",
    '"Bob" <b@example.com>',
    "Lovelace, Ada (Countess)",
    "<b>&amp;</b>",
    "a=b",
    "=",
    "=3D",
    "=\r\n",
    ".",
    "..",
    "...",
    "\r\n.\r\n",
    "\r\nBcc: eve@example.com\r\n\r\n",
    "\n",
    "\t",
    " ",
    "   ",
    "\u00a0",
    "\u3000",
    "\u2028",
    "\u202eevil",
    "\u05e9\u05dc\u05d5\u05dd",
    "😀",
    "👩‍👩‍👧‍👦",
    "Åse Łucja 李",
    "e\u0301",
    "=?utf-8?q?x=0D=0ABcc=3Aevil@example.com?=",
    "=?utf-8?b?Qg==?=",
    "{{ 7 * 7 }}",
    "{% if x %}",
    "{# no #}",
    "\0hole\0",
    "\0to\0",
    "jnjqe0z <!--jnjqs1z-->",
    "%(mark)b",
    "--=_",
    "From ",
    "[x](javascript:alert(1)) **b** | c",
    "\ufeff",
    "\\",
    "x" * 60,
    "y" * 1000,
    "ż" * 40,
]
texts = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=6).map("".join),
    st.integers(60, 90).flatmap(
        lambda size: st.sampled_from(["a", "a ", "=", "é", "a.", ". "]).map(lambda unit: (unit * size)[:size])
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=120),
)
links = st.integers(0, 90).map(
    lambda size: f"https://t.nordlys.example/l/{'t' * size}?a=b&c='d'".replace("'", "%27")
)


@pytest.fixture(scope="session")
def hard(tmp_path_factory):
    """A template that does everything a template may do, where it hurts."""
    folder = tmp_path_factory.mktemp("own")
    place = folder / "news" / "hard"
    place.mkdir(parents=True)
    (place / "template.toml").write_text(
        'title = "Hard"\npurpose = "news"\nversion = "1"\nchannels = ["email"]\n'
        '[data]\nfirst = "text?"\nsecond = "text?"\nitems = "list?"\namount = "money?"\n'
        '[links]\naction = "https://example.com/{second}"\n',
        encoding="utf-8",
    )
    (place / "en.md").write_text(
        "# subject\n{{ first }}  {% if second %}and {{ second | upper }}{% else %}alone{% endif %} \n\n"
        "# headline\n{{ first }} {{ second }}\n\n"
        "# body\n{{ first }}\n\n{{ second }}\n\n{{ first }}{{ second }}\n\n"
        "{% if first is defined and second %}\nBoth: {{ first ~ '-' ~ second }}\n{% elif first == 'Ada' %}\nAda\n"
        "{% elif not first %}\nNobody{% if amount %} owes {{ amount | money('EUR') }}{% endif %}\n{% endif %}\n\n"
        "Written {{ 'to ' ~ first if first else 'to nobody' }} by {{ brand.name }}, {{ [1] and 'x' }}\n\n"
        "[here](action), {{ items | length }} things\n\n{{ brand.site }}\n\n"
        "# action\n[Look, {{ first }}](action)\n\n# legal\n{{ second }}\n".replace(
            "{{ [1] and 'x' }}", "{{ first or 'x' }}"
        ),
        encoding="utf-8",
    )
    (place / "nb.md").write_text(
        "# subject\n{{ second }}\n\n# headline\nHei\n\n# body\n"
        "{% for item in items %}\n- {{ item }} for {{ first }}\n{% endfor %}\n\n"
        "{% for item in items %}{{ item }}, {% endfor %}\n\nSlutt\n\n# short\nHei\n",
        encoding="utf-8",
    )
    tests = "".join(f"{{% if first == '{n}' %}}{n}{{% endif %}}" for n in range(12))
    (place / "sv.md").write_text(
        f"# subject\n{{{{ first }}}}\n\n# headline\nHej\n\n# body\nVal {tests} {{{{ second }}}}\n\n# short\nHej\n",
        encoding="utf-8",
    )
    return find("news/hard", extra=folder)


def parts(email):
    """Return every header and part of a message as a reader has them."""
    message = message_from_bytes(email.raw, policy=SMTP)
    found = []
    for part in message.walk():
        assert not part.defects
        content = (
            None
            if part.is_multipart()
            else part.get_payload()
            if part.get_content_maintype() == "image"
            else part.get_content()
        )
        found.append((part.items(), content))
    return found


def written(make):
    """Return what a render came to: the e-mail, or the sentence of its problem."""
    try:
        return make()
    except Problem as problem:
        return str(problem)


def holds(template, subject, documents=None):
    """Hold the skeleton's mail against the full render's."""
    mail = written(lambda: render(template, Channel.EMAIL, subject, documents=documents))
    again = written(lambda: render(template, Channel.EMAIL, subject, documents=documents))
    full = written(lambda: email_in_full(template, subject, documents=documents))
    assert mail == again
    if isinstance(mail, str):
        assert mail == full
        return
    assert parts(mail) == parts(full)
    assert (mail.envelope_from, mail.to) == (full.envelope_from, full.to)
    assert mail.raw.count(b"\r\n") == mail.raw.count(b"\n") == mail.raw.count(b"\r")
    assert not mail.digest or (b"\n." not in mail.raw and mail.raw.endswith(b"\r\n"))
    head, _, body = mail.raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 998
    assert (
        max(map(len, body.split(b"\r\n"))) <= 78
    )  # 76, and two more for a dot at the beginning or a blank at the end


customers = st.fixed_dictionaries(
    {}, optional={name: texts for name in ("first_name", "last_name", "company", "name")}
)


@settings(max_examples=LAWS, suppress_health_check=[HealthCheck.too_slow])
@given(which=st.sampled_from(EDITIONS), customer=customers, link=links, text=texts, is_shared=st.booleans())
def test_hostile_customers_read_the_same_mail(which, customer, link, text, is_shared):
    template, language = which
    values = {name: value for name, value in template.sample.items() if name != "customer"}
    if "code" in values:
        values["code"] = text or "x"
    if "invoice" in values:
        values["invoice"] = {**values["invoice"], "note": text[:900], "reference": text[:40]}
    subject = sample_subject(template, SAMPLE_BRAND, language)
    subject = Subject(
        message=subject.message,
        reference=subject.reference,
        language=language,
        data={"customer": customer} if is_shared else {"customer": customer, **values},
        shared=values if is_shared else {},
        brand=SAMPLE_BRAND,
        to=subject.to,
        created_at=subject.created_at,
        links=dict.fromkeys([*subject.links, *template.links], link)
        | ({"unsubscribe": ""} if text == "" else {}),
    )
    holds(template, subject, {"invoice": b"%PDF-1.7" + text.encode()} if template.document else None)


@settings(
    max_examples=max(LAWS // 3, 1),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    language=st.sampled_from(["en", "nb", "sv"]),
    first=texts,
    second=texts,
    items=st.lists(texts, max_size=3),
    amount=st.sampled_from([None, "0", "12.50"]),
)
def test_a_template_that_does_everything_holds_the_same_law(hard, language, first, second, items, amount):
    subject = sample_subject(
        hard,
        SAMPLE_BRAND,
        language,
        data={"first": first, "second": second, "items": items, "amount": amount},
    )
    holds(hard, subject)


@pytest.mark.parametrize(
    ("template", "language"), EDITIONS, ids=[f"{t.name} {language}" for t, language in EDITIONS]
)
def test_a_library_template_is_fast_or_says_why_not(template, language):
    """Every e-mail of the library comes from a skeleton, all of it, with the sample's data."""
    skeletons = skeletons_of(edition(template, language, SAMPLE_BRAND))
    mail = render(template, Channel.EMAIL, sample_subject(template, SAMPLE_BRAND, language))

    assert set(skeletons.in_full) == IN_FULL.get((template.name, language), set())
    assert isinstance(mail, Email)
    assert mail.digest
    assert template.folder.is_relative_to(LIBRARY)


def test_why_a_part_is_rendered_in_full(hard):
    """A loop in the text part and more tests than variants are worth are named."""
    reasons = {
        language: dict(skeletons_of(edition(hard, language, SAMPLE_BRAND)).in_full)
        for language in hard.languages
    }

    assert reasons == {
        "en": {},
        "nb": {"text": "it has a loop, whose lines may leave gaps"},
        "sv": {"text": "it has more than 8 tests", "html": "it has more than 8 tests"},
    }


def test_other_mails_have_other_digests():
    """The digest tells two mails apart wherever they differ, also where one value grows at another's cost."""
    template = find("offer/autumn")
    pairs = [("a", "bc"), ("ab", "c"), ("a", "b c"), ("", "abc"), ("abc", "")]
    mails = [
        render(
            template,
            Channel.EMAIL,
            sample_subject(
                template,
                SAMPLE_BRAND,
                "en",
                data={**template.sample, "customer": {"first_name": first}, "code": second or "x"},
            ),
        )
        for first, second in pairs
    ]

    assert len({mail.digest for mail in mails}) == len({mail.raw for mail in mails}) == len(pairs)
