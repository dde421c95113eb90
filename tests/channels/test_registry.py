"""`channels.registry` and `channels.allowed`: nobody is mailed by accident."""

import ast
import itertools
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import get_args

import paramiko
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.allowed import OnlyAllowed
from channels.contract import Capability, Lists
from channels.outbox import LetterOutbox, Outbox
from channels.registry import PROVIDERS, problems, providers
from tests.channels.test_letters import letter
from tests.channels.test_smtp import email
from tests.peers.push import TokenPeer, pem
from tests.peers.smtp import SmtpPeer
from tidings.channel import Channel
from tidings.message import Letter, Parcel, Push, Sms
from tidings.outcome import Accepted
from tidings.problem import Problem
from tidings.settings import Mode, Settings

ROOT = Path(__file__).parents[2]


def push_keys(folder):
    """Files that FCM and web push want to read at start."""
    (folder / "vapid.pem").write_text(pem(ec.generate_private_key(ec.SECP256R1())))
    google = {
        "project_id": "p",
        "client_email": "c@p",
        "private_key": pem(TokenPeer.key),
        "token_uri": "https://x",
    }
    (folder / "account.json").write_text(json.dumps(google))
    webpush = {"key": folder / "vapid.pem", "subject": "mailto:it@nordlys.example"}
    return {"fcm": {"credentials": folder / "account.json"}, "webpush": webpush}


def paper(home):
    """Settings of the places that letters go to."""
    key = paramiko.RSAKey.generate(2048)
    login = {"host": "print.example", "username": "tidings", "password": "secret"}
    return {
        "home": home,
        "s3": {"bucket": "paper", "region": "eu-west-1"},
        "sftp": login | {"host_key": f"{key.get_name()} {key.get_base64()}"},
        "lob": {"key": "secret", "sender": "adr_1"},
        "pingen": {"client_id": "c", "client_secret": "secret", "organisation": "o"},
    }


@pytest.fixture
def everything(tmp_path, keys):
    """Settings that name a provider for every channel."""
    (tmp_path / "spool").mkdir()
    return {
        "email": "ses",
        "sms": "twilio",
        "whatsapp": "twilio",
        "push": "sns",
        "letter": "spool",
        "ses": {"region": "eu-west-1"},
        "sns": {"region": "eu-west-1"},
        "aws_sms": {"region": "eu-west-1"},
        **push_keys(tmp_path),
        "twilio": {"account_sid": "AC1", "auth_token": "secret"},
        "spool": {"folder": tmp_path / "spool"},
        **paper(tmp_path),
    }


def names(chosen):
    return {channel.value: ",".join(one.name for one in choice) for channel, choice in chosen.items()}


def test_nothing_configured(tmp_path, keys):
    """Credentials that lie around send nothing."""
    chosen = providers(Settings(), home=tmp_path)

    assert names(chosen) == dict.fromkeys(Channel, "outbox")


@pytest.mark.parametrize("mode", [None, Mode.OUTBOX])
def test_mode_outbox_wins(tmp_path, everything, mode):
    """Whatever else is set, the default mode sends nothing."""
    chosen = providers(Settings(**everything), home=tmp_path, mode=mode)

    assert set(names(chosen).values()) == {"outbox"}


def test_nobody_else_on_the_machine_reads_what_would_have_left(tmp_path):
    sms = Parcel(
        message="m1",
        attempt="a1",
        content=Sms(to="+4740600001", text="x", parts=1, encoding="gsm7", sender="N"),
        purpose="offer",
        brand="b",
    )
    home = tmp_path / "home"

    [(_, outcome)] = providers(Settings(), home=home)[Channel.SMS][0].send([sms])

    assert isinstance(outcome, Accepted)
    assert stat.S_IMODE((home / "outbox").stat().st_mode) == 0o700


def test_mode_live_uses_what_is_named(tmp_path, everything):
    """Each channel has the provider that its setting names."""
    chosen = providers(Settings(mode="live", **everything), home=tmp_path)

    assert names(chosen) == {
        "email": "ses",
        "sms": "twilio",
        "push": "sns",
        "letter": "spool",
        "whatsapp": "twilio-whatsapp",
    }
    assert all(provider.channel is channel for channel, [provider] in chosen.items())


def test_several_providers_keep_the_order_of_the_setting(tmp_path, everything):
    """The first is preferred; a name given twice counts once."""
    settings = Settings(mode="live", **everything | {"email": "ses, smtp,ses"})

    assert names(providers(settings, home=tmp_path))["email"] == "ses,smtp"


class Asked(Outbox):
    """A provider that can be asked what it took."""

    settle_after = timedelta(minutes=5)

    def find(self, doubts, *, now):
        return [now]


@pytest.mark.parametrize("kind", [Outbox, Asked])
def test_mode_test_can_do_what_the_provider_can(tmp_path, kind):
    """A provider with a list has one in mode `test` as well, and none is invented."""
    provider = kind(tmp_path, Channel.EMAIL)

    wrapped = OnlyAllowed(provider, Outbox(tmp_path, Channel.EMAIL), [])

    assert isinstance(wrapped, Lists) is isinstance(provider, Lists)
    assert not isinstance(wrapped, Lists) or wrapped.find([], now=1) == [1]


def test_mode_live_without_a_name(tmp_path, everything):
    """A channel that no setting names goes to the outbox, credentials or not."""
    chosen = providers(
        Settings(mode="live", **everything | {"email": "", "push": "", "whatsapp": ""}), home=tmp_path
    )

    assert names(chosen) == dict.fromkeys(Channel, "outbox") | {"sms": "twilio", "letter": "spool"}


def test_the_mode_of_a_run_beats_that_of_the_settings(tmp_path, everything):
    """A database that opens as `outbox` stays there."""
    chosen = providers(Settings(mode="live", **everything), home=tmp_path, mode=Mode.OUTBOX)

    assert set(names(chosen).values()) == {"outbox"}


def test_another_folder(tmp_path):
    """`--out` takes the place of `outbox` in the home."""
    chosen = providers(Settings(), home=tmp_path / "home", out=tmp_path / "out")
    list(chosen[Channel.EMAIL][0].send([parcel(email())]))

    assert (tmp_path / "out" / "email" / "m1.eml").exists()
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        pytest.param({"ses": {}}, "TIDINGS_SES__REGION", id="SES without region"),
        pytest.param({"email": "smtp", "smtp": {"host": ""}}, "TIDINGS_SMTP__HOST", id="SMTP without host"),
        pytest.param({"twilio": {}}, "TIDINGS_TWILIO__ACCOUNT_SID", id="Twilio without account"),
        pytest.param(
            {"twilio": {"account_sid": "AC1"}}, "TIDINGS_TWILIO__AUTH_TOKEN", id="Twilio without token"
        ),
        pytest.param({"sms": "aws", "aws_sms": {}}, "TIDINGS_AWS_SMS__REGION", id="AWS SMS without region"),
        pytest.param({"sns": {}}, "TIDINGS_SNS__REGION", id="SNS without region"),
        pytest.param({"spool": {}}, "TIDINGS_SPOOL__FOLDER", id="spool without folder"),
    ],
)
def test_a_missing_setting_is_named_at_start(tmp_path, everything, change, named):
    """Before the first message, not after the thousandth; `tidings check` lists the same."""
    settings = Settings(mode="live", **everything | change)

    with pytest.raises(Problem, match=named):
        providers(settings, home=tmp_path)
    assert {named in str(problem) for problem in problems(settings)} == {True}


def parcel(content, number=1):
    return Parcel(message=f"m{number}", attempt=f"a{number}", content=content, purpose="offer", brand="n")


def sms(to):
    return Sms(sender="Nordlys", to=to, text="x", parts=1, encoding="gsm7")


def push(to):
    return Push(to=to, platform="apns", title="", body="", link="", collapse_id="c", payload="{}")


@pytest.mark.parametrize(
    ("allow", "content", "expected"),
    [
        pytest.param("ada@example.com", email(to="ada@example.com"), True, id="a listed address"),
        pytest.param("Ada@Example.com", email(to="aDA@example.COM"), True, id="case does not matter"),
        pytest.param("@example.com", email(to="ada@example.com"), True, id="a listed domain"),
        pytest.param("@example.com", email(to="ada@mail.example.com"), False, id="a domain below it"),
        pytest.param("@example.com", email(to="ada@badexample.com"), False, id="a domain that ends alike"),
        pytest.param(
            "@example.com", email(to="@example.com@evil.example"), False, id="a domain in the local part"
        ),
        pytest.param("eve@example.com", email(to="ada@example.com"), False, id="another address"),
        pytest.param(
            "example.com", email(to="ada@example.com"), False, id="a domain without @ is an address"
        ),
        pytest.param("", email(to="ada@example.com"), False, id="an empty list"),
        pytest.param("+47 900 00 001", sms("+4790000001"), True, id="a number with blanks"),
        pytest.param("+4790000001", sms("+4790000002"), False, id="another number"),
        pytest.param("@example.com", sms("+4790000001"), False, id="a domain is no number"),
        pytest.param("arn:1", push("arn:1"), True, id="a device"),
        pytest.param("arn:1", push("arn:12"), False, id="another device"),
        pytest.param("C1", letter(1), True, id="a letter by the customer's reference"),
        pytest.param("C2", letter(1), False, id="another customer"),
    ],
)
def test_who_is_allowed(tmp_path, allow, content, expected):
    """Mode `test` reaches exactly the addresses of the list."""
    settings = Settings.model_validate({"allow": allow})
    outbox = Outbox(tmp_path, Channel.EMAIL)

    assert OnlyAllowed(outbox, outbox, settings.allow).allows(parcel(content)) is expected


def test_mode_test(tmp_path):
    """Listed addresses are reached; the rest is in the outbox, each file with the reason."""
    peer = SmtpPeer()
    given = {"host": "127.0.0.1", "port": peer.port}
    settings = Settings(mode="test", email="smtp", allow="ada.lovelace2@example.com", smtp=given)
    provider = providers(settings, home=tmp_path)[Channel.EMAIL][0]
    try:
        outcomes = dict(provider.send([parcel(email(number), number) for number in (1, 2, 3)]))
    finally:
        provider.close()
        peer.close()

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert set(outcomes) == {"a1", "a2", "a3"}
    assert [taken.to for taken in peer.taken] == ["ada.lovelace2@example.com"]
    kept = sorted((tmp_path / "outbox" / "email").iterdir())
    assert [path.name for path in kept] == ["m1.eml", "m3.eml"]
    assert all(b"X-Tidings-Outbox: mode is test" in path.read_bytes() for path in kept)


def test_mode_test_letters(tmp_path):
    """A letter that may not leave says so in its manifest."""
    spool = LetterOutbox(tmp_path / "spool")
    provider = OnlyAllowed(spool, LetterOutbox(tmp_path / "outbox"), ["C2"])

    list(provider.send([parcel(letter(number), number) for number in (1, 2)]))

    [kept] = (tmp_path / "outbox").rglob("manifest.json")
    [piece] = json.loads(kept.read_bytes())["pieces"]
    assert (piece["customer"], "TIDINGS_ALLOW" in piece["note"]) == ("C1", True)
    [sent] = (tmp_path / "spool").rglob("manifest.json")
    [piece] = json.loads(sent.read_bytes())["pieces"]
    assert (piece["customer"], "note" in piece) == ("C2", False)


def conforming():
    """Names of all classes in our tests that run the conformance suite."""
    found = itertools.chain.from_iterable(
        ast.walk(ast.parse(path.read_text())) for path in Path(__file__).parent.glob("test_*.py")
    )
    return {
        node.name
        for node in found
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id.endswith("Conformance") for base in node.bases)
    }


@pytest.mark.parametrize("key", PROVIDERS, ids=str)
def test_every_provider_is_whole(key, everything):
    """It has a page, runs the conformance suite, says how a doubt is settled, and serves its channel."""
    channel, name = key
    settings = everything | {"email": name} if channel is Channel.EMAIL else everything
    provider = PROVIDERS[key](Settings(**settings))

    own = name if channel is not Channel.WHATSAPP else f"{name}-{channel}"  # one account, another lane
    assert (provider.name, provider.channel) == (own, channel)
    assert isinstance(provider.capability, Capability)
    assert "Test" + "".join(map(str.capitalize, own.split("-"))) in conforming()
    page = (ROOT / "docs" / "providers" / f"{name}.md").read_text()
    assert f"TIDINGS_{channel.upper()}={name}" in page
    assert f"`{provider.capability}`" in page
    assert all(word in page for word in ("## Settings", "## Errors", "## In doubt"))


@pytest.mark.parametrize("channel", Channel)
def test_every_name_in_the_settings_has_a_provider(channel):
    """A name that is offered works."""
    offered = set(get_args(get_args(Settings.model_fields[channel].annotation)[0]))

    assert {(channel, name) for name in offered} == {key for key in PROVIDERS if key[0] is channel}


def test_the_letter_type_is_the_only_one_without_an_address():
    """`OnlyAllowed` must know how to name everybody."""
    assert not hasattr(Letter, "to")
    assert all("to" in kind.__dataclass_fields__ for kind in (Sms, Push))
