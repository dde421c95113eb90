import json
from pathlib import Path

import pytest

from cli.main import main


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["template", *arguments])
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path / "home"))
    return tmp_path


def test_list_prints_one_json_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    names = {"invoice/reminder", "invoice/standard", "news/quarterly", "offer/autumn"}
    assert {entry["template"] for entry in found} == names


def test_list_is_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list"]) == 0
    assert "offer/autumn" in capsys.readouterr().out


def test_show_prints_what_a_template_needs_and_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "offer/autumn", "--language", "sv"]) == 0
    said = capsys.readouterr().out
    assert "data.discount = percent" in said
    assert "Ta in ljuset" in said


def test_show_prints_one_json_value(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "offer/autumn", "--language", "sv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["template"], found["language"], found["data"]["discount"]) == (
        "offer/autumn",
        "sv",
        "percent",
    )
    assert any("Ta in ljuset" in text for text in found["blocks"].values())


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
        "letter-1.png",
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


def test_preview_without_a_language_has_a_folder_for_each(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["preview", "news/quarterly", "--out", str(own_home / "out"), "--json"]) == 0
    looks = json.loads(capsys.readouterr().out)
    folders = {path.name for path in (own_home / "out").iterdir() if path.is_dir()}
    assert folders == {"en", "nb", "sv", "pl", "pt_BR"}
    assert (own_home / "out" / "sms.txt").read_bytes() == (own_home / "out" / "en" / "sms.txt").read_bytes()
    assert {(one["language"], one["channel"]) for one in looks if one.get("parts", 0) > 1} >= {("pl", "sms")}
    assert all(Path(file).exists() for one in looks for file in one["files"])


def test_check_says_what_a_reader_sees(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "offer/autumn", "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)["checks"]
    assert {"template", "check", "verdict", "language", "channel", "detail"} == set(checks[0])
    assert {"pass", "warn"} >= {one["verdict"] for one in checks}


def test_a_new_template_is_begun_from_another_and_holds_together(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "offer/spring", "--languages", "en,nb", "--channels", "email,sms", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {Path(file).name for file in made["files"]} >= {"template.toml", "en.md", "nb.md", "sample.json"}
    assert run(["check", "offer/spring", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {(one["language"], one["channel"]) for one in found["checks"]} == {
        (language, channel) for language in ("en", "nb") for channel in ("", "email", "sms")
    }


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["new", "spring"], id="a name without a purpose"),
        pytest.param(["new", "gift/spring"], id="an unknown purpose"),
        pytest.param(["new", "offer/../../etc"], id="a name that leads elsewhere"),
        pytest.param(["new", "offer/spring", "--languages", "de"], id="a language that the other lacks"),
        pytest.param(["new", "offer/spring", "--channels", "fax"], id="an unknown channel"),
        pytest.param(["new", "offer/spring", "--like", "offer/winter"], id="another that is not there"),
    ],
)
def test_a_new_template_that_cannot_be_leaves_nothing(arguments: list[str], own_home: Path) -> None:
    assert run(arguments) == 2
    assert not list((own_home / "home").glob("templates/**/*.*"))


def test_a_template_is_not_written_over(own_home: Path) -> None:
    assert run(["new", "offer/spring"]) == 0
    text = own_home / "home" / "templates" / "offer" / "spring" / "en.md"
    text.write_text("mine")
    assert run(["new", "offer/spring"]) == 2
    assert text.read_text() == "mine"


def test_diff_shows_what_two_templates_differ_in(own_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["new", "offer/spring", "--like", "offer/autumn"]) == 0
    text = own_home / "home" / "templates" / "offer" / "spring" / "en.md"
    text.write_text(text.read_text(encoding="utf-8").replace("Bring the light indoors", "Let the light in"))
    capsys.readouterr()
    assert run(["diff", "offer/spring", "offer/autumn", "--json"]) == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert set(files) == {"en.md", "template.toml"}
    assert "-Bring the light indoors\n+Let the light in\n" in files["en.md"]


def test_the_command_is_also_what_it_was_called(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["templates", "list", "--json"])
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)
