import json
from pathlib import Path

import pytest

from cli.main import main


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["templates", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path / "home"))
    return tmp_path


def test_list_prints_one_json_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {entry["template"] for entry in found} == {"invoice/standard", "news/quarterly", "offer/autumn"}


def test_list_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    assert "offer/autumn" in capsys.readouterr().out


def test_show_prints_what_a_template_needs_and_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "offer/autumn", "--language", "sv"]) == 0
    said = capsys.readouterr().out
    assert "data.discount = percent" in said
    assert "Ta in ljuset" in said


def test_preview_writes_files_to_look_at(own_home: Path) -> None:
    folder = own_home / "out"
    assert run(["preview", "offer/autumn", "--language", "nb", "--country", "GB", "--out", str(folder)]) == 0
    assert {path.name for path in folder.iterdir()} == {
        "email.eml",
        "email.html",
        "email.txt",
        "sms.txt",
        "push.json",
        "letter.pdf",
        "whatsapp.txt",
    }
    assert "Ta lyset med inn" in (folder / "email.html").read_text(encoding="utf-8")
    assert (folder / "letter.pdf").read_bytes().startswith(b"%PDF")


def test_preview_takes_other_data(own_home: Path) -> None:
    data = {"code": "SNOW", "discount": 10, "price": "80.10", "currency": "NOK", "valid_until": "2026-12-24"}
    (own_home / "data.json").write_text(json.dumps(data))
    arguments = [
        "preview",
        "offer/autumn",
        "--data",
        str(own_home / "data.json"),
        "--out",
        str(own_home / "out"),
    ]
    assert run(arguments) == 0
    assert "SNOW" in (own_home / "out" / "sms.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["preview", "offer/winter"], id="an unknown template"),
        pytest.param(["show", "offer/winter"], id="an unknown template to show"),
        pytest.param(["preview", "offer/autumn", "--data", "nowhere.json"], id="a file that is not there"),
        pytest.param(
            ["preview", "offer/autumn", "--brand", "other"], id="a brand without an organisation.toml"
        ),
    ],
)
def test_what_cannot_be_used_is_said_and_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith("tidings: ")


def test_check_names_what_is_wrong_and_exits_with_3(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = own_home / "home" / "templates" / "news" / "own"
    folder.mkdir(parents=True)
    sheet = 'title = "T"\npurpose = "news"\nversion = "1"\nchannels = ["sms"]\n[data]\nday = "date"\n'
    (folder / "template.toml").write_text(sheet + '[facts]\nday = { value = "day", form = "date" }\n')
    (folder / "en.md").write_text("# subject\nS\n# headline\nH\n# body\nB\n# short\nno day here\n")
    (folder / "sample.json").write_text('{"day": "2026-12-06"}')
    assert run(["check", "news/own", "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == [
        "news/own, en, sms (text): fact day is missing; it should read 'December 6, 2026'."
    ]
