"""DKIM: what we sign, another implementation (dkimpy) verifies, whatever the mail holds."""

import base64

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import example, given
from hypothesis import strategies as st

from channels.email.dkim import Signer, relaxed_body
from channels.email.smtp import Smtp
from templates.catalog import find
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from tests.peers.smtp import SmtpPeer
from tidings.channel import Channel
from tidings.message import Parcel
from tidings.problem import Problem
from tidings.settings import DkimSettings, SmtpSettings

KEYS = {
    "rsa": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Each key as a file."""
    folder = tmp_path_factory.mktemp("dkim")
    for name, key in KEYS.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(pem(key))
    return folder


@pytest.fixture(scope="module", params=list(KEYS))
def signer(request, folder):
    signer = Signer(DkimSettings(domain="nordlys.example", selector="t1", key=folder / request.param))
    signer.record = record(KEYS[request.param])
    return signer


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def record(key):
    """Return the TXT record of a key."""
    public = key.public_key()
    if isinstance(key, rsa.RSAPrivateKey):
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; p=" + base64.b64encode(der)
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b"v=DKIM1; k=ed25519; p=" + base64.b64encode(raw)


def verified(raw, txt):
    return dkim.verify(
        raw, dnsfunc=lambda name, timeout=5: txt if name == b"t1._domainkey.nordlys.example." else None
    )


def message(body=b"Hello\r\n", more=b"", sender=b"Nordlys <hei@nordlys.example>"):
    head = (
        b"From: "
        + sender
        + b"\r\nTo: ada@example.com\r\nSubject: Hi\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n"
    )
    return head + more + b"\r\n" + body


@pytest.mark.parametrize("name", ["Ada", "=?utf-8?q?x?=", "Łucja 😀" * 9, "a  b\t ", "Ada\r\nBcc: x"])
@pytest.mark.parametrize("template", ["offer/autumn", "news/quarterly"])
def test_a_real_mail_is_signed(signer, template, name):
    """Pictures, folded headers, encoded words: the receiver finds the signature good, and the bytes repeat."""
    found = find(template)
    data = {**found.sample, "customer": {"first_name": name}}
    mail = render(found, Channel.EMAIL, sample_subject(found, SAMPLE_BRAND, "nb", data=data))

    signed = signer.signed(mail.raw)

    assert verified(signed, signer.record)
    assert signed.endswith(mail.raw)
    assert signer.signed(mail.raw) == signed
    assert max(map(len, signed.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 998
    assert b" t=1795251600;" in signed
    assert b"list-unsubscribe-post" in signed


@given(
    body=st.lists(
        st.sampled_from([b"a", b" ", b"  ", b"\t", b"\r\n", b".", b"=", b"\xc5\xbc", b"--x"]), max_size=30
    ).map(b"".join),
    value=st.lists(st.sampled_from([b"x", b" ", b"\t", b":", b";", b"b=", b"\r\n y"]), max_size=8).map(
        b"".join
    ),
)
@example(body=b"", value=b"")
@example(body=b"\r\n\r\n", value=b"v")
@example(body=b" ", value=b"v")
def test_any_bytes_are_signed(signer, body, value):
    """Blanks, tabs, empty lines and folds come out as the receiver makes them."""
    more = b"List-ID:" + value + b"z\r\nX-Other:" + value + b"z\r\n"

    assert verified(signer.signed(message(body, more)), signer.record)


@pytest.mark.parametrize(
    ("changed", "good"),
    [
        pytest.param(lambda raw: raw, True, id="nothing"),
        pytest.param(
            lambda raw: raw.replace(b"Subject: Hi", b"subject:   Hi "), True, id="blanks and capitals"
        ),
        pytest.param(lambda raw: raw.replace(b"Hello", b"Hullo"), False, id="the text"),
        pytest.param(lambda raw: raw.replace(b"Subject: Hi", b"Subject: Ho"), False, id="the subject"),
        pytest.param(lambda raw: b"From: eve@nordlys.example\r\n" + raw, False, id="a second From"),
        pytest.param(lambda raw: b"Subject: Buy\r\n" + raw, False, id="a second Subject"),
        pytest.param(
            lambda raw: b"Reply-To: eve@example.com\r\n" + raw, False, id="a Reply-To where none was"
        ),
        pytest.param(lambda raw: b"Received: by x\r\n" + raw, True, id="what a relay adds"),
    ],
)
def test_what_breaks_a_signature(signer, changed, good):
    """What the customer sees cannot be changed or doubled on the way."""
    assert verified(changed(signer.signed(message())), signer.record) is good


@pytest.mark.parametrize(
    ("sender", "signs"),
    [
        pytest.param(b"hei@nordlys.example", True, id="the domain itself"),
        pytest.param(b"Hei <hei@news.Nordlys.example>", True, id="a domain below it"),
        pytest.param(b"hei@fjord.example", False, id="another brand's domain"),
        pytest.param(b"hei@notnordlys.example", False, id="a domain that ends alike"),
        pytest.param(b"", False, id="no sender"),
    ],
)
def test_only_its_own_domain_is_signed(signer, sender, signs):
    """A signature of a foreign domain proves nothing to DMARC; such a mail leaves as it is."""
    raw = message(sender=sender)

    assert (signer.signed(raw) != raw) is signs


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [(b"", b""), (b"\r\n\r\n", b""), (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n"), (b"x", b"x\r\n")],
)
def test_the_example_of_the_rfc(body, relaxed):
    """RFC 6376 3.4.5."""
    assert relaxed_body(body) == relaxed


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"selector": ""}, "TIDINGS_DKIM__SELECTOR", id="no selector"),
        pytest.param({"key": None}, "TIDINGS_DKIM__KEY", id="no key"),
        pytest.param({"key": "nowhere"}, "cannot be read", id="no file"),
        pytest.param({"key": "text"}, "cannot be read", id="a file that holds no key"),
        pytest.param({"key": "curve"}, "a kind that DKIM does not know", id="a curve that DKIM has not"),
    ],
)
def test_a_wrong_set_up_is_named_at_the_start(folder, changes, words):
    """Nobody learns from bounces that the key was missing."""
    (folder / "text").write_text("no key")
    (folder / "curve").write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    given_settings = {"domain": "nordlys.example", "selector": "t1", "key": "rsa"} | changes
    if given_settings["key"]:
        given_settings["key"] = folder / given_settings["key"]

    with pytest.raises(Problem, match=words):
        Smtp(SmtpSettings(), dkim=DkimSettings(**given_settings))


def test_a_key_for_everybody_is_told(folder, capsys):
    """Who can read the key can sign for us."""
    path = folder / "open"
    path.write_bytes(pem(KEYS["ed25519"]))
    path.chmod(0o644)

    Signer(DkimSettings(domain="nordlys.example", selector="t1", key=path))

    said = capsys.readouterr()
    assert "others may read the DKIM key" in said.out + said.err


@pytest.mark.parametrize("pipelining", [True, False])
def test_smtp_sends_signed_mail(folder, pipelining):
    """What arrives verifies, the announced size is that of the signed message, and a repeat has the same bytes."""
    peer = SmtpPeer(extensions=["SIZE 1000000", *(["PIPELINING"] if pipelining else [])])
    settings = DkimSettings(domain="nordlys.example", selector="t1", key=folder / "ed25519")
    provider = Smtp(SmtpSettings(host="127.0.0.1", port=peer.port), dkim=settings)
    offer = find("offer/autumn")
    mail = render(offer, Channel.EMAIL, sample_subject(offer, SAMPLE_BRAND, "pl"))
    parcels = [
        Parcel(message=f"m{n}", attempt=f"a{n}", content=mail, purpose="offer", brand="n") for n in range(3)
    ]
    try:
        list(provider.send(parcels))
    finally:
        provider.close()
        peer.close()

    assert len(peer.taken) == 3
    assert len(set(peer.contents())) == 1
    assert verified(peer.taken[0].raw, record(KEYS["ed25519"]))
    assert f"SIZE={len(peer.taken[0].raw)}" in peer.taken[0].options
