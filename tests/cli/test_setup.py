"""`tidings init` and `tidings check`, run as a person runs them."""

import json
import stat
from pathlib import Path

import pytest

from tests.walk import ROOT, tidings
from tidings.organisation import read_organisation


def answers(**changed: str) -> list[str]:
    """Return the options of a complete `tidings init`."""
    said = {"name": "Åse & Co", "country": "no", "email": "hei@ase.example", "time-zone": "Europe/Oslo"} | {
        key.replace("_", "-"): value for key, value in changed.items() if key != "account"
    }
    lines = ["--address", "Gate 1", "--address", "0171 Oslo", "--language", "nb", "--language", "en"]
    account = changed.get("account", "NOK=NO93 8601 1117 947")
    return [
        *(word for key, value in said.items() for word in (f"--{key}", value)),
        *lines,
        "--account",
        account,
    ]


def checked(home: Path, **environment: str) -> tuple[int, dict[str, dict[str, str]], list[str]]:
    """Return exit code, settings by name, problems."""
    done = tidings(home, "check", "--json", **environment)
    told = json.loads(done.stdout)
    assert set(told) == {"settings", "problems"}
    return done.returncode, {row["name"]: row for row in told["settings"]}, told["problems"]


@pytest.fixture
def made(home: Path) -> Path:
    """A home with an organisation.toml."""
    home.mkdir()
    (home / "organisation.toml").write_bytes((ROOT / "examples" / "demo" / "organisation.toml").read_bytes())
    return home


def test_init_makes_a_home_that_check_finds_fine(home):
    done = tidings(home, "init", *answers())
    assert done.returncode == 0, done.stderr
    organisation = read_organisation(home / "organisation.toml")
    assert organisation.country == "NO"
    assert organisation.brands[0].id == "ase-co"
    assert organisation.brands[0].accounts["NOK"].iban == "NO9386011117947"
    assert stat.S_IMODE((home / "signing.key").stat().st_mode) == 0o600
    assert (home / "database").is_dir()
    assert checked(home)[::2] == (0, [])


def test_init_knows_a_language_by_its_name(home):
    assert tidings(home, "init", *answers(), "--language", "Polish", "--language", "pt-br").returncode == 0
    assert read_organisation(home / "organisation.toml").brands[0].languages == ("nb", "en", "pl", "pt_BR")


def test_init_never_writes_over_a_file_unless_told(home):
    assert tidings(home, "init", *answers()).returncode == 0
    before = (home / "organisation.toml").read_bytes()
    key = (home / "signing.key").read_bytes()
    again = tidings(home, "init", *answers(name="Other"))
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert (home / "organisation.toml").read_bytes() == before
    assert tidings(home, "init", *answers(name="Other"), "--force").returncode == 0
    assert read_organisation(home / "organisation.toml").name == "Other"
    assert (home / "signing.key").read_bytes() == key, "links in sent messages go on working"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param((), "--name is missing", id="a script that forgot the name is told so"),
        pytest.param(answers(country="Narnia"), "'Narnia'", id="a country that nobody knows"),
        pytest.param(answers(time_zone="Oslo"), "'Oslo'", id="a time zone has its IANA name"),
        pytest.param(answers(account="NOK"), "CURRENCY=IBAN", id="an account names its currency"),
        pytest.param(answers(account="KRONER=1"), "'KRONER'", id="a currency has three letters"),
        pytest.param(answers(account="NOK=NO93 8601 1117 948"), "check digits", id="an IBAN adds up"),
        pytest.param(answers(email="nomail"), "'nomail'", id="mail comes from an address"),
        pytest.param(answers(service="desk"), "'desk'", id="people read a mailbox"),
        pytest.param([*answers(), "--language", "xx"], "'xx'", id="a language that nobody speaks"),
    ],
)
def test_init_refuses_what_it_cannot_use_and_writes_nothing(home, words, told):
    done = tidings(home, "init", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (home / "organisation.toml").exists()


def test_check_names_every_setting_with_its_origin_and_masks_secrets(made):
    (made.parent / ".env").write_text("TIDINGS_CLAIM=25\nTIDINGS_PORT=9000\n")
    code, settings, problems = checked(
        made, TIDINGS_PORT="9001", TIDINGS_SMTP__PASSWORD="hush", TIDINGS_SMTP__HOST="mail.example"
    )
    assert (code, problems) == (0, [])
    shown = {name: (row["value"], row["source"]) for name, row in settings.items()}
    assert shown["TIDINGS_CLAIM"] == ("25", ".env")
    assert shown["TIDINGS_PORT"] == ("9001", "environment")
    assert shown["TIDINGS_SMTP__HOST"] == ("mail.example", "environment")
    assert shown["TIDINGS_SMTP__PASSWORD"] == ("***", "environment")
    assert shown["TIDINGS_MODE"] == ("outbox", "default")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        pytest.param({"TIDINGS_MOED": "live"}, "Did you mean TIDINGS_MODE?", id="a misspelt name"),
        pytest.param({"TIDINGS_MODE": "lve"}, "TIDINGS_MODE: Input should be", id="a misspelt value"),
        pytest.param({"TIDINGS_CLAIM": "0"}, "TIDINGS_CLAIM: Input should be", id="a number out of bounds"),
        pytest.param({"TIDINGS_SMTP": "{"}, "TIDINGS_SMTP__HOST", id="a group that is not JSON"),
        pytest.param(
            {"TIDINGS_ALERTS__EXPIRES": "soon"}, "TIDINGS_ALERTS: one of", id="several that are not JSON"
        ),
        pytest.param({"TIDINGS_SMTP__PORT": "99999"}, "TIDINGS_SMTP__PORT", id="a port that there is not"),
        pytest.param({"TIDINGS_PUBLIC_URL": "t.example.org"}, "https://", id="an address that opens nothing"),
        pytest.param({"TIDINGS_MODE": "live"}, "no provider is named", id="live without a provider"),
        pytest.param({"TIDINGS_MODE": "test"}, "TIDINGS_ALLOW", id="test without anybody to reach"),
        pytest.param({"TIDINGS_SMS": "twilio"}, "TIDINGS_TWILIO__AUTH_TOKEN", id="a provider half set up"),
        pytest.param({"TIDINGS_LETTER": "spool"}, "TIDINGS_SPOOL__FOLDER", id="a print spool without folder"),
        pytest.param(
            {"TIDINGS_DATABASE": "postgresql://a:hush@127.0.0.1:1/x"}, "cannot be used", id="no such database"
        ),
        pytest.param({"TIDINGS_DATABASE": "mysql://a:hush@h/x"}, "PostgreSQL", id="another kind of database"),
    ],
)
def test_check_says_what_is_wrong_and_ends_with_2(made, environment, told):
    code, settings, problems = checked(made, **environment)
    assert code == 2
    assert any(told in problem for problem in problems), problems
    assert "hush" not in json.dumps([settings, problems])


def test_check_names_a_sender_that_nobody_can_answer(made):
    file = made / "organisation.toml"
    said = file.read_text(encoding="utf-8")
    file.write_text(said.replace("hei@nordlys.example", "hei", 1), encoding="utf-8")

    assert [one for one in checked(made)[2] if "is no e-mail address: 'hei'" in one]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(None, "tidings init", id="no organisation.toml"),
        pytest.param("name = ", "not valid TOML", id="not TOML"),
        pytest.param('name = "x"\ncountry = "Norway"\nbrands = []', "country", id="a wrong value"),
    ],
)
def test_check_reads_the_organisation(made, text, told):
    file = made / "organisation.toml"
    file.unlink() if text is None else file.write_text(text)
    code, _, problems = checked(made)
    assert code == 2
    assert any(told in problem for problem in problems), problems


def test_a_signing_key_that_others_can_read_is_named(made):
    (made / "signing.key").write_bytes(b"k" * 32)
    (made / "signing.key").chmod(0o644)
    assert any("chmod 600" in problem for problem in checked(made)[2])


def test_a_check_makes_nothing(home):
    assert tidings(home, "check").returncode == 2
    assert not home.exists()
