import json
import shutil
from pathlib import Path

import pytest

from templates.catalog import LIBRARY, all_templates, find
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from tidings.channel import Channel
from tidings.message import Sms
from tidings.problem import Problem
from tidings.purpose import PurposeClass

SHEET = 'title = "T"\npurpose = "news"\nversion = "1"\nchannels = ["sms", "email"]\n'
CONTENT = "# subject\nS\n# headline\nHello {{ customer.first_name }}\n# body\nB\n# action\n[Read](action)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A template of the organisation's own: `news/own`."""
    own = tmp_path / "news" / "own"
    own.mkdir(parents=True)
    (own / "template.toml").write_text(SHEET + '[links]\naction = "https://a.example/"\n')
    (own / "en.md").write_text(CONTENT)
    (own / "sample.json").write_text(json.dumps({"customer": {"first_name": "Ada"}}))
    return own


def test_an_own_template_stands_beside_the_library(folder: Path) -> None:
    extra = folder.parent.parent
    assert [template.name for template in all_templates(extra)][-2:] == ["news/quarterly", "offer/autumn"]
    template = find("news/own", extra=extra)
    assert template.purpose_class is PurposeClass.MARKETING
    assert template.channels == (Channel.SMS, Channel.EMAIL)


def test_an_own_template_goes_before_one_of_the_library(tmp_path: Path) -> None:
    shutil.copytree(LIBRARY / "offer" / "autumn", tmp_path / "offer" / "autumn")
    english = tmp_path / "offer" / "autumn" / "en.md"
    english.write_text(english.read_text().replace("Bring the light indoors", "Ours"))
    own, ours = find("offer/autumn", extra=tmp_path), find("offer/autumn")
    assert own.blocks["en"].source["headline"] == "Ours"
    assert own.content_hash != ours.content_hash


def test_without_a_short_block_sms_says_headline_and_action(folder: Path) -> None:
    template = find("news/own", extra=folder.parent.parent)
    content = render(template, Channel.SMS, sample_subject(template, SAMPLE_BRAND, "en"))
    assert isinstance(content, Sms)
    assert content.text.startswith("Hello Ada Read: https://t.nordlys.example/a/")


def test_a_change_is_seen_and_changes_the_hash(folder: Path) -> None:
    before = find("news/own", extra=folder.parent.parent)
    (folder / "en.md").write_text(CONTENT.replace("Hello", "Good morning"))
    after = find("news/own", extra=folder.parent.parent)
    assert before.content_hash != after.content_hash
    assert "Good morning" in after.blocks["en"].source["headline"]


def test_line_ends_do_not_change_the_hash(folder: Path) -> None:
    before = find("news/own", extra=folder.parent.parent)
    (folder / "en.md").write_bytes(CONTENT.replace("\n", "\r\n").encode())
    assert find("news/own", extra=folder.parent.parent).content_hash == before.content_hash


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        pytest.param("template.toml", "title =", "not valid TOML", id="no TOML"),
        pytest.param("template.toml", SHEET + "colour = 1\n", "colour", id="a key that is not known"),
        pytest.param("template.toml", SHEET.replace("news", "gossip"), "purpose", id="an unknown purpose"),
        pytest.param(
            "template.toml", SHEET + '[data]\nx = "colour"\n', "no type 'colour'", id="an unknown type"
        ),
        pytest.param(
            "template.toml", SHEET + '[links]\nx = "javascript:1"\n', "links.x", id="a link to a script"
        ),
        pytest.param("en.md", "text", "before the first block", id="content without blocks"),
        pytest.param("en.md", b"# subject\n\xff", "not UTF-8", id="content in another encoding"),
        pytest.param("sample.json", "[1]", "one object", id="a sample that is no object"),
        pytest.param("sample.json", "{", "not valid JSON", id="a sample that is no JSON"),
    ],
)
def test_wrong_files_are_named(folder: Path, file: str, content: str | bytes, said: str) -> None:
    (folder / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Problem, match=said):
        find("news/own", extra=folder.parent.parent)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(
            CONTENT.replace("(action)", "(https://a.example)"), "label", id="an action that is no name"
        ),
        pytest.param(CONTENT.replace("\nB\n", "\n{{ x.y() }}\n"), "not allowed", id="a call"),
        pytest.param(CONTENT.replace("\nB\n", "\n[a](javascript:1)\n"), "neither", id="a script"),
        pytest.param(
            CONTENT.replace("\nB\n", "\n![a](missing.png)\n"), "missing", id="an image that is not there"
        ),
        pytest.param(CONTENT.replace("\nB\n", "\n{{ nobody }}\n"), "nobody", id="a value that is not there"),
    ],
)
def test_wrong_content_is_named_when_it_is_rendered(folder: Path, content: str, said: str) -> None:
    (folder / "en.md").write_text(content)
    template = find("news/own", extra=folder.parent.parent)
    with pytest.raises(Problem, match=said):
        render(template, Channel.EMAIL, sample_subject(template, SAMPLE_BRAND, "en"))


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(Problem, match="invoice/standard, news/quarterly, offer/autumn"):
        find("offer/winter")


def test_a_channel_that_is_not_declared_is_refused(folder: Path) -> None:
    template = find("news/own", extra=folder.parent.parent)
    with pytest.raises(Problem, match="no letter"):
        render(template, Channel.LETTER, sample_subject(template, SAMPLE_BRAND, "en"))
